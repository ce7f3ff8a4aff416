#include "services/measure/owamp/exponential.h"

#include <algorithm>
#include <bit>

namespace quipu::owamp {
namespace {

/// Q[k] = ln 2 / 1! + (ln 2)² / 2! + … + (ln 2)^k / k!, times 2^32, rounded; Q[11] > 1 − 2^-32.
constexpr std::array<Fixed, 12> kQ{0,          0xB17217F8, 0xEEF193F7, 0xFD271862, 0xFF9D6DD0, 0xFFF4CFD0,
                                   0xFFFEE819, 0xFFFFE7FF, 0xFFFFFE2B, 0xFFFFFFE0, 0xFFFFFFFE, 0xFFFFFFFF};
constexpr Fixed kLn2 = kQ[1];

}  // namespace

std::uint32_t ExponentialDeviates::uniform() {
    // The counter is 128 bits in network byte order and counts words, not blocks: block 4k gives the words 4k … 4k + 3.
    const std::size_t word = count_ % 4;
    if (word == 0) {
        ByteWriter counter(kBlock);
        counter.u64(0);
        counter.u64(count_);
        std::ranges::copy(counter.span(), random_.begin());
        cipher_.apply(random_);
    }
    ++count_;
    ByteReader in(ByteSpan(random_).subspan(4 * word));
    return in.u32();
}

Fixed ExponentialDeviates::next() {
    // S1: the ones before the first zero are j; they and the zero are shifted out.
    const std::uint32_t random = uniform();
    const auto ones = static_cast<unsigned>(std::countl_one(random));
    const Fixed j = Fixed{ones} << 32U;
    const Fixed u = static_cast<std::uint32_t>(Fixed{random} << (ones + 1));
    // S2: (a random of all ones ends here, too: u = 0 and the deviate is 32 ln 2.)
    if (u < kLn2) return multiply(j, kLn2) + u;
    // S3
    std::size_t k = 2;
    while (k + 1 < kQ.size() && u >= kQ[k])
        ++k;
    std::uint32_t least = uniform();
    for (std::size_t i = 2; i <= k; ++i)
        least = std::min(least, uniform());
    // S4
    return multiply(j + least, kLn2);
}

Fixed SendSchedule::next() {
    const Slot& slot = (*slots_)[at_];
    at_ = at_ + 1 == slots_->size() ? 0 : at_ + 1;
    due_ += slot.type == Slot::Type::fixed ? slot.parameter : multiply(deviates_.next(), slot.parameter);
    return due_;
}

Fixed to_fixed(Nanoseconds duration) {
    const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    const std::uint64_t rest = nanoseconds % 1'000'000'000U;
    return ((nanoseconds / 1'000'000'000U) << 32U) + ((rest << 32U) + 999'999'999U) / 1'000'000'000U;
}

}  // namespace quipu::owamp
