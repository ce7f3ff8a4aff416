#include "platform/signin/decryption.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <optional>

#include "base/bytes.h"
#include "platform/signin/openssl_owner.h"

namespace quipu::signin {
namespace {

std::unexpected<Error> refuse_encrypted(std::string what) {
    return fail(ErrorCode::invalid, std::move(what), "EncryptedAssertion");
}

Result<std::string> cipher_value(xml::Element element) {
    const xml::Element data = TRY(element.only(xml::kEncryption, "CipherData"));
    return xml::base64_decode(TRY(data.only(xml::kEncryption, "CipherValue")).text());
}

/// xmlenc-core1 §5.5.2. Hashes are named as OpenSSL names them.
std::optional<const char*> hash_named(std::string_view algorithm) {
    static constexpr std::array<std::pair<std::string_view, const char*>, 8> kHashes{{
        {"http://www.w3.org/2000/09/xmldsig#sha1", "SHA1"},
        {"http://www.w3.org/2001/04/xmlenc#sha256", "SHA256"},
        {"http://www.w3.org/2001/04/xmldsig-more#sha384", "SHA384"},
        {"http://www.w3.org/2001/04/xmlenc#sha512", "SHA512"},
        {"http://www.w3.org/2009/xmlenc11#mgf1sha1", "SHA1"},
        {"http://www.w3.org/2009/xmlenc11#mgf1sha256", "SHA256"},
        {"http://www.w3.org/2009/xmlenc11#mgf1sha384", "SHA384"},
        {"http://www.w3.org/2009/xmlenc11#mgf1sha512", "SHA512"},
    }};
    for (const auto& [name, hash] : kHashes)
        if (name == algorithm) return hash;
    return std::nullopt;
}

Result<std::string> content_key(xml::Element encrypted_key, const OwnKey& key) {
    const xml::Element method = TRY(encrypted_key.only(xml::kEncryption, "EncryptionMethod"));
    const std::string algorithm = method.attribute("Algorithm");
    if (algorithm != kRsaOaepMgf1 && algorithm != kRsaOaep)
        return refuse_encrypted(fmt::format("key transport {} is not accepted", algorithm.substr(0, 100)));
    // SHA-1 inside OAEP is no signature: nothing rests on its collisions.
    std::optional<const char*> hash = "SHA1";
    if (const auto digest = method.child(xml::kSignature, "DigestMethod"))
        hash = hash_named(digest->attribute("Algorithm"));
    std::optional<const char*> mask = "SHA1";
    if (const auto generator = method.child(xml::kEncryption11, "MGF"); generator && algorithm == kRsaOaep)
        mask = hash_named(generator->attribute("Algorithm"));
    if (!hash || !mask) return refuse_encrypted("the hash of the key transport is not accepted");
    return key.unwrap(as_bytes(TRY(cipher_value(encrypted_key))), *hash, *mask);
}

/// xmlenc-core1 §5.2.4: 12 octets of initialisation vector, the text, 16 octets of tag.
Result<std::string> open_gcm(const EVP_CIPHER* cipher, std::string_view key, std::string_view sealed) {
    constexpr std::size_t kVector = 12;
    constexpr std::size_t kTag = 16;
    if (key.size() != static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher)) || sealed.size() < kVector + kTag)
        return refuse_encrypted("it can't be opened");
    const Owned<EVP_CIPHER_CTX_free, EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
    const ByteSpan octets = as_bytes(sealed);
    const ByteSpan text = octets.subspan(kVector, octets.size() - kVector - kTag);
    std::array<unsigned char, kTag> tag{};
    std::copy_n(octets.end() - kTag, kTag, tag.begin());
    std::string out(text.size(), '\0');
    int size = 0;
    int rest = 0;
    if (EVP_DecryptInit_ex2(context.get(), cipher, as_bytes(key).data(), octets.data(), nullptr) != 1 ||
        EVP_DecryptUpdate(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, text.data(),
                          static_cast<int>(text.size())) != 1 ||
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTag), tag.data()) != 1 ||
        EVP_DecryptFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()) + size, &rest) != 1)
        return refuse_encrypted("it can't be opened");
    return out;
}

}  // namespace

Result<std::string> decrypted(xml::Element encrypted_assertion, const OwnKey& key) {
    const xml::Element data = TRY(encrypted_assertion.only(xml::kEncryption, "EncryptedData"));
    auto keys = encrypted_assertion.children(xml::kEncryption, "EncryptedKey");
    if (const auto info = data.child(xml::kSignature, "KeyInfo"))
        for (const xml::Element& inside : info->children(xml::kEncryption, "EncryptedKey"))
            keys.push_back(inside);
    if (keys.empty() || keys.size() > 4) return refuse_encrypted(fmt::format("{} encrypted keys", keys.size()));
    const std::string algorithm = TRY(data.only(xml::kEncryption, "EncryptionMethod"))
    .attribute("Algorithm");
    const EVP_CIPHER* cipher = algorithm == kAes128Gcm   ? EVP_aes_128_gcm()
                               : algorithm == kAes256Gcm ? EVP_aes_256_gcm()
                                                         : nullptr;
    if (cipher == nullptr)
        return refuse_encrypted(fmt::format("the cipher {} is not accepted: AES-GCM is", algorithm.substr(0, 100)));
    const std::string sealed = TRY(cipher_value(data));
    // One for each of its readers: ours is the one that opens.
    std::optional<Error> last;
    for (const xml::Element& each : keys) {
        const auto opened = content_key(each, key);
        if (opened) return open_gcm(cipher, *opened, sealed);
        last = opened.error();
    }
    return std::unexpected(*last);
}

}  // namespace quipu::signin
