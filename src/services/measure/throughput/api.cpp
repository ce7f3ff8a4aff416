#include "services/measure/throughput/api.h"

#include <charconv>
#include <fmt/format.h>

#include "platform/off_loop.h"
#include "registry/permits.h"
#include "services/measure/throughput/refusal_words.h"

namespace quipu::throughput {
namespace {

using namespace std::chrono_literals;
using platform::Call;
using platform::Caller;
using platform::Nothing;
using platform::off_loop;
using platform::Page;
using platform::PageQuery;
using platform::Permission;
using platform::Reply;

constexpr std::string_view kTag = "measure";
constexpr std::int64_t kMostRefusals = 1000;
constexpr Time kForever = Time::max();

struct ResultsQuery : PageQuery {
    std::string from, to;
    std::optional<Time> since, until;
    static constexpr auto describe() {
        using T = ResultsQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::from>("from", "Only from this site"), field<&T::to>("to", "Only to this site"),
                   field<&T::since>("since", "Not before this time"), field<&T::until>("until", "Before this time")));
    }
};
struct CalendarQuery : PageQuery {
    std::optional<Time> since, until;
    std::string site, link;
    CalendarQuery() { limit = 10'000; }
    static constexpr auto describe() {
        using T = CalendarQuery;
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&T::since>("since", "Not before this time; the day's begin if left out"),
                                     field<&T::until>("until", "Before this time; a day after `since` if left out"),
                                     field<&T::site>("site", "Only tests that use this point"),
                                     field<&T::link>("link", "Only tests that cross this link")));
    }
};
struct ProofQuery {
    std::optional<Time> since, until;
    static constexpr auto describe() {
        using T = ProofQuery;
        return fields(field<&T::since>("since", "Not before this time; the whole history if left out"),
                      field<&T::until>("until", "Before this time"));
    }
};
struct PointsQuery : PageQuery {
    PointsQuery() { limit = 10'000; }
    static constexpr auto describe() { return PageQuery::describe(); }
};
struct TestQuery {
    std::int64_t id = 0;
    static constexpr auto describe() { return fields(field<&TestQuery::id>("id", "Its number").required()); }
};

/// A test that a person wants.
struct WantedTest {
    std::string from, to;
    std::optional<Time> at;
    Nanoseconds duration = 10s;
    std::optional<Protocol> protocol;
    std::int64_t streams = 1;
    Bandwidth rate{};
    static constexpr auto describe() {
        using T = WantedTest;
        return fields(
            field<&T::from>("from", "Sending site").required().references("sites"),
            field<&T::to>("to", "Receiving site").required().references("sites"),
            field<&T::at>("at", "First octet; as soon as there is a place if left out"),
            field<&T::duration>("duration", "How long it sends, such as 10s; whole seconds, 5 minutes at most"),
            field<&T::protocol>("protocol", "tcp, or udp with a rate; tcp if left out"),
            field<&T::streams>("streams", "Connections at a time").between(1, static_cast<double>(kMostStreams)),
            field<&T::rate>("rate", "Of all streams together, such as '50 Mb/s'; 0: as fast as it goes").at_least(0));
    }
};
struct NewTest {
    WantedTest body;
    static constexpr auto describe() { return fields(field<&NewTest::body>("body", "The test").required()); }
};

/// Whether a test would find a place, without taking it.
struct TestAnswer {
    bool free = false;
    std::optional<ThroughputTest> test;
    std::optional<CalendarRefusal> refusal;
    static constexpr auto describe() {
        using T = TestAnswer;
        return fields(field<&T::free>("free", "There is a place for it").required(),
                      field<&T::test>("test", "The test as it would be"),
                      field<&T::refusal>("refusal", "What stands against it"));
    }
};

/// A test with its result, once it has one.
struct TestWithResult {
    ThroughputTest test;
    std::optional<ThroughputResult> result;
    static constexpr auto describe() {
        using T = TestWithResult;
        return fields(field<&T::test>("test", "The test").required(), field<&T::result>("result", "What came of it"));
    }
};

ThroughputTest shown(const Caller& caller, ThroughputTest test) {
    test.asked_by = registry::shown_actor(caller, test.asked_by);
    return test;
}

/// A test loads both ends and what is between: whoever runs one of the ends may ask for it; the calendar and the links'
/// shares hold for everybody.
Result<void> may_test(const Rooms& rooms, const Caller& caller, const std::string& from, const std::string& to) {
    const auto picture = rooms.registry.everything();
    for (const std::string* id : {&from, &to}) {
        const auto* site = picture->find<registry::Site>(*id);
        if (site == nullptr || !site->object.organisation) continue;
        if (caller.may(Permission::operate, *site->object.organisation, kTag)) return {};
    }
    if (caller.may(Permission::operate, platform::kEverywhere, kTag)) return {};
    return fail(ErrorCode::forbidden, "you may not run tests between these points", {},
                "whoever operates one of the two ends may");
}

Result<void> check_point(const Rooms& rooms, const std::string& id, std::string_view where) {
    if (rooms.registry.everything()->find<registry::Site>(id) == nullptr)
        return fail(ErrorCode::invalid, fmt::format("there is no site \"{}\"", id), std::string(where),
                    "see /api/v1/sites");
    for (const MeshPoint& point : rooms.keeper.points())
        if (point.site == id) {
            if (point.able()) return {};
            return fail(ErrorCode::conflict, fmt::format("{} can't test now: {}", id, point.problem),
                        std::string(where), "see /api/v1/measure/calendar/points");
        }
    return fail(ErrorCode::conflict, fmt::format("no agent at {} takes part in throughput tests", id),
                std::string(where), "see /api/v1/measure/calendar/points");
}

Result<Wish> wish_of(const Rooms& rooms, const Caller& caller, const WantedTest& wanted, std::string_view prefix) {
    const auto at = [&](std::string_view name) { return fmt::format("{}{}", prefix, name); };
    const TestShape shape{.protocol = wanted.protocol.value_or(Protocol::tcp),
                          .duration = wanted.duration,
                          .streams = wanted.streams,
                          .rate = wanted.rate};
    TRY(check_shape(shape, std::string(prefix)));
    if (wanted.from == wanted.to) return fail(ErrorCode::invalid, "is where it comes from", at("to"));
    TRY(check_point(rooms, wanted.from, at("from")));
    TRY(check_point(rooms, wanted.to, at("to")));
    return Wish{.from = wanted.from, .to = wanted.to, .at = wanted.at, .shape = shape, .asked_by = caller.id};
}

Result<TestAnswer> check_test(const Rooms& rooms, const Caller& caller, const WantedTest& wanted) {
    auto found = rooms.keeper.check(TRY(wish_of(rooms, caller, wanted, "")));
    TestAnswer out;
    out.free = found.has_value();
    if (found)
        out.test = shown(caller, std::move(*found));
    else
        out.refusal = std::move(found).error();
    return out;
}

Result<Reply<ThroughputTest>> add_test(const Rooms& rooms, const Caller& caller, const WantedTest& wanted) {
    TRY(may_test(rooms, caller, wanted.from, wanted.to));
    auto admission = TRY(rooms.keeper.admit(TRY(wish_of(rooms, caller, wanted, "body."))));
    if (admission.refusal)
        return fail(ErrorCode::conflict,
                    fmt::format("the test from {} to {} at {} finds no place: {}", wanted.from, wanted.to,
                                format_time(admission.refusal->wanted), admission.refusal->what),
                    "body.at", advice_of(*admission.refusal));
    rooms.changed();
    const std::string place = fmt::format("/api/v1/measure/tests/{}", admission.test->id);
    return Reply<ThroughputTest>(shown(caller, std::move(*admission.test)), 201, {}, place);
}

Result<ThroughputTest> stored(const Rooms& rooms, std::int64_t id) {
    auto test = TRY(rooms.store.test(id));
    if (!test)
        return fail(ErrorCode::not_found, fmt::format("there is no test {}", id), "id", "see /api/v1/measure/calendar");
    return std::move(*test);
}

Result<TestWithResult> show_test(const Rooms& rooms, const Caller& caller, std::int64_t id) {
    return TestWithResult {
        shown(caller, TRY(stored(rooms, id))), TRY(rooms.store.result(id))
    };
}

Result<Nothing> cancel_test(const Rooms& rooms, const Caller& caller, std::int64_t id) {
    const ThroughputTest test = TRY(stored(rooms, id));
    TRY(may_test(rooms, caller, test.from, test.to));
    static_cast<void>(TRY(rooms.keeper.cancel(id)));
    rooms.changed();
    return Nothing{};
}

/// A cursor is the last result's start and number.
Result<Page<ThroughputResult>> list_results(const Rooms& rooms, const ResultsQuery& query) {
    ResultFilter filter{.from = query.from,
                        .to = query.to,
                        .since = query.since,
                        .until = query.until,
                        .before_start = {},
                        .limit = query.limit + 1};
    if (!query.cursor.empty()) {
        const std::string position = TRY(platform::read_cursor(query.cursor));
        std::int64_t start = 0;
        const char* end = position.data() + position.size();
        const auto first = std::from_chars(position.data(), end, start);
        if (first.ec != std::errc() || first.ptr == end || *first.ptr != '/' ||
            std::from_chars(first.ptr + 1, end, filter.before_test).ec != std::errc())
            return fail(ErrorCode::invalid, "is not a cursor of this list", "cursor");
        filter.before_start = Time(Nanoseconds(start));
    }
    Page<ThroughputResult> page;
    page.items = TRY(rooms.store.results(filter));
    if (page.items.size() > static_cast<std::size_t>(query.limit)) {
        page.items.pop_back();
        const ThroughputResult& last = page.items.back();
        page.next = platform::make_cursor(fmt::format("{}/{}", last.start.time_since_epoch().count(), last.test));
    }
    return page;
}

std::pair<Time, Time> day_of(const CalendarQuery& query, Time now) {
    const Time since = query.since.value_or(Time(std::chrono::floor<std::chrono::days>(now)));
    return {since, query.until.value_or(since + 24h)};
}

Result<Page<ThroughputTest>> list_tests(const Rooms& rooms, const Caller& caller, const CalendarQuery& query) {
    const auto [since, until] = day_of(query, rooms.clock.now());
    if (since > until) return fail(ErrorCode::invalid, "is later than `until`", "since");
    auto tests = TRY(rooms.store.tests(since, until));
    std::erase_if(tests, [&](const ThroughputTest& test) {
        const bool other_site = !query.site.empty() && test.from != query.site && test.to != query.site;
        const bool other_link =
            !query.link.empty() && (!test.links || std::ranges::find(*test.links, query.link) == test.links->end());
        return other_site || other_link;
    });
    for (ThroughputTest& test : tests)
        test = shown(caller, std::move(test));
    return platform::page_of(std::move(tests), query);
}

Result<Page<CalendarRefusal>> list_refusals(const Rooms& rooms, const CalendarQuery& query) {
    const auto [since, until] = day_of(query, rooms.clock.now());
    auto refusals = TRY(rooms.store.refusals(since, until, kMostRefusals));
    std::erase_if(refusals, [&](const CalendarRefusal& refusal) {
        return (!query.site.empty() && refusal.from != query.site && refusal.to != query.site) ||
               (!query.link.empty() && refusal.object != query.link);
    });
    return platform::page_of(std::move(refusals), query);
}

Result<CalendarProof> proof_of(const Rooms& rooms, const ProofQuery& query) {
    return prove(TRY(rooms.store.history(query.since.value_or(Time{}), query.until.value_or(kForever))));
}

}  // namespace

void add_routes(platform::Api& api, const Rooms& rooms) {
    api.get<ResultsQuery, Page<ThroughputResult>>(
        {.path = "/api/v1/measure/throughput",
         .summary = "Results of throughput tests, newest first",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu measure throughput"},
        [rooms](const Call&, ResultsQuery query) -> Task<Result<Page<ThroughputResult>>> {
            co_return co_await off_loop([&] { return list_results(rooms, query); });
        });
    api.get<CalendarQuery, Page<ThroughputTest>>(
        {.path = "/api/v1/measure/calendar",
         .summary = "Throughput tests of a day, past and to come, by their begins",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu measure calendar"},
        [rooms](const Call& call, CalendarQuery query) -> Task<Result<Page<ThroughputTest>>> {
            co_return co_await off_loop([&] { return list_tests(rooms, call.caller, query); });
        });
    api.get<CalendarQuery, Page<CalendarRefusal>>(
        {.path = "/api/v1/measure/calendar/refusals",
         .summary = "Tests of a day that found no place, and why",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu measure calendar --refused"},
        [rooms](const Call&, CalendarQuery query) -> Task<Result<Page<CalendarRefusal>>> {
            co_return co_await off_loop([&] { return list_refusals(rooms, query); });
        });
    api.get<PointsQuery, Page<MeshPoint>>(
        {.path = "/api/v1/measure/calendar/points",
         .summary = "Points of the mesh and whether they can test",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu measure calendar --points"},
        [rooms](const Call&, PointsQuery query) -> Task<Result<Page<MeshPoint>>> {
            co_return co_await off_loop([&] { return platform::page_of(rooms.keeper.points(), query); });
        });
    api.get<ProofQuery, CalendarProof>({.path = "/api/v1/measure/calendar/proof",
                                        .summary = "Whether any two tests of the history shared a point or a link",
                                        .tag = kTag,
                                        .permission = Permission::see_public,
                                        .command = "quipu measure calendar --verify"},
                                       [rooms](const Call&, ProofQuery query) -> Task<Result<CalendarProof>> {
                                           co_return co_await off_loop([&] { return proof_of(rooms, query); });
                                       });
    api.get<WantedTest, TestAnswer>(
        {.path = "/api/v1/measure/calendar/check",
         .summary = "Whether a test would find a place, and if not why and when",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu measure test FROM TO --check"},
        [rooms](const Call& call, WantedTest query) -> Task<Result<TestAnswer>> {
            co_return co_await off_loop([&] { return check_test(rooms, call.caller, query); });
        });
    api.post<NewTest, ThroughputTest>(
        {.path = "/api/v1/measure/tests",
         .summary = "Ask for a test; a refusal says what stands against it and when it is free",
         .tag = kTag,
         .permission = Permission::operate,
         .command = "quipu measure test FROM TO",
         .success = 201},
        [rooms](const Call& call, NewTest query) -> Task<Result<Reply<ThroughputTest>>> {
            co_return co_await off_loop([&] { return add_test(rooms, call.caller, query.body); });
        });
    api.get<TestQuery, TestWithResult>(
        {.path = "/api/v1/measure/tests/{id}",
         .summary = "One test with its result",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu measure test --show NUMBER"},
        [rooms](const Call& call, TestQuery query) -> Task<Result<TestWithResult>> {
            co_return co_await off_loop([&] { return show_test(rooms, call.caller, query.id); });
        });
    api.remove<TestQuery, Nothing>(
        {.path = "/api/v1/measure/tests/{id}",
         .summary = "Take a test back that has not begun",
         .tag = kTag,
         .permission = Permission::operate,
         .command = "quipu measure test --cancel NUMBER"},
        [rooms](const Call& call, TestQuery query) -> Task<Result<Nothing>> {
            co_return co_await off_loop([&] { return cancel_test(rooms, call.caller, query.id); });
        });
}

}  // namespace quipu::throughput
