#include "registry/whatif.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <thread>
#include <tuple>

#include "registry/light.h"

namespace quipu::registry {
namespace {

constexpr double kUnknownLength = 100'000;  // metres

std::uint64_t whole_metres_of(const Link& link, const Site& a, const Site& b) {
    const double metres = metres_of(link, a, b, kUsualDetour).value_or(kUnknownLength);
    return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(metres)));
}

double km(std::uint64_t metres) {
    return static_cast<double>(metres) / 1000;
}

bool more_harmful(const Failure& a, const Failure& b) {
    const auto harm = [](const Failure& f) {
        return std::tuple(f.pairs_cut, f.organisations_cut_off.size(), f.pairs_rerouted, f.worst_stretch);
    };
    if (harm(a) != harm(b)) return harm(a) > harm(b);
    return std::ranges::lexicographical_compare(a.failed, b.failed, {}, &Element::id, &Element::id);
}

Result<std::uint32_t> number_of(const std::vector<std::string>& ids, const std::string& id, std::string_view what) {
    const auto at = std::ranges::lower_bound(ids, id);
    if (at == ids.end() || *at != id)
        return fail(ErrorCode::invalid, fmt::format("no {} \"{}\" is in service on that day", what, id),
                    std::string(what) + "s");
    return static_cast<std::uint32_t>(at - ids.begin());
}

}  // namespace

Result<std::unique_ptr<WhatIf>> WhatIf::create(const std::shared_ptr<const Picture>& picture) {
    std::unique_ptr<WhatIf> out(new WhatIf());
    const auto in_service = picture->links_in_service();
    std::map<std::string, std::uint32_t, std::less<>> numbers;
    for (const Entry<Link>* entry : in_service)
        for (const std::string& end : {entry->object.a, entry->object.b})
            numbers.emplace(end, 0);
    if (numbers.size() > kMaxSites || in_service.size() > kMaxLinks)
        return fail(ErrorCode::too_large,
                    fmt::format("the network has {} sites and {} links in service; what-if takes at most {} and {}",
                                numbers.size(), in_service.size(), kMaxSites, kMaxLinks));
    for (auto& [id, number] : numbers) {
        number = static_cast<std::uint32_t>(out->sites_.size());
        out->sites_.push_back(id);
    }
    std::vector<Edge> edges;
    for (const Entry<Link>* entry : in_service) {
        const Link& link = entry->object;
        edges.push_back(
            {numbers.find(link.a)->second, numbers.find(link.b)->second,
             whole_metres_of(link, picture->find<Site>(link.a)->object, picture->find<Site>(link.b)->object)});
        out->links_.push_back(link.id);
    }
    out->paths_ = std::make_unique<ShortestPaths>(out->sites_.size(), std::move(edges));
    out->parts_ = out->paths_->parts({});

    // An organisation is reached at its own sites, or else where the one above it is.
    std::map<std::string, std::vector<std::uint32_t>, std::less<>> own;
    for (std::uint32_t i = 0; i < out->sites_.size(); ++i)
        if (const auto& owner = picture->find<Site>(out->sites_[i])->object.organisation) own[*owner].push_back(i);
    for (const Entry<Organisation>& entry : picture->all<Organisation>()) {
        constexpr int kDeepestTree = 100;
        const Organisation* at = &entry.object;
        for (int depth = 0; at != nullptr && !own.contains(at->id) && depth < kDeepestTree; ++depth) {
            const Entry<Organisation>* above = at->parent ? picture->find<Organisation>(*at->parent) : nullptr;
            at = above == nullptr ? nullptr : &above->object;
        }
        if (at == nullptr || !own.contains(at->id)) continue;
        out->organisations_.push_back(entry.object.id);
        out->reached_at_.push_back(own.find(at->id)->second);
    }
    return out;
}

std::optional<std::vector<std::string>> WhatIf::shortest(std::string_view from, std::string_view to) const {
    const auto number = [this](std::string_view site) -> std::optional<std::uint32_t> {
        const auto at = std::ranges::lower_bound(sites_, site);
        if (at == sites_.end() || *at != site) return std::nullopt;
        return static_cast<std::uint32_t>(at - sites_.begin());
    };
    const auto first = number(from), last = number(to);
    if (!first || !last || paths_->metres(*first, *last) == ShortestPaths::kUnreachable) return std::nullopt;
    std::vector<std::string> out;
    for (const std::uint32_t edge : paths_->edges_of(*first, *last))
        out.push_back(links_[edge]);
    return out;
}

Broken WhatIf::element(std::size_t i) const {
    if (i < links_.size()) return {{}, {static_cast<std::uint32_t>(i)}};
    return {{static_cast<std::uint32_t>(i - links_.size())}, {}};
}

Failure WhatIf::judge(const Broken& broken, DamageSearch& search) const {
    Failure out;
    for (const std::uint32_t edge : broken.edges)
        out.failed.push_back({Kind::links, links_[edge]});
    for (const std::uint32_t node : broken.nodes)
        out.failed.push_back({Kind::sites, sites_[node]});
    const Damage damage = search.damage(broken);
    out.pairs_cut = damage.pairs_cut;
    out.pairs_rerouted = damage.pairs_rerouted;
    out.worst_stretch = damage.worst_stretch;
    if (damage.pairs_cut == 0 && broken.nodes.empty()) return out;

    // Of each part of the whole network, the largest piece goes on being the network; equal ones: the first.
    const std::vector<std::uint32_t> pieces = paths_->parts(broken);
    std::vector<std::size_t> size(sites_.size());
    for (const std::uint32_t piece : pieces)
        if (piece != ShortestPaths::kNone) ++size[piece];
    std::vector<std::uint32_t> largest(sites_.size(), ShortestPaths::kNone);  // by part
    for (std::size_t i = 0; i < sites_.size(); ++i) {
        std::uint32_t& best = largest[parts_[i]];
        if (pieces[i] != ShortestPaths::kNone && (best == ShortestPaths::kNone || size[pieces[i]] > size[best]))
            best = pieces[i];
    }
    const auto is_lost = [&](std::uint32_t site) {
        return pieces[site] == ShortestPaths::kNone || pieces[site] != largest[parts_[site]];
    };
    for (std::uint32_t i = 0; i < sites_.size(); ++i)
        if (pieces[i] != ShortestPaths::kNone && is_lost(i)) out.cut_off.push_back(sites_[i]);
    for (std::size_t i = 0; i < organisations_.size(); ++i)
        if (std::ranges::all_of(reached_at_[i], is_lost)) out.organisations_cut_off.push_back(organisations_[i]);
    return out;
}

std::vector<Failure> WhatIf::judge_all(std::size_t count, const std::function<Broken(std::size_t)>& failure) const {
    constexpr std::size_t kStride = 16;  // failures that a thread takes at a time
    std::vector<Failure> out(count);
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        DamageSearch search(*paths_);
        for (std::size_t first = next.fetch_add(kStride); first < count; first = next.fetch_add(kStride))
            for (std::size_t i = first; i < std::min(first + kStride, count); ++i)
                out[i] = judge(failure(i), search);
    };
    {
        std::vector<std::jthread> helpers;
        for (std::size_t i = 1; i < std::min<std::size_t>(std::thread::hardware_concurrency(), count / kStride); ++i)
            helpers.emplace_back(work);
        work();
    }
    std::ranges::sort(out, more_harmful);
    return out;
}

Result<std::vector<Failure>> WhatIf::singles() const {
    return judge_all(links_.size() + sites_.size(), [this](std::size_t i) { return element(i); });
}

Result<std::vector<Failure>> WhatIf::doubles() const {
    const std::size_t count = links_.size() + sites_.size();
    if (count > kMaxDoubleElements)
        return fail(ErrorCode::too_large,
                    fmt::format("{} links and {} sites fail in {} pairs; double failures are reckoned for at most {} "
                                "links and sites together",
                                links_.size(), sites_.size(), count * (count - 1) / 2, kMaxDoubleElements),
                    "order", "ask for single failures, or name the links and sites that are to fail");
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t j = i + 1; j < count; ++j)
            pairs.emplace_back(i, j);
    return judge_all(pairs.size(), [&](std::size_t i) {
        Broken broken = element(pairs[i].first);
        const Broken second = element(pairs[i].second);
        broken.nodes.insert(broken.nodes.end(), second.nodes.begin(), second.nodes.end());
        broken.edges.insert(broken.edges.end(), second.edges.begin(), second.edges.end());
        return broken;
    });
}

Result<Failure> WhatIf::failure(const std::vector<std::string>& sites, const std::vector<std::string>& links) const {
    Broken broken;
    for (const std::string& id : sites)
        broken.nodes.push_back(TRY(number_of(sites_, id, "site")));
    for (const std::string& id : links)
        broken.edges.push_back(TRY(number_of(links_, id, "link")));
    for (auto* list : {&broken.nodes, &broken.edges}) {
        std::ranges::sort(*list);
        list->erase(std::ranges::unique(*list).begin(), list->end());
    }
    DamageSearch search(*paths_);
    Failure out = judge(broken, search);
    out.paths = changed_paths(broken);
    return out;
}

std::vector<PathChange> WhatIf::changed_paths(const Broken& broken) const {
    // The network without what is broken: broken nodes stay as numbers, but no edge leads to them.
    std::vector<Edge> rest;
    for (std::uint32_t e = 0; e < paths_->edges().size(); ++e) {
        const Edge& edge = paths_->edges()[e];
        const auto gone = [&](std::uint32_t node) { return std::ranges::binary_search(broken.nodes, node); };
        if (!std::ranges::binary_search(broken.edges, e) && !gone(edge.a) && !gone(edge.b)) rest.push_back(edge);
    }
    const ShortestPaths after(sites_.size(), std::move(rest));
    const auto names = [&](const std::vector<std::uint32_t>& path) {
        std::vector<std::string> out;
        for (const std::uint32_t node : path)
            out.push_back(sites_[node]);
        return out;
    };
    std::vector<PathChange> cut, longer;
    for (std::uint32_t from = 0; from < sites_.size(); ++from)
        for (std::uint32_t to = from + 1; to < sites_.size(); ++to) {
            const std::uint64_t old_length = paths_->metres(from, to);
            const std::uint64_t new_length = after.metres(from, to);
            const bool failed =
                std::ranges::binary_search(broken.nodes, from) || std::ranges::binary_search(broken.nodes, to);
            if (failed || old_length == new_length || cut.size() + longer.size() == kMaxPaths) continue;
            PathChange change{sites_[from], sites_[to],     names(paths_->path(from, to)),
                              std::nullopt, km(old_length), std::nullopt};
            if (new_length == ShortestPaths::kUnreachable) {
                cut.push_back(std::move(change));
                continue;
            }
            change.after = names(after.path(from, to));
            change.after_km = km(new_length);
            longer.push_back(std::move(change));
        }
    std::ranges::move(longer, std::back_inserter(cut));
    return cut;
}

}  // namespace quipu::registry
