#include "platform/signin/cbor.h"

#include <gtest/gtest.h>

namespace quipu::signin {
namespace {

std::string from_hex(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return out;
}
Result<Cbor> parsed(std::string_view hex) {
    const std::string octets = from_hex(hex);
    ByteReader reader(as_bytes(octets));
    auto out = parse_cbor(reader);
    if (out && !reader.at_end()) return fail(ErrorCode::invalid, "trailing");
    return out;
}

TEST(Cbor, ReadsTheExamplesOfRfc8949AppendixA) {
    EXPECT_EQ(*parsed("00")->if_integer(), 0);
    EXPECT_EQ(*parsed("1864")->if_integer(), 100);
    EXPECT_EQ(*parsed("1b000000e8d4a51000")->if_integer(), 1000000000000);
    EXPECT_EQ(*parsed("3903e7")->if_integer(), -1000);
    EXPECT_EQ(*parsed("f5")->if_bool(), true);
    EXPECT_EQ(*parsed("6449455446")->if_text(), "IETF");
    EXPECT_EQ(*parsed("4401020304")->if_octets(), (Cbor::Octets{1, 2, 3, 4}));
    EXPECT_EQ(parsed("83010203")->if_array()->size(), 3U);
    const auto map = parsed("a26161016162820203");
    EXPECT_EQ(*map->find("a")->if_integer(), 1);
    EXPECT_EQ(map->find("b")->if_array()->size(), 2U);
    EXPECT_EQ(*parsed("a201020304")->find(3)->if_integer(), 4);
    EXPECT_EQ(parsed("a201020304")->find(9), nullptr);
}

TEST(Cbor, RefusesWhatAuthenticatorsDoNotWrite) {
    for (const char* wrong : {"",
                              "18",                  // cut off
                              "5fff",                // indefinite length
                              "9f01ff",              // the same
                              "c11a514b67b0",        // a tag
                              "f93c00",              // a half
                              "fb3ff199999999999a",  // a double
                              "f0",                  // an unassigned simple value
                              "1c",                  // reserved
                              "1bffffffffffffffff",  // beyond 63 bits
                              "5affffffff00",        // longer than the input
                              "9affffffff00",        // the same, of an array
                              "a201020103",          // a key twice
                              "6261"}) {             // text cut off
        EXPECT_FALSE(parsed(wrong)) << wrong;
    }
    std::string deep;
    for (int i = 0; i < 20; ++i)
        deep += "81";
    EXPECT_FALSE(parsed(deep + "00"));
}

}  // namespace
}  // namespace quipu::signin
