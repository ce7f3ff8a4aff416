#include "registry/api.h"

#include <gmock/gmock.h>

#include "registry/test_registry.h"

namespace quipu::registry {
namespace {

using testing::HasSubstr;

/// Runs a task that never waits for a loop.
template <class T>
T run(Task<T> task) {
    task.await_suspend(std::noop_coroutine()).resume();
    return task.await_resume();
}

class RegistryApi : public RegistryTest {
  protected:
    void SetUp() override {
        RegistryTest::SetUp();
        desk_ = std::make_unique<Desk>(*registry_);
        add_object_routes(api_, *desk_);
        add_exchange_routes(api_, *desk_);
        add_question_routes(api_, *desk_);
        must_import(kSmallNetwork);
    }

    struct Answer {
        int status;
        std::string etag, location;
        std::string text;
        Value body;
    };
    Answer ask(net::Method method, std::string_view target, std::string body = {}, std::string if_match = {},
               std::string_view type = "application/json") {
        net::HttpRequest request;
        request.method = method;
        request.target = target;
        request.path = target.substr(0, target.find('?'));
        for (std::string_view rest = target.substr(std::min(request.path.size() + 1, target.size())); !rest.empty();) {
            const std::string_view pair = rest.substr(0, rest.find('&'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            const auto equals = pair.find('=');
            request.query.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
        }
        if (!body.empty()) request.headers.add("Content-Type", std::string(type));
        if (!if_match.empty()) request.headers.add("If-Match", if_match);
        request.body = std::move(body);
        const net::HttpResponse response = run(api_.handle(request));
        Answer answer{response.status,
                      std::string(response.headers.get("ETag")),
                      std::string(response.headers.get("Location")),
                      {},
                      {}};
        if (const auto* text = std::get_if<std::string>(&response.body)) answer.text = *text;
        if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body))
            answer.text = **shared;
        if (auto parsed = parse_json(answer.text)) answer.body = std::move(*parsed);
        return answer;
    }
    Answer get(std::string_view target) { return ask(net::Method::get, target); }

    static std::vector<std::string> ids(const Answer& answer) {
        std::vector<std::string> out;
        const Value* items = answer.body.find("items");
        if (items == nullptr) return {answer.text};
        for (const Value& item : *items->if_array())
            out.push_back(*item.find("id")->if_string());
        return out;
    }
    static std::string text_at(const Value& value, std::string_view key) {
        const Value* member = value.find(key);
        return member == nullptr ? "absent" : member->if_string() != nullptr ? *member->if_string() : to_json(*member);
    }

    platform::Api api_;
    std::unique_ptr<Desk> desk_;
};

TEST_F(RegistryApi, ListsFilterAndPage) {
    EXPECT_THAT(ids(get("/api/v1/organisations")), testing::ElementsAre("clara", "reuna", "rnp", "uchile"));
    EXPECT_THAT(ids(get("/api/v1/organisations?type=nren")), testing::ElementsAre("reuna", "rnp"));
    EXPECT_THAT(ids(get("/api/v1/organisations?parent=reuna")), testing::ElementsAre("uchile"));
    EXPECT_THAT(ids(get("/api/v1/organisations?q=UNIVERSIDAD de")), testing::ElementsAre("uchile"));
    EXPECT_THAT(ids(get("/api/v1/links?site=panama")), testing::ElementsAre("santiago-panama"));
    EXPECT_THAT(ids(get("/api/v1/links?as_of=2010-01-01")), testing::ElementsAre());
    const Answer first = get("/api/v1/organisations?limit=3");
    EXPECT_EQ(ids(first).size(), 3U);
    EXPECT_THAT(ids(get("/api/v1/organisations?limit=3&cursor=" + text_at(first.body, "next"))),
                testing::ElementsAre("uchile"));
    EXPECT_EQ(get("/api/v1/sites?colour=red").status, 400);
    EXPECT_EQ(text_at(get("/api/v1/sites?fields=name").body.find("items")->if_array()->front(), "id"), "absent");
}

TEST_F(RegistryApi, OneObjectIsSharedTextWithItsVersion) {
    const Answer site = get("/api/v1/sites/santiago");
    EXPECT_EQ(site.status, 200);
    EXPECT_EQ(site.etag, "\"1\"");
    EXPECT_EQ(text_at(site.body, "changed_by"), "ana");
    EXPECT_EQ(text_at(site.body, "version"), "1");
    EXPECT_EQ(get("/api/v1/sites/santiago").text, site.text);
    EXPECT_EQ(get("/api/v1/sites/nowhere").status, 404);
    EXPECT_EQ(get("/api/v1/links/santiago-panama?as_of=2004-01-01").status, 404);
}

TEST_F(RegistryApi, ObjectsAreMadeChangedAndRemoved) {
    const Answer made =
        ask(net::Method::post, "/api/v1/sites?why=new", R"({"id": "lima", "name": "Lima", "country": "pe"})");
    EXPECT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made.location, "/api/v1/sites/lima");
    EXPECT_EQ(made.etag, "\"1\"");
    EXPECT_EQ(text_at(made.body, "country"), "PE");
    EXPECT_EQ(ask(net::Method::post, "/api/v1/sites", R"({"id": "lima", "name": "Lima"})").status, 409);

    EXPECT_EQ(ask(net::Method::put, "/api/v1/sites/lima", made.text).status, 428);
    EXPECT_EQ(ask(net::Method::put, "/api/v1/sites/lima", R"({"id": "lima", "name": "Lima 2"})", "\"7\"").status, 412);
    const Answer changed =
        ask(net::Method::put, "/api/v1/sites/lima", R"({"id": "lima", "name": "Lima 2", "version": 1})", made.etag);
    EXPECT_EQ(changed.status, 200) << changed.text;
    EXPECT_EQ(changed.etag, "\"2\"");
    EXPECT_EQ(text_at(get("/api/v1/sites/lima").body, "name"), "Lima 2") << "no old text is given";
    EXPECT_EQ(ask(net::Method::put, "/api/v1/sites/quito", R"({"id": "quito", "name": "Quito"})", "\"1\"").status, 404);

    const Answer wrong =
        ask(net::Method::put, "/api/v1/sites/lima", R"({"id": "lima", "name": "Lima", "country": "XX"})", "\"2\"");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_EQ(text_at(wrong.body.find("faults")->if_array()->front(), "where"), "country");

    EXPECT_EQ(ask(net::Method::delete_, "/api/v1/sites/lima?why=gone", {}, "\"2\"").status, 204);
    EXPECT_EQ(get("/api/v1/sites/lima").status, 404);
    const Answer history = get("/api/v1/sites/lima/history");
    ASSERT_EQ(history.body.find("items")->if_array()->size(), 3U);
    EXPECT_EQ(text_at(history.body.find("items")->if_array()->front(), "why"), "gone");
    EXPECT_EQ(ask(net::Method::delete_, "/api/v1/sites/panama", {}, "*").status, 409);
}

TEST_F(RegistryApi, ResourcesNameThemselves) {
    const Answer made =
        ask(net::Method::post, "/api/v1/prefixes", R"({"value": "2001:DB8::/32", "organisation": "reuna"})");
    EXPECT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made.location, "/api/v1/prefixes/2001-db8--32");
    const Answer taken =
        ask(net::Method::post, "/api/v1/prefixes", R"({"value": "2001:db8:1::/48", "organisation": "rnp"})");
    EXPECT_EQ(taken.status, 409);
    EXPECT_THAT(text_at(taken.body, "detail"), HasSubstr("of REUNA"));
}

TEST_F(RegistryApi, BulkIsAllOrNothing) {
    const Answer wrong = ask(
        net::Method::post, "/api/v1/registry/bulk",
        R"({"changes": [{"kind": "sites", "id": "lima", "object": {"name": "Lima"}}, {"kind": "sites", "id": "quito", "object": {}}]})");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_EQ(text_at(wrong.body.find("faults")->if_array()->front(), "where"), "sites[quito].name") << wrong.text;
    EXPECT_EQ(get("/api/v1/sites/lima").status, 404);
    const Answer made = ask(
        net::Method::post, "/api/v1/registry/bulk",
        R"({"changes": [{"kind": "sites", "id": "lima", "object": {"name": "Lima"}}, {"kind": "links", "id": "santiago-panama", "object": null, "expected_version": 1}]})");
    EXPECT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.find("differences")->if_array()->size(), 2U);
    EXPECT_EQ(get("/api/v1/links/santiago-panama").status, 404);
}

TEST_F(RegistryApi, FilesGoInAndOut) {
    const Answer dry = ask(net::Method::post, "/api/v1/registry/import?format=csv&kind=sites&dry_run=true&name=x.csv",
                           "id,name,latitude,longitude\r\nlima,Lima,-12.05,-77.04\r\n", {}, "text/plain");
    EXPECT_EQ(dry.status, 200) << dry.text;
    EXPECT_EQ(dry.body.find("differences")->if_array()->size(), 1U);
    EXPECT_EQ(get("/api/v1/sites/lima").status, 404);
    const Answer done = ask(net::Method::post, "/api/v1/registry/import?name=sites.csv",
                            "id,name,latitude,longitude\r\nlima,Lima,-12.05,-77.04\r\n", {}, "text/plain");
    EXPECT_EQ(done.status, 200) << done.text;
    const Answer wrong = ask(net::Method::post, "/api/v1/registry/import?name=net.toml",
                             "[[sites]]\nid = \"a\"\nname = \"A\"\nlatitude = 100\nlongitude = 1\n", {}, "text/plain");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_THAT(wrong.text, HasSubstr("net.toml:4 sites[a].latitude"));
    const Answer out = get("/api/v1/registry/export?format=csv&kind=sites");
    EXPECT_THAT(out.text, HasSubstr("lima,Lima,,,-12.05,-77.04,false"));
    EXPECT_EQ(get("/api/v1/registry/export?format=csv").status, 400);
    EXPECT_THAT(get("/api/v1/registry/export").text, HasSubstr("[[organisations]]"));
}

TEST_F(RegistryApi, PrivateContactsStayPrivate) {
    must_import(R"(
[[people]]
id = "noc"
name = "NOC"
contacts = [{ kind = "email", value = "noc@clara.example", visibility = "public" },
            { kind = "phone", value = "+1 202 555 0101", visibility = "private" },
            { kind = "phone", value = "+1 202 555 0102" }]
)");
    EXPECT_THAT(get("/api/v1/people/noc").text, HasSubstr("0101")) << "the local caller may see all";
    const std::string exported = get("/api/v1/registry/export").text;
    EXPECT_THAT(exported, testing::Not(HasSubstr("0101")));
    EXPECT_THAT(exported, HasSubstr("0102"));
    EXPECT_THAT(get("/api/v1/registry/export?contacts=private").text, HasSubstr("0101"));
    EXPECT_FALSE(sight_of(platform::anonymous_caller(), {}, {}).members);
    EXPECT_EQ(visible_part(registry_->now()->find<Person>("noc")->object, Visibility::public_).contacts.size(), 1U);
}

TEST_F(RegistryApi, TheTimelineIsInOrder) {
    const Answer timeline = get("/api/v1/registry/timeline");
    const auto& items = *timeline.body.find("items")->if_array();
    ASSERT_EQ(items.size(), 2U);
    EXPECT_EQ(text_at(items[0], "what"), "planned");
    EXPECT_EQ(text_at(items[1], "date"), "2011-07-06");
}

TEST_F(RegistryApi, WhatIfPagesOrTellsOne) {
    const Answer first = get("/api/v1/registry/what-if?limit=2");
    ASSERT_EQ(first.status, 200) << first.text;
    EXPECT_EQ(first.body.find("items")->if_array()->size(), 2U);
    const Answer second = get("/api/v1/registry/what-if?limit=2&cursor=" + text_at(first.body, "next"));
    EXPECT_EQ(second.body.find("items")->if_array()->size(), 1U);
    EXPECT_EQ(text_at(second.body, "next"), "null");
    const Answer one = get("/api/v1/registry/what-if?links=santiago-panama");
    EXPECT_EQ(text_at(one.body, "pairs_cut"), "1");
    EXPECT_EQ(one.body.find("paths")->if_array()->size(), 1U);
    EXPECT_EQ(get("/api/v1/registry/what-if?links=nothing").status, 400);
    EXPECT_EQ(get("/api/v1/registry/what-if?as_of=2001-01-01").body.find("items")->if_array()->size(), 0U);
    EXPECT_EQ(get("/api/v1/registry/what-if?order=2").body.find("items")->if_array()->size(), 3U);
}

TEST_F(RegistryApi, SchemasDescribeEachCollection) {
    const Answer schemas = get("/api/v1/registry/schemas");
    EXPECT_EQ(schemas.body.if_object()->size(), 10U);
    EXPECT_EQ(text_at(*schemas.body.find("links")->find("properties")->find("a"), "x-reference"), "sites");
}

}  // namespace
}  // namespace quipu::registry
