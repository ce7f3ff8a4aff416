#pragma once
// RFC 4656 §5: exponential deviates that every implementation makes alike from the same seed, bit for bit, in 64-bit
// fixed point (32 bits before and after the point); and the schedule of a session (§3.6), whose seed is its SID.

#include <span>
#include <vector>

#include "services/measure/owamp/codec_control.h"

namespace quipu::owamp {

/// The product of two numbers of 32.32 bits, modulo 2^32; what lies behind 2^-32 is cut off.
[[nodiscard]] constexpr Fixed multiply(Fixed a, Fixed b) {
    return static_cast<Fixed>((static_cast<unsigned __int128>(a) * b) >> 32U);
}

/// Algorithm S of Knuth, The Art of Computer Programming 2, §3.4.1, over AES-128 in counter mode.
class ExponentialDeviates {
  public:
    explicit ExponentialDeviates(const Block& seed) : cipher_(Aes::blocks(Aes::Use::encrypt, seed)) {}
    /// Mean 1.
    [[nodiscard]] Fixed next();
    /// 32 random bits.
    [[nodiscard]] std::uint32_t uniform();

  private:
    Aes cipher_;
    std::uint64_t count_ = 0;
    Block random_{};
};

/// The gaps of a session: its slots round and round.
class SendSchedule {
  public:
    SendSchedule(const std::vector<Slot>& slots, const Sid& sid) : slots_(&slots), deviates_(sid) {}
    /// When packet 0, 1, 2 … is due, counted from the session's start; `slots` stay alive.
    [[nodiscard]] Fixed next();

  private:
    const std::vector<Slot>* slots_;
    ExponentialDeviates deviates_;
    std::size_t at_ = 0;
    Fixed due_ = 0;
};

/// Rounded down to nanoseconds.
[[nodiscard]] constexpr Nanoseconds to_duration(Fixed fixed) {
    return std::chrono::seconds(fixed >> 32U) +
           Nanoseconds(static_cast<std::int64_t>(((fixed & 0xffffffffU) * 1'000'000'000U) >> 32U));
}
/// Rounded up, so that to_duration() answers the same; 0 to 136 years.
[[nodiscard]] Fixed to_fixed(Nanoseconds duration);

}  // namespace quipu::owamp
