#pragma once
// Lengths and numbers of the control messages: what their reading and their writing share (RFC 4656 §3, RFC 5357 §3).

#include <cstddef>
#include <cstdint>

namespace quipu::owamp {

inline constexpr std::size_t kGreetingOctets = 64;
inline constexpr std::size_t kSetUpOctets = 164;
inline constexpr std::size_t kKeyIdOctets = 80;
inline constexpr std::size_t kRequestText = 96;
inline constexpr std::size_t kAcceptText = 32;
inline constexpr std::size_t kFetchText = 32;

enum class Number : std::uint8_t {
    request = 1,
    start = 2,
    stop = 3,
    fetch = 4,
    request_two_way = 5,
    start_n = 7,  // RFC 5938
    start_n_ack = 8,
    stop_n = 9,
    stop_n_ack = 10,
};

}  // namespace quipu::owamp
