#include "services/measure/store_points.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "services/measure/batch_append.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

constexpr LogEvent kPointMalformed{LogLevel::warning, "MEASURE_POINT_MALFORMED",
                                   "What a measurement point tells of itself can't be read",
                                   "See that agent and hub are of the same version."};
constexpr std::size_t kMostPointMinutes = 100'000;

struct PointColumn {
    std::string_view name;
    std::int64_t PointRecord::* member;
};
// Append only: older records answer 0 for what came later. Before them stand minutes, wrong, wrong_by, the clock's
// source and the kernel's status.
constexpr std::array kPointColumns{PointColumn{"covered", &PointRecord::covered},
                                   PointColumn{"clock_offset", &PointRecord::clock_offset},
                                   PointColumn{"clock_estimated", &PointRecord::clock_estimated},
                                   PointColumn{"clock_bound", &PointRecord::clock_bound},
                                   PointColumn{"clock_frequency", &PointRecord::clock_frequency},
                                   PointColumn{"clock_step", &PointRecord::clock_step},
                                   PointColumn{"clock_steps", &PointRecord::clock_steps},
                                   PointColumn{"sent", &PointRecord::sent},
                                   PointColumn{"skipped", &PointRecord::skipped},
                                   PointColumn{"send_errors", &PointRecord::send_errors},
                                   PointColumn{"late_median", &PointRecord::late_median},
                                   PointColumn{"late_p99", &PointRecord::late_p99},
                                   PointColumn{"late_worst", &PointRecord::late_worst},
                                   PointColumn{"received", &PointRecord::received},
                                   PointColumn{"own_drops", &PointRecord::own_drops},
                                   PointColumn{"refused", &PointRecord::refused},
                                   PointColumn{"records_lost", &PointRecord::records_lost},
                                   PointColumn{"processor", &PointRecord::processor},
                                   PointColumn{"memory", &PointRecord::memory}};
constexpr std::array<std::string_view, 5> kFirstColumns{"minutes", "wrong", "wrong_by", "clock", "clock_status"};

}  // namespace

data::StreamSchema point_schema() {
    data::StreamSchema out{.stream = std::string(kPointStream), .columns = {}};
    for (const auto name : kFirstColumns)
        out.columns.push_back({std::string(name), data::ColumnType::integer});
    for (const auto& column : kPointColumns)
        out.columns.push_back({std::string(column.name), data::ColumnType::integer});
    return out;
}

data::ArchiveRecord to_archive(const StoredPoint& point) {
    data::ArchiveRecord out{.key = point.site,
                            .time = point.record.minute,
                            .integers = {point.minutes, point.wrong, point.wrong_by,
                                         static_cast<std::int64_t>(point.record.clock), point.record.clock_status},
                            .histograms = {}};
    for (const auto& column : kPointColumns)
        out.integers.push_back(point.record.*column.member);
    return out;
}

StoredPoint point_of(const data::ArchiveRecord& record) {
    const auto at = [&](std::size_t i) { return i < record.integers.size() ? record.integers[i] : 0; };
    StoredPoint out{.site = record.key, .record = {.minute = record.time}};
    out.minutes = at(0);
    out.wrong = at(1);
    out.wrong_by = at(2);
    out.record.clock = static_cast<ClockSource>(std::clamp<std::int64_t>(at(3), 0, 2));
    out.record.clock_status = static_cast<std::uint32_t>(at(4));
    for (std::size_t i = 0; i < kPointColumns.size(); ++i)
        out.record.*kPointColumns[i].member = at(kFirstColumns.size() + i);
    return out;
}

Result<std::vector<StoredPoint>> PointStore::take(const agent::StreamBatch& batch, std::uint64_t& malformed) {
    std::vector<std::pair<std::size_t, StoredPoint>> told;  // by place in the batch
    Time first = Time::max();
    Time last = Time::min();
    for (std::size_t i = 0; i < batch.payloads.size(); ++i) {
        ByteReader in(batch.payloads[i]);
        const auto record = parse_point(in);
        if (!record) {
            ++malformed;
            log(kPointMalformed, {{"agent", batch.agent}, {"error", record.error().text()}});
            continue;
        }
        told.emplace_back(i, StoredPoint{.site = batch.agent, .record = *record, .minutes = 1});
        first = std::min(first, record->minute);
        last = std::max(last, record->minute);
    }
    std::vector<StoredPoint> out;
    if (told.empty()) return out;
    // A minute may have been judged before it was told.
    const auto known = TRY(read(batch.agent, first, last + kMinute, kMostPointMinutes));
    const auto minute_of_point = [](const StoredPoint& point) { return point.record.minute; };
    BatchAppend appends(archive_, kPointStream, batch);
    for (auto& [place, point] : told) {
        const auto judged = std::ranges::lower_bound(known, point.record.minute, {}, minute_of_point);
        if (judged != known.end() && judged->record.minute == point.record.minute) {
            point.wrong = judged->wrong;
            point.wrong_by = judged->wrong_by;
        }
        TRY(appends.add(place, to_archive(point)));
        out.push_back(std::move(point));
    }
    TRY(appends.finish());
    return out;
}

Result<void> PointStore::mark(const JudgedMinute& minute) {
    std::vector<data::ArchiveRecord> marked;
    for (const auto& [site, fault] : minute.wrong) {
        StoredPoint point{.site = site, .record = {.minute = minute.minute}};
        for (auto& told : TRY(read(site, minute.minute, minute.minute + kMinute, 1)))
            point = std::move(told);
        point.wrong = 1;
        point.wrong_by = fault.by.value_or(0);
        marked.push_back(to_archive(point));
    }
    if (!marked.empty()) TRY(archive_.append(kPointStream, marked, std::nullopt));
    return {};
}

Result<std::vector<StoredPoint>> PointStore::read(std::string_view site, Time since, Time until,
                                                  std::size_t limit) const {
    std::vector<StoredPoint> out;
    for (const auto& record : TRY(archive_.read(kPointStream, site, since, until, limit)))
        out.push_back(point_of(record));
    return out;
}

Result<std::vector<StoredPoint>> PointStore::latest(Time since) const {
    std::vector<StoredPoint> out;
    for (const auto& record : TRY(archive_.latest(kPointStream, since)))
        out.push_back(point_of(record));
    return out;
}

Result<std::vector<Time>> PointStore::wrong(std::string_view site, Time since, Time until, Nanoseconds step) const {
    std::vector<data::ArchiveRecord> records;
    if (step > kMinute)
        records = TRY(archive_.summarise(kPointStream, site, since, until, step));
    else
        records = TRY(archive_.read(kPointStream, site, since, until, kMostPointMinutes));
    std::vector<Time> out;
    for (const auto& record : records)
        if (point_of(record).wrong > 0) out.push_back(record.time);
    return out;
}

Result<std::set<std::string, std::less<>>> PointStore::wrong(Time since, Time until) const {
    std::set<std::string, std::less<>> out;
    for (const auto& record : TRY(archive_.totals(kPointStream, since, until)))
        if (point_of(record).wrong > 0) out.insert(record.key);
    return out;
}

Result<void> mark_clock_faults(const PointStore& points, std::string_view from, std::string_view to, Nanoseconds step,
                               std::vector<Figures>& figures) {
    if (figures.empty() || !figures.front().time || !figures.back().time) return {};
    for (const auto site : {from, to})
        for (const Time time : TRY(points.wrong(site, *figures.front().time, *figures.back().time + step, step))) {
            const auto at = std::ranges::lower_bound(figures, std::optional(time), {}, &Figures::time);
            if (at != figures.end() && at->time == time) at->clock_fault.emplace_back(site);
        }
    return {};
}

}  // namespace quipu::measure
