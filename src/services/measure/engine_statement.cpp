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

data::ArchiveRecord sum_of(std::span<const data::ArchiveRecord> hours) {
    data::ArchiveRecord out = hours.front();
    for (const auto& hour : hours.subspan(1)) {
        for (std::size_t i = 0; i < out.integers.size() && i < hour.integers.size(); ++i)
            out.integers[i] += hour.integers[i];
        for (std::size_t i = 0; i < out.histograms.size() && i < hour.histograms.size(); ++i)
            out.histograms[i].merge(hour.histograms[i]);
    }
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

bool is_slow(const Figures& hour, std::optional<std::int64_t> usual_us, const Limits& usual) {
    const auto above = above_us(hour, usual_us);
    return above && *above - hour.clock_error_us > usual.delay_watch.count() / 1000;
}

}  // namespace

StatedWay state_way(std::string from, std::string to, const WayHistory& history, const Profiles& profiles) {
    StatedWay out;
    if (!history.hours.empty()) {
        const data::ArchiveRecord whole = sum_of(history.hours);
        static_cast<Figures&>(out) = figures_of(whole, kHour * static_cast<std::int64_t>(history.hours.size()));
        const Columns columns = columns_of(whole);
        out.silent_minutes = std::max<std::int64_t>(columns.silent - columns.absent, 0);
    }
    out.from = std::move(from);
    out.to = std::move(to);
    out.floor_us = history.floor_us;
    out.above_floor_us = above_us(out, out.floor_us);
    out.usual_us = usual_of(history.before);
    out.above_usual_us = above_us(out, out.usual_us);
    out.quality = judge(profiles, out, {.floor_us = out.floor_us, .usual_us = out.usual_us});

    // Without a time before, the time itself tells what is usual, so that its own bad hours stand out.
    const auto usual = out.usual_us ? out.usual_us : usual_of(history.hours);
    Stretches slow([](const Stretch& each) { return static_cast<double>(each.delay_median_us); });
    Stretches lossy([](const Stretch& each) { return each.loss; });
    for (const auto& record : history.hours) {
        const Figures hour = figures_of(record, kHour);
        if (hour.sent < kFewestPackets) continue;
        if (is_slow(hour, usual, profiles.usual)) slow.add(hour);
        if (hour.loss > profiles.usual.loss_watch) lossy.add(hour);
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
