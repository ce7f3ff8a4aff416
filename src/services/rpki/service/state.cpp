#include "services/rpki/service/state.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::rpki {
namespace {

Time time_of(std::int64_t seconds) {
    return Time(std::chrono::seconds(seconds));
}

RefusedRow refused_row(const Verdict& verdict, std::string anchor, std::string chain) {
    const RuleText& rule = text_of(verdict.rule);
    return {.object = verdict.uri,
            .anchor = std::move(anchor),
            .reason = std::string(rule.name),
            .section = std::string(rule.section),
            .text = std::string(rule.text),
            .detail = verdict.detail,
            .chain = std::move(chain)};
}

std::int64_t count(std::size_t size) {
    return static_cast<std::int64_t>(size);
}

}  // namespace

std::shared_ptr<const Tree> tree_of(const Validator& validator, std::span<const TrustAnchorLocator> locators) {
    auto out = std::make_shared<Tree>();
    out->totals = validator.totals();
    for (const TrustAnchorLocator& locator : locators)
        out->anchors.push_back({.name = locator.name, .addresses = locator.addresses});
    for (const Verdict& verdict : validator.anchor_verdicts()) {
        const auto anchor = std::ranges::find_if(out->anchors, [&](const AnchorRow& row) {
            return std::ranges::find(row.addresses, verdict.uri) != row.addresses.end();
        });
        if (anchor == out->anchors.end()) continue;
        if (verdict.rule == Rule::accepted) {
            anchor->valid = true;
            ++anchor->accepted;
            continue;
        }
        ++anchor->refused;
        anchor->reason = text_of(verdict.rule).name;
        anchor->section = text_of(verdict.rule).section;
        anchor->detail = verdict.detail;
        out->refused.push_back(refused_row(verdict, anchor->name, {}));
    }
    validator.for_each_point([&](const Authority& authority, const PointOutcome& point) {
        AnchorRow& anchor = out->anchors[authority.anchor];
        PointRow row{.manifest = authority.manifest,
                     .anchor = anchor.name,
                     .authority = authority.uri,
                     .notification = authority.notification,
                     .state = point.stored  ? PointState::stored
                              : point.valid ? PointState::valid
                                            : PointState::failed,
                     .accepted = count(point.accepted.size()),
                     .refused = count(point.refused.size()),
                     .vrps = count(point.vrps.size()),
                     .aspas = count(point.aspas.size()),
                     .expires = time_of(authority.not_after)};
        if (point.next_update != 0) row.next_update = time_of(point.next_update);
        if (authority.issuer == nullptr) anchor.expires = row.expires;
        ++anchor.points;
        anchor.points_stored += row.state == PointState::stored ? 1 : 0;
        anchor.points_failed += row.state == PointState::failed ? 1 : 0;
        anchor.accepted += row.accepted;
        anchor.refused += row.refused;
        anchor.vrps += row.vrps;
        anchor.aspas += row.aspas;
        anchor.router_keys += count(point.router_keys.size());
        if (!point.refused.empty()) {
            const std::string chain = chain_of(authority);
            for (const Verdict& verdict : point.refused)
                out->refused.push_back(refused_row(verdict, anchor.name, chain));
        }
        out->points.push_back(std::move(row));
    });
    std::ranges::sort(out->points, {}, &PointRow::manifest);
    std::ranges::sort(out->refused, {}, &RefusedRow::object);
    return out;
}

const MemberRouting* RouteView::find(std::string_view member) const {
    const auto at = std::ranges::find(members, member, &MemberRouting::member);
    return at == members.end() ? nullptr : &*at;
}

std::shared_ptr<const RouteView> view_of(std::shared_ptr<const std::vector<Route>> routes, const Members& members,
                                         const ValidityIndex& validity) {
    auto out = std::make_shared<RouteView>();
    std::vector<Validity> judged(routes->size());
    validity.validity(*routes, judged);
    for (std::size_t i = 0; i < judged.size(); ++i) {
        out->valid += judged[i] == Validity::valid ? 1 : 0;
        out->not_found += judged[i] == Validity::not_found ? 1 : 0;
        if (judged[i] != Validity::invalid) continue;
        const Explanation why = validity.explain((*routes)[i]);
        out->invalid.push_back({.prefix = why.route.prefix,
                                .origin = why.route.origin,
                                .validity = why.validity,
                                .reason = std::string(why.reason()),
                                .remedy = remedy_of(why).kind});
    }
    out->members = routing_of(members, *routes, validity);
    out->routes = std::move(routes);
    return out;
}

std::string State::anchor_of(const Vrp& vrp) const {
    const auto at = std::ranges::lower_bound(passed->set.vrps, vrp);
    if (at == passed->set.vrps.end() || *at != vrp) return "slurm";
    return passed->anchor_names[passed->vrp_anchors[static_cast<std::size_t>(at - passed->set.vrps.begin())]];
}

std::string asn_text(Asn as) {
    return fmt::format("AS{}", as);
}

VrpRow row_of(const State& state, const Vrp& vrp) {
    return {.asn = asn_text(vrp.as),
            .prefix = vrp.prefix().text(),
            .max_length = vrp.max_length,
            .anchor = state.anchor_of(vrp)};
}

}  // namespace quipu::rpki
