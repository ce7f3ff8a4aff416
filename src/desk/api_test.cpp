#include "desk/api.h"

#include <gmock/gmock.h>

#include "desk/test_desk.h"

namespace quipu::desk {
namespace {

using testing::HasSubstr;

/// Runs a task that never waits for a loop.
template <class T>
T run(Task<T> task) {
    task.await_suspend(std::noop_coroutine()).resume();
    return task.await_resume();
}

class DeskApi : public DeskTest {
  protected:
    void SetUp() override {
        DeskTest::SetUp();
        if (desk_) add_routes(api_, *desk_);
    }
    struct Answer {
        int status;
        std::string etag, location, disposition, type, text;
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
                      std::string(response.headers.get("Content-Disposition")),
                      std::string(response.headers.get("Content-Type")),
                      {},
                      {}};
        if (const auto* text = std::get_if<std::string>(&response.body)) answer.text = *text;
        if (auto parsed = parse_json(answer.text)) answer.body = std::move(*parsed);
        return answer;
    }
    Answer get(std::string_view target) { return ask(net::Method::get, target); }
    static std::size_t count(const Answer& answer) {
        const Value* items = answer.body.find("items");
        return items == nullptr ? 999 : items->if_array()->size();
    }

    platform::Api api_;
};
INSTANTIATE_TEST_SUITE_P(Desk, DeskApi, testing::Values(data::Dialect::sqlite), DeskApi::name);

TEST_P(DeskApi, ACasesWholeLife) {
    const Answer made = ask(net::Method::post, "/api/v1/cases",
                            R"({"queue": "performance", "title": "Slow", "organisations": ["reuna"],
                                "freeze": [{"kind": "path", "key": "santiago/panama"}]})");
    EXPECT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made.location, "/api/v1/cases/1");
    const Answer one = get("/api/v1/cases/1");
    EXPECT_EQ(one.status, 200) << one.text;
    EXPECT_EQ(one.etag, "\"1\"");
    EXPECT_THAT(one.text, HasSubstr(R"("due":"2011-11-15T14:00:00Z")"));
    EXPECT_EQ(count(get("/api/v1/cases/1/evidence")), 1U);
    EXPECT_EQ(ask(net::Method::patch, "/api/v1/cases/1", R"({"title": "x"})").status, 428);
    EXPECT_EQ(ask(net::Method::patch, "/api/v1/cases/1", R"({"title": "x"})", "\"9\"").status, 412);
    const Answer changed =
        ask(net::Method::patch, "/api/v1/cases/1", R"({"owner": "person:ana", "state": "working"})", "\"1\"");
    EXPECT_EQ(changed.status, 200) << changed.text;
    EXPECT_EQ(changed.etag, "\"2\"");
    EXPECT_EQ(ask(net::Method::patch, "/api/v1/cases/1", R"({"state": "contained"})", "\"2\"").status, 409);
    EXPECT_EQ(ask(net::Method::post, "/api/v1/cases/1/notes", R"({"text": "We look."})").status, 201);
    EXPECT_EQ(ask(net::Method::post, "/api/v1/cases/1/notes", R"({"text": "For us", "visibility": "private"})").status,
              201);
    EXPECT_EQ(count(get("/api/v1/cases/1/notes")), 2U);
    EXPECT_EQ(count(get("/api/v1/cases/1/timeline?limit=1")), 1U);
    EXPECT_EQ(count(get("/api/v1/cases/1/timeline?notes_only=true")), 2U);
    EXPECT_EQ(ask(net::Method::post, "/api/v1/cases/1/links", R"({"objects": ["link:santiago-panama"]})").status, 204);
    EXPECT_EQ(count(get("/api/v1/cases?object=link:santiago-panama&open=true&queue=performance")), 1U);
    EXPECT_EQ(count(get("/api/v1/cases?text=nothing")), 0U);
    EXPECT_EQ(get("/api/v1/cases?state=asleep").status, 400);
    EXPECT_EQ(get("/api/v1/cases/77").status, 404);
    EXPECT_EQ(get("/api/v1/cases/0").status, 400);
    EXPECT_EQ(ask(net::Method::put, "/api/v1/cases/1/watchers/person:rita?language=pt").status, 204);
    EXPECT_EQ(count(get("/api/v1/cases/1/watchers")), 1U);
    EXPECT_EQ(ask(net::Method::delete_, "/api/v1/cases/1/watchers/person:rita").status, 204);
    EXPECT_EQ(count(get("/api/v1/cases/1/watchers")), 0U);
}

TEST_P(DeskApi, FilesAreDownloads) {
    ask(net::Method::post, "/api/v1/cases", R"({"queue": "help", "title": "Files"})");
    const Answer sent =
        ask(net::Method::post, "/api/v1/cases/1/attachments?name=page.html", "<html><script>", {}, "text/html");
    EXPECT_EQ(sent.status, 201) << sent.text;
    EXPECT_EQ(count(get("/api/v1/cases/1/attachments")), 1U);
    const Answer file = get(sent.location);
    EXPECT_EQ(file.status, 200);
    EXPECT_EQ(file.text, "<html><script>");
    EXPECT_EQ(file.type, "text/plain");
    EXPECT_EQ(file.disposition, "attachment; filename=\"page.html\"");
    const std::string binary("\0\xff\xfe\x01", 4);
    const Answer octets = ask(net::Method::post, "/api/v1/cases/1/attachments?name=x", binary, {}, "image/png");
    EXPECT_EQ(octets.status, 201) << octets.text;
    EXPECT_EQ(get(octets.location).text, binary);
    EXPECT_EQ(get(octets.location).type, "application/octet-stream");
    EXPECT_EQ(get("/api/v1/cases/1/attachments/999").status, 404);
}

TEST_P(DeskApi, MergeSplitAndFigures) {
    ask(net::Method::post, "/api/v1/cases", R"({"queue": "help", "title": "One", "organisations": ["reuna"]})");
    ask(net::Method::post, "/api/v1/cases", R"({"queue": "help", "title": "Two"})");
    const Answer note = ask(net::Method::post, "/api/v1/cases/2/notes", R"({"text": "mine"})");
    const Answer merged = ask(net::Method::post, "/api/v1/cases/2/merge", R"({"into": 1})");
    EXPECT_EQ(merged.status, 200) << merged.text;
    EXPECT_THAT(get("/api/v1/cases/2").text, HasSubstr(R"("merged_into":1)"));
    const Answer split = ask(net::Method::post, "/api/v1/cases/1/split",
                             R"({"title": "Again", "entries": [)" + to_json(*note.body.find("number")) + "]}");
    EXPECT_EQ(split.status, 201) << split.text;
    EXPECT_EQ(split.location, "/api/v1/cases/3");
    EXPECT_EQ(count(get("/api/v1/cases/statistics")), 1U);
    EXPECT_EQ(count(get("/api/v1/cases/statistics?by_organisation=true")), 2U);
    const Answer csv = get("/api/v1/cases/statistics.csv?by_organisation=true");
    EXPECT_THAT(csv.text, HasSubstr("month,queue,organisation,opened"));
    EXPECT_THAT(csv.text, HasSubstr("2011-11,help,reuna,2,"));
    EXPECT_EQ(count(get("/api/v1/desk/queues")), 4U);
    EXPECT_THAT(get("/api/v1/desk/queues").text, HasSubstr("normal: answered within 2 h, solved within"));
    EXPECT_EQ(count(get("/api/v1/desk/holidays?country=CL&year=2011")), 15U);
    EXPECT_EQ(get("/api/v1/desk/holidays?country=CL&year=12").status, 400);
}

}  // namespace
}  // namespace quipu::desk
