#pragma once
// The session-sender's decisions: which packets are due, and which are given up because their time has passed.

#include <cstdint>
#include <queue>
#include <string>
#include <vector>

#include "services/measure/codec_record.h"
#include "services/measure/schedule.h"

namespace quipu::measure {

/// A packet that is late by more than this is not sent any more: its minute may be closed at the receiver.
inline constexpr Nanoseconds kSendPatience = std::chrono::seconds(1);

struct SenderSession {
    std::string to;  ///< receiving site
    Schedule schedule;
    Time sent_until{};  ///< everything due before is known to have been sent; what is due from then to now was not
};

/// Sessions stand in the order in which they were assigned; the caller keeps their addresses in the same order.
class SenderEngine {
  public:
    /// Replaces all sessions. One that stays (same receiver and schedule) goes on where it was; what a new one has
    /// missed between `sent_until` and `now` becomes a skip range.
    void assign(std::vector<SenderSession> sessions, Time now);

    struct Due {
        std::uint32_t session = 0;
        std::uint32_t sequence = 0;
        Time due{};
    };
    /// When the next packet is due; Time::max() without sessions.
    [[nodiscard]] Time next() const { return queue_.empty() ? Time::max() : queue_.top().due; }
    /// Appends at most `limit` packets that are due at `now`, earliest first. Those later than kSendPatience are
    /// skipped.
    void collect(Time now, std::size_t limit, std::vector<Due>& out);
    /// The time of day was corrected: go on from `now`. A step forward skips what lies between, a step back sends the
    /// sequence numbers of that time again; receivers whose clocks did not step refuse those of minutes long closed.
    void step_to(Time now);

    /// Skip ranges since the last call.
    [[nodiscard]] std::vector<SkipRange> take_skips();
    [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
    [[nodiscard]] const std::vector<SenderSession>& sessions() const { return sessions_; }

  private:
    struct Entry {
        Time due;
        std::uint32_t session;
        bool operator<(const Entry& other) const { return due > other.due; }
    };
    void skip(std::uint32_t session, std::int64_t first, std::int64_t last);

    std::vector<SenderSession> sessions_;
    std::vector<ScheduleCursor> cursors_;
    std::priority_queue<Entry> queue_;
    std::vector<SkipRange> skips_;
    std::vector<std::size_t> open_skip_;  // of each session: its latest range in skips_, plus one
    std::uint64_t skipped_ = 0;
};

}  // namespace quipu::measure
