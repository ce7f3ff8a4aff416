#include "platform/signin/webauthn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64url.h"
#include "platform/signin/digest.h"
#include "platform/signin/test_keys.h"

namespace quipu::signin {
namespace {

using testing::HasSubstr;

const RelyingParty kParty{"portal.example.org", {"https://portal.example.org"}, "Red de prueba"};
constexpr std::string_view kChallenge = "b25lLXRpbWUtY2hhbGxlbmdl";
constexpr std::string_view kHandle = "handle-of-ana";

// Just enough CBOR to write what an authenticator writes.
void head(ByteWriter& out, unsigned major, std::size_t value) {
    if (value < 24) return out.u8(static_cast<std::uint8_t>(major << 5U | value));
    if (value < 256) {
        out.u8(static_cast<std::uint8_t>(major << 5U | 24U));
        return out.u8(static_cast<std::uint8_t>(value));
    }
    out.u8(static_cast<std::uint8_t>(major << 5U | 25U));
    out.u16(static_cast<std::uint16_t>(value));
}
void integer(ByteWriter& out, int value) {
    value >= 0 ? head(out, 0, static_cast<std::size_t>(value)) : head(out, 1, static_cast<std::size_t>(-1 - value));
}
void octets(ByteWriter& out, std::string_view value) {
    head(out, 2, value.size());
    out.bytes(as_bytes(value));
}
void text(ByteWriter& out, std::string_view value) {
    head(out, 3, value.size());
    out.bytes(as_bytes(value));
}
std::string taken(ByteWriter& out) {
    return std::string(as_text(out.span()));
}

/// An authenticator in software, that can be made to misbehave.
struct Authenticator {
    Algorithm algorithm = Algorithm::es256;
    TestKeyPtr key = make_p256();
    std::string id = "credential-0001";
    std::string party = kParty.id;
    std::string origin = kParty.origins[0];
    std::string challenge{kChallenge};
    std::string type;
    std::uint8_t flags = 0x05;  // user present and verified
    std::uint32_t counter = 1;
    std::string format = "none";
    std::string handle{kHandle};
    std::string trailing;
    bool crossed = false;
    std::string certificate = {};  // for packed
    TestKeyPtr attester = {};

    [[nodiscard]] std::string cose() const {
        ByteWriter out;
        switch (algorithm) {
            case Algorithm::es256:
                head(out, 5, 5);
                integer(out, 1), integer(out, 2), integer(out, 3), integer(out, -7), integer(out, -1), integer(out, 1);
                integer(out, -2), octets(out, number_of_key(key.get(), "qx", 32));
                integer(out, -3), octets(out, number_of_key(key.get(), "qy", 32));
                break;
            case Algorithm::eddsa:
                head(out, 5, 4);
                integer(out, 1), integer(out, 1), integer(out, 3), integer(out, -8), integer(out, -1), integer(out, 6);
                integer(out, -2), octets(out, raw_ed25519(key.get()));
                break;
            default:
                head(out, 5, 4);
                integer(out, 1), integer(out, 3), integer(out, 3), integer(out, -257);
                integer(out, -1), octets(out, number_of_key(key.get(), "n"));
                integer(out, -2), octets(out, number_of_key(key.get(), "e"));
        }
        return taken(out);
    }
    [[nodiscard]] std::string data(bool attested) const {
        ByteWriter out;
        out.bytes(as_bytes(sha256(as_bytes(party))));
        out.u8(static_cast<std::uint8_t>(flags | (attested ? 0x40U : 0U)));
        out.u32(counter);
        if (attested) {
            out.zeros(16);
            out.u16(static_cast<std::uint16_t>(id.size()));
            out.bytes(as_bytes(id));
            out.bytes(as_bytes(cose()));
        }
        out.bytes(as_bytes(trailing));
        return taken(out);
    }
    [[nodiscard]] std::string client_data(std::string_view usual_type) const {
        return to_json(Value::Object{{"type", type.empty() ? std::string(usual_type) : type},
                                     {"challenge", challenge},
                                     {"origin", origin},
                                     {"crossOrigin", crossed}});
    }
    [[nodiscard]] Value registration() const {
        const std::string client = client_data("webauthn.create");
        const std::string signed_data = data(true);
        ByteWriter out;
        head(out, 5, 3);
        text(out, "fmt"), text(out, format);
        text(out, "attStmt");
        if (format == "packed") {
            head(out, 5, certificate.empty() ? 2 : 3);
            text(out, "alg"), integer(out, algorithm == Algorithm::es256   ? -7
                                           : algorithm == Algorithm::eddsa ? -8
                                                                           : -257);
            text(out, "sig"), octets(out, sign_with(attester ? attester.get() : key.get(), algorithm,
                                                    signed_data + sha256(as_bytes(client))));
            if (!certificate.empty()) {
                text(out, "x5c");
                head(out, 4, 1);
                octets(out, certificate);
            }
        } else {
            head(out, 5, 0);
        }
        text(out, "authData"), octets(out, signed_data);
        return Value::Object{{"id", base64url_encode(as_bytes(id))},
                             {"rawId", base64url_encode(as_bytes(id))},
                             {"type", "public-key"},
                             {"response", Value::Object{{"clientDataJSON", base64url_encode(as_bytes(client))},
                                                        {"attestationObject", base64url_encode(out.span())}}}};
    }
    [[nodiscard]] Value assertion() const {
        const std::string client = client_data("webauthn.get");
        const std::string signed_data = data(false);
        const std::string signature = sign_with(key.get(), algorithm, signed_data + sha256(as_bytes(client)));
        return Value::Object{{"id", base64url_encode(as_bytes(id))},
                             {"type", "public-key"},
                             {"response", Value::Object{{"clientDataJSON", base64url_encode(as_bytes(client))},
                                                        {"authenticatorData", base64url_encode(as_bytes(signed_data))},
                                                        {"signature", base64url_encode(as_bytes(signature))},
                                                        {"userHandle", base64url_encode(as_bytes(handle))}}}};
    }
};

Result<PasskeyRecord> registered(const Authenticator& from, bool verify_user = true) {
    return check_registration(from.registration(), kParty, kChallenge, verify_user);
}
Result<std::uint32_t> asserted(const Authenticator& from, const PasskeyRecord& record, bool verify_user = true) {
    return check_assertion(from.assertion(), kParty, kChallenge, record, kHandle, verify_user);
}

class EveryAlgorithm : public testing::TestWithParam<Algorithm> {};

TEST_P(EveryAlgorithm, RegistersAndSignsIn) {
    Authenticator authenticator;
    authenticator.algorithm = GetParam();
    if (GetParam() == Algorithm::eddsa) authenticator.key = make_ed25519();
    if (GetParam() == Algorithm::rs256) authenticator.key = make_rsa();
    for (const char* format : {"none", "packed"}) {
        authenticator.format = format;
        const auto record = registered(authenticator);
        ASSERT_TRUE(record) << record.error().text();
        EXPECT_EQ(record->id, base64url_encode(as_bytes(authenticator.id)));
        ++authenticator.counter;
        const auto counter = asserted(authenticator, *record);
        ASSERT_TRUE(counter) << counter.error().text();
        EXPECT_EQ(*counter, authenticator.counter);
    }
}
INSTANTIATE_TEST_SUITE_P(WebAuthn, EveryAlgorithm,
                         testing::Values(Algorithm::es256, Algorithm::eddsa, Algorithm::rs256));

using Spoil = std::function<void(Authenticator&)>;
const std::vector<std::pair<std::string, Spoil>> kSpoiled = {
    {"rpIdHash", [](Authenticator& a) { a.party = "evil.example.org"; }},
    {"clientDataJSON.origin", [](Authenticator& a) { a.origin = "https://evil.example.org"; }},
    {"clientDataJSON.origin", [](Authenticator& a) { a.origin = "http://portal.example.org"; }},
    {"clientDataJSON.challenge", [](Authenticator& a) { a.challenge = "YW5vdGhlcg"; }},
    {"clientDataJSON.type", [](Authenticator& a) { a.type = "payment.get"; }},
    {"clientDataJSON.crossOrigin", [](Authenticator& a) { a.crossed = true; }},
    {"nobody was there", [](Authenticator& a) { a.flags = 0x04; }},
    {"did not verify its user", [](Authenticator& a) { a.flags = 0x01; }},
    {"something follows", [](Authenticator& a) { a.trailing = "x"; }},
};

TEST(WebAuthn, RefusesWhatIsNotThisCeremony) {
    for (const auto& [what, spoil] : kSpoiled) {
        Authenticator authenticator;
        const auto record = registered(authenticator);
        ASSERT_TRUE(record);
        spoil(authenticator);
        authenticator.counter = 2;
        const auto again = registered(authenticator);
        ASSERT_FALSE(again) << what;
        EXPECT_THAT(again.error().text(), HasSubstr(what));
        const auto signed_in = asserted(authenticator, *record);
        ASSERT_FALSE(signed_in) << what;
        EXPECT_THAT(signed_in.error().text(), HasSubstr(what));
    }
}

TEST(WebAuthn, AsksForTheUsersVerificationOnlyWhereItIsNeeded) {
    Authenticator authenticator;
    authenticator.flags = 0x01;
    const auto record = registered(authenticator, false);
    ASSERT_TRUE(record) << record.error().text();
    authenticator.counter = 2;
    EXPECT_TRUE(asserted(authenticator, *record, false));
    EXPECT_FALSE(asserted(authenticator, *record, true));
}

TEST(WebAuthn, RefusesACounterThatWentBack) {
    Authenticator authenticator;
    authenticator.counter = 7;
    const auto record = registered(authenticator);
    ASSERT_TRUE(record);
    for (const std::uint32_t counter : {7U, 6U, 0U}) {
        authenticator.counter = counter;
        const auto refused = asserted(authenticator, *record);
        ASSERT_FALSE(refused) << counter;
        EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
    }
    authenticator.counter = 8;
    EXPECT_TRUE(asserted(authenticator, *record));
}

TEST(WebAuthn, AcceptsAuthenticatorsThatDoNotCount) {
    Authenticator authenticator;
    authenticator.counter = 0;
    const auto record = registered(authenticator);
    ASSERT_TRUE(record);
    EXPECT_TRUE(asserted(authenticator, *record));
    EXPECT_TRUE(asserted(authenticator, *record));
}

TEST(WebAuthn, RefusesAnotherKeyAnotherCredentialAndAnotherPerson) {
    Authenticator authenticator;
    const auto record = registered(authenticator);
    ASSERT_TRUE(record);
    Authenticator thief = authenticator;
    thief.key = make_p256();
    thief.counter = 2;
    EXPECT_THAT(asserted(thief, *record).error().text(), HasSubstr("signature"));
    thief = authenticator;
    thief.id = "credential-0002";
    EXPECT_THAT(asserted(thief, *record).error().text(), HasSubstr("another credential"));
    thief = authenticator;
    thief.handle = "handle-of-bea";
    EXPECT_THAT(asserted(thief, *record).error().text(), HasSubstr("another person"));
}

TEST(WebAuthn, ChecksPackedAttestation) {
    Authenticator authenticator;
    authenticator.format = "packed";
    authenticator.attester = make_p256();  // not the credential's own key
    EXPECT_THAT(registered(authenticator).error().text(), HasSubstr("signature is not the key's"));
    authenticator.certificate = "not a certificate";
    EXPECT_THAT(registered(authenticator).error().text(), HasSubstr("certificate can't be read"));
    authenticator.format = "tpm";
    EXPECT_THAT(registered(authenticator).error().text(), HasSubstr("\"tpm\" is not accepted"));
}

std::string certificate_of(EVP_PKEY* key, const char* unit) {
    const Owned<X509_free, X509> certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
    X509_NAME* name = X509_get_subject_name(certificate.get());
    for (const auto& [part, value] :
         std::vector<std::pair<const char*, const char*>>{{"C", "UY"}, {"O", "Prueba"}, {"OU", unit}, {"CN", "Llave"}})
        X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    X509_set_pubkey(certificate.get(), key);
    X509_sign(certificate.get(), key, EVP_sha256());
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

TEST(WebAuthn, ChecksTheAttestationsCertificate) {
    Authenticator authenticator;
    authenticator.format = "packed";
    authenticator.attester = make_p256();
    authenticator.certificate = certificate_of(authenticator.attester.get(), "Authenticator Attestation");
    const auto record = registered(authenticator);
    EXPECT_TRUE(record) << record.error().text();
    authenticator.certificate = certificate_of(authenticator.attester.get(), "Web Servers");
    EXPECT_THAT(registered(authenticator).error().text(), HasSubstr("not an authenticator's"));
    authenticator.certificate = certificate_of(make_p256().get(), "Authenticator Attestation");
    EXPECT_THAT(registered(authenticator).error().text(), HasSubstr("not its certificate's"));
}

TEST(WebAuthn, RefusesEveryPrefixOfAnAttestation) {
    const Authenticator authenticator;
    const std::string whole = authenticator.data(true);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(parse_authenticator_data(as_bytes(whole).first(size))) << size;
    EXPECT_TRUE(parse_authenticator_data(as_bytes(whole)));
}

TEST(WebAuthn, WritesOptionsThatABrowserReads) {
    const Value made = creation_options(kParty, {std::string(kHandle), "ana", "Ana"}, kChallenge, {"AAAA"});
    EXPECT_EQ(to_json(*made.find("user")), R"({"id":"aGFuZGxlLW9mLWFuYQ","name":"ana","displayName":"Ana"})");
    EXPECT_EQ(to_json(*made.find("excludeCredentials")), R"([{"type":"public-key","id":"AAAA"}])");
    const Value asked = request_options(kParty, kChallenge, {}, true);
    EXPECT_EQ(*asked.find("userVerification"), Value("required"));
    EXPECT_EQ(to_json(*asked.find("allowCredentials")), "[]");
}

TEST(PublicKey, RefusesWeakAndBrokenKeys) {
    EXPECT_FALSE(PublicKey::rsa(as_bytes(number_of_key(make_rsa(1024).get(), "n")), as_bytes("\x01\x00\x01")));
    const std::string off(32, '\x01');
    EXPECT_FALSE(PublicKey::p256(as_bytes(off), as_bytes(off)));
    const auto key = make_rsa();
    EXPECT_FALSE(PublicKey::rsa(as_bytes(number_of_key(key.get(), "n")), as_bytes("\x01")));
}

}  // namespace
}  // namespace quipu::signin
