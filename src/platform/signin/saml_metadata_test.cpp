#include "platform/signin/saml_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/signin/saml_request.h"
#include "platform/signin/test_metadata.h"

namespace quipu::signin {
namespace {

using testing::HasSubstr;

const Time kTimeOfMetadata = *parse_time("2026-11-28T14:01:00Z");

struct Federation {
    TestKeyPtr key = make_rsa();
    std::vector<VerifyingKey> keys = {*VerifyingKey::of_certificate(self_signed_der(key.get()))};
    std::string certificate = xml::base64_encode(self_signed_der(make_rsa().get()));
    [[nodiscard]] std::string text(std::size_t count, const SignatureShape& shape = {}) const {
        return sign_xml(aggregate_text(count, certificate, &shape), key.get());
    }
};
const Federation& federation() {
    static const Federation one;
    return one;
}

TEST(SamlMetadata, ReadsASignedAggregate) {
    const auto aggregate = read_metadata(federation().text(20), federation().keys, kTimeOfMetadata);
    ASSERT_TRUE(aggregate) << aggregate.error().text();
    EXPECT_EQ(aggregate->entities, 20U);
    ASSERT_EQ(aggregate->providers.size(), 20U);
    EXPECT_EQ(aggregate->valid_until, parse_time("2026-12-10T00:00:00Z").value());
    const IdentityProvider& idp = aggregate->providers[7];
    EXPECT_EQ(idp.entity_id, "https://idp7.example.edu/idp/shibboleth");
    EXPECT_EQ(idp.name("es"), "Universidad Autónoma número 7");
    EXPECT_EQ(idp.name("pt"), "Universidade Autônoma número 7");
    EXPECT_EQ(idp.name("qu"), "Autonomous University number 7");
    EXPECT_EQ(idp.registrar, "https://federation7.example");
    EXPECT_EQ(idp.single_sign_on, "https://idp7.example.edu/idp/profile/SAML2/Redirect/SSO");
    EXPECT_EQ(idp.keys.size(), 1U);
    EXPECT_TRUE(idp.may_vouch_for("IDP7.example.edu"));
    EXPECT_FALSE(idp.may_vouch_for("idp8.example.edu"));
    EXPECT_FALSE(idp.may_vouch_for("x.idp7.example.edu"));
}

TEST(SamlMetadata, RefusesWhatIsNotSignedByTheFederation) {
    const Federation& f = federation();
    const auto refused = [&](const std::string& text) {
        return read_metadata(text, f.keys, kTimeOfMetadata).error().text();
    };
    EXPECT_THAT(refused(aggregate_text(2, f.certificate, nullptr)), HasSubstr("no signature"));
    const SignatureShape shape;
    EXPECT_THAT(refused(sign_xml(aggregate_text(2, f.certificate, &shape), make_rsa().get())),
                HasSubstr("not that of a key"));
    std::string text = f.text(2);
    text.replace(text.find("idp1.example.edu/idp/profile"), 4, "evil");
    EXPECT_THAT(refused(text), HasSubstr("not that of a key"));
    text = f.text(2);
    text.replace(text.find("validUntil=\"2026"), 16, "validUntil=\"2027");
    EXPECT_THAT(refused(text), HasSubstr("not that of a key"));
    // A signature of one entity is not one of the whole.
    const std::string entity = "<md:EntityDescriptor entityID";
    text = f.text(1);
    text.insert(text.find("<md:EntitiesDescriptor"), "<x>");
    text += "</x>";
    EXPECT_THAT(refused(text), HasSubstr("not SAML metadata"));
    EXPECT_THAT(refused("<!DOCTYPE x><md:EntitiesDescriptor/>"), HasSubstr("document type"));
}

TEST(SamlMetadata, KnowsWhenItIsOutOfDate) {
    const Federation& f = federation();
    const std::string text = f.text(1);
    EXPECT_THAT(read_metadata(text, f.keys, *parse_time("2026-12-10T00:00:00Z")).error().text(),
                HasSubstr("good until 2026-12-10"));
    EXPECT_THAT(read_metadata(aggregate_text(1, f.certificate, nullptr, "2036-01-01T00:00:00Z"), {}, kTimeOfMetadata)
                    .error()
                    .text(),
                HasSubstr("more than a year"));
    EXPECT_FALSE(read_metadata(aggregate_text(1, f.certificate, nullptr, "soon"), {}, kTimeOfMetadata));
    EXPECT_TRUE(read_metadata(aggregate_text(1, f.certificate, nullptr), {}, kTimeOfMetadata));
}

TEST(SamlMetadata, LeavesOutWhatCannotBeUsed) {
    const Federation& f = federation();
    std::string text = aggregate_text(4, f.certificate, nullptr);
    const auto change = [&](std::string_view from, std::string_view to) {
        const auto at = text.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
    };
    change("entityID=\"https://idp0", "validUntil=\"2020-01-01T00:00:00Z\" entityID=\"https://idp0");
    change("Location=\"https://idp1.example.edu/idp/profile/SAML2/Redirect/SSO", "Location=\"javascript:alert(1)");
    const std::string mark = "https://idp2.example.edu/idp/shibboleth";
    const auto at = text.find("protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol", text.find(mark));
    text.replace(at, 64, "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol");
    const auto aggregate = read_metadata(text, {}, kTimeOfMetadata);
    ASSERT_TRUE(aggregate) << aggregate.error().text();
    EXPECT_EQ(aggregate->entities, 4U);
    EXPECT_EQ(aggregate->left_out, 2U);
    ASSERT_EQ(aggregate->providers.size(), 1U);
    EXPECT_EQ(aggregate->providers[0].entity_id, "https://idp3.example.edu/idp/shibboleth");
}

TEST(SamlMetadata, ReadsHiddenOnesAndScopesThatAreExpressions) {
    std::string text = aggregate_text(0, "", nullptr);
    text.insert(text.rfind("</md:EntitiesDescriptor>"),
                entity_text(1, federation().certificate,
                            "<mdattr:EntityAttributes><saml:Attribute Name=\"http://macedir.org/entity-category\">"
                            "<saml:AttributeValue>http://refeds.org/category/hide-from-discovery</saml:AttributeValue>"
                            "</saml:Attribute></mdattr:EntityAttributes>"
                            "<shibmd:Scope regexp=\"true\">^([a-z0-9-]+\\.){0,2}unam\\.mx$</shibmd:Scope>"));
    const auto aggregate = read_metadata(text, {}, kTimeOfMetadata);
    ASSERT_TRUE(aggregate) << aggregate.error().text();
    const IdentityProvider& idp = aggregate->providers.at(0);
    EXPECT_TRUE(idp.hidden);
    EXPECT_TRUE(idp.may_vouch_for("unam.mx"));
    EXPECT_TRUE(idp.may_vouch_for("fisica.unam.mx"));
    EXPECT_FALSE(idp.may_vouch_for("unam.mx.evil.example"));
    EXPECT_FALSE(idp.may_vouch_for("evilunam.mx"));
    EXPECT_FALSE(idp.may_vouch_for("a.b.c.unam.mx"));
    EXPECT_FALSE((Scope{"([", true}).matches("x"));
}

TEST(SamlMetadata, OurOwnIsReadable) {
    const OwnKey key = *OwnKey::make("portal.example.org", kTimeOfMetadata);
    const std::string text = service_provider_metadata(
        {"https://portal.example.org/saml", "https://portal.example.org/api/v1/signin/saml/acs", "Red & Prueba",
         "https://portal.example.org/"},
        key);
    const auto document = xml::Document::parse(text, xml::Kind::metadata);
    ASSERT_TRUE(document) << document.error().text();
    EXPECT_EQ(document->root().attribute("entityID"), "https://portal.example.org/saml");
    EXPECT_EQ(document->root().descendants(xml::kMetadata, "KeyDescriptor").size(), 2U);
    EXPECT_EQ(document->root().descendants(xml::kMetadata, "RequestedAttribute").size(), 9U);
    EXPECT_THAT(text, HasSubstr("Red &amp; Prueba"));
}

}  // namespace
}  // namespace quipu::signin
