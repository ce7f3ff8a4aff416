#include "agent/spool.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agent/batch.h"
#include "agent/files.h"
#include "agent/frames.h"
#include "base/log.h"
#include "net/tls.h"

namespace quipu::agent {
namespace {

namespace fs = std::filesystem;

constexpr LogEvent kTorn{LogLevel::warning, "AGENT_SPOOL_TORN",
                         "The spool's last record was half written and has been cut off"};
constexpr LogEvent kDropped{LogLevel::warning, "AGENT_SPOOL_FULL", "The spool is full: its oldest records were dropped",
                            "See why the hub can't be reached, or give the spool more room (--spool)."};

}  // namespace

struct Spool::Segment {
    std::string path;
    std::uint64_t first = 1;  ///< sequence of its first record
    std::uint64_t count = 0;
    std::uint64_t octets = 0;
    std::int64_t born = 0;  ///< nanoseconds since 1970, to find the oldest of all streams

    [[nodiscard]] std::uint64_t end() const { return first + count; }
};

struct Spool::Stream {
    std::string name;
    std::deque<Segment> segments;  ///< never empty; the last one is written to
    Descriptor file;               ///< of the last segment
    bool dirty = false;
    std::uint64_t acknowledged = 0;
    /// Where the first record that is not acknowledged stands in its segment, so that it is not searched each time.
    std::uint64_t cursor_sequence = 0;
    std::uint64_t cursor_offset = 0;

    [[nodiscard]] bool raw() const { return name.ends_with(".raw"); }
    [[nodiscard]] std::uint64_t next_sequence() const { return segments.back().end(); }
};

struct Spool::Contents {
    std::map<std::string, Stream, std::less<>> streams;
    std::deque<std::pair<std::string, std::vector<std::uint8_t>>> told;
    std::size_t told_octets = 0;
    std::uint64_t octets = 0;
    std::uint64_t dropped = 0;
    std::function<void()> wake;
};

Spool::Spool(std::string folder, std::string identity, const SpoolLimits& limits, const Clock& clock, int lock)
    : folder_(std::move(folder)),
      identity_(std::move(identity)),
      limits_(limits),
      clock_(clock),
      lock_(lock),
      contents_(std::make_unique<Guarded<Contents>>()) {}

Spool::~Spool() {
    close(lock_);
}

Result<std::unique_ptr<Spool>> Spool::open(std::string folder, const SpoolLimits& limits, const Clock& clock) {
    TRY(make_folder(folder));
    const std::string lock_path = folder + "/lock";
    const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) return fail_errno(errno, "open the spool's lock", lock_path);
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        close(lock);
        return fail(ErrorCode::conflict, "another agent uses this folder", folder,
                    "end it, or give this one another --data");
    }
    const std::string identity_path = folder + "/identity";
    std::string identity;
    if (auto text = read_file(identity_path)) {
        identity = *text;
    } else if (text.error().code == ErrorCode::not_found) {
        identity = net::random_token(9);
        if (auto written = write_file(identity_path, identity, 0600); !written) {
            close(lock);
            return std::unexpected(written.error());
        }
    } else {
        close(lock);
        return std::unexpected(text.error());
    }
    std::unique_ptr<Spool> spool(new Spool(std::move(folder), std::move(identity), limits, clock, lock));
    TRY(spool->load());
    return spool;
}

Result<void> Spool::load() {
    return contents_->with([&](Contents& contents) -> Result<void> {
        std::error_code error;
        for (const auto& folder : fs::directory_iterator(folder_, error)) {
            if (!folder.is_directory()) continue;
            std::vector<std::string> paths;
            for (const auto& file : fs::directory_iterator(folder.path(), error))
                if (file.path().extension() == ".seg") paths.push_back(file.path().string());
            std::ranges::sort(paths);  // names are numbers of equal width
            if (paths.empty()) continue;

            Stream& stream = contents.streams[folder.path().filename().string()];
            stream.name = folder.path().filename().string();
            for (const std::string& path : paths) {
                const std::string text = TRY(read_file(path));
                struct stat status{};
                if (stat(path.c_str(), &status) != 0) return fail_errno(errno, "look at a spool segment", path);
                Segment segment{.path = path,
                                .first = std::strtoull(fs::path(path).stem().c_str(), nullptr, 10),
                                .born = (status.st_mtim.tv_sec * 1'000'000'000) + status.st_mtim.tv_nsec};
                ByteReader in(as_bytes(text));
                while (next_frame(in, kMaxPayloadOctets)) {
                    ++segment.count;
                    segment.octets = in.offset();
                }
                if (segment.octets < text.size()) {
                    log(kTorn, {{"file", path}, {"octets", text.size() - segment.octets}});
                    if (truncate(path.c_str(), static_cast<off_t>(segment.octets)) != 0)
                        return fail_errno(errno, "cut a spool segment", path);
                }
                contents.octets += segment.octets;
                stream.segments.push_back(std::move(segment));
            }
            stream.acknowledged = stream.segments.front().first - 1;
            stream.file = TRY(Descriptor::open(stream.segments.back().path, O_WRONLY | O_APPEND | O_CLOEXEC));
        }
        if (error) return fail_errno(error.value(), "read the spool", folder_);
        return {};
    });
}

Result<Spool::Stream*> Spool::stream_of(Contents& contents, std::string_view name) const {
    if (const auto it = contents.streams.find(name); it != contents.streams.end()) return &it->second;
    TRY(make_folder(folder_ + "/" + std::string(name)));
    Stream stream;
    stream.name = name;
    TRY(start_segment(contents, stream));
    return &contents.streams.emplace(std::string(name), std::move(stream)).first->second;
}

Result<void> Spool::start_segment(Contents& /*contents*/, Stream& stream) const {
    const std::uint64_t first = stream.segments.empty() ? 1 : stream.next_sequence();
    Segment segment{.path = fmt::format("{}/{}/{:020}.seg", folder_, stream.name, first),
                    .first = first,
                    .born = clock_.now().time_since_epoch().count()};
    Descriptor file = TRY(Descriptor::open(segment.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC));
    if (stream.dirty && fdatasync(stream.file.get()) != 0) return fail_errno(errno, "sync the spool", folder_);
    stream.file = std::move(file);
    stream.dirty = true;
    stream.segments.push_back(std::move(segment));
    return {};
}

Result<void> Spool::append(std::string_view name, ByteSpan payload) {
    if (payload.size() > kMaxPayloadOctets)
        return fail(ErrorCode::too_large,
                    fmt::format("a record of {} octets is longer than {}", payload.size(), kMaxPayloadOctets));
    ByteWriter head;
    write_frame_head(head, payload);
    std::function<void()> wake;
    auto done = contents_->with([&](Contents& contents) -> Result<void> {
        Stream* stream = TRY(stream_of(contents, name));
        if (stream->segments.back().octets >= limits_.segment_octets) TRY(start_segment(contents, *stream));
        Segment& segment = stream->segments.back();
        // One write for head and payload; what a full disk left half written is cut off again.
        std::array<iovec, 2> parts{iovec{const_cast<std::uint8_t*>(head.span().data()), head.size()},
                                   iovec{const_cast<std::uint8_t*>(payload.data()), payload.size()}};
        const ssize_t wanted = static_cast<ssize_t>(head.size() + payload.size());
        const ssize_t written = writev(stream->file.get(), parts.data(), static_cast<int>(parts.size()));
        if (written != wanted) {
            const int number = written < 0 ? errno : ENOSPC;
            if (written > 0 && ftruncate(stream->file.get(), static_cast<off_t>(segment.octets)) != 0)
                return fail_errno(errno, "cut the spool after a failed write", segment.path);
            return fail_errno(number, "write a record to the spool", segment.path);
        }
        ++segment.count;
        segment.octets += static_cast<std::uint64_t>(wanted);
        contents.octets += static_cast<std::uint64_t>(wanted);
        stream->dirty = true;
        shrink(contents);
        wake = contents.wake;
        return {};
    });
    if (done && wake) wake();
    return done;
}

void Spool::shrink(Contents& contents) const {
    while (contents.octets > limits_.octets) {
        Stream* victim = nullptr;
        for (auto& [name, stream] : contents.streams) {
            if (stream.segments.size() < 2) continue;
            const auto rank = [](const Stream& s) { return std::pair(!s.raw(), s.segments.front().born); };
            if (victim == nullptr || rank(stream) < rank(*victim)) victim = &stream;
        }
        if (victim == nullptr) return;
        const Segment segment = std::move(victim->segments.front());
        victim->segments.pop_front();
        const std::uint64_t known = std::max(victim->acknowledged + 1, segment.first);
        const std::uint64_t lost = segment.end() > known ? segment.end() - known : 0;
        victim->acknowledged = std::max(victim->acknowledged, segment.end() - 1);
        contents.octets -= segment.octets;
        contents.dropped += lost;
        unlink(segment.path.c_str());
        log(kDropped, {{"stream", victim->name}, {"records", lost}});
    }
}

void Spool::tell(std::string_view stream, ByteSpan payload) {
    std::function<void()> wake;
    contents_->with([&](Contents& contents) {
        contents.told.emplace_back(std::string(stream), std::vector<std::uint8_t>(payload.begin(), payload.end()));
        contents.told_octets += payload.size();
        while (contents.told_octets > limits_.told_octets) {
            contents.told_octets -= contents.told.front().second.size();
            contents.told.pop_front();
        }
        wake = contents.wake;
    });
    if (wake) wake();
}

Result<std::optional<Spool::Outgoing>> Spool::next(std::size_t octets, const std::vector<std::string>& skip) {
    return contents_->with([&](Contents& contents) -> Result<std::optional<Outgoing>> {
        Outgoing out;
        Batch batch{.spool = identity_, .streams = {}};
        std::vector<std::string> texts;  // segments that the payloads point into
        texts.reserve(contents.streams.size());
        std::size_t used = 0;

        for (auto& [name, stream] : contents.streams) {
            const std::uint64_t behind = stream.acknowledged + 1;
            if (behind >= stream.next_sequence() || std::ranges::find(skip, name) != skip.end()) continue;
            // Sent only when on disk: a sequence that the hub has seen must never be given to another record.
            if (stream.dirty) {
                if (fdatasync(stream.file.get()) != 0) return fail_errno(errno, "sync the spool", folder_);
                stream.dirty = false;
            }
            const auto segment =
                std::ranges::find_if(stream.segments, [&](const Segment& s) { return behind < s.end(); });
            // What was cut from a damaged segment leaves a gap in the numbers: no other record takes them.
            const std::uint64_t wanted = std::max(behind, segment->first);
            ByteReader in(as_bytes(texts.emplace_back(TRY(read_file(segment->path)))));
            std::uint64_t sequence = segment->first;
            if (stream.cursor_sequence >= segment->first && stream.cursor_sequence <= wanted) {
                in.skip(stream.cursor_offset);
                sequence = stream.cursor_sequence;
            }
            BatchStream part{.stream = name, .first_sequence = wanted, .payloads = {}};
            for (; used < octets; ++sequence) {
                if (sequence == wanted) {
                    stream.cursor_sequence = wanted;
                    stream.cursor_offset = in.offset();
                }
                const auto payload = next_frame(in, kMaxPayloadOctets);
                if (!payload) break;
                if (sequence < wanted) continue;
                used += payload->size() + kFrameHead;
                part.payloads.push_back(*payload);
            }
            if (part.payloads.empty()) continue;
            out.records += part.payloads.size();
            out.last.emplace_back(name, wanted + part.payloads.size() - 1);
            batch.streams.push_back(std::move(part));
        }
        for (const auto& [name, payload] : contents.told) {
            if (batch.streams.size() >= kMaxStreams || used >= octets + limits_.told_octets) break;
            auto part = std::ranges::find_if(
                batch.streams, [&](const BatchStream& s) { return s.stream == name && s.first_sequence == 0; });
            if (part == batch.streams.end())
                part = batch.streams.insert(part, {.stream = name, .first_sequence = 0, .payloads = {}});
            part->payloads.emplace_back(payload);
            used += payload.size() + kFrameHead;
            ++out.records;
        }
        if (out.records == 0) return std::nullopt;
        ByteWriter bytes(used + 256);
        write_batch(bytes, batch);
        out.bytes = bytes.take();
        contents.told.clear();
        contents.told_octets = 0;
        return out;
    });
}

void Spool::acknowledge(std::string_view name, std::uint64_t sequence) {
    contents_->with([&](Contents& contents) {
        const auto it = contents.streams.find(name);
        if (it == contents.streams.end()) return;
        Stream& stream = it->second;
        // A hub can't know more than was sent; a larger number is its error and changes nothing here.
        stream.acknowledged = std::clamp(sequence, stream.acknowledged, stream.next_sequence() - 1);
        while (stream.segments.size() > 1 && stream.segments.front().end() <= stream.acknowledged + 1) {
            contents.octets -= stream.segments.front().octets;
            unlink(stream.segments.front().path.c_str());
            stream.segments.pop_front();
        }
    });
}

void Spool::forget_told() {
    contents_->with([](Contents& contents) {
        contents.told.clear();
        contents.told_octets = 0;
    });
}

void Spool::on_append(std::function<void()> wake) {
    contents_->with([&](Contents& contents) { contents.wake = std::move(wake); });
}

Spool::State Spool::state() const {
    return contents_->with([](const Contents& contents) {
        State state{.octets = contents.octets, .dropped = contents.dropped};
        for (const auto& [name, stream] : contents.streams)
            state.waiting += stream.next_sequence() - 1 - stream.acknowledged;
        return state;
    });
}

}  // namespace quipu::agent
