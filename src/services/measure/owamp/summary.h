#pragma once
// What a session's records say, in the reference owping's terms, and its words.

#include <optional>
#include <string>
#include <vector>

#include "services/measure/owamp/engine_client.h"

namespace quipu::owamp {

inline constexpr std::size_t kMostReordering = 16;  ///< by more positions nobody looks

struct SessionSummary {
    std::string from, to;                             ///< ADDRESS:PORT
    std::string sid;                                  ///< hexadecimal
    std::optional<Time> first, last;                  ///< due
    std::int64_t sent = 0, lost = 0, duplicates = 0;  ///< sent: of those whose fate is known
    std::optional<double> delay_min_ms, delay_median_ms, delay_max_ms;
    std::optional<double> jitter_ms;  ///< 95th percentile less the median
    std::optional<double> error_ms;   ///< the largest of both clocks' errors together
    bool synchronised = true;         ///< both clocks say so in every packet
    std::optional<double> sent_late_median_ms, sent_late_p95_ms, sent_late_p99_ms;  ///< after their stamp; our sender's
    std::int64_t sent_late_samples = 0;
    std::vector<std::vector<double>> percentiles;  ///< pairs: which one, and its delay in milliseconds
    std::optional<std::int64_t> hops_min, hops_max;
    std::int64_t hops_values = 0;
    std::vector<double> reordering;  ///< share of packets reordered by 1, 2 … positions (RFC 4737 §5.1, n-reordering)
    static constexpr auto describe() {
        using T = SessionSummary;
        return fields(
            field<&T::from>("from", "Where packets were sent").required(),
            field<&T::to>("to", "Where they were received").required(),
            field<&T::sid>("sid", "The session's name").required(),
            field<&T::first>("first", "When the first packet was due"),
            field<&T::last>("last", "When the last packet was due"),
            field<&T::sent>("sent", "Packets that came or were lost").required(),
            field<&T::lost>("lost", "Packets that did not come in time").required(),
            field<&T::duplicates>("duplicates", "Copies beyond the first").required(),
            field<&T::delay_min_ms>("delay_min_ms", "Least one-way delay"),
            field<&T::delay_median_ms>("delay_median_ms", "Its median"),
            field<&T::delay_max_ms>("delay_max_ms", "Largest one-way delay"),
            field<&T::jitter_ms>("jitter_ms", "95th percentile less the median"),
            field<&T::error_ms>("error_ms", "Bound of the error of both clocks"),
            field<&T::synchronised>("synchronised", "Whether both clocks are synchronised").required(),
            field<&T::sent_late_median_ms>("sent_late_median_ms",
                                           "How long after the stamp that they carry our packets left, of a sample"),
            field<&T::sent_late_p95_ms>("sent_late_p95_ms", "Its 95th percentile"),
            field<&T::sent_late_p99_ms>("sent_late_p99_ms", "Its 99th percentile"),
            field<&T::sent_late_samples>("sent_late_samples", "Packets that the kernel was asked for").required(),
            field<&T::percentiles>("percentiles",
                                   "Those that were asked for: which, and the delay in milliseconds if it is defined"),
            field<&T::hops_min>("hops_min", "Fewest hops"), field<&T::hops_max>("hops_max", "Most hops"),
            field<&T::hops_values>("hops_values", "How many different numbers of hops").required(),
            field<&T::reordering>("reordering", "Share of packets reordered by 1, 2 … positions"));
    }
};

/// RFC 7679 §5.1: a lost packet's delay counts as infinite; percentiles (above 0 up to 100) that fall among those are
/// undefined. `bucket`: milliseconds to whose multiples median, percentiles and jitter are rounded, away from zero; 0:
/// exact.
[[nodiscard]] SessionSummary summary_of(const ClientResult& result, const std::vector<double>& percentiles,
                                        double bucket = 0);

/// What came, without copies beyond the first, in the order of arrival.
[[nodiscard]] std::vector<PacketRecord> first_copies(const ClientResult& result);
/// Milliseconds from sending to arrival, to the wire's 0.2 ns.
[[nodiscard]] double delay_ms(const PacketRecord& record);
/// Which bucket a delay is in: its upper end, or the lower one of a negative delay, is so many times its width.
[[nodiscard]] std::int64_t bucket_of(double delay, double width);
/// Of ascending milliseconds, among `count` of which those that are missing are infinite: nearest rank, and nothing
/// where that is infinite.
[[nodiscard]] std::optional<double> percentile_of(const std::vector<double>& sorted, std::size_t count, double percent,
                                                  double bucket);
/// 32 digits.
[[nodiscard]] std::string hex_of(const Sid& sid);

}  // namespace quipu::owamp
