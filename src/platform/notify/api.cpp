#include "platform/notify/api.h"

#include <fmt/format.h>

#include "base/number.h"
#include "net/tls.h"
#include "platform/notify/webhook.h"
#include "platform/off_loop.h"

namespace quipu::notify {
namespace {

using platform::Call;
using platform::Caller;
using platform::Nothing;
using platform::off_loop;
using platform::Page;
using platform::PageQuery;
using platform::Permission;
using platform::Reply;

constexpr std::string_view kTag = "notifications";

struct NoQuery {
    static constexpr auto describe() { return fields(); }
};
struct ShownQuery : PageQuery {
    bool unread = false;
    static constexpr auto describe() {
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&ShownQuery::unread>("unread", "Only what was not marked as read")));
    }
};
struct Marks {
    std::vector<std::int64_t> ids;
    std::int64_t up_to = 0;
    static constexpr auto describe() {
        return fields(field<&Marks::ids>("ids", "These notices").at_most_long(1000),
                      field<&Marks::up_to>("up_to", "All up to this one").at_least(0));
    }
};
struct MarkQuery {
    Marks body;
    static constexpr auto describe() { return fields(field<&MarkQuery::body>("body", "What was read").required()); }
};
struct Unread {
    std::int64_t unread = 0;
    static constexpr auto describe() {
        return fields(field<&Unread::unread>("unread", "Notices that were not marked as read").required());
    }
};
struct RuleQuery {
    std::int64_t id = 0;
    static constexpr auto describe() {
        return fields(field<&RuleQuery::id>("id", "The rule's number").required().at_least(1));
    }
};
struct NewRuleQuery {
    Rule body;
    static constexpr auto describe() { return fields(field<&NewRuleQuery::body>("body", "The rule").required()); }
};
struct PutRuleQuery {
    std::int64_t id = 0;
    Rule body;
    static constexpr auto describe() {
        return fields(field<&PutRuleQuery::id>("id", "The rule's number").required().at_least(1),
                      field<&PutRuleQuery::body>("body", "The rule").required());
    }
};
struct Secret {
    std::string secret;
    static constexpr auto describe() {
        return fields(field<&Secret::secret>("secret", "HMAC-SHA256 key of the rule's webhook").required());
    }
};

mail::Language language_of(const Caller& caller) {
    return mail::language_of(caller.language).value_or(mail::Language::en);
}

Result<Page<Shown>> list_shown(const Rooms& rooms, const Caller& caller, const ShownQuery& query) {
    const auto before = static_cast<std::int64_t>(TRY(platform::read_position(query.cursor)));
    const auto limit = static_cast<std::size_t>(query.limit);
    const auto found =
        TRY(rooms.store.shown({.recipient = caller.id, .before = before, .unread = query.unread, .limit = limit + 1}));
    Page<Shown> page;
    for (const auto& each : found)
        if (page.items.size() < limit) page.items.push_back(shown_of(rooms.texts, each, language_of(caller)));
    if (found.size() > limit) page.next = platform::make_cursor(std::to_string(page.items.back().id));
    return page;
}

Result<Unread> mark(const Rooms& rooms, const Caller& caller, const Marks& marks) {
    TRY(rooms.store.mark_read(caller.id, marks.ids, marks.up_to, rooms.clock.now()));
    return Unread {
        TRY(rooms.store.unread(caller.id))
    };
}

std::string owner_of(const Rule& rule, const Caller& caller) {
    return rule.team ? "team:" + *rule.team : caller.id;
}

/// A rule is its owner's; a team's is that of whoever manages people at its organisation.
bool is_theirs(const Rule& rule, const Caller& caller) {
    if (rule.team) return caller.may(Permission::manage_people, rule.team->substr(0, rule.team->find('/')), kTag);
    return rule.owner == caller.id;
}

Result<Rule> find_rule(const Rooms& rooms, const Caller& caller, std::int64_t id) {
    auto rule = TRY(rooms.store.rule(id));
    if (!rule || !is_theirs(*rule, caller))
        return fail(ErrorCode::not_found, fmt::format("there is no rule {} of yours", id), "id",
                    "see /api/v1/notifications/rules");
    return std::move(*rule);
}

Result<void> check(const Rooms& rooms, const Rule& rule, const Caller& caller) {
    TRY(check_rule(rule));
    if (rule.url) TRY(parse_webhook(*rule.url, rooms.allow_private));
    if (rule.team && !is_theirs(rule, caller))
        return fail(ErrorCode::forbidden, "this team's rules are not yours to make", "body.team",
                    "whoever manages people at its organisation makes them");
    return {};
}

Reply<Rule> reply_with(Rule rule, int status = 200) {
    std::string tag = std::to_string(rule.version);
    std::string place = status == 201 ? fmt::format("/api/v1/notifications/rules/{}", rule.id) : std::string();
    return {std::move(rule), status, std::move(tag), std::move(place)};
}

Result<Reply<Rule>> add_rule(const Rooms& rooms, const Caller& caller, Rule rule) {
    TRY(check(rooms, rule, caller));
    rule.owner = owner_of(rule, caller);
    rule.id = TRY(rooms.store.add_rule(rule));
    rule.version = 1;
    rooms.rules_changed();
    return reply_with(std::move(rule), 201);
}

Result<std::int64_t> version_of(const std::string& if_match) {
    if (const auto version = parse_number<std::int64_t>(if_match)) return *version;
    return fail(ErrorCode::precondition_failed, "If-Match is no version of a rule", "If-Match");
}

Result<Reply<Rule>> put_rule(const Rooms& rooms, const Caller& caller, const std::string& if_match, std::int64_t id,
                             Rule rule) {
    static_cast<void>(TRY(find_rule(rooms, caller, id)));
    TRY(check(rooms, rule, caller));
    rule.id = id;
    rule.owner = owner_of(rule, caller);
    const std::int64_t version = TRY(version_of(if_match));
    TRY(rooms.store.put_rule(rule, version));
    rule.version = version + 1;
    rooms.rules_changed();
    return reply_with(std::move(rule));
}

Result<Nothing> remove_rule(const Rooms& rooms, const Caller& caller, const std::string& if_match, std::int64_t id) {
    static_cast<void>(TRY(find_rule(rooms, caller, id)));
    TRY(rooms.store.remove_rule(id, TRY(version_of(if_match))));
    rooms.rules_changed();
    return Nothing{};
}

Result<Page<Rule>> list_rules(const Rooms& rooms, const Caller& caller, const PageQuery& query) {
    auto rules = TRY(rooms.store.rules());
    std::erase_if(rules, [&](const Rule& rule) { return !is_theirs(rule, caller); });
    return platform::page_of(std::move(rules), query);
}

/// A notice to the caller alone, by mail and in the portal.
Result<Nothing> send_test(const Rooms& rooms, const Caller& caller) {
    Notice notice{.topic = "house.test",
                  .text = "test",
                  .values = {{"network", rooms.network}},
                  .only_to = true,
                  .at_once = true};
    const bool has_account = caller.id.starts_with("person:");
    if (has_account) notice.to.push_back(To::account(caller.id));
    Directory* const directory = rooms.directory();
    if (!has_account || directory == nullptr || directory->find(notice.to.front()).empty())
        return fail(ErrorCode::conflict, "there is nobody to be told: the caller is no person with an account", {},
                    "sign in first");
    TRY(rooms.notifier.send(notice));
    return Nothing{};
}

}  // namespace

void add_routes(platform::Api& api, const Rooms& rooms) {
    api.get<ShownQuery, Page<Shown>>({.path = "/api/v1/notifications",
                                      .summary = "What the caller was told, newest first",
                                      .tag = kTag,
                                      .permission = Permission::own},
                                     [rooms](const Call& call, ShownQuery query) {
                                         return off_loop([rooms, caller = call.caller, query = std::move(query)] {
                                             return list_shown(rooms, caller, query);
                                         });
                                     });
    api.get<NoQuery, Unread>({.path = "/api/v1/notifications/unread",
                              .summary = "How many the caller has not read",
                              .tag = kTag,
                              .permission = Permission::own},
                             [rooms](const Call& call, NoQuery) {
                                 return off_loop([rooms, id = call.caller.id]() -> Result<Unread> {
                                     return Unread {
                                         TRY(rooms.store.unread(id))
                                     };
                                 });
                             });
    api.post<MarkQuery, Unread>(
        {.path = "/api/v1/notifications/read", .summary = "Mark as read", .tag = kTag, .permission = Permission::own},
        [rooms](const Call& call, MarkQuery query) {
            return off_loop(
                [rooms, caller = call.caller, query = std::move(query)] { return mark(rooms, caller, query.body); });
        });
    api.stream({.path = "/api/v1/notifications/stream",
                .summary = "Notices as they come; Last-Event-ID resumes",
                .tag = kTag,
                .permission = Permission::own},
               [rooms](const Call& call, const net::HttpRequest& request) -> Result<net::EventBody> {
                   std::int64_t after = -1;
                   if (const std::string* id = request.headers.find("Last-Event-ID")) {
                       after = parse_number<std::int64_t>(*id).value_or(-1);
                       if (after < 0) return fail(ErrorCode::invalid, "expected the id of a notice", "Last-Event-ID");
                   }
                   return [streams = rooms.streams, id = call.caller.id, language = language_of(call.caller),
                           after](net::EventStream& stream) { return streams->run(stream, id, language, after); };
               });
    api.get<PageQuery, Page<Rule>>({.path = "/api/v1/notifications/rules",
                                    .summary = "The caller's rules, and those of teams that they manage",
                                    .tag = kTag,
                                    .permission = Permission::own,
                                    .command = "quipu notify rules"},
                                   [rooms](const Call& call, PageQuery query) {
                                       return off_loop([rooms, caller = call.caller, query = std::move(query)] {
                                           return list_rules(rooms, caller, query);
                                       });
                                   });
    api.post<NewRuleQuery, Rule>({.path = "/api/v1/notifications/rules",
                                  .summary = "A rule of what to be told, how and when",
                                  .tag = kTag,
                                  .permission = Permission::own,
                                  .command = "quipu notify rules --add",
                                  .success = 201},
                                 [rooms](const Call& call, NewRuleQuery query) {
                                     return off_loop([rooms, caller = call.caller, query = std::move(query)] {
                                         return add_rule(rooms, caller, query.body);
                                     });
                                 });
    api.get<RuleQuery, Rule>(
        {.path = "/api/v1/notifications/rules/{id}", .summary = "One rule", .tag = kTag, .permission = Permission::own},
        [rooms](const Call& call, RuleQuery query) {
            return off_loop([rooms, caller = call.caller, query]() -> Result<Reply<Rule>> {
                return reply_with(TRY(find_rule(rooms, caller, query.id)));
            });
        });
    api.put<PutRuleQuery, Rule>(
        {.path = "/api/v1/notifications/rules/{id}",
         .summary = "Change a rule",
         .tag = kTag,
         .permission = Permission::own,
         .needs_if_match = true},
        [rooms](const Call& call, PutRuleQuery query) {
            return off_loop([rooms, caller = call.caller, tag = call.if_match, query = std::move(query)] {
                return put_rule(rooms, caller, tag, query.id, query.body);
            });
        });
    api.remove<RuleQuery, Nothing>({.path = "/api/v1/notifications/rules/{id}",
                                    .summary = "Remove a rule",
                                    .tag = kTag,
                                    .permission = Permission::own,
                                    .needs_if_match = true},
                                   [rooms](const Call& call, RuleQuery query) {
                                       return off_loop([rooms, caller = call.caller, tag = call.if_match, query] {
                                           return remove_rule(rooms, caller, tag, query.id);
                                       });
                                   });
    api.get<RuleQuery, Secret>({.path = "/api/v1/notifications/rules/{id}/secret",
                                .summary = "What the posts of a rule's webhook are signed with",
                                .tag = kTag,
                                .permission = Permission::own},
                               [rooms](const Call& call, RuleQuery query) {
                                   return off_loop([rooms, caller = call.caller, query]() -> Result<Secret> {
                                       return Secret {
                                           rooms.secret_of(TRY(find_rule(rooms, caller, query.id)))
                                       };
                                   });
                               });
    api.post<NoQuery, Nothing>({.path = "/api/v1/notifications/test",
                                .summary = "Send the caller a notice, to see that it arrives",
                                .tag = kTag,
                                .permission = Permission::own,
                                .command = "quipu notify test"},
                               [rooms](const Call& call, NoQuery) {
                                   return off_loop([rooms, caller = call.caller] { return send_test(rooms, caller); });
                               });
}

}  // namespace quipu::notify
