#pragma once
// The relying party: from the trust anchors down, all cores at work, and only what changed or crossed a date is looked
// at again. A run gives exactly what a run from nothing would give on the same objects, archive and time.

#include <set>

#include "services/rpki/engine_point.h"

namespace quipu::rpki {

/// A VRP and the trust anchor that it stands under.
struct AnchoredVrp {
    Vrp vrp;
    std::uint16_t anchor = 0;
    bool operator==(const AnchoredVrp&) const = default;
};

/// What changed since the last run: the folders (rsync addresses that end in "/") with other objects, and the addresses
/// of trust anchors' certificates. Nothing known means that everything is looked at.
using Changes = std::optional<std::set<std::string, std::less<>>>;

struct Totals {
    std::size_t points = 0;
    std::size_t points_valid = 0;
    std::size_t points_stored = 0;  ///< on their last valid version
    std::size_t accepted = 0;
    std::size_t refused = 0;
    std::size_t vrps = 0;
    std::size_t aspas = 0;
    std::size_t router_keys = 0;
    void add(const PointOutcome& point);
    bool operator==(const Totals&) const = default;
};

/// What a run found, point by point. It stays as it is when the validator runs again.
class Outcomes {
  public:
    struct Point {
        std::shared_ptr<const Authority> authority;
        std::shared_ptr<const PointOutcome> outcome;
    };
    Outcomes() = default;
    Outcomes(std::vector<Point> points, std::vector<Verdict> anchor_verdicts, std::vector<std::string> anchor_names)
        : points_(std::move(points)),
          anchor_verdicts_(std::move(anchor_verdicts)),
          anchor_names_(std::move(anchor_names)) {}

    /// Every point from the top, an authority before those below it, in a fixed order.
    [[nodiscard]] const std::vector<Point>& points() const { return points_; }
    /// Of trust anchors themselves; points' verdicts are in their outcomes.
    [[nodiscard]] const std::vector<Verdict>& anchor_verdicts() const { return anchor_verdicts_; }
    /// By number: those of the run's locators.
    [[nodiscard]] const std::vector<std::string>& anchor_names() const { return anchor_names_; }
    [[nodiscard]] Totals totals() const;

  private:
    std::vector<Point> points_;
    std::vector<Verdict> anchor_verdicts_;
    std::vector<std::string> anchor_names_;
};

class Validator {
  public:
    struct Settings {
        PointSettings point;
        unsigned threads = 0;  ///< 0: one for each core
    };
    /// `archive` may be nullptr: then nothing stands in for a failed publication point.
    Validator(Settings settings, PointArchive* archive);
    ~Validator();
    Validator(const Validator&) = delete;
    Validator& operator=(const Validator&) = delete;

    /// `time` in seconds since 1970. The locators' order numbers the trust anchors.
    void run(std::span<const TrustAnchorLocator> locators, const Objects& objects, std::int64_t time,
             const Changes& changes = std::nullopt);

    // ---- what the last run found
    /// Sorted; each once, under the first trust anchor that has it.
    [[nodiscard]] std::vector<AnchoredVrp> vrps() const;
    /// Sorted; the providers of ASPAs of one customer are put together.
    [[nodiscard]] std::vector<std::pair<Aspa, std::uint16_t>> aspas() const;
    [[nodiscard]] std::vector<std::pair<RouterKey, std::uint16_t>> router_keys() const;
    /// Of trust anchors themselves; points' verdicts are in their outcomes.
    [[nodiscard]] const std::vector<Verdict>& anchor_verdicts() const { return anchor_verdicts_; }
    /// Every point from the top, an authority before those below it, in a fixed order.
    void for_each_point(const std::function<void(const Authority&, const PointOutcome&)>& each) const;
    [[nodiscard]] Totals totals() const { return outcomes().totals(); }
    /// All of it, to be kept.
    [[nodiscard]] Outcomes outcomes() const;
    /// Publication points that the last run looked at, rather than taking over what it knew.
    [[nodiscard]] std::size_t points_examined() const { return examined_; }
    [[nodiscard]] std::uint64_t signatures_verified() const { return signatures_; }

  private:
    struct Node;
    class Crew;

    Settings settings_;
    PointArchive* archive_;
    std::vector<std::unique_ptr<Node>> roots_;  // by trust anchor; empty where its certificate was refused
    std::vector<Verdict> anchor_verdicts_;
    std::vector<std::string> anchor_names_;
    std::size_t examined_ = 0;
    std::uint64_t signatures_ = 0;
};

/// RFC 6482 to people: "trust anchor > authority > … > object".
[[nodiscard]] std::string chain_of(const Authority& authority);

}  // namespace quipu::rpki
