#pragma once
// One cause, one outage. Reports of pairs go in, and what they have in common comes out: the links, sites or
// measurement points whose failure explains best who suffers and who does not.
//
// What is known of a pair: that it lost packets in a row, that nothing arrives, and which way its packets take now,
// since a way is known by its TTL and its delay (each pair has an anchor: both, and the way that the topology gave it
// then). A hypothesis is a set of faults. It foretells for each pair whether it lost packets while routing looked for
// another way, and which TTL its packets arrive with since; its score is the likelihood of what was seen, times a small
// probability for each fault. The smallest explanation wins; what is nearly as likely is named with it. Nothing is
// decided before all points have had their say.
//
// An outage is open until the pairs that tell (those whose way with the fault is another than without it) take the way
// without it again; then it recovers, and is over when it has held for a while. One that fails again meanwhile, or soon
// after, is the same.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "desk/operations/engine_topology.h"
#include "desk/operations/model.h"

namespace quipu::operations {

/// What a receiver says of one pair and minute: of a whole one, or of one that still runs (then all counts go up to
/// `until`, and the next report of the same minute counts on).
struct PairReport {
    std::string from, to;
    Time minute{};
    Time until{};
    bool whole = false;
    std::int64_t sent = 0, received = 0;
    std::int64_t loss_run = 0;          ///< most packets lost in a row
    std::optional<Nanoseconds> median;  ///< one-way delay
    Nanoseconds clock_error{0};
    std::int64_t ttl = 0;   ///< of the last packet; 0: unknown
    bool absent = false;    ///< the sender is known not to run: its silence says nothing
    bool settling = false;  ///< the session has just begun
};

struct OutageTimes {
    Nanoseconds gather = std::chrono::seconds(20);       ///< from the first sign until a decision
    Nanoseconds heal_after = std::chrono::seconds(120);  ///< that it has to work before it is over
    Nanoseconds flap_window = std::chrono::minutes(15);  ///< after that, a failure is another one
};

/// What the engine has found out, or what became of it.
struct Finding {
    enum class What : std::uint8_t { failed, failed_again, works, over };
    What what = What::failed;
    std::string cause;
    Part part = Part::link;
    std::string object;
    Time when{};                         ///< of the failure or the mending, as near as the reports say
    Time seen{};                         ///< failed: of the first report that knew of it
    std::vector<Suspect> suspects = {};  ///< failed: the likeliest first
    std::vector<AffectedPair> pairs = {};
    std::string reason = {};  ///< over without having worked: why
};

[[nodiscard]] std::string cause_of(Part part, std::string_view object);

class OutageEngine {
  public:
    explicit OutageEngine(OutageTimes times = {}) : times_(times) {}

    /// The network in service has changed: outages of what is no longer there are over (told by the next tick).
    void set_topology(std::shared_ptr<const Topology> topology);
    /// An outage that was open, or over not long ago, when the program ended.
    void resume(Part part, std::string_view object, OutageState state, Time began, std::optional<Time> ended);

    void add(const PairReport& report, Time now);
    void set_agent(std::string_view site, bool connected);
    [[nodiscard]] std::vector<Finding> tick(Time now);

    /// What is believed to be down now.
    [[nodiscard]] std::vector<Fault> down() const;

  private:
    struct Way {
        std::int64_t hops = 0;
        std::uint64_t metres = 0;
    };
    struct Anchor {
        std::int64_t ttl = 0;
        Nanoseconds delay{0};
        Way way;
    };
    /// What was counted of one minute so far.
    struct Count {
        Time minute{}, until{};
        std::int64_t sent = 0, lost = 0, run = 0;
    };
    struct Pair {
        std::uint32_t from = 0, to = 0;
        bool known = false;   ///< both ends are in the topology
        bool proven = false;  ///< it has worked
        Count counts[2];      ///< of even and odd minutes
        Time until{};         ///< of the last report
        // Which way the packets take.
        std::optional<Anchor> anchor;
        std::int64_t ttl = 0;
        Time arrived{};  ///< packets came after this
        std::optional<Nanoseconds> median;
        Time median_minute{};
        Nanoseconds clock_error{0};
        int odd = 0;      ///< reports in a row whose TTL is not the one foretold
        int strange = 0;  ///< whole minutes in a row, the same way each time
        std::int64_t strange_ttl = 0;
        Nanoseconds strange_delay{0};
        // Packets sent since the last one that came.
        std::int64_t silent = 0;
        // Loss that nobody has explained yet; none while bad_until is zero.
        Time bad_from{}, bad_seen{}, bad_until{};  ///< before it, at its first report, at its last
        std::int64_t bad_lost = 0;
    };
    struct Active {
        Fault fault;
        std::string object;
        OutageState state = OutageState::open;
        Time began{};                 ///< the last failure
        Time seen{};                  ///< of the first report that knew of it
        Time ended{};                 ///< since when it works, unless it is open
        std::set<std::size_t> pairs;  ///< whose way leads over it
    };
    struct Agent {
        bool connected = true;
        Time heard{};  ///< its last report's `until`
    };
    struct Evidence;
    struct Onset {
        Time low{}, high{};
    };

    [[nodiscard]] Pair& pair_of(const PairReport& report);
    void place(Pair& pair, std::string_view from, std::string_view to) const;
    void place(Active& active) const;
    void take_loss(Pair& pair, const PairReport& report, Time now);
    void take_way(Pair& pair, const PairReport& report, bool newest);
    void take_minute(Pair& pair, const PairReport& report);

    /// What is down, `but` left out.
    [[nodiscard]] std::vector<Fault> believed(const std::optional<Fault>& but = {}) const;
    [[nodiscard]] static Way way_of(const Pair& pair, const Ways& ways);
    [[nodiscard]] static std::optional<std::int64_t> ttl_on(const Pair& pair, const Way& way);
    [[nodiscard]] static std::optional<Nanoseconds> delay_on(const Pair& pair, const Way& way);
    [[nodiscard]] static Nanoseconds tolerance(const Pair& pair, Nanoseconds shift);

    void attribute();
    [[nodiscard]] bool is_suspicious(std::size_t number, const Ways& ways, Time now) const;
    [[nodiscard]] std::vector<std::size_t> suspicious(Time now) const;
    [[nodiscard]] Onset onset_of(const std::vector<std::size_t>& suspects) const;
    [[nodiscard]] std::vector<Evidence> evidence(const Onset& onset, Time now) const;
    [[nodiscard]] double score(const std::vector<Fault>& faults, const std::vector<Evidence>& evidence,
                               const Onset& onset) const;
    [[nodiscard]] double agents_score(const std::vector<Fault>& faults, const Ways& ways, const Onset& onset) const;
    [[nodiscard]] std::vector<Fault> candidates(const std::vector<std::size_t>& suspects) const;
    struct Explanation {
        std::vector<Fault> faults;
        double score = 0;
    };
    [[nodiscard]] Explanation build(const std::vector<Fault>& candidates, const std::vector<Evidence>& evidence,
                                    const Onset& onset) const;
    [[nodiscard]] std::vector<Fault> explain(std::vector<Fault> candidates, const std::vector<Evidence>& evidence,
                                             const Onset& onset) const;
    void look_for_failures(Time now, std::vector<Finding>& out);
    [[nodiscard]] Finding finding_of(const Fault& fault, const std::vector<Fault>& all,
                                     const std::vector<Fault>& candidates, const std::vector<Evidence>& evidence,
                                     const Onset& onset, const std::set<std::size_t>& pairs) const;
    void fail(Finding finding, const Fault& fault, std::set<std::size_t> pairs, std::vector<Finding>& out);
    void look_for_mending(Time now, std::vector<Finding>& out);
    struct Verdict {
        std::size_t works = 0, fails = 0;
        Time since{};  ///< of those that say that it works, the earliest
    };
    [[nodiscard]] Verdict verdict(const Active& active, Time now) const;

    OutageTimes times_;
    std::shared_ptr<const Topology> topology_;
    std::map<std::pair<std::string, std::string>, std::size_t> numbers_;
    std::vector<Pair> pairs_;
    std::map<std::string, Agent, std::less<>> agents_;
    std::map<std::string, Active, std::less<>> active_;  // by cause
    std::vector<Finding> due_;                           // told by the next tick
    Time first_sign_{}, last_sign_{};
};

}  // namespace quipu::operations
