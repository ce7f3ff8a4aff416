#pragma once
// Every packet that was received, for as long as there is room: measure.raw on the hub's disk.
//
// One folder, in it segments numbered in the order of their coming, each of frames (agent/frames.h) that hold the
// receiving site and the payload as it came (codec_raw.h). A segment is written to by the process that made it alone;
// the oldest goes when all together are beyond the bound, or when all of it is older than it is kept. The archive has
// no place for this: it forgets by the month, and this is bounded by octets.

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agent/files.h"
#include "agent/hub.h"
#include "services/measure/codec_raw.h"

namespace quipu::measure {

struct RawLimits {
    std::uint64_t octets = 1ULL << 30U;
    Nanoseconds age = std::chrono::days(7);
};

/// Where it is, below the hub's folder.
[[nodiscard]] std::string raw_folder(const std::string& data_folder);

class RawStore {
  public:
    /// The folder is made with the first record.
    static Result<std::unique_ptr<RawStore>> open(std::string folder, const RawLimits& limits, const Clock& clock);

    /// Keeps a batch of measure.raw: synced when it returns; on an error nothing of it is kept. A payload that can't be
    /// read is counted and left out.
    [[nodiscard]] Result<void> take(const agent::StreamBatch& batch);
    /// Away with what is older than it is kept.
    void sweep();

    struct State {
        std::uint64_t octets = 0, segments = 0;
        std::uint64_t minutes = 0, malformed = 0, dropped = 0;  ///< since the start; dropped: octets
    };
    [[nodiscard]] State state() const;

  private:
    struct Segment {
        std::uint64_t number = 0;
        std::uint64_t octets = 0;
        Time last{};  ///< when it was written to last
    };
    RawStore(std::string folder, const RawLimits& limits, const Clock& clock)
        : folder_(std::move(folder)), limits_(limits), clock_(clock) {}
    [[nodiscard]] std::string path_of(std::uint64_t number) const;
    [[nodiscard]] Result<void> load();
    [[nodiscard]] Result<void> write(ByteSpan frames);
    void drop_oldest();

    const std::string folder_;
    const RawLimits limits_;
    const Clock& clock_;
    mutable std::mutex writing_;  // the seat of the writer, held across its I/O
    std::deque<Segment> segments_;
    agent::Descriptor file_;  // of the last segment; none: the next write begins one
    bool is_open_ = false;
    std::map<std::string, std::uint64_t, std::less<>> kept_;  // agent and spool: the highest sequence
    State counted_;
};

/// What is asked of the raw records; `limit` is of octets as they are stored.
struct RawQuery {
    std::string from, to;
    Time since{}, until{};
    std::uint64_t limit = 64ULL << 20U;
};
/// The minutes of a pair, ascending, each once. `too_large` beyond the limit. Reads the files alone, whoever writes
/// meanwhile.
[[nodiscard]] Result<std::vector<RawMinute>> read_raw(const std::string& folder, const RawQuery& query);

}  // namespace quipu::measure
