#pragma once
// Whose clock is wrong? A clock is wrong when its own kernel says that nothing disciplines it, or when the mesh
// contradicts it by more than the error that it claims.
//
// With clocks that are ahead by o, the delay measured from f to t is the true one + o_t − o_f, and back the true one +
// o_f − o_t: half of the difference of both directions holds the clocks and the ways' asymmetry, half of their sum the
// network alone. So for each two points the usual halves are remembered, and when the difference moves while the sum
// stays (both directions change by the same, one up, one down), clocks have moved and not the network. Each point is
// then ahead by the median of what its peers say, corrected by what they are ahead themselves; a point whose peers
// agree (three of four of at least two) is named. With one peer alone two clocks disagree and nobody can say which is
// wrong, unless one of the two has seen itself stepped: both are in doubt.
//
// Delays below zero are a contradiction without any past: there the way is taken to be as long in both directions.
// A step that makes ways look symmetric that were not was a correction: nothing is wrong after it.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/describe.h"
#include "base/time.h"

namespace quipu::measure {

enum class ClockCause : std::uint8_t { kernel, step, negative };
constexpr auto describe_enum(ClockCause) {
    return names<ClockCause>(
        {{ClockCause::kernel, "kernel"}, {ClockCause::step, "step"}, {ClockCause::negative, "negative"}});
}

/// One direction in one minute. Nanoseconds.
struct DirectedDelay {
    std::string from, to;
    Time minute{};
    std::int64_t received = 0;
    std::int64_t median = 0;
    std::int64_t clock_error = 0;  ///< bound of both clocks together, as they claim
};

/// What a point's kernel says.
struct ClockReport {
    std::string site;
    Time minute{};
    bool disciplined = false;  ///< synchronised, or declared
    std::int64_t step = 0;     ///< nanoseconds that it was set by in this minute
};

struct ClockFault {
    Time since{};
    ClockCause cause{};
    std::optional<std::int64_t> by;  ///< nanoseconds ahead; unknown when only the kernel says so
    bool operator==(const ClockFault&) const = default;
};

struct ClockChange {
    enum class What : std::uint8_t { went_wrong, right_again, corrected };
    What what{};
    std::string site;
    Time minute{};     ///< the one that decided it
    ClockFault fault;  ///< what it is or was; `by` of a correction is what it was set by
};

/// A minute that was judged: who was wrong in it.
struct JudgedMinute {
    Time minute{};
    std::map<std::string, ClockFault, std::less<>> wrong;
};

class ClockJudge {
  public:
    /// In any order; what belongs to a minute that is judged already counts no more.
    void add(const DirectedDelay& delay, Time now);
    void report(const ClockReport& report);
    void note_step(const ClockReport& report) { steps_[report.site] = report; }
    /// Who was wrong when this judge was not there yet.
    void set_fault(const std::string& site, const ClockFault& fault) { faults_[site] = fault; }

    /// Judges the minutes that are complete (what came in the last one has come) or have waited for long enough.
    std::vector<ClockChange> judge(Time now);
    /// Those judged since the last call.
    [[nodiscard]] std::vector<JudgedMinute> take_judged();

    [[nodiscard]] const std::map<std::string, ClockFault, std::less<>>& faults() const { return faults_; }
    [[nodiscard]] const std::set<std::string, std::less<>>& in_doubt() const { return in_doubt_; }
    /// The delay of this pair in this minute is not the network's: an end's clock is wrong, or both directions moved
    /// apart. Of a minute that is not judged yet by what is there.
    [[nodiscard]] bool contradicted(std::string_view from, std::string_view to, Time minute) const;

  private:
    /// Two sites, the lesser first.
    using Two = std::pair<std::string, std::string>;
    struct Half {
        std::optional<std::int64_t> there, back;  // medians from first to second, and from second to first
        std::int64_t error = 0;
    };
    struct Usual {
        double difference = 0, sum = 0;  // halves, nanoseconds, without what wrong clocks are known to add
        double wander = 0;
        int minutes = 0;
        int strange = 0;  // minutes in a row beyond the band that no clock explains
        double strange_difference = 0, strange_sum = 0;
    };
    /// What two points say of each other in a minute.
    struct Vote {
        const Two* two = nullptr;
        double difference = 0, sum = 0;
        double ahead = 0;  ///< the second one of the first, more than usual
        double band = 0;
        bool clocks = false;   ///< beyond the band, and the network has not moved
        bool network = false;  ///< beyond the band, and it has
    };
    struct Waiting {
        std::map<Two, Half> halves;
        Time first_seen{};
        std::size_t directions = 0;
    };
    using Offsets = std::map<std::string, double, std::less<>>;
    using Changes = std::vector<ClockChange>;

    [[nodiscard]] std::optional<Vote> vote_of(const Two& two, const Half& half) const;
    void judge_kernels(Changes& out);
    void judge_minute(Time minute, const Waiting& waiting, Changes& out);
    void judge_negatives(Time minute, const Waiting& waiting, Changes& out);
    void judge_steps(Time minute, const std::vector<Vote>& votes, Changes& out);
    void judge_doubts(Time minute, const std::vector<Vote>& votes, Changes& out);
    void learn(const std::vector<Vote>& votes);
    void begin_fault(const std::string& site, Time minute, ClockCause cause, std::optional<std::int64_t> by,
                     Changes& out);
    void end_fault(const std::string& site, Time minute, Changes& out);
    [[nodiscard]] bool wrong(std::string_view site) const { return faults_.contains(site); }
    [[nodiscard]] double known_offset(std::string_view site) const;
    /// The step of this point by `by` made its ways look more symmetric than they did.
    [[nodiscard]] bool is_correction(const std::string& site, double by, const std::vector<Vote>& votes) const;
    void move_usual(const std::string& site, double by);
    [[nodiscard]] bool saw_itself_stepped(std::string_view site, Time minute, double least) const;

    std::map<Time, Waiting> waiting_;
    std::size_t usual_directions_ = 0;  // that came in the last minute that was judged
    Time judged_{};
    std::map<Two, Usual> usual_;
    std::map<std::string, ClockReport, std::less<>> reports_;
    std::map<std::string, ClockReport, std::less<>> steps_;  // the last one with a step, of each
    std::map<std::string, ClockFault, std::less<>> faults_;
    std::map<std::string, int, std::less<>> quiet_;  // minutes in a row that a wrong clock looked right
    std::set<std::string, std::less<>> in_doubt_;
    std::set<Two> parted_;  // of the last minute judged
    std::vector<JudgedMinute> done_;
};

}  // namespace quipu::measure
