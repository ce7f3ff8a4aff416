#include "desk/pert/api.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/number.h"
#include "base/words.h"
#include "desk/knowledge/markdown.h"
#include "desk/pert/calendar.h"
#include "desk/pert/pert.h"
#include "platform/off_loop.h"

namespace quipu::pert {
namespace {

using platform::Call;
using platform::Page;
using platform::PageQuery;
using platform::Permission;
using platform::Reply;

struct TeamsQuery : PageQuery {
    std::string organisation, q;
    std::optional<Standing> standing;
    static constexpr auto describe() {
        using T = TeamsQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::organisation>("organisation", "Only its teams"),
                   field<&T::standing>("standing", "Only those that stand so"),
                   field<&T::q>("q", "Only those whose name, organisation or constituency has these words")
                       .at_most_long(200)));
    }
};
struct OneTeam {
    std::string id;
    static constexpr auto describe() { return fields(field<&OneTeam::id>("id", "The team").required()); }
};
struct NewTeam {
    Team body;
    static constexpr auto describe() { return fields(field<&NewTeam::body>("body", "The team").required()); }
};
struct ChangedTeam : OneTeam {
    Team body;
    static constexpr auto describe() {
        return std::tuple_cat(OneTeam::describe(),
                              fields(field<&ChangedTeam::body>("body", "The whole team, as it is to be").required()));
    }
};
struct CriteriaQuery : PageQuery {
    std::string language;
    static constexpr auto describe() {
        return std::tuple_cat(PageQuery::describe(), fields(field<&CriteriaQuery::language>(
                                                         "language", "es, pt, en; the caller's if left out")));
    }
};
struct AccreditationsQuery : PageQuery {
    std::string team;
    std::optional<AccreditationState> state;
    static constexpr auto describe() {
        using T = AccreditationsQuery;
        return std::tuple_cat(PageQuery::describe(), fields(field<&T::team>("team", "Only this team's"),
                                                            field<&T::state>("state", "Only those that stand so")));
    }
};
struct Numbered {
    std::int64_t number = 0;
    static constexpr auto describe() {
        return fields(field<&Numbered::number>("number", "Its number").required().at_least(1));
    }
};
template <class Body>
struct With : Numbered {
    Body body;
    static constexpr auto describe() {
        return std::tuple_cat(Numbered::describe(), fields(field<&With::body>("body", "What is wanted").required()));
    }
};
template <class Body>
struct New {
    Body body;
    static constexpr auto describe() { return fields(field<&New::body>("body", "What is wanted").required()); }
};
struct EvidenceInput {
    std::map<std::string, std::string> evidence;
    static constexpr auto describe() {
        return fields(field<&EvidenceInput::evidence>("evidence", "What the team shows, by criterion").required());
    }
};
struct RequestsQuery : PageQuery {
    std::string team;
    std::optional<RequestState> state;
    std::optional<bool> overdue;
    std::optional<std::int64_t> performance_case;
    static constexpr auto describe() {
        using T = RequestsQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::team>("team", "Only those that it asks or is asked"),
                   field<&T::state>("state", "Only those that stand so"),
                   field<&T::overdue>("overdue", "Only those that wait beyond their due time, or only others"),
                   field<&T::performance_case>("case", "Only those of this case")));
    }
};
struct MeetingsQuery : PageQuery {
    std::optional<Time> since, until;
    std::optional<MeetingState> state;
    static constexpr auto describe() {
        using T = MeetingsQuery;
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&T::since>("since", "Only those that end after this time"),
                                     field<&T::until>("until", "Only those that begin before this time"),
                                     field<&T::state>("state", "Only those that stand so")));
    }
};

Result<std::int64_t> version_in(const std::string& if_match) {
    if (const auto version = parse_number<std::int64_t>(if_match)) return *version;
    return fail(ErrorCode::precondition_failed, "is not a version", "If-Match", "send the ETag as it came");
}

template <class T>
Reply<T> with_etag(T object, int status = 200, std::string place = {}) {
    std::string etag = std::to_string(object.version);
    return {std::move(object), status, std::move(etag), std::move(place)};
}
template <class T>
Reply<T> made(T object, std::string_view collection) {
    std::string place = fmt::format("/api/v1/pert/{}/{}", collection, object.number);
    return with_etag(std::move(object), 201, std::move(place));
}

bool has_words(const Team& team, std::string_view wanted) {
    const auto words = words_in(fmt::format("{} {} {} {}", team.id, team.name, team.organisation, team.constituency));
    return std::ranges::all_of(words_in(wanted), [&](const Word& word) {
        return std::ranges::any_of(words, [&](const Word& each) { return each.folded.starts_with(word.folded); });
    });
}

Result<MeetingPage> page_of_meeting(Meeting meeting) {
    MeetingPage page;
    page.agenda_html = TRY(knowledge::render_markdown(meeting.agenda))
    .html;
    page.minutes_html = TRY(knowledge::render_markdown(meeting.minutes))
    .html;
    static_cast<Meeting&>(page) = std::move(meeting);
    return page;
}

std::string host_of(const Call& call) {
    const std::string host(call.request.headers.get("Host"));
    return host.empty() ? "quipu" : host.substr(0, host.find(':'));
}

platform::RouteInfo route(std::string_view path, std::string_view summary, Permission permission,
                          std::string_view command = {}) {
    return {.path = path, .summary = summary, .tag = kTag, .permission = permission, .command = command};
}
platform::RouteInfo changing(platform::RouteInfo info) {
    info.needs_if_match = true;
    return info;
}
platform::RouteInfo making(platform::RouteInfo info) {
    info.success = 201;
    return info;
}

/// A handler whose work waits for the database. `work(call, query)` answers a Result.
template <class Q, class F>
auto waiting(F work) {
    return [work](const Call& call, Q query) -> Task<std::invoke_result_t<F, const Call&, Q&>> {
        co_return co_await platform::off_loop([&] { return work(call, query); });
    };
}

void add_team_routes(platform::Api& api, Pert& pert) {
    api.get<TeamsQuery, Page<Team>>(
        route("/api/v1/pert/teams", "Performance response teams", Permission::see_public, "quipu pert teams"),
        waiting<TeamsQuery>([&pert](const Call& call, TeamsQuery& query) -> Result<Page<Team>> {
            auto all = TRY(pert.teams(call.caller));
            std::erase_if(all, [&](const Team& team) {
                return (!query.organisation.empty() && team.organisation != query.organisation) ||
                       (query.standing && team.standing != *query.standing) ||
                       (!query.q.empty() && !has_words(team, query.q));
            });
            return platform::page_of(std::move(all), query);
        }));
    api.post<NewTeam, Team>(making(route("/api/v1/pert/teams", "Registers a team", Permission::work_cases)),
                            waiting<NewTeam>([&pert](const Call& call, NewTeam& query) -> Result<Reply<Team>> {
                                Team team = TRY(pert.register_team(call.caller, std::move(query.body)));
                                std::string place = "/api/v1/pert/teams/" + team.id;
                                return with_etag(std::move(team), 201, std::move(place));
                            }));
    api.get<OneTeam, Team>(
        route("/api/v1/pert/teams/{id}", "One team, with the contacts that the caller may see", Permission::see_public),
        waiting<OneTeam>([&pert](const Call& call, OneTeam& query) -> Result<Reply<Team>> {
            // What it shows depends on who asks, and when an accreditation ends: no ETag to be cached by.
            Team team = TRY(pert.team(call.caller, query.id));
            return Reply<Team>(std::move(team));
        }));
    api.put<ChangedTeam, Team>(
        changing(route("/api/v1/pert/teams/{id}", "Changes a team", Permission::work_cases)),
        waiting<ChangedTeam>([&pert](const Call& call, ChangedTeam& query) -> Result<Reply<Team>> {
            return with_etag(
                TRY(pert.change_team(call.caller, query.id, TRY(version_in(call.if_match)), std::move(query.body))));
        }));
    api.remove<OneTeam, platform::Nothing>(
        changing(route("/api/v1/pert/teams/{id}", "Removes a team that is not accredited", Permission::work_cases)),
        waiting<OneTeam>([&pert](const Call& call, OneTeam& query) -> Result<platform::Nothing> {
            TRY(pert.remove_team(call.caller, query.id, TRY(version_in(call.if_match))));
            return platform::Nothing{};
        }));
}

void add_accreditation_routes(platform::Api& api, Pert& pert) {
    api.get<CriteriaQuery, Page<Criterion>>(
        route("/api/v1/pert/criteria", "What a team shows to be accredited", Permission::see_public),
        [](const Call& call, const CriteriaQuery& query) -> Result<Page<Criterion>> {
            return platform::page_of(criteria_in(query.language.empty() ? call.caller.language : query.language),
                                     query);
        });
    api.get<AccreditationsQuery, Page<Accreditation>>(
        route("/api/v1/pert/accreditations", "Accreditations, newest first", Permission::work_cases),
        waiting<AccreditationsQuery>([&pert](const Call& call,
                                             AccreditationsQuery& query) -> Result<Page<Accreditation>> {
            auto all = TRY(pert.accreditations(call.caller, query.team));
            std::erase_if(all, [&](const Accreditation& each) { return query.state && each.state != *query.state; });
            return platform::page_of(std::move(all), query);
        }));
    api.post<New<NewAccreditation>, Accreditation>(
        making(route("/api/v1/pert/accreditations", "Begins a team's accreditation or its renewal",
                     Permission::work_cases)),
        waiting<New<NewAccreditation>>([&pert](const Call& call, auto& query) -> Result<Reply<Accreditation>> {
            return made(TRY(pert.apply(call.caller, query.body)), "accreditations");
        }));
    api.get<Numbered, Accreditation>(
        route("/api/v1/pert/accreditations/{number}", "One accreditation with its history", Permission::work_cases),
        waiting<Numbered>([&pert](const Call& call, Numbered& query) -> Result<Reply<Accreditation>> {
            return with_etag(TRY(pert.accreditation(call.caller, query.number)));
        }));
    api.put<With<EvidenceInput>, Accreditation>(
        changing(route("/api/v1/pert/accreditations/{number}/evidence", "What the team shows", Permission::work_cases)),
        waiting<With<EvidenceInput>>([&pert](const Call& call, auto& query) -> Result<Reply<Accreditation>> {
            return with_etag(TRY(pert.show_evidence(call.caller, query.number, TRY(version_in(call.if_match)),
                                                    std::move(query.body.evidence))));
        }));
    api.post<With<AccreditationStepInput>, Accreditation>(
        route("/api/v1/pert/accreditations/{number}/steps", "Takes a step: submit, approve, accredit…",
              Permission::work_cases),
        waiting<With<AccreditationStepInput>>([&pert](const Call& call, auto& query) -> Result<Reply<Accreditation>> {
            return with_etag(TRY(pert.step(call.caller, query.number, query.body)));
        }));
}

void add_request_routes(platform::Api& api, Pert& pert) {
    api.get<RequestsQuery, Page<TechnicalRequest>>(
        route("/api/v1/pert/requests", "Requests for technical information, newest first", Permission::work_cases,
              "quipu pert requests"),
        waiting<RequestsQuery>([&pert](const Call& call, RequestsQuery& query) -> Result<Page<TechnicalRequest>> {
            auto all = TRY(pert.requests(call.caller));
            std::erase_if(all, [&](const TechnicalRequest& each) {
                const bool waits = each.state == RequestState::asked || each.state == RequestState::accepted;
                return (!query.team.empty() && each.from != query.team && each.to != query.team) ||
                       (query.state && each.state != *query.state) ||
                       (query.overdue && (waits && each.overdue) != *query.overdue) ||
                       (query.performance_case && each.performance_case != query.performance_case);
            });
            return platform::page_of(std::move(all), query);
        }));
    api.post<New<NewTechnicalRequest>, TechnicalRequest>(
        making(route("/api/v1/pert/requests", "Asks another team", Permission::work_cases)),
        waiting<New<NewTechnicalRequest>>([&pert](const Call& call, auto& query) -> Result<Reply<TechnicalRequest>> {
            return made(TRY(pert.ask(call.caller, query.body)), "requests");
        }));
    api.get<Numbered, TechnicalRequest>(
        route("/api/v1/pert/requests/{number}", "One request with its history", Permission::work_cases),
        waiting<Numbered>([&pert](const Call& call, Numbered& query) -> Result<Reply<TechnicalRequest>> {
            return with_etag(TRY(pert.request(call.caller, query.number)));
        }));
    api.post<With<RequestStepInput>, TechnicalRequest>(
        route("/api/v1/pert/requests/{number}/steps", "Takes a step: accept, answer, decline, close, reopen",
              Permission::work_cases),
        waiting<With<RequestStepInput>>([&pert](const Call& call, auto& query) -> Result<Reply<TechnicalRequest>> {
            return with_etag(TRY(pert.step(call.caller, query.number, query.body)));
        }));
}

void add_meeting_routes(platform::Api& api, Pert& pert, const Clock& clock) {
    api.get<MeetingsQuery, Page<Meeting>>(
        route("/api/v1/pert/meetings", "Meetings of the teams, by their beginning", Permission::see_public),
        waiting<MeetingsQuery>([&pert](const Call& call, MeetingsQuery& query) -> Result<Page<Meeting>> {
            auto all = TRY(pert.meetings(call.caller, query.since, query.until));
            std::erase_if(all, [&](const Meeting& each) { return query.state && each.state != *query.state; });
            return platform::page_of(std::move(all), query);
        }));
    api.post<New<Meeting>, MeetingPage>(
        making(route("/api/v1/pert/meetings", "Calls a meeting", Permission::publish)),
        waiting<New<Meeting>>([&pert](const Call& call, auto& query) -> Result<Reply<MeetingPage>> {
            return made(TRY(page_of_meeting(TRY(pert.call_meeting(call.caller, std::move(query.body))))), "meetings");
        }));
    api.get<Numbered, MeetingPage>(
        route("/api/v1/pert/meetings/{number}", "One meeting, with agenda and minutes as HTML", Permission::see_public),
        waiting<Numbered>([&pert](const Call& call, Numbered& query) -> Result<Reply<MeetingPage>> {
            return with_etag(TRY(page_of_meeting(TRY(pert.meeting(call.caller, query.number)))));
        }));
    api.put<With<Meeting>, MeetingPage>(
        changing(route("/api/v1/pert/meetings/{number}", "Changes a meeting", Permission::publish)),
        waiting<With<Meeting>>([&pert](const Call& call, auto& query) -> Result<Reply<MeetingPage>> {
            return with_etag(TRY(page_of_meeting(TRY(pert.change_meeting(
                call.caller, query.number, TRY(version_in(call.if_match)), std::move(query.body))))));
        }));
    const auto calendar = [&clock](std::span<const Meeting> meetings, const Call& call) {
        return platform::Document{calendar_of(meetings, host_of(call), clock.now()), "text/calendar; charset=utf-8",
                                  "meetings.ics"};
    };
    auto one = route("/api/v1/pert/meetings/{number}/calendar", "One meeting as iCalendar", Permission::see_public);
    one.media_type = "text/calendar";
    api.get<Numbered, platform::Document>(
        one, waiting<Numbered>([&pert, calendar](const Call& call, Numbered& query) -> Result<platform::Document> {
            const Meeting meeting = TRY(pert.meeting(call.caller, query.number));
            return calendar({&meeting, 1}, call);
        }));
    auto all =
        route("/api/v1/pert/calendar", "All meetings that the caller may see, as iCalendar", Permission::see_public);
    all.media_type = "text/calendar";
    api.get<platform::NoInput, platform::Document>(
        all, waiting<platform::NoInput>(
                 [&pert, calendar](const Call& call, platform::NoInput&) -> Result<platform::Document> {
                     return calendar(TRY(pert.meetings(call.caller, {}, {})), call);
                 }));
}

}  // namespace

void add_routes(platform::Api& api, Pert& pert, const Clock& clock) {
    add_team_routes(api, pert);
    add_accreditation_routes(api, pert);
    add_request_routes(api, pert);
    add_meeting_routes(api, pert, clock);
}

}  // namespace quipu::pert
