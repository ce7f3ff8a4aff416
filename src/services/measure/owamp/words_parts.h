#pragma once
// Lines that owping's and twping's words have in common.

#include <optional>
#include <string>

#include "services/measure/owamp/words.h"

namespace quipu::owamp {

/// From milliseconds to a style's unit.
struct Unit {
    explicit Unit(char letter);
    double factor;
    std::string_view name;
    /// "nan" for nothing.
    [[nodiscard]] std::string text(const std::optional<double>& milliseconds) const;
};

[[nodiscard]] std::string header_line(std::string_view command, const net::Endpoint& from, const net::Endpoint& to,
                                      const Sid& sid);
/// Without a zone, with milliseconds, in local time.
[[nodiscard]] std::string local_time(Time time);
[[nodiscard]] std::string first_and_last(const std::optional<Time>& first, const std::optional<Time>& last);
[[nodiscard]] std::string lost_share(std::int64_t sent, std::int64_t lost);
struct DelayLine {
    std::string_view name;
    std::optional<double> least, median, most;
    std::optional<double> error;  ///< nothing: a clock is not synchronised
};
[[nodiscard]] std::string delay_line(const DelayLine& line, const Unit& unit);
/// `prefix`: empty, or ends with a space. `values`: how many different ones.
[[nodiscard]] std::string hops_line(std::string_view prefix, std::optional<std::int64_t> least,
                                    std::optional<std::int64_t> most, std::int64_t values);
[[nodiscard]] std::string percentile_lines(const std::vector<std::vector<double>>& percentiles, const Unit& unit);
[[nodiscard]] double unix_seconds(Time time);
/// To the wire's last bit.
[[nodiscard]] double seconds_of(const ErrorEstimate& error);

}  // namespace quipu::owamp
