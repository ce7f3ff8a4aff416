#include "platform/api.h"

#include <gtest/gtest.h>

#include "base/value.h"
#include "platform/respond.h"

namespace quipu::platform {
namespace {

struct Knot {
    std::string id;
    std::optional<double> latitude;
    std::vector<std::string> cords;
    static constexpr auto describe() {
        return fields(field<&Knot::id>("id", "Short stable name").required().pattern(kSlug),
                      field<&Knot::latitude>("latitude", "Degrees north").between(-90, 90),
                      field<&Knot::cords>("cords", "What hangs on it"));
    }
};
struct ByName {
    std::string id;
    static constexpr auto describe() { return fields(field<&ByName::id>("id", "The knot").required().pattern(kSlug)); }
};
struct KnotList : PageQuery {
    std::optional<Date> as_of;
    std::vector<std::int64_t> numbers;
    bool deep = false;
    static constexpr auto describe() {
        return std::tuple_cat(PageQuery::describe(), fields(field<&KnotList::as_of>("as_of", "The day"),
                                                            field<&KnotList::numbers>("numbers", "Some numbers"),
                                                            field<&KnotList::deep>("deep", "All the way down")));
    }
};
struct NewKnot {
    Knot body;
    std::string why;
    static constexpr auto describe() {
        return fields(field<&NewKnot::body>("body", "The knot").required(), field<&NewKnot::why>("why", "The reason"));
    }
};
struct ChangedKnot {
    std::string id;
    Knot body;
    static constexpr auto describe() {
        return fields(field<&ChangedKnot::id>("id", "The knot").required(),
                      field<&ChangedKnot::body>("body", "The knot").required());
    }
};
struct TextBody {
    std::string body;
    static constexpr auto describe() {
        return fields(field<&TextBody::body>("body", "A file's text").required().at_most_long(100));
    }
};

/// Runs a task that never waits for a loop.
template <class T>
T run(Task<T> task) {
    task.await_suspend(std::noop_coroutine()).resume();
    return task.await_resume();
}

class ApiTest : public testing::Test {
  protected:
    ApiTest() {
        api_.get<KnotList, Page<Knot>>({"/api/v1/knots", "Knots", "test", Permission::see_public},
                                       [](const Call&, KnotList query) -> Task<Result<Page<Knot>>> {
                                           Page<Knot> page;
                                           for (const std::int64_t n : query.numbers)
                                               page.items.push_back({std::to_string(n), 1.5, {"a", "b"}});
                                           if (query.deep) page.next = make_cursor("deep");
                                           co_return page;
                                       });
        api_.get<ByName, Knot>({"/api/v1/knots/{id}", "One knot", "test", Permission::see_public},
                               [](const Call&, const ByName& query) -> Result<Reply<Knot>> {
                                   if (query.id == "none") return fail(ErrorCode::not_found, "there is no knot none");
                                   if (query.id == "throws") throw std::runtime_error("rope");
                                   return Reply<Knot>({query.id, {}, {}}, 200, "7");
                               });
        api_.get<ByName, Knot>({"/api/v1/shared/{id}", "One knot, made already", "test", Permission::see_public},
                               [](const Call&, const ByName&) -> Result<SharedJson> {
                                   return SharedJson{std::make_shared<const std::string>(R"({"id":"made"})"), "m1"};
                               });
        api_.post<NewKnot, Knot>({"/api/v1/knots", "A new knot", "test", Permission::edit_registry},
                                 [](const Call&, const NewKnot& query) -> Task<Result<Reply<Knot>>> {
                                     co_return Reply<Knot>(query.body, 201, "1", "/api/v1/knots/" + query.body.id);
                                 });
        RouteInfo put{"/api/v1/knots/{id}", "Changes a knot", "test", Permission::edit_registry};
        put.needs_if_match = true;
        api_.put<ChangedKnot, Knot>(put, [](const Call& call, const ChangedKnot& query) -> Result<Reply<Knot>> {
            if (call.if_match != "7") return fail(ErrorCode::precondition_failed, "the knot has changed since");
            return Reply<Knot>(query.body, 200, "8");
        });
        api_.remove<ByName, Nothing>({"/api/v1/knots/{id}", "Unties a knot", "test", Permission::edit_registry},
                                     [](const Call&, const ByName&) -> Result<Nothing> { return Nothing{}; });
        api_.post<TextBody, Document>({"/api/v1/text", "Text", "test", Permission::edit_registry, "text/csv"},
                                      [](const Call&, const TextBody& query) -> Result<Document> {
                                          return Document{query.body, "text/csv", "knots.csv"};
                                      });
        api_.get<ByName, Knot>({"/api/v1/knots/literal", "A literal goes first", "test", Permission::see_public},
                               [](const Call&, const ByName&) -> Result<Knot> { return Knot{"literal", {}, {}}; });
    }

    net::HttpResponse ask(net::Method method, std::string path,
                          std::vector<std::pair<std::string, std::string>> query = {}, std::string body = {},
                          std::vector<std::pair<std::string, std::string>> headers = {}) {
        net::HttpRequest request;
        request.method = method;
        request.path = std::move(path);
        request.query = std::move(query);
        request.request_id = "cord-knot-cord-1";
        if (!body.empty()) request.headers.set("Content-Type", "application/json");
        for (auto& [name, value] : headers)
            request.headers.set(name, value);
        request.body = std::move(body);
        return run(api_.handle(request));
    }
    static std::string body(const net::HttpResponse& response) {
        if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
        if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body)) return **shared;
        return "(another kind of body)";
    }
    static Value json(const net::HttpResponse& response) {
        auto value = parse_json(body(response));
        EXPECT_TRUE(value) << body(response);
        return value ? *value : Value();
    }
    static std::string member(const net::HttpResponse& response, std::string_view name) {
        const Value value = json(response);
        const Value* found = value.find(name);
        return found != nullptr && found->if_string() != nullptr ? *found->if_string() : "";
    }

    Api api_;
};

TEST_F(ApiTest, AnObjectWithItsTag) {
    const auto response = ask(net::Method::get, "/api/v1/knots/quito");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(body(response), R"({"id":"quito","cords":[]})");
    EXPECT_EQ(response.headers.get("ETag"), "\"7\"");
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-cache");
}

TEST_F(ApiTest, KnownTagsAnswer304) {
    for (const char* tag : {"\"7\"", "W/\"7\"", "\"1\", \"7\"", "*"}) {
        const auto response = ask(net::Method::get, "/api/v1/knots/quito", {}, {}, {{"If-None-Match", tag}});
        EXPECT_EQ(response.status, 304) << tag;
        EXPECT_EQ(body(response), "");
        EXPECT_EQ(response.headers.get("ETag"), "\"7\"");
    }
    EXPECT_EQ(ask(net::Method::get, "/api/v1/knots/quito", {}, {}, {{"If-None-Match", "\"77\""}}).status, 200);
    EXPECT_EQ(ask(net::Method::get, "/api/v1/shared/x", {}, {}, {{"If-None-Match", "\"m1\""}}).status, 304);
}

TEST_F(ApiTest, SharedTextGoesOutUncopied) {
    const auto response = ask(net::Method::get, "/api/v1/shared/x");
    EXPECT_TRUE(std::holds_alternative<std::shared_ptr<const std::string>>(response.body));
    EXPECT_EQ(body(response), R"({"id":"made"})");
}

TEST_F(ApiTest, APageWithItsCursor) {
    EXPECT_EQ(body(ask(net::Method::get, "/api/v1/knots")), R"({"items":[],"next":null})");
    const auto response =
        ask(net::Method::get, "/api/v1/knots", {{"numbers", "1,2"}, {"numbers", "3"}, {"deep", "true"}});
    const Value page = json(response);
    EXPECT_EQ(page.find("items")->if_array()->size(), 3U);
    EXPECT_EQ(*read_cursor(*page.find("next")->if_string()), "deep");
}

TEST_F(ApiTest, OnlyTheWantedFields) {
    EXPECT_EQ(body(ask(net::Method::get, "/api/v1/knots", {{"numbers", "1,2"}, {"fields", "id, cords"}})),
              R"({"items":[{"id":"1","cords":["a","b"]},{"id":"2","cords":["a","b"]}],"next":null})");
    const auto response = ask(net::Method::get, "/api/v1/knots", {{"fields", "latitud"}});
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(member(response, "hint"), "did you mean \"latitude\"?");
}

TEST_F(ApiTest, ChangesNameWhatTheyChange) {
    const std::string knot = R"({"id":"quito"})";
    EXPECT_EQ(ask(net::Method::put, "/api/v1/knots/quito", {}, knot).status, 428);
    EXPECT_EQ(ask(net::Method::put, "/api/v1/knots/quito", {}, knot, {{"If-Match", "\"6\""}}).status, 412);
    EXPECT_EQ(ask(net::Method::put, "/api/v1/knots/quito", {}, knot, {{"If-Match", "W/\"7\""}}).status, 412);
    EXPECT_EQ(ask(net::Method::put, "/api/v1/knots/quito", {}, knot, {{"If-Match", "7"}}).status, 400);
    EXPECT_EQ(ask(net::Method::put, "/api/v1/knots/quito", {}, knot, {{"If-Match", "\"6\", \"7\""}}).status, 400);
    const auto response = ask(net::Method::put, "/api/v1/knots/quito", {}, knot, {{"If-Match", "\"7\""}});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.get("ETag"), "\"8\"");
}

TEST_F(ApiTest, CreatesWithLocation) {
    const auto response =
        ask(net::Method::post, "/api/v1/knots", {{"why", "new rope"}}, R"({"id":"lima","latitude":-12})");
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(response.headers.get("Location"), "/api/v1/knots/lima");
    EXPECT_EQ(response.headers.get("ETag"), "\"1\"");
    EXPECT_EQ(body(response), R"({"id":"lima","latitude":-12,"cords":[]})");
}

TEST_F(ApiTest, NothingAndDocuments) {
    const auto removed = ask(net::Method::delete_, "/api/v1/knots/lima");
    EXPECT_EQ(removed.status, 204);
    EXPECT_EQ(body(removed), "");
    const auto text = ask(net::Method::post, "/api/v1/text", {}, "a;b", {{"Content-Type", "text/plain"}});
    EXPECT_EQ(text.status, 200);
    EXPECT_EQ(body(text), "a;b");
    EXPECT_EQ(text.headers.get("Content-Type"), "text/csv");
    EXPECT_EQ(text.headers.get("Content-Disposition"), "attachment; filename=\"knots.csv\"");
}

// RFC 6266 §5 and appendix D.
TEST(Respond, NamesFilesInEveryScript) {
    const auto header = [](std::string name) {
        Answer answer;
        answer.body = Document{.text = "x", .media_type = "text/plain", .file_name = std::move(name)};
        return std::string(respond(std::move(answer), {}, {}).headers.get("Content-Disposition"));
    };
    EXPECT_EQ(header("knots of 2011.csv"), "attachment; filename=\"knots of 2011.csv\"");
    EXPECT_EQ(header("Relatório São Paulo.pdf"),
              "attachment; filename=\"Relatorio Sao Paulo.pdf\"; "
              "filename*=UTF-8''Relat%C3%B3rio%20S%C3%A3o%20Paulo.pdf");
    EXPECT_EQ(header("€ rates.txt"), "attachment; filename=\"_ rates.txt\"; filename*=UTF-8''%E2%82%AC%20rates.txt");
    EXPECT_EQ(header("100% \"new\"\\.txt"),
              "attachment; filename=\"100_ _new__.txt\"; filename*=UTF-8''100%25%20%22new%22%5C.txt");
    EXPECT_EQ(header("a\r\nSet-Cookie: b"),
              "attachment; filename=\"a__Set-Cookie: b\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b");
}

TEST_F(ApiTest, HeadIsGetAndOptionsTellsWhatIsPossible) {
    EXPECT_EQ(ask(net::Method::head, "/api/v1/knots/quito").headers.get("ETag"), "\"7\"");
    const auto options = ask(net::Method::options, "/api/v1/knots");
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.headers.get("Allow"), "GET, HEAD, POST, OPTIONS");
    const auto wrong = ask(net::Method::patch, "/api/v1/knots");
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(wrong.headers.get("Allow"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(ApiTest, LiteralsGoBeforeParameters) {
    EXPECT_EQ(ask(net::Method::get, "/api/v1/knots/literal").status, 400);  // its own request struct wants an id
    EXPECT_EQ(ask(net::Method::get, "/api/v1/knots/literally").status, 200);
}

struct Bad {
    const char* name;
    net::Method method;
    const char* path;
    std::vector<std::pair<std::string, std::string>> query;
    const char* body;
    const char* content_type;
    int status;
    const char* detail;  ///< contained in the detail or a fault
};

class BadInput : public ApiTest, public testing::WithParamInterface<Bad> {};

TEST_P(BadInput, IsAProblemThatNamesItsPlace) {
    const Bad& bad = GetParam();
    const auto response = ask(bad.method, bad.path, bad.query, bad.body, {{"Content-Type", bad.content_type}});
    EXPECT_EQ(response.status, bad.status);
    EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
    EXPECT_EQ(member(response, "request_id"), "cord-knot-cord-1");
    EXPECT_EQ(member(response, "instance"), bad.path);
    EXPECT_FALSE(member(response, "code").empty());
    EXPECT_NE(body(response).find(bad.detail), std::string::npos) << body(response);
}

constexpr const char* kJson = "application/json";
INSTANTIATE_TEST_SUITE_P(
    Table, BadInput,
    testing::Values(
        Bad{"NoRoute", net::Method::get, "/api/v1/rope", {}, "", kJson, 404, "there is nothing at /api/v1/rope"},
        Bad{"TooDeep", net::Method::get, "/api/v1/knots/a/b", {}, "", kJson, 404, "nothing"},
        Bad{"EmptySegment", net::Method::get, "/api/v1/knots/", {}, "", kJson, 404, "nothing"},
        Bad{"NoObject", net::Method::get, "/api/v1/knots/none", {}, "", kJson, 404, "there is no knot none"},
        Bad{"NotASlug", net::Method::get, "/api/v1/knots/Qui to", {}, "", kJson, 400, R"("where":"id")"},
        Bad{"UnknownParameter",
            net::Method::get,
            "/api/v1/knots",
            {{"limits", "1"}},
            "",
            kJson,
            400,
            R"(did you mean \"limit\"?)"},
        Bad{"NoParametersAtAll",
            net::Method::get,
            "/api/v1/knots/x",
            {{"limits", "1"}},
            "",
            kJson,
            400,
            "this address takes no parameters"},
        Bad{"PathNameInQuery", net::Method::get, "/api/v1/knots/x", {{"id", "y"}}, "", kJson, 400, "unknown query"},
        Bad{"Twice",
            net::Method::get,
            "/api/v1/knots",
            {{"limit", "1"}, {"limit", "2"}},
            "",
            kJson,
            400,
            "more than once"},
        Bad{"NotANumber",
            net::Method::get,
            "/api/v1/knots",
            {{"limit", "ten"}},
            "",
            kJson,
            400,
            R"({"where":"limit","what":"expected a number, found text"})"},
        Bad{"TooBig", net::Method::get, "/api/v1/knots", {{"limit", "10001"}}, "", kJson, 400, "10001 is above 10000"},
        Bad{"OutOfRange",
            net::Method::get,
            "/api/v1/knots",
            {{"limit", "99999999999999999999"}},
            "",
            kJson,
            400,
            "limit"},
        Bad{"NotADate", net::Method::get, "/api/v1/knots", {{"as_of", "2011-02-30"}}, "", kJson, 400, "as_of"},
        Bad{"NotABoolean", net::Method::get, "/api/v1/knots", {{"deep", "yes"}}, "", kJson, 400, "true or false"},
        Bad{"BadElement", net::Method::get, "/api/v1/knots", {{"numbers", "1,x"}}, "", kJson, 400, "numbers[1]"},
        Bad{"NotJson", net::Method::post, "/api/v1/knots", {}, "{\n\"id\": }", kJson, 400, "body:2"},
        Bad{"NoBody", net::Method::post, "/api/v1/knots", {}, "", kJson, 400, "is required"},
        Bad{"WrongType",
            net::Method::post,
            "/api/v1/knots",
            {},
            "id=x",
            "application/x-www-form-urlencoded",
            415,
            "send JSON with Content-Type: application/json"},
        Bad{"NoType", net::Method::post, "/api/v1/knots", {}, "{}", "", 415, "is not given"},
        Bad{"UnknownField", net::Method::post, "/api/v1/knots", {}, R"({"id":"a","lat":1})", kJson, 400, "body.lat"},
        Bad{"MissingField", net::Method::post, "/api/v1/knots", {}, R"({})", kJson, 400, "body.id"},
        Bad{"FieldOutOfBounds",
            net::Method::post,
            "/api/v1/knots",
            {},
            R"({"id":"a","latitude":91})",
            kJson,
            400,
            R"({"where":"body.latitude","what":"91 is above 90"})"},
        Bad{"TextTooLong",
            net::Method::post,
            "/api/v1/text",
            {},
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789+",
            "text/plain",
            400,
            "is longer than 100 characters"},
        Bad{"Throws", net::Method::get, "/api/v1/knots/throws", {}, "", kJson, 500, "the program failed"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(ApiTest, AClosedOwnerAnswers503AndOthersGoOn) {
    api_.set_owner("rope");
    api_.get<ByName, Knot>({"/api/v1/ropes/{id}", "A rope", "test", Permission::see_public},
                           [](const Call&, const ByName&) -> Result<Knot> { return Knot{"rope", {}, {}}; });
    api_.close("rope", "the service rope is starting");
    const auto refused = ask(net::Method::get, "/api/v1/ropes/x");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(member(refused, "detail"), "the service rope is starting");
    EXPECT_EQ(ask(net::Method::get, "/api/v1/knots/x").status, 200);
    api_.open("rope");
    EXPECT_EQ(ask(net::Method::get, "/api/v1/ropes/x").status, 200);
    EXPECT_EQ(api_.running("rope"), 0U);
}

TEST_F(ApiTest, ARouteAddedAgainReplacesTheOneBefore) {
    const std::size_t before = api_.routes().size();
    api_.get<ByName, Knot>({"/api/v1/knots/{id}", "One knot", "test", Permission::see_public},
                           [](const Call&, const ByName&) -> Result<Knot> { return Knot{"new", {}, {}}; });
    EXPECT_EQ(api_.routes().size(), before);
    EXPECT_EQ(body(ask(net::Method::get, "/api/v1/knots/x")), R"({"id":"new","cords":[]})");
}

TEST_F(ApiTest, APathParameterWithoutAFieldIsRefusedAtOnce) {
    EXPECT_THROW((api_.get<ByName, Knot>({"/api/v1/ropes/{name}", "A rope", "test", Permission::see_public},
                                         [](const Call&, const ByName&) -> Result<Knot> { return Knot{}; })),
                 std::logic_error);
}

TEST_F(ApiTest, ARouteWithoutAPermissionIsRefused) {
    EXPECT_THROW((api_.get<ByName, Knot>({.path = "/api/v1/open/{id}", .summary = "Nobody said who may", .tag = "test"},
                                         [](const Call&, const ByName&) -> Result<Knot> { return Knot{}; })),
                 std::logic_error);
}

/// Whoever says "Bearer NAME" is NAME, with the grant that NAME names.
class ByWord final : public Gatekeeper {
  public:
    struct One final : Grants {
        explicit One(std::string name) : name_(std::move(name)) {}
        [[nodiscard]] bool may(Permission permission, std::string_view organisation, std::string_view) const override {
            return enum_name(permission) == name_ && organisation != kEverywhere;
        }
        std::string name_;
    };
    Result<Caller> identify(const net::HttpRequest& request) override {
        const std::string_view word = request.headers.get("Authorization");
        if (word.empty()) return anonymous_caller();
        if (word == "wrong") return fail(ErrorCode::unauthenticated, "wrong");
        Caller caller;
        caller.id = "person:" + std::string(word);
        caller.grants = std::make_shared<One>(std::string(word));
        caller.ended = ended;
        return caller;
    }
    void refused(const Caller& caller, const RouteInfo& route, const net::HttpRequest&) override {
        told += caller.id + " " + std::string(route.path) + "\n";
    }
    std::string told;
    std::shared_ptr<std::atomic<bool>> ended = std::make_shared<std::atomic<bool>>(false);
};

/// A stream into a list.
class Kept final : public net::EventStream {
  public:
    Task<Result<void>> send(std::string_view, std::string_view data, std::string_view) override {
        sent.emplace_back(data);
        co_return Result<void>();
    }
    Task<Result<void>> keep_alive() override { co_return Result<void>(); }
    [[nodiscard]] net::EventLoop& loop() override { std::abort(); }
    std::vector<std::string> sent;
};

class CheckTest : public testing::Test {
  protected:
    CheckTest() {
        api_.set_gatekeeper(keeper_);
        const auto add = [&](std::string_view path, Permission permission, bool open = false) {
            api_.get<ByName, Knot>(
                {.path = path, .summary = "One", .tag = "test", .permission = permission, .open_on_loopback = open},
                [](const Call& call, const ByName& query) -> Result<Knot> {
                    if (!call.caller.may(Permission::see_members, query.id) && query.id == "guarded")
                        return fail(ErrorCode::forbidden, "not there");
                    return Knot{.id = query.id};
                });
        };
        add("/public/{id}", Permission::see_public);
        add("/members/{id}", Permission::see_members);
        add("/house/{id}", Permission::administer);
        add("/metrics/{id}", Permission::see_private, true);
        api_.raw(net::Method::post,
                 {.path = "/raw", .summary = "Raw", .tag = "test", .permission = Permission::operate},
                 [](const Call&, const net::HttpRequest&) -> Task<Result<net::HttpResponse>> {
                     co_return net::HttpResponse::text(200, "in");
                 });
        api_.stream({.path = "/stream", .summary = "Stream", .tag = "test", .permission = Permission::operate},
                    [](const Call&, const net::HttpRequest&) -> Result<net::EventBody> {
                        return [](net::EventStream& stream) -> Task<void> {
                            for (int i = 0; i < 3; ++i)
                                if (!co_await stream.send("event", std::to_string(i), "")) co_return;
                        };
                    });
    }
    net::HttpResponse ask(std::string path, std::string word = {}, net::Method method = net::Method::get) {
        net::HttpRequest request;
        request.method = method;
        request.path = std::move(path);
        request.peer.address = address_;
        if (!word.empty()) request.headers.add("Authorization", std::move(word));
        return run(api_.handle(request));
    }
    std::shared_ptr<ByWord> keeper_ = std::make_shared<ByWord>();
    net::IpAddress address_ = net::IpAddress::v4(0xc0000201U);
    Api api_;
};

TEST_F(CheckTest, StrangersAreAskedToSignInAndTheKnownAreRefused) {
    EXPECT_EQ(ask("/public/a").status, 200);
    const auto stranger = ask("/members/a");
    EXPECT_EQ(stranger.status, 401);
    EXPECT_EQ(stranger.headers.get("WWW-Authenticate"), "Bearer realm=\"quipu\"");
    EXPECT_EQ(ask("/members/a", "see-members").status, 200);
    EXPECT_EQ(ask("/members/a", "operate").status, 403);
    EXPECT_EQ(ask("/public/a", "wrong").status, 401) << "a wrong credential is never a stranger's";
    EXPECT_EQ(ask("/public/guarded").status, 401) << "what a handler refuses too";
    EXPECT_EQ(ask("/public/guarded", "operate").status, 403);
    EXPECT_EQ(keeper_->told, "person:operate /members/{id}\nperson:operate /public/{id}\n");
}

TEST_F(CheckTest, RawRoutesAndStreamsStandBehindTheSameCheck) {
    EXPECT_EQ(ask("/raw", "", net::Method::post).status, 401);
    EXPECT_EQ(ask("/raw", "see-members", net::Method::post).status, 403);
    EXPECT_EQ(ask("/raw", "operate", net::Method::post).status, 200);
    EXPECT_EQ(ask("/stream").status, 401);
    EXPECT_EQ(ask("/stream", "see-members").status, 403);
    EXPECT_EQ(ask("/stream", "operate").status, 200);
}

TEST_F(CheckTest, TheHouseIsNoOrganisations) {
    EXPECT_EQ(ask("/house/a", "administer").status, 403) << "held at one organisation only";
}

TEST_F(CheckTest, FromThisMachineMetricsAreOpen) {
    EXPECT_EQ(ask("/metrics/a").status, 401);
    address_ = net::IpAddress::v4(0x7f000001U);
    EXPECT_EQ(ask("/metrics/a").status, 200);
    EXPECT_EQ(ask("/members/a").status, 401);
}

TEST_F(CheckTest, AStreamEndsWithItsSession) {
    const auto response = ask("/stream", "operate");
    Kept all;
    const auto drive = [](const net::EventBody& body, net::EventStream& stream) -> Task<bool> {
        co_await body(stream);
        co_return true;
    };
    EXPECT_TRUE(run(drive(std::get<net::EventBody>(response.body), all)));
    EXPECT_EQ(all.sent.size(), 3U);
    keeper_->ended->store(true);
    Kept none;
    EXPECT_TRUE(run(drive(std::get<net::EventBody>(response.body), none)));
    EXPECT_TRUE(none.sent.empty());
}

TEST_F(ApiTest, DescribesItself) {
    auto document = parse_json(api_.openapi("1.2.3"));
    ASSERT_TRUE(document);
    EXPECT_EQ(*document->find("openapi")->if_string(), "3.1.0");
    const Value* operation = document->find("paths")->find("/api/v1/knots/{id}")->find("put");
    ASSERT_NE(operation, nullptr);
    EXPECT_EQ(*operation->find("operationId")->if_string(), "put_knots_by_id");
    EXPECT_EQ(*operation->find("x-permission")->if_string(), "edit-registry");
    EXPECT_EQ(operation->find("parameters")->if_array()->size(), 2U);  // id, If-Match
    EXPECT_NE(document->find("components")->find("schemas")->find("Knot"), nullptr);
    EXPECT_EQ(*document->find("paths")->find("/api/v1/knots")->find("get")->find("operationId")->if_string(),
              "list_knots");
}

TEST_F(ApiTest, KnowsTheAddressesBesideItsOwn) {
    api_.get<NoInput, Nothing>({"/rope", "A rope", "knots", Permission::see_public},
                               [](const Call&, NoInput) -> Result<Nothing> { return Nothing{}; });
    EXPECT_TRUE(api_.has("/rope"));
    EXPECT_FALSE(api_.has("/ropes"));
    EXPECT_TRUE(api_.has("/api/v1/knots/quito"));
    const auto document = parse_json(api_.openapi("1"));
    ASSERT_TRUE(document);
    EXPECT_EQ(*document->find("paths")->find("/rope")->find("get")->find("operationId")->if_string(), "get_root_rope");
}

TEST(Cursor, RoundTripsAndRefusesForeignText) {
    for (const std::string_view position : {"", "a", "ab", "abc", "santiago/panama", "\xff\x01"}) {
        auto back = read_cursor(make_cursor(position));
        ASSERT_TRUE(back);
        EXPECT_EQ(*back, position);
    }
    for (const char* text : {"", "x", "santiago", "AAAAAAAA", "????", "2jmj7l5rSw0yVb_vlWAYkK_YBwk="})
        EXPECT_FALSE(read_cursor(text)) << text;
}

}  // namespace
}  // namespace quipu::platform
