#include "base/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <span>

namespace quipu {
namespace {

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array kBitRates = {
    Unit{"b/s", 1},      Unit{"kb/s", 1e3},   Unit{"Kb/s", 1e3},    Unit{"Mb/s", 1e6},
    Unit{"Gb/s", 1e9},   Unit{"Tb/s", 1e12},  Unit{"bit/s", 1},     Unit{"kbit/s", 1e3},
    Unit{"Mbit/s", 1e6}, Unit{"Gbit/s", 1e9}, Unit{"Tbit/s", 1e12}, Unit{"bps", 1},
    Unit{"kbps", 1e3},   Unit{"Mbps", 1e6},   Unit{"Gbps", 1e9},    Unit{"Tbps", 1e12},
};
constexpr std::array kOctets = {
    Unit{"B", 1},     Unit{"kB", 1e3},   Unit{"KB", 1e3},      Unit{"MB", 1e6},         Unit{"GB", 1e9},
    Unit{"TB", 1e12}, Unit{"KiB", 1024}, Unit{"MiB", 1048576}, Unit{"GiB", 1073741824}, Unit{"TiB", 1099511627776},
};
constexpr std::array kLengths = {Unit{"m", 1}, Unit{"km", 1e3}};

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// A non-negative number with one of the units, in the base unit.
Result<double> parse_quantity(std::string_view text, std::string_view what, std::span<const Unit> units,
                              std::string_view example) {
    const auto malformed = [&](std::string_view why) {
        return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a {}: {}", text, what, why), {},
                    fmt::format("write a number and its unit: {}", example));
    };
    const std::string_view body = trimmed(text);
    double number = 0;
    const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || !std::isfinite(number)) return malformed("it does not begin with a number");
    if (std::signbit(number)) return malformed("it is negative");
    const std::string_view name = trimmed(body.substr(static_cast<std::size_t>(end - body.data())));
    if (name.empty()) return malformed("it has no unit");
    for (const Unit& unit : units)
        if (unit.name == name) return number * unit.factor;
    return malformed(fmt::format("unknown unit \"{}\"", name));
}

Result<std::int64_t> whole(Result<double> quantity, std::string_view text) {
    const double value = TRY(std::move(quantity));
    if (value >= static_cast<double>(std::numeric_limits<std::int64_t>::max()))
        return fail(ErrorCode::invalid, fmt::format("\"{}\" is too large", text));
    return std::llround(value);
}

std::string without_trailing_zeros(std::string number) {
    if (number.find('.') != std::string::npos) {
        number.erase(number.find_last_not_of('0') + 1);
        if (number.ends_with('.')) number.pop_back();
    }
    return number;
}

/// The value with a decimal prefix and at most `decimals` digits after the point.
std::string with_prefix(double value, int decimals, std::string_view unit) {
    constexpr std::array<std::string_view, 5> prefixes = {"", "k", "M", "G", "T"};
    std::size_t prefix = 0;
    const double rounding = 0.5 * std::pow(10.0, -decimals);
    // 999.9996 Mb/s would be printed as 1000 Mb/s: the carry decides the prefix.
    while (prefix + 1 < prefixes.size() && std::abs(value) + (prefix == 0 ? 0 : rounding) >= 1000) {
        value /= 1000;
        ++prefix;
    }
    return without_trailing_zeros(fmt::format("{:.{}f}", value, decimals)) +
           fmt::format(" {}{}", prefixes[prefix], unit);
}

/// ITU-T G.707: STM-N carries N times 155.52 Mb/s.
Result<Bandwidth> parse_stm(std::string_view level, std::string_view text) {
    for (const std::int64_t n : {1, 4, 16, 64, 256})
        if (level == fmt::to_string(n)) return Bandwidth{n * 155'520'000};
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a level of SDH", text), {},
                "the levels are STM-1, STM-4, STM-16, STM-64 and STM-256");
}

}  // namespace

std::string format_bandwidth(Bandwidth value) {
    return with_prefix(static_cast<double>(value.bits_per_second), 3, "b/s");
}

Result<Bandwidth> parse_bandwidth(std::string_view text) {
    const std::string_view body = trimmed(text);
    if (body.starts_with("STM-")) return parse_stm(body.substr(4), text);
    return Bandwidth {
        TRY(whole(parse_quantity(text, "bandwidth", kBitRates, "622 Mb/s, 10 Gb/s"), text))
    };
}

std::string format_bytes(ByteCount value) {
    return with_prefix(static_cast<double>(value.octets), 1, "B");
}

Result<ByteCount> parse_bytes(std::string_view text) {
    return ByteCount {
        TRY(whole(parse_quantity(text, "size", kOctets, "64 KiB, 4.2 MB"), text))
    };
}

std::string format_distance(Distance value) {
    if (std::abs(value.metres) < 999.5) return fmt::format("{:.0f} m", value.metres);
    const double km = value.metres / 1000;
    return without_trailing_zeros(fmt::format("{:.{}f}", km, std::abs(km) < 9.95 ? 1 : 0)) + " km";
}

Result<Distance> parse_distance(std::string_view text) {
    return Distance {
        TRY(parse_quantity(text, "distance", kLengths, "3450 km, 120 m"))
    };
}

}  // namespace quipu
