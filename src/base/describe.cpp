#include "base/describe.h"

#include <array>
#include <cmath>
#include <fmt/format.h>

namespace quipu {
namespace {

constexpr std::size_t kMaxFaults = 100;

bool is_slug(std::string_view text) {
    if (text.empty() || text.size() > 63 || text.front() == '-' || text.back() == '-') return false;
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::size_t count_characters(std::string_view utf8) {
    std::size_t count = 0;
    for (const char c : utf8)
        count += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
    return count;
}

/// The text as a message can repeat it.
std::string shown(std::string_view text) {
    constexpr std::size_t kShown = 60;
    return fmt::format("\"{}{}\"", text.substr(0, kShown), text.size() > kShown ? "…" : "");
}

}  // namespace

std::string TextForm<Nanoseconds>::format(const Nanoseconds& value) {
    // The largest unit that says it exactly, so that what is written is read back the same.
    struct Unit {
        std::int64_t size;
        std::string_view name;
    };
    constexpr std::array units = {Unit{86'400'000'000'000, "d"}, Unit{3'600'000'000'000, "h"},
                                  Unit{60'000'000'000, "min"},   Unit{1'000'000'000, "s"},
                                  Unit{1'000'000, "ms"},         Unit{1'000, "us"}};
    if (value.count() == 0) return "0s";
    for (const Unit& unit : units)
        if (value.count() % unit.size == 0) return fmt::format("{}{}", value.count() / unit.size, unit.name);
    return fmt::format("{}ns", value.count());
}

ReadContext::Step::Step(ReadContext& context, std::string_view key) : context_(context), length_(context.path_.size()) {
    if (!context.path_.empty()) context.path_ += '.';
    context.path_ += key;
}

ReadContext::Step::Step(ReadContext& context, std::size_t index) : context_(context), length_(context.path_.size()) {
    context.path_ += fmt::format("[{}]", index);
}

ReadContext::Step::~Step() {
    context_.path_.resize(length_);
}

void ReadContext::fault(const Value& at, std::string what) {
    if (faults_.size() == kMaxFaults) {
        ++more_;
        return;
    }
    std::string where = name_;
    if (!where.empty() && at.line() != 0) where += fmt::format(":{}", at.line());
    if (!where.empty() && !path_.empty()) where += ' ';
    where += path_;
    faults_.push_back({std::move(where), std::move(what)});
}

Error ReadContext::error() const {
    Error error{ErrorCode::invalid, {}, {}, {}, {}};
    if (faults_.size() == 1 && more_ == 0) {
        error.what = faults_.front().what;
        error.where = faults_.front().where;
        error.faults = faults_;
        return error;
    }
    error.what = fmt::format("the input has {} faults", faults_.size() + more_);
    error.where = name_;
    error.faults = faults_;
    if (more_ > 0) error.faults.push_back({name_, fmt::format("and {} more", more_)});
    return error;
}

void ReadContext::check_text(const Value& at, std::string_view text, const FieldRules& rules) {
    if (count_characters(text) > rules.max_length)
        return fault(at, fmt::format("is longer than {} characters", rules.max_length));
    if (rules.required && text.empty()) return fault(at, "must not be empty");
    if (rules.pattern == kSlug && !is_slug(text))
        fault(at, shown(text) + " must be 1 to 63 lower-case letters, digits and inner hyphens");
}

void ReadContext::check_number(const Value& at, double number, const FieldRules& rules) {
    if (std::isnan(number)) return fault(at, "is not a number");
    if (number < rules.minimum) return fault(at, fmt::format("{} is below {}", number, rules.minimum));
    if (number > rules.maximum) fault(at, fmt::format("{} is above {}", number, rules.maximum));
}

}  // namespace quipu
