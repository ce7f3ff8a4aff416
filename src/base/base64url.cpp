#include "base/base64url.h"

namespace quipu {
namespace {
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
}

std::string base64url_encode(ByteSpan bytes) {
    std::string out;
    out.reserve(((bytes.size() * 4) + 2) / 3);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const std::uint8_t octet : bytes) {
        bits = (bits << 8U) | octet;
        count += 8;
        while (count >= 6) {
            count -= 6;
            out += kAlphabet[(bits >> count) & 63U];
        }
    }
    if (count > 0) out += kAlphabet[(bits << (6 - count)) & 63U];
    return out;
}

Result<std::string> base64url_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const std::size_t digit = kAlphabet.find(c);
        if (digit == std::string_view::npos)
            return fail(ErrorCode::invalid, "not base64url: a character is out of place");
        bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>(static_cast<unsigned char>(bits >> count));
        }
    }
    if (count == 6 || (bits & ((1U << count) - 1)) != 0)
        return fail(ErrorCode::invalid, "not base64url: the end is malformed");
    return out;
}

}  // namespace quipu
