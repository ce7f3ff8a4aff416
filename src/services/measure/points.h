#pragma once
// How every measurement point is now: what it told of its last minute, and whether its clock is wrong.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/guarded.h"
#include "services/measure/engine_clocks.h"
#include "services/measure/engine_mesh.h"
#include "services/measure/store.h"
#include "services/measure/store_points.h"

namespace quipu::measure {

enum class PointState : std::uint8_t { good, clock_wrong, clock_doubtful, silent };
constexpr auto describe_enum(PointState) {
    return names<PointState>({{PointState::good, "good"},
                              {PointState::clock_wrong, "clock_wrong"},
                              {PointState::clock_doubtful, "clock_doubtful"},
                              {PointState::silent, "silent"}});
}

/// A point's minute as the API shows it.
struct PointFigures {
    std::optional<Time> time;
    std::optional<ClockSource> clock;
    std::int64_t clock_error_us = 0, clock_estimated_us = 0, clock_offset_us = 0;
    double clock_frequency_ppm = 0;
    std::int64_t clock_step_us = 0;
    std::int64_t sent = 0, skipped = 0, send_errors = 0;
    std::int64_t late_median_us = 0, late_p99_us = 0, late_worst_us = 0;
    std::int64_t received = 0, own_drops = 0, refused = 0, records_lost = 0;
    double processor = 0;
    std::int64_t memory = 0;
    bool clock_fault = false;
    std::optional<std::int64_t> clock_fault_us;

    static constexpr auto describe() {
        using T = PointFigures;
        return fields(
            field<&T::time>("time", "The minute that is told"),
            field<&T::clock>("clock",
                             "declared: its error was declared; synchronised; free-running: nothing disciplines it"),
            field<&T::clock_error_us>("clock_error_us", "Bound of its clock's error, as it claims").format("us"),
            field<&T::clock_estimated_us>("clock_estimated_us", "The kernel's estimate of the error").format("us"),
            field<&T::clock_offset_us>("clock_offset_us", "What the kernel is still correcting").format("us"),
            field<&T::clock_frequency_ppm>("clock_frequency_ppm", "Correction of the clock's rate"),
            field<&T::clock_step_us>("clock_step_us", "What the clock was set by in the minute").format("us"),
            field<&T::sent>("sent", "Test packets sent"),
            field<&T::skipped>("skipped", "Given up: their time had passed"),
            field<&T::send_errors>("send_errors", "That the kernel refused"),
            field<&T::late_median_us>("late_median_us", "How late packets left, median").format("us"),
            field<&T::late_p99_us>("late_p99_us", "How late packets left, 99th percentile").format("us"),
            field<&T::late_worst_us>("late_worst_us", "How late packets left, most").format("us"),
            field<&T::received>("received", "Test packets received"),
            field<&T::own_drops>("own_drops", "Datagrams that its own sockets dropped: no loss of the network"),
            field<&T::refused>("refused", "Datagrams that are no test packet of its sessions"),
            field<&T::records_lost>("records_lost", "Records that it could not keep"),
            field<&T::processor>("processor", "Share of one processor that the agent took"),
            field<&T::memory>("memory", "Memory of the agent").format("octets"),
            field<&T::clock_fault>("clock_fault", "Its clock was wrong").required(),
            field<&T::clock_fault_us>("clock_fault_us", "How far ahead its clock was; absent when unknown")
                .format("us"));
    }
};
[[nodiscard]] PointFigures figures_of(const StoredPoint& point);

struct PointHealth : PointFigures {
    std::string site;
    PointState state = PointState::silent;
    std::optional<Time> clock_fault_since;
    std::optional<ClockCause> clock_fault_cause;
    static constexpr auto describe() {
        using T = PointHealth;
        return std::tuple_cat(
            fields(
                field<&T::site>("site", "The point: its site").required().references("sites"),
                field<&T::state>("state",
                                 "clock_wrong; clock_doubtful: it or its only peer is wrong; silent: it has "
                                 "told nothing of late")
                    .required(),
                field<&T::clock_fault_since>("clock_fault_since", "Since when its clock is wrong"),
                field<&T::clock_fault_cause>("clock_fault_cause",
                                             "kernel: nothing disciplines it; step: all its delays moved, one way up, "
                                             "the other down; negative: packets arrive before they were sent")),
            PointFigures::describe());
    }
};

/// In Prometheus' text format.
[[nodiscard]] std::string point_metrics(const std::vector<PointHealth>& points);

/// Thread-safe; no I/O.
class Points {
  public:
    void set_mesh(const std::vector<MeshPoint>& mesh);
    /// Who was wrong before this program was started.
    void set_fault(const std::string& site, const ClockFault& fault);
    void told(const StoredPoint& point);
    /// Of a minute before the last: only whether its clock was stepped.
    void stepped(const StoredPoint& point);
    void add(const StoredMinute& minute, Time now);

    struct Judged {
        std::vector<ClockChange> changes;
        std::vector<JudgedMinute> minutes;
    };
    [[nodiscard]] Judged judge(Time now);

    [[nodiscard]] bool contradicted(std::string_view from, std::string_view to, Time minute) const;
    [[nodiscard]] std::set<std::string, std::less<>> wrong() const;
    /// By site.
    [[nodiscard]] std::vector<PointHealth> health(Time now) const;

  private:
    struct State {
        ClockJudge judge;
        std::set<std::string, std::less<>> mesh;
        std::map<std::string, StoredPoint, std::less<>> last;
    };
    Guarded<State> state_;
};

}  // namespace quipu::measure
