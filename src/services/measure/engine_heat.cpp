#include "services/measure/engine_heat.h"

#include <algorithm>

#include "services/measure/figures.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

struct Rows {
    std::uint32_t first = 0;  ///< the lowest bucket
    std::uint32_t each = 1;   ///< buckets of a row
    std::size_t count = 0;
};

bool can_be_shown(const data::ArchiveRecord& record, const Figures& figures) {
    return figures.delay_median_us && !record.histograms.empty() && !record.histograms[0].empty();
}

Rows rows_of(std::uint32_t lowest, std::uint32_t highest, std::int64_t granule_ns) {
    Rows out{.first = lowest};
    const auto width = [&] { return Histogram::lower_bound(out.first + out.each) - Histogram::lower_bound(out.first); };
    const auto count = [&] { return (highest - out.first) / out.each + 1; };
    while (count() > kMostRows || width() < granule_ns)
        out.each *= 2;
    out.count = count();
    return out;
}

}  // namespace

Heat heat_of(std::span<const data::ArchiveRecord> records, Time since, Time until, Nanoseconds step) {
    Heat out{.since = since, .until = until};
    out.step_s = std::chrono::duration_cast<std::chrono::seconds>(step).count();
    std::uint32_t lowest = Histogram::bucket_limit(), highest = 0;
    for (const auto& record : records) {
        const Figures figures = figures_of(record, step);
        out.steps.push_back({.time = record.time, .received = figures.received, .lost = figures.lost, .counts = {}});
        if (!can_be_shown(record, figures)) continue;
        out.clock_error_us = std::max(out.clock_error_us, figures.clock_error_us);
        const auto& buckets = record.histograms[0].buckets();
        lowest = std::min(lowest, buckets.front().first);
        highest = std::max(highest, buckets.back().first);
    }
    if (lowest > highest) return out;

    const Rows rows = rows_of(lowest, highest, granule_us(out.clock_error_us * 1000) * 1000);
    for (std::size_t row = 0; row <= rows.count; ++row)
        out.bounds_us.push_back(Histogram::lower_bound(rows.first + static_cast<std::uint32_t>(row) * rows.each) /
                                1000);
    for (std::size_t i = 0; i < records.size(); ++i) {
        out.steps[i].counts.resize(rows.count);
        if (!can_be_shown(records[i], figures_of(records[i], step))) continue;
        for (const auto& [index, count] : records[i].histograms[0].buckets())
            out.steps[i].counts[(index - rows.first) / rows.each] += static_cast<std::int64_t>(count);
    }
    return out;
}

Nanoseconds step_for(Nanoseconds length) {
    constexpr std::int64_t kColumns = 200;
    const std::int64_t minutes = (length / kMinute + kColumns - 1) / kColumns;
    return std::max<std::int64_t>(minutes, 1) * kMinute;
}

}  // namespace quipu::measure
