// Routes behind the portal's views of measurement: profiles, histograms over time, statements for institutions.

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "events/events.h"
#include "platform/off_loop.h"
#include "services/measure/api.h"
#include "services/measure/engine_heat.h"
#include "services/measure/pages.h"
#include "services/measure/schedule.h"
#include "services/measure/words_statement.h"

namespace quipu::measure {
namespace {

using platform::Call;
using platform::Permission;
using registry::Organisation;
using registry::Picture;
using registry::Site;

constexpr Nanoseconds kDay = std::chrono::days(1);

// ---- profiles

/// A profile's limits as the API shows them.
struct ShownProfile {
    std::string id;
    std::int64_t delay_watch_us = 0, delay_bad_us = 0;
    double loss_watch = 0, loss_bad = 0;
    std::int64_t jitter_watch_us = 0, jitter_bad_us = 0;
    static constexpr auto describe() {
        using T = ShownProfile;
        return fields(
            field<&T::id>("id", "interactive, bulk or usual").required(),
            field<&T::delay_watch_us>("delay_watch_us",
                                      "Delay above the floor, of `usual` above the usual delay: good "
                                      "up to it")
                .required()
                .format("us"),
            field<&T::delay_bad_us>("delay_bad_us", "Fair up to it, poor beyond").required().format("us"),
            field<&T::loss_watch>("loss_watch", "Fraction lost: good up to it").required(),
            field<&T::loss_bad>("loss_bad", "Fair up to it, poor beyond").required(),
            field<&T::jitter_watch_us>("jitter_watch_us", "Mean |IPDV|: good up to it").required().format("us"),
            field<&T::jitter_bad_us>("jitter_bad_us", "Fair up to it, poor beyond").required().format("us"));
    }
};

ShownProfile shown(std::string id, const Limits& limits) {
    const auto us = [](Nanoseconds limit) { return limit.count() / 1000; };
    return {.id = std::move(id),
            .delay_watch_us = us(limits.delay_watch),
            .delay_bad_us = us(limits.delay_bad),
            .loss_watch = limits.loss_watch,
            .loss_bad = limits.loss_bad,
            .jitter_watch_us = us(limits.jitter_watch),
            .jitter_bad_us = us(limits.jitter_bad)};
}

// ---- histograms over time

struct HeatQuery {
    std::string from, to;
    std::optional<Time> since, until;
    std::optional<std::int64_t> step;
    static constexpr auto describe() {
        using T = HeatQuery;
        return fields(field<&T::from>("from", "Sending site").required(),
                      field<&T::to>("to", "Receiving site").required(),
                      field<&T::since>("since", "Not before this time; a day before `until` if left out"),
                      field<&T::until>("until", "Before this time; now if left out"),
                      field<&T::step>("step", "Seconds of a step; such that there are about 200 if left out")
                          .between(60, 366.0 * 86400));
    }
};

Result<Heat> read_heat(const Rooms& rooms, const HeatQuery& query) {
    const Time until = query.until.value_or(rooms.clock.now());
    Time since = query.since.value_or(until - kDay);
    if (since >= until) return fail(ErrorCode::invalid, "is not before `until`", "since");
    const Nanoseconds step = query.step ? std::chrono::seconds(*query.step) : step_for(until - since);
    if ((until - since) / step >= kMostSteps)
        return fail(ErrorCode::invalid, fmt::format("makes more than {} steps", kMostSteps), "step",
                    "take longer steps or a shorter time");
    // As in /records: the same step has the same bounds in every answer.
    since = Time((since.time_since_epoch() / step) * step);
    return heat_of(TRY(rooms.store.steps(query.from, query.to, since, until, step)), since, until, step);
}

// ---- the statement

struct StatementQuery {
    std::string organisation;
    std::optional<Time> since, until;
    std::optional<mail::Language> language;
    std::string zone;
    static constexpr auto describe() {
        using T = StatementQuery;
        return fields(field<&T::organisation>("organisation", "Whom it is for").required(),
                      field<&T::since>("since", "From this hour on; 30 days before `until` if left out"),
                      field<&T::until>("until", "Before this time; now if left out"),
                      field<&T::language>("language", "The organisation's own if left out"),
                      field<&T::zone>("zone", "Time zone of the times in words, as America/Lima; UTC if left out"));
    }
};

/// Sites that the archive knows as ends of pairs.
Result<std::set<std::string>> measured_sites(const Store& store) {
    std::set<std::string> out;
    for (const std::string& key : TRY(store.keys())) {
        const auto [from, to] = ends_of(key);
        out.emplace(from);
        out.emplace(to);
    }
    return out;
}

struct Standpoint {
    std::vector<std::string> sites;
    std::optional<std::string> via;  ///< the organisation above whose sites these are
};

/// The organisation's measured sites; without any, those of the nearest organisation above that has some, in the same
/// country where there are such.
Standpoint standpoint_of(const Picture& picture, const Organisation& organisation,
                         const std::set<std::string>& measured) {
    constexpr int kDeepestTree = 100;
    const Organisation* at = &organisation;
    for (int depth = 0; at != nullptr && depth < kDeepestTree; ++depth) {
        Standpoint all, near;
        for (const auto& entry : picture.all<Site>()) {
            const Site& site = entry.object;
            if (site.organisation != at->id || !measured.contains(site.id)) continue;
            all.sites.push_back(site.id);
            if (organisation.country && site.country == organisation.country) near.sites.push_back(site.id);
        }
        if (at != &organisation) all.via = near.via = at->id;
        if (at != &organisation && !near.sites.empty()) return near;
        if (!all.sites.empty()) return all;
        const auto* above = at->parent ? picture.find<Organisation>(*at->parent) : nullptr;
        at = above == nullptr ? nullptr : &above->object;
    }
    return {};
}

/// From each of its sites to each other one, and each way among its own once.
std::vector<std::pair<std::string, std::string>> ways_of(const std::vector<std::string>& own,
                                                         const std::set<std::string>& measured) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const std::string& from : own)
        for (const std::string& to : measured) {
            if (to == from) continue;
            if (std::ranges::find(own, to) != own.end() && to < from) continue;
            out.emplace_back(from, to);
        }
    return out;
}

class StatementMaker {
  public:
    StatementMaker(const Rooms& rooms, const Picture& picture, Time since, Time until)
        : rooms_(rooms), picture_(picture), since_(since), until_(until) {}

    Result<Statement> make(const Organisation& organisation) {
        const std::set<std::string> measured = TRY(measured_sites(rooms_.store));
        Standpoint standpoint = standpoint_of(picture_, organisation, measured);
        Statement out{.organisation = organisation.id, .name = organisation.name, .via = standpoint.via};
        out.since = since_;
        out.until = until_;
        const auto ways = ways_of(standpoint.sites, measured);
        if (ways.size() > kMostWays)
            return fail(ErrorCode::too_large,
                        fmt::format("{} has {} ways to tell of; a statement holds at most {}", organisation.name,
                                    ways.size(), kMostWays),
                        "organisation", "see /api/v1/measure/records for single pairs");
        const auto then = TRY(rooms_.registry.as_of(date_of(until_ - Nanoseconds(1))));
        const Floors floors = floors_of(*then, {measured.begin(), measured.end()});
        for (const auto& [from, to] : ways) {
            Destination destination{.from = from, .to = to, .from_name = site_name(from), .name = site_name(to)};
            destination.there = TRY(way(from, to, floors));
            destination.back = TRY(way(to, from, floors));
            out.destinations.push_back(std::move(destination));
        }
        out.outages = TRY(outages(standpoint.sites));
        return out;
    }

    [[nodiscard]] StatementNames names(const Statement& statement) const {
        const auto* above = statement.via ? picture_.find<Organisation>(*statement.via) : nullptr;
        return {.site = [this](const std::string& id) { return site_name(id); },
                .link = [this](const std::string& id) { return link_name(id); },
                .above = above == nullptr ? std::string() : above->object.name};
    }

  private:
    static constexpr std::size_t kMostWays = 200;
    static constexpr Nanoseconds kBefore = std::chrono::days(14);

    [[nodiscard]] std::string site_name(const std::string& id) const {
        const auto* site = picture_.find<Site>(id);
        return site == nullptr ? id : site->object.name;
    }
    [[nodiscard]] std::string link_name(const std::string& id) const {
        const auto* link = picture_.find<registry::Link>(id);
        return link == nullptr ? id : site_name(link->object.a) + "–" + site_name(link->object.b);
    }

    /// Hours in which the site's clock was wrong; asked once for each.
    [[nodiscard]] Result<std::span<const Time>> wrong_hours(const std::string& site) {
        auto at = wrong_.find(site);
        if (at == wrong_.end()) {
            at = wrong_.emplace(site, TRY(rooms_.point_store.wrong(site, since_, until_, kHour))).first;
        }
        return at->second;
    }

    [[nodiscard]] Result<StatedWay> way(const std::string& from, const std::string& to, const Floors& floors) {
        const auto hours = TRY(rooms_.store.steps(from, to, since_, until_, kHour));
        const auto before = TRY(rooms_.store.steps(from, to, since_ - kBefore, since_, kHour));
        const auto floor = floors.find(pair_key(from, to));
        return state_way(
            from, to,
            {
                .hours = hours, .before = before,
                .floor_us = floor == floors.end() ? std::nullopt : std::optional(floor->second),
                .from_wrong = TRY(wrong_hours(from))
                , .to_wrong = TRY(wrong_hours(to))
            },
            rooms_.live.profiles());
    }

    [[nodiscard]] Result<std::vector<StatedOutage>> outages(const std::vector<std::string>& sites) const {
        std::set<std::string, std::less<>> causes;
        for (const std::string& site : sites) {
            causes.insert("site:" + site);
            causes.insert("point:" + site);
        }
        for (const auto& entry : picture_.all<registry::Link>())
            for (const std::string& end : {entry.object.a, entry.object.b})
                if (std::ranges::find(sites, end) != sites.end()) causes.insert("link:" + entry.object.id);
        const std::vector<std::string> types{std::string(events::OutageBegan::kType),
                                             std::string(events::OutageEnded::kType)};
        std::vector<data::Event> told;
        // What had failed before and was not over: the last that was said of each cause tells.
        for (const std::string& cause : causes)
            for (data::Event& last : TRY(rooms_.journal->events(
                     {.until = since_, .subject = cause, .only_types = types, .limit = 1, .newest_first = true})))
                if (last.type == events::OutageBegan::kType) told.push_back(std::move(last));
        std::ranges::sort(told, {}, &data::Event::id);
        std::ranges::move(
            TRY(rooms_.journal->events({.since = since_, .until = until_, .only_types = types, .limit = 10'000})),
            std::back_inserter(told));
        return outages_of(told, [&](std::string_view cause) { return causes.contains(cause); });
    }

    const Rooms& rooms_;
    const Picture& picture_;
    const Time since_, until_;
    std::map<std::string, std::vector<Time>, std::less<>> wrong_;
};

Result<Statement> read_statement(const Rooms& rooms, const StatementQuery& query) {
    constexpr Nanoseconds kLongest = std::chrono::days(93);
    const Time until = query.until.value_or(rooms.clock.now());
    // The statement is made of whole hours.
    const Time since =
        Time(std::chrono::floor<std::chrono::hours>(query.since.value_or(until - std::chrono::days(30))));
    if (since >= until) return fail(ErrorCode::invalid, "is not before `until`", "since");
    if (until - since > kLongest)
        return fail(ErrorCode::invalid, "lies more than 93 days before `until`", "since", "ask for each quarter");
    const auto picture = rooms.registry.everything();
    const auto* organisation = picture->find<Organisation>(query.organisation);
    if (organisation == nullptr)
        return fail(ErrorCode::not_found, "there is no organisation " + query.organisation, "organisation",
                    "see /api/v1/organisations");
    const Zone zone = query.zone.empty() ? Zone() : TRY(Zone::load(query.zone));
    StatementMaker maker(rooms, *picture, since, until);
    Statement out = TRY(maker.make(organisation->object));
    const auto language = query.language.value_or(mail::choose_language({}, organisation->object.language.value_or(""),
                                                                        organisation->object.country.value_or("")));
    TRY(put_into_words(out, language, zone, maker.names(out)));
    return out;
}

}  // namespace

void add_view_routes(platform::Api& api, const Rooms& rooms) {
    api.get<platform::PageQuery, platform::Page<ShownProfile>>(
        {.path = "/api/v1/measure/profiles",
         .summary = "What counts as good, fair and poor, by what the network is used for",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure profiles"},
        [rooms](const Call&, const platform::PageQuery& query) -> Result<platform::Page<ShownProfile>> {
            const Profiles& all = rooms.live.profiles();
            return platform::page_of<ShownProfile>(
                {shown("interactive", all.interactive), shown("bulk", all.bulk), shown("usual", all.usual)}, query);
        });
    api.get<HeatQuery, Heat>({.path = "/api/v1/measure/histograms",
                              .summary = "How many packets needed how long, over time",
                              .tag = "measure",
                              .permission = Permission::see_public,
                              .command = "quipu measure histograms FROM TO"},
                             [rooms](const Call&, HeatQuery query) -> Task<Result<Heat>> {
                                 CO_TRY(known_site(rooms.registry, query.from, "from"));
                                 CO_TRY(known_site(rooms.registry, query.to, "to"));
                                 co_return co_await platform::off_loop([&] { return read_heat(rooms, query); });
                             });
    api.get<StatementQuery, Statement>(
        {.path = "/api/v1/measure/statement/{organisation}",
         .summary = "How the network was for an institution, in plain words",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure statement ORGANISATION"},
        [rooms](const Call&, StatementQuery query) -> Task<Result<Statement>> {
            co_return co_await platform::off_loop([&] { return read_statement(rooms, query); });
        });
}

}  // namespace quipu::measure
