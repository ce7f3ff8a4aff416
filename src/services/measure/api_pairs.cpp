// Routes that say how pairs are: in the last minute, or over a longer time that ended now or then.

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "platform/off_loop.h"
#include "services/measure/api.h"
#include "services/measure/pages.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

using platform::Call;
using platform::Page;
using platform::PageQuery;
using platform::Permission;

enum class Span : std::uint8_t { minute, hour, day, week };
constexpr auto describe_enum(Span) {
    return names<Span>({{Span::minute, "minute"}, {Span::hour, "hour"}, {Span::day, "day"}, {Span::week, "week"}});
}

Nanoseconds length_of(Span span) {
    switch (span) {
        case Span::minute: return kMinute;
        case Span::hour: return kHour;
        case Span::day: return std::chrono::days(1);
        case Span::week: return std::chrono::days(7);
    }
    return kMinute;
}

struct PairsQuery : PageQuery {
    std::string from, to;
    std::optional<PairState> state;
    std::optional<Time> as_of_time;
    Span span = Span::minute;
    PairsQuery() { limit = 10'000; }
    static constexpr auto describe() {
        using T = PairsQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::from>("from", "Only from this site"), field<&T::to>("to", "Only to this site"),
                   field<&T::state>("state", "Only pairs in this state"),
                   field<&T::as_of_time>("as_of_time", "As they were then"),
                   field<&T::span>("span", "Of the last minute, hour, day or week before that time")));
    }
};

struct PairQuery {
    std::string from, to;
    static constexpr auto describe() {
        using T = PairQuery;
        return fields(field<&T::from>("from", "Sending site").required(),
                      field<&T::to>("to", "Receiving site").required());
    }
};

/// A pair as its records of a time say, the detectors aside.
PairState settled_state(const Pair& pair, const Profiles& profiles) {
    if (pair.sent == 0) return PairState::unknown;
    if (pair.received == 0) return PairState::down;
    if (pair.loss >= kLossy) return PairState::lossy;
    return is_slow(pair, pair.baseline_us, profiles.usual) ? PairState::slow : PairState::good;
}

/// The pairs that are measured now, over a time that ended earlier. A fixed number of questions, however many they are.
class PairsThen {
  public:
    PairsThen(const Rooms& rooms, std::optional<Time> then, Span span)
        : rooms_(rooms), then_(then), until_(then.value_or(rooms.clock.now())), span_(span) {}

    Result<std::vector<Pair>> read() {
        for (const Pair& now : rooms_.live.pairs(until_)) {
            Pair& pair = pairs_[pair_key(now.from, now.to)];
            pair.from = now.from;
            pair.to = now.to;
            // What is usual now says nothing of long ago.
            if (!then_) pair.baseline_us = now.baseline_us;
        }
        const Time end = start_of_minute(minute_of(until_));
        const Nanoseconds length = length_of(span_);
        if (span_ != Span::minute) {
            TRY(fill(end - length, end));
        } else {
            // The last one's record may not have come yet.
            for (int back = 0; back < 3 && missing_; ++back)
                TRY(fill(end - kMinute * (back + 1), end - kMinute * back));
        }
        return weighed();
    }

  private:
    Result<void> fill(Time since, Time until) {
        const auto records = TRY(rooms_.store.totals(since, until));
        const auto ways = TRY(rooms_.paths.all_at(since));
        const auto wrong = TRY(rooms_.point_store.wrong(since, until));
        missing_ = false;
        for (const auto& record : records) {
            const auto at = pairs_.find(record.key);
            if (at == pairs_.end() || at->second.time) continue;
            Pair& pair = at->second;
            static_cast<Figures&>(pair) = figures_of(record, until - since);
            pair.time = since;
            pair.sessions = 1;
            if (const auto way = ways.find(record.key); way != ways.end()) pair.path = way->second;
            for (const std::string& site : {pair.from, pair.to})
                if (wrong.contains(site)) pair.clock_fault.push_back(site);
        }
        for (const auto& [key, pair] : pairs_)
            missing_ = missing_ || !pair.time;
        return {};
    }

    Result<std::vector<Pair>> weighed() {
        std::set<std::string> sites;
        for (const auto& [key, pair] : pairs_)
            sites.insert(pair.from);
        const auto picture = TRY(rooms_.registry.as_of(date_of(until_)));
        const Floors floors = floors_of(*picture, {sites.begin(), sites.end()});
        const Profiles& profiles = rooms_.live.profiles();
        std::vector<Pair> out;
        for (auto& [key, pair] : pairs_) {
            pair.state = settled_state(pair, profiles);
            const auto floor = floors.find(key);
            weigh(pair, floor == floors.end() ? std::nullopt : std::optional(floor->second), profiles);
            out.push_back(std::move(pair));
        }
        std::ranges::sort(out, {}, [](const Pair& pair) { return std::tie(pair.from, pair.to); });
        return out;
    }

    const Rooms& rooms_;
    const std::optional<Time> then_;
    const Time until_;
    const Span span_;
    std::map<std::string, Pair, std::less<>> pairs_;
    bool missing_ = true;
};

void put_path(const Rooms& rooms, Pair& pair) {
    if (auto path = rooms.paths.current(pair.from, pair.to); !path.empty()) pair.path = std::move(path);
}

Task<Result<Page<Pair>>> list_pairs(const Rooms& rooms, PairsQuery query) {
    Page<Pair> page;
    const bool now = !query.as_of_time && query.span == Span::minute;
    if (now)
        page.items = rooms.live.pairs(rooms.clock.now());
    else
        page.items =
            CO_TRY(co_await platform::off_loop([&] { return PairsThen(rooms, query.as_of_time, query.span).read(); }));
    const std::string after = query.cursor.empty() ? std::string() : CO_TRY(platform::read_cursor(query.cursor));
    const auto position = [](const Pair& pair) { return pair.from + " " + pair.to; };
    std::erase_if(page.items, [&](const Pair& pair) {
        return (!query.from.empty() && pair.from != query.from) || (!query.to.empty() && pair.to != query.to) ||
               (query.state && pair.state != *query.state) || (!after.empty() && position(pair) <= after);
    });
    cut_page(page, query.limit, position);
    if (now)
        for (Pair& pair : page.items)
            put_path(rooms, pair);
    co_return page;
}

Result<Pair> one_pair(const Rooms& rooms, const PairQuery& query) {
    TRY(known_site(rooms.registry, query.from, "from"));
    TRY(known_site(rooms.registry, query.to, "to"));
    if (auto pair = rooms.live.pair(query.from, query.to, rooms.clock.now())) {
        put_path(rooms, *pair);
        return std::move(*pair);
    }
    return fail(ErrorCode::not_found, "nothing is measured from " + query.from + " to " + query.to, {},
                "a measurement point joins when its agent is enrolled and connected; see /api/v1/agents");
}

}  // namespace

void add_pair_routes(platform::Api& api, const Rooms& rooms) {
    api.get<PairsQuery, Page<Pair>>(
        {.path = "/api/v1/measure/pairs",
         .summary = "How every ordered pair of points is",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure pairs"},
        [rooms](const Call&, PairsQuery query) { return list_pairs(rooms, std::move(query)); });
    api.get<PairQuery, Pair>({.path = "/api/v1/measure/pairs/{from}/{to}",
                              .summary = "How one pair is",
                              .tag = "measure",
                              .permission = Permission::see_public,
                              .command = "quipu measure pair FROM TO"},
                             [rooms](const Call&, const PairQuery& query) { return one_pair(rooms, query); });
}

}  // namespace quipu::measure
