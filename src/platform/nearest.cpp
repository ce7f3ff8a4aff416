#include "platform/nearest.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>

namespace quipu::platform {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

std::string_view nearest_name(std::string_view text, std::span<const std::string> candidates) {
    constexpr std::size_t kLongest = 64;  // longer texts are no slips of the finger
    if (text.size() > kLongest) return {};
    std::string_view best;
    std::size_t least = kLongest;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(text, candidate);
        if (distance < least && distance <= std::max<std::size_t>(2, candidate.size() / 3) &&
            distance < candidate.size()) {
            least = distance;
            best = candidate;
        }
    }
    return best;
}

std::string name_hint(std::string_view text, std::span<const std::string> candidates) {
    if (candidates.empty()) return {};
    const std::string_view near = nearest_name(text, candidates);
    if (!near.empty()) return fmt::format("did you mean \"{}\"?", near);
    return fmt::format("known are {}", fmt::join(candidates, ", "));
}

}  // namespace quipu::platform
