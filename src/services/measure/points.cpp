#include "services/measure/points.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <functional>

namespace quipu::measure {
namespace {

// A minute is told within a second of its end; twice that without one, and nothing is known.
constexpr Nanoseconds kPointStale = std::chrono::seconds(150);

std::int64_t up_to_us(std::int64_t nanoseconds) {
    return nanoseconds / 1000 + (nanoseconds % 1000 > 0 ? 1 : 0);
}

}  // namespace

PointFigures figures_of(const StoredPoint& point) {
    const PointRecord& r = point.record;
    PointFigures out;
    out.time = r.minute;
    out.clock_fault = point.wrong > 0;
    if (point.wrong > 0 && point.wrong_by != 0) out.clock_fault_us = rounded_us(point.wrong_by, 1);
    if (point.minutes == 0) return out;
    out.clock = r.clock;
    out.clock_error_us = up_to_us(r.clock_bound);
    out.clock_estimated_us = up_to_us(r.clock_estimated);
    out.clock_offset_us = rounded_us(r.clock_offset, 1);
    out.clock_frequency_ppm = static_cast<double>(r.clock_frequency) / 1000;
    out.clock_step_us = rounded_us(r.clock_step, 1);
    out.sent = r.sent;
    out.skipped = r.skipped;
    out.send_errors = r.send_errors;
    out.late_median_us = rounded_us(r.late_median, 1);
    out.late_p99_us = rounded_us(r.late_p99, 1);
    out.late_worst_us = rounded_us(r.late_worst, 1);
    out.received = r.received;
    out.own_drops = r.own_drops;
    out.refused = r.refused;
    out.records_lost = r.records_lost;
    // To a tenth of a per mille: more would be noise.
    if (r.covered > 0)
        out.processor = std::round(1e4 * static_cast<double>(r.processor) / static_cast<double>(r.covered)) / 1e4;
    out.memory = r.memory;
    return out;
}

std::string point_metrics(const std::vector<PointHealth>& points) {
    struct Family {
        std::string_view name, help;
        std::function<double(const PointHealth&)> value;
    };
    static const std::array kFamilies{
        Family{"quipu_measure_point_clock_wrong", "1 while the point's clock is wrong",
               [](const PointHealth& p) { return p.clock_fault ? 1.0 : 0.0; }},
        Family{"quipu_measure_point_clock_error_seconds", "Bound of the point's clock error, as it claims",
               [](const PointHealth& p) { return static_cast<double>(p.clock_error_us) / 1e6; }},
        Family{"quipu_measure_point_late_seconds", "How late packets left in the last minute, at most",
               [](const PointHealth& p) { return static_cast<double>(p.late_worst_us) / 1e6; }},
        Family{"quipu_measure_point_own_drops", "Datagrams that the point itself dropped in the last minute",
               [](const PointHealth& p) { return static_cast<double>(p.own_drops); }},
        Family{"quipu_measure_point_processor_ratio", "Share of one processor in the last minute",
               [](const PointHealth& p) { return p.processor; }},
        Family{"quipu_measure_point_memory_bytes", "Memory of the point's agent",
               [](const PointHealth& p) { return static_cast<double>(p.memory); }}};
    std::string out;
    for (const Family& family : kFamilies) {
        out += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", family.name, family.help);
        for (const PointHealth& point : points)
            if (point.time) out += fmt::format("{}{{site=\"{}\"}} {}\n", family.name, point.site, family.value(point));
    }
    return out;
}

void Points::set_mesh(const std::vector<MeshPoint>& mesh) {
    state_.with([&](State& state) {
        state.mesh.clear();
        for (const auto& point : mesh)
            state.mesh.insert(point.site);
    });
}

void Points::set_fault(const std::string& site, const ClockFault& fault) {
    state_.with([&](State& state) { state.judge.set_fault(site, fault); });
}

void Points::told(const StoredPoint& point) {
    state_.with([&](State& state) {
        if (point.minutes == 0) return;
        StoredPoint& last = state.last[point.site];
        if (last.record.minute > point.record.minute) return;
        last = point;
        state.judge.report({.site = point.site,
                            .minute = point.record.minute,
                            .disciplined = point.record.clock != ClockSource::free_running,
                            .step = point.record.clock_step});
    });
}

void Points::stepped(const StoredPoint& point) {
    if (point.record.clock_step == 0) return;
    state_.with([&](State& state) {
        state.judge.note_step({.site = point.site,
                               .minute = point.record.minute,
                               .disciplined = point.record.clock != ClockSource::free_running,
                               .step = point.record.clock_step});
    });
}

void Points::add(const StoredMinute& minute, Time now) {
    const Columns columns = columns_of(minute.record);
    state_.with([&](State& state) {
        state.judge.add({.from = minute.from,
                         .to = minute.to,
                         .minute = minute.record.time,
                         .received = columns.received,
                         .median = columns.delay_median,
                         .clock_error = columns.clock_error},
                        now);
    });
}

Points::Judged Points::judge(Time now) {
    return state_.with([&](State& state) {
        Judged out;
        out.changes = state.judge.judge(now);
        out.minutes = state.judge.take_judged();
        return out;
    });
}

bool Points::contradicted(std::string_view from, std::string_view to, Time minute) const {
    return state_.with([&](const State& state) { return state.judge.contradicted(from, to, minute); });
}

std::set<std::string, std::less<>> Points::wrong() const {
    return state_.with([](const State& state) {
        std::set<std::string, std::less<>> out;
        for (const auto& [site, unused] : state.judge.faults())
            out.insert(site);
        return out;
    });
}

std::vector<PointHealth> Points::health(Time now) const {
    return state_.with([&](const State& state) {
        std::vector<PointHealth> out;
        std::set<std::string, std::less<>> sites = state.mesh;
        for (const auto& [site, point] : state.last)
            if (now - point.record.minute < std::chrono::days(1)) sites.insert(site);
        for (const auto& site : sites) {
            PointHealth health;
            if (const auto last = state.last.find(site); last != state.last.end()) {
                static_cast<PointFigures&>(health) = figures_of(last->second);
                if (now - last->second.record.minute <= kPointStale) health.state = PointState::good;
            }
            health.site = site;
            health.clock_fault = false;
            health.clock_fault_us.reset();
            if (state.judge.in_doubt().contains(site)) health.state = PointState::clock_doubtful;
            if (const auto fault = state.judge.faults().find(site); fault != state.judge.faults().end()) {
                health.state = PointState::clock_wrong;
                health.clock_fault = true;
                health.clock_fault_since = fault->second.since;
                health.clock_fault_cause = fault->second.cause;
                if (fault->second.by) health.clock_fault_us = rounded_us(*fault->second.by, 1);
            }
            out.push_back(std::move(health));
        }
        return out;
    });
}

}  // namespace quipu::measure
