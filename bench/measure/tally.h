#pragma once
// What was planted, what of it was found, and how soon.

#include <algorithm>
#include <cstdio>
#include <vector>

namespace quipu::bench {

struct Tally {
    int planted = 0, found = 0;
    std::vector<int> minutes;
};

inline void print(const char* what, Tally& tally, const char* unit = "min") {
    std::ranges::sort(tally.minutes);
    const auto at = [&](double q) {
        if (tally.minutes.empty()) return 0;
        return tally.minutes[static_cast<std::size_t>(q * static_cast<double>(tally.minutes.size() - 1))];
    };
    std::printf("  %-28s %6d planted %6d found (%5.1f %%)  after %d %s (median), %d (p95)\n", what, tally.planted,
                tally.found, 100.0 * tally.found / std::max(tally.planted, 1), at(0.5), unit, at(0.95));
}

}  // namespace quipu::bench
