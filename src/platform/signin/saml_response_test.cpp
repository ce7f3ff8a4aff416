#include "platform/signin/saml_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/signin/test_saml.h"

namespace quipu::signin {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const Time kTimeOfResponses = *parse_time("2026-11-28T14:01:00Z");

struct Fixture {
    TestProvider idp;
    OwnKey own = *OwnKey::make("portal.example.org", kTimeOfResponses);
    TestResponse made;

    [[nodiscard]] Result<Assertion> accept(const std::string& text, Time now = kTimeOfResponses) const {
        const TestResponse plain;
        return accept_response(text, {.provider = idp.provider,
                                      .key = own,
                                      .entity_id = plain.entity_id,
                                      .consumer = plain.consumer,
                                      .request_id = "_q1",
                                      .now = now});
    }
    void expect_refused(const std::string& text, std::string_view why, Time now = kTimeOfResponses) const {
        const auto accepted = accept(text, now);
        if (accepted) {
            ADD_FAILURE() << "accepted as " << accepted->name_id << ", expected: " << why << "\n" << text;
            return;
        }
        EXPECT_THAT(accepted.error().text(), HasSubstr(std::string(why)));
    }
};
Fixture& fixture() {
    static Fixture one;
    return one;
}

TEST(SamlResponse, AcceptsASignedAssertionASignedResponseAndBoth) {
    Fixture& f = fixture();
    for (const std::string& text : {f.made.with_signed_assertion(f.idp), f.made.with_signed_response(f.idp)}) {
        const auto accepted = f.accept(text);
        ASSERT_TRUE(accepted) << accepted.error().text();
        EXPECT_EQ(accepted->name_id, "ana");
        EXPECT_EQ(accepted->id, "_a1");
        EXPECT_EQ(accepted->issuer, f.idp.provider.entity_id);
        EXPECT_THAT(accepted->attributes.at("eduPersonPrincipalName"), ElementsAre("ana@uchile.example"));
        EXPECT_EQ(accepted->good_until, *parse_time("2026-11-28T14:08:00Z"));
    }
    // The assertion is signed first, the response around it then.
    const SignatureShape shape;
    std::string both = f.made.with_signed_assertion(f.idp);
    const std::string issuer = "</saml:Issuer>";
    both.insert(both.find(issuer) + issuer.size(), shape.text("_r1"));
    both = sign_xml(both, f.idp.key.get());
    EXPECT_TRUE(f.accept(both)) << f.accept(both).error().text();
}

TEST(SamlResponse, AcceptsTheStrongAlgorithms) {
    Fixture f;
    for (const char* hash : {"256", "384", "512"}) {
        SignatureShape shape;
        shape.method = fmt::format("http://www.w3.org/2001/04/xmldsig-more#rsa-sha{}", hash);
        shape.digest = fmt::format("http://www.w3.org/2001/04/{}#sha{}",
                                   std::string_view(hash) == "384" ? "xmldsig-more" : "xmlenc", hash);
        EXPECT_TRUE(f.accept(f.made.with_signed_assertion(f.idp, shape))) << hash;
    }
    f.idp = TestProvider(make_p256());
    SignatureShape curve;
    curve.method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    EXPECT_TRUE(f.accept(f.made.with_signed_assertion(f.idp, curve)));
}

TEST(SamlResponse, RefusesWhatIsNotSignedOrSignedByOthers) {
    Fixture& f = fixture();
    f.expect_refused(f.made.response(f.made.assertion()), "neither the response nor the assertion is signed");
    const TestProvider other;
    f.expect_refused(f.made.with_signed_assertion(other), "not that of a key in the metadata");
    f.expect_refused(f.made.with_signed_response(other), "not that of a key in the metadata");
}

TEST(SamlResponse, NeverTakesTheKeyFromTheMessage) {
    Fixture& f = fixture();
    const TestProvider thief;
    SignatureShape shape;
    shape.key_info = fmt::format(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>"
        "</ds:KeyInfo>",
        xml::base64_encode(self_signed_der(thief.key.get())));
    f.expect_refused(f.made.with_signed_assertion(thief, shape), "not that of a key in the metadata");
    EXPECT_TRUE(f.accept(f.made.with_signed_assertion(f.idp, shape)));  // another's certificate beside changes nothing
}

TEST(SamlResponse, RefusesEveryChangeOfWhatIsSigned) {
    Fixture& f = fixture();
    std::string text = f.made.with_signed_assertion(f.idp);
    text.replace(text.find(">ana<"), 5, ">eva<");
    f.expect_refused(text, "not that of a key in the metadata");
    text = f.made.with_signed_response(f.idp);
    text.replace(text.find("ana@"), 4, "eva@");
    f.expect_refused(text, "not that of a key in the metadata");
}

// ---- forms of the signature that the standard allows and this hub does not ----------------------------------------

struct Form {
    const char* name;
    const char* why;
    std::function<void(SignatureShape&)> change;
};
const std::vector<Form> kForms = {
    {"sha1", "signature method", [](SignatureShape& s) { s.method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"; }},
    {"digest sha1", "digest method", [](SignatureShape& s) { s.digest = "http://www.w3.org/2000/09/xmldsig#sha1"; }},
    {"inclusive canonicalisation", "exclusive canonicalisation",
     [](SignatureShape& s) { s.canonicalisation = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"; }},
    {"canonicalisation with comments", "exclusive canonicalisation",
     [](SignatureShape& s) { s.canonicalisation += "WithComments"; }},
    {"no enveloped transform", "transforms", [](SignatureShape& s) { s.transforms.erase(s.transforms.begin()); }},
    {"no canonicalisation", "transforms", [](SignatureShape& s) { s.transforms.pop_back(); }},
    {"inclusive transform", "transforms",
     [](SignatureShape& s) { s.transforms[1] = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"; }},
    {"transform with comments", "transforms", [](SignatureShape& s) { s.transforms[1] += "WithComments"; }},
    {"canonicalised twice", "transforms", [](SignatureShape& s) { s.transforms.emplace_back(xml::kExclusive); }},
    {"whole document", "signature's own parent", [](SignatureShape& s) { s.uri = "empty"; }},
    {"two references", "exactly one Reference", [](SignatureShape& s) { s.more_references = {"_r1"}; }},
};

TEST(SamlResponse, RefusesWeakAndWideSignatures) {
    Fixture& f = fixture();
    for (const Form& form : kForms) {
        SignatureShape shape;
        form.change(shape);
        SCOPED_TRACE(form.name);
        f.expect_refused(f.made.with_signed_assertion(f.idp, shape), form.why);
    }
}

TEST(SamlResponse, RefusesHmacXpathAndXslt) {
    // None of them is even tried: the form is refused first.
    Fixture& f = fixture();
    const std::string good = f.made.with_signed_assertion(f.idp);
    const auto with = [&](std::string_view from, std::string_view to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return text;
    };
    for (const char* method :
         {"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
          "http://www.w3.org/2009/xmldsig11#dsa-sha256", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", "",
          "x"})
        f.expect_refused(with("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", method), "signature method");
    for (const char* transform :
         {"http://www.w3.org/TR/1999/REC-xslt-19991116", "http://www.w3.org/TR/1999/REC-xpath-19991116",
          "http://www.w3.org/2002/06/xmldsig-filter2", "http://www.w3.org/2000/09/xmldsig#base64"})
        f.expect_refused(with("http://www.w3.org/2000/09/xmldsig#enveloped-signature", transform), "transforms");
    f.expect_refused(with("URI=\"#_a1\"", "URI=\"http://127.0.0.1/x\""), "signature's own parent");
    f.expect_refused(with("URI=\"#_a1\"", "URI=\"#xpointer(/)\""), "signature's own parent");
    f.expect_refused(with("<ds:SignatureValue>", "<ds:Object/><ds:SignatureValue>"), "may not hold Object");
}

// ---- signature wrapping: Somorovsky et al., "On Breaking SAML" (USENIX Security 2012), XSW 1 to 8 ------------------

/// The parts that the variants are put together from: what was signed, its signature apart, and what the thief wants.
struct Wrapping {
    TestResponse good, evil;
    std::string signed_assertion, assertion_signature;  // the first with, the second alone
    std::string signed_response, response_signature;

    explicit Wrapping(const TestProvider& idp) {
        evil.response_id = "_r2";
        evil.assertion_id = "_a2";
        evil.name_id = "eva";
        evil.eppn = "eva@uchile.example";
        assertion_signature = cut_signature(good.with_signed_assertion(idp));
        signed_assertion = good.assertion(assertion_signature);
        response_signature = cut_signature(good.with_signed_response(idp));
        signed_response = good.response(good.assertion(), response_signature);
    }
    /// `what` put inside the signature, before its end.
    static std::string inside(std::string signature, const std::string& what) {
        const std::string end = "</ds:Signature>";
        return signature.replace(signature.size() - end.size(), end.size(), what + end);
    }
    static std::string in_object(const std::string& what) { return "<ds:Object>" + what + "</ds:Object>"; }
};

TEST(SignatureWrapping, ThePartsAreGood) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    EXPECT_TRUE(f.accept(w.good.response(w.signed_assertion)))
        << f.accept(w.good.response(w.signed_assertion)).error().text();
    EXPECT_TRUE(f.accept(w.signed_response));
}

TEST(SignatureWrapping, Xsw1TheSignedResponseInsideTheSignatureOfAnother) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    const std::string good = w.good.response(w.good.assertion());
    f.expect_refused(w.evil.response(w.evil.assertion(), Wrapping::inside(w.response_signature, good)),
                     "Response inside");
    f.expect_refused(
        w.evil.response(w.evil.assertion(), Wrapping::inside(w.response_signature, Wrapping::in_object(good))),
        "Response inside");
}

TEST(SignatureWrapping, Xsw2TheSignedResponseBesideItsSignature) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    const std::string good = w.good.response(w.good.assertion());
    f.expect_refused(w.evil.response(w.evil.assertion(), good + w.response_signature), "Response inside");
    TestResponse evil = w.evil;
    evil.more = w.signed_response;
    f.expect_refused(evil.response(evil.assertion()), "Response inside");
}

TEST(SignatureWrapping, Xsw3AnotherAssertionBeforeTheSignedOne) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    f.expect_refused(w.good.response(w.evil.assertion() + w.signed_assertion), "2 assertions");
    f.expect_refused(w.good.response(w.signed_assertion + w.evil.assertion()), "2 assertions");
}

TEST(SignatureWrapping, Xsw4TheSignedAssertionInsideAnother) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    TestResponse evil = w.evil;
    std::string outer = evil.assertion();
    outer.insert(outer.rfind("</saml:Assertion>"), w.signed_assertion);
    f.expect_refused(w.good.response(outer), "2 assertions");
}

TEST(SignatureWrapping, Xsw5TheSignatureInAnotherAndTheSignedOneAtTheEnd) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    f.expect_refused(w.good.response(w.evil.assertion(w.assertion_signature) + w.good.assertion()), "2 assertions");
    // With the same identifier on both.
    TestResponse twin = w.evil;
    twin.assertion_id = w.good.assertion_id;
    f.expect_refused(w.good.response(twin.assertion(w.assertion_signature) + w.good.assertion()), "2 assertions");
}

TEST(SignatureWrapping, Xsw6TheSignedAssertionInsideTheSignatureOfAnother) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    f.expect_refused(w.good.response(w.evil.assertion(Wrapping::inside(w.assertion_signature, w.good.assertion()))),
                     "2 assertions");
}

TEST(SignatureWrapping, Xsw7AnotherAssertionInTheExtensions) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    TestResponse made = w.good;
    made.extensions = "<samlp:Extensions>" + w.evil.assertion() + "</samlp:Extensions>";
    f.expect_refused(made.response(w.signed_assertion), "2 assertions");
    // The signed one there, the other where it is read.
    made.extensions = "<samlp:Extensions>" + w.signed_assertion + "</samlp:Extensions>";
    f.expect_refused(made.response(w.evil.assertion()), "2 assertions");
    f.expect_refused(made.response(""), "where none belongs");
}

TEST(SignatureWrapping, Xsw8TheSignedAssertionInTheSignaturesObject) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    f.expect_refused(w.good.response(w.evil.assertion(
                         Wrapping::inside(w.assertion_signature, Wrapping::in_object(w.good.assertion())))),
                     "2 assertions");
}

TEST(SignatureWrapping, ASecondSignaturesObject) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    // The good one first with all that it covers in a second signature's Object.
    const std::string second = fmt::format("<ds:Signature xmlns:ds=\"{}\">{}</ds:Signature>", xml::kSignature,
                                           Wrapping::in_object(w.good.assertion()));
    f.expect_refused(w.good.response(w.evil.assertion(w.assertion_signature + second)), "2 assertions");
    // Two signatures, nothing moved: not one, so none.
    f.expect_refused(w.good.response(w.good.assertion(w.assertion_signature + w.assertion_signature)),
                     "several signatures");
    const std::string empty = fmt::format("<ds:Signature xmlns:ds=\"{}\"/>", xml::kSignature);
    f.expect_refused(w.good.response(w.good.assertion(w.assertion_signature + empty)), "several signatures");
    // A signature where none belongs.
    TestResponse made = w.good;
    made.extensions = "<samlp:Extensions>" + w.assertion_signature + "</samlp:Extensions>";
    f.expect_refused(made.response(w.good.assertion()), "where none belongs");
}

TEST(SignatureWrapping, AnotherAssertionWithTheSignaturesIdentifier) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    // The signature names the assertion of another; the element that it names is not its parent.
    f.expect_refused(w.good.response(w.evil.assertion(w.assertion_signature)), "signature's own parent");
    // The identifier a second time, in whatever attribute some reader might take for one.
    for (const char* attribute : {"ID", "Id", "id", "xml:id", "AssertionID"}) {
        TestResponse made = w.good;
        made.extensions =
            fmt::format("<samlp:Extensions><x:x xmlns:x=\"urn:x\" {}=\"_a1\"/></samlp:Extensions>", attribute);
        f.expect_refused(made.response(w.signed_assertion), "more than once");
    }
}

TEST(SignatureWrapping, CommentsAndInstructionsInATextAreRefused) {
    Fixture& f = fixture();
    TestResponse made;
    made.eppn = "root@uchile.example.thief.example";
    const std::string text = made.with_signed_assertion(f.idp);
    for (const char* cut : {"<!---->", "<!-- x -->", "<?x?>"}) {
        std::string attack = text;
        attack.insert(attack.find(".thief.example"), cut);  // canonicalisation would take a comment out again
        f.expect_refused(attack, "not accepted");
    }
    // In the name itself.
    made = {};
    made.name_id = "root@uchile.example<!---->.thief.example";
    f.expect_refused(made.with_signed_assertion(f.idp), "a comment is not accepted");
    // Character data sections are text like other text: the whole of it is read.
    made.name_id = "root<![CDATA[.thief]]>";
    const auto whole = f.accept(made.with_signed_assertion(f.idp));
    ASSERT_TRUE(whole) << whole.error().text();
    EXPECT_EQ(whole->name_id, "root.thief");
}

TEST(SignatureWrapping, EncryptedAndPlainAssertionsDoNotMix) {
    Fixture& f = fixture();
    const Wrapping w(f.idp);
    const std::string encrypted = fmt::format("<saml:EncryptedAssertion xmlns:saml=\"{}\"/>", xml::kSaml);
    f.expect_refused(w.good.response(w.signed_assertion + encrypted), "2 assertions");
    f.expect_refused(w.good.response(encrypted + w.signed_assertion), "2 assertions");
    f.expect_refused(w.good.response(encrypted + encrypted), "2 assertions");
    f.expect_refused(w.good.response(encrypted), "EncryptedData");
}

TEST(SignatureWrapping, ACanonicalisationThatFailsIsNoSignature) {
    // "Void canonicalisation" (2025): a relative namespace name makes libxml2 write nothing, and the digest of nothing
    // is easily known.
    Fixture& f = fixture();
    std::string text = f.made.with_signed_assertion(f.idp);
    text.replace(text.find("<saml:Subject>"), 14, "<saml:Subject xmlns:x=\"relative\">");
    f.expect_refused(text, "namespace is relative");
}

TEST(SamlResponse, RefusesDocumentTypesAndEntities) {
    Fixture& f = fixture();
    const std::string text = f.made.response(f.made.assertion());
    f.expect_refused("<!DOCTYPE x><x/>", "document type");
    f.expect_refused("<!DOCTYPE samlp:Response [<!ENTITY e \"x\">]>" + text, "document type");
    f.expect_refused("<!DOCTYPE samlp:Response SYSTEM \"file:///etc/passwd\">" + text, "document type");
    f.expect_refused("<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><a>&b;</a>", "document type");
    TestResponse made;
    made.name_id = "&e;";
    EXPECT_FALSE(f.accept(made.response(made.assertion())));
    f.expect_refused(std::string(300 * 1024, ' ') + text, "more than are read");
    std::string deep;
    for (int i = 0; i < 200; ++i)
        deep += "<x>";
    EXPECT_FALSE(f.accept(deep));
    for (const char* nothing : {"", "x", "<", "<x", "<x/>", "<x></y>", "\xff\xfe"})
        EXPECT_FALSE(f.accept(nothing)) << nothing;
}

// ---- what a rightly signed response may still get wrong ------------------------------------------------------------

struct Wrong {
    const char* why;
    std::function<void(TestResponse&)> change;
};
const std::vector<Wrong> kWrong = {
    {"is for others", [](TestResponse& r) { r.audience = "https://other.example.org"; }},
    {"Recipient", [](TestResponse& r) { r.recipient = "https://other.example.org/acs"; }},
    {"Destination", [](TestResponse& r) { r.destination = "https://other.example.org/acs"; }},
    {"Destination", [](TestResponse& r) { r.destination = ""; }},
    {"InResponseTo", [](TestResponse& r) { r.in_response_to = "_q2"; }},
    {"names no request", [](TestResponse& r) { r.in_response_to = ""; }},
    {"SubjectConfirmationData.InResponseTo", [](TestResponse& r) { r.confirmation_answers = "_q2"; }},
    {"SubjectConfirmationData.InResponseTo", [](TestResponse& r) { r.confirmation_answers = ""; }},
    {"issuer is not", [](TestResponse& r) { r.issuer = "https://idp.other.example"; }},
    {"no longer good", [](TestResponse& r) { r.end = "2026-11-28T13:57:00Z"; }},
    {"not good yet", [](TestResponse& r) { r.not_before = "2026-11-28T14:05:00Z"; }},
    {"future", [](TestResponse& r) { r.issued = "2026-11-28T14:05:00Z"; }},
    {"bearer", [](TestResponse& r) { r.method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"; }},
    {"not understood", [](TestResponse& r) { r.more_conditions = "<saml:Condition/>"; }},
    {"is for others",
     [](TestResponse& r) {
         r.more_conditions = "<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>";
     }},
    {"not a plain text", [](TestResponse& r) { r.name_id = "<x/>root"; }},
    {"not a plain text", [](TestResponse& r) { r.eppn = "<x/>root"; }},
};

TEST(SamlResponse, RefusesWhatIsRightlySignedAndWrong) {
    Fixture& f = fixture();
    for (const Wrong& wrong : kWrong) {
        TestResponse made;
        wrong.change(made);
        SCOPED_TRACE(wrong.why);
        f.expect_refused(made.with_signed_response(f.idp), wrong.why);
    }
}

TEST(SamlResponse, ForgivesThreeMinutesOfClock) {
    Fixture& f = fixture();
    const std::string text = f.made.with_signed_response(f.idp);
    EXPECT_TRUE(f.accept(text, kTimeOfResponses - 3min));
    EXPECT_TRUE(f.accept(text, kTimeOfResponses + 6min));
    f.expect_refused(text, "future", kTimeOfResponses - 5min);
    f.expect_refused(text, "no longer good", kTimeOfResponses + 8min);
}

TEST(SamlResponse, TellsARefusalOfTheProviderFromABadAnswer) {
    Fixture& f = fixture();
    TestResponse made;
    made.status = "urn:oasis:names:tc:SAML:2.0:status:Responder";
    const auto refused = f.accept(made.with_signed_response(f.idp));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
}

TEST(SamlResponse, TakesUnsolicitedOnesOnlyWhereThatIsAsked) {
    Fixture& f = fixture();
    TestResponse made;
    made.in_response_to = made.confirmation_answers = "";
    const std::string text = made.with_signed_response(f.idp);
    f.expect_refused(text, "names no request");
    const Expectation unsolicited{.provider = f.idp.provider,
                                  .key = f.own,
                                  .entity_id = made.entity_id,
                                  .consumer = made.consumer,
                                  .request_id = "",
                                  .now = kTimeOfResponses};
    EXPECT_TRUE(accept_response(text, unsolicited));
    EXPECT_FALSE(accept_response(f.made.with_signed_response(f.idp), unsolicited));  // answers somebody's request
}

TEST(SamlResponse, PeeksWithoutBelieving) {
    Fixture& f = fixture();
    const auto envelope = peek_response(f.made.response(f.made.assertion()));
    ASSERT_TRUE(envelope);
    EXPECT_EQ(envelope->issuer, f.idp.provider.entity_id);
    EXPECT_EQ(envelope->in_response_to, "_q1");
}

}  // namespace
}  // namespace quipu::signin
