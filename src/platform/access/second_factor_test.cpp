#include <gmock/gmock.h>

#include "platform/access/test_access.h"

namespace quipu::access {
namespace {

using testing::HasSubstr;
using testing::Not;

class SecondFactorTest : public AccessTest {
  protected:
    void SetUp() override {
        settings_.second_factor = Settings().second_factor;
        AccessTest::SetUp();
    }
    void demand_of(SecondFactor whom) {
        settings_.second_factor = whom;
        start();
    }
    void keep(const std::string& account, const std::string& kind = "totp", const std::string& id = "1") {
        const auto kept = core_->keep_credential(
            {.account = account, .kind = kind, .id = id, .name = "phone", .data = "secret"}, "person:" + account);
        ASSERT_TRUE(kept) << kept.error().text();
    }
    Answer take(const std::string& cookie, const std::string& account) {
        return ask({.method = net::Method::delete_, .path = "accounts/" + account + "/factors", .cookie = cookie});
    }
    int accounts_by(const std::string& cookie) { return ask({.path = "accounts", .cookie = cookie}).status; }
};

TEST_F(SecondFactorTest, AnAdministratorWithoutOneMayOnlySetOneUp) {
    make("root@clara.example", Role::administrator, "");
    const std::string cookie = cookie_of("root@clara.example");
    const Answer refused = ask({.path = "accounts", .cookie = cookie});
    EXPECT_EQ(refused.status, 403);
    EXPECT_THAT(refused.text, HasSubstr("set up a second factor"));
    const Answer who = ask({.path = "session", .cookie = cookie});
    EXPECT_THAT(who.text, HasSubstr("\"factor_needed\":true"));
    EXPECT_THAT(who.text, HasSubstr("\"standings\":[]"));
    EXPECT_THAT(who.text, Not(HasSubstr("\"administer\"")));
    EXPECT_EQ(ask({.path = "sessions", .cookie = cookie}).status, 200) << "what is their own";

    const Answer made =
        ask({.method = net::Method::post, .path = "tokens", .body = R"({"name":"script"})", .cookie = cookie});
    ASSERT_EQ(made.status, 201) << made.text;
    const std::string token = made.at("token");
    EXPECT_EQ(ask({.path = "accounts", .token = token}).status, 403) << "a token is no way round";

    keep("root");
    EXPECT_EQ(accounts_by(cookie), 200) << "whoever has just set it up has shown it";
    EXPECT_EQ(ask({.path = "accounts", .token = token}).status, 200);
    EXPECT_THAT(ask({.path = "session", .cookie = cookie}).text, HasSubstr("\"factor_needed\":false"));
    ASSERT_TRUE(core_->drop_credential("root", "totp", "1", "person:root"));
    EXPECT_EQ(accounts_by(cookie), 403) << "without it again";
}

TEST_F(SecondFactorTest, ItIsDemandedOfWhomTheSettingNames) {
    make("manager@rnp.example", Role::manager, "rnp");
    make("root@rnp.example", Role::administrator, "rnp");
    EXPECT_EQ(accounts_by(cookie_of("manager@rnp.example")), 200);
    EXPECT_EQ(accounts_by(cookie_of("root@rnp.example")), 403) << "of one organisation";
    demand_of(SecondFactor::everyone);
    EXPECT_EQ(accounts_by(cookie_of("manager@rnp.example")), 403);
    demand_of(SecondFactor::nobody);
    EXPECT_EQ(accounts_by(cookie_of("root@rnp.example")), 200);
}

TEST_F(SecondFactorTest, DemonstrationsHaveNone) {
    demand_of(SecondFactor::everyone);
    std::vector<Account> accounts(1);
    accounts[0].id = "demo-administrator";
    accounts[0].name = "Administrator";
    accounts[0].roles.push_back({Role::administrator, "", ""});
    ASSERT_TRUE(core_->demonstrate(accounts));
    const Answer here = sign_in("demo-administrator", "", "127.0.0.1");
    ASSERT_EQ(here.status, 200) << here.text;
    EXPECT_EQ(accounts_by(here.cookie), 200);
}

TEST_F(SecondFactorTest, AnotherPlaceMayHaveAskedForIt) {
    core_->find_scopes_by([](std::string_view) { return std::optional<std::string>("uchile"); });
    ExternalIdentity identity{.issuer = "https://idp.uchile.example",
                              .subject = "abc",
                              .eppn = "eva@uchile.example",
                              .name = "Eva",
                              .scope = "uchile.example",
                              .method = "saml",
                              .strong = true};
    const auto first = core_->sign_in_external(identity, at("192.0.2.1"));
    ASSERT_TRUE(first) << first.error().text();
    ASSERT_TRUE(core_->set_roles(platform::Caller{}, first->account.id, {{Role::administrator, "", ""}}, "*"));
    EXPECT_EQ(accounts_by(first->cookie), 200);
    start();
    EXPECT_EQ(accounts_by(first->cookie), 200) << "after a restart too";
    identity.strong = false;
    const auto weak = core_->sign_in_external(identity, at("192.0.2.1"));
    ASSERT_TRUE(weak) << weak.error().text();
    EXPECT_EQ(accounts_by(weak->cookie), 403);
}

TEST_F(SecondFactorTest, ItsOwnerIsToldOfEachChange) {
    make("ana@rnp.example", Role::member, "rnp");
    keep("ana");
    ASSERT_EQ(letters_.size(), 1U);
    EXPECT_EQ(letters_.back().to, "ana@rnp.example");
    EXPECT_THAT(letters_.back().subject, HasSubstr("segundos factores"));
    keep("ana", "recovery-code", "7");
    EXPECT_EQ(letters_.size(), 1U) << "recovery codes come with it";
    ASSERT_TRUE(core_->drop_credential("ana", "totp", "1", "person:ana"));
    EXPECT_EQ(letters_.size(), 2U);
    EXPECT_EQ(events("FactorChanged").size(), 3U);
}

TEST_F(SecondFactorTest, ACodeThatCameTwiceIsToldToItsOwner) {
    make("ana@rnp.example", Role::member, "rnp");
    keep("ana");
    letters_.clear();
    const std::string pending = sign_in("ana@rnp.example", kGoodPassword).at("pending");
    (void)core_->fail_second_factor(pending, "code", at("203.0.113.7"));
    EXPECT_TRUE(letters_.empty()) << "a wrong code is none";
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(core_->fail_second_factor(pending, kUsedCode, at("203.0.113.7")).what, "the code is wrong");
    ASSERT_EQ(letters_.size(), 1U) << "once for one sign-in";
    EXPECT_EQ(letters_.back().to, "ana@rnp.example");
    EXPECT_THAT(letters_.back().text, HasSubstr("203.0.113.7"));
    EXPECT_THAT(json_text(events("SignInFailed").back()), HasSubstr("a code used before"));
}

TEST_F(SecondFactorTest, ANewAddressIsToldToTheOldOne) {
    make("ana@rnp.example", Role::member, "rnp");
    const std::string cookie = cookie_of("ana@rnp.example");
    const Answer changed = ask({.method = net::Method::patch,
                                .path = "accounts/ana",
                                .body = R"({"mail":"eva@elsewhere.example"})",
                                .cookie = cookie,
                                .if_match = "*"});
    ASSERT_EQ(changed.status, 200) << changed.text;
    ASSERT_EQ(letters_.size(), 1U);
    EXPECT_EQ(letters_.back().to, "ana@rnp.example");
    EXPECT_THAT(letters_.back().text, HasSubstr("eva@elsewhere.example"));
}

TEST_F(SecondFactorTest, WhatWasLostIsTakenAwayByAManager) {
    make("manager@rnp.example", Role::manager, "rnp");
    make("member@usp.example", Role::member, "usp");
    make("root@clara.example", Role::administrator, "");
    const std::string manager = cookie_of("manager@rnp.example");
    const std::string member = cookie_of("member@usp.example");
    EXPECT_EQ(take(manager, "member").status, 409) << "there is none";
    keep("member");
    keep("member", "recovery-code", "7");
    keep("root");
    EXPECT_EQ(take(member, "member").status, 403) << "not one's own by this way";
    EXPECT_EQ(take(manager, "root").status, 404) << "who may do more";
    letters_.clear();
    const Answer taken = take(manager, "member");
    EXPECT_EQ(taken.status, 204) << taken.text;
    EXPECT_EQ(ask({.path = "sessions", .cookie = member}).status, 401) << "signed out";
    ASSERT_EQ(letters_.size(), 1U);
    EXPECT_EQ(letters_.back().to, "member@usp.example");
    EXPECT_TRUE(core_->account("member")->factors.empty());
    EXPECT_FALSE(sign_in("member@usp.example", kGoodPassword).cookie.empty())
        << "by password, until a new one is set up";
    EXPECT_EQ(events("FactorChanged").back().actor, "person:manager");
}

}  // namespace
}  // namespace quipu::access
