#include "services/measure/throughput/engine_changes.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace quipu::throughput {
namespace {

using Carried = std::span<const std::int64_t>;

std::int64_t median(Carried values) {
    std::vector<std::int64_t> sorted(values.begin(), values.end());
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::ranges::nth_element(sorted, middle);
    return *middle;
}

/// How far apart the medians of `late` tests and of those before them come by chance: one standard deviation, for tests
/// that resemble the one before as these do: an AR(1) process of their robust deviation and of the correlation of ranks
/// with the test before, which is freed of its bias (Kendall, 1954, Biometrika 41 p. 403) and taken one standard error
/// higher.
double apart_by_chance(Carried before, std::size_t late) {
    const auto count = static_cast<double>(before.size());
    const std::int64_t middle = median(before);
    std::vector<std::int64_t> sorted(before.begin(), before.end());
    std::ranges::sort(sorted);
    std::vector<std::int64_t> away;
    std::vector<double> ranks;
    for (const std::int64_t value : before) {
        away.push_back(std::abs(value - middle));
        const auto same = std::ranges::equal_range(sorted, value);
        ranks.push_back(static_cast<double>(same.begin() - sorted.begin() + (same.end() - sorted.begin())) / 2 -
                        count / 2);
    }
    double with_next = 0, with_itself = 0;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
        with_itself += ranks[i] * ranks[i];
        if (i > 0) with_next += ranks[i] * ranks[i - 1];
    }
    const double seen = with_itself > 0 ? with_next / with_itself : 0;
    const double like = std::clamp(seen + (1 + 4 * seen) / count + 1 / std::sqrt(count), 0.0, 0.95);
    const auto mean_of = static_cast<double>(late);
    double share = 1;
    for (std::size_t lag = 1; lag < late; ++lag)
        share += 2 * (1 - static_cast<double>(lag) / mean_of) * std::pow(like, static_cast<double>(lag));
    return 1.4826 * static_cast<double>(median(away)) * std::sqrt(share / mean_of + (1 + like) / (1 - like) / count);
}

/// Of the pairs of an early and a late test, those in which the late one did not carry less (or, if `rose`, more).
std::size_t against(Carried early, Carried late, bool rose) {
    std::size_t out = 0;
    for (const std::int64_t after : late)
        out += static_cast<std::size_t>(std::ranges::count_if(
            early, [&](std::int64_t before) { return rose ? after <= before : after >= before; }));
    return out;
}

}  // namespace

double chance_of_rank(std::size_t early, std::size_t late, std::size_t most) {
    most = std::min(most, early * late);
    // How many orders have a U of 0, 1, … `most`: the coefficients of the Gaussian binomial [early + late, late], made
    // by multiplying with (1 - q^(early + i)) / (1 - q^i).
    std::vector<double> orders(most + 1);
    orders[0] = 1;
    double all = 1;
    for (std::size_t i = 1; i <= late; ++i) {
        for (std::size_t u = most; u >= early + i; --u)
            orders[u] -= orders[u - early - i];
        for (std::size_t u = i; u <= most; ++u)
            orders[u] += orders[u - i];
        all *= static_cast<double>(early + i) / static_cast<double>(i);
    }
    double few = 0;
    for (const double count : orders)
        few += count;
    return few / all;
}

std::optional<CarriedChange> change_decided_by_last(std::span<const ThroughputResult> results,
                                                    const std::optional<CarriedChange>& told) {
    if (results.empty()) return std::nullopt;
    const ThroughputResult& last = results.back();
    const auto alike = [&](const auto& other) {
        return other.protocol == last.protocol && other.streams == last.streams;
    };
    std::vector<std::int64_t> carried;
    std::vector<Time> starts;
    for (const ThroughputResult& result : results) {
        if (!alike(result)) continue;
        carried.push_back(result.received_bps);
        starts.push_back(result.start);
    }
    for (const std::size_t late : kWindows) {
        if (carried.size() <= late) break;
        const std::size_t at = carried.size() - late;
        const Carried after(carried.begin() + static_cast<std::ptrdiff_t>(at), carried.end());
        const Carried before(carried.begin() + static_cast<std::ptrdiff_t>(at - std::min(at, kReference)),
                             carried.begin() + static_cast<std::ptrdiff_t>(at));
        CarriedChange change{.since = starts[at],
                             .before_bps = median(before),
                             .after_bps = median(after),
                             .tests = static_cast<std::int64_t>(late),
                             .protocol = last.protocol,
                             .streams = last.streams};
        const double by = static_cast<double>(change.after_bps - change.before_bps);
        if (std::abs(by) < kLeastShare * static_cast<double>(change.before_bps)) continue;
        // Both ways, by each window; and what was nothing goes back.
        double may = kFalseAlarms / (kTestsAMonth * 2 * kWindows.size() * 2);
        if (before.size() < kFewest) {
            // It may go back, and then by more than half of the way.
            if (!told || !alike(*told) || change.tests < told->tests) continue;
            const double was = static_cast<double>(told->before_bps - told->after_bps);
            const double half = static_cast<double>(told->after_bps) + was / 2;
            if ((by > 0) != (was > 0) || (by > 0) != (static_cast<double>(change.after_bps) > half)) continue;
            may = kBackByChance;
        } else if (std::abs(by) < kDeviations * apart_by_chance(before, late)) {
            continue;
        }
        if (chance_of_rank(before.size(), late, against(before, after, by > 0)) <= may) return change;
    }
    return std::nullopt;
}

}  // namespace quipu::throughput
