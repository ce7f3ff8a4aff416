#include "base/time.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <fmt/format.h>
#include <limits>
#include <optional>

namespace quipu {
namespace {

using namespace std::chrono;

// Time counts nanoseconds in 64 bits: 1677-09-21 to 2262-04-11. Whole years inside that are accepted.
constexpr int kFirstYear = 1678;
constexpr int kLastYear = 2261;

Nanoseconds read_clock(clockid_t id) {
    timespec now{};
    clock_gettime(id, &now);
    return seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

/// Exactly `count` digits from the front of `text`, which loses them.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const char c = text[i];
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, char wanted) {
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(1);
    return true;
}

std::unexpected<Error> not_a_date(std::string_view text) {
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a date", text), {}, "write it as 2011-10-28");
}
std::unexpected<Error> not_a_time(std::string_view text) {
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a time", text), {}, "write it as 2011-10-28T14:03:05Z");
}
std::unexpected<Error> year_out_of_range(int number) {
    return fail(ErrorCode::invalid, fmt::format("year {} is outside {} to {}", number, kFirstYear, kLastYear));
}

Result<Date> take_date(std::string_view& text, std::string_view whole) {
    const auto y = take_digits(text, 4);
    if (!y || !take(text, '-')) return not_a_date(whole);
    const auto m = take_digits(text, 2);
    if (!m || !take(text, '-')) return not_a_date(whole);
    const auto d = take_digits(text, 2);
    if (!d) return not_a_date(whole);
    const Date date{year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d))};
    if (!date.ok()) return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a day of the calendar", whole));
    if (*y < kFirstYear || *y > kLastYear) return year_out_of_range(*y);
    return date;
}

/// RFC 3339 §5.6 partial-time, without its offset. Decimals beyond the ninth are dropped.
std::optional<Nanoseconds> take_time_of_day(std::string_view& text) {
    const auto h = take_digits(text, 2);
    if (!h || !take(text, ':')) return std::nullopt;
    const auto m = take_digits(text, 2);
    if (!m || !take(text, ':')) return std::nullopt;
    const auto s = take_digits(text, 2);
    // A leap second (RFC 3339 §5.7) is the first instant of the next minute here: Time has none.
    if (!s || *h > 23 || *m > 59 || *s > 60) return std::nullopt;
    std::int64_t fraction = 0;
    if (take(text, '.')) {
        std::int64_t place = 100'000'000;
        auto digit = take_digits(text, 1);
        if (!digit) return std::nullopt;
        for (; digit; digit = take_digits(text, 1)) {
            fraction += *digit * place;
            place /= 10;
        }
    }
    return hours(*h) + minutes(*m) + seconds(*s) + nanoseconds(fraction);
}

std::optional<Nanoseconds> take_offset(std::string_view& text) {
    if (take(text, 'Z') || take(text, 'z')) return Nanoseconds{};
    const bool west = text.starts_with('-');
    if (!take(text, '+') && !take(text, '-')) return std::nullopt;
    const auto h = take_digits(text, 2);
    if (!h || !take(text, ':')) return std::nullopt;
    const auto m = take_digits(text, 2);
    if (!m || *h > 23 || *m > 59) return std::nullopt;
    const Nanoseconds offset = hours(*h) + minutes(*m);
    return west ? -offset : offset;
}

struct DurationUnit {
    std::string_view name;
    std::int64_t nanoseconds;
};
constexpr std::array kDurationUnits = {
    DurationUnit{"d", 86'400'000'000'000},
    DurationUnit{"day", 86'400'000'000'000},
    DurationUnit{"days", 86'400'000'000'000},
    DurationUnit{"h", 3'600'000'000'000},
    DurationUnit{"min", 60'000'000'000},
    DurationUnit{"m", 60'000'000'000},
    DurationUnit{"s", 1'000'000'000},
    DurationUnit{"ms", 1'000'000},
    DurationUnit{"us", 1'000},
    DurationUnit{"µs", 1'000},
    DurationUnit{"ns", 1},
};
// What people read: a unit and the next smaller one.
constexpr std::array kSpokenUnits = {
    DurationUnit{"d", 86'400'000'000'000},
    DurationUnit{"h", 3'600'000'000'000},
    DurationUnit{"min", 60'000'000'000},
    DurationUnit{"s", 1'000'000'000},
    DurationUnit{"ms", 1'000'000},
    DurationUnit{"µs", 1'000},
    DurationUnit{"ns", 1},
};
constexpr std::size_t kMinute = 2;
constexpr std::size_t kSecond = 3;

void skip_spaces(std::string_view& text) {
    while (text.starts_with(' '))
        text.remove_prefix(1);
}

}  // namespace

Time SystemClock::now() const {
    return Time(read_clock(CLOCK_REALTIME));
}
Monotonic SystemClock::monotonic() const {
    return Monotonic(read_clock(CLOCK_MONOTONIC));
}

std::string format_time(Time time) {
    const auto today = floor<days>(time);
    const Date date(today);
    const hh_mm_ss clock(time - today);
    std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (const auto fraction = clock.subseconds().count(); fraction != 0) {
        out += fmt::format(".{:09}", fraction);
        out.erase(out.find_last_not_of('0') + 1);
    }
    return out += 'Z';
}

Result<Time> parse_time(std::string_view text) {
    std::string_view rest = text;
    const Date date = TRY(take_date(rest, text));
    if (rest.empty()) return start_of(date);
    // RFC 3339 §5.6: "T", or a space for readability.
    if (!take(rest, 'T') && !take(rest, 't') && !take(rest, ' ')) return not_a_time(text);
    const auto of_day = take_time_of_day(rest);
    if (!of_day) return not_a_time(text);
    const auto offset = take_offset(rest);
    if (!offset || !rest.empty()) return not_a_time(text);
    return start_of(date) + *of_day - *offset;
}

std::string format_date(Date date) {
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}

Result<Date> parse_date(std::string_view text) {
    std::string_view rest = text;
    const Date date = TRY(take_date(rest, text));
    if (!rest.empty()) return not_a_date(text);
    return date;
}

Date date_of(Time time) {
    return Date(floor<days>(time));
}

Time start_of(Date date) {
    if (static_cast<int>(date.year()) < kFirstYear) return Time::min();
    if (static_cast<int>(date.year()) > kLastYear) return Time::max();
    return Time(sys_days(date));
}

std::string format_minute(Time time) {
    const std::string text = format_time(std::chrono::floor<std::chrono::seconds>(time));
    return text.substr(0, 10) + " " + text.substr(11, 5) + " UTC";
}

std::string format_duration(Nanoseconds duration) {
    const std::int64_t given = duration.count();
    const std::string sign = given < 0 ? "-" : "";
    std::uint64_t left =
        given < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(given) : static_cast<std::uint64_t>(given);
    const auto size = [](std::size_t unit) { return static_cast<std::uint64_t>(kSpokenUnits[unit].nanoseconds); };

    if (left < size(kMinute)) {
        // Under a minute: one unit, three significant digits. Rounding may carry into the next unit, hence before
        // choosing.
        std::uint64_t step = 1;
        while (left / step >= 1000)
            step *= 10;
        left = (left + step / 2) / step * step;
        if (left == 0) return "0 s";
        if (left < size(kMinute)) {
            std::size_t unit = kSecond;
            while (left < size(unit))
                ++unit;
            return sign + fmt::format("{:.4g} {}", static_cast<double>(left) / static_cast<double>(size(unit)),
                                      kSpokenUnits[unit].name);
        }
    }
    // From a minute up: two whole units, the smaller one rounded and left out when zero.
    for (;;) {
        std::size_t unit = 0;
        while (left < size(unit))
            ++unit;
        const std::size_t next = unit + 1;
        const std::uint64_t rounded = (left + size(next) / 2) / size(next) * size(next);
        if (rounded != left) {
            left = rounded;
            continue;  // may have carried: 59 min 59.7 s is 1 h
        }
        const std::uint64_t small = left % size(unit) / size(next);
        std::string out = sign + fmt::format("{} {}", left / size(unit), kSpokenUnits[unit].name);
        if (small != 0) out += fmt::format(" {} {}", small, kSpokenUnits[next].name);
        return out;
    }
}

Result<Nanoseconds> parse_duration(std::string_view text) {
    const auto malformed = [&](std::string_view why) {
        return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a duration: {}", text, why), {},
                    "write a number and its unit: 90s, 5 min, 2h, 250ms");
    };
    std::string_view rest = text;
    skip_spaces(rest);
    const bool negative = take(rest, '-');
    // Summed as long double: 64 bits of mantissa hold every count of nanoseconds exactly.
    long double total = 0;
    if (rest.empty()) return malformed("it is empty");
    while (!rest.empty()) {
        const std::size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
        const std::string_view spelled = rest.substr(0, digits);
        const char* const end = spelled.data() + spelled.size();
        double number = 0;
        const auto read = std::from_chars(spelled.data(), end, number, std::chars_format::fixed);
        if (digits == 0 || read.ec != std::errc{} || read.ptr != end) return malformed("a number is expected");
        rest.remove_prefix(digits);
        skip_spaces(rest);
        const std::size_t letters = std::min(rest.find_first_of(" 0123456789.-+"), rest.size());
        const std::string_view name = rest.substr(0, letters);
        if (name.empty()) return malformed("it has no unit");
        const DurationUnit* unit = nullptr;
        for (const auto& candidate : kDurationUnits)
            if (candidate.name == name) unit = &candidate;
        if (unit == nullptr) return malformed(fmt::format("unknown unit \"{}\"", name));
        std::int64_t whole = 0;
        const auto exact = std::from_chars(spelled.data(), end, whole);
        const bool is_whole = exact.ec == std::errc{} && exact.ptr == end;
        total += (is_whole ? static_cast<long double>(whole) : static_cast<long double>(number)) *
                 static_cast<long double>(unit->nanoseconds);
        rest.remove_prefix(letters);
        skip_spaces(rest);
    }
    if (total >= static_cast<long double>(std::numeric_limits<std::int64_t>::max())) return malformed("it is too long");
    const auto count = static_cast<std::int64_t>(std::llroundl(total));
    return Nanoseconds(negative ? -count : count);
}

Result<void> check_between(std::string where, Nanoseconds value, Nanoseconds least, Nanoseconds most) {
    if (value >= least && value <= most) return {};
    return fail(ErrorCode::invalid,
                fmt::format("{} is not between {} and {}", format_duration(value), format_duration(least),
                            format_duration(most)),
                std::move(where));
}

}  // namespace quipu
