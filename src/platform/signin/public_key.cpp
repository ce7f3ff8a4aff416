#include "platform/signin/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <vector>

#include "platform/signin/openssl_owner.h"

namespace quipu::signin {

struct PublicKey::Impl {
    Owned<EVP_PKEY_free, EVP_PKEY> key;
};

namespace {

using Parameters = Owned<OSSL_PARAM_free, OSSL_PARAM>;
using Number = Owned<BN_free, BIGNUM>;

std::unexpected<Error> no_key(std::string_view what) {
    return fail(ErrorCode::invalid, std::string(what), "public key");
}

Result<PublicKey> take(EVP_PKEY* key) {
    if (key == nullptr) return no_key("the key can't be read");
    Owned<EVP_PKEY_free, EVP_PKEY> owned(key);
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < 2048)
        return no_key("an RSA key of less than 2048 bits is not accepted");
    return PublicKey(std::make_shared<const PublicKey::Impl>(std::move(owned)));
}

Result<PublicKey> make(const char* type, OSSL_PARAM* parameters) {
    const Owned<EVP_PKEY_CTX_free, EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        return no_key("the key's numbers are not those of a key");
    Owned<EVP_PKEY_free, EVP_PKEY> owned(key);
    const Owned<EVP_PKEY_CTX_free, EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    if (check == nullptr || EVP_PKEY_public_check(check.get()) != 1)
        return no_key("the key's numbers are not those of a key");
    return take(owned.release());
}

Number number_of(ByteSpan octets) {
    return Number(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
}

bool fits(const EVP_PKEY* key, Algorithm algorithm) {
    const int kind = EVP_PKEY_get_base_id(key);
    switch (algorithm) {
        case Algorithm::es256: return kind == EVP_PKEY_EC && EVP_PKEY_get_bits(key) == 256;
        case Algorithm::eddsa: return kind == EVP_PKEY_ED25519;
        case Algorithm::rs256:
        case Algorithm::ps256: return kind == EVP_PKEY_RSA;
    }
    return false;
}

const Cbor::Octets* octets_at(const Cbor& key, std::int64_t label) {
    const Cbor* member = key.find(label);
    return member != nullptr ? member->if_octets() : nullptr;
}

bool is_integer(const Cbor& key, std::int64_t label, std::int64_t value) {
    const Cbor* member = key.find(label);
    const std::int64_t* number = member != nullptr ? member->if_integer() : nullptr;
    return number != nullptr && *number == value;
}

}  // namespace

Result<PublicKey> PublicKey::p256(ByteSpan x, ByteSpan y) {
    if (x.size() != 32 || y.size() != 32) return no_key("a point of P-256 has two coordinates of 32 octets");
    std::vector<unsigned char> point = {0x04};  // SEC 1 §2.3.3: uncompressed
    point.insert(point.end(), x.begin(), x.end());
    point.insert(point.end(), y.begin(), y.end());
    const Owned<OSSL_PARAM_BLD_free, OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    return make("EC", parameters.get());
}

Result<PublicKey> PublicKey::ed25519(ByteSpan x) {
    if (x.size() != 32) return no_key("a key of Ed25519 has 32 octets");
    return take(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, x.data(), x.size()));
}

Result<PublicKey> PublicKey::rsa(ByteSpan modulus, ByteSpan exponent) {
    if (modulus.size() > 1024 || exponent.size() > 8)
        return no_key("an RSA key of more than 8192 bits is not accepted");
    const Number n = number_of(modulus);
    const Number e = number_of(exponent);
    if (n == nullptr || e == nullptr || BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1)
        return no_key("the RSA exponent is not one");
    const Owned<OSSL_PARAM_BLD_free, OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    return make("RSA", parameters.get());
}

Result<PublicKey::WithAlgorithm> PublicKey::from_cose(const Cbor& key) {
    // RFC 9052 §7.1: 1 is the key type, 3 the algorithm; RFC 9053 §7 and RFC 8230 §4: the rest by type.
    if (is_integer(key, 1, 2) && is_integer(key, 3, -7) && is_integer(key, -1, 1)) {
        const auto* x = octets_at(key, -2);
        const auto* y = octets_at(key, -3);
        if (x == nullptr || y == nullptr) return no_key("a coordinate is missing");
        return WithAlgorithm {
            TRY(p256(*x, *y))
            , Algorithm::es256
        };
    }
    if (is_integer(key, 1, 1) && is_integer(key, 3, -8) && is_integer(key, -1, 6)) {
        const auto* x = octets_at(key, -2);
        if (x == nullptr) return no_key("the coordinate is missing");
        return WithAlgorithm {
            TRY(ed25519(*x))
            , Algorithm::eddsa
        };
    }
    if (is_integer(key, 1, 3) && is_integer(key, 3, -257)) {
        const auto* n = octets_at(key, -1);
        const auto* e = octets_at(key, -2);
        if (n == nullptr || e == nullptr) return no_key("the modulus or the exponent is missing");
        return WithAlgorithm {
            TRY(rsa(*n, *e))
            , Algorithm::rs256
        };
    }
    return no_key("only ES256 on P-256, EdDSA with Ed25519 and RS256 are accepted");
}

Result<PublicKey> PublicKey::of_certificate(ByteSpan der) {
    const unsigned char* at = der.data();
    const Owned<X509_free, X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (certificate == nullptr || at != der.data() + der.size()) return no_key("the certificate can't be read");
    return take(X509_get_pubkey(certificate.get()));
}

bool PublicKey::verify(Algorithm algorithm, ByteSpan data, ByteSpan signature) const {
    EVP_PKEY* key = impl_->key.get();
    if (!fits(key, algorithm)) return false;
    const Owned<EVP_MD_CTX_free, EVP_MD_CTX> context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* inner = nullptr;
    const EVP_MD* hash = algorithm == Algorithm::eddsa ? nullptr : EVP_sha256();
    if (context == nullptr || EVP_DigestVerifyInit(context.get(), &inner, hash, nullptr, key) != 1) return false;
    if (algorithm == Algorithm::ps256 && (EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) != 1 ||
                                          EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    return EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(), data.size()) == 1;
}

bool PublicKey::verify_jose(Algorithm algorithm, ByteSpan data, ByteSpan signature) const {
    if (algorithm != Algorithm::es256) return verify(algorithm, data, signature);
    if (signature.size() != 64) return false;
    const Owned<ECDSA_SIG_free, ECDSA_SIG> parts(ECDSA_SIG_new());
    Number r = number_of(signature.first(32));
    Number s = number_of(signature.last(32));
    if (parts == nullptr || r == nullptr || s == nullptr) return false;
    ECDSA_SIG_set0(parts.get(), r.release(), s.release());
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(parts.get(), &der);
    if (size <= 0) return false;
    const bool good = verify(algorithm, data, ByteSpan(der, static_cast<std::size_t>(size)));
    OPENSSL_free(der);
    return good;
}

}  // namespace quipu::signin
