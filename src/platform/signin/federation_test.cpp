#include "platform/signin/federation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "data/test_database.h"
#include "platform/signin/test_saml.h"

namespace quipu::signin {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class FederationTest : public data::BothDatabases {
  protected:
    void SetUp() override {
        data::BothDatabases::SetUp();
        if (IsSkipped()) return;
        ASSERT_TRUE(database_->migrate(kSigninMigrations));
        federation_ = make(false);
    }
    std::unique_ptr<Federation> make(bool unsolicited) {
        auto out = std::make_unique<Federation>(
            clock_, *database_, *own_,
            FederationSettings{.entity_id = "https://portal.example.org/saml",
                               .network = "Red",
                               .openid = {{.id = "op", .name = "Proveedor", .issuer = "https://op.example.org"}},
                               .unsolicited = unsolicited,
                               .address = [] { return std::string("https://portal.example.org"); }});
        out->set_providers({idp_->provider});
        return out;
    }
    /// Begins, and answers as the provider would: the response and the handle.
    std::pair<std::string, std::string> round(const std::string& return_to = "/cases", TestResponse made = {}) {
        const auto address = federation_->begin_saml(Discovery::id_of(idp_->provider.entity_id), return_to, "browser");
        EXPECT_TRUE(address) << address.error().text();
        const auto begin = address->find("RelayState=") + 11;
        std::string handle = address->substr(begin, address->find('&', begin) - begin);
        made.in_response_to = made.confirmation_answers = request_id_in(*address);
        made.assertion_id = fmt::format("_a{}", ++count_);
        return {xml::base64_encode(made.with_signed_assertion(*idp_)), handle};
    }
    static std::string request_id_in(const std::string& address) {
        const auto begin = address.find("SAMLRequest=") + 12;
        const std::string deflated =
            *xml::base64_decode(*net::percent_decode(address.substr(begin, address.find('&', begin) - begin), false));
        return inflated_id(deflated);
    }
    static std::string inflated_id(const std::string& deflated);

    static void SetUpTestSuite() {
        idp_ = std::make_unique<TestProvider>();
        own_ = std::make_unique<OwnKey>(*OwnKey::make("portal", Time{}));
    }

    ManualClock clock_{*parse_time("2026-11-28T14:01:00Z")};
    inline static std::unique_ptr<TestProvider> idp_;
    inline static std::unique_ptr<OwnKey> own_;
    std::unique_ptr<Federation> federation_;
    int count_ = 0;
};

std::string FederationTest::inflated_id(const std::string& deflated) {
    z_stream stream{};
    inflateInit2(&stream, -MAX_WBITS);
    std::string in = deflated, out(16 * 1024, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    inflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return xml::Document::parse(out, xml::Kind::message)->root().attribute("ID");
}

INSTANTIATE_TEST_SUITE_P(Both, FederationTest, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(FederationTest, SignsIn) {
    const auto [response, handle] = round();
    const auto ticket = federation_->accept(response, handle);
    ASSERT_TRUE(ticket) << ticket.error().text();
    const auto arrival = federation_->arrive(*ticket, "browser");
    ASSERT_TRUE(arrival) << arrival.error().text();
    EXPECT_EQ(arrival->return_to, "/cases");
    EXPECT_EQ(arrival->identity.subject, "eppn:ana@uchile.example");
    EXPECT_EQ(arrival->identity.scope, "uchile.example");
    EXPECT_EQ(arrival->identity.issuer, idp_->provider.entity_id);
}

TEST_P(FederationTest, NothingIsTakenTwice) {
    const auto [response, handle] = round();
    const auto ticket = federation_->accept(response, handle);
    ASSERT_TRUE(ticket);
    EXPECT_EQ(federation_->accept(response, handle).error().code, ErrorCode::unauthenticated);
    ASSERT_TRUE(federation_->arrive(*ticket, "browser"));
    EXPECT_EQ(federation_->arrive(*ticket, "browser").error().code, ErrorCode::unauthenticated);
}

TEST_P(FederationTest, AnAssertionIsNotTakenAgainAfterARestart) {
    federation_ = make(true);
    TestResponse made;
    made.in_response_to = made.confirmation_answers = "";
    const std::string response = xml::base64_encode(made.with_signed_assertion(*idp_));
    ASSERT_TRUE(federation_->accept(response, ""));
    EXPECT_THAT(federation_->accept(response, "").error().text(), HasSubstr("used before"));
    federation_ = make(true);
    EXPECT_THAT(federation_->accept(response, "").error().text(), HasSubstr("used before"));
    // What is over is forgotten: it is refused for its time then.
    clock_.advance(1h);
    EXPECT_THAT(federation_->accept(response, "").error().text(), HasSubstr("no longer good"));
}

TEST_P(FederationTest, AnotherBrowserGetsNothing) {
    const auto [response, handle] = round();
    const auto ticket = federation_->accept(response, handle);
    ASSERT_TRUE(ticket);
    EXPECT_EQ(federation_->arrive(*ticket, "another browser").error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(federation_->arrive(*ticket, "browser").error().code, ErrorCode::unauthenticated);  // it is used up
}

TEST_P(FederationTest, RefusesUnsolicitedOnesAndOldHandles) {
    TestResponse made;
    made.in_response_to = made.confirmation_answers = "";
    const std::string response = xml::base64_encode(made.with_signed_assertion(*idp_));
    EXPECT_EQ(federation_->accept(response, "").error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(federation_->accept(response, "/somewhere").error().code, ErrorCode::unauthenticated);
    const auto [late, handle] = round();
    clock_.advance(11min);
    EXPECT_EQ(federation_->accept(late, handle).error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(federation_->begin_saml("nobody", "/", "b").error().code, ErrorCode::unavailable);
    EXPECT_FALSE(federation_->accept("not base64", handle));
}

TEST_P(FederationTest, AResponseOfAnotherRequestIsRefused) {
    const auto [first, first_handle] = round();
    const auto [second, second_handle] = round();
    EXPECT_THAT(federation_->accept(first, second_handle).error().text(), HasSubstr("InResponseTo"));
}

TEST_P(FederationTest, ReturnsOnlyToItsOwnPages) {
    for (const char* wrong : {"https://evil.example", "//evil.example", "/\\evil.example", "x", "", "/a\r\nb", "/á"})
        EXPECT_EQ(safe_return(wrong), "/") << wrong;
    EXPECT_EQ(safe_return("/cases?q=1#x"), "/cases?q=1#x");
}

// ---- who it is

Assertion with(std::vector<std::pair<std::string, std::vector<std::string>>> attributes) {
    Assertion out;
    out.issuer = "https://idp.uchile.example/metadata";
    out.name_id = "transient-1";
    for (auto& [name, values] : attributes)
        out.attributes[name] = values;
    return out;
}
IdentityProvider vouching() {
    IdentityProvider out;
    out.scopes = {{"uchile.example", false}};
    return out;
}

TEST(Identity, BelievesOnlyWhatTheProviderMayVouchFor) {
    const auto identity = identity_of(
        with({{"eduPersonPrincipalName", {"Ana@UCHILE.example"}},
              {"eduPersonScopedAffiliation", {"staff@uchile.example", "faculty@usp.example", "x@y@uchile.example"}},
              {"schacHomeOrganization", {"usp.example"}},
              {"mail", {"ana@gmail.example"}},
              {"displayName", {"Ana Ñandú"}},
              {"preferredLanguage", {"es-CL"}}}),
        vouching());
    ASSERT_TRUE(identity) << identity.error().text();
    EXPECT_EQ(identity->eppn, "ana@uchile.example");
    EXPECT_EQ(identity->subject, "eppn:ana@uchile.example");
    EXPECT_EQ(identity->scope, "uchile.example");
    EXPECT_THAT(identity->affiliations, ElementsAre("staff"));
    EXPECT_EQ(identity->home_organisation, "");
    EXPECT_EQ(identity->mail, "ana@gmail.example");
    EXPECT_EQ(identity->name, "Ana Ñandú");
    EXPECT_EQ(identity->language, "es");
    EXPECT_FALSE(identity->strong);
}

TEST(Identity, NobodyIsKnownByAForeignScopeOrATransientName) {
    EXPECT_EQ(identity_of(with({{"eduPersonPrincipalName", {"root@usp.example"}}}), vouching()).error().code,
              ErrorCode::not_found);
    EXPECT_FALSE(identity_of(with({{"subject-id", {"a@uchile.example", "b@uchile.example"}}}), vouching()));
    EXPECT_FALSE(identity_of(with({{"subject-id", {"a@uchile.example@usp.example"}}}), vouching()));
    EXPECT_FALSE(identity_of(with({}), vouching()));
    IdentityProvider none;
    EXPECT_FALSE(identity_of(with({{"subject-id", {"a@uchile.example"}}}), none));
}

TEST(Identity, PrefersWhatStaysTheSame) {
    Assertion all = with({{"eduPersonPrincipalName", {"ana@uchile.example"}},
                          {"pairwise-id", {"p1@uchile.example"}},
                          {"subject-id", {"s1@uchile.example"}}});
    all.name_id_format = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    EXPECT_EQ(identity_of(all, vouching())->subject, "subject-id:s1@uchile.example");
    all.attributes.erase("subject-id");
    EXPECT_EQ(identity_of(all, vouching())->subject, "pairwise-id:p1@uchile.example");
    all.attributes.erase("pairwise-id");
    EXPECT_EQ(identity_of(all, vouching())->subject, "persistent:transient-1");
    all.context = "https://refeds.org/profile/mfa";
    EXPECT_TRUE(identity_of(all, vouching())->strong);
}

TEST(Identity, OfOpenIdClaims) {
    const Value claims = Value::Object{{"sub", "ana-1"},
                                       {"email", "ana@uchile.example"},
                                       {"email_verified", false},
                                       {"name", "Ana"},
                                       {"amr", Value::Array{"pwd", "mfa"}},
                                       {"eduperson_scoped_affiliation", Value::Array{"staff@uchile.example", "x@z"}}};
    const auto identity = identity_of(claims, "https://op.example.org", {"uchile.example"});
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->subject, "ana-1");
    EXPECT_EQ(identity->mail, "");
    EXPECT_TRUE(identity->strong);
    EXPECT_THAT(identity->affiliations, ElementsAre("staff"));
    EXPECT_TRUE(identity_of(claims, "https://op.example.org", {})->affiliations.empty());
    EXPECT_FALSE(identity_of(Value::Object{}, "https://op.example.org", {}));
}

// ---- finding one's institution

IdentityProvider named(const std::string& entity, const std::string& es, const std::string& pt,
                       const std::string& scope) {
    IdentityProvider out;
    out.entity_id = entity;
    out.names = {{"es", es}, {"pt", pt}};
    out.scopes = {{scope, false}};
    return out;
}

TEST(Discovery, FindsByWordsOfAnyLanguageAndByDomain) {
    IdentityProvider hidden = named("https://h", "Oculta de São Paulo", "Oculta", "h.br");
    hidden.hidden = true;
    const std::vector<OpenIdSettings> openid = {{.id = "op", .name = "Cuenta de la red"}};
    const Discovery discovery({named("https://a", "Universidad de São Paulo", "Universidade de São Paulo", "usp.br"),
                               named("https://b", "Universidad de Chile", "Universidade do Chile", "uchile.cl"),
                               named("https://a", "Otra con el mismo nombre", "", "evil.example"), hidden},
                              openid);
    const auto names = [&](std::string_view words, std::vector<std::string> remembered = {}) {
        std::vector<std::string> out;
        for (const Provider& each : discovery.search(words, "pt", remembered))
            out.push_back(each.name);
        return out;
    };
    EXPECT_THAT(names("sao PAULO"), ElementsAre("Universidade de São Paulo"));
    EXPECT_THAT(names("uchile"), ElementsAre("Universidade do Chile"));
    EXPECT_THAT(names("universidad chile"), ElementsAre("Universidade do Chile"));
    EXPECT_THAT(names("cuenta"), ElementsAre("Cuenta de la red"));
    EXPECT_THAT(names("nada"), ElementsAre());
    EXPECT_EQ(names("").size(), 3U);
    EXPECT_EQ(names("", {Discovery::id_of("https://b")}).front(), "Universidade do Chile");
    EXPECT_EQ(discovery.saml(Discovery::id_of("https://a"))->names.at("es"), "Universidad de São Paulo");
    EXPECT_EQ(discovery.by_entity("https://zzz"), nullptr);
}

}  // namespace
}  // namespace quipu::signin
