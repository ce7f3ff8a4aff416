#include "services/measure/compare/engine_verdict.h"

#include <algorithm>
#include <cmath>

#include "services/measure/compare/engine_loss.h"

namespace quipu::compare {
namespace {

using Delays = std::vector<std::int64_t>;  // nanoseconds

constexpr std::size_t kFewest = 20;  // pairs of packets, below which nothing is said of delay
constexpr double kCauseShare = 0.4;  // of the difference that a cause must make to be named
constexpr std::int64_t kVacuumMetresPerSecond = 299'792'458;
constexpr double kFibreToVacuum = 5e-6 * kVacuumMetresPerSecond / 1000;  // Map::light is at 5 µs/km

std::int64_t us(double nanoseconds) {
    return std::llround(nanoseconds / 1000);
}
std::int64_t us(Nanoseconds duration) {
    return us(static_cast<double>(duration.count()));
}

/// Least and median; of no meaning without values.
struct Spread {
    std::size_t count = 0;
    std::int64_t least = 0, median = 0;
    [[nodiscard]] std::int64_t above() const { return median - least; }
};
Spread spread_of(Delays values) {
    if (values.empty()) return {};
    std::ranges::sort(values);
    return {values.size(), values.front(), values[values.size() / 2]};
}

/// One of the three: there, back, or both together.
using Read = std::optional<std::int64_t> (*)(const Round&);
std::optional<std::int64_t> there_of(const Round& round) {
    return round.there;
}
std::optional<std::int64_t> back_of(const Round& round) {
    return round.back;
}
std::optional<std::int64_t> round_trip_of(const Round& round) {
    if (!round.there || !round.back) return std::nullopt;
    return *round.there + *round.back;
}

Spread spread_of(const SeenWay& way, Read read) {
    Delays values;
    for (const Round& round : way.rounds)
        if (const auto value = read(round)) values.push_back(*value);
    return spread_of(std::move(values));
}

std::optional<Difference> difference_of(const Observation& seen, Read read) {
    Delays values;
    const std::size_t rounds = std::min(seen.research.rounds.size(), seen.commodity.rounds.size());
    for (std::size_t i = 0; i < rounds; ++i) {
        const auto research = read(seen.research.rounds[i]), commodity = read(seen.commodity.rounds[i]);
        if (research && commodity) values.push_back(*research - *commodity);
    }
    if (values.size() < kFewest) return std::nullopt;
    std::ranges::sort(values);
    // Ranks of the median's 95 % interval: n/2 ± 0.98 √n (normal approximation of the binomial).
    const auto n = static_cast<double>(values.size());
    const auto at = [&](double rank) { return values[static_cast<std::size_t>(std::clamp(rank, 0.0, n - 1))]; };
    return Difference{.median_us = us(static_cast<double>(values[values.size() / 2])),
                      .low_us = us(static_cast<double>(at(std::floor(n / 2 - 0.98 * std::sqrt(n))))),
                      .high_us = us(static_cast<double>(at(std::ceil(n / 2 + 0.98 * std::sqrt(n))))),
                      .pairs = static_cast<std::int64_t>(values.size())};
}

/// +1: research is slower, -1: commodity is, 0: no difference that counts.
int sign_of(const std::optional<Difference>& difference, std::int64_t least_us) {
    if (!difference) return 0;
    if (difference->median_us > least_us && difference->low_us > 0) return 1;
    if (difference->median_us < -least_us && difference->high_us < 0) return -1;
    return 0;
}

/// Delays of one way, in all readings.
struct Measured {
    Spread there, back, round_trip;
    /// Half of what the way there takes longer than the way back.
    [[nodiscard]] std::int64_t imbalance() const { return (there.least - back.least) / 2; }
};
Measured measured(const SeenWay& way) {
    return {spread_of(way, there_of), spread_of(way, back_of), spread_of(way, round_trip_of)};
}

class Decision {
  public:
    Decision(const std::string& from, const std::string& to, const Observation& seen,
             const std::optional<RoutesBack>& back, const Map& map, const Earlier& earlier)
        : from_(from),
          to_(to),
          seen_(seen),
          back_(back),
          map_(map),
          earlier_(earlier),
          research_(measured(seen.research)),
          commodity_(measured(seen.commodity)),
          one_way_(seen.method == "stamp" && seen.synchronised) {}

    Outcome decide() {
        describe();
        if (clock_fault() || unheard() || queueing() || lossy() || no_difference() || asymmetric() || detour())
            return out_;
        longer_fibre();
        return out_;
    }

  private:
    // ---- what was seen

    void describe() {
        out_.clock_error_us = us(static_cast<double>(seen_.clock_error_ns));
        const std::int64_t typical =
            std::max(research_.round_trip.median, commodity_.round_trip.median) / (one_way_ ? 2 : 1);
        out_.least_us = std::max(us(kLeast), us(kLeastShare * static_cast<double>(typical)));
        if (one_way_) out_.least_us = std::max(out_.least_us, out_.clock_error_us);
        if (one_way_) {
            out_.there = difference_of(seen_, there_of);
            out_.back = difference_of(seen_, back_of);
        }
        out_.round_trip = difference_of(seen_, round_trip_of);
        out_.research = summary(seen_.research, research_, back_ ? &back_->research : nullptr);
        out_.commodity = summary(seen_.commodity, commodity_, back_ ? &back_->commodity : nullptr);
        out_.research.earlier_min_us = earlier_.research_us;
        out_.commodity.earlier_min_us = earlier_.commodity_us;
        out_.part_at = part_at();
        if (!to_.empty())
            if (const auto light = map_.light(from_, to_)) out_.light_us = us(*light);
    }

    [[nodiscard]] WaySummary summary(const SeenWay& way, const Measured& delays, const SeenRoute* route_back) const {
        WaySummary out;
        out.sent = way.sent;
        out.lost = way.lost();
        out.loss = way.sent > 0 ? static_cast<double>(out.lost) / static_cast<double>(way.sent) : 0;
        const auto put = [](const Spread& spread, std::optional<std::int64_t>& least,
                            std::optional<std::int64_t>& median) {
            if (spread.count == 0) return;
            least = us(static_cast<double>(spread.least));
            median = us(static_cast<double>(spread.median));
        };
        if (one_way_) {
            put(delays.there, out.there_min_us, out.there_median_us);
            put(delays.back, out.back_min_us, out.back_median_us);
        }
        put(delays.round_trip, out.round_trip_min_us, out.round_trip_median_us);
        out.segments = segments(way.route);
        put_loss(out.segments, way);
        out.there = names(way.route);
        out.path = way.route.id;
        if (route_back != nullptr) {
            out.back = names(*route_back);
            out.path_back = route_back->id;
        }
        out.failed = way.failed;
        return out;
    }

    [[nodiscard]] std::vector<std::string> names(const SeenRoute& route) const {
        std::vector<std::string> out;
        for (const SeenHop& hop : route.hops)
            out.push_back(hop.address ? map_.hop(*hop.address).name : "*");
        return out;
    }

    [[nodiscard]] std::vector<Segment> segments(const SeenRoute& route) const {
        std::vector<Segment> out;
        NamedHop before = here();
        std::int64_t least = 0, waiting = 0;  // so far, of the round trip
        for (const SeenHop& seen : route.hops) {
            if (!seen.address || !seen.rtt_min_us || !seen.rtt_median_us) continue;
            const NamedHop hop = map_.hop(*seen.address);
            Segment segment{.from = before.name,
                            .to = hop.name,
                            .link = {},
                            .floor_us = {},
                            .probes = seen.sent,
                            .unanswered = seen.lost,
                            .loss = {}};
            // A router that answers late says nothing of those behind it: the sums never fall.
            segment.share_us = std::max<std::int64_t>(0, *seen.rtt_min_us - least) / 2;
            const std::int64_t wait = *seen.rtt_median_us - *seen.rtt_min_us;
            segment.queue_us = std::max<std::int64_t>(0, wait - waiting) / 2;
            if (!before.site.empty() && !hop.site.empty())
                if (const auto link = map_.link(before.site, hop.site)) {
                    segment.link = link->links.front();
                    segment.floor_us = us(link->floor);
                }
            least = std::max(least, *seen.rtt_min_us);
            waiting = std::max(waiting, wait);
            before = hop;
            out.push_back(std::move(segment));
        }
        return out;
    }

    /// Segments are of the hops that answered.
    [[nodiscard]] static PlacedLoss placed_loss(const std::vector<Segment>& segments, const SeenWay& way) {
        std::vector<Tally> hops;
        if (way.route.reached)
            for (const Segment& segment : segments)
                hops.push_back({segment.probes, segment.unanswered});
        return place_loss(hops, {way.sent, way.lost()});
    }
    static void put_loss(std::vector<Segment>& segments, const SeenWay& way) {
        const PlacedLoss placed = placed_loss(segments, way);
        for (std::size_t i = 0; i < placed.arises.size(); ++i)
            segments[i].loss = placed.arises[i];
    }

    [[nodiscard]] NamedHop here() const { return {map_.site_name(from_), from_}; }

    [[nodiscard]] std::string part_at() const {
        std::string common = here().name;
        const auto &research = seen_.research.route.hops, &commodity = seen_.commodity.route.hops;
        for (std::size_t i = 0; i < std::min(research.size(), commodity.size()); ++i) {
            if (!research[i].address || research[i].address != commodity[i].address) break;
            if (*research[i].address == seen_.target) break;
            common = map_.hop(*research[i].address).name;
        }
        return common;
    }

    // ---- causes, in the order in which they are looked for

    bool clock_fault() {
        if (!one_way_ || research_.round_trip.count < kFewest || commodity_.round_trip.count < kFewest) return false;
        const auto error = std::max<std::int64_t>(seen_.clock_error_ns, kLeast.count());
        // Faster than light in vacuum along the great circle: no way is.
        std::int64_t bound = 0;
        if (!to_.empty())
            if (const auto light = map_.light(from_, to_))
                bound = static_cast<std::int64_t>(static_cast<double>(light->count()) / kFibreToVacuum);
        const std::int64_t least =
            std::min({research_.there.least, research_.back.least, commodity_.there.least, commodity_.back.least});
        const std::int64_t r = research_.imbalance(), c = commodity_.imbalance();
        const std::int64_t edge = std::max(error, out_.least_us * 1000);
        const bool same = std::abs(r) > edge && std::abs(c) > edge && (r > 0) == (c > 0) &&
                          std::abs(r - c) <= std::max(edge, std::max(std::abs(r), std::abs(c)) / 5) &&
                          !routes_differ(Side::research) && !routes_differ(Side::commodity);
        if (least >= bound - error && !same) return false;
        out_.verdict = Verdict::clock_fault;
        // A clock that is off makes both ways unequal by as much; a way's own imbalance is what they differ in.
        out_.amount_us = us(static_cast<double>(std::abs(r) < std::abs(c) ? r : c));
        out_.at = to_.empty() ? seen_.target.text() : to_;
        return true;
    }

    /// Nothing comes, or too little for anything.
    bool unheard() {
        if (out_.round_trip) return false;
        if (lossy()) return true;
        out_.verdict = Verdict::undecided;
        return true;
    }

    bool queueing() {
        const std::int64_t research = research_.round_trip.above(), commodity = commodity_.round_trip.above();
        const std::int64_t varies = us(static_cast<double>(std::abs(research - commodity)));
        const Side side = research > commodity ? Side::research : Side::commodity;
        const std::int64_t difference = out_.round_trip->median_us * (side == Side::research ? 1 : -1);
        // A queue that is never empty while it is looked at shows in the least delay, too: what lies above what light
        // needs, or above what it was before, is its part, if a good part of the difference varies.
        const std::int64_t waits = varies + std::max(side == Side::research ? above_light() : 0, above_earlier(side));
        const auto is_share = [&](std::int64_t part, double least) {
            return static_cast<double>(part) >= least * static_cast<double>(difference);
        };
        if (varies <= out_.least_us || difference <= out_.least_us || !is_share(varies, kCauseShare / 3) ||
            !is_share(waits, kCauseShare))
            return false;
        out_.verdict = Verdict::queueing;
        out_.slower = side;
        out_.amount_us = waits;
        const auto& segments = way(side).segments;
        const auto worst = std::ranges::max_element(segments, {}, &Segment::queue_us);
        if (worst != segments.end()) out_.at = name_of(*worst);
        return true;
    }

    [[nodiscard]] static std::string name_of(const Segment& segment) { return segment.from + " – " + segment.to; }

    /// Of the research network's round trip, where the fibre is known on both ways.
    [[nodiscard]] std::int64_t above_light() const {
        const auto there = floor_of(seen_.research.route);
        if (!there || routes_differ(Side::research)) return 0;
        return std::max<std::int64_t>(0, us(static_cast<double>(research_.round_trip.least - 2 * there->count())));
    }

    /// Of a round trip, above the least of earlier comparisons over the same path.
    [[nodiscard]] std::int64_t above_earlier(Side side) const {
        const auto& earlier = side == Side::research ? earlier_.research_us : earlier_.commodity_us;
        const Measured& now = side == Side::research ? research_ : commodity_;
        return earlier ? std::max<std::int64_t>(0, us(static_cast<double>(now.round_trip.least)) - *earlier) : 0;
    }

    bool lossy() {
        const bool research = loses_more(seen_.research, seen_.commodity);
        if (!research && !loses_more(seen_.commodity, seen_.research)) return false;
        out_.verdict = Verdict::loss;
        out_.slower = research ? Side::research : Side::commodity;
        out_.amount_loss = way(*out_.slower).loss;
        const SeenWay& seen = research ? seen_.research : seen_.commodity;
        if (seen.lost_there > 2 * seen.lost_back + seen.lost_somewhere) out_.direction = Direction::there;
        if (seen.lost_back > 2 * seen.lost_there + seen.lost_somewhere) out_.direction = Direction::back;
        const auto& segments = way(*out_.slower).segments;
        if (const auto place = placed_loss(segments, seen).place)
            out_.at = (place->after ? segments[*place->after].to : here().name) + " – " + segments[place->before].to;
        return true;
    }

    bool no_difference() {
        const int there = sign_of(out_.there, out_.least_us), back = sign_of(out_.back, out_.least_us);
        const int round_trip = sign_of(out_.round_trip, out_.least_us);
        if (there != 0 || back != 0 || (!one_way_ && round_trip != 0)) {
            const int sum = round_trip != 0 ? round_trip : there != 0 ? there : back;
            out_.slower = sum > 0 ? Side::research : Side::commodity;
            return false;
        }
        out_.verdict = Verdict::no_difference;
        return true;
    }

    bool asymmetric() {
        for (const Side side : {Side::research, Side::commodity}) {
            if (!routes_differ(side)) continue;
            const Measured& delays = side == Side::research ? research_ : commodity_;
            const std::int64_t imbalance = us(static_cast<double>(delays.there.least - delays.back.least));
            const int slower = side == Side::research ? 1 : -1;
            // The longer direction must be one in which this way is slower, and its imbalance the better part of that.
            const auto& longer = imbalance > 0 ? out_.there : out_.back;
            if (one_way_ && (sign_of(longer, out_.least_us) != slower || std::abs(imbalance) <= out_.least_us ||
                             static_cast<double>(std::abs(imbalance)) <
                                 kCauseShare * static_cast<double>(std::abs(longer->median_us))))
                continue;
            if (!one_way_ && *out_.slower != side) continue;
            out_.verdict = Verdict::asymmetric_route;
            out_.slower = side;
            if (one_way_) {
                out_.amount_us = std::abs(imbalance);
                out_.direction = imbalance > 0 ? Direction::there : Direction::back;
            }
            return true;
        }
        return false;
    }

    bool detour() {
        if (*out_.slower != Side::research || to_.empty()) return false;
        const auto taken = floor_of(seen_.research.route);
        const auto best = map_.shortest(from_, to_);
        if (!taken || !best) return false;
        const std::int64_t longer = us(*taken - best->floor);
        const std::int64_t difference = one_way_ && out_.there ? out_.there->median_us : out_.round_trip->median_us / 2;
        if (longer <= out_.least_us || static_cast<double>(longer) < kCauseShare * static_cast<double>(difference))
            return false;
        out_.verdict = Verdict::detour;
        out_.amount_us = longer;
        out_.better_route = best->links;
        return true;
    }

    void longer_fibre() {
        out_.verdict = Verdict::longer_fibre;
        const Difference& difference =
            one_way_ && out_.there && sign_of(out_.there, out_.least_us) != 0 ? *out_.there : *out_.round_trip;
        out_.amount_us = std::abs(difference.median_us);
        const auto& segments = way(*out_.slower).segments;
        // What lies above its floor where floors are known, else the longest.
        const auto weight = [](const Segment& segment) { return segment.share_us - segment.floor_us.value_or(0); };
        const auto worst = std::ranges::max_element(segments, {}, weight);
        const auto longest = std::ranges::max_element(segments, {}, &Segment::share_us);
        if (worst != segments.end()) out_.at = name_of(weight(*worst) > out_.least_us ? *worst : *longest);
    }

    // ---- routes

    [[nodiscard]] const WaySummary& way(Side side) const {
        return side == Side::research ? out_.research : out_.commodity;
    }

    /// Sites along a route, its end too; nothing if one of its hops is silent or nobody's.
    [[nodiscard]] std::optional<std::vector<std::string>> sites(const SeenRoute& route) const {
        if (!route.reached) return std::nullopt;
        std::vector<std::string> out;
        for (const SeenHop& seen : route.hops) {
            if (!seen.address) return std::nullopt;
            const NamedHop hop = map_.hop(*seen.address);
            out.push_back(hop.site.empty() ? hop.name : hop.site);
        }
        return out;
    }

    [[nodiscard]] bool routes_differ(Side side) const {
        if (!back_) return false;
        auto there = sites(side == Side::research ? seen_.research.route : seen_.commodity.route);
        auto back = sites(side == Side::research ? back_->research : back_->commodity);
        if (!there || !back || there->empty() || back->empty()) return false;
        there->pop_back();                                                  // the destination
        back->pop_back();                                                   // ourselves
        if (side == Side::commodity) return there->size() != back->size();  // its routers have an address a side
        std::ranges::reverse(*back);
        return *there != *back;
    }

    [[nodiscard]] std::optional<Nanoseconds> floor_of(const SeenRoute& route) const {
        const auto along = sites(route);
        if (!along) return std::nullopt;
        Nanoseconds sum{};
        std::string before = from_;
        for (const std::string& site : *along) {
            const auto link = map_.link(before, site);
            if (!link) return std::nullopt;
            sum += link->floor;
            before = site;
        }
        return sum;
    }

    const std::string& from_;
    const std::string& to_;
    const Observation& seen_;
    const std::optional<RoutesBack>& back_;
    const Map& map_;
    const Earlier& earlier_;
    const Measured research_, commodity_;
    const bool one_way_;
    Outcome out_;
};

}  // namespace

bool loses_more(const SeenWay& way, const SeenWay& than) {
    return way.lost() >= kLossPackets &&
           static_cast<double>(way.lost()) >= kLossFraction * static_cast<double>(way.sent) &&
           way.lost() >= kLossRatio * than.lost();
}

Earlier earlier_of(std::span<const Outcome> outcomes, const Observation& seen, const std::optional<RoutesBack>& back) {
    const auto least = [&](WaySummary Outcome::* side, const SeenRoute& there, const std::string& path_back) {
        std::optional<std::int64_t> out;
        for (const Outcome& outcome : outcomes) {
            const WaySummary& way = outcome.*side;
            if (there.id.empty() || way.path != there.id || way.path_back != path_back) continue;
            if (way.round_trip_min_us) out = std::min(out.value_or(*way.round_trip_min_us), *way.round_trip_min_us);
        }
        return out;
    };
    return {.research_us = least(&Outcome::research, seen.research.route, back ? back->research.id : ""),
            .commodity_us = least(&Outcome::commodity, seen.commodity.route, back ? back->commodity.id : "")};
}

Outcome decide(const std::string& from, const std::string& to, const Observation& seen,
               const std::optional<RoutesBack>& back, const Map& map, const Earlier& earlier) {
    return Decision(from, to, seen, back, map, earlier).decide();
}

}  // namespace quipu::compare
