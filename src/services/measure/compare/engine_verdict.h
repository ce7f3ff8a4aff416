#pragma once
// Is our network slower than the other one, by how much, where and why? Decides it from one observation.
//
// Both ways end at the same two machines and were measured packet by packet at the same time, so in the difference of
// one direction the offset of the clocks cancels. A verdict is nevertheless never given for less than the bound of the
// clocks' error, nor for less than kLeast or kLeastShare of the delay: smaller differences are what two routers more
// add.
//
// The order in which causes are looked for, the first that holds is the verdict:
// - clock fault: one-way delays that cannot be, below zero or below what light needs; or the same imbalance between the
//   directions over both ways, which have no link in common
// - queueing: a good part of the difference is above the slower way's own least delay, or what that was over the same
//   path before; it waits where it grows
// - loss: one way loses, the other does not; placed on the segment from which on all hops lose (engine_loss.h)
// - no difference: in neither direction
// - asymmetric route: one direction is slower, and the route back is another
// - detour: the topology offers a way that is shorter by a good part of the difference
// - longer fibre: otherwise, the way is as short as the topology has it, and long

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "services/measure/compare/observation.h"

namespace quipu::compare {

inline constexpr Nanoseconds kLeast = std::chrono::microseconds(150);
inline constexpr double kLeastShare = 0.02;
/// What a way loses at least for it to be loss, and so many times what the other loses.
inline constexpr double kLossFraction = 0.01;
inline constexpr std::int64_t kLossPackets = 3;
inline constexpr std::int64_t kLossRatio = 3;
[[nodiscard]] bool loses_more(const SeenWay& way, const SeenWay& than);

enum class Verdict : std::uint8_t {
    no_difference,
    longer_fibre,
    detour,
    queueing,
    asymmetric_route,
    loss,
    clock_fault,
    undecided  ///< too little arrived to say anything
};
constexpr auto describe_enum(Verdict) {
    return names<Verdict>({{Verdict::no_difference, "no-difference"},
                           {Verdict::longer_fibre, "longer-fibre"},
                           {Verdict::detour, "detour"},
                           {Verdict::queueing, "queueing"},
                           {Verdict::asymmetric_route, "asymmetric-route"},
                           {Verdict::loss, "loss"},
                           {Verdict::clock_fault, "clock-fault"},
                           {Verdict::undecided, "undecided"}});
}
enum class Side : std::uint8_t { research, commodity };
constexpr auto describe_enum(Side) {
    return names<Side>({{Side::research, "research"}, {Side::commodity, "commodity"}});
}

enum class Direction : std::uint8_t { there, back };
constexpr auto describe_enum(Direction) {
    return names<Direction>({{Direction::there, "there"}, {Direction::back, "back"}});
}

/// Research less commodity, of packets sent at the same time: the median and its 95 % interval (order statistics of the
/// paired differences). Positive: the research network is slower.
struct Difference {
    std::int64_t median_us = 0, low_us = 0, high_us = 0, pairs = 0;
    static constexpr auto describe() {
        using T = Difference;
        return fields(field<&T::median_us>("median_us", "Median of the difference").required().format("us"),
                      field<&T::low_us>("low_us", "Lower end of its 95 % interval").required().format("us"),
                      field<&T::high_us>("high_us", "Upper end").required().format("us"),
                      field<&T::pairs>("pairs", "Pairs of packets behind it").required());
    }
    bool operator==(const Difference&) const = default;
};

/// From one hop to the next, on the way there; round trips halved.
struct Segment {
    std::string from, to;                  ///< names for people
    std::string link;                      ///< the registry's, if it knows one
    std::int64_t share_us = 0;             ///< of the least delay
    std::int64_t queue_us = 0;             ///< what the median is above the least
    std::optional<std::int64_t> floor_us;  ///< what light needs, where the link is known
    /// Of the second look, which a way gets that loses: probes to its end and those not answered; what of the loss
    /// arises on it, nothing where its end answers too few for that to be said.
    std::int64_t probes = 0, unanswered = 0;
    std::optional<double> loss;
    static constexpr auto describe() {
        using T = Segment;
        return fields(field<&T::from>("from", "Its beginning").required(), field<&T::to>("to", "Its end").required(),
                      field<&T::link>("link", "The link").references("links"),
                      field<&T::share_us>("share_us", "Its share of the least one-way delay").required().format("us"),
                      field<&T::queue_us>("queue_us", "Waiting on it: median above least").required().format("us"),
                      field<&T::floor_us>("floor_us", "What light needs along its fibre").format("us"),
                      field<&T::probes>("probes", "To its end, where loss was looked for hop by hop"),
                      field<&T::unanswered>("unanswered", "Of those not answered"),
                      field<&T::loss>("loss", "Fraction of round trips that is lost on it; absent: not known"));
    }
    bool operator==(const Segment&) const = default;
};

struct WaySummary {
    std::int64_t sent = 0, lost = 0;
    double loss = 0;
    std::optional<std::int64_t> there_min_us, there_median_us, back_min_us, back_median_us, round_trip_min_us,
        round_trip_median_us;
    std::optional<std::int64_t> earlier_min_us;
    std::vector<Segment> segments;
    std::vector<std::string> there, back;  ///< hops by name
    std::string path, path_back;           ///< identifiers
    std::string failed;
    static constexpr auto describe() {
        using T = WaySummary;
        return fields(
            field<&T::sent>("sent", "Packets sent").required(), field<&T::lost>("lost", "Of those lost").required(),
            field<&T::loss>("loss", "Fraction lost").required(),
            field<&T::there_min_us>("there_min_us", "Least delay to the destination").format("us"),
            field<&T::there_median_us>("there_median_us", "Its median").format("us"),
            field<&T::back_min_us>("back_min_us", "Least delay back").format("us"),
            field<&T::back_median_us>("back_median_us", "Its median").format("us"),
            field<&T::round_trip_min_us>("round_trip_min_us", "Least round trip, without the destination's part")
                .format("us"),
            field<&T::round_trip_median_us>("round_trip_median_us", "Its median").format("us"),
            field<&T::earlier_min_us>("earlier_min_us",
                                      "Least round trip of earlier comparisons over the same path, there and back")
                .format("us"),
            field<&T::segments>("segments", "From hop to hop on the way there"),
            field<&T::there>("there", "Hops to the destination"), field<&T::back>("back", "Hops of the way back"),
            field<&T::path>("path", "Identifier of the path there"),
            field<&T::path_back>("path_back", "Identifier of the path back"),
            field<&T::failed>("failed", "Why it was not measured"));
    }
    bool operator==(const WaySummary&) const = default;
};

struct Outcome {
    Verdict verdict = Verdict::undecided;
    std::optional<Side> slower;             ///< whose the cause is
    std::optional<Difference> there, back;  ///< nothing where one-way delays are not known
    std::optional<Difference> round_trip;
    std::int64_t least_us = 0;  ///< differences below are none: the clocks' error or what routers add
    std::int64_t clock_error_us = 0;
    std::optional<std::int64_t> amount_us;  ///< of the cause: the queue, the detour, the offset of the clocks
    std::optional<double> amount_loss;      ///< of loss: the fraction
    std::string at;                         ///< the segment's name, or of a wrong clock the end's; empty: not known
    std::optional<Direction> direction;     ///< of loss and asymmetry, where it is known
    std::string part_at;                    ///< the last hop that both ways have in common: the point itself if none
    std::vector<std::string> better_route;  ///< links of the way that the topology offers
    std::optional<std::int64_t> light_us;   ///< what light in fibre needs along the great circle, one way
    std::vector<std::string> clock_fault;   ///< ends whose clock was known to be wrong then
    WaySummary research, commodity;
    static constexpr auto describe() {
        using T = Outcome;
        return fields(
            field<&T::verdict>("verdict",
                               "no-difference, longer-fibre, detour, queueing, asymmetric-route, loss, clock-fault or "
                               "undecided")
                .required(),
            field<&T::slower>("slower", "Whose network the cause lies in"),
            field<&T::there>("there", "Research less commodity, to the destination"),
            field<&T::back>("back", "The same on the way back"),
            field<&T::round_trip>("round_trip", "The same of the round trip"),
            field<&T::least_us>("least_us", "A smaller difference is none").required().format("us"),
            field<&T::clock_error_us>("clock_error_us", "Bound of both clocks' error").required().format("us"),
            field<&T::amount_us>("amount_us", "How much the cause makes").format("us"),
            field<&T::amount_loss>("amount_loss", "Fraction lost"),
            field<&T::at>("at", "Where: the segment, or the end whose clock it is"),
            field<&T::direction>("direction", "In which direction, there or back"),
            field<&T::part_at>("part_at", "Last hop that both ways have in common").required(),
            field<&T::better_route>("better_route", "Links of the shorter way that the topology offers"),
            field<&T::light_us>("light_us", "What light in fibre needs along the great circle").format("us"),
            field<&T::clock_fault>("clock_fault", "Ends whose clock was known to be wrong then").references("sites"),
            field<&T::research>("research", "Over the research network").required(),
            field<&T::commodity>("commodity", "Over the other provider").required());
    }
    bool operator==(const Outcome&) const = default;
};

/// What the registry knows: handed in, so that the engine asks nobody.
struct NamedHop {
    std::string name;  ///< for people; the address where nothing else is known
    std::string site;  ///< empty: unknown
};
struct KnownRoute {
    std::vector<std::string> links;
    Nanoseconds floor{};  ///< what light needs along it
};
class Map {
  public:
    virtual ~Map() = default;
    [[nodiscard]] virtual NamedHop hop(const net::IpAddress& address) const = 0;
    /// For people; the identifier where the registry does not know it.
    [[nodiscard]] virtual std::string site_name(const std::string& site) const = 0;
    /// The one link between two sites and its floor, if there is one only.
    [[nodiscard]] virtual std::optional<KnownRoute> link(const std::string& from, const std::string& to) const = 0;
    /// The shortest way over links in service.
    [[nodiscard]] virtual std::optional<KnownRoute> shortest(const std::string& from, const std::string& to) const = 0;
    /// Along the great circle between two sites.
    [[nodiscard]] virtual std::optional<Nanoseconds> light(const std::string& from, const std::string& to) const = 0;
};

/// Least round trips of earlier comparisons over the same paths, there and back; nothing where there was none.
struct Earlier {
    std::optional<std::int64_t> research_us, commodity_us;
};
/// Of `outcomes` those by the paths of this observation: of a path without an identifier nothing is known.
[[nodiscard]] Earlier earlier_of(std::span<const Outcome> outcomes, const Observation& seen,
                                 const std::optional<RoutesBack>& back);

/// `to`: the destination's site, or empty. `back` when the destination traced the routes back.
[[nodiscard]] Outcome decide(const std::string& from, const std::string& to, const Observation& seen,
                             const std::optional<RoutesBack>& back, const Map& map, const Earlier& earlier = {});

}  // namespace quipu::compare
