#pragma once
// Octets as tests write them down.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

/// "0a0b 0c": two digits an octet; blanks and ends of lines are for the reader.
inline std::vector<std::uint8_t> octets_of(std::string_view hex) {
    std::vector<std::uint8_t> out;
    std::string digits;
    std::ranges::copy_if(hex, std::back_inserter(digits), [](char c) { return c != ' ' && c != '\n'; });
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
    return out;
}

}  // namespace quipu
