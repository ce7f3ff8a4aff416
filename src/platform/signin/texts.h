#pragma once
// Small reading of what other systems wrote.

#include <algorithm>
#include <string>
#include <string_view>

#include "base/value.h"
#include "net/ascii.h"

namespace quipu::signin {

/// The member's text; empty if it is not there or is something else.
[[nodiscard]] inline std::string text_at(const Value& object, std::string_view key) {
    const Value* member = object.find(key);
    const std::string* text = member != nullptr ? member->if_string() : nullptr;
    return text != nullptr ? *text : std::string();
}

/// ASCII capitals made small.
[[nodiscard]] inline std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), net::ascii_lower);
    return out;
}

}  // namespace quipu::signin
