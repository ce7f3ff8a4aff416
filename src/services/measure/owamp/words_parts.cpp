#include "services/measure/owamp/words_parts.h"

#include <array>
#include <cmath>
#include <ctime>
#include <fmt/format.h>

namespace quipu::owamp {
namespace {

std::string bracketed(const net::Endpoint& at) {
    return fmt::format("[{}]:{}", at.address.text(), at.port);
}

}  // namespace

Unit::Unit(char letter)
    : factor(letter == 'n'   ? 1e6
             : letter == 'u' ? 1e3
             : letter == 's' ? 1e-3
                             : 1),
      name(letter == 'n'   ? "ns"
           : letter == 'u' ? "us"
           : letter == 's' ? "s"
                           : "ms") {}

std::string Unit::text(const std::optional<double>& milliseconds) const {
    return milliseconds ? fmt::format("{:.3g}", *milliseconds * factor) : "nan";
}

std::string header_line(std::string_view command, const net::Endpoint& from, const net::Endpoint& to, const Sid& sid) {
    return fmt::format("\n--- {} statistics from {} to {} ---\nSID:\t{}\n", command, bracketed(from), bracketed(to),
                       hex_of(sid));
}

std::string local_time(Time time) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const std::time_t seconds = whole.time_since_epoch().count();
    std::tm parts{};
    std::array<char, 32> text{};
    if (::localtime_r(&seconds, &parts) == nullptr) return format_time(time);
    const std::size_t length = std::strftime(text.data(), text.size(), "%FT%T", &parts);
    return fmt::format("{}.{:03}", std::string_view(text.data(), length),
                       std::chrono::floor<std::chrono::milliseconds>(time - whole).count());
}

std::string first_and_last(const std::optional<Time>& first, const std::optional<Time>& last) {
    if (!first || !last) return {};
    return fmt::format("first:\t{}\nlast:\t{}\n", local_time(*first), local_time(*last));
}

std::string lost_share(std::int64_t sent, std::int64_t lost) {
    const double share = sent == 0 ? 0 : 100.0 * static_cast<double>(lost) / static_cast<double>(sent);
    return fmt::format("{} sent, {} lost ({:.3f}%), ", sent, lost, share);
}

std::string delay_line(const DelayLine& line, const Unit& unit) {
    return fmt::format("{} min/median/max = {}/{}/{} {}, {}\n", line.name, unit.text(line.least),
                       unit.text(line.median), unit.text(line.most), unit.name,
                       line.error ? fmt::format("(err={} {})", unit.text(line.error), unit.name) : "(unsync)");
}

std::string hops_line(std::string_view prefix, std::optional<std::int64_t> least, std::optional<std::int64_t> most,
                      std::int64_t values) {
    if (!least || !most) return fmt::format("{}TTL not reported\n", prefix);
    if (values == 1) return fmt::format("{}hops = {} (consistently)\n", prefix, *least);
    return fmt::format("{}hops takes {} values; min hops = {}, max hops = {}\n", prefix, values, *least, *most);
}

std::string percentile_lines(const std::vector<std::vector<double>>& percentiles, const Unit& unit) {
    if (percentiles.empty()) return {};
    std::string out = "Percentiles:\n";
    for (const auto& pair : percentiles)
        out += fmt::format("\t{:.1f}: {} {}\n", pair[0],
                           unit.text(pair.size() > 1 ? std::optional(pair[1]) : std::nullopt), unit.name);
    return out;
}

double unix_seconds(Time time) {
    return static_cast<double>(time.time_since_epoch().count()) / 1e9;
}

double seconds_of(const ErrorEstimate& error) {
    return std::ldexp(error.multiplier, int{error.scale} - 32);
}

}  // namespace quipu::owamp
