#include "services/rpki/lab_keys.h"

#include <atomic>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdexcept>
#include <thread>

#include "base/random.h"
#include "services/rpki/oids.h"

namespace quipu::rpki {
namespace {

struct BnFree {
    void operator()(BIGNUM* n) const { BN_clear_free(n); }
    void operator()(BN_CTX* c) const { BN_CTX_free(c); }
};
using Bn = std::unique_ptr<BIGNUM, BnFree>;
using BnContext = std::unique_ptr<BN_CTX, BnFree>;

Bn make_bn() {
    return Bn(BN_new());
}

/// 1024 bits, the two highest set, and e coprime to p-1.
Bn make_prime(std::uint64_t seed) {
    Rng rng(seed);
    const BnContext context(BN_CTX_new());
    std::array<std::uint8_t, 128> octets{};
    for (;;) {
        rng.fill(octets);
        octets.front() |= 0xc0U;
        octets.back() |= 1U;
        Bn candidate(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
        for (int step = 0; step < 2'000; ++step) {
            if (BN_check_prime(candidate.get(), context.get(), nullptr) == 1 &&
                BN_mod_word(candidate.get(), 65'537) != 1)
                return candidate;
            BN_add_word(candidate.get(), 2);
        }
    }
}

}  // namespace

struct LabKeys::Primes {
    std::vector<Bn> primes;

    /// The key-th pair of different primes.
    [[nodiscard]] std::pair<const BIGNUM*, const BIGNUM*> pair(std::size_t key) const {
        std::size_t row = 1;
        while (key >= row) {
            key -= row;
            ++row;
        }
        return {primes[row].get(), primes[key].get()};
    }
};

LabKeys::LabKeys(std::uint64_t seed, std::size_t keys, unsigned threads) : primes_(std::make_unique<Primes>()) {
    std::size_t count = 2;
    while (count * (count - 1) / 2 < keys)
        ++count;
    primes_->primes.resize(count);
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> crew;
    for (unsigned i = 0; i < std::max(1U, threads); ++i)
        crew.emplace_back([&] {
            for (std::size_t p = next++; p < count; p = next++)
                primes_->primes[p] = make_prime(seed * 1'000'003 + p);
        });
}
LabKeys::~LabKeys() = default;

std::size_t LabKeys::size() const {
    return primes_->primes.size() * (primes_->primes.size() - 1) / 2;
}

write::Octets LabKeys::key_info(std::size_t key) const {
    const auto [p, q] = primes_->pair(key);
    const BnContext context(BN_CTX_new());
    const Bn n = make_bn();
    BN_mul(n.get(), p, q, context.get());
    write::Octets modulus(kRsaOctets);
    BN_bn2binpad(n.get(), modulus.data(), static_cast<int>(modulus.size()));
    const write::Octets rsa = write::sequence({write::integer(ByteSpan(modulus)), write::integer(65'537)});
    return write::sequence(
        {write::sequence({write::identifier(oid::kRsaEncryption), write::null()}), write::bit_string(rsa)});
}

Sha1 LabKeys::key_id(ByteSpan key_info) {
    DerFault fault;
    DerReader in(key_info, fault);
    DerReader info = in.enter(tag::kSequence);
    static_cast<void>(info.take(tag::kSequence));
    return sha1(info.bit_string().octets);
}

struct LabKeys::Signer::State {
    EVP_PKEY* key = nullptr;
    EVP_PKEY_CTX* context = nullptr;
    ~State() {
        EVP_PKEY_CTX_free(context);
        EVP_PKEY_free(key);
    }
};

LabKeys::Signer::Signer(const LabKeys& keys, std::size_t key) : state_(std::make_unique<State>()) {
    const auto [p, q] = keys.primes_->pair(key);
    const BnContext context(BN_CTX_new());
    const Bn n = make_bn();
    const Bn e = make_bn();
    const Bn d = make_bn();
    const Bn p1(BN_dup(p));
    const Bn q1(BN_dup(q));
    const Bn phi = make_bn();
    const Bn dp = make_bn();
    const Bn dq = make_bn();
    const Bn inverse = make_bn();
    BN_mul(n.get(), p, q, context.get());
    BN_set_word(e.get(), 65'537);
    BN_sub_word(p1.get(), 1);
    BN_sub_word(q1.get(), 1);
    BN_mul(phi.get(), p1.get(), q1.get(), context.get());
    BN_mod_inverse(d.get(), e.get(), phi.get(), context.get());
    BN_mod(dp.get(), d.get(), p1.get(), context.get());
    BN_mod(dq.get(), d.get(), q1.get(), context.get());
    BN_mod_inverse(inverse.get(), q, p, context.get());
    OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e.get());
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d.get());
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_FACTOR1, p);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_FACTOR2, q);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_EXPONENT1, dp.get());
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_EXPONENT2, dq.get());
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, inverse.get());
    OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX* making = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
    bool good = EVP_PKEY_fromdata_init(making) == 1 &&
                EVP_PKEY_fromdata(making, &state_->key, EVP_PKEY_KEYPAIR, parameters) == 1;
    EVP_PKEY_CTX_free(making);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(build);
    if (good) {
        state_->context = EVP_PKEY_CTX_new(state_->key, nullptr);
        good = EVP_PKEY_sign_init(state_->context) == 1 &&
               EVP_PKEY_CTX_set_rsa_padding(state_->context, RSA_PKCS1_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(state_->context, EVP_sha256()) == 1;
    }
    if (!good) throw std::runtime_error("OpenSSL does not take a generated key");
}
LabKeys::Signer::~Signer() = default;
LabKeys::Signer::Signer(Signer&& other) noexcept = default;

write::Octets LabKeys::Signer::sign(ByteSpan message) {
    const Sha256 digest = sha256(message);
    std::size_t size = kRsaOctets;
    write::Octets out(size);
    if (EVP_PKEY_sign(state_->context, out.data(), &size, digest.data(), digest.size()) != 1)
        throw std::runtime_error("OpenSSL does not sign");
    return out;
}

}  // namespace quipu::rpki
