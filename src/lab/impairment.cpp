#include "lab/impairment.h"

#include <cctype>
#include <charconv>
#include <fmt/format.h>

namespace quipu::lab {

namespace {

Result<double> parse_fraction(std::string_view text) {
    const bool percent = text.ends_with('%');
    const std::string_view number = percent ? text.substr(0, text.size() - 1) : text;
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (number.empty() || error != std::errc{} || end != number.data() + number.size())
        return fail(ErrorCode::invalid, fmt::format("'{}' is not a fraction", text), {}, "write 0.01 or 1%");
    if (percent) value /= 100;
    if (!(value >= 0 && value <= 1)) return fail(ErrorCode::invalid, fmt::format("{} is not between 0 and 1", text));
    return value;
}

Result<std::int64_t> parse_microseconds(std::string_view text) {
    const Nanoseconds value = TRY(parse_duration(text));
    if (value < Nanoseconds{0} || value > kLongestDelay)
        return fail(ErrorCode::invalid, fmt::format("{} is not between 0 and 10 s", text));
    return std::chrono::duration_cast<std::chrono::microseconds>(value).count();
}

Result<std::int64_t> parse_rate(std::string_view text) {
    if (text == "0" || text == "unlimited") return 0;
    return TRY(parse_bandwidth(text))
    .bits_per_second;
}

std::unexpected<Error> not_a_setting() {
    return fail(
        ErrorCode::invalid, "is not something that a link can be set to", {},
        "use up, down, forward, backward, delay=20ms, jitter=1ms, loss=1%, reorder=1%, duplicate=1%, rate=100Mb/s");
}

Result<void> read_word(std::string_view word, LinkChange& change) {
    if (const auto state = enum_value<LinkState>(word)) {
        change.state = state;
        return {};
    }
    if (const auto direction = enum_value<Directions>(word)) {
        change.direction = direction;
        return {};
    }
    const std::size_t equals = word.find('=');
    const std::string_view key = word.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1);
    if (value.empty()) return not_a_setting();
    if (key == "delay")
        change.delay_us = TRY(parse_microseconds(value));
    else if (key == "jitter")
        change.jitter_us = TRY(parse_microseconds(value));
    else if (key == "loss")
        change.loss = TRY(parse_fraction(value));
    else if (key == "reorder")
        change.reorder = TRY(parse_fraction(value));
    else if (key == "duplicate")
        change.duplicate = TRY(parse_fraction(value));
    else if (key == "rate")
        change.rate_bps = TRY(parse_rate(value));
    else
        return not_a_setting();
    return {};
}

}  // namespace

bool LinkChange::empty() const {
    return !state && !delay_us && !jitter_us && !loss && !reorder && !duplicate && !rate_bps;
}

Impairment changed(Impairment before, const LinkChange& change) {
    if (change.state) before.down = *change.state == LinkState::down;
    if (change.delay_us) before.delay = std::chrono::microseconds(*change.delay_us);
    if (change.jitter_us) before.jitter = std::chrono::microseconds(*change.jitter_us);
    if (change.loss) before.loss = *change.loss;
    if (change.reorder) before.reorder = *change.reorder;
    if (change.duplicate) before.duplicate = *change.duplicate;
    if (change.rate_bps) before.rate = Bandwidth{*change.rate_bps};
    return before;
}

Result<LinkChange> parse_change(std::span<const std::string> words) {
    LinkChange change;
    for (const std::string& word : words) {
        auto read = read_word(word, change);
        if (!read) {
            read.error().where = word;
            return std::unexpected(std::move(read.error()));
        }
    }
    return change;
}

std::string change_text(const LinkChange& change) {
    std::string text;
    const auto add = [&](std::string_view word) {
        if (!text.empty()) text += ' ';
        text += word;
    };
    if (change.direction && *change.direction != Directions::both) add(enum_name(*change.direction));
    if (change.delay_us) add(fmt::format("delay={}us", *change.delay_us));
    if (change.jitter_us) add(fmt::format("jitter={}us", *change.jitter_us));
    if (change.loss) add(fmt::format("loss={}", *change.loss));
    if (change.reorder) add(fmt::format("reorder={}", *change.reorder));
    if (change.duplicate) add(fmt::format("duplicate={}", *change.duplicate));
    if (change.rate_bps) add(*change.rate_bps == 0 ? "rate=0" : fmt::format("rate={}b/s", *change.rate_bps));
    return text;
}

}  // namespace quipu::lab
