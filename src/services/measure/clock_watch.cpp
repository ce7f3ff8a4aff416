#include "services/measure/clock_watch.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "events/events.h"
#include "services/measure/clock_journal.h"
#include "services/measure/figures.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

// How far back is looked when the service starts: at the points' minutes, and for points that told any.
constexpr Nanoseconds kClocksLookedAt = std::chrono::minutes(30);
constexpr Nanoseconds kPointsLookedFor = std::chrono::days(14);

}  // namespace

Result<void> ClockWatch::judge(Time now) {
    const std::scoped_lock lock(judging_);  // what is told of one point is told in order
    auto judged = points_.judge(now);
    if (!judged.changes.empty()) live_.set_wrong_clocks(points_.wrong());
    for (ClockChange& change : judged.changes) {
        if (change.what == ClockChange::What::corrected)
            live_.clock_corrected(change.site, change.fault.by.value_or(0));
        else
            untold_.push_back(std::move(change));
    }
    std::ranges::move(judged.minutes, std::back_inserter(unmarked_));
    while (!untold_.empty()) {
        if (!TRY(was_told(untold_.front()))) TRY(tell(untold_.front()));
        untold_.pop_front();
    }
    while (!unmarked_.empty()) {
        TRY(point_store_.mark(unmarked_.front()));
        unmarked_.pop_front();
    }
    return {};
}

Result<void> ClockWatch::rebuild(Time now) {
    const Time since = now - kClocksLookedAt;
    for (const auto& point : TRY(point_store_.latest(now - kPointsLookedFor))) {
        TRY(recall_fault(point.site, since));
        points_.told(point);
        // Whether it saw itself stepped decides between two points.
        for (const auto& minute : TRY(point_store_.read(point.site, since, now + kMinute, 1000)))
            points_.stepped(minute);
    }
    for (const auto& key : TRY(store_.keys())) {
        const auto [from, to] = ends_of(key);
        for (auto& record : TRY(store_.read(from, to, since, now + kMinute, 10'000)))
            points_.add({std::string(from), std::string(to), std::move(record)}, since);
    }
    TRY(judge(now));
    live_.set_wrong_clocks(points_.wrong());
    return {};
}

/// What the journal said last of this clock. A fault that began within what is looked at now is found again.
Result<void> ClockWatch::recall_fault(const std::string& site, Time looked_at_since) {
    const auto last = TRY(last_of_clock(journal_, site));
    if (!last || last->type != events::ClockWentWrong::kType) return {};
    const auto wrong = TRY(read<events::ClockChanged>(last->body, "ClockWentWrong"));
    ClockFault fault{.since = wrong.since,
                     .cause = enum_value<ClockCause>(wrong.cause).value_or(ClockCause::step),
                     .by = std::nullopt};
    if (wrong.by_us) fault.by = *wrong.by_us * 1000;
    if (fault.since < looked_at_since || fault.cause == ClockCause::kernel) points_.set_fault(site, fault);
    return {};
}

Result<void> ClockWatch::tell(const ClockChange& change) {
    const auto changed = [&](auto what) {
        what.site = change.site;
        what.since = change.fault.since;
        what.cause = enum_name(change.fault.cause);
        if (change.fault.by) what.by_us = rounded_us(*change.fault.by, 1);
        return journal_.append("site:" + change.site, what);
    };
    return change.what == ClockChange::What::went_wrong ? changed(events::ClockWentWrong{})
                                                        : changed(events::ClockRightAgain{});
}

/// A wrong clock is told once, and that it is right again only after that.
Result<bool> ClockWatch::was_told(const ClockChange& change) const {
    const auto last = TRY(last_of_clock(journal_, change.site));
    const bool wrong = last && last->type == events::ClockWentWrong::kType;
    return (change.what == ClockChange::What::went_wrong) == wrong;
}

}  // namespace quipu::measure
