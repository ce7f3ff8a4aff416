#pragma once
// What if links and sites of the network failed: who is cut off, what becomes of the shortest paths. No I/O.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.h"
#include "base/result.h"
#include "registry/paths.h"
#include "registry/registry.h"

namespace quipu::registry {

struct Element {
    Kind kind = Kind::links;  ///< links or sites
    std::string id;
    static constexpr auto describe() {
        return fields(field<&Element::kind>("kind", "links or sites").required(),
                      field<&Element::id>("id", "What failed").required());
    }
};

/// What becomes of one pair's shortest path.
struct PathChange {
    std::string from, to;
    std::vector<std::string> before;
    std::optional<std::vector<std::string>> after;  ///< none if the pair is cut
    double before_km = 0;
    std::optional<double> after_km;
    static constexpr auto describe() {
        using T = PathChange;
        return fields(field<&T::from>("from", "One end").required(), field<&T::to>("to", "Other end").required(),
                      field<&T::before>("before", "Sites on the way before").required(),
                      field<&T::after>("after", "Sites on the way now; absent if there is none"),
                      field<&T::before_km>("before_km", "Length before").required(),
                      field<&T::after_km>("after_km", "Length now"));
    }
};

struct Failure {
    std::vector<Element> failed;
    std::vector<std::string> cut_off;                ///< sites that stand, but away from the largest part
    std::vector<std::string> organisations_cut_off;  ///< all of whose sites, or of those they connect through, are gone
    std::uint64_t pairs_cut = 0;
    std::uint64_t pairs_rerouted = 0;
    double worst_stretch = 1;
    std::optional<std::vector<PathChange>> paths;
    static constexpr auto describe() {
        using T = Failure;
        return fields(
            field<&T::failed>("failed", "What failed").required(),
            field<&T::cut_off>("cut_off", "Sites that are left without the rest of the network").required(),
            field<&T::organisations_cut_off>("organisations_cut_off", "Organisations that are left without it")
                .required(),
            field<&T::pairs_cut>("pairs_cut", "Pairs of standing sites without a path").required(),
            field<&T::pairs_rerouted>("pairs_rerouted", "Pairs whose shortest path is longer").required(),
            field<&T::worst_stretch>("worst_stretch", "The largest ratio of a path's length now and before").required(),
            field<&T::paths>("paths", "The paths that changed, when one failure was asked for"));
    }
};

/// The links in service of one picture and the sites at their ends. Weight of a link: its length; if that is unknown,
/// the great circle between its ends times 1.3; if a place is unknown, 100 km.
class WhatIf {
  public:
    // All shortest paths of N sites take about 30 N² octets; all double failures of E elements about E² N searches.
    static constexpr std::size_t kMaxSites = 2000;
    static constexpr std::size_t kMaxLinks = 10'000;
    static constexpr std::size_t kMaxDoubleElements = 250;
    static constexpr std::size_t kMaxPaths = 10'000;

    /// `too_large` beyond the limits.
    static Result<std::unique_ptr<WhatIf>> create(const std::shared_ptr<const Picture>& picture);

    /// Every failure of one link or one site, the most harmful first: by pairs cut, organisations, pairs rerouted,
    /// stretch.
    [[nodiscard]] Result<std::vector<Failure>> singles() const;
    /// Every failure of two; `too_large` beyond kMaxDoubleElements links and sites together.
    [[nodiscard]] Result<std::vector<Failure>> doubles() const;
    /// One failure with the paths that change (at most kMaxPaths, those that are cut first). `invalid` names what is
    /// not there.
    [[nodiscard]] Result<Failure> failure(const std::vector<std::string>& sites,
                                          const std::vector<std::string>& links) const;

    /// The links of the shortest path, in order; none when both are one. Nothing when one of them is at no link in
    /// service, or none leads there.
    [[nodiscard]] std::optional<std::vector<std::string>> shortest(std::string_view from, std::string_view to) const;

    [[nodiscard]] const ShortestPaths& paths() const { return *paths_; }
    [[nodiscard]] const std::vector<std::string>& sites() const { return sites_; }
    [[nodiscard]] const std::vector<std::string>& links() const { return links_; }

  private:
    WhatIf() = default;
    [[nodiscard]] Failure judge(const Broken& broken, DamageSearch& search) const;
    /// All of them, spread over the cores, the most harmful first.
    [[nodiscard]] std::vector<Failure> judge_all(std::size_t count,
                                                 const std::function<Broken(std::size_t)>& failure) const;
    /// Element number i: links first, then sites.
    [[nodiscard]] Broken element(std::size_t i) const;
    [[nodiscard]] std::vector<PathChange> changed_paths(const Broken& broken) const;

    std::vector<std::string> sites_, links_;
    std::unique_ptr<ShortestPaths> paths_;
    std::vector<std::uint32_t> parts_;  ///< of the whole network
    std::vector<std::string> organisations_;
    std::vector<std::vector<std::uint32_t>> reached_at_;  ///< for each organisation the sites where it is connected
};

}  // namespace quipu::registry
