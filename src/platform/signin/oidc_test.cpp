#include "platform/signin/oidc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64url.h"
#include "platform/signin/digest.h"
#include "platform/signin/test_keys.h"

namespace quipu::signin {
namespace {

using testing::HasSubstr;

const Time kTimeOfTokens = *parse_time("2026-11-28T14:01:00Z");
const std::int64_t kSeconds =
    std::chrono::duration_cast<std::chrono::seconds>(kTimeOfTokens.time_since_epoch()).count();

struct Signer {
    Algorithm algorithm = Algorithm::rs256;
    std::string name = "RS256";
    std::string id = "k1";
    TestKeyPtr key = make_rsa();

    [[nodiscard]] Value jwk() const {
        const auto b64 = [](const std::string& octets) { return base64url_encode(as_bytes(octets)); };
        if (algorithm == Algorithm::es256)
            return Value::Object{{"kty", "EC"},
                                 {"crv", "P-256"},
                                 {"kid", id},
                                 {"use", "sig"},
                                 {"x", b64(number_of_key(key.get(), "qx", 32))},
                                 {"y", b64(number_of_key(key.get(), "qy", 32))}};
        return Value::Object{{"kty", "RSA"},
                             {"kid", id},
                             {"n", b64(number_of_key(key.get(), "n"))},
                             {"e", b64(number_of_key(key.get(), "e"))}};
    }
    [[nodiscard]] std::vector<JsonWebKey> keys() const {
        return *read_jwk_set(Value::Object{{"keys", Value::Array{jwk()}}});
    }
    [[nodiscard]] std::string token(const Value& claims, Value header = {}) const {
        if (header.is_null()) header = Value::Object{{"alg", name}, {"kid", id}};
        const std::string text =
            base64url_encode(as_bytes(to_json(header))) + "." + base64url_encode(as_bytes(to_json(claims)));
        std::string signature = sign_with(key.get(), algorithm, text);
        if (algorithm == Algorithm::es256) signature = raw_of(signature);
        return text + "." + base64url_encode(as_bytes(signature));
    }
    static std::string raw_of(const std::string& der) {
        const auto* at = as_bytes(der).data();
        const Owned<ECDSA_SIG_free, ECDSA_SIG> parts(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
        std::string out(64, '\0');
        auto* octets = reinterpret_cast<unsigned char*>(out.data());
        BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), octets, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), octets + 32, 32);
        return out;
    }
};
const Signer& signer() {
    static const Signer one;
    return one;
}

Value claims() {
    return Value::Object{{"iss", "https://op.example.org"}, {"sub", "ana-1"},      {"aud", "quipu"},
                         {"exp", kSeconds + 300},           {"iat", kSeconds - 5}, {"nonce", "n-1"}};
}
const IdTokenExpectation kExpected{.issuer = "https://op.example.org",
                                   .client_id = "quipu",
                                   .nonce = "n-1",
                                   .access_token = "at-1",
                                   .now = kTimeOfTokens};

TEST(IdToken, IsAcceptedWithEachAlgorithm) {
    Signer ps = signer();
    ps.algorithm = Algorithm::ps256;
    ps.name = "PS256";
    Signer es{Algorithm::es256, "ES256", "k2", make_p256()};
    for (const Signer& each : {signer(), ps, es}) {
        const auto accepted = accept_id_token(each.token(claims()), each.keys(), kExpected);
        ASSERT_TRUE(accepted) << each.name << ": " << accepted.error().text();
        EXPECT_EQ(*accepted->find("sub"), Value("ana-1"));
    }
}

TEST(IdToken, RefusesNoAlgorithmAndSymmetricOnes) {
    for (const char* name : {"none", "None", "NONE", "HS256", "HS512", "RS1", "ES384", "EdDSA", ""}) {
        const std::string token = signer().token(claims(), Value::Object{{"alg", name}, {"kid", "k1"}});
        EXPECT_THAT(accept_id_token(token, signer().keys(), kExpected).error().text(), HasSubstr("is not accepted"))
            << name;
    }
    const std::string token = signer().token(claims());
    EXPECT_FALSE(accept_id_token(token.substr(0, token.rfind('.') + 1), signer().keys(), kExpected));
    // The public key as an HMAC's key, the classic.
    EXPECT_FALSE(
        accept_id_token(signer().token(claims(), Value::Object{{"alg", "HS256"}}), signer().keys(), kExpected));
    // An algorithm of another kind of key.
    EXPECT_FALSE(accept_id_token(signer().token(claims(), Value::Object{{"alg", "ES256"}, {"kid", "k1"}}),
                                 signer().keys(), kExpected));
    EXPECT_THAT(
        accept_id_token(signer().token(claims(), Value::Object{{"alg", "RS256"}, {"crit", Value::Array{"b64"}}}),
                        signer().keys(), kExpected)
            .error()
            .text(),
        HasSubstr("must be understood"));
}

TEST(IdToken, RefusesOthersKeysAndSaysWhenAKeyIsNew) {
    const Signer other;
    EXPECT_THAT(accept_id_token(other.token(claims()), signer().keys(), kExpected).error().text(),
                HasSubstr("not that of the provider's key"));
    Signer rotated = signer();
    rotated.id = "k9";
    const auto unknown = accept_id_token(rotated.token(claims()), signer().keys(), kExpected);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
    EXPECT_TRUE(accept_id_token(rotated.token(claims()), rotated.keys(), kExpected));
}

TEST(IdToken, RefusesClaimsOfOtherSigns) {
    const std::vector<std::pair<std::string, std::function<void(Value&)>>> wrong = {
        {"iss", [](Value& c) { c.set("iss", "https://evil.example.org"); }},
        {"aud", [](Value& c) { c.set("aud", "others"); }},
        {"aud", [](Value& c) { c.set("aud", Value::Array{"others", "more"}); }},
        {"azp", [](Value& c) { c.set("aud", Value::Array{"quipu", "others"}); }},
        {"azp", [](Value& c) { c.set("azp", "others"); }},
        {"exp", [](Value& c) { c.set("exp", kSeconds - 300); }},
        {"exp", [](Value& c) { c.set("exp", "soon"); }},
        {"iat", [](Value& c) { c.set("iat", kSeconds + 300); }},
        {"iat", [](Value& c) { c.set("iat", kSeconds - 3600); }},
        {"nbf", [](Value& c) { c.set("nbf", kSeconds + 300); }},
        {"nonce", [](Value& c) { c.set("nonce", "n-2"); }},
        {"nonce", [](Value& c) { c.set("nonce", Value()); }},
        {"sub", [](Value& c) { c.set("sub", ""); }},
        {"sub", [](Value& c) { c.set("sub", std::string(300, 'x')); }},
        {"at_hash", [](Value& c) { c.set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"); }},
    };
    for (const auto& [where, spoil] : wrong) {
        Value spoiled = claims();
        spoil(spoiled);
        const auto refused = accept_id_token(signer().token(spoiled), signer().keys(), kExpected);
        ASSERT_FALSE(refused) << where;
        EXPECT_EQ(refused.error().where, where);
    }
}

TEST(IdToken, AcceptsWhatIsRight) {
    Value good = claims();
    good.set("aud", Value::Array{"others", "quipu"});
    good.set("azp", "quipu");
    good.set("at_hash", base64url_encode(as_bytes(sha256(as_bytes("at-1"))).first(16)));
    EXPECT_TRUE(accept_id_token(signer().token(good), signer().keys(), kExpected));
    EXPECT_TRUE(accept_user_info(Value::Object{{"sub", "ana-1"}}, good));
    EXPECT_FALSE(accept_user_info(Value::Object{{"sub", "eva-1"}}, good));
}

TEST(IdToken, RefusesEveryChangeOfOneCharacter) {
    const std::string token = signer().token(claims());
    for (std::size_t i = 0; i < token.size(); i += 7) {
        std::string changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        if (changed != token) EXPECT_FALSE(accept_id_token(changed, signer().keys(), kExpected)) << i;
    }
    for (const char* no : {"", ".", "..", "a.b", "a.b.c", "a.b.c.d", "e30.e30.", "e30.e30.e30"})
        EXPECT_FALSE(accept_id_token(no, signer().keys(), kExpected)) << no;
}

TEST(JwkSet, PassesOverWhatCannotVerify) {
    Value weak = signer().jwk();
    weak.set("n", "AQAB");
    Value sealing = signer().jwk();
    sealing.set("use", "enc");
    const Value set = Value::Object{{"keys", Value::Array{Value::Object{{"kty", "oct"}, {"k", "AAAA"}}, weak, sealing,
                                                          Value("x"), signer().jwk()}}};
    EXPECT_EQ(read_jwk_set(set)->size(), 1U);
    EXPECT_FALSE(read_jwk_set(Value::Object{}));
}

TEST(Oidc, ReadsTheProvidersDocument) {
    const auto document = [](const char* jwks) {
        return Value(Value::Object{{"issuer", "https://op.example.org"},
                                   {"authorization_endpoint", "https://op.example.org/authorize?x=1"},
                                   {"token_endpoint", "https://op.example.org/token"},
                                   {"jwks_uri", jwks},
                                   {"token_endpoint_auth_methods_supported", Value::Array{"client_secret_post"}}});
    };
    const auto read = read_provider_document(document("https://op.example.org/jwks"), "https://op.example.org");
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_FALSE(read->takes_basic);
    EXPECT_FALSE(read_provider_document(document("https://op.example.org/jwks"), "https://other.example.org"));
    for (const char* wrong : {"http://op.example.org/jwks", "javascript:x", "", "http://localhost.evil.org/"})
        EXPECT_FALSE(read_provider_document(document(wrong), "https://op.example.org")) << wrong;

    const std::string address =
        authorization_address(*read, {"quipu", "https://portal.example.org/cb", "openid mail", "s t", "n", "verifier"});
    EXPECT_THAT(address,
                testing::StartsWith("https://op.example.org/authorize?x=1&response_type=code&client_id=quipu&"));
    EXPECT_THAT(address, HasSubstr("state=s%20t"));
    EXPECT_THAT(address, HasSubstr("code_challenge_method=S256"));
}

TEST(Oidc, MakesTheChallengeOfRfc7636AppendixB) {
    EXPECT_EQ(code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
              "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(Oidc, ReadsTheTokenResponse) {
    EXPECT_EQ(read_token_response(Value::Object{{"id_token", "x"}})->id_token, "x");
    EXPECT_EQ(read_token_response(Value::Object{{"error", "invalid_grant"}}).error().code, ErrorCode::forbidden);
    EXPECT_FALSE(read_token_response(Value::Object{}));
}

}  // namespace
}  // namespace quipu::signin
