#pragma once
// The calendar with its memory: every decision of the engine is written down before anybody hears of it, results come
// in exactly once. All calls block on SQL and may come from any thread of the blocking pool; assignments are read from
// a snapshot that is swapped whole.

#include <map>
#include <memory>
#include <mutex>

#include "agent/hub.h"
#include "base/guarded.h"
#include "data/journal.h"
#include "services/measure/throughput/assignment.h"
#include "services/measure/throughput/engine_calendar.h"
#include "services/measure/throughput/store.h"

namespace quipu::throughput {

enum class PointState : std::uint8_t { able, away, without_iperf, without_address, no_site };
constexpr auto describe_enum(PointState) {
    return names<PointState>({{PointState::able, "able"},
                              {PointState::away, "away"},
                              {PointState::without_iperf, "without-iperf"},
                              {PointState::without_address, "without-address"},
                              {PointState::no_site, "no-site"}});
}

/// A point of the mesh and whether it can test.
struct MeshPoint {
    std::string site;
    PointState state = PointState::able;
    std::string problem;  ///< why not
    std::string iperf3;
    std::vector<net::IpAddress> addresses;
    std::uint16_t port = kIperfPort;
    static constexpr auto describe() {
        using T = MeshPoint;
        return fields(field<&T::site>("site", "The point's site").required(),
                      field<&T::state>("state", "able to test now, or why not").required(),
                      field<&T::problem>("problem", "Why not, in words"),
                      field<&T::iperf3>("iperf3", "Version of its iperf3"),
                      field<&T::port>("port", "Where it listens in a test"));
    }
    [[nodiscard]] bool able() const { return state == PointState::able; }
    bool operator==(const MeshPoint&) const = default;
};

struct KeeperCounters {
    std::uint64_t done = 0, failed = 0, expired = 0, refused = 0;
    std::uint64_t records = 0, repeats = 0, malformed = 0;
};

class Keeper {
  public:
    Keeper(const Clock& clock, data::Database& database, data::Journal& journal, CalendarRules rules, PathOf path_of);

    [[nodiscard]] Result<void> load();
    void set_points(std::vector<MeshPoint> points);
    [[nodiscard]] std::vector<MeshPoint> points() const;

    /// What time has done; true when assignments have changed.
    [[nodiscard]] Result<bool> advance();
    /// `change` makes the paths others; then every place is looked at again.
    [[nodiscard]] Result<bool> revise(const std::function<bool()>& change);

    [[nodiscard]] std::expected<ThroughputTest, CalendarRefusal> check(const Wish& wish) const;
    struct Admission {
        std::optional<ThroughputTest> test;
        std::optional<CalendarRefusal> refusal;
    };
    [[nodiscard]] Result<Admission> admit(const Wish& wish);
    [[nodiscard]] Result<ThroughputTest> cancel(std::int64_t id);

    /// Commits before it answers ok.
    [[nodiscard]] Result<void> take(const agent::StreamBatch& batch);

    [[nodiscard]] Assignment assignment_of(const std::string& site) const;
    [[nodiscard]] CalendarRules rules() const { return rules_; }
    [[nodiscard]] KeeperCounters counters() const;

  private:
    using Assignments = std::map<std::string, Assignment>;
    [[nodiscard]] Result<bool> keep(Calendar::Step step);
    [[nodiscard]] Result<void> keep_unsaved(const std::vector<CalendarRefusal>& refused);
    [[nodiscard]] Result<void> tell_change(data::Transaction& transaction, const ThroughputTest& test);
    /// Makes the snapshot; true when it differs from the one before.
    bool publish();

    const Clock& clock_;
    data::Database& database_;
    data::Journal& journal_;
    const CalendarRules rules_;
    Store store_;
    mutable std::mutex turn_;  ///< one change of the calendar at a time, until it is written
    Calendar calendar_;
    std::map<std::int64_t, ThroughputTest> unsaved_;  ///< changes that could not be written yet
    std::vector<CalendarRefusal> untold_;
    std::vector<MeshPoint> points_;
    Guarded<std::shared_ptr<const Assignments>> assignments_;
    Guarded<KeeperCounters> counters_;
};

}  // namespace quipu::throughput
