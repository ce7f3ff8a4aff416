#include "base/base64url.h"

#include <gtest/gtest.h>

namespace quipu {
namespace {

TEST(Base64Url, KnownTexts) {  // RFC 4648 §10, without padding
    const std::pair<const char*, const char*> known[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
    for (const auto& [plain, coded] : known) {
        EXPECT_EQ(base64url_encode(as_bytes(plain)), coded);
        EXPECT_EQ(base64url_decode(coded).value(), plain);
    }
}

TEST(Base64Url, RefusesWhatNoEncoderWrites) {
    for (const char* text : {"Z", "Zh", "Zm9", "Zm9vY", "Z===", "Zm+v", "Zm 9v"})
        EXPECT_FALSE(base64url_decode(text)) << text;
}

}  // namespace
}  // namespace quipu
