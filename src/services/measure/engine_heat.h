#pragma once
// Histograms over time as a picture: columns are steps, rows are delays on a logarithmic scale, a cell is how many
// packets needed so long.

#include <span>
#include <vector>

#include "base/describe.h"
#include "data/archive.h"

namespace quipu::measure {

/// At most so many rows, and so many columns are asked for at once.
inline constexpr std::size_t kMostRows = 48;
inline constexpr std::int64_t kMostSteps = 500;

struct HeatStep {
    Time time{};
    std::int64_t received = 0, lost = 0;
    std::vector<std::int64_t> counts;  ///< a number for each row
    static constexpr auto describe() {
        using T = HeatStep;
        return fields(
            field<&T::time>("time", "Start of the step").required(),
            field<&T::received>("received", "Packets that came").required(),
            field<&T::lost>("lost", "Packets that did not").required(),
            field<&T::counts>("counts", "Packets by delay: between bounds_us[i] and bounds_us[i + 1]").required());
    }
};

struct Heat {
    Time since{}, until{};
    std::int64_t step_s = 0;
    std::int64_t clock_error_us = 0;
    std::vector<std::int64_t> bounds_us;
    std::vector<HeatStep> steps;
    static constexpr auto describe() {
        using T = Heat;
        return fields(
            field<&T::since>("since", "Start of the first step").required(),
            field<&T::until>("until", "End of what was asked for").required(),
            field<&T::step_s>("step_s", "Length of a step").required().format("s"),
            field<&T::clock_error_us>("clock_error_us", "The largest bound of both clocks' error; no row is finer")
                .required()
                .format("us"),
            field<&T::bounds_us>("bounds_us", "Edges of the rows, one more than there are rows; they grow by factors")
                .required(),
            field<&T::steps>("steps", "Steps in which anything was measured").required());
    }
};

/// Of `records` put together by `step`. Rows are as narrow as the histograms' buckets, the clock error and kMostRows
/// allow; without synchronised clocks there are none.
[[nodiscard]] Heat heat_of(std::span<const data::ArchiveRecord> records, Time since, Time until, Nanoseconds step);

/// The step that shows a time in at most some 200 columns: whole minutes.
[[nodiscard]] Nanoseconds step_for(Nanoseconds length);

}  // namespace quipu::measure
