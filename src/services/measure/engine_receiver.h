#pragma once
// The session-receiver's decisions: which session and minute a packet belongs to, and the record of each minute once
// nothing more of it is waited for.
//
// A packet belongs to the minute in which its schedule says that it was to be sent. A minute is closed, and its record
// made, kLossTimeout after its end: what has not come by then is lost (RFC 7680 §2.6's waiting time). Minutes close in
// order and never open again, whatever the clock does, so no record is made twice.
//
// A session that is ended tells what it has: of its open minutes what was due up to the last packet that came. Behind
// that one nobody knows whether packets were lost or its sender was ended first.

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/address.h"
#include "services/measure/codec_packet.h"
#include "services/measure/codec_raw.h"
#include "services/measure/codec_record.h"
#include "services/measure/schedule.h"

namespace quipu::measure {

inline constexpr Nanoseconds kLossTimeout = std::chrono::seconds(5);
/// A difference between the clock of the day and the monotonic one that is a step, not a correction of rate.
inline constexpr Nanoseconds kClockStep = std::chrono::milliseconds(10);
/// After a step forward (or a sleep of the machine) of more than this, the minutes in between are not measured.
inline constexpr Nanoseconds kLongAbsence = std::chrono::seconds(10);

struct ReceiverSession {
    std::string from;    ///< sending site
    net::Endpoint peer;  ///< where its packets come from
    Schedule schedule;
};

struct ReceiverCounters {
    std::uint64_t received = 0;  ///< test packets of our sessions, first copies
    std::uint64_t duplicates = 0;
    std::uint64_t truncated = 0;        ///< shorter than a test packet
    std::uint64_t zero_multiplier = 0;  ///< RFC 4656 §4.1.2: corrupt
    std::uint64_t oversized = 0;        ///< longer than the socket's buffer: cut by the kernel, refused
    std::uint64_t unknown_peer = 0;     ///< no session with this address and port
    std::uint64_t out_of_time = 0;      ///< of a minute that is closed, or not yet to be
    std::uint64_t clock_steps = 0;
    std::uint64_t minutes_voided = 0;  ///< given up because the clock jumped over them
};

class ReceiverEngine {
  public:
    /// Replaces all sessions; those that stay (same sender, address and schedule) keep their open minutes. A new one
    /// counts what is due from `now` on, or from the next minute if this one was told of its sender already.
    void assign(std::vector<ReceiverSession> sessions, Time now);
    /// Nothing is received any more: the minutes that are over are told at the next close(). The running one is not,
    /// since who starts again within it tells of it.
    void finish(Time now);

    /// Bound of our own clock's error, from now on.
    void set_clock_error(Nanoseconds bound, bool synchronised = true) {
        clock_error_ = bound;
        error_ = ErrorEstimate::from(bound, synchronised);
    }
    /// Whether every packet is kept, until its minute is closed.
    void keep_raw(bool wanted);
    /// The packets of the minutes that were closed since the last call.
    [[nodiscard]] std::vector<RawMinute> take_raw() { return std::exchange(raw_, {}); }

    /// A datagram as received at `received`; `cut` if it was longer than the buffer.
    void arrive(const net::Endpoint& peer, ByteSpan datagram, Time received, std::int16_t ttl, bool cut);

    /// Our own socket's buffer was full: of what came between these two arrivals, `count` datagrams were dropped here.
    /// What was due then and is missing is not the path's loss.
    void dropped(Time after, Time until, std::uint64_t count);

    /// Both clocks as read at one moment: their difference shows when the clock of the day was set. Call it now and
    /// then.
    void notice_clocks(Time now, Monotonic monotonic);
    /// Appends the records of at most `limit` minutes that are over. True if there are more.
    bool close(Time now, std::size_t limit, std::vector<MinuteRecord>& out);
    /// The records of the running minutes as they stand: scheduled counts only what should have come by now.
    void provisional(Time now, std::vector<MinuteRecord>& out) const;

    [[nodiscard]] const ReceiverCounters& counters() const { return counters_; }
    [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }

  private:
    static constexpr std::int64_t kAbsent = std::numeric_limits<std::int64_t>::min();
    struct Minute {
        std::int64_t minute = kAbsent;
        std::vector<std::int64_t> delays;  // by place in the minute; kAbsent: not come
        std::uint32_t received = 0, duplicated = 0, reordered = 0;
        std::int16_t ttl = -1;
        std::int64_t clock_error = 0;
        std::vector<RawPacket> raw;  // in the order in which they came
    };
    struct Session {
        ReceiverSession what;
        std::int64_t first_index = 0;    // counted from here on
        std::int64_t next_minute = 0;    // the first that is not closed
        std::int64_t next_expected = 0;  // RFC 4737 §3.3: NextExp
        Minute open[3];                  // by minute modulo 3: the one before, the running one and the next
    };
    struct PeerHash {
        std::size_t operator()(const net::Endpoint& peer) const;
    };

    /// A time in which our own socket dropped datagrams.
    struct Drops {
        Time after, until;
        std::uint64_t count = 0;
    };
    /// Which of the packets from `first` to `until_index` that have not come may have been dropped by ourselves.
    [[nodiscard]] std::vector<bool> own_drops(const Session& session, const MinuteRecord& record, std::int64_t first,
                                              std::int64_t until_index) const;
    void void_open_minutes(Time before, Time now);
    /// Tells the open minutes up to this one.
    void end(Session& session, std::int64_t last_minute);
    [[nodiscard]] MinuteRecord record_of(const Session& session, std::int64_t minute, std::int64_t until_index) const;
    void note_raw(const Session& session, std::int64_t minute, std::int64_t until_index);
    void count(Session& session, std::int64_t index, const TestPacket& packet, Time received, std::int16_t ttl);

    std::vector<Session> sessions_;
    std::vector<MinuteRecord> ended_;                    // not yet handed out
    std::map<std::string, std::int64_t> ended_minutes_;  // told when its session ended, by sender
    std::unordered_map<net::Endpoint, std::uint32_t, PeerHash> by_peer_;
    ReceiverCounters counters_;
    std::vector<Drops> drops_;  // of the last minutes, ascending
    Nanoseconds clock_error_{0};
    ErrorEstimate error_;  // the same as a packet tells it
    bool keep_raw_ = false;
    std::vector<RawMinute> raw_;
    std::int64_t step_error_ = 0;         // the largest step of the clock while
    std::int64_t step_minute_ = kAbsent;  // this minute or the one before ran
    std::uint32_t scan_ = 0;              // where close() goes on
    std::int64_t earliest_ = kAbsent;     // no session has an open minute before this one
    Time last_now_{};
    Monotonic last_monotonic_{};
    bool clock_seen_ = false;
};

}  // namespace quipu::measure
