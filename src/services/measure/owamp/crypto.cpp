#include "services/measure/owamp/crypto.h"

#include <algorithm>
#include <cstdlib>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

namespace quipu::owamp {
namespace {

/// OpenSSL fails here only when memory is used up or its library is broken: nothing to go on with.
void demand(int answer) {
    if (answer != 1) std::abort();
}

EVP_CIPHER_CTX* cipher_of(void* context) {
    return static_cast<EVP_CIPHER_CTX*>(context);
}
EVP_MAC_CTX* mac_of(void* context) {
    return static_cast<EVP_MAC_CTX*>(context);
}

}  // namespace

SecretSource system_secrets() {
    return [](std::span<std::uint8_t> out) { demand(RAND_bytes(out.data(), static_cast<int>(out.size()))); };
}

Block derive_key(std::string_view pass_phrase, const Block& salt, std::uint32_t count) {
    Block out{};
    demand(PKCS5_PBKDF2_HMAC_SHA1(pass_phrase.data(), static_cast<int>(pass_phrase.size()), salt.data(),
                                  static_cast<int>(salt.size()), static_cast<int>(count), static_cast<int>(out.size()),
                                  out.data()));
    return out;
}

void Aes::Free::operator()(void* context) const {
    EVP_CIPHER_CTX_free(cipher_of(context));
}

Aes::Aes(Use use, const Block& key, const Block* iv) : context_(EVP_CIPHER_CTX_new()) {
    demand(EVP_CipherInit_ex(cipher_of(context_.get()), iv != nullptr ? EVP_aes_128_cbc() : EVP_aes_128_ecb(), nullptr,
                             key.data(), iv != nullptr ? iv->data() : nullptr, use == Use::encrypt ? 1 : 0));
    EVP_CIPHER_CTX_set_padding(cipher_of(context_.get()), 0);
}

Aes Aes::cbc(Use use, const Block& key, const Block& iv) {
    return {use, key, &iv};
}

Aes Aes::blocks(Use use, const Block& key) {
    return {use, key, nullptr};
}

void Aes::apply(std::span<std::uint8_t> bytes) {
    int count = 0;
    demand(EVP_CipherUpdate(cipher_of(context_.get()), bytes.data(), &count, bytes.data(),
                            static_cast<int>(bytes.size())));
}

void Aes::restart(const Block& iv) {
    demand(EVP_CipherInit_ex(cipher_of(context_.get()), nullptr, nullptr, nullptr, iv.data(), -1));
}

void Hmac::Free::operator()(void* context) const {
    EVP_MAC_CTX_free(mac_of(context));
}

Hmac::Hmac(const HmacKey& key) {
    static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    context_.reset(EVP_MAC_CTX_new(algorithm));
    std::array<char, 5> digest{'S', 'H', 'A', '1', 0};
    const std::array parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                                OSSL_PARAM_construct_end()};
    demand(EVP_MAC_init(mac_of(context_.get()), key.data(), key.size(), parameters.data()));
}

void Hmac::add(ByteSpan bytes) {
    demand(EVP_MAC_update(mac_of(context_.get()), bytes.data(), bytes.size()));
}

Block Hmac::digest() {
    std::array<std::uint8_t, 20> whole{};
    std::size_t count = 0;
    demand(EVP_MAC_final(mac_of(context_.get()), whole.data(), &count, whole.size()));
    demand(EVP_MAC_init(mac_of(context_.get()), nullptr, 0, nullptr));
    Block out{};
    std::copy_n(whole.begin(), out.size(), out.begin());
    return out;
}

bool same_secret(ByteSpan a, ByteSpan b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace quipu::owamp
