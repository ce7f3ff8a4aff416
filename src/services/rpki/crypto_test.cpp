#include "services/rpki/crypto.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/random.h"

namespace quipu::rpki {
namespace {

struct Signed {
    std::vector<std::uint8_t> modulus;
    std::vector<std::uint8_t> signature;
    Sha256 digest{};
};

/// Signatures by keys of OpenSSL, so that ours are checked by other code.
std::vector<Signed> signatures(int keys, int each) {
    std::vector<Signed> out;
    Rng rng(3);
    for (int k = 0; k < keys; ++k) {
        EVP_PKEY* key = EVP_RSA_gen(2048);
        BIGNUM* n = nullptr;
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n);
        for (int i = 0; i < each; ++i) {
            Signed s;
            s.modulus.resize(kRsaOctets);
            BN_bn2binpad(n, s.modulus.data(), kRsaOctets);
            rng.fill(s.digest);
            EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key, nullptr);
            EVP_PKEY_sign_init(context);
            EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING);
            EVP_PKEY_CTX_set_signature_md(context, EVP_sha256());
            std::size_t size = kRsaOctets;
            s.signature.resize(size);
            EVP_PKEY_sign(context, s.signature.data(), &size, s.digest.data(), s.digest.size());
            EVP_PKEY_CTX_free(context);
            out.push_back(std::move(s));
        }
        BN_free(n);
        EVP_PKEY_free(key);
    }
    return out;
}

std::vector<RsaCheck> checks_of(const std::vector<Signed>& all) {
    std::vector<RsaCheck> out;
    for (const Signed& s : all)
        out.push_back({s.modulus, s.signature, s.digest});
    return out;
}

class Rsa : public testing::TestWithParam<RsaVerifier::Route> {};

TEST_P(Rsa, AcceptsEverySignatureOfOpenSsl) {
    const auto all = signatures(9, 7);
    auto checks = checks_of(all);
    RsaVerifier verifier(GetParam());
    verifier.verify(checks);
    for (std::size_t i = 0; i < checks.size(); ++i)
        EXPECT_TRUE(checks[i].good) << i;
}

TEST_P(Rsa, RefusesWhatWasChangedAndOnlyThat) {
    auto all = signatures(5, 8);
    Rng rng(11);
    std::vector<bool> changed(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        changed[i] = rng.below(2) == 1;
        if (!changed[i]) continue;
        switch (rng.below(3)) {
            case 0: all[i].signature[rng.below(kRsaOctets)] ^= static_cast<std::uint8_t>(1U << rng.below(8)); break;
            case 1: all[i].digest[rng.below(32)] ^= 1; break;
            default: all[i].modulus[1 + rng.below(kRsaOctets - 2)] ^= 4; break;
        }
    }
    auto checks = checks_of(all);
    RsaVerifier verifier(GetParam());
    verifier.verify(checks);
    for (std::size_t i = 0; i < checks.size(); ++i)
        EXPECT_EQ(checks[i].good, !changed[i]) << i;
}

TEST_P(Rsa, RefusesASignatureThatIsNotBelowTheModulus) {
    auto all = signatures(8, 1);
    for (Signed& s : all)  // the same number modulo n, written larger where it still fits
        for (int i = static_cast<int>(kRsaOctets) - 1, carry = 0; i >= 0; --i) {
            const int sum = s.signature[static_cast<std::size_t>(i)] + s.modulus[static_cast<std::size_t>(i)] + carry;
            s.signature[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(sum);
            carry = sum >> 8;
        }
    auto checks = checks_of(all);
    RsaVerifier verifier(GetParam());
    verifier.verify(checks);
    for (const RsaCheck& check : checks)
        EXPECT_FALSE(check.good);
}

TEST_P(Rsa, RefusesOtherLengthsAndEvenModuli) {
    auto all = signatures(1, 3);
    all[0].signature.pop_back();
    all[1].modulus.back() &= 0xfeU;
    auto checks = checks_of(all);
    checks[2].modulus = {};
    RsaVerifier verifier(GetParam());
    verifier.verify(checks);
    for (const RsaCheck& check : checks)
        EXPECT_FALSE(check.good);
}

INSTANTIATE_TEST_SUITE_P(Routes, Rsa, testing::Values(RsaVerifier::Route::fastest, RsaVerifier::Route::openssl),
                         [](const auto& info) {
                             return info.param == RsaVerifier::Route::fastest ? "Fastest" : "OpenSsl";
                         });

TEST(RsaRoutes, AgreeOnRandomNumbers) {
    Rng rng(5);
    std::vector<std::vector<std::uint8_t>> numbers;
    std::vector<RsaCheck> lanes;
    for (int i = 0; i < 400; ++i) {
        auto& modulus = numbers.emplace_back(kRsaOctets);
        rng.fill(modulus);
        modulus.front() |= 0x80U;
        modulus.back() |= 1U;
        if (i % 7 == 0) std::fill(modulus.begin() + 1, modulus.end(), std::uint8_t{0xff});
        if (i % 11 == 0) {
            std::fill(modulus.begin(), modulus.end() - 1, std::uint8_t{0});
            modulus.front() = 0x80;
        }
    }
    std::vector<std::vector<std::uint8_t>> signatures_of(numbers.size(), std::vector<std::uint8_t>(kRsaOctets));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        rng.fill(signatures_of[i]);
        lanes.push_back({numbers[i], signatures_of[i], {}});
    }
    auto plain = lanes;
    RsaVerifier(RsaVerifier::Route::fastest).verify(lanes);
    RsaVerifier(RsaVerifier::Route::openssl).verify(plain);
    for (std::size_t i = 0; i < lanes.size(); ++i)
        EXPECT_EQ(lanes[i].good, plain[i].good) << i;
}

}  // namespace
}  // namespace quipu::rpki
