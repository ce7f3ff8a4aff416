#include <gmock/gmock.h>

#include "platform/access/test_access.h"

namespace quipu::access {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST_F(AccessTest, TheFirstLinkMakesTheAdministratorOnce) {
    const auto link = core_->first_link();
    ASSERT_TRUE(link) << link.error().text();
    EXPECT_THAT(*link, testing::StartsWith("http://127.0.0.1:8080/join#"));
    const std::string token = secret_in(*link);
    Value look;
    look.set("token", token);
    const Answer shown = ask({.method = net::Method::post, .path = "invitations/look", .body = to_json(look)});
    EXPECT_EQ(shown.at("kind"), "first") << shown.text;
    Value body;
    body.set("token", token);
    body.set("login", "ana@clara.example");
    body.set("name", "Ana");
    body.set("password", kGoodPassword);
    const Answer made = ask({.method = net::Method::post, .path = "invitations/accept", .body = to_json(body)});
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_FALSE(made.cookie.empty());
    EXPECT_EQ(*core_->first_link(), "") << "there is one now";
    const Answer again = ask({.method = net::Method::post, .path = "invitations/accept", .body = to_json(body)});
    EXPECT_EQ(again.status, 404) << again.text;
    const Answer who = ask({.path = "session", .cookie = made.cookie});
    EXPECT_EQ(who.at("caller"), "person:ana");
    EXPECT_THAT(who.text, HasSubstr("\"administer\""));
}

TEST_F(AccessTest, AFirstLinkOfAnEarlierStartNoLongerHolds) {
    const std::string first = secret_in(*core_->first_link());
    const std::string second = secret_in(*core_->first_link());
    EXPECT_FALSE(core_->look(first, at("192.0.2.1")));
    EXPECT_TRUE(core_->look(second, at("192.0.2.1")));
    clock_.advance(25h);
    EXPECT_FALSE(core_->look(second, at("192.0.2.1")));
}

TEST_F(AccessTest, ACookieTellsNothingAndIsHeldByNoScript) {
    make("ana@rnp.example", Role::member, "rnp");
    const std::string cookie = cookie_of("ana@rnp.example");
    EXPECT_THAT(cookie, testing::MatchesRegex("quipu_session=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; SameSite=Strict; "
                                              "Max-Age=43200"));
    house_->secure = true;
    EXPECT_THAT(cookie_of("ana@rnp.example"), testing::StartsWith("__Host-quipu="));
    EXPECT_THAT(cookie_of("ana@rnp.example"), HasSubstr("; Secure"));
    // Only its hash is kept.
    const std::string value = cookie.substr(14, 43);
    const auto rows = database_->query("SELECT hash FROM access_sessions");
    ASSERT_TRUE(rows);
    for (std::size_t row = 0; row < rows->size(); ++row)
        EXPECT_NE(rows->text(row, 0), value);
}

TEST_F(AccessTest, AWrongPasswordAndAnUnknownNameAreAnsweredAlike) {
    make("ana@rnp.example", Role::member, "rnp");
    const Answer wrong = sign_in("ana@rnp.example", "not this password");
    const Answer unknown = sign_in("eva@rnp.example", "not this password", "192.0.2.2");
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(unknown.status, 401);
    EXPECT_EQ(wrong.at("detail"), unknown.at("detail"));
    EXPECT_TRUE(wrong.cookie.empty());
    const auto failures = events("SignInFailed");
    ASSERT_EQ(failures.size(), 2U);
    EXPECT_THAT(json_text(failures[1]), Not(HasSubstr("eva"))) << "what was typed may be a password";
}

TEST_F(AccessTest, SessionsEndByIdlenessByAgeAndByHand) {
    make("ana@rnp.example", Role::member, "rnp");
    const std::string cookie = cookie_of("ana@rnp.example");
    EXPECT_EQ(ask({.path = "sessions", .cookie = cookie}).status, 200);
    clock_.advance(29min);
    EXPECT_EQ(ask({.path = "sessions", .cookie = cookie}).status, 200);
    clock_.advance(31min);
    EXPECT_EQ(ask({.path = "sessions", .cookie = cookie}).status, 401) << "idle";
    EXPECT_EQ(ask({.path = "session", .cookie = cookie}).status, 200)
        << "a cookie that is over is no credential at all";

    const std::string busy = cookie_of("ana@rnp.example");
    for (int i = 0; i < 48; ++i) {
        clock_.advance(15min - 1s);
        EXPECT_EQ(ask({.path = "sessions", .cookie = busy}).status, 200) << i;
    }
    clock_.advance(1min);
    EXPECT_EQ(ask({.path = "sessions", .cookie = busy}).status, 401) << "twelve hours are over";

    const std::string last = cookie_of("ana@rnp.example");
    const Answer out = ask({.method = net::Method::delete_, .path = "session", .cookie = last});
    EXPECT_EQ(out.status, 204) << out.text;
    EXPECT_THAT(out.cookie, HasSubstr("Max-Age=0"));
    EXPECT_EQ(ask({.path = "sessions", .cookie = last}).status, 401);
    EXPECT_FALSE(events("SignedOut").empty());
}

TEST_F(AccessTest, SessionsOutliveARestartAndAreListedAndEnded) {
    make("ana@rnp.example", Role::member, "rnp");
    const std::string one = cookie_of("ana@rnp.example"), two = cookie_of("ana@rnp.example");
    start();
    const Answer list = ask({.path = "sessions", .cookie = one});
    ASSERT_EQ(list.status, 200) << list.text;
    const auto& items = *list.body.find("items")->if_array();
    EXPECT_EQ(items.size(), 3U) << "with the one of the invitation";
    EXPECT_EQ(ask({.method = net::Method::delete_, .path = "sessions", .cookie = one}).status, 204);
    EXPECT_EQ(ask({.path = "sessions", .cookie = two}).status, 401);
    EXPECT_EQ(ask({.path = "sessions", .cookie = one}).status, 200);
    make("eva@rnp.example", Role::member, "rnp");
    const std::string eva = cookie_of("eva@rnp.example");
    const Answer own = ask({.path = "session", .cookie = one});
    EXPECT_EQ(ask({.method = net::Method::delete_, .path = "sessions/" + own.at("session"), .cookie = eva}).status, 404)
        << "another's session is not there";
}

TEST_F(AccessTest, AChangeByCookieShowsThatAPageOfOursSentIt) {
    make("ana@rnp.example", Role::member, "rnp");
    const std::string cookie = cookie_of("ana@rnp.example");
    EXPECT_EQ(ask({.method = net::Method::delete_, .path = "session", .cookie = cookie, .own_page = false}).status,
              403);
    EXPECT_EQ(ask({.path = "sessions", .cookie = cookie, .own_page = false}).status, 200) << "reading is free";
    EXPECT_EQ(ask({.method = net::Method::delete_, .path = "session", .cookie = cookie}).status, 204);
}

TEST_F(AccessTest, APasswordIsChangedByWhoKnowsIt) {
    make("ana@rnp.example", Role::member, "rnp");
    const std::string cookie = cookie_of("ana@rnp.example"), other = cookie_of("ana@rnp.example");
    const auto change = [&](const char* current, const char* password) {
        Value body;
        body.set("current", current);
        body.set("password", password);
        return ask({.method = net::Method::put, .path = "session/password", .body = to_json(body), .cookie = cookie});
    };
    EXPECT_EQ(change("wrong", "otra cuerda, otro nudo").status, 400);
    EXPECT_EQ(change(kGoodPassword, "short").status, 400);
    EXPECT_EQ(change(kGoodPassword, "otra cuerda, otro nudo").status, 204);
    EXPECT_EQ(ask({.path = "sessions", .cookie = other}).status, 401) << "all other sessions end";
    EXPECT_EQ(ask({.path = "sessions", .cookie = cookie}).status, 200);
    EXPECT_EQ(sign_in("ana@rnp.example", kGoodPassword).status, 401);
    EXPECT_EQ(sign_in("ana@rnp.example", "otra cuerda, otro nudo").status, 200);
    ASSERT_EQ(letters_.size(), 1U) << "its owner is told";
}

TEST_F(AccessTest, ASecondFactorMakesThePasswordWait) {
    const Account ana = make("ana@rnp.example", Role::member, "rnp");
    const std::string before = cookie_of("ana@rnp.example");
    ASSERT_TRUE(core_->keep_credential(
        {.account = ana.id, .kind = "totp", .id = "1", .name = "phone", .data = "secret"}, "person:ana"));
    const auto kept = core_->credentials_of(ana.id, "totp");
    ASSERT_TRUE(kept) << kept.error().text();
    EXPECT_EQ(kept->front().data, "secret");
    EXPECT_THAT(database_->query("SELECT data FROM access_credentials")->text(0, 0), Not(HasSubstr("secret")));

    const Answer waiting = sign_in("ana@rnp.example", kGoodPassword);
    EXPECT_EQ(waiting.status, 200);
    EXPECT_TRUE(waiting.cookie.empty());
    EXPECT_EQ(waiting.body.find("account"), nullptr) << waiting.text;
    const std::string pending = waiting.at("pending");
    ASSERT_FALSE(pending.empty());
    EXPECT_EQ(core_->pending_account(pending)->id, ana.id);
    EXPECT_EQ(core_->fail_second_factor(pending, "totp", at("192.0.2.1")).code, ErrorCode::unauthenticated);
    const auto complete = core_->complete_second_factor(pending, "totp", at("192.0.2.1"));
    ASSERT_TRUE(complete) << complete.error().text();
    EXPECT_EQ(ask({.path = "sessions", .cookie = complete->cookie}).status, 200);
    EXPECT_FALSE(core_->complete_second_factor(pending, "totp", at("192.0.2.1"))) << "once";

    const std::string tried = sign_in("ana@rnp.example", kGoodPassword).at("pending");
    for (int i = 0; i < 5; ++i)
        (void)core_->fail_second_factor(tried, "totp", at("192.0.2.9"));
    EXPECT_FALSE(core_->pending_account(tried)) << "five tries";
    const std::string late = sign_in("ana@rnp.example", kGoodPassword).at("pending");
    clock_.advance(6min);
    EXPECT_FALSE(core_->complete_second_factor(late, "totp", at("192.0.2.1"))) << "five minutes";
}

TEST_F(AccessTest, AnotherPlaceVouchesForItsOwnAndNobodyElse) {
    make("ana@uchile.example", Role::manager, "reuna");
    core_->find_scopes_by([](std::string_view scope) {
        return scope == "uchile.example" ? std::optional<std::string>("uchile") : std::nullopt;
    });
    ExternalIdentity identity{.issuer = "https://idp.uchile.example",
                              .subject = "abc",
                              .eppn = "ana@uchile.example",
                              .mail = "ana@uchile.example",
                              .name = "Ana",
                              .scope = "uchile.example",
                              .method = "saml"};
    const auto first = core_->sign_in_external(identity, at("192.0.2.1"));
    ASSERT_TRUE(first) << first.error().text();
    EXPECT_NE(first->account.id, "ana") << "never joined to an account that has the same address";
    EXPECT_EQ(first->account.organisation, "uchile");
    ASSERT_EQ(first->account.roles.size(), 1U);
    EXPECT_EQ(first->account.roles.front(), (RoleGrant{Role::member, "uchile", ""}));
    const auto again = core_->sign_in_external(identity, at("192.0.2.1"));
    EXPECT_EQ(again->account.id, first->account.id);

    identity.subject = "def";
    identity.eppn = "eva@elsewhere.example";
    identity.scope = "elsewhere.example";
    const auto stranger = core_->sign_in_external(identity, at("192.0.2.1"));
    ASSERT_TRUE(stranger);
    EXPECT_EQ(stranger->account.state, AccountState::pending);
    EXPECT_EQ(ask({.path = "sessions", .cookie = stranger->cookie}).status, 200) << "their own";
    EXPECT_EQ(ask({.path = "accounts", .cookie = stranger->cookie}).status, 403) << "and nothing else";
    Account manager = *core_->account("ana");
    const auto taken =
        core_->set_roles({.id = "person:ana", .grants = grants_of(manager.roles, std::make_shared<SmallTree>())},
                         stranger->account.id, {{Role::member, "uchile", ""}}, "*");
    ASSERT_TRUE(taken) << taken.error().text();
    EXPECT_EQ(taken->state, AccountState::active) << "taken in by a manager";
}

TEST_F(AccessTest, RecoveryTellsNobodyWhoIsThere) {
    make("ana@rnp.example", Role::member, "rnp");
    const std::string cookie = cookie_of("ana@rnp.example");
    EXPECT_EQ(ask({.method = net::Method::post, .path = "recovery", .body = R"({"login":"eva@rnp.example"})"}).status,
              204);
    EXPECT_TRUE(letters_.empty());
    EXPECT_EQ(ask({.method = net::Method::post, .path = "recovery", .body = R"({"login":"ANA@rnp.example"})"}).status,
              204);
    ASSERT_EQ(letters_.size(), 1U);
    EXPECT_EQ(letters_.front().to, "ana@rnp.example");
    EXPECT_THAT(letters_.front().text, HasSubstr("/recover#"));
    Value body;
    body.set("token", secret_in(letters_.front().text));
    body.set("password", "otra cuerda, otro nudo");
    EXPECT_EQ(ask({.method = net::Method::post, .path = "recovery/accept", .body = to_json(body)}).status, 200);
    EXPECT_EQ(ask({.method = net::Method::post, .path = "recovery/accept", .body = to_json(body)}).status, 404)
        << "once";
    EXPECT_EQ(ask({.path = "sessions", .cookie = cookie}).status, 401) << "what was open is closed";
    EXPECT_EQ(sign_in("ana@rnp.example", "otra cuerda, otro nudo").status, 200);
}

TEST_F(AccessTest, LettersAreInTheirReadersLanguage) {
    for (const char* language : {"es", "pt", "en"}) {
        Invitation wish;
        wish.mail = std::string("x@") + language + ".example";
        wish.language = language;
        wish.organisation = "rnp";
        ASSERT_TRUE(core_->invite(platform::Caller{}, wish));
    }
    ASSERT_EQ(letters_.size(), 3U);
    EXPECT_THAT(letters_[0].text, HasSubstr("Abra este enlace"));
    EXPECT_THAT(letters_[1].text, HasSubstr("Abra este endereço"));
    EXPECT_THAT(letters_[2].text, HasSubstr("Open this link"));
}

// ---- who tries many

TEST_F(AccessTest, TenThousandWrongPasswordsFromOneAddress) {
    make("ana@rnp.example", Role::member, "rnp");
    int looked_at = 0, slowed = 0;
    for (int i = 0; i < 10'000; ++i) {
        const Answer answer = sign_in("ana@rnp.example", "wrong password " + std::to_string(i), "203.0.113.7");
        (answer.status == 429 ? slowed : looked_at) += 1;
        if (answer.status == 429) EXPECT_FALSE(answer.retry_after.empty());
        if (i % 1000 == 500)
            EXPECT_EQ(sign_in("ana@rnp.example", kGoodPassword, "192.0.2.1").status, 200)
                << "honest users are unharmed";
    }
    EXPECT_EQ(looked_at, 10);
    EXPECT_EQ(slowed, 9'990);
    EXPECT_EQ(events("SignInFailed").size(), 10U);
    EXPECT_EQ(events("AddressSlowed").size(), 1U) << "told once when it begins";
    EXPECT_TRUE(events("AccountLocked").empty()) << "one address locks nobody out";
    clock_.advance(2min);
    ASSERT_TRUE(core_->sweep());
    ASSERT_EQ(events("AddressSlowed").size(), 2U) << "and once when it ends";
    EXPECT_THAT(json_text(events("AddressSlowed").back()), HasSubstr("9990 more were refused"));
}

TEST_F(AccessTest, TenThousandWrongTokensFromOneAddress) {
    make("ana@rnp.example", Role::member, "rnp");
    Value wish;
    wish.set("name", "backup");
    const Answer made = ask(
        {.method = net::Method::post, .path = "tokens", .body = to_json(wish), .cookie = cookie_of("ana@rnp.example")});
    ASSERT_EQ(made.status, 201) << made.text;
    int unknown = 0, slowed = 0;
    for (int i = 0; i < 10'000; ++i) {
        const int status =
            ask({.path = "session", .token = "qp_" + std::to_string(i), .address = "203.0.113.7"}).status;
        unknown += status == 401 ? 1 : 0;
        slowed += status == 429 ? 1 : 0;
    }
    EXPECT_EQ(unknown, 10);
    EXPECT_EQ(slowed, 9'990);
    EXPECT_EQ(ask({.path = "tokens", .token = made.at("token")}).status, 200) << "others";
    EXPECT_EQ(ask({.path = "tokens", .token = made.at("token"), .address = "203.0.113.7"}).status, 200)
        << "a good token of that address too";
    clock_.advance(2min);
    ASSERT_TRUE(core_->sweep());
    EXPECT_EQ(events("AddressSlowed").size(), 1U) << "in one line";
}

TEST_F(AccessTest, TenThousandWrongAssertionsFromOneAddress) {
    int looked_at = 0;
    for (int i = 0; i < 10'000; ++i) {
        if (!core_->may_try(at("203.0.113.7"))) continue;
        ++looked_at;
        core_->note_failure(at("203.0.113.7"), "saml");
    }
    EXPECT_EQ(looked_at, 10);
    EXPECT_TRUE(core_->may_try(at("192.0.2.1")));
}

TEST_F(AccessTest, ManyAddressesLockAnAccountAndItsOwnerIsToldAndStillComesIn) {
    make("ana@rnp.example", Role::member, "rnp");
    cookie_of("ana@rnp.example");  // from 192.0.2.1
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(sign_in("ana@rnp.example", "wrong", "203.0.113." + std::to_string(1 + i % 5)).status, 401) << i;
    EXPECT_EQ(events("AccountLocked").size(), 1U);
    ASSERT_EQ(letters_.size(), 1U);
    EXPECT_EQ(letters_.front().to, "ana@rnp.example");
    const Answer locked = sign_in("ana@rnp.example", kGoodPassword, "203.0.113.99");
    EXPECT_EQ(locked.status, 429) << locked.text;
    EXPECT_EQ(sign_in("ana@rnp.example", kGoodPassword, "192.0.2.1").status, 200) << "from where they were before";
    clock_.advance(16min);
    EXPECT_EQ(sign_in("ana@rnp.example", kGoodPassword, "203.0.113.99").status, 200) << "it opens by itself";
}

TEST_F(AccessTest, ALockOutlivesARestart) {
    make("ana@rnp.example", Role::member, "rnp");
    for (const char* login : {"ana@rnp.example", "nobody@rnp.example"})
        for (int i = 0; i < 20; ++i)
            EXPECT_EQ(sign_in(login, "wrong", "203.0.113." + std::to_string(1 + i % 5)).status, 401) << i;
    EXPECT_EQ(database_->query("SELECT account FROM access_locks")->size(), 2U);
    EXPECT_EQ(database_->query("SELECT account FROM access_locks WHERE account LIKE '%nobody%'")->size(), 0U)
        << "what was typed is kept nowhere";
    clock_.advance(5min);
    start();
    EXPECT_EQ(sign_in("ana@rnp.example", kGoodPassword, "203.0.113.99").status, 429);
    EXPECT_EQ(sign_in("nobody@rnp.example", kGoodPassword, "203.0.113.99").status, 429);
    clock_.advance(11min);
    EXPECT_EQ(sign_in("ana@rnp.example", kGoodPassword, "203.0.113.99").status, 200) << "no longer than it was to last";
    ASSERT_TRUE(core_->sweep());
    EXPECT_EQ(database_->query("SELECT account FROM access_locks")->size(), 0U);
}

TEST_F(AccessTest, AnUnknownAccountLocksAsAKnownOneDoes) {
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(sign_in("nobody@rnp.example", "wrong", "203.0.113." + std::to_string(1 + i % 5)).status, 401) << i;
    EXPECT_EQ(sign_in("nobody@rnp.example", "wrong", "203.0.113.99").status, 429);
    EXPECT_TRUE(letters_.empty());
}

TEST_F(AccessTest, DemonstrationsAreForThisMachineAlone) {
    std::vector<Account> accounts(1);
    accounts[0].id = "demo-operator";
    accounts[0].name = "NOC";
    accounts[0].roles.push_back({Role::operator_, "redclara", ""});
    ASSERT_TRUE(core_->demonstrate(accounts));
    EXPECT_EQ(sign_in("demo-operator", "", "192.0.2.1").status, 401);
    const Answer here = sign_in("demo-operator", "", "127.0.0.1");
    ASSERT_EQ(here.status, 200) << here.text;
    EXPECT_THAT(ask({.path = "session", .address = "127.0.0.1"}).text, HasSubstr("demo-operator"));
    EXPECT_THAT(ask({.path = "session", .address = "192.0.2.1"}).text, Not(HasSubstr("demo-operator")));
    EXPECT_EQ(database_->query("SELECT id FROM access_accounts")->size(), 0U) << "in no database";
    EXPECT_EQ(database_->query("SELECT id FROM access_sessions")->size(), 0U);
    house_->loopback_only = false;
    EXPECT_EQ(core_->demonstrate(accounts).error().code, ErrorCode::forbidden);
    EXPECT_EQ(id_from("demo-operator@x.example"), "x-demo-operator") << "nobody else gets such a name";
}

}  // namespace
}  // namespace quipu::access
