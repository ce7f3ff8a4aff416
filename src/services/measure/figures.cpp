#include "services/measure/figures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace quipu::measure {
namespace {

struct NamedColumn {
    std::string_view name;
    std::int64_t Columns::* member;
};
// Append only: older records answer 0 for what came later.
constexpr std::array kColumns{NamedColumn{"scheduled", &Columns::scheduled},
                              NamedColumn{"skipped", &Columns::skipped},
                              NamedColumn{"received", &Columns::received},
                              NamedColumn{"duplicated", &Columns::duplicated},
                              NamedColumn{"reordered", &Columns::reordered},
                              NamedColumn{"negative", &Columns::negative},
                              NamedColumn{"delay_min", &Columns::delay_min},
                              NamedColumn{"delay_p05", &Columns::delay_p05},
                              NamedColumn{"delay_p25", &Columns::delay_p25},
                              NamedColumn{"delay_median", &Columns::delay_median},
                              NamedColumn{"delay_p75", &Columns::delay_p75},
                              NamedColumn{"delay_p95", &Columns::delay_p95},
                              NamedColumn{"delay_p99", &Columns::delay_p99},
                              NamedColumn{"delay_max", &Columns::delay_max},
                              NamedColumn{"ipdv_sum", &Columns::ipdv_sum},
                              NamedColumn{"ipdv_count", &Columns::ipdv_count},
                              NamedColumn{"ttl", &Columns::ttl},
                              NamedColumn{"clock_error", &Columns::clock_error},
                              NamedColumn{"minutes", &Columns::minutes},
                              NamedColumn{"silent", &Columns::silent},
                              NamedColumn{"absent", &Columns::absent},
                              NamedColumn{"loss_run", &Columns::loss_run},
                              NamedColumn{"own_drops", &Columns::own_drops}};
constexpr std::size_t kSkippedColumn = 1;

// Beyond this a clock is not synchronised, and a one-way delay means nothing.
constexpr std::int64_t kHopelessClock = 1'000'000'000;

/// What came was sent, whatever the sender believes of the last second before it was stopped.
std::int64_t credible_skipped(std::int64_t scheduled, std::int64_t received, std::int64_t skipped) {
    return std::clamp<std::int64_t>(skipped, 0, std::max<std::int64_t>(scheduled - received, 0));
}

Columns columns_of_minute(const MinuteRecord& record, std::int64_t skipped) {
    Columns c;
    c.scheduled = record.scheduled;
    c.skipped = credible_skipped(record.scheduled, record.received, skipped);
    c.received = record.received;
    c.duplicated = record.duplicated;
    c.reordered = record.reordered;
    c.negative = record.negative;
    c.loss_run = record.loss_run;
    c.own_drops = record.own_drops;
    c.delay_min = record.delay_min;
    c.delay_p05 = record.delay_p05;
    c.delay_p25 = record.delay_p25;
    c.delay_median = record.delay_median;
    c.delay_p75 = record.delay_p75;
    c.delay_p95 = record.delay_p95;
    c.delay_p99 = record.delay_p99;
    c.delay_max = record.delay_max;
    c.ipdv_sum = record.ipdv_sum;
    c.ipdv_count = record.ipdv_count;
    c.ttl = std::max<std::int64_t>(record.ttl, 0);
    c.clock_error = record.clock_error;
    (record.received > 0 ? c.minutes : c.silent) = 1;
    return c;
}

/// Delays of several minutes: percentiles of the merged histogram. A bucket is up to 1.6 % wide, so that a steady 150
/// ms would show as some millisecond more or less: the mean of the minutes' exact medians tells where in its bucket the
/// median lies, and all percentiles are moved by that much, which is never more than half a bucket.
Columns delays_of_many(const Columns& sum, const Histogram& merged) {
    Columns c = sum;
    const auto exact = static_cast<double>(sum.delay_median) / static_cast<double>(sum.minutes);
    const std::int64_t coarse = merged.quantile(0.5);
    const auto bucket = Histogram::index_of(coarse);
    const std::int64_t width = Histogram::lower_bound(bucket + 1) - Histogram::lower_bound(bucket);
    auto shift = static_cast<std::int64_t>(exact) - coarse;
    if (std::abs(shift) > width) shift = 0;
    const auto quantile = [&](double q) { return merged.quantile(q) + shift; };
    c.delay_min = quantile(0);
    c.delay_p05 = quantile(0.05);
    c.delay_p25 = quantile(0.25);
    c.delay_median = quantile(0.5);
    c.delay_p75 = quantile(0.75);
    c.delay_p95 = quantile(0.95);
    c.delay_p99 = quantile(0.99);
    c.delay_max = quantile(1);
    c.ttl = (sum.ttl + sum.minutes / 2) / sum.minutes;
    return c;
}

Figures figures_of_columns(const Columns& c, Time time, Nanoseconds step) {
    Figures out;
    out.time = time;
    out.step_s = std::chrono::duration_cast<std::chrono::seconds>(step).count();
    out.received = c.received;
    // What came was sent, whatever the sender believes of the last second before it was stopped.
    out.sent = std::max(c.scheduled - c.skipped - c.own_drops, c.received);
    out.lost = out.sent - out.received;
    out.loss = out.sent > 0 ? static_cast<double>(out.lost) / static_cast<double>(out.sent) : 0;
    out.duplicated = c.duplicated;
    out.reordered = c.reordered;
    out.negative = c.negative;
    out.own_drops = c.own_drops;
    const std::int64_t records = std::max<std::int64_t>(c.minutes + c.silent, 1);
    const std::int64_t error = c.clock_error / records;
    out.clock_error_us = error / 1000 + (error % 1000 != 0 ? 1 : 0);
    if (c.received == 0) return out;
    if (c.ttl > 0) out.ttl = c.ttl;
    // Differences of delays do not hold the clocks' offset, only what they drift within a second: shown to the
    // microsecond.
    if (c.ipdv_count > 0) out.ipdv_us = rounded_us(c.ipdv_sum / c.ipdv_count, 1);
    out.pdv_us = rounded_us(c.delay_p99 - c.delay_min, 1);
    if (error >= kHopelessClock) return out;
    const std::int64_t granule = granule_us(error);
    const auto shown = [&](std::int64_t nanoseconds) { return rounded_us(nanoseconds, granule); };
    out.delay_min_us = shown(c.delay_min);
    out.delay_p05_us = shown(c.delay_p05);
    out.delay_p25_us = shown(c.delay_p25);
    out.delay_median_us = shown(c.delay_median);
    out.delay_p75_us = shown(c.delay_p75);
    out.delay_p95_us = shown(c.delay_p95);
    out.delay_p99_us = shown(c.delay_p99);
    out.delay_max_us = shown(c.delay_max);
    return out;
}

}  // namespace

std::string pair_key(std::string_view from, std::string_view to) {
    std::string out;
    out.reserve(from.size() + 1 + to.size());
    out.append(from).append("/").append(to);
    return out;
}

std::pair<std::string_view, std::string_view> ends_of(std::string_view key) {
    const std::size_t slash = key.find('/');
    if (slash == std::string_view::npos) return {key, {}};
    return {key.substr(0, slash), key.substr(slash + 1)};
}

data::StreamSchema minute_schema() {
    data::StreamSchema out{.stream = std::string(kMinuteStream), .columns = {}};
    for (const auto& column : kColumns)
        out.columns.push_back({std::string(column.name), data::ColumnType::integer});
    out.columns.push_back({"delays", data::ColumnType::histogram});
    return out;
}

data::StreamSchema skips_schema() {
    return {.stream = std::string(kSkipsStream),
            .columns = {{"count", data::ColumnType::integer}, {"per_minute", data::ColumnType::integer}}};
}

data::ArchiveRecord to_archive(std::string key, const MinuteRecord& record, std::int64_t skipped, bool sender_absent) {
    Columns columns = columns_of_minute(record, skipped);
    columns.absent = sender_absent && record.received == 0 ? 1 : 0;
    data::ArchiveRecord out{
        .key = std::move(key), .time = record.minute, .integers = {}, .histograms = {record.delays}};
    for (const auto& column : kColumns)
        out.integers.push_back(columns.*column.member);
    return out;
}

Columns columns_of(const data::ArchiveRecord& record) {
    Columns out;
    for (std::size_t i = 0; i < kColumns.size() && i < record.integers.size(); ++i)
        out.*kColumns[i].member = record.integers[i];
    return out;
}

bool set_skipped(data::ArchiveRecord& record, std::int64_t skipped) {
    if (record.integers.size() <= kSkippedColumn) return false;
    const Columns columns = columns_of(record);
    const std::int64_t credible = credible_skipped(columns.scheduled, columns.received, skipped);
    return std::exchange(record.integers[kSkippedColumn], credible) != credible;
}

void add_to(data::ArchiveRecord& sum, const data::ArchiveRecord& more) {
    for (std::size_t i = 0; i < more.integers.size() && i < sum.integers.size(); ++i)
        sum.integers[i] += more.integers[i];
    for (std::size_t i = 0; i < more.histograms.size() && i < sum.histograms.size(); ++i)
        sum.histograms[i].merge(more.histograms[i]);
}

Figures figures_of(const data::ArchiveRecord& record, Nanoseconds step) {
    const Columns columns = columns_of(record);
    if (columns.minutes > 1 && !record.histograms.empty() && !record.histograms[0].empty())
        return figures_of_columns(delays_of_many(columns, record.histograms[0]), record.time, step);
    return figures_of_columns(columns, record.time, step);
}

Figures figures_of(const MinuteRecord& record, std::int64_t skipped) {
    return figures_of_columns(columns_of_minute(record, skipped), record.minute, std::chrono::minutes(1));
}

std::int64_t granule_us(std::int64_t clock_error_ns) {
    std::int64_t granule = 1;
    for (int step = 0; granule * 1000 < clock_error_ns; ++step)
        granule = step % 3 == 1 ? granule / 2 * 5 : granule * 2;
    return granule;
}

std::int64_t rounded_us(std::int64_t nanoseconds, std::int64_t granule) {
    const std::int64_t unit = granule * 1000;
    const std::int64_t half = nanoseconds < 0 ? -unit / 2 : unit / 2;
    return (nanoseconds + half) / unit * granule;
}

}  // namespace quipu::measure
