#include "services/rpki/base64.h"

#include <array>

namespace quipu::rpki {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kSpace = 64;
constexpr std::uint8_t kPadding = 65;
constexpr std::uint8_t kOther = 128;  // with its highest bit, so that four may be looked at together

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> out{};
    out.fill(kOther);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        out[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    for (const char c : {' ', '\t', '\r', '\n'})
        out[static_cast<std::uint8_t>(c)] = kSpace;
    out['='] = kPadding;
    return out;
}
constexpr auto kValues = make_values();

std::uint32_t value_of(char c) {
    return kValues[static_cast<std::uint8_t>(c)];
}

}  // namespace

bool Base64Decoder::feed(std::string_view text, std::vector<std::uint8_t>& out) {
    std::size_t at = out.size();
    out.resize(at + text.size() / 4 * 3 + 6);
    std::size_t i = 0;
    bool good = true;
    while (i < text.size() && good) {
        while (count_ == 0 && padding_ == 0 && i + 4 <= text.size()) {
            const std::uint32_t a = value_of(text[i]);
            const std::uint32_t b = value_of(text[i + 1]);
            const std::uint32_t c = value_of(text[i + 2]);
            const std::uint32_t d = value_of(text[i + 3]);
            if ((a | b | c | d) >= kSpace) break;
            const std::uint32_t group = a << 18U | b << 12U | c << 6U | d;
            out[at] = static_cast<std::uint8_t>(group >> 16U);
            out[at + 1] = static_cast<std::uint8_t>(group >> 8U);
            out[at + 2] = static_cast<std::uint8_t>(group);
            at += 3;
            i += 4;
        }
        if (i == text.size()) break;
        const std::uint32_t value = value_of(text[i++]);
        if (value == kSpace) continue;
        if (value == kPadding) {
            good = count_ >= 2 && count_ + ++padding_ <= 4;
            if (!good || padding_ != 1) continue;
            // The last group: two characters hold one octet, three hold two.
            const std::uint32_t group = bits_ << (count_ == 2 ? 12U : 6U);
            out[at++] = static_cast<std::uint8_t>(group >> 16U);
            if (count_ == 3) out[at++] = static_cast<std::uint8_t>(group >> 8U);
            clean_ = (group & (count_ == 2 ? 0xffffU : 0xffU)) == 0;
            continue;
        }
        good = value < kSpace && padding_ == 0;
        bits_ = bits_ << 6U | value;
        if (!good || ++count_ < 4) continue;
        out[at] = static_cast<std::uint8_t>(bits_ >> 16U);
        out[at + 1] = static_cast<std::uint8_t>(bits_ >> 8U);
        out[at + 2] = static_cast<std::uint8_t>(bits_);
        at += 3;
        bits_ = 0;
        count_ = 0;
    }
    out.resize(at);
    return good;
}

bool Base64Decoder::finish() const {
    return clean_ && (count_ == 0 ? padding_ == 0 : count_ + padding_ == 4);
}

void append_base64(ByteSpan octets, std::string& out) {
    out.reserve(out.size() + (octets.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < octets.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, octets.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j)
            bits = bits << 8U | (j < left ? octets[i + j] : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            out += j <= left ? kAlphabet[bits >> (18 - 6 * j) & 63U] : '=';
    }
}

std::string base64_text(ByteSpan octets) {
    std::string out;
    append_base64(octets, out);
    return out;
}

}  // namespace quipu::rpki
