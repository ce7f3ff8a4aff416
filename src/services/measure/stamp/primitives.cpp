#include "services/measure/stamp/primitives.h"

#include <algorithm>
#include <new>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace quipu::stamp {
namespace {

// Only exhausted memory lets OpenSSL refuse these calls.
void must(bool ok) {
    if (!ok) throw std::bad_alloc();
}

EVP_MAC_CTX* mac(void* context) {
    return static_cast<EVP_MAC_CTX*>(context);
}
EVP_CIPHER_CTX* cipher(void* context) {
    return static_cast<EVP_CIPHER_CTX*>(context);
}

}  // namespace

void Aes::Free::operator()(void* context) const {
    EVP_CIPHER_CTX_free(cipher(context));
}

Aes::Aes(Use use, const Block& key, const Block* iv) : context_(EVP_CIPHER_CTX_new()) {
    must(context_ != nullptr);
    must(EVP_CipherInit_ex2(cipher(context_.get()), iv != nullptr ? EVP_aes_128_cbc() : EVP_aes_128_ecb(), key.data(),
                            iv != nullptr ? iv->data() : nullptr, use == Use::encrypt ? 1 : 0, nullptr) == 1);
    must(EVP_CIPHER_CTX_set_padding(cipher(context_.get()), 0) == 1);
}

Aes Aes::cbc(Use use, const Block& key, const Block& iv) {
    return {use, key, &iv};
}

Aes Aes::blocks(Use use, const Block& key) {
    return {use, key, nullptr};
}

void Aes::apply(std::span<std::uint8_t> bytes) {
    int count = 0;
    must(EVP_CipherUpdate(cipher(context_.get()), bytes.data(), &count, bytes.data(), static_cast<int>(bytes.size())) ==
         1);
}

void Aes::restart(const Block& iv) {
    must(EVP_CipherInit_ex2(cipher(context_.get()), nullptr, nullptr, iv.data(), -1, nullptr) == 1);
}

void Hmac::Free::operator()(void* context) const {
    EVP_MAC_CTX_free(mac(context));
}

Hmac::Hmac(Hash hash, ByteSpan key) {
    static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    must(algorithm != nullptr);
    context_.reset(EVP_MAC_CTX_new(algorithm));
    must(context_ != nullptr);
    char sha1[] = "SHA1";
    char sha256[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash == Hash::sha1 ? sha1 : sha256, 0),
        OSSL_PARAM_construct_end()};
    // OpenSSL takes no pointer to nothing as "the key that was set before"; an empty key has one to something.
    static constexpr std::uint8_t kNothing = 0;
    must(EVP_MAC_init(mac(context_.get()), key.empty() ? &kNothing : key.data(), key.size(), parameters) == 1);
}

void Hmac::add(ByteSpan bytes) {
    must(EVP_MAC_update(mac(context_.get()), bytes.data(), bytes.size()) == 1);
}

Block Hmac::digest() {
    std::array<std::uint8_t, 32> whole{};
    std::size_t length = 0;
    must(EVP_MAC_final(mac(context_.get()), whole.data(), &length, whole.size()) == 1);
    must(EVP_MAC_init(mac(context_.get()), nullptr, 0, nullptr) == 1);  // the same key again
    Block out{};
    std::copy_n(whole.begin(), out.size(), out.begin());
    return out;
}

Block Hmac::of(ByteSpan first, ByteSpan second) {
    add(first);
    if (!second.empty()) add(second);
    return digest();
}

bool same_secret(ByteSpan a, ByteSpan b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace quipu::stamp
