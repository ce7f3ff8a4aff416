#pragma once
// Rules and notices as described structs: what the API shows and the store keeps.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"
#include "platform/notify/notify.h"

namespace quipu::notify {

enum class Channel : std::uint8_t { mail, portal, webhook };
constexpr auto describe_enum(Channel) {
    return names<Channel>({{Channel::mail, "mail"}, {Channel::portal, "portal"}, {Channel::webhook, "webhook"}});
}

enum class When : std::uint8_t { at_once, hourly, daily, never };
constexpr auto describe_enum(When) {
    return names<When>(
        {{When::at_once, "at-once"}, {When::hourly, "hourly"}, {When::daily, "daily"}, {When::never, "never"}});
}

/// What somebody, or a team, wants to be told, and how.
struct Rule {
    std::int64_t id = 0;
    std::string owner;  ///< "person:ana"; of a team "team:ORGANISATION/ROLE"
    std::optional<std::string> team;
    std::vector<std::string> topics;
    std::vector<std::string> organisations;
    Severity at_least = Severity::info;
    Channel channel = Channel::mail;
    When when = When::at_once;
    std::optional<std::string> url;
    std::optional<std::string> quiet_from, quiet_until;
    std::int64_t version = 0;
    static constexpr auto describe() {
        using T = Rule;
        return fields(
            field<&T::id>("id", "Its number").read_only(), field<&T::owner>("owner", "Whose it is").read_only(),
            field<&T::team>("team", "ORGANISATION/ROLE of the registry; the caller's own when left out")
                .at_most_long(130),
            field<&T::topics>("topics",
                              "case, case.opened, network.delay…; a topic holds what begins with it; all when empty")
                .at_most_long(50),
            field<&T::organisations>("organisations", "Only what concerns one of these; all when empty")
                .references("organisations")
                .at_most_long(200),
            field<&T::at_least>("at_least", "Only what is as severe as this"),
            field<&T::channel>("channel", "mail, portal or webhook"),
            field<&T::when>("when", "at-once, hourly, daily, or never: not told of these"),
            field<&T::url>("url", "Of a webhook: https://…").at_most_long(1000),
            field<&T::quiet_from>("quiet_from", "Quiet hours begin, such as 22:00 in the person's time zone")
                .at_most_long(5),
            field<&T::quiet_until>("quiet_until", "Quiet hours end; what is critical is told all the same")
                .at_most_long(5),
            field<&T::version>("version", "Rises by one with each change; the ETag").read_only());
    }
};

/// A notice as the portal shows it.
struct Shown {
    std::int64_t id = 0;
    Time time{};
    std::string topic;
    Severity severity = Severity::info;
    std::string about;
    std::string subject, text;
    bool read = false;
    static constexpr auto describe() {
        using T = Shown;
        return fields(field<&T::id>("id", "Its number").required(),
                      field<&T::time>("time", "When it was sent").required(),
                      field<&T::topic>("topic", "What kind of news").required(),
                      field<&T::severity>("severity", "info, warning or critical").required(),
                      field<&T::about>("about", "The object it is about, KIND:ID"),
                      field<&T::subject>("subject", "In a line, in the reader's language").required(),
                      field<&T::text>("text", "What it says").required(),
                      field<&T::read>("read", "It was marked as read").required());
    }
};

/// "22:00" as minutes of the day.
[[nodiscard]] Result<int> parse_time_of_day(std::string_view text, std::string_view where);
/// `invalid` names every field that does not fit.
[[nodiscard]] Result<void> check_rule(const Rule& rule);

}  // namespace quipu::notify
