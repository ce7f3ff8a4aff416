#pragma once
// RSA-2048 keys for generated trees, the same for the same seed. **Not for use**: keys share primes. A pool of P primes
// gives P·(P-1)/2 keys of different moduli for the price of P primes, and end entities take theirs from a few of them.

#include <cstdint>
#include <memory>
#include <vector>

#include "services/rpki/crypto.h"
#include "services/rpki/der_writer.h"

namespace quipu::rpki {

class LabKeys {
  public:
    /// At least `keys` keys. Takes about 20 ms of a core for each prime.
    LabKeys(std::uint64_t seed, std::size_t keys, unsigned threads);
    ~LabKeys();
    LabKeys(const LabKeys&) = delete;
    LabKeys& operator=(const LabKeys&) = delete;

    [[nodiscard]] std::size_t size() const;
    /// SubjectPublicKeyInfo of a key.
    [[nodiscard]] write::Octets key_info(std::size_t key) const;
    /// Key identifier of a SubjectPublicKeyInfo: RFC 6487 §4.8.2.
    [[nodiscard]] static Sha1 key_id(ByteSpan key_info);

    /// Signs with one key. Not for several threads at once.
    class Signer {
      public:
        Signer(const LabKeys& keys, std::size_t key);
        ~Signer();
        Signer(Signer&& other) noexcept;
        Signer& operator=(Signer&&) = delete;
        [[nodiscard]] write::Octets sign(ByteSpan message);

      private:
        struct State;
        std::unique_ptr<State> state_;
    };

  private:
    struct Primes;
    std::unique_ptr<Primes> primes_;
};

}  // namespace quipu::rpki
