#pragma once
// BIRD's control socket (BIRD 2 Programmer's Documentation, 2.9): a command is a line; of the answer each line begins
// with a code of four digits and "-", or " " in the last one, or with a space for "the same code again".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quipu::lab {

/// What came so far: whole once its last line is there.
struct BirdAnswer {
    bool whole = false;
    int code = 0;                    ///< of the last line; 8000 and above is a failure
    std::vector<std::string> lines;  ///< without codes
};
[[nodiscard]] BirdAnswer parse_bird_answer(std::string_view octets);

/// The AS that a line of `show route` says the route comes from: "[AS64496i]"; nothing for one not learnt by BGP.
[[nodiscard]] std::optional<std::uint32_t> origin_of_route(std::string_view line);

/// One command to the BIRD whose control socket is this file; what it does not find is an answer without lines. Waits a
/// few seconds at most.
[[nodiscard]] Result<std::vector<std::string>> ask_bird(const std::string& socket, std::string_view command);

}  // namespace quipu::lab
