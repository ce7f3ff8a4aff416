#pragma once
// Chance as a parameter: an engine takes an Rng, a test gives it a seed.

#include <cstdint>
#include <span>

namespace quipu {

/// xoshiro256** (Blackman and Vigna, 2018) seeded through SplitMix64. Not for secrets: see net/tls.h for those.
class Rng {
  public:
    using result_type = std::uint64_t;

    explicit Rng(std::uint64_t seed);
    /// Seeded by the operating system.
    static Rng from_system();

    [[nodiscard]] std::uint64_t next();
    /// Uniform in [0, 1).
    [[nodiscard]] double uniform();
    /// Uniform in [0, bound); bound > 0.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound);
    /// Exponential with mean 1.
    [[nodiscard]] double exponential();
    void fill(std::span<std::uint8_t> out);

    static constexpr std::uint64_t min() { return 0; }
    static constexpr std::uint64_t max() { return ~std::uint64_t{0}; }
    std::uint64_t operator()() { return next(); }

  private:
    std::uint64_t state_[4];
};

}  // namespace quipu
