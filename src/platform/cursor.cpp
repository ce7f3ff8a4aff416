// Cursors: the position and a check sum, in base64url. The sum tells a cursor of ours from any other text; it is no
// secret.

#include <array>
#include <cstdint>

#include "platform/api.h"

namespace quipu::platform {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// FNV-1a, 32 bits.
std::uint32_t sum_of(std::string_view text) {
    std::uint32_t hash = 2166136261U;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 16777619U;
    }
    return hash;
}

std::string with_sum(std::string_view position) {
    std::string out(position);
    const std::uint32_t sum = sum_of(position);
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        out += static_cast<char>(static_cast<unsigned char>(sum >> shift));
    return out;
}

}  // namespace

std::string make_cursor(std::string_view position) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : with_sum(position)) {
        bits = (bits << 8U) | static_cast<unsigned char>(c);
        count += 8;
        while (count >= 6) {
            count -= 6;
            out += kAlphabet[(bits >> count) & 63U];
        }
    }
    if (count > 0) out += kAlphabet[(bits << (6 - count)) & 63U];
    return out;
}

Result<std::string> read_cursor(std::string_view cursor) {
    const auto foreign = [] {
        return fail(ErrorCode::invalid, "this cursor was not made here", "cursor",
                    "take it from \"next\" of the page before, or leave it out to begin again");
    };
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : cursor) {
        const std::size_t digit = kAlphabet.find(c);
        if (digit == std::string_view::npos) return foreign();
        bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>(static_cast<unsigned char>(bits >> count));
        }
    }
    if (out.size() < 4) return foreign();
    const std::string position = out.substr(0, out.size() - 4);
    if (make_cursor(position) != cursor) return foreign();
    return position;
}

}  // namespace quipu::platform
