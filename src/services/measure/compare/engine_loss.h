#pragma once
// On which segment of a way does loss begin? Decides it from how many probes each hop answered (as mtr shows them).
//
// A router answers when it has time: that one hop loses is no loss of the way if those behind it lose less. So a hop
// that loses more than one behind it says nothing, and loss is placed between the last hop that loses less than the end
// and the first from which on all lose more than that one, the end too. "More" and "less" are such that chance makes
// one time in a hundred (Newcombe's interval of the difference of two binomial proportions, from Wilson's of each;
// Statistics in Medicine 17, 1998, method 10).
//
// Probes go both ways: what the answers lose on their way back counts too, as if they came back by the same way.

#include <cstdint>
#include <optional>
#include <vector>

namespace quipu::compare {

/// How many of how many were lost.
struct Tally {
    std::int64_t sent = 0, lost = 0;
    [[nodiscard]] double loss() const { return sent > 0 ? static_cast<double>(lost) / static_cast<double>(sent) : 0; }
    bool operator==(const Tally&) const = default;
};

[[nodiscard]] bool is_more(const Tally& one, const Tally& other);

struct PlacedLoss {
    /// By hop: the fraction that is lost between the hop before it that says something (the point itself before the
    /// first) and this one, 0 where it may be chance; nothing for a hop that says nothing.
    std::vector<std::optional<double>> arises;
    /// Positions of the hops between which the loss begins; `after` nothing: the point itself.
    struct Place {
        std::optional<std::size_t> after;
        std::size_t before = 0;
        bool operator==(const Place&) const = default;
    };
    std::optional<Place> place;
};

/// `hops`: from the first that answers on to the target. `packets`: the way's own. If the target answered fewer, and no
/// hop before it loses as much, it limits its answers, and nothing is known of its own.
[[nodiscard]] PlacedLoss place_loss(const std::vector<Tally>& hops, const Tally& packets);

}  // namespace quipu::compare
