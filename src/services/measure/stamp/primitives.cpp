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

void aes(const AesKey& key, std::span<std::uint8_t> blocks, int encrypt) {
    static constexpr std::array<std::uint8_t, 16> kZeros{};
    thread_local const std::unique_ptr<EVP_CIPHER_CTX, decltype([](EVP_CIPHER_CTX* c) { EVP_CIPHER_CTX_free(c); })>
        context(EVP_CIPHER_CTX_new());
    must(context != nullptr);
    int written = 0;
    must(EVP_CipherInit_ex2(context.get(), EVP_aes_128_cbc(), key.data(), kZeros.data(), encrypt, nullptr) == 1);
    must(EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1);
    must(EVP_CipherUpdate(context.get(), blocks.data(), &written, blocks.data(), static_cast<int>(blocks.size())) == 1);
}

}  // namespace

void Hmac::Free::operator()(void* context) const {
    EVP_MAC_CTX_free(mac(context));
}

Hmac::Hmac(Hash hash, ByteSpan key) : hash_(hash) {
    EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    must(algorithm != nullptr);
    context_.reset(EVP_MAC_CTX_new(algorithm));
    EVP_MAC_free(algorithm);
    must(context_ != nullptr);
    set_key(key);
}

void Hmac::set_key(ByteSpan key) {
    char sha1[] = "SHA1";
    char sha256[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash_ == Hash::sha1 ? sha1 : sha256, 0),
        OSSL_PARAM_construct_end()};
    // OpenSSL takes no pointer to nothing as "the key that was set before"; an empty key has one to something.
    static constexpr std::uint8_t kNothing = 0;
    must(EVP_MAC_init(mac(context_.get()), key.empty() ? &kNothing : key.data(), key.size(), parameters) == 1);
}

Mac Hmac::of(ByteSpan first, ByteSpan second) {
    EVP_MAC_CTX* context = mac(context_.get());
    std::array<std::uint8_t, 32> whole{};
    std::size_t length = 0;
    must(EVP_MAC_update(context, first.data(), first.size()) == 1);
    if (!second.empty()) must(EVP_MAC_update(context, second.data(), second.size()) == 1);
    must(EVP_MAC_final(context, whole.data(), &length, whole.size()) == 1);
    must(EVP_MAC_init(context, nullptr, 0, nullptr) == 1);  // the same key again
    Mac out{};
    std::copy_n(whole.begin(), out.size(), out.begin());
    return out;
}

void aes_encrypt(const AesKey& key, std::span<std::uint8_t> blocks) {
    aes(key, blocks, 1);
}

void aes_decrypt(const AesKey& key, std::span<std::uint8_t> blocks) {
    aes(key, blocks, 0);
}

bool same_secret(ByteSpan a, ByteSpan b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace quipu::stamp
