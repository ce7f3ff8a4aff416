#include "services/measure/compare/engine_loss.h"

#include <algorithm>
#include <cmath>

namespace quipu::compare {
namespace {

constexpr double kZ = 2.326;  // 99 %, one-sided

struct Interval {
    double low = 0, high = 1;
};
/// Wilson's score interval.
Interval wilson(const Tally& tally) {
    if (tally.sent <= 0) return {};
    const auto n = static_cast<double>(tally.sent);
    const double p = tally.loss(), z2 = kZ * kZ;
    const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
    const double half = kZ / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace

bool is_more(const Tally& one, const Tally& other) {
    const double difference = one.loss() - other.loss();
    return difference > std::hypot(one.loss() - wilson(one).low, wilson(other).high - other.loss());
}

PlacedLoss place_loss(const std::vector<Tally>& hops, const Tally& packets) {
    PlacedLoss out;
    out.arises.resize(hops.size());
    if (hops.empty() || hops.back().lost >= hops.back().sent) return out;
    const Tally& end = hops.back();
    const bool end_limits = is_more(end, packets);

    // From the end on: what says something loses no more than anything behind it.
    std::vector<std::size_t> telling;
    Tally least = end;
    for (std::size_t i = hops.size(); i-- > 0;) {
        if (hops[i].lost >= hops[i].sent || is_more(hops[i], least)) continue;
        telling.push_back(i);
        if (hops[i].loss() < least.loss()) least = hops[i];
    }
    std::ranges::reverse(telling);

    const Tally here{.sent = end.sent, .lost = 0};  // the point itself
    Tally so_far = here;
    for (const std::size_t i : telling) {
        out.arises[i] = 0;
        if (!is_more(hops[i], so_far)) continue;
        out.arises[i] = 1 - (1 - hops[i].loss()) / (1 - so_far.loss());
        so_far = hops[i];
    }

    Tally clean = here;
    std::optional<std::size_t> after;
    auto behind = telling.begin();
    for (auto at = telling.begin(); at != telling.end(); ++at) {
        if (!is_more(end, hops[*at])) continue;
        clean = hops[*at];
        after = *at;
        behind = at + 1;
    }
    if (!is_more(end, clean)) return out;
    const auto last_alike = std::find_if(std::make_reverse_iterator(telling.end()), std::make_reverse_iterator(behind),
                                         [&](std::size_t i) { return !is_more(hops[i], clean); });
    const std::size_t before = *last_alike.base();
    // What the target alone loses may be its limit.
    if (end_limits && before + 1 == hops.size()) {
        out.arises.back().reset();
        return out;
    }
    // All that is known is that it is somewhere.
    if (!after && before + 1 == hops.size() && hops.size() > 1) return out;
    out.place = {.after = after, .before = before};
    return out;
}

}  // namespace quipu::compare
