#include "data/archive.h"

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "data/clickhouse_archive.h"
#include "data/sqlite_archive.h"

namespace quipu::data {
namespace {

namespace fs = std::filesystem;

constexpr LogEvent kSetAside{LogLevel::error, "ARCHIVE_FILE_SET_ASIDE",
                             "A file of the archive is damaged; it was renamed and the others are served.",
                             "Put a backup of that file in its place and start Quipu again."};

constexpr std::size_t kIdleReaders = 8;
// A whole look at a month is worth its time up to here (some 0.2 s). The newest month is always looked at.
constexpr std::uintmax_t kCheckedSize = 128ULL << 20U;

void set_aside(const std::string& path, const Error& why) {
    std::string aside = path + ".corrupt";
    for (int i = 2; fs::exists(aside); ++i)
        aside = path + ".corrupt" + std::to_string(i);
    std::error_code ignored;
    fs::rename(path, aside, ignored);
    for (const char* suffix : {"-wal", "-shm"})
        fs::rename(path + suffix, aside + suffix, ignored);
    log(kSetAside, {{"file", path}, {"renamed", aside}, {"error", why.text()}});
}

}  // namespace

Result<std::unique_ptr<Archive>> Archive::open(const std::string& place, std::span<const StreamSchema> schemas,
                                               const Clock& clock) {
    if (place.starts_with("clickhouse:")) return open_clickhouse(place, schemas, clock);
    auto archive = std::make_unique<SqliteArchive>(place, schemas);
    TRY(archive->start());
    return archive;
}

Result<std::vector<ArchiveRecord>> Archive::totals(std::string_view stream, Time since, Time until) const {
    std::vector<ArchiveRecord> out;
    if (since >= until) return out;
    for (const std::string& key : TRY(keys(stream)))
        for (ArchiveRecord& whole : TRY(summarise(stream, key, since, until, Nanoseconds::max())))
            out.push_back(std::move(whole));
    return out;
}

SqliteArchive::SqliteArchive(std::string folder, std::span<const StreamSchema> schemas)
    : folder_(std::move(folder)), shapes_(schemas) {}

SqliteArchive::~SqliteArchive() {
    {
        const std::scoped_lock lock(background_mutex_);
        stopping_ = true;
    }
    background_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Result<void> SqliteArchive::start() {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) return fail_errno(error.value(), "make the archive's folder", folder_);
    std::vector<std::pair<int, std::string>> found;
    for (const auto& entry : fs::directory_iterator(folder_, error))
        if (const auto month = month_of_file(entry.path().filename().string()))
            found.emplace_back(*month, entry.path().string());
    if (error) return fail_errno(error.value(), "read the archive's folder", folder_);
    std::ranges::sort(found, std::greater());
    for (const auto& [number, path] : found) {
        const auto loaded = load_month(number, path);
        if (loaded) continue;
        if (loaded.error().code != ErrorCode::corrupt) return loaded;
        set_aside(path, loaded.error());
    }
    auto recent = load_recent();
    if (!recent && recent.error().code == ErrorCode::corrupt) {
        recent_.reset();
        set_aside(folder_ + "/recent.sqlite", recent.error());
        recent = load_recent();
    }
    if (!recent) return recent;
    thread_ = std::thread([this] { compact_in_background(); });
    return {};
}

Result<void> SqliteArchive::load_month(int number, const std::string& path) {
    std::error_code unread;
    const bool check = months_.empty() || fs::file_size(path, unread) <= kCheckedSize;
    const auto connection =
        TRY(SqliteConnection::open(path, check ? SqliteConnection::Use::check_write : SqliteConnection::Use::write));
    MonthStore store(*connection);
    TRY(store.prepare());
    const auto contents = TRY(store.load());
    auto month = std::make_unique<Month>();
    month->number = number;
    month->path = path;
    for (const SeriesName& name : contents.series) {
        month->series[name.stream][name.key] = name.id;
        series_named(name.stream, name.key);
    }
    blocks_ += contents.blocks;
    months_[number] = std::move(month);
    return {};
}

Result<void> SqliteArchive::load_recent() {
    recent_ = TRY(SqliteConnection::open(folder_ + "/recent.sqlite", SqliteConnection::Use::check_write));
    RecentStore store(*recent_);
    TRY(store.prepare());
    auto contents = TRY(store.load());
    marks_ = std::move(contents.marks);
    for (const SeriesName& name : contents.series) {
        Series& series = series_named(name.stream, name.key);
        series.id = name.id;
        by_id_[name.id] = &series;
    }
    for (const auto& batch : contents.staged) {
        newest_staged_ = batch->id;
        for (std::uint32_t row = 0; row < batch->records.size(); ++row) {
            const auto series = by_id_.find(batch->records.series()[row]);
            if (series == by_id_.end())
                return fail(ErrorCode::corrupt, "a staged record belongs to no series", recent_->path());
            series->second->staged.push_back({batch->records.time(row), batch, row});
            ++staged_;
        }
    }
    return {};
}

Result<void> SqliteArchive::with_reader(const std::string& path,
                                        const std::function<Result<void>(MonthStore&)>& work) const {
    std::unique_ptr<SqliteConnection> connection;
    {
        const std::scoped_lock lock(readers_mutex_);
        const auto idle = std::ranges::find(idle_readers_, path, [](const auto& reader) { return reader->path(); });
        if (idle != idle_readers_.end()) {
            connection = std::move(*idle);
            idle_readers_.erase(idle);
        }
    }
    if (!connection) connection = TRY(SqliteConnection::open(path, SqliteConnection::Use::read));
    MonthStore store(*connection);
    TRY(work(store));
    // A connection that met an error is not kept.
    std::unique_ptr<SqliteConnection> surplus;
    const std::scoped_lock lock(readers_mutex_);
    idle_readers_.push_back(std::move(connection));
    if (idle_readers_.size() > kIdleReaders) {
        surplus = std::move(idle_readers_.front());
        idle_readers_.erase(idle_readers_.begin());
    }
    return {};
}

SqliteArchive::Series& SqliteArchive::series_named(const std::string& stream, const std::string& key) {
    std::unique_ptr<Series>& series = streams_[stream][key];
    if (!series) {
        series = std::make_unique<Series>();
        series->stream = stream;
        series->key = key;
    }
    return *series;
}

SqliteArchive::Series* SqliteArchive::find(std::string_view stream, std::string_view key) const {
    const auto keys = streams_.find(stream);
    if (keys == streams_.end()) return nullptr;
    const auto series = keys->second.find(key);
    return series == keys->second.end() ? nullptr : series->second.get();
}

Result<std::uint64_t> SqliteArchive::high_water(std::string_view stream, std::string_view source) const {
    const std::shared_lock lock(state_);
    const auto mark = marks_.find(SourceKey(stream, source));
    return mark == marks_.end() ? 0 : mark->second;
}

Result<std::vector<std::string>> SqliteArchive::keys(std::string_view stream) const {
    TRY(shapes_.of(stream));
    std::vector<std::string> out;
    {
        const std::shared_lock lock(state_);
        if (const auto found = streams_.find(stream); found != streams_.end())
            for (const auto& [key, series] : found->second)
                out.push_back(key);
    }
    std::ranges::sort(out);
    return out;
}

Archive::Counters SqliteArchive::counters() const {
    Counters out{records_, repeats_, blocks_, 0};
    std::vector<std::string> paths = {folder_ + "/recent.sqlite"};
    {
        const std::shared_lock lock(state_);
        for (const auto& [number, month] : months_)
            paths.push_back(month->path);
    }
    for (const std::string& path : paths)
        for (const char* suffix : {"", "-wal"}) {
            std::error_code missing;
            const auto size = fs::file_size(path + suffix, missing);
            if (!missing) out.octets += size;
        }
    return out;
}

}  // namespace quipu::data
