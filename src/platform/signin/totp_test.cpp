#include "platform/signin/totp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

namespace quipu::signin {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kSecret = "12345678901234567890";  // RFC 4226 appendix D, RFC 6238 appendix B
Time at(std::int64_t seconds) {
    return Time(std::chrono::seconds(seconds));
}

TEST(Totp, CountsAsRfc4226AppendixD) {
    const std::vector<std::string> expected = {"755224", "287082", "359152", "969429", "338314",
                                               "254676", "287922", "162583", "399871", "520489"};
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_EQ(totp_code(as_bytes(kSecret), static_cast<std::int64_t>(i)), expected[i]);
}

TEST(Totp, TellsTimeAsRfc6238AppendixB) {
    const std::vector<std::pair<std::int64_t, std::string>> expected = {
        {59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"}, {2000000000, "279037"}};
    for (const auto& [seconds, code] : expected)
        EXPECT_EQ(totp_code(as_bytes(kSecret), totp_step(at(seconds))), code);
    // Year 2603: beyond what nanoseconds in 64 bits can say.
    EXPECT_EQ(totp_code(as_bytes(kSecret), 20000000000 / 30), "353130");
}

TEST(Totp, AcceptsTheNeighbouringStepsAndNoOthers) {
    const Time now = at(1234567890);
    const std::int64_t step = totp_step(now);
    for (std::int64_t off = -3; off <= 3; ++off) {
        const auto accepted = accept_totp(as_bytes(kSecret), totp_code(as_bytes(kSecret), step + off), now, 0);
        if (off >= -1 && off <= 1)
            EXPECT_EQ(accepted, step + off);
        else
            EXPECT_EQ(accepted, std::nullopt) << off;
    }
}

TEST(Totp, NeverAcceptsACodeTwice) {
    const Time now = at(1234567890);
    const std::string code = totp_code(as_bytes(kSecret), totp_step(now));
    const auto first = accept_totp(as_bytes(kSecret), code, now, 0);
    ASSERT_TRUE(first);
    EXPECT_EQ(accept_totp(as_bytes(kSecret), code, now, *first), std::nullopt);
    EXPECT_EQ(accept_totp(as_bytes(kSecret), code, now + 30s, *first), std::nullopt);
    // Nor one that is older than what was accepted last.
    EXPECT_EQ(accept_totp(as_bytes(kSecret), totp_code(as_bytes(kSecret), *first - 1), now, *first), std::nullopt);
}

TEST(Totp, ReadsSpacesAndRefusesWhatIsNoCode) {
    const Time now = at(59);
    EXPECT_TRUE(accept_totp(as_bytes(kSecret), "287 082", now, 0));
    for (const char* wrong : {"", "28708", "2870822", "287083", "28708x"})
        EXPECT_FALSE(accept_totp(as_bytes(kSecret), wrong, now, 0)) << wrong;
}

TEST(Totp, WritesTheUriThatAppsRead) {
    EXPECT_EQ(base32_encode(as_bytes("foobar")), "MZXW6YTBOI");  // RFC 4648 §10 without padding
    EXPECT_EQ(base32_encode(as_bytes("f")), "MY");
    EXPECT_EQ(in_groups("ABCDEFGHIJ", 4), "ABCD EFGH IJ");
    EXPECT_EQ(otpauth_uri(as_bytes(kSecret), "Red de prueba", "ana@example.org"),
              "otpauth://totp/Red%20de%20prueba:ana%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
              "&issuer=Red%20de%20prueba&algorithm=SHA1&digits=6&period=30");
}

TEST(Totp, DrawsAQrCode) {
    const auto svg = qr_svg("otpauth://totp/Quipu:ana?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    ASSERT_TRUE(svg) << svg.error().text();
    EXPECT_THAT(*svg, testing::StartsWith("<svg "));
    EXPECT_THAT(*svg, testing::HasSubstr("M4 4h7v1h-7z"));  // the first finder pattern's upper edge
    EXPECT_FALSE(qr_svg(std::string(5000, 'x')));
}

TEST(RecoveryCodes, AreDifferentAndForgiveHowTheyAreTyped) {
    const auto codes = make_recovery_codes(10);
    EXPECT_EQ(std::set<std::string>(codes.begin(), codes.end()).size(), 10U);
    for (const std::string& code : codes)
        EXPECT_THAT(code, testing::MatchesRegex("([a-z2-7]{4}-){3}[a-z2-7]{4}"));
    EXPECT_EQ(recovery_hash("abcd-efgh-ijkl-mnop"), recovery_hash(" ABCD EFGH ijklmnop"));
    EXPECT_NE(recovery_hash("abcd-efgh-ijkl-mnop"), recovery_hash("abcd-efgh-ijkl-mnoq"));
    EXPECT_EQ(recovery_hash(codes[0]).size(), 64U);
}

}  // namespace
}  // namespace quipu::signin
