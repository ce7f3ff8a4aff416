#include "platform/notify/engine_plan.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace quipu::notify {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

bool is_quiet(int minute, int from, int until) {
    return from <= until ? minute >= from && minute < until : minute >= from || minute < until;
}

struct Local {
    std::chrono::local_days day;
    int minute = 0;
};
Local local_of(const Zone& zone, Time time) {
    const LocalTime local = zone.local(time);
    const auto day = std::chrono::floor<days>(local);
    return {day, static_cast<int>(std::chrono::duration_cast<std::chrono::minutes>(local - day).count())};
}
Time at(const Zone& zone, std::chrono::local_days day, int minute) {
    return zone.instant(LocalTime(day) + std::chrono::minutes(minute));
}

/// The next time that the wall shows this minute of the day; `time` itself if it shows it now.
Time next_at(const Zone& zone, Time time, int minute) {
    const Local now = local_of(zone, time);
    const Time today = at(zone, now.day, minute);
    return today >= time ? today : at(zone, now.day + days(1), minute);
}

Time due_of(const Notice& notice, const Rule* rule, const Zone& zone, Time now, const PlanSettings& settings) {
    if (notice.at_once) return now;
    Time due = now + settings.gather;
    if (rule == nullptr) return due;
    // On whole hours of the reader's wall: half-hour zones have other ones than UTC.
    if (rule->when == When::hourly) {
        const Local local = local_of(zone, now);
        due = at(zone, local.day, (local.minute / 60 + 1) * 60);
    }
    if (rule->when == When::daily) due = next_at(zone, now + 1ns, settings.daily_at);
    if (!rule->quiet_from || !rule->quiet_until || notice.severity == Severity::critical) return due;
    const auto from = parse_time_of_day(*rule->quiet_from, "");
    const auto until = parse_time_of_day(*rule->quiet_until, "");
    if (from && until && *from != *until && is_quiet(local_of(zone, due).minute, *from, *until))
        due = next_at(zone, due, *until);
    return due;
}

std::string group_of(const Notice& notice, const Rule* rule, std::int64_t number) {
    if (notice.at_once) return fmt::format("once/{}", number);
    if (rule != nullptr && (rule->when == When::hourly || rule->when == When::daily))
        return fmt::format("digest/{}", rule->id);
    return "cause/" + (notice.cause.empty() ? notice.topic : notice.cause);
}

/// One reader at one place: the channel, and the address of a webhook.
struct Place {
    std::string recipient;
    Channel channel;
    std::string url;
    auto operator<=>(const Place&) const = default;
};
struct Wish {
    Recipient recipient;
    const Rule* rule = nullptr;  // null: addressed, no rule says how
    bool never = false;
};

bool can_be_told(const Recipient& recipient, Channel channel) {
    if (channel == Channel::mail) return !recipient.mailbox.address.empty();
    if (channel == Channel::portal) return recipient.id.starts_with("person:");
    return true;
}

}  // namespace

Result<int> parse_time_of_day(std::string_view text, std::string_view where) {
    int hour = 0;
    int minute = 0;
    const bool shaped = text.size() == 5 && text[2] == ':';
    const auto read = [](std::string_view digits, int& into) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into);
        return error == std::errc{} && end == digits.data() + digits.size();
    };
    if (!shaped || !read(text.substr(0, 2), hour) || !read(text.substr(3), minute) || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59)
        return fail(ErrorCode::invalid, "this is no time of day", std::string(where), "write it as 22:00");
    return hour * 60 + minute;
}

Result<void> check_rule(const Rule& rule) {
    Error error{ErrorCode::invalid, "the rule does not fit", {}, {}, {}};
    const auto fault = [&](std::string where, std::string what) {
        error.faults.push_back({std::move(where), std::move(what)});
    };
    if ((rule.channel == Channel::webhook) != rule.url.has_value())
        fault("url", rule.url ? "only a webhook has an address" : "a webhook needs its address");
    if (rule.quiet_from.has_value() != rule.quiet_until.has_value())
        fault(rule.quiet_from ? "quiet_until" : "quiet_from", "quiet hours have a beginning and an end");
    for (const auto& [name, text] :
         {std::pair{"quiet_from", rule.quiet_from}, std::pair{"quiet_until", rule.quiet_until}})
        if (text)
            if (const auto time = parse_time_of_day(*text, name); !time) fault(name, time.error().what);
    if (rule.team &&
        (rule.team->find('/') == std::string::npos || rule.team->ends_with('/') || rule.team->starts_with('/')))
        fault("team", "write it as ORGANISATION/ROLE");
    if (rule.team && rule.channel == Channel::portal && rule.when != When::at_once && rule.when != When::never)
        fault("when", "the portal shows everything at once");
    if (error.faults.empty()) return {};
    return std::unexpected(std::move(error));
}

bool fits(const Rule& rule, const Notice& notice) {
    if (notice.severity < rule.at_least) return false;
    const bool topic =
        rule.topics.empty() || std::ranges::any_of(rule.topics, [&](const std::string& wanted) {
            return notice.topic == wanted || (notice.topic.starts_with(wanted) && notice.topic[wanted.size()] == '.');
        });
    const bool organisation =
        rule.organisations.empty() || std::ranges::any_of(rule.organisations, [&](const std::string& wanted) {
            return std::ranges::find(notice.organisations, wanted) != notice.organisations.end();
        });
    return topic && organisation;
}

std::vector<Delivery> plan(const Notice& notice, const std::vector<Recipient>& addressed,
                           const std::vector<OwnedRule>& rules, Time now, const PlanSettings& settings,
                           const std::function<Zone(std::string_view)>& zone_of) {
    std::map<Place, Wish> wishes;
    for (const Recipient& recipient : addressed)
        for (const Channel channel : {Channel::mail, Channel::portal})
            if (can_be_told(recipient, channel) && !(notice.secret && channel != Channel::mail))
                wishes.insert({{recipient.id, channel, {}}, {recipient, nullptr, false}});
    const auto sooner = [](const Rule& a, const Rule* b) { return b == nullptr || a.when < b->when; };
    for (const OwnedRule& owned : rules) {
        if (notice.at_once || notice.secret || !fits(owned.rule, notice)) continue;
        for (const Recipient& recipient : owned.recipients) {
            const bool is_addressed =
                std::ranges::any_of(addressed, [&](const Recipient& each) { return each.id == recipient.id; });
            if ((notice.only_to && !is_addressed) || !can_be_told(recipient, owned.rule.channel)) continue;
            const Place place{recipient.id, owned.rule.channel, owned.rule.url.value_or("")};
            Wish& wish = wishes.try_emplace(place, Wish{recipient, nullptr, false}).first->second;
            if (owned.rule.when == When::never)
                wish.never = true;
            else if (sooner(owned.rule, wish.rule))
                wish.rule = &owned.rule;
        }
    }
    std::vector<Delivery> out;
    std::int64_t number = 0;
    for (const auto& [place, wish] : wishes) {
        if (wish.never) continue;
        out.push_back({.recipient = wish.recipient,
                       .channel = place.channel,
                       .url = place.url,
                       .rule = wish.rule == nullptr ? 0 : wish.rule->id,
                       .group = group_of(notice, wish.rule, ++number),
                       .due = place.channel == Channel::portal
                                  ? now
                                  : due_of(notice, wish.rule, zone_of(wish.recipient.zone), now, settings)});
    }
    return out;
}

}  // namespace quipu::notify
