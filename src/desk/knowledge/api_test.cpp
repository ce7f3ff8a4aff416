#include "desk/knowledge/api.h"

#include <gmock/gmock.h>

#include "data/test_folder.h"
#include "desk/knowledge/articles.h"
#include "desk/knowledge/attachments.h"
#include "desk/knowledge/from_case.h"
#include "desk/knowledge/test_calls.h"

namespace quipu::knowledge {
namespace {

using testing::HasSubstr;

class KnowledgeApi : public testing::Test {
  protected:
    void SetUp() override {
        database_ = std::move(*data::Database::open("sqlite:" + (folder_ / "x.db")));
        ASSERT_TRUE(database_->migrate(data::kJournalMigrations));
        ASSERT_TRUE(database_->migrate(kKnowledgeMigrations));
        journal_ = std::make_unique<data::Journal>(*database_, clock_);
        articles_ = std::make_unique<Articles>(*database_, *journal_, clock_);
        files_.emplace(*database_, *journal_, clock_, *desk::Files::open(folder_ / "files"));
        add_routes(api_, *articles_, *files_, [](const platform::Caller&, std::int64_t number) -> Result<SolvedCase> {
            if (number != 41) return fail(ErrorCode::not_found, "there is no such case");
            return SolvedCase{.number = 41,
                              .title = "Lenta para Ana",
                              .description = "Escribir a ana@uchile.cl",
                              .language = "es",
                              .objects = {"link:a-b"},
                              .notes = {},
                              .present = {"Ana"},
                              .known = {}};
        });
    }
    TestAnswer get(std::string_view target) { return call(api_, net::Method::get, target); }
    TestAnswer post(std::string_view target, std::string body, std::string if_match = {}) {
        return call(api_, net::Method::post, target, std::move(body), std::move(if_match));
    }

    TestAnswer send(std::string_view target, std::string octets) {
        return call(api_, net::Method::post, target, std::move(octets), {}, "application/octet-stream");
    }

    data::TestFolder folder_;
    ManualClock clock_{*parse_time("2011-11-15T12:00:00Z")};
    std::unique_ptr<data::Database> database_;
    std::unique_ptr<data::Journal> journal_;
    std::unique_ptr<Articles> articles_;
    std::optional<ArticleAttachments> files_;
    platform::Api api_;
};

TEST_F(KnowledgeApi, FilesAreSeenByWhoeverReadsTheArticle) {
    const std::string text = R"({"id": "mtu", "category": "network", "texts": {"en": {"title": "MTU", "body": "x"}}})";
    ASSERT_EQ(post("/api/v1/articles", text).status, 201);
    const TestAnswer sent = send("/api/v1/articles/mtu/attachments?name=../graph.png", "\x89PNG\r\n\x1a\n...");
    ASSERT_EQ(sent.status, 201) << sent.text;
    EXPECT_EQ(sent.at("name"), "graph.png");
    EXPECT_EQ(sent.at("media_type"), "image/png");
    EXPECT_EQ(sent.location, "/api/v1/articles/mtu/attachments/1");
    EXPECT_EQ(get(sent.location).text, "\x89PNG\r\n\x1a\n...");
    EXPECT_EQ(send("/api/v1/articles/none/attachments?name=a", "x").status, 404);
    EXPECT_EQ(get("/api/v1/articles/mtu/attachments/9").status, 404);
    files_->set_largest({3});
    EXPECT_EQ(send("/api/v1/articles/mtu/attachments?name=a", "four").status, 413);

    // A draft is not there for others; nor are its files.
    api_.set_gatekeeper(platform::admit_nobody());
    EXPECT_EQ(get("/api/v1/articles/mtu/attachments").status, 404);
    EXPECT_EQ(get(sent.location).status, 404);
    EXPECT_EQ(send("/api/v1/articles/mtu/attachments?name=a", "x").status, 401);
    EXPECT_EQ(call(api_, net::Method::delete_, sent.location).status, 401);
    api_.set_gatekeeper(platform::admit_all());
    ASSERT_EQ(post("/api/v1/articles/mtu/state", R"({"state": "published"})", "\"1\"").status, 200);
    api_.set_gatekeeper(platform::admit_nobody());
    EXPECT_EQ(get("/api/v1/articles/mtu/attachments").body.find("items")->if_array()->size(), 1U);
    EXPECT_EQ(get(sent.location).status, 200);

    api_.set_gatekeeper(platform::admit_all());
    ASSERT_EQ(call(api_, net::Method::delete_, sent.location).status, 204);
    EXPECT_EQ(get(sent.location).status, 404);
    EXPECT_EQ(call(api_, net::Method::delete_, sent.location).status, 404);
    // Who is given an article's name later is not given its files.
    ASSERT_EQ(send("/api/v1/articles/mtu/attachments?name=a", "x").location, "/api/v1/articles/mtu/attachments/2");
    ASSERT_EQ(call(api_, net::Method::delete_, "/api/v1/articles/mtu", {}, "\"2\"").status, 204);
    ASSERT_EQ(post("/api/v1/articles", text).status, 201);
    EXPECT_TRUE(get("/api/v1/articles/mtu/attachments").body.find("items")->if_array()->empty());
}

TEST_F(KnowledgeApi, AnArticleIsWrittenReadChangedAndRestored) {
    const TestAnswer made = post(
        "/api/v1/articles",
        R"({"category": "network", "texts": {"es": {"title": "Túnel", "body": "# Causa\n<b>x</b>"}, "pt": {"title": "Túnel pt", "body": "y"}}})");
    ASSERT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made.location, "/api/v1/articles/tunel");
    EXPECT_THAT(made.at("html"), HasSubstr("<h2 id=\"s-causa\">Causa</h2>"));
    const TestAnswer read = get("/api/v1/articles/tunel?language=pt");
    EXPECT_EQ(read.at("language"), "pt");
    EXPECT_EQ(read.etag, "\"1-pt\"") << "each language is another text";
    EXPECT_EQ(get("/api/v1/articles/tunel?language=en").at("language"), "es");

    const std::string change = R"({"category": "network", "texts": {"es": {"title": "Túnel", "body": "z"}}})";
    EXPECT_EQ(call(api_, net::Method::put, "/api/v1/articles/tunel", change).status, 428);
    EXPECT_EQ(call(api_, net::Method::put, "/api/v1/articles/tunel", change, "\"9\"").status, 412);
    const TestAnswer changed = call(api_, net::Method::put, "/api/v1/articles/tunel?why=shorter", change, read.etag);
    ASSERT_EQ(changed.status, 200) << changed.text;
    EXPECT_EQ(changed.etag, "\"2\"");
    EXPECT_THAT(get("/api/v1/articles/tunel/versions").text, HasSubstr("shorter"));
    EXPECT_THAT(get("/api/v1/articles/tunel/versions/2/difference").text,
                HasSubstr(R"({"sign":"-","text":"# Causa"})"));
    EXPECT_THAT(get("/api/v1/articles/tunel/versions/1").text, HasSubstr("Túnel pt"));
    EXPECT_EQ(get("/api/v1/articles/tunel/versions/7").status, 404);
    const TestAnswer restored = post("/api/v1/articles/tunel/versions/1/restore", {}, "\"2\"");
    EXPECT_EQ(restored.etag, "\"3\"") << restored.text;
    EXPECT_EQ(post("/api/v1/articles/tunel/state", R"({"state": "published"})", "\"3\"").at("state"), "published");
    EXPECT_THAT(get("/api/v1/articles?language=pt&state=published").text, HasSubstr("Túnel pt"));
    EXPECT_THAT(get("/api/v1/articles?category=help").text, HasSubstr("\"items\":[]"));
    EXPECT_EQ(call(api_, net::Method::delete_, "/api/v1/articles/tunel", {}, "\"4\"").status, 204);
    EXPECT_EQ(get("/api/v1/articles/tunel").status, 404);
}

TEST_F(KnowledgeApi, FaultsNameTheirField) {
    const TestAnswer wrong =
        post("/api/v1/articles", R"({"category": "x", "texts": {"fr": {"title": "a", "body": "b"}}})");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_THAT(wrong.text, HasSubstr("texts.fr"));
    EXPECT_EQ(post("/api/v1/articles", R"({"texts": {}})").status, 400);
}

TEST_F(KnowledgeApi, PreviewsAreSafe) {
    EXPECT_THAT(post("/api/v1/articles/preview", R"({"body": "a <script>*x*"})").at("html"),
                HasSubstr("&lt;script&gt;<em>x</em>"));
}

TEST_F(KnowledgeApi, ASolvedCaseBecomesADraftInOneStep) {
    const TestAnswer made = post("/api/v1/cases/41/article", R"({"language": "es"})");
    ASSERT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made.at("state"), "draft");
    EXPECT_EQ(made.at("from_case"), "41");
    EXPECT_THAT(made.text, testing::Not(HasSubstr("uchile")));
    EXPECT_THAT(made.text, testing::Not(HasSubstr("Ana")));
    EXPECT_EQ(post("/api/v1/cases/42/article", "{}").status, 404);
    EXPECT_EQ(post("/api/v1/cases/41/article", R"({"language": "fr"})").status, 400);
}

}  // namespace
}  // namespace quipu::knowledge
