#include "base/random.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <sys/random.h>

namespace quipu {

Rng::Rng(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
        // SplitMix64 (Steele, Lea, Flood 2014)
        seed += 0x9e3779b97f4a7c15U;
        std::uint64_t z = seed;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        word = z ^ (z >> 31U);
    }
}

Rng Rng::from_system() {
    std::uint64_t seed = 0;
    // Eight octets never come short (getrandom(2)), and it fails only on kernels older than any that runs this.
    static_cast<void>(getentropy(&seed, sizeof seed));
    return Rng(seed);
}

std::uint64_t Rng::next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

double Rng::uniform() {
    return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

std::uint64_t Rng::below(std::uint64_t bound) {
    // Lemire 2019: multiply, and reject the few products that would make some results likelier than others.
    using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(next()) * bound;
    if (static_cast<std::uint64_t>(product) < bound) {
        const std::uint64_t threshold = (std::uint64_t{0} - bound) % bound;
        while (static_cast<std::uint64_t>(product) < threshold)
            product = static_cast<Wide>(next()) * bound;
    }
    return static_cast<std::uint64_t>(product >> 64U);
}

double Rng::exponential() {
    return -std::log1p(-uniform());
}

void Rng::fill(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const std::uint64_t word = next();
        const std::size_t count = std::min(out.size(), sizeof word);
        std::memcpy(out.data(), &word, count);
        out = out.subspan(count);
    }
}

}  // namespace quipu
