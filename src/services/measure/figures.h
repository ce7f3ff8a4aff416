#pragma once
// From records to what people read: columns of the archive, units of the API, and how fine a figure may be shown.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/describe.h"
#include "data/archive.h"
#include "services/measure/codec_record.h"

namespace quipu::measure {

/// "santiago/panama": the key of a pair's series.
[[nodiscard]] std::string pair_key(std::string_view from, std::string_view to);
[[nodiscard]] std::pair<std::string_view, std::string_view> ends_of(std::string_view key);

/// The archive's columns. `skipped` is what the sender has told that it did not send, `own_drops` what the receiving
/// point dropped itself; sent = scheduled − skipped − own_drops.
/// `minutes` is 1 in each record, so that a summed step knows how many it holds.
[[nodiscard]] data::StreamSchema minute_schema();
[[nodiscard]] data::StreamSchema skips_schema();

/// A minute, or several summed, as integers by name.
struct Columns {
    std::int64_t scheduled = 0, skipped = 0, received = 0, duplicated = 0, reordered = 0, negative = 0;
    std::int64_t delay_min = 0, delay_p05 = 0, delay_p25 = 0, delay_median = 0, delay_p75 = 0, delay_p95 = 0;
    std::int64_t delay_p99 = 0, delay_max = 0, ipdv_sum = 0, ipdv_count = 0, ttl = 0, clock_error = 0;
    std::int64_t minutes = 0;  ///< with at least one packet
    std::int64_t silent = 0;   ///< without any
    std::int64_t loss_run = 0;
    std::int64_t own_drops = 0;  ///< of what did not come: dropped by the receiving point itself
    std::int64_t absent = 0;     ///< of those: the sender's agent was not connected, its silence says nothing
};
[[nodiscard]] data::ArchiveRecord to_archive(std::string key, const MinuteRecord& record, std::int64_t skipped,
                                             bool sender_absent = false);
/// Columns that the record lacks (it is older than they) are 0.
[[nodiscard]] Columns columns_of(const data::ArchiveRecord& record);
/// Answers whether that changes the record. What came was sent: no more counts as skipped than did not come, so that
/// steps of many minutes lose no loss.
[[nodiscard]] bool set_skipped(data::ArchiveRecord& record, std::int64_t skipped);

/// What a pair's traffic was like over a time. Delay figures are absent when nothing was received, or when the clocks
/// are not good enough to say anything (clock error of a second or more).
struct Figures {
    std::optional<Time> time;
    std::int64_t step_s = 60;
    std::int64_t sent = 0, received = 0, lost = 0, duplicated = 0, reordered = 0;
    double loss = 0;  ///< fraction
    std::optional<std::int64_t> delay_min_us, delay_median_us, delay_p05_us, delay_p25_us, delay_p75_us, delay_p95_us;
    std::optional<std::int64_t> delay_p99_us, delay_max_us;
    std::optional<std::int64_t> ipdv_us;  ///< mean |IPDV| (RFC 3393), consecutive packets
    std::optional<std::int64_t> pdv_us;   ///< 99th percentile of PDV (RFC 5481 §4.2): p99 − min
    std::optional<std::int64_t> ttl;
    std::int64_t clock_error_us = 0;       ///< bound, rounded up
    std::int64_t negative = 0;             ///< packets with a delay below zero
    std::int64_t own_drops = 0;            ///< dropped by the receiving point itself, in no other figure
    std::vector<std::string> clock_fault;  ///< ends whose clock was wrong: their delays are not the network's
    std::optional<std::string> path;       ///< the way's identifier, as known at the start

    static constexpr auto describe() {
        using T = Figures;
        return fields(
            field<&T::time>("time", "Start of what is told"),
            field<&T::step_s>("step_s", "Length of it").required().format("s"),
            field<&T::sent>("sent", "Packets sent").required(),
            field<&T::received>("received", "At least one copy came").required(),
            field<&T::lost>("lost", "Not come within 5 s of the minute's end").required(),
            field<&T::duplicated>("duplicated", "Copies beyond the first").required(),
            field<&T::reordered>("reordered", "Overtaken by a later one (RFC 4737)").required(),
            field<&T::loss>("loss", "Fraction lost").required().between(0, 1),
            field<&T::delay_min_us>("delay_min_us", "One-way delay, least").format("us"),
            field<&T::delay_median_us>("delay_median_us", "One-way delay, median").format("us"),
            field<&T::delay_p05_us>("delay_p05_us", "One-way delay, 5th percentile").format("us"),
            field<&T::delay_p25_us>("delay_p25_us", "One-way delay, 25th percentile").format("us"),
            field<&T::delay_p75_us>("delay_p75_us", "One-way delay, 75th percentile").format("us"),
            field<&T::delay_p95_us>("delay_p95_us", "One-way delay, 95th percentile").format("us"),
            field<&T::delay_p99_us>("delay_p99_us", "One-way delay, 99th percentile").format("us"),
            field<&T::delay_max_us>("delay_max_us", "One-way delay, most").format("us"),
            field<&T::ipdv_us>("ipdv_us", "Mean |IPDV| of consecutive packets (RFC 3393)").format("us"),
            field<&T::pdv_us>("pdv_us", "99th percentile of PDV (RFC 5481): p99 less the least").format("us"),
            field<&T::ttl>("ttl", "TTL or hop limit on arrival; sent with 255"),
            field<&T::clock_error_us>("clock_error_us", "Bound of both clocks' error; delays are rounded to it")
                .required()
                .format("us"),
            field<&T::negative>("negative", "Packets with a delay below zero: the clocks disagree").required(),
            field<&T::own_drops>("own_drops", "Dropped by the receiving point itself; not counted as sent or lost")
                .required(),
            field<&T::clock_fault>("clock_fault", "Sites whose clock was wrong: the delays are not the network's")
                .references("sites"),
            field<&T::path>("path", "The way that packets took, as known at the start: /measure/paths/{id}"));
    }
};

/// Counts are summed, histograms merged. Columns that `sum` lacks are left out.
void add_to(data::ArchiveRecord& sum, const data::ArchiveRecord& more);

/// Of one minute's record (exact) or of several summed (percentiles from the merged histogram, within 1 %).
[[nodiscard]] Figures figures_of(const data::ArchiveRecord& record, Nanoseconds step);
/// Of a minute that the archive does not have (yet).
[[nodiscard]] Figures figures_of(const MinuteRecord& record, std::int64_t skipped);

/// No figure is finer than its clock error: the least of 1, 2, 5, 10, 20, 50 … µs that is not below the bound.
[[nodiscard]] std::int64_t granule_us(std::int64_t clock_error_ns);
/// Nanoseconds to microseconds, to the nearest multiple of the granule (halves away from zero).
[[nodiscard]] std::int64_t rounded_us(std::int64_t nanoseconds, std::int64_t granule);

}  // namespace quipu::measure
