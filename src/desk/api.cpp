#include "desk/api.h"

#include <fmt/format.h>

#include "desk/figures.h"
#include "desk/holidays.h"
#include "desk/sight.h"
#include "platform/off_loop.h"

namespace quipu::desk {
namespace {

using platform::Call;
using platform::Document;
using platform::Nothing;
using platform::off_loop;
using platform::PageQuery;
using platform::Permission;
using platform::Reply;
using platform::RouteInfo;

// ---- what requests say

template <class T>
constexpr auto number_field() {
    return field<&T::number>("number", "The case").required().at_least(1);
}

struct ListQuery : PageQuery, CaseFilter {
    static constexpr auto describe() { return std::tuple_cat(PageQuery::describe(), CaseFilter::describe()); }
};
struct OneQuery {
    std::int64_t number = 0;
    static constexpr auto describe() { return fields(number_field<OneQuery>()); }
};
struct LinesQuery : PageQuery {
    std::int64_t number = 0;
    static constexpr auto describe() {
        return std::tuple_cat(PageQuery::describe(), fields(number_field<LinesQuery>()));
    }
};
struct TimelineQuery : PageQuery {
    std::int64_t number = 0;
    bool notes_only = false;
    static constexpr auto describe() {
        using T = TimelineQuery;
        return std::tuple_cat(PageQuery::describe(),
                              fields(number_field<T>(), field<&T::notes_only>("notes_only", "Only what was said")));
    }
};
template <class Body>
struct WithBody {
    Body body;
    static constexpr auto describe() { return fields(field<&WithBody::body>("body", "What is wanted").required()); }
};
template <class Body>
struct OfCase {
    std::int64_t number = 0;
    Body body;
    static constexpr auto describe() {
        using T = OfCase;
        return fields(number_field<T>(), field<&T::body>("body", "What is wanted").required());
    }
};
struct SentFile {
    std::int64_t number = 0;
    std::string name;
    Visibility visibility = Visibility::public_;
    std::string body;
    static constexpr auto describe() {
        using T = SentFile;
        return fields(number_field<T>(), field<&T::name>("name", "File name").required().at_most_long(400),
                      field<&T::visibility>("visibility", "Who may read it"),
                      field<&T::body>("body", "The file").required().at_most_long(64 * 1024 * 1024));
    }
};
struct FileQuery {
    std::int64_t number = 0, id = 0;
    static constexpr auto describe() {
        using T = FileQuery;
        return fields(number_field<T>(), field<&T::id>("id", "The file").required().at_least(1));
    }
};
struct WatcherQuery {
    std::int64_t number = 0;
    std::string id;
    std::string language;
    static constexpr auto describe() {
        using T = WatcherQuery;
        return fields(number_field<T>(),
                      field<&T::id>("id", "Account, mail:ADDRESS, or `me`").required().at_most_long(330),
                      field<&T::language>("language", "es, pt, en").at_most_long(8));
    }
};
struct HolidayQuery {
    std::string country;
    std::int64_t year = 0;
    static constexpr auto describe() {
        using T = HolidayQuery;
        return fields(field<&T::country>("country", "ISO 3166-1 alpha-2 code").required().at_most_long(2),
                      field<&T::year>("year", "The year").required().between(1583, 4099));
    }
};

// ---- answers

Reply<Case> with_etag(Case what) {
    std::string etag = fmt::to_string(what.version);
    return {std::move(what), 200, std::move(etag)};
}

Result<std::int64_t> version_of(std::string_view if_match) {
    std::int64_t out = 0;
    for (const char c : if_match) {
        if (c < '0' || c > '9' || out > 1'000'000'000'000)
            return fail(ErrorCode::precondition_failed, "If-Match is not a version of a case", "If-Match");
        out = out * 10 + (c - '0');
    }
    return out;
}

template <class T>
Page<T> whole(std::vector<T> items) {
    return {std::move(items), {}};
}

std::string watcher_of(const Call& call, const std::string& id) {
    return id == "me" ? call.caller.id : id;
}

RouteInfo route(std::string_view path, std::string_view summary, Permission permission, std::string_view command = {}) {
    return {.path = path, .summary = summary, .tag = kDeskTag, .permission = permission, .command = command};
}
RouteInfo making(std::string_view path, std::string_view summary, Permission permission,
                 std::string_view command = {}) {
    RouteInfo info = route(path, summary, permission, command);
    info.success = 201;
    return info;
}

// ---- groups of routes; handlers are coroutines of their own, which own what they are given

Task<Result<Page<Case>>> list_cases(Desk& desk, Caller caller, ListQuery query) {
    co_return co_await off_loop([&] { return desk.list(caller, query, query.limit, query.cursor); });
}
Task<Result<Reply<Made>>> open_case(Desk& desk, Caller caller, NewCase wanted) {
    const std::int64_t number = CO_TRY(co_await off_loop([&] { return desk.open(caller, wanted); }));
    co_return Reply<Made>({number}, 201, {}, fmt::format("/api/v1/cases/{}", number));
}
Task<Result<Reply<Case>>> one_case(Desk& desk, Caller caller, std::int64_t number) {
    co_return with_etag(CO_TRY(co_await off_loop([&] { return desk.find(caller, number); })));
}
Task<Result<Reply<Case>>> change_case(Desk& desk, Caller caller, std::string if_match, OfCase<CaseEdit> query) {
    const std::int64_t version = CO_TRY(version_of(if_match));
    co_return with_etag(
        CO_TRY(co_await off_loop([&] { return desk.change(caller, query.number, version, query.body); })));
}

void add_case_routes(platform::Api& api, Desk& desk) {
    api.get<ListQuery, Page<Case>>(
        route("/api/v1/cases", "Cases that the caller may see", Permission::see_public, "quipu cases list"),
        [&desk](const Call& call, ListQuery query) { return list_cases(desk, call.caller, std::move(query)); });
    api.post<WithBody<NewCase>, Made>(
        making("/api/v1/cases", "Opens a case", Permission::own, "quipu cases open TITLE"),
        [&desk](const Call& call, WithBody<NewCase> query) {
            return open_case(desk, call.caller, std::move(query.body));
        });
    api.get<OneQuery, Case>(
        route("/api/v1/cases/{number}", "One case", Permission::see_public, "quipu cases show NUMBER"),
        [&desk](const Call& call, OneQuery query) { return one_case(desk, call.caller, query.number); });
    RouteInfo change = route("/api/v1/cases/{number}", "Changes a case: what is left out stays", Permission::work_cases,
                             "quipu cases assign NUMBER ACCOUNT");
    change.needs_if_match = true;
    api.patch<OfCase<CaseEdit>, Case>(change, [&desk](const Call& call, OfCase<CaseEdit> query) {
        return change_case(desk, call.caller, call.if_match, std::move(query));
    });
}

Task<Result<Page<Entry>>> lines(Desk& desk, Caller caller, TimelineQuery query) {
    co_return co_await off_loop(
        [&] { return desk.timeline(caller, query.number, query.limit, query.cursor, query.notes_only); });
}
Task<Result<Page<Entry>>> notes(Desk& desk, Caller caller, LinesQuery query) {
    co_return co_await off_loop([&] { return desk.timeline(caller, query.number, query.limit, query.cursor, true); });
}
Task<Result<Reply<Made>>> add_note(Desk& desk, Caller caller, OfCase<NewNote> query) {
    const std::int64_t id = CO_TRY(co_await off_loop([&] { return desk.add_note(caller, query.number, query.body); }));
    co_return Reply<Made>({id}, 201, {}, fmt::format("/api/v1/cases/{}/timeline", query.number));
}

void add_line_routes(platform::Api& api, Desk& desk) {
    api.get<TimelineQuery, Page<Entry>>(
        route("/api/v1/cases/{number}/timeline", "What happened to a case, in order", Permission::see_public,
              "quipu cases show NUMBER"),
        [&desk](const Call& call, TimelineQuery query) { return lines(desk, call.caller, std::move(query)); });
    api.get<LinesQuery, Page<Entry>>(
        route("/api/v1/cases/{number}/notes", "What was said of a case", Permission::see_public),
        [&desk](const Call& call, LinesQuery query) { return notes(desk, call.caller, std::move(query)); });
    api.post<OfCase<NewNote>, Made>(
        making("/api/v1/cases/{number}/notes", "Says something: the team's first public note is the answer",
               Permission::own, "quipu cases note NUMBER TEXT"),
        [&desk](const Call& call, OfCase<NewNote> query) { return add_note(desk, call.caller, std::move(query)); });
}

Task<Result<Page<Evidence>>> list_evidence(Desk& desk, Caller caller, std::int64_t number) {
    co_return whole(CO_TRY(co_await off_loop([&] { return desk.evidence(caller, number); })));
}
Task<Result<Nothing>> freeze(Desk& desk, Caller caller, OfCase<EvidenceWish> query) {
    CO_TRY(co_await off_loop([&]() -> Result<void> {
        auto frozen = TRY(desk.freeze(std::span(&query.body, 1)));
        if (frozen.empty())
            return fail(ErrorCode::not_found, "there is nothing of that kind in that span", "body",
                        "see stream, key, since and until");
        return desk.add_evidence(caller, query.number, std::move(frozen));
    }));
    co_return Nothing{};
}
Task<Result<Page<Attachment>>> list_files(Desk& desk, Caller caller, std::int64_t number) {
    co_return whole(CO_TRY(co_await off_loop([&] { return desk.attachments(caller, number); })));
}
Task<Result<Reply<Attachment>>> send_file(Desk& desk, Caller caller, SentFile file) {
    Attachment made = CO_TRY(co_await off_loop([&] {
        return desk.attach(caller, file.number, {std::move(file.name), std::move(file.body)}, file.visibility);
    }));
    std::string place = fmt::format("/api/v1/cases/{}/attachments/{}", file.number, made.id);
    co_return Reply<Attachment>(std::move(made), 201, {}, std::move(place));
}
/// Offered as download and with nosniff (platform/door.h): no browser runs what somebody sent.
Task<Result<Document>> file(Desk& desk, Caller caller, FileQuery query) {
    auto found = CO_TRY(co_await off_loop([&] { return desk.attachment(caller, query.number, query.id); }));
    co_return Document{std::move(found.octets), std::move(found.attachment.media_type),
                       std::move(found.attachment.name)};
}

void add_material_routes(platform::Api& api, Desk& desk) {
    api.get<OneQuery, Page<Evidence>>(
        route("/api/v1/cases/{number}/evidence", "What was known when it was opened", Permission::see_public),
        [&desk](const Call& call, OneQuery query) { return list_evidence(desk, call.caller, query.number); });
    api.post<OfCase<EvidenceWish>, Nothing>(
        route("/api/v1/cases/{number}/evidence", "Keeps a series, a path or events as they are now",
              Permission::work_cases),
        [&desk](const Call& call, OfCase<EvidenceWish> query) { return freeze(desk, call.caller, std::move(query)); });
    api.get<OneQuery, Page<Attachment>>(
        route("/api/v1/cases/{number}/attachments", "Files that came with a case", Permission::see_public),
        [&desk](const Call& call, OneQuery query) { return list_files(desk, call.caller, query.number); });
    api.post<SentFile, Attachment>(
        making("/api/v1/cases/{number}/attachments", "Adds a file: the body as it is", Permission::own),
        [&desk](const Call& call, SentFile sent) { return send_file(desk, call.caller, std::move(sent)); });
    RouteInfo download =
        route("/api/v1/cases/{number}/attachments/{id}", "A file, as download", Permission::see_public);
    download.media_type = "application/octet-stream";
    api.get<FileQuery, Document>(download,
                                 [&desk](const Call& call, FileQuery query) { return file(desk, call.caller, query); });
}

Task<Result<Reply<Case>>> merge(Desk& desk, Caller caller, OfCase<MergeInto> query) {
    co_return with_etag(CO_TRY(co_await off_loop([&] { return desk.merge(caller, query.number, query.body.into); })));
}
Task<Result<Reply<Made>>> split(Desk& desk, Caller caller, OfCase<SplitOff> query) {
    const std::int64_t made = CO_TRY(
        co_await off_loop([&] { return desk.split(caller, query.number, query.body.entries, query.body.title); }));
    co_return Reply<Made>({made}, 201, {}, fmt::format("/api/v1/cases/{}", made));
}
Task<Result<Page<Candidate>>> list_candidates(Desk& desk, Caller caller, std::int64_t number) {
    co_return whole(CO_TRY(co_await off_loop([&] { return desk.candidates(caller, number); })));
}
Task<Result<Page<Watcher>>> list_watchers(Desk& desk, Caller caller, std::int64_t number) {
    co_return whole(CO_TRY(co_await off_loop([&] { return desk.watchers(caller, number); })));
}
Task<Result<Nothing>> watch(Desk& desk, Caller caller, std::int64_t number, Watcher watcher) {
    CO_TRY(co_await off_loop([&] { return desk.watch(caller, number, watcher); }));
    co_return Nothing{};
}
Task<Result<Nothing>> unwatch(Desk& desk, Caller caller, std::int64_t number, std::string watcher) {
    CO_TRY(co_await off_loop([&] { return desk.unwatch(caller, number, watcher); }));
    co_return Nothing{};
}
Task<Result<Nothing>> link(Desk& desk, Caller caller, OfCase<Links> query) {
    CO_TRY(co_await off_loop([&] { return desk.link(caller, query.number, query.body.objects); }));
    co_return Nothing{};
}

void add_work_routes(platform::Api& api, Desk& desk) {
    api.post<OfCase<MergeInto>, Case>(
        route("/api/v1/cases/{number}/merge", "Puts a case into another: its number leads on", Permission::work_cases),
        [&desk](const Call& call, OfCase<MergeInto> query) { return merge(desk, call.caller, query); });
    api.post<OfCase<SplitOff>, Made>(
        making("/api/v1/cases/{number}/split", "Makes a case of its own of some notes", Permission::work_cases),
        [&desk](const Call& call, OfCase<SplitOff> query) { return split(desk, call.caller, std::move(query)); });
    api.post<OfCase<Links>, Nothing>(
        route("/api/v1/cases/{number}/links", "Links objects to a case", Permission::work_cases),
        [&desk](const Call& call, OfCase<Links> query) { return link(desk, call.caller, std::move(query)); });
    api.get<OneQuery, Page<Candidate>>(
        route("/api/v1/cases/{number}/candidates", "Who could take care of a case: those with an account who may",
              Permission::work_cases),
        [&desk](const Call& call, OneQuery query) { return list_candidates(desk, call.caller, query.number); });
    api.get<OneQuery, Page<Watcher>>(
        route("/api/v1/cases/{number}/watchers", "Who follows a case: all for the team, oneself for others",
              Permission::own),
        [&desk](const Call& call, OneQuery query) { return list_watchers(desk, call.caller, query.number); });
    api.put<WatcherQuery, Nothing>(route("/api/v1/cases/{number}/watchers/{id}", "Follows a case", Permission::own),
                                   [&desk](const Call& call, const WatcherQuery& query) {
                                       const bool self = query.id == "me" && query.language.empty();
                                       Watcher watcher{watcher_of(call, query.id),
                                                       self ? call.caller.language : query.language};
                                       return watch(desk, call.caller, query.number, std::move(watcher));
                                   });
    api.remove<WatcherQuery, Nothing>(
        route("/api/v1/cases/{number}/watchers/{id}", "Follows a case no more", Permission::own),
        [&desk](const Call& call, const WatcherQuery& query) {
            return unwatch(desk, call.caller, query.number, watcher_of(call, query.id));
        });
}

Task<Result<Page<Statistic>>> statistics(Desk& desk, Caller caller, StatisticFilter filter) {
    co_return whole(CO_TRY(co_await off_loop([&] { return desk.statistics(caller, filter); })));
}
Task<Result<Document>> statistics_file(Desk& desk, Caller caller, StatisticFilter filter) {
    const auto rows = CO_TRY(co_await off_loop([&] { return desk.statistics(caller, filter); }));
    co_return Document{statistics_csv(rows), "text/csv; charset=utf-8", "cases.csv"};
}
Task<Result<Page<QueueState>>> queues(Desk& desk, Caller caller) {
    co_return whole(CO_TRY(co_await off_loop([&] { return desk.queues(caller); })));
}

void add_figure_routes(platform::Api& api, Desk& desk) {
    api.get<StatisticFilter, Page<Statistic>>(
        route("/api/v1/cases/statistics", "What became of the cases of each month", Permission::see_members,
              "quipu cases stats"),
        [&desk](const Call& call, StatisticFilter filter) { return statistics(desk, call.caller, std::move(filter)); });
    RouteInfo csv = route("/api/v1/cases/statistics.csv", "The same as CSV", Permission::see_members,
                          "quipu cases stats --output csv");
    csv.media_type = "text/csv";
    api.get<StatisticFilter, Document>(csv, [&desk](const Call& call, StatisticFilter filter) {
        return statistics_file(desk, call.caller, std::move(filter));
    });
    api.get<platform::NoInput, Page<QueueState>>(
        route("/api/v1/desk/queues", "Every queue as it stands, its states and promises", Permission::see_public,
              "quipu cases queues"),
        [&desk](const Call& call, platform::NoInput) { return queues(desk, call.caller); });
    api.get<HolidayQuery, Page<Holiday>>(
        route("/api/v1/desk/holidays", "Public holidays on which service clocks stand still", Permission::see_public),
        [&desk](const Call&, const HolidayQuery& query) -> Result<Page<Holiday>> {
            return whole(desk.holidays(query.country, std::chrono::year(static_cast<int>(query.year))));
        });
}

}  // namespace

void add_routes(platform::Api& api, Desk& desk) {
    add_figure_routes(api, desk);
    add_case_routes(api, desk);
    add_line_routes(api, desk);
    add_material_routes(api, desk);
    add_work_routes(api, desk);
}

}  // namespace quipu::desk
