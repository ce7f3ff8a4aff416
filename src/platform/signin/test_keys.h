#pragma once
// Keys and signatures made in the test by OpenSSL.

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdexcept>
#include <string>

#include "base/bytes.h"
#include "platform/signin/openssl_owner.h"
#include "platform/signin/public_key.h"

namespace quipu::signin {

using TestKeyPtr = std::shared_ptr<EVP_PKEY>;

inline TestKeyPtr test_key(EVP_PKEY* key) {
    if (key == nullptr) throw std::runtime_error("OpenSSL made no key");
    return {key, EVP_PKEY_free};
}
inline TestKeyPtr make_p256() {
    return test_key(EVP_EC_gen("P-256"));
}
inline TestKeyPtr make_ed25519() {
    return test_key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}
inline TestKeyPtr make_rsa(std::size_t bits = 2048) {
    return test_key(EVP_RSA_gen(static_cast<unsigned>(bits)));
}

/// DER for ECDSA.
inline std::string sign_with(EVP_PKEY* key, Algorithm algorithm, std::string_view data) {
    const Owned<EVP_MD_CTX_free, EVP_MD_CTX> context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* inner = nullptr;
    EVP_DigestSignInit(context.get(), &inner, algorithm == Algorithm::eddsa ? nullptr : EVP_sha256(), nullptr, key);
    if (algorithm == Algorithm::ps256) {
        EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_DIGEST);
    }
    std::string out(1024, '\0');
    std::size_t size = out.size();
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, as_bytes(data).data(),
                       data.size()) != 1)
        throw std::runtime_error("OpenSSL signed nothing");
    out.resize(size);
    return out;
}

inline std::string number_of_key(EVP_PKEY* key, const char* name, std::size_t octets = 0) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) throw std::runtime_error("no such number");
    const Owned<BN_free, BIGNUM> owned(number);
    std::string out(octets != 0 ? octets : static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
    return out;
}
inline std::string raw_ed25519(EVP_PKEY* key) {
    std::string out(32, '\0');
    std::size_t size = out.size();
    EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(out.data()), &size);
    return out;
}

}  // namespace quipu::signin
