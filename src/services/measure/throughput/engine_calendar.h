#pragma once
// The mesh-wide calendar of throughput tests: decisions without sockets, SQL or a clock.
//
// A test fills what it measures, so it must be alone there: it is admitted only if no other test uses one of its end
// points or a link on its path in its time, and if the tests of the day don't bring more over a link than its share. A
// test whose path nobody knows may meet any other anywhere, and runs alone in the mesh. What is refused is told with
// the test, the link, the limit that stand against it and the next free start.
//
// A place that was handed out to its ends stays taken until it is over, also when the test is cancelled: an end that
// can't be reached may run it all the same.

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "services/measure/throughput/model.h"

namespace quipu::throughput {

struct PathLink {
    std::string id;
    Bandwidth capacity;
};
/// The links from one point to another, in order.
struct KnownPath {
    std::vector<PathLink> links;
    bool traced = false;  ///< packets were seen to go there; else it is what the registry lets expect
};
/// Nothing where no path is known.
using PathOf = std::function<std::optional<KnownPath>(std::string_view from, std::string_view to)>;

/// What regular tests are like, and what all tests together may take.
struct CalendarRules {
    bool regular = true;
    Nanoseconds interval = std::chrono::hours(6);
    TestShape shape;
    double share = 0.05;                                     ///< of a link's capacity in a day
    std::vector<std::pair<std::string, std::string>> pairs;  ///< only these are tested regularly; all when empty
};

/// A test that somebody wants.
struct Wish {
    std::string from, to;
    std::optional<Time> at;  ///< as soon as there is a place when left out
    TestShape shape;
    std::string asked_by;
};

/// Regular tests are planned so far ahead.
inline constexpr Nanoseconds kPlannedAhead = std::chrono::hours(24);
/// Nobody may take a place further ahead.
inline constexpr Nanoseconds kHeldAhead = std::chrono::hours(24 * 14);
/// What begins within this time is told to its ends.
inline constexpr Nanoseconds kHandOut = std::chrono::minutes(15);
/// A regular test whose end was away is tried again so much later, while its interval lasts.
inline constexpr Nanoseconds kTryAgain = std::chrono::minutes(30);
/// Time for the ends to hear of a test before it begins.
inline constexpr Nanoseconds kNotice = std::chrono::seconds(1);
/// A result that has not come so long after the test is not waited for; it is taken if it comes all the same.
inline constexpr Nanoseconds kResultWait = std::chrono::minutes(2);

class Calendar {
  public:
    Calendar(CalendarRules rules, PathOf path_of, Rng rng);

    /// What the store has of today and what is to come. Regular tests that the rules would no longer make are left
    /// out and answered: they are to be forgotten.
    [[nodiscard]] std::vector<ThroughputTest> load(std::vector<ThroughputTest> tests, std::int64_t last_id);
    /// The points that can test now, and of others why they can't.
    void set_points(std::vector<std::string> points, std::map<std::string, std::string, std::less<>> problems = {});

    /// The test as it would be admitted, or why not.
    [[nodiscard]] std::expected<ThroughputTest, CalendarRefusal> check(const Wish& wish, Time now) const;
    /// Takes the place.
    [[nodiscard]] std::expected<ThroughputTest, CalendarRefusal> admit(const Wish& wish, Time now);
    /// `not_found`, or `conflict` when it has begun.
    [[nodiscard]] Result<ThroughputTest> cancel(std::int64_t id, Time now);

    /// As if it had never been admitted: it could not be written down.
    void forget(std::int64_t id);

    struct Step {
        std::vector<ThroughputTest> changed;  ///< as they are now, new ones too
        std::vector<CalendarRefusal> refused;
        bool assignments = false;  ///< somebody has something new to do
        [[nodiscard]] bool empty() const { return changed.empty() && refused.empty() && !assignments; }
    };
    /// Everything that time does: plans regular tests, hands out what comes soon, gives up what is over.
    [[nodiscard]] Step advance(Time now);
    /// Paths may be others: every test that was not handed out keeps its place only if it is still free, or moves. One
    /// that was handed out is called off when it would meet another on the way that it takes now.
    [[nodiscard]] Step revise(Time now);
    /// Its result is there. `over`: both of its ends have ended by now, and its place is free from then on.
    [[nodiscard]] std::optional<ThroughputTest> settle(std::int64_t id, TestState state, std::string why,
                                                       std::optional<Time> over = {});

    /// Tests that the ends are to know of now.
    [[nodiscard]] std::vector<ThroughputTest> handed_out(Time now) const;
    [[nodiscard]] const ThroughputTest* find(std::int64_t id) const;
    [[nodiscard]] const std::map<std::int64_t, ThroughputTest>& tests() const { return tests_; }
    [[nodiscard]] const CalendarRules& rules() const { return rules_; }
    /// What the day's tests bring over a link, and what they may.
    [[nodiscard]] std::int64_t used(std::string_view link, Time day) const;

  private:
    struct Shaped {
        ThroughputTest test;
        std::vector<PathLink> path;
    };
    [[nodiscard]] Shaped shaped(std::string from, std::string to, const TestShape& shape) const;
    static void place(ThroughputTest& test, Time start);
    [[nodiscard]] std::int64_t limit(const PathLink& link) const;
    /// What stands against the test at its place; nothing if it is free.
    [[nodiscard]] std::optional<CalendarRefusal> obstacle(const Shaped& shaped) const;
    [[nodiscard]] std::optional<CalendarRefusal> taken(const ThroughputTest& test, const std::string& resource,
                                                       RefusalReason reason) const;
    [[nodiscard]] std::optional<CalendarRefusal> over_share(const Shaped& shaped) const;
    /// The first start in [from, until) at which it is free.
    [[nodiscard]] std::optional<Time> first_free(Shaped shaped, Time from, Time until) const;
    [[nodiscard]] std::expected<Shaped, CalendarRefusal> placed(const Wish& wish, Time now) const;

    void take(const ThroughputTest& test);
    void release(const ThroughputTest& test);
    [[nodiscard]] bool wanted_pair(const std::string& from, const std::string& to) const;
    void plan_pair(const std::string& from, const std::string& to, Time period, Time now, Step& step);
    /// Why its ends can't be told of it now; empty: they can.
    [[nodiscard]] std::string why_not_handed_out(const ThroughputTest& test, Time now) const;
    void wait_or_move(ThroughputTest& test, const std::string& why, Time now, Step& step);
    /// Gives a test without a place the first free one that starts in [from, until), on its path of now.
    bool find_place(ThroughputTest& test, Time from, Time until);
    /// A test without a place whose ends were told of it, and whose path is another now.
    void keep_or_call_off(ThroughputTest& test, Step& step);
    static void use_path_of(const ThroughputTest& fresh, ThroughputTest& test);
    [[nodiscard]] bool still_regular(const ThroughputTest& test) const;
    void forget_old(Time now);

    CalendarRules rules_;
    PathOf path_of_;
    Rng rng_;
    std::int64_t last_id_ = 0;
    std::vector<std::string> points_;
    std::map<std::string, std::string, std::less<>> problems_;
    Time plan_next_{};  ///< nothing new is to be planned before
    std::map<std::int64_t, ThroughputTest> tests_;
    /// Resource -> begin -> test. Resources: "site:ID", "link:ID", "all" (every test), "alone" (those without a path).
    std::map<std::string, std::multimap<Time, std::int64_t>, std::less<>> taken_;
    std::map<std::pair<std::string, std::int64_t>, std::int64_t> used_;  ///< link, day -> octets
    std::set<std::tuple<std::string, std::string, Time>> planned_;       ///< pair and interval that were looked at
};

}  // namespace quipu::throughput
