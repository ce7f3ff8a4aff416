#include "platform/signin/decryption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/rand.h>

#include "platform/signin/test_saml.h"

namespace quipu::signin {
namespace {

using testing::HasSubstr;

const Time kNow = *parse_time("2026-11-28T14:01:00Z");

/// How the assertion is encrypted; the defaults are what SimpleSAMLphp and Shibboleth do.
struct Sealing {
    std::string cipher{kAes128Gcm};
    std::size_t key_octets = 16;
    std::string transport{kRsaOaepMgf1};
    std::string digest = {}, mask = {};
    bool key_beside = false;
};

std::string sealed(const std::string& text, EVP_PKEY* reader, const Sealing& how) {
    std::string key(how.key_octets, '\0'), vector(12, '\0'), tag(16, '\0'), out(text.size(), '\0');
    const auto octets = [](std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); };
    RAND_bytes(octets(key), static_cast<int>(key.size()));
    RAND_bytes(octets(vector), 12);
    const Owned<EVP_CIPHER_CTX_free, EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
    int size = 0;
    EVP_EncryptInit_ex2(context.get(), how.key_octets == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), octets(key),
                        octets(vector), nullptr);
    EVP_EncryptUpdate(context.get(), octets(out), &size, as_bytes(text).data(), static_cast<int>(text.size()));
    EVP_EncryptFinal_ex(context.get(), octets(out) + size, &size);
    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, 16, tag.data());

    const Owned<EVP_PKEY_CTX_free, EVP_PKEY_CTX> wrap(EVP_PKEY_CTX_new_from_pkey(nullptr, reader, nullptr));
    std::string wrapped(512, '\0');
    std::size_t wrapped_size = wrapped.size();
    EVP_PKEY_encrypt_init(wrap.get());
    EVP_PKEY_CTX_set_rsa_padding(wrap.get(), RSA_PKCS1_OAEP_PADDING);
    EVP_PKEY_CTX_set_rsa_oaep_md_name(wrap.get(), how.digest.ends_with("sha256") ? "SHA256" : "SHA1", nullptr);
    EVP_PKEY_CTX_set_rsa_mgf1_md_name(wrap.get(), how.mask.ends_with("sha256") ? "SHA256" : "SHA1", nullptr);
    EVP_PKEY_encrypt(wrap.get(), octets(wrapped), &wrapped_size, octets(key), key.size());
    wrapped.resize(wrapped_size);

    const std::string digest = how.digest.empty() ? ""
                                                  : fmt::format("<ds:DigestMethod xmlns:ds=\"{}\" Algorithm=\"{}\"/>",
                                                                xml::kSignature, how.digest);
    const std::string mask =
        how.mask.empty() ? ""
                         : fmt::format("<e11:MGF xmlns:e11=\"{}\" Algorithm=\"{}\"/>", xml::kEncryption11, how.mask);
    const std::string encrypted_key = fmt::format(
        "<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm=\"{}\">{}{}</xenc:EncryptionMethod><xenc:CipherData>"
        "<xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>",
        how.transport, digest, mask, xml::base64_encode(wrapped));
    const std::string info =
        how.key_beside ? ""
                       : fmt::format("<ds:KeyInfo xmlns:ds=\"{}\">{}</ds:KeyInfo>", xml::kSignature, encrypted_key);
    return fmt::format(
        "<saml:EncryptedAssertion xmlns:saml=\"{}\" xmlns:xenc=\"{}\"><xenc:EncryptedData "
        "Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><xenc:EncryptionMethod Algorithm=\"{}\"/>{}"
        "<xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>{}"
        "</saml:EncryptedAssertion>",
        xml::kSaml, xml::kEncryption, how.cipher, info, xml::base64_encode(vector + out + tag),
        how.key_beside ? encrypted_key : "");
}

class Encrypted : public testing::Test {
  protected:
    Encrypted() {
        const OwnKey& own = own_;
        const Owned<BIO_free_all, BIO> bio(BIO_new(BIO_s_mem()));
        const std::string der = own.certificate_der();
        const auto* at = as_bytes(der).data();
        const Owned<X509_free, X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
        reader_ = test_key(X509_get_pubkey(certificate.get()));
    }
    [[nodiscard]] Result<Assertion> accept(const std::string& text) const {
        return accept_response(text, {.provider = idp_.provider,
                                      .key = own_,
                                      .entity_id = made_.entity_id,
                                      .consumer = made_.consumer,
                                      .request_id = "_q1",
                                      .now = kNow});
    }
    /// The assertion, signed, alone: as it is before encryption.
    [[nodiscard]] std::string signed_assertion() const {
        std::string text = made_.with_signed_assertion(idp_);
        const auto begin = text.find("<saml:Assertion");
        return text.substr(begin, text.rfind("</saml:Assertion>") + 17 - begin);
    }

    TestProvider idp_;
    TestResponse made_;
    OwnKey own_ = *OwnKey::make("portal.example.org", kNow);
    TestKeyPtr reader_;
};

TEST_F(Encrypted, OpensWhatIsForUs) {
    const std::vector<Sealing> all = {
        {},
        {.cipher = std::string(kAes256Gcm), .key_octets = 32},
        {.digest = "http://www.w3.org/2000/09/xmldsig#sha1"},
        {.transport = std::string(kRsaOaep),
         .digest = "http://www.w3.org/2001/04/xmlenc#sha256",
         .mask = "http://www.w3.org/2009/xmlenc11#mgf1sha256"},
        {.key_beside = true},
    };
    for (const Sealing& how : all) {
        const auto accepted = accept(made_.response(sealed(signed_assertion(), reader_.get(), how)));
        ASSERT_TRUE(accepted) << accepted.error().text();
        EXPECT_EQ(accepted->name_id, "ana");
    }
}

TEST_F(Encrypted, EncryptionIsNoSignature) {
    EXPECT_THAT(accept(made_.response(sealed(made_.assertion(), reader_.get(), {}))).error().text(),
                HasSubstr("neither the response nor the assertion is signed"));
    // Unsigned inside, the response around it signed: good.
    const SignatureShape shape;
    const std::string text =
        sign_xml(made_.response(sealed(made_.assertion(), reader_.get(), {}), shape.text("_r1")), idp_.key.get());
    EXPECT_TRUE(accept(text)) << accept(text).error().text();
}

TEST_F(Encrypted, RefusesWrappingInsideToo) {
    TestResponse evil;
    evil.assertion_id = "_a2";
    evil.name_id = "eva";
    std::string outer = evil.assertion();
    outer.insert(outer.rfind("</saml:Assertion>"), signed_assertion());
    EXPECT_THAT(accept(made_.response(sealed(outer, reader_.get(), {}))).error().text(), HasSubstr("2 assertions"));
    EXPECT_THAT(accept(made_.response(sealed("<!DOCTYPE x><x/>", reader_.get(), {}))).error().text(),
                HasSubstr("document type"));
    EXPECT_THAT(accept(made_.response(sealed(made_.response(signed_assertion()), reader_.get(), {}))).error().text(),
                HasSubstr("not Assertion"));
}

TEST_F(Encrypted, RefusesOtherCiphersAndOthersKeys) {
    Sealing how;
    how.cipher = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
    EXPECT_THAT(accept(made_.response(sealed(signed_assertion(), reader_.get(), how))).error().text(),
                HasSubstr("AES-GCM is"));
    how = {};
    how.transport = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
    EXPECT_THAT(accept(made_.response(sealed(signed_assertion(), reader_.get(), how))).error().text(),
                HasSubstr("rsa-1_5 is not accepted"));
    EXPECT_THAT(accept(made_.response(sealed(signed_assertion(), make_rsa().get(), {}))).error().text(),
                HasSubstr("not encrypted for this hub"));
    how = {.cipher = std::string(kAes256Gcm), .key_octets = 16};
    EXPECT_FALSE(accept(made_.response(sealed(signed_assertion(), reader_.get(), how))));
    std::string text = made_.response(sealed(signed_assertion(), reader_.get(), {}));
    const auto at = text.rfind("</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>") - 8;
    text[at] = text[at] == 'A' ? 'B' : 'A';
    EXPECT_THAT(accept(text).error().text(), HasSubstr("can't be opened"));
}

}  // namespace
}  // namespace quipu::signin
