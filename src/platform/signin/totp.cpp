#include "platform/signin/totp.h"

#include <array>
#include <fmt/format.h>
#include <memory>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <qrencode.h>

#include "net/http.h"
#include "net/tls.h"

namespace quipu::signin {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

struct FreeCode {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

std::string without_spaces(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != ' ' && c != '-') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
}

}  // namespace

std::int64_t totp_step(Time now) {
    return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch() / kTotpStep;
}

std::string totp_code(ByteSpan secret, std::int64_t step) {
    ByteWriter counter;
    counter.u64(static_cast<std::uint64_t>(step));
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), counter.span().data(), counter.size(), hash.data(),
         &size);
    // RFC 4226 §5.3: dynamic truncation.
    const std::size_t offset = hash[19] & 0x0FU;
    ByteReader reader(ByteSpan(hash).subspan(offset, 4));
    return fmt::format("{:06}", (reader.u32() & 0x7FFFFFFFU) % 1'000'000U);
}

std::optional<std::int64_t> accept_totp(ByteSpan secret, std::string_view code, Time now, std::int64_t last_step) {
    const std::string given = without_spaces(code);
    if (given.size() != 6) return std::nullopt;
    const std::int64_t present = totp_step(now);
    std::optional<std::int64_t> accepted;
    for (std::int64_t step = present - 1; step <= present + 1; ++step) {
        const std::string expected = totp_code(secret, step);
        const bool equal = CRYPTO_memcmp(given.data(), expected.data(), expected.size()) == 0;
        if (equal && step > last_step && !accepted) accepted = step;
    }
    return accepted;
}

std::string base32_encode(ByteSpan bytes) {
    std::string out;
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const std::uint8_t octet : bytes) {
        held = (held << 8U) | octet;
        for (bits += 8; bits >= 5; bits -= 5)
            out += kAlphabet[(held >> (bits - 5)) & 31U];
    }
    if (bits > 0) out += kAlphabet[(held << (5 - bits)) & 31U];
    return out;
}

std::string in_groups(std::string_view text, std::size_t group) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += group)
        out += fmt::format("{}{}", i == 0 ? "" : " ", text.substr(i, group));
    return out;
}

std::string otpauth_uri(ByteSpan secret, std::string_view issuer, std::string_view account) {
    return fmt::format("otpauth://totp/{0}:{1}?secret={2}&issuer={0}&algorithm=SHA1&digits=6&period={3}",
                       net::percent_encode(issuer), net::percent_encode(account), base32_encode(secret),
                       kTotpStep.count());
}

Result<std::string> qr_svg(std::string_view text) {
    const std::unique_ptr<QRcode, FreeCode> code(QRcode_encodeString8bit(std::string(text).c_str(), 0, QR_ECLEVEL_M));
    if (code == nullptr) return fail(ErrorCode::too_large, "the text does not fit into a QR code");
    // Four modules of white around (ISO/IEC 18004 §9.1); a dark module is the lowest bit.
    const int width = code->width;
    std::string path;
    for (int row = 0; row < width; ++row)
        for (int column = 0; column < width; ++column) {
            if ((code->data[row * width + column] & 1U) == 0) continue;
            int run = 1;
            while (column + run < width && (code->data[row * width + column + run] & 1U) != 0)
                ++run;
            path += fmt::format("M{} {}h{}v1h-{}z", column + 4, row + 4, run, run);
            column += run;
        }
    return fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" shape-rendering="crispEdges">)"
                       R"(<path fill="#fff" d="M0 0h{0}v{0}H0z"/><path d="{1}"/></svg>)",
                       width + 8, path);
}

std::vector<std::string> make_recovery_codes(std::size_t count) {
    std::vector<std::string> out(count);
    for (std::string& code : out) {
        std::array<std::uint8_t, 10> chance{};
        if (RAND_bytes(chance.data(), static_cast<int>(chance.size())) != 1) std::abort();
        const std::string text = without_spaces(base32_encode(chance));
        code = fmt::format("{}-{}-{}-{}", text.substr(0, 4), text.substr(4, 4), text.substr(8, 4), text.substr(12, 4));
    }
    return out;
}

std::string recovery_hash(std::string_view code) {
    return net::sha256_hex("quipu recovery code:" + without_spaces(code));
}

}  // namespace quipu::signin
