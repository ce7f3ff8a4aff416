// Compaction: staged records become blocks. Each step leaves the file right: until the last one, what is in the blocks
// is in the staging table as well, with the same values, and a crash in between does no more than have it done again.

#include <algorithm>

#include "base/log.h"
#include "data/sqlite_archive.h"

namespace quipu::data {
namespace {

using namespace std::chrono_literals;

constexpr LogEvent kCompactionFailed{LogLevel::error, "ARCHIVE_COMPACTION_FAILED",
                                     "Recent records could not be packed into blocks; they are kept as they are.",
                                     "See the error; it is tried again."};
constexpr LogEvent kDamagedBlock{LogLevel::error, "ARCHIVE_BLOCK_DAMAGED",
                                 "A block of the archive cannot be read; it is left as it is.",
                                 "Put a backup of this month in its place."};

constexpr std::size_t kCompactFrom = 32'768;  // staged records that wake the background thread
constexpr auto kPauseAfterFailure = 30s;
constexpr std::size_t kBlockRecords = 1'440;  // a day of minutes
constexpr std::size_t kSeriesAtOnce = 64;     // of one transaction
constexpr int kLevel = 3;

/// Block after block of about equal size.
std::vector<RecordBatch> merged(const std::vector<RecordBatch>& old, const std::vector<StagedRecord>& staged) {
    std::size_t total = staged.size();
    for (const RecordBatch& block : old)
        total += block.size();
    const std::size_t pieces = (total + kBlockRecords - 1) / kBlockRecords;
    const std::size_t piece = (total + pieces - 1) / pieces;
    std::vector<RecordBatch> out(1);
    const auto emit = [&](const RecordBatch& from, std::size_t row) {
        if (out.back().size() == piece) out.emplace_back();
        out.back().add(from, row);
    };
    auto next = staged.begin();
    for (const RecordBatch& block : old)
        for (std::size_t row = 0; row < block.size(); ++row) {
            for (; next != staged.end() && next->time < block.time(row); ++next)
                emit(next->batch->records, next->row);
            // A staged record of the same time replaces it.
            if (next == staged.end() || next->time != block.time(row)) emit(block, row);
        }
    for (; next != staged.end(); ++next)
        emit(next->batch->records, next->row);
    return out;
}

}  // namespace

/// The new blocks of one series and the old ones that they take the place of.
struct SqliteArchive::Packing {
    struct Block {
        Time first{};
        Time last{};
        std::size_t records = 0;
        Blob packed;
    };
    const Series* series = nullptr;
    std::uint32_t id = 0;  // in the month's file; 0 while it has none there
    std::vector<std::int64_t> removed;
    std::vector<Block> added;
};

void SqliteArchive::compact_in_background() {
    std::unique_lock lock(background_mutex_);
    while (!stopping_) {
        if (failing_)
            background_.wait_for(lock, kPauseAfterFailure, [&] { return stopping_; });
        else
            background_.wait(lock, [&] { return stopping_ || staged_ >= kCompactFrom; });
        if (stopping_) return;
        lock.unlock();
        const auto done = compact();
        if (!done) log(kCompactionFailed, {{"error", done.error().text()}});
        lock.lock();
        failing_ = !done;
        background_.notify_all();
    }
}

Result<void> SqliteArchive::compact() {
    const std::scoped_lock compacting(compacting_);
    std::map<int, MonthWork> work;
    std::int64_t up_to = 0;
    {
        const std::shared_lock lock(state_);
        up_to = newest_staged_;
        for (const auto& [id, series] : by_id_)
            for (const StagedRecord& record : series->staged) {
                MonthWork& month = work[month_of(record.time)];
                if (month.empty() || month.back().first != series)
                    month.emplace_back(series, std::vector<StagedRecord>());
                month.back().second.push_back(record);
            }
    }
    if (work.empty()) return {};
    for (auto& [number, series] : work) {
        std::ranges::sort(series, {}, [](const auto& entry) { return entry.first->id; });
        TRY(compact(number, series));
    }
    return forget_staged(up_to);
}

Result<void> SqliteArchive::compact(int number, MonthWork& work) {
    const std::string path = folder_ + "/" + month_file(number);
    const auto writer = TRY(SqliteConnection::open(path, SqliteConnection::Use::write));
    // Months are changed by the holder of compacting_ alone, so it may read them without state_.
    std::unique_ptr<Month> made;
    const auto known = months_.find(number);
    if (known == months_.end()) {
        TRY(MonthStore(*writer).prepare());
        made = std::make_unique<Month>();
        made->number = number;
        made->path = path;
    }
    Month& month = made ? *made : *known->second;
    if (made) {
        const std::unique_lock lock(state_);
        months_.emplace(number, std::move(made));
    }
    std::vector<Packing> packings;
    for (auto& [series, staged] : work) {
        packings.push_back(TRY(packed(month, *series, std::exchange(staged, {}))));
        if (packings.size() < kSeriesAtOnce && series != work.back().first) continue;
        TRY(store(month, *writer, packings));
        packings.clear();
    }
    return {};
}

Result<SqliteArchive::Packing> SqliteArchive::packed(const Month& month, const Series& series,
                                                     std::vector<StagedRecord> staged) const {
    staged = in_order(std::move(staged));
    const Time first = staged.front().time;
    const Time last = staged.back().time;
    Packing out{.series = &series};
    if (const auto keys = month.series.find(series.stream); keys != month.series.end())
        if (const auto id = keys->second.find(series.key); id != keys->second.end()) out.id = id->second;
    std::vector<RecordBatch> old;
    if (out.id != 0)
        TRY(with_reader(month.path, [&](MonthStore& store) -> Result<void> {
            std::size_t total = staged.size();
            const auto blocks = TRY(store.around(out.id, first, last));
            for (const MonthStore::Block& block : blocks) {
                const bool overlaps = block.first <= last && block.last >= first;
                const auto records = static_cast<std::size_t>(block.records);
                // A neighbour is taken in while the whole stays one block; so blocks fill up, and full ones rest.
                if (!overlaps && total + records > kBlockRecords) continue;
                auto body = store.body(block.id);
                if (!body && body.error().code == ErrorCode::corrupt) {
                    log(kDamagedBlock, {{"block", block.id}, {"error", body.error().text()}});
                    continue;
                }
                old.push_back(TRY(std::move(body)));
                out.removed.push_back(block.id);
                total += records;
            }
            return {};
        }));
    for (const RecordBatch& block : merged(old, staged))
        out.added.push_back({block.time(0), block.time(block.size() - 1), block.size(), pack(block, kLevel)});
    return out;
}

Result<void> SqliteArchive::store(Month& month, SqliteConnection& writer, std::span<Packing> packings) {
    MonthStore store(writer);
    const auto work = [&] -> Result<void> {
        TRY(writer.begin_write());
        for (Packing& packing : packings) {
            for (const std::int64_t id : packing.removed)
                TRY(store.remove_block(id));
            if (packing.id == 0) packing.id = TRY(store.add_series(packing.series->stream, packing.series->key));
            for (const Packing::Block& block : packing.added)
                TRY(store.add_block(packing.id, block.first, block.last, block.records, block.packed));
        }
        return writer.commit();
    };
    TRY(work());  // on an error the connection goes, and with it what it began
    const std::unique_lock lock(state_);
    for (const Packing& packing : packings) {
        month.series[packing.series->stream][packing.series->key] = packing.id;
        blocks_ += packing.added.size() - packing.removed.size();
    }
    return {};
}

/// A month is emptied of the stream when all of it is older. Its file stays: a reader may be about to open it.
Result<void> SqliteArchive::forget(std::string_view stream, Time before) {
    TRY(shapes_.of(stream));
    const std::scoped_lock compacting(compacting_);
    for (const auto& [number, month] : months_) {
        if (number >= month_of(before)) break;
        if (!month->series.contains(stream)) continue;
        const auto writer = TRY(SqliteConnection::open(month->path, SqliteConnection::Use::write));
        const std::uint64_t removed = TRY(MonthStore(*writer).remove_stream(stream));
        const std::unique_lock lock(state_);
        blocks_ -= removed;
        month->series.erase(month->series.find(stream));
        for (const auto& [key, series] : streams_.find(stream)->second)
            if (series->last && series->last->time < start_of_month(number + 1)) series->last_known = false;
    }
    return {};
}

Result<void> SqliteArchive::forget_staged(std::int64_t up_to) {
    const std::scoped_lock writing(writing_);
    TRY(RecentStore(*recent_).unstage_up_to(up_to));
    std::size_t forgotten = 0;
    const std::unique_lock lock(state_);
    ++times_forgotten_;
    for (const auto& [id, series] : by_id_) {
        forgotten +=
            std::erase_if(series->staged, [&](const StagedRecord& record) { return record.batch->id <= up_to; });
        if (series->staged.empty()) series->staged.shrink_to_fit();
        if (!series->last || series->last->batch->records.size() == 1) continue;
        // It must not keep the whole batch that it came with.
        StagedBatch alone;
        alone.records.add(series->last->batch->records, series->last->row);
        series->last->batch = std::make_shared<const StagedBatch>(std::move(alone));
        series->last->row = 0;
    }
    staged_ -= forgotten;
    return {};
}

}  // namespace quipu::data
