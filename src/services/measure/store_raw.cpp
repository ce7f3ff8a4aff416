#include "services/measure/store_raw.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/batch.h"
#include "agent/frames.h"
#include "base/log.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

namespace fs = std::filesystem;

constexpr LogEvent kRawMalformed{LogLevel::warning, "MEASURE_RAW_MALFORMED",
                                 "An agent has sent raw records that can't be read",
                                 "See that agent and hub are of the same version."};

constexpr std::uint64_t kSegmentsAtLeast = 16;  // so that little goes at a time
constexpr std::uint64_t kLargestSegment = 32ULL << 20U;
constexpr std::size_t kLongestRawFrame = agent::kMaxPayloadOctets + 64;  // and the receiving site
// A point's clock may be ahead of ours by so much; minutes of later than that are not looked for in earlier segments.
constexpr Nanoseconds kClocksApart = std::chrono::hours(1);

struct Found {
    std::uint64_t number = 0;
    std::string path;
};

std::optional<std::uint64_t> number_of(const std::string& name) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || std::string_view(end) != ".raw") return std::nullopt;
    return number;
}

/// The segments by their numbers; none where there is no folder.
Result<std::vector<Found>> segments_in(const std::string& folder) {
    std::vector<Found> out;
    std::error_code error;
    if (!fs::exists(folder, error)) return out;
    for (const auto& entry : fs::directory_iterator(folder, error))
        if (const auto number = number_of(entry.path().filename().string()))
            out.push_back({*number, entry.path().string()});
    if (error) return fail_errno(error.value(), "read the folder of raw records", folder);
    std::ranges::sort(out, {}, &Found::number);
    return out;
}

Time written_at(const struct stat& there) {
    return Time(std::chrono::seconds(there.st_mtim.tv_sec) + Nanoseconds(there.st_mtim.tv_nsec));
}

/// Whose minute it is, without its packets.
struct Head {
    std::string_view to, from;
    Time minute{};
};
std::optional<Head> head_of(ByteSpan frame, ByteSpan& payload) {
    ByteReader in(frame);
    Head out;
    out.to = in.text();
    payload = frame.subspan(in.offset());
    static_cast<void>(in.u8());
    out.from = in.text();
    const std::uint64_t minute = in.varint();
    if (!in.ok() || minute > static_cast<std::uint64_t>(minute_of(Time::max()) - 1)) return std::nullopt;
    out.minute = start_of_minute(static_cast<std::int64_t>(minute));
    return out;
}

}  // namespace

std::string raw_folder(const std::string& data_folder) {
    return data_folder + "/measure-raw";
}

Result<std::unique_ptr<RawStore>> RawStore::open(std::string folder, const RawLimits& limits, const Clock& clock) {
    std::unique_ptr<RawStore> out(new RawStore(std::move(folder), limits, clock));
    TRY(out->load());
    return out;
}

std::string RawStore::path_of(std::uint64_t number) const {
    return fmt::format("{}/{:010}.raw", folder_, number);
}

Result<void> RawStore::load() {
    for (const Found& found : TRY(segments_in(folder_))) {
        struct stat there{};
        if (::stat(found.path.c_str(), &there) != 0)
            return fail_errno(errno, "look at a file of raw records", found.path);
        segments_.push_back({found.number, static_cast<std::uint64_t>(there.st_size), written_at(there)});
        counted_.octets += segments_.back().octets;
    }
    while (!segments_.empty() && counted_.octets > limits_.octets)
        drop_oldest();
    return {};
}

Result<void> RawStore::take(const agent::StreamBatch& batch) {
    const std::scoped_lock lock(writing_);
    const std::string source = batch.agent + "/" + batch.spool;
    const auto known = kept_.find(source);
    const std::uint64_t high = known == kept_.end() ? 0 : known->second;
    ByteWriter frames;
    std::uint64_t minutes = 0;
    std::uint64_t malformed = 0;
    for (std::size_t i = 0; i < batch.payloads.size(); ++i) {
        if (batch.first_sequence + i <= high) continue;
        ByteReader in(batch.payloads[i]);
        if (const auto minute = parse_raw(in); !minute) {
            ++malformed;
            log(kRawMalformed, {{"agent", batch.agent}, {"error", minute.error().text()}});
            continue;
        }
        ByteWriter frame;
        frame.text(batch.agent);
        frame.bytes(batch.payloads[i]);
        agent::write_frame_head(frames, frame.span());
        frames.bytes(frame.span());
        ++minutes;
    }
    if (frames.size() > 0) TRY(write(frames.span()));
    if (!batch.payloads.empty()) kept_[source] = std::max(high, batch.first_sequence + batch.payloads.size() - 1);
    counted_.minutes += minutes;
    counted_.malformed += malformed;
    return {};
}

/// All of it, on disk; or nothing.
Result<void> RawStore::write(ByteSpan frames) {
    while (!segments_.empty() && counted_.octets + frames.size() > limits_.octets)
        drop_oldest();
    const std::uint64_t most = std::min(kLargestSegment, limits_.octets / kSegmentsAtLeast);
    if (!is_open_ || segments_.back().octets >= most) {
        TRY(agent::make_folder(folder_));
        const std::uint64_t number = segments_.empty() ? 1 : segments_.back().number + 1;
        file_ = TRY(agent::Descriptor::open(path_of(number), O_WRONLY | O_CREAT | O_EXCL));
        segments_.push_back({number, 0, clock_.now()});
        is_open_ = true;
    }
    Segment& segment = segments_.back();
    std::size_t written = 0;
    int error = 0;
    while (error == 0 && written < frames.size()) {
        const ssize_t some = ::pwrite(file_.get(), frames.data() + written, frames.size() - written,
                                      static_cast<off_t>(segment.octets + written));
        if (some > 0)
            written += static_cast<std::size_t>(some);
        else if (some == 0 || errno != EINTR)
            error = some == 0 ? ENOSPC : errno;
    }
    if (error == 0 && ::fdatasync(file_.get()) != 0) error = errno;
    if (error != 0) {
        // What was half written ends what can be read of a segment: it is cut off, or else nothing comes behind it.
        if (::ftruncate(file_.get(), static_cast<off_t>(segment.octets)) != 0) is_open_ = false;
        Error out = fail_errno(error, "keep raw records", path_of(segment.number)).error();
        out.hint =
            "make room on the disk, lower [measure] raw_octets, or set raw = false; the agents keep them meanwhile";
        return std::unexpected(std::move(out));
    }
    segment.octets += frames.size();
    segment.last = clock_.now();
    counted_.octets += frames.size();
    return {};
}

void RawStore::drop_oldest() {
    const Segment oldest = segments_.front();
    segments_.pop_front();
    if (segments_.empty()) is_open_ = false;
    ::unlink(path_of(oldest.number).c_str());
    counted_.octets -= oldest.octets;
    counted_.dropped += oldest.octets;
}

void RawStore::sweep() {
    const std::scoped_lock lock(writing_);
    const Time before = clock_.now() - limits_.age;
    while (!segments_.empty() && segments_.front().last < before)
        drop_oldest();
}

RawStore::State RawStore::state() const {
    const std::scoped_lock lock(writing_);
    State out = counted_;
    out.segments = segments_.size();
    return out;
}

Result<std::vector<RawMinute>> read_raw(const std::string& folder, const RawQuery& query) {
    std::map<std::pair<Time, std::uint32_t>, RawMinute> found;  // a repeat replaces the same
    std::uint64_t octets = 0;
    for (const Found& segment : TRY(segments_in(folder))) {
        struct stat there{};
        if (::stat(segment.path.c_str(), &there) != 0) continue;  // it has just gone
        if (written_at(there) + kClocksApart < query.since) continue;
        const auto text = agent::read_file(segment.path);
        if (!text && text.error().code == ErrorCode::not_found) continue;
        if (!text) return std::unexpected(text.error());
        ByteReader in(as_bytes(*text));
        while (const auto frame = agent::next_frame(in, kLongestRawFrame)) {
            ByteSpan payload;
            const auto head = head_of(*frame, payload);
            if (!head || head->to != query.to || head->from != query.from || head->minute < query.since ||
                head->minute >= query.until)
                continue;
            octets += payload.size();
            if (octets > query.limit)
                return fail(ErrorCode::too_large, fmt::format("is more than {} MiB of records", query.limit >> 20U),
                            "since", "ask for less time");
            ByteReader record(payload);
            auto minute = parse_raw(record);
            if (minute) found.insert_or_assign({minute->minute, minute->part}, std::move(*minute));
        }
    }
    std::vector<RawMinute> out;
    out.reserve(found.size());
    for (auto& [unused, minute] : found)
        out.push_back(std::move(minute));
    return out;
}

}  // namespace quipu::measure
