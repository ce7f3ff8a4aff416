#include "services/measure/engine_statement.h"

#include <algorithm>
#include <map>

#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

// An hour of which less is known decides nothing.
constexpr std::int64_t kFewestPackets = 60;

std::optional<std::int64_t> usual_of(std::span<const data::ArchiveRecord> hours) {
    std::vector<std::int64_t> medians;
    for (const auto& hour : hours)
        if (const auto median = figures_of(hour, kHour).delay_median_us) medians.push_back(*median);
    if (medians.empty()) return std::nullopt;
    const auto middle = medians.begin() + static_cast<std::ptrdiff_t>(medians.size() / 2);
    std::ranges::nth_element(medians, middle);
    return *middle;
}

/// Not empty.
data::ArchiveRecord sum_of(std::span<const data::ArchiveRecord> hours) {
    data::ArchiveRecord out = hours.front();
    for (const auto& hour : hours.subspan(1))
        add_to(out, hour);
    return out;
}

/// `sum`: of that many hours.
Figures figures_over(const data::ArchiveRecord& sum, std::size_t hours) {
    return figures_of(sum, kHour * static_cast<std::int64_t>(hours));
}

/// The delays of some hours only; what differences of delays say holds for all.
void take_delays(Figures& out, const Figures& some) {
    out.delay_min_us = some.delay_min_us;
    out.delay_p05_us = some.delay_p05_us;
    out.delay_p25_us = some.delay_p25_us;
    out.delay_median_us = some.delay_median_us;
    out.delay_p75_us = some.delay_p75_us;
    out.delay_p95_us = some.delay_p95_us;
    out.delay_p99_us = some.delay_p99_us;
    out.delay_max_us = some.delay_max_us;
    out.clock_error_us = some.clock_error_us;
}

/// Hours with the clocks of both ends right.
std::vector<data::ArchiveRecord> right_hours(const WayHistory& history) {
    std::vector<data::ArchiveRecord> out;
    for (const auto& hour : history.hours)
        if (!std::ranges::binary_search(history.from_wrong, hour.time) &&
            !std::ranges::binary_search(history.to_wrong, hour.time))
            out.push_back(hour);
    return out;
}

/// Gathers hours that follow each other; answers the stretch whose worst hour is the worst of all.
class Stretches {
  public:
    explicit Stretches(std::function<double(const Stretch&)> badness) : badness_(std::move(badness)) {}

    void add(const Figures& hour) {
        ++hours_;
        if (!run_ || *hour.time > run_->end) {
            close();
            run_ = Stretch{.begin = *hour.time, .end = *hour.time};
        }
        run_->end = *hour.time + kHour;
        run_->delay_median_us = std::max(run_->delay_median_us, hour.delay_median_us.value_or(0));
        run_->loss = std::max(run_->loss, hour.loss);
    }
    [[nodiscard]] std::optional<Stretch> worst() {
        close();
        return worst_;
    }
    [[nodiscard]] std::int64_t hours() const { return hours_; }

  private:
    void close() {
        if (run_ && (!worst_ || badness_(*run_) > badness_(*worst_))) worst_ = run_;
        run_.reset();
    }
    const std::function<double(const Stretch&)> badness_;
    std::optional<Stretch> run_, worst_;
    std::int64_t hours_ = 0;
};

}  // namespace

StatedWay state_way(std::string from, std::string to, const WayHistory& history, const Profiles& profiles) {
    StatedWay out;
    const std::vector<data::ArchiveRecord> right = right_hours(history);
    if (!history.hours.empty()) {
        const data::ArchiveRecord sum = sum_of(history.hours);
        static_cast<Figures&>(out) = figures_over(sum, history.hours.size());
        const Columns columns = columns_of(sum);
        out.silent_minutes = std::max<std::int64_t>(columns.silent - columns.absent, 0);
        out.clock_fault_hours = static_cast<std::int64_t>(history.hours.size() - right.size());
    }
    if (out.clock_fault_hours > 0) {
        take_delays(out, right.empty() ? Figures{} : figures_over(sum_of(right), right.size()));
        if (!history.from_wrong.empty()) out.clock_fault.push_back(from);
        if (!history.to_wrong.empty()) out.clock_fault.push_back(to);
    }
    out.from = std::move(from);
    out.to = std::move(to);
    out.floor_us = history.floor_us;
    out.above_floor_us = above_us(out, out.floor_us);
    out.usual_us = usual_of(history.before);
    out.above_usual_us = above_us(out, out.usual_us);
    out.quality = judge(profiles, out, {.floor_us = out.floor_us, .usual_us = out.usual_us});

    // Without a time before, the time itself tells what is usual, so that its own bad hours stand out.
    const auto usual = out.usual_us ? out.usual_us : usual_of(right);
    Stretches slow([](const Stretch& each) { return static_cast<double>(each.delay_median_us); });
    Stretches lossy([](const Stretch& each) { return each.loss; });
    for (const auto& record : history.hours) {
        const Figures hour = figures_of(record, kHour);
        if (hour.sent < kFewestPackets) continue;
        if (hour.loss > profiles.usual.loss_watch) lossy.add(hour);
    }
    for (const auto& record : right) {
        const Figures hour = figures_of(record, kHour);
        if (hour.sent >= kFewestPackets && is_slow(hour, usual, profiles.usual)) slow.add(hour);
    }
    out.slow_hours = slow.hours();
    out.slowest = slow.worst();
    out.lossiest = lossy.worst();
    return out;
}

std::vector<StatedOutage> outages_of(std::span<const data::Event> events,
                                     const std::function<bool(std::string_view cause)>& concerns) {
    std::vector<StatedOutage> out;
    std::map<std::int64_t, std::size_t> open;  // number of the outage -> where it stands in `out`
    for (const data::Event& event : events) {
        if (!concerns(event.subject)) continue;
        const Value* number = event.body.find("outage");
        const std::int64_t outage = number != nullptr && number->if_integer() != nullptr ? *number->if_integer() : 0;
        if (event.type == "OutageBegan") {
            open[outage] = out.size();
            out.push_back({.began = event.time, .ended = {}, .cause = event.subject, .sentence = {}});
        } else if (const auto at = open.find(outage); at != open.end()) {
            out[at->second].ended = event.time;
            open.erase(at);
        } else {
            out.push_back({.began = {}, .ended = event.time, .cause = event.subject, .sentence = {}});
        }
    }
    return out;
}

}  // namespace quipu::measure
