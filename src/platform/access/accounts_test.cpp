#include <gmock/gmock.h>

#include "platform/access/test_access.h"

namespace quipu::access {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class AccountsTest : public AccessTest {
  protected:
    void SetUp() override {
        AccessTest::SetUp();
        make("root@clara.example", Role::administrator, "");
        make("manager@rnp.example", Role::manager, "rnp");
        make("member@usp.example", Role::member, "usp");
        make("other@uchile.example", Role::member, "uchile");
        root_ = cookie_of("root@clara.example");
        manager_ = cookie_of("manager@rnp.example");
        member_ = cookie_of("member@usp.example");
        clock_.advance(1s);
    }
    Answer give(const std::string& cookie, const std::string& account, const std::string& roles,
                std::string version = "*") {
        return ask({.method = net::Method::put,
                    .path = "accounts/" + account + "/roles",
                    .body = "{\"roles\":" + roles + "}",
                    .cookie = cookie,
                    .if_match = std::move(version)});
    }
    Answer patch(const std::string& cookie, const std::string& account, const std::string& body) {
        return ask({.method = net::Method::patch,
                    .path = "accounts/" + account,
                    .body = body,
                    .cookie = cookie,
                    .if_match = "*"});
    }
    std::string root_, manager_, member_;
};

TEST_F(AccountsTest, AManagerSeesTheirPeopleAndNoOthers) {
    const Answer list = ask({.path = "accounts", .cookie = manager_});
    ASSERT_EQ(list.status, 200);
    EXPECT_THAT(list.text, HasSubstr("\"id\":\"member\""));
    EXPECT_THAT(list.text, Not(HasSubstr("\"id\":\"other\"")));
    EXPECT_THAT(list.text, Not(HasSubstr("\"id\":\"root\"")));
    EXPECT_EQ(ask({.path = "accounts/other", .cookie = manager_}).status, 404);
    EXPECT_EQ(ask({.path = "accounts/member", .cookie = manager_}).status, 200);
    EXPECT_EQ(ask({.path = "accounts/member", .cookie = member_}).status, 200) << "one's own";
    EXPECT_EQ(ask({.path = "accounts/manager", .cookie = member_}).status, 404);
    EXPECT_EQ(ask({.path = "accounts", .cookie = member_}).status, 403);
    EXPECT_EQ(ask({.path = "accounts"}).status, 401);
    EXPECT_EQ(ask({.path = "accounts", .cookie = root_, .query = {{"organisation", "usp"}}})
                  .body.find("items")
                  ->if_array()
                  ->size(),
              1U);
}

TEST_F(AccountsTest, NobodyGivesMoreThanTheyHave) {
    EXPECT_EQ(give(manager_, "member", R"([{"role":"operator","organisation":"usp","service":""}])").status, 200);
    EXPECT_EQ(give(manager_, "member", R"([{"role":"administrator","organisation":"usp","service":""}])").status, 403);
    EXPECT_EQ(give(manager_, "member", R"([{"role":"viewer","organisation":"reuna","service":""}])").status, 403);
    EXPECT_EQ(give(manager_, "member", R"([{"role":"viewer","organisation":"","service":""}])").status, 403);
    EXPECT_EQ(give(manager_, "other", R"([{"role":"viewer","organisation":"rnp","service":""}])").status, 404);
    EXPECT_EQ(give(member_, "member", R"([{"role":"manager","organisation":"usp","service":""}])").status, 403);
    EXPECT_EQ(give(manager_, "manager", R"([{"role":"administrator","organisation":"rnp","service":""}])").status, 403);
    EXPECT_EQ(give(root_, "member", R"([{"role":"manager","organisation":"atlantis","service":""}])").status, 400);
    EXPECT_EQ(give(root_, "member", R"([{"role":"manager","organisation":"rnp","service":""}])", "\"1\"").status, 412);
    EXPECT_THAT(json_text(events("RolesChanged").back()), HasSubstr("operator at usp"));
}

TEST_F(AccountsTest, ARoleThatIsTakenCountsAtOnce) {
    EXPECT_EQ(ask({.path = "accounts", .cookie = manager_}).status, 200);
    EXPECT_EQ(give(root_, "manager", "[]").status, 200);
    EXPECT_EQ(ask({.path = "accounts", .cookie = manager_}).status, 403);
}

TEST_F(AccountsTest, ALockedAccountIsOutAtOnce) {
    Value wish;
    wish.set("name", "script");
    const Answer token = ask({.method = net::Method::post, .path = "tokens", .body = to_json(wish), .cookie = member_});
    ASSERT_EQ(token.status, 201) << token.text;
    EXPECT_EQ(patch(member_, "member", R"({"state":"locked"})").status, 403) << "not by oneself";
    EXPECT_EQ(patch(manager_, "root", R"({"state":"locked"})").status, 404);
    EXPECT_EQ(patch(manager_, "member", R"({"state":"locked"})").status, 200);
    EXPECT_EQ(ask({.path = "sessions", .cookie = member_}).status, 401);
    EXPECT_EQ(ask({.path = "sessions", .token = token.at("token")}).status, 401);
    EXPECT_EQ(sign_in("member@usp.example", kGoodPassword).status, 403);
    EXPECT_EQ(patch(manager_, "member", R"({"state":"active"})").status, 200);
    EXPECT_EQ(sign_in("member@usp.example", kGoodPassword).status, 200);
}

TEST_F(AccountsTest, TheLastAdministratorStays) {
    EXPECT_EQ(give(root_, "root", "[]").status, 409);
    EXPECT_EQ(give(root_, "member", R"([{"role":"administrator","organisation":"","service":""}])").status, 200);
    EXPECT_EQ(give(root_, "root", "[]").status, 200);
}

TEST_F(AccountsTest, OnesOwnNameAndLanguageAreOnesOwn) {
    const Answer changed = patch(member_, "member", R"({"name":"María","language":"es"})");
    EXPECT_EQ(changed.status, 200) << changed.text;
    EXPECT_EQ(changed.at("name"), "María");
    EXPECT_EQ(patch(member_, "member", R"({"organisation":"rnp"})").status, 403);
    EXPECT_EQ(
        ask({.method = net::Method::patch, .path = "accounts/member", .body = R"({"name":"M"})", .cookie = member_})
            .status,
        428);
}

TEST_F(AccountsTest, InvitationsAreTheManagersOwn) {
    const auto invite = [&](const std::string& cookie, const char* body) {
        return ask({.method = net::Method::post, .path = "invitations", .body = body, .cookie = cookie});
    };
    EXPECT_EQ(invite(member_, R"({"mail":"a@usp.example","role":"viewer","organisation":"usp"})").status, 403);
    EXPECT_EQ(invite(manager_, R"({"mail":"a@usp.example","role":"member","organisation":"usp"})").status, 201);
    EXPECT_EQ(invite(manager_, R"({"mail":"a@x.example","role":"member","organisation":"uchile"})").status, 403);
    EXPECT_EQ(invite(manager_, R"({"mail":"a@x.example","role":"member"})").status, 403) << "everywhere";
    EXPECT_EQ(invite(manager_, R"({"mail":"no address","role":"member","organisation":"usp"})").status, 400);
    EXPECT_EQ(invite(manager_, R"({"mail":"member@usp.example","role":"member","organisation":"usp"})").status, 409);
    core_->send_letters_by({});
    const Answer shown = invite(manager_, R"({"mail":"b@usp.example","role":"member","organisation":"usp"})");
    EXPECT_THAT(shown.at("link"), HasSubstr("/join#")) << "no letters: the link is handed over";
    const Answer open = ask({.path = "invitations", .cookie = manager_});
    EXPECT_EQ(open.body.find("items")->if_array()->size(), 2U);
    EXPECT_THAT(open.text, Not(HasSubstr("/join#")));
    EXPECT_EQ(ask({.method = net::Method::delete_, .path = "invitations/" + shown.at("id"), .cookie = manager_}).status,
              204);
    EXPECT_FALSE(core_->look(secret_in(shown.at("link")), at("192.0.2.1")));
}

TEST_F(AccountsTest, ATokenActsWithinItsScope) {
    const Answer made =
        ask({.method = net::Method::post,
             .path = "tokens",
             .body = R"({"name":"inventory","permissions":["see-members","own"],"organisations":["rnp"]})",
             .cookie = manager_});
    ASSERT_EQ(made.status, 201) << made.text;
    const std::string token = made.at("token");
    EXPECT_THAT(token, testing::StartsWith("qp_"));
    EXPECT_EQ(ask({.path = "accounts", .token = token}).status, 403) << "manage-people is not in its scope";
    const Answer who = ask({.path = "session", .token = token});
    EXPECT_EQ(who.at("caller"), "token:" + made.at("id"));
    EXPECT_THAT(who.text, HasSubstr("\"permissions\":[\"see-public\",\"own\",\"see-members\"]"));
    EXPECT_EQ(ask({.method = net::Method::post, .path = "tokens", .body = R"({"name":"more"})", .token = token}).status,
              403)
        << "a token makes no tokens";
    const Answer list = ask({.path = "tokens", .cookie = manager_});
    EXPECT_THAT(list.text, Not(HasSubstr("qp_")));
    EXPECT_THAT(list.text, HasSubstr("\"used\":")) << "when it was used last";
    EXPECT_EQ(ask({.method = net::Method::delete_, .path = "tokens/" + made.at("id"), .cookie = member_}).status, 404);
    start();
    EXPECT_EQ(ask({.path = "session", .token = token}).status, 200) << "outlives a restart";
    clock_.advance(std::chrono::days(91));
    EXPECT_EQ(ask({.path = "session", .token = token}).status, 401) << "over";
}

TEST_F(AccountsTest, BeforeATokenEndsItsOwnerGetsOneLetter) {
    for (const char* body : {R"({"name":"inventory"})", R"({"name":"today","until":"2026-03-05T12:00:00Z"})"})
        ASSERT_EQ(ask({.method = net::Method::post, .path = "tokens", .body = body, .cookie = manager_}).status, 201);
    letters_.clear();
    clock_.advance(std::chrono::days(82));
    ASSERT_TRUE(core_->sweep());
    EXPECT_TRUE(letters_.empty()) << "eight days before; one of three days needs none";
    clock_.advance(std::chrono::days(1));
    ASSERT_TRUE(core_->sweep());
    ASSERT_EQ(letters_.size(), 1U);
    EXPECT_THAT(letters_.back().text, HasSubstr("inventory"));
    EXPECT_THAT(letters_.back().text, HasSubstr("2026-05-31 12:00 UTC"));
    ASSERT_TRUE(core_->sweep());
    start();
    ASSERT_TRUE(core_->sweep());
    EXPECT_EQ(letters_.size(), 1U) << "after a restart too";
}

TEST_F(AccountsTest, ATokenEndsWhenItsOwnerSaysSo) {
    const Answer made =
        ask({.method = net::Method::post, .path = "tokens", .body = R"({"name":"x"})", .cookie = manager_});
    EXPECT_EQ(ask({.path = "accounts", .token = made.at("token")}).status, 200) << "all that its owner may";
    EXPECT_EQ(ask({.method = net::Method::delete_, .path = "tokens/" + made.at("id"), .cookie = manager_}).status, 204);
    EXPECT_EQ(ask({.path = "accounts", .token = made.at("token")}).status, 401);
}

TEST_F(AccountsTest, TheAuditIsForWhoManagesThem) {
    (void)give(manager_, "member", R"([{"role":"operator","organisation":"usp","service":""}])");
    const Answer own = ask({.path = "audit", .cookie = manager_});
    ASSERT_EQ(own.status, 200) << own.text;
    EXPECT_THAT(own.text, HasSubstr("RolesChanged"));
    EXPECT_THAT(own.text, Not(HasSubstr("\"account\":\"other\"")));
    EXPECT_THAT(own.text, Not(HasSubstr("\"account\":\"root\"")));
    const Answer all = ask({.path = "audit", .cookie = root_, .query = {{"limit", "2"}}});
    EXPECT_EQ(all.body.find("items")->if_array()->size(), 2U);
    EXPECT_FALSE(all.at("next").empty());
    EXPECT_THAT(ask({.path = "audit", .cookie = root_, .query = {{"cursor", all.at("next")}}}).text,
                HasSubstr("SignedIn"));
    EXPECT_EQ(ask({.path = "audit", .cookie = member_}).status, 403);
    EXPECT_EQ(ask({.path = "audit", .cookie = root_, .query = {{"type", "DelayRose"}}}).status, 400);
}

TEST_F(AccountsTest, ARefusalIsTold) {
    core_->note_refused({.id = "person:member"}, "manage-people", "/api/v1/accounts", "192.0.2.1");
    core_->note_refused({.id = "person:member"}, "manage-people", "/api/v1/accounts", "192.0.2.1");
    EXPECT_EQ(events("AccessRefused").size(), 1U) << "once a minute for each of what";
    clock_.advance(2min);
    core_->note_refused({.id = "person:member"}, "manage-people", "/api/v1/accounts", "192.0.2.1");
    EXPECT_EQ(events("AccessRefused").size(), 2U);
}

TEST_F(AccountsTest, AnOpenStreamEndsWithTheSessionOrTheRole) {
    const auto opening = core_->directory().find(hash_of(manager_.substr(14, 43)));
    ASSERT_NE(opening, nullptr);
    const auto ended = opening->ended.load();
    EXPECT_FALSE(ended->load());
    (void)give(root_, "manager", "[]");
    EXPECT_TRUE(ended->load()) << "asked for anew, with what its owner may do now";
    const auto now = opening->ended.load();
    EXPECT_FALSE(now->load());
    (void)ask({.method = net::Method::delete_, .path = "session", .cookie = manager_});
    EXPECT_TRUE(now->load());
}

TEST_F(AccountsTest, TheLocalSecretIsForThisMachineAlone) {
    core_->set_local_secret(hash_of("qpl_secret"));
    EXPECT_EQ(ask({.path = "session", .token = "qpl_secret", .address = "127.0.0.1"}).at("caller"), "local");
    EXPECT_EQ(ask({.path = "session", .token = "qpl_secret", .address = "192.0.2.1"}).status, 401);
    core_->set_local_secret({});
    EXPECT_EQ(ask({.path = "session", .token = "qpl_secret", .address = "127.0.0.1"}).status, 401);
    EXPECT_EQ(ask({.path = "session", .token = "qpl_", .address = "127.0.0.1"}).status, 401);
}

TEST(Headers, CookiesAndBearersAreReadWithCare) {
    EXPECT_EQ(cookie_in("a=b; quipu_session=xyz; c=d", "quipu_session"), "xyz");
    EXPECT_EQ(cookie_in("xquipu_session=xyz", "quipu_session"), "");
    EXPECT_EQ(cookie_in("quipu_session", "quipu_session"), "");
    EXPECT_EQ(cookie_in("; ;=;", "quipu_session"), "");
    EXPECT_EQ(bearer_in("Bearer qp_x"), "qp_x");
    EXPECT_EQ(bearer_in("bEARER  qp_x"), "qp_x");
    EXPECT_EQ(bearer_in("Basic qp_x"), "");
    EXPECT_EQ(bearer_in("Bearer"), "");
}

}  // namespace
}  // namespace quipu::access
