#include "services/measure/rollup.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "services/measure/figures.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

constexpr Nanoseconds kDay = std::chrono::days(1);
/// What the first sweep looks at: beyond this nothing comes late, for ranges of skipped packets are kept as long
/// (kSkipsKept), and a day for midnight.
constexpr Nanoseconds kMadeAgain = std::chrono::days(8);
constexpr Nanoseconds kAtOnce = std::chrono::days(32);
constexpr Time kNothing = Time::max();
constexpr Time kBeginning = std::chrono::sys_days(std::chrono::year(1970) / 1 / 1);

data::StreamSchema summed_schema(std::string_view stream) {
    data::StreamSchema out = minute_schema();
    out.stream = stream;
    return out;
}

Time whole(Time time, Nanoseconds step) {
    return Time((time.time_since_epoch() / step) * step);
}

/// Steps of several streams put together; one that straddles the border of two is their sum.
void put_together(std::vector<data::ArchiveRecord>& all, std::vector<data::ArchiveRecord> more) {
    for (data::ArchiveRecord& record : more) {
        if (all.empty() || all.back().time != record.time) {
            all.push_back(std::move(record));
            continue;
        }
        add_to(all.back(), record);
    }
}

}  // namespace

data::StreamSchema hour_schema() {
    return summed_schema(kHourStream);
}
data::StreamSchema day_schema() {
    return summed_schema(kDayStream);
}

void Rollup::touched(const std::string& key, Time minute) {
    touched_.with([&](auto& earliest) {
        const auto [at, first] = earliest.try_emplace(key, minute);
        if (!first) at->second = std::min(at->second, minute);
    });
}

/// Makes the steps from `begin` on; answers the first that was not so before, or kNothing.
Result<Time> Rollup::roll(std::string_view from, std::string_view to, Nanoseconds step, const std::string& key,
                          Time begin) const {
    const Time now = clock_.now();
    begin = whole(begin, step);
    const auto first = TRY(archive_.read(from, key, begin, now, 1));
    if (first.empty()) return kNothing;
    const Time end = whole(now, step);  // what is not over is not made
    Time changed = kNothing;
    for (Time at = whole(first.front().time, step); at < end; at += kAtOnce) {
        const Time until = std::min(end, at + kAtOnce);
        auto made = TRY(archive_.summarise(from, key, at, until, step));
        const auto known = TRY(archive_.read(to, key, at, until, static_cast<std::size_t>(kAtOnce / step) + 1));
        std::erase_if(made, [&](const data::ArchiveRecord& one) {
            const auto there = std::ranges::lower_bound(known, one.time, {}, &data::ArchiveRecord::time);
            return there != known.end() && there->time == one.time && there->integers == one.integers &&
                   there->histograms == one.histograms;
        });
        if (made.empty()) continue;
        TRY(archive_.append(to, made, std::nullopt));
        changed = std::min(changed, made.front().time);
    }
    return changed;
}

Result<void> Rollup::sweep() {
    auto written = touched_.with([](auto& earliest) { return std::exchange(earliest, {}); });
    const auto done = sweep(written);
    for (const auto& [key, minute] : written)
        touched(key, minute);  // what was not made is made with the next
    if (done) looked_back_ = true;
    return done;
}

/// Takes out of `written` what it has made.
Result<void> Rollup::sweep(std::map<std::string, Time>& written) {
    const auto last_of = [&](std::string_view stream, Nanoseconds step) -> Result<std::map<std::string, Time>> {
        std::map<std::string, Time> out;
        for (const auto& record : TRY(archive_.latest(stream, kBeginning)))
            out[record.key] = looked_back_ ? record.time + step : record.time - kMadeAgain;
        return out;
    };
    const auto hours = TRY(last_of(kHourStream, kHour));
    const auto days = TRY(last_of(kDayStream, kDay));
    // From where on a series is made: behind its last step, and again from what was written late. What came later than
    // anything may is left alone: the other minutes of its hour may have been given up.
    const auto begin_of = [&](const std::map<std::string, Time>& known, const std::string& key) {
        const auto next = known.find(key);
        const auto late = written.find(key);
        if (next == known.end() || late == written.end()) return next == known.end() ? kBeginning : next->second;
        return std::min(next->second, std::max(late->second, next->second - kMadeAgain));
    };
    Result<void> out;
    std::map<std::string, Time> made;
    for (const std::string& key : TRY(archive_.keys(kMinuteStream))) {
        if (const auto changed = roll(kMinuteStream, kHourStream, kHour, key, begin_of(hours, key)))
            made[key] = *changed;
        else if (out)
            out = std::unexpected(changed.error());
    }
    for (const std::string& key : TRY(archive_.keys(kHourStream))) {
        const auto changed = made.find(key);
        const Time begin = std::min(begin_of(days, key), changed == made.end() ? kNothing : changed->second);
        if (const auto done = roll(kHourStream, kDayStream, kDay, key, begin)) {
            if (changed != made.end()) written.erase(key);
        } else if (out) {
            out = std::unexpected(done.error());
        }
    }
    if (!out) return out;
    const Time now = clock_.now();
    TRY(archive_.forget(kMinuteStream, now - kept_.minutes));
    TRY(archive_.forget(kHourStream, now - kept_.hours));
    return archive_.forget(kDayStream, now - kept_.days);
}

Result<std::vector<data::ArchiveRecord>> Rollup::totals(Time since, Time until) const {
    const Time first_hour = whole(since + kHour - Nanoseconds(1), kHour), last_hour = whole(until, kHour);
    // A sweep makes the hours of one pair after another: up to where all have theirs. A pair that left meanwhile makes
    // this slower, not wrong.
    Time made = last_hour;
    bool any = false;
    if (first_hour < last_hour)
        for (const auto& record : TRY(archive_.latest(kHourStream, first_hour))) {
            made = std::min(made, record.time + kHour);
            any = true;
        }
    if (!any) return archive_.totals(kMinuteStream, since, until);
    std::map<std::string, data::ArchiveRecord> sums;
    const std::tuple<std::string_view, Time, Time> parts[] = {
        {kMinuteStream, since, first_hour}, {kHourStream, first_hour, made}, {kMinuteStream, made, until}};
    for (const auto& [stream, begin, end] : parts)
        for (data::ArchiveRecord& record : TRY(archive_.totals(stream, begin, end))) {
            record.time = since;
            const auto [at, fresh] = sums.try_emplace(record.key, record);
            if (!fresh) add_to(at->second, record);
        }
    std::vector<data::ArchiveRecord> out;
    for (auto& [key, sum] : sums)
        out.push_back(std::move(sum));
    return out;
}

/// From when on a stream has all of the range's records: what is younger than a month was not forgotten, and what is
/// older was made into the coarser ones.
Result<Time> Rollup::all_from(std::string_view stream, std::string_view key, Time since, Time until) const {
    const Time certain = whole(clock_.now() - kLeastKept + kDay, kDay);
    const auto first = TRY(archive_.read(stream, key, since, std::min(until, certain), 1));
    if (first.empty()) return certain;
    return std::min(certain, whole(first.front().time + kDay - Nanoseconds(1), kDay));
}

Result<std::vector<data::ArchiveRecord>> Rollup::steps(std::string_view key, Time since, Time until,
                                                       Nanoseconds step) const {
    if (since >= clock_.now() - kLeastKept || step % kHour != Nanoseconds::zero() || since != whole(since, kHour))
        return archive_.summarise(kMinuteStream, key, since, until, step);
    const Time minutes_from = TRY(all_from(kMinuteStream, key, since, until));
    const Time hours_from = std::min(minutes_from, TRY(all_from(kHourStream, key, since, until)));
    const bool by_days = since == whole(since, kDay) && step % kDay == Nanoseconds::zero();
    const std::pair<std::string_view, Time> parts[] = {
        {kDayStream, by_days ? hours_from : since}, {kHourStream, minutes_from}, {kMinuteStream, until}};
    std::vector<data::ArchiveRecord> out;
    Time at = since;
    for (const auto& [stream, border] : parts) {
        const Time end = std::min(border, until);
        if (const Nanoseconds into = (at - since) % step; at < end && into > Nanoseconds::zero()) {
            // The step that straddles the border: what is left of it is its second part.
            const Time rest = std::min(end, at - into + step);
            auto cut = TRY(archive_.summarise(stream, key, at, rest, step));
            for (auto& record : cut)
                record.time = at - into;
            put_together(out, std::move(cut));
            at = rest;
        }
        if (at >= end) continue;
        put_together(out, TRY(archive_.summarise(stream, key, at, end, step)));
        at = end;
    }
    return out;
}

}  // namespace quipu::measure
