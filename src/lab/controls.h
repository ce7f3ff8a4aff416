#pragma once
// What may be asked of a running lab, whether it lives in this process (lab.h) or in another (control.h), and its
// answers, which are the API's and the command line's too.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.h"
#include "base/guarded.h"
#include "base/result.h"
#include "lab/impairment.h"
#include "net/address.h"

namespace quipu::lab {

struct NodeStatus {
    std::string site;
    std::string netns;
    std::string state;  ///< running, failed: its router
    std::string agent;  ///< running, failed, none
    net::IpAddress loopback4, loopback6, management4, management6;
    std::string member = {};  ///< its organisation, where there is BGP; empty where nobody announces of his own
    std::int64_t member_as = 0;
    std::vector<net::Prefix> announces = {};
    static constexpr auto describe() {
        using T = NodeStatus;
        return fields(field<&T::site>("site", "The site").required(),
                      field<&T::netns>("namespace", "Its network namespace, as ip netns names it").required(),
                      field<&T::state>("state", "Its router: running or failed").required(),
                      field<&T::agent>("agent", "Its agent: running, failed or none").required(),
                      field<&T::loopback4>("loopback_ipv4", "Its router's address, which routing announces"),
                      field<&T::loopback6>("loopback_ipv6", "The same in IPv6"),
                      field<&T::management4>("management_ipv4", "Its address in the management network"),
                      field<&T::management6>("management_ipv6", "The same in IPv6"),
                      field<&T::member>("member", "The organisation whose router speaks BGP with it"),
                      field<&T::member_as>("member_as", "The AS number of that router; 0: there is no BGP"),
                      field<&T::announces>("announces", "What that router announces of its own"));
    }
};

struct BothWays {
    std::int64_t forward = 0, backward = 0;
    static constexpr auto describe() {
        return fields(field<&BothWays::forward>("forward", "From a to b").required(),
                      field<&BothWays::backward>("backward", "From b to a").required());
    }
};

/// What is imposed on one direction, and what passed so far.
struct DirectionStatus {
    LinkState state = LinkState::up;
    std::int64_t delay_us = 0, jitter_us = 0;
    double loss = 0, reorder = 0, duplicate = 0;
    std::int64_t rate_bps = 0;
    std::int64_t frames = 0, octets = 0, delivered = 0, duplicated = 0, dropped = 0, lost = 0;
    static constexpr auto describe() {
        using T = DirectionStatus;
        return fields(field<&T::state>("state", "up or down").required(),
                      field<&T::delay_us>("delay_us", "One-way delay imposed").required().format("us"),
                      field<&T::jitter_us>("jitter_us", "Standard deviation of the delay").required().format("us"),
                      field<&T::loss>("loss", "Fraction of frames lost").required(),
                      field<&T::reorder>("reorder", "Fraction of frames that later ones overtake").required(),
                      field<&T::duplicate>("duplicate", "Fraction of frames that arrive twice").required(),
                      field<&T::rate_bps>("rate_bps", "Bits per second of the line; 0: no limit").required(),
                      field<&T::frames>("frames", "Frames taken since the start").required(),
                      field<&T::octets>("octets", "Octets taken since the start").required(),
                      field<&T::delivered>("delivered", "Frames that left at the other end").required(),
                      field<&T::duplicated>("duplicated", "Frames that were doubled").required(),
                      field<&T::dropped>("dropped", "Frames dropped for any reason").required(),
                      field<&T::lost>("lost", "Of these, dropped by chance, as imposed").required());
    }
};

/// A link with both its directions. The plain fields are the worse of the two: down if either is, the greater loss, the
/// smaller rate.
struct LinkStatus {
    std::string id, a, b;
    LinkState state = LinkState::up;
    BothWays delay_us;
    std::int64_t jitter_us = 0;
    double loss = 0, reorder = 0, duplicate = 0;
    std::int64_t rate_bps = 0, frames = 0, dropped = 0;
    DirectionStatus forward, backward;
    static constexpr auto describe() {
        using T = LinkStatus;
        return fields(field<&T::id>("id", "The link").required(), field<&T::a>("a", "One end").required(),
                      field<&T::b>("b", "Other end").required(),
                      field<&T::state>("state", "down if either direction is").required(),
                      field<&T::delay_us>("delay_us", "One-way delay imposed").required(),
                      field<&T::jitter_us>("jitter_us", "Standard deviation of the delay").required().format("us"),
                      field<&T::loss>("loss", "Fraction of frames lost").required(),
                      field<&T::reorder>("reorder", "Fraction of frames that later ones overtake").required(),
                      field<&T::duplicate>("duplicate", "Fraction of frames that arrive twice").required(),
                      field<&T::rate_bps>("rate_bps", "Bits per second of the line; 0: no limit").required(),
                      field<&T::frames>("frames", "Frames taken since the start, both ways").required(),
                      field<&T::dropped>("dropped", "Frames dropped since the start, both ways").required(),
                      field<&T::forward>("forward", "From a to b").required(),
                      field<&T::backward>("backward", "From b to a").required());
    }
};

enum class HijackState : std::uint8_t {
    announced,  ///< no router holds it yet, or none prefers it
    dropped,    ///< the router where it comes in found it invalid and dropped it
    taken       ///< routers use it
};
constexpr auto describe_enum(HijackState) {
    return names<HijackState>(
        {{HijackState::announced, "announced"}, {HijackState::dropped, "dropped"}, {HijackState::taken, "taken"}});
}

/// A prefix that a member's router announces though it is another's, and what became of it.
struct HijackStatus {
    net::Prefix prefix;
    std::string site;
    std::int64_t as = 0;
    std::string holder = {};
    HijackState state = HijackState::announced;
    std::vector<std::string> taken_at = {};
    static constexpr auto describe() {
        using T = HijackStatus;
        return fields(field<&T::prefix>("prefix", "What is announced").required(),
                      field<&T::site>("site", "The site whose member's router announces it").required(),
                      field<&T::as>("as", "The AS number that it announces it with"),
                      field<&T::holder>("holder", "The organisation whose prefix it is"),
                      field<&T::state>("state",
                                       "announced: no router prefers it, or not yet; dropped: invalid, and dropped "
                                       "where it comes in; taken: routers use it"),
                      field<&T::taken_at>("taken_at", "Sites whose routers use it"));
    }
};
/// What is asked for.
struct HijackChange {
    net::Prefix prefix;
    std::string site;
    bool stop = false;
    static constexpr auto describe() {
        using T = HijackChange;
        return fields(field<&T::prefix>("prefix", "A member's prefix, or one inside it").required(),
                      field<&T::site>("site", "The site whose member's router announces it").required().pattern(kSlug),
                      field<&T::stop>("stop", "Withdraws it instead"));
    }
};
/// A point's clock is set wrong, or right again (0).
struct ClockChange {
    std::string site;
    std::int64_t shift_us = 0;
    static constexpr auto describe() {
        using T = ClockChange;
        return fields(field<&T::site>("site", "Whose agent").required().pattern(kSlug),
                      field<&T::shift_us>("shift_us", "By how much it is off; 0: it is right")
                          .required()
                          .between(-1e6, 1e6)
                          .format("us"));
    }
};
struct HijackList {
    std::vector<HijackStatus> hijacks;
    static constexpr auto describe() {
        return fields(field<&HijackList::hijacks>("hijacks", "Prefixes announced where they do not belong").required());
    }
};

enum class BgpState : std::uint8_t {
    off,       ///< the routers speak no BGP
    open,      ///< they take every route
    validated  ///< they drop routes whose origin is invalid (RFC 6811)
};
constexpr auto describe_enum(BgpState) {
    return names<BgpState>({{BgpState::off, "off"}, {BgpState::open, "open"}, {BgpState::validated, "validated"}});
}

struct LabStatus {
    bool running = false;
    std::string network;
    std::string instance;
    bool real_time = false;
    std::vector<NodeStatus> nodes;
    std::vector<LinkStatus> links;
    BgpState bgp = BgpState::off;
    std::vector<HijackStatus> hijacks = {};
    std::vector<LinkStatus> commodity = {};
    static constexpr auto describe() {
        using T = LabStatus;
        return fields(
            field<&T::running>("running", "Whether there is a lab").required(),
            field<&T::network>("network", "The network that it builds").required(),
            field<&T::instance>("instance", "Part of its namespaces' names"),
            field<&T::real_time>("real_time", "Whether the emulator has real-time priority"),
            field<&T::nodes>("nodes", "Points of presence").required(), field<&T::links>("links", "Links").required(),
            field<&T::bgp>("bgp", "off; open: routers take every route; validated: they drop what is invalid"),
            field<&T::hijacks>("hijacks", "Prefixes announced where they do not belong"),
            field<&T::commodity>("commodity",
                                 "Links of the commodity provider: from its routers to each point, and between them"));
    }
};

/// A change that was made, for whoever keeps the journal.
struct LinkSet {
    std::string link;
    LinkState state = LinkState::up;  ///< afterwards
    std::string impairment;           ///< what was asked for, as text; empty if only the state
    std::string actor;
};

class Controls {
  public:
    Controls() = default;
    Controls(const Controls&) = delete;
    Controls& operator=(const Controls&) = delete;
    virtual ~Controls() = default;

    [[nodiscard]] virtual Result<LabStatus> status() const = 0;
    /// `not_found` for an unknown link; otherwise the link afterwards.
    [[nodiscard]] Result<LinkStatus> set_link(std::string_view id, const LinkChange& change, std::string_view actor);

    /// A member's router announces another's prefix, or ends it; answers all that are announced so. `unsupported` where
    /// the lab's routers do not speak BGP.
    [[nodiscard]] Result<HijackList> set_hijack(const HijackChange& change, std::string_view actor);

    /// The site's agent starts again with a clock that is off by so much and does not know it. `not_found` where none
    /// runs.
    [[nodiscard]] virtual Result<ClockChange> set_clock(const ClockChange& change);

    /// Called after each change made through this object, on the caller's thread, for as long as the answer is kept.
    using Observer = std::function<void(const LinkSet&)>;
    [[nodiscard]] std::shared_ptr<void> observe(Observer observer);
    using HijackObserver = std::function<void(const HijackChange&, std::string_view actor)>;
    [[nodiscard]] std::shared_ptr<void> observe_hijacks(HijackObserver observer);

  protected:
    [[nodiscard]] virtual Result<LinkStatus> change_link(std::string_view id, const LinkChange& change,
                                                         std::string_view actor) = 0;

    [[nodiscard]] virtual Result<HijackList> change_hijack(const HijackChange& change, std::string_view actor);

  private:
    Guarded<std::vector<std::weak_ptr<Observer>>> observers_;
    Guarded<std::vector<std::weak_ptr<HijackObserver>>> hijack_observers_;
};

}  // namespace quipu::lab
