#pragma once
// Who is told of a notice, by which channel and when: decided from the notice, its addressees, everybody's rules and
// the time. No SQL, no clock.
//
// Somebody who is addressed is told by mail and in the portal, unless a rule of theirs says otherwise for that channel;
// somebody else only if a rule asks for it. Of several rules that fit, one with `never` wins, then the one that tells
// soonest.

#include <functional>
#include <map>
#include <vector>

#include "base/zone.h"
#include "platform/notify/directory.h"
#include "platform/notify/model.h"

namespace quipu::notify {

struct PlanSettings {
    Nanoseconds gather = std::chrono::seconds(30);  ///< how long the first of a storm waits for more
    Nanoseconds calm = std::chrono::minutes(10);    ///< between two messages about one cause
    int daily_at = 8 * 60;                          ///< minutes of the reader's day
};

/// One message to be, or to be joined.
struct Delivery {
    Recipient recipient;
    Channel channel = Channel::mail;
    std::string url;        ///< of a webhook
    std::int64_t rule = 0;  ///< 0: none
    std::string group;      ///< what is gathered in one message
    Time due{};
    bool operator==(const Delivery&) const = default;
};

struct OwnedRule {
    Rule rule;
    std::vector<Recipient> recipients;  ///< the owner, or the team's people
};

[[nodiscard]] bool fits(const Rule& rule, const Notice& notice);

/// `zone_of` answers a reader's time zone; UTC for one that is not known.
[[nodiscard]] std::vector<Delivery> plan(const Notice& notice, const std::vector<Recipient>& addressed,
                                         const std::vector<OwnedRule>& rules, Time now, const PlanSettings& settings,
                                         const std::function<Zone(std::string_view)>& zone_of);

}  // namespace quipu::notify
