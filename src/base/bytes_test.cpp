#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu {
namespace {

TEST(Bytes, AreInNetworkOrder) {
    ByteWriter out;
    out.u8(1);
    out.u16(0x0203);
    out.u32(0x04050607);
    out.u64(0x08090a0b0c0d0e0f);
    for (std::size_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out.span()[i], i + 1);
    ByteReader in(out.span());
    EXPECT_EQ(in.u8(), 1);
    EXPECT_EQ(in.u16(), 0x0203);
    EXPECT_EQ(in.u32(), 0x04050607U);
    EXPECT_EQ(in.u64(), 0x08090a0b0c0d0e0fU);
    EXPECT_TRUE(in.at_end());
    EXPECT_TRUE(in.finish("header"));
}

TEST(Bytes, FailureSticks) {
    const std::uint8_t three[] = {1, 2, 3};
    ByteReader in(three);
    EXPECT_EQ(in.u32(), 0U);
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(in.u8(), 0);
    EXPECT_TRUE(in.bytes(1).empty());
    EXPECT_EQ(in.remaining(), 0U);
    const auto end = in.finish("header");
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().text(), "octet 0: header ends too early or is malformed");
}

TEST(Bytes, SubReaderStaysInside) {
    const std::uint8_t four[] = {1, 2, 3, 4};
    ByteReader in(four);
    ByteReader inner = in.sub(2);
    EXPECT_EQ(inner.u8(), 1);
    EXPECT_EQ(inner.u16(), 0);
    EXPECT_FALSE(inner.ok());
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(in.u8(), 3);
    EXPECT_FALSE(in.sub(2).ok());
    EXPECT_FALSE(in.ok());
}

TEST(Bytes, VariableIntegersReadBack) {
    Rng rng(1);
    for (int i = 0; i < 10'000; ++i) {
        const std::uint64_t value = rng.next() >> rng.below(64);
        ByteWriter out;
        out.varint(value);
        out.zigzag(static_cast<std::int64_t>(value));
        out.text("añ");
        ByteReader in(out.span());
        ASSERT_EQ(in.varint(), value);
        ASSERT_EQ(in.zigzag(), static_cast<std::int64_t>(value));
        ASSERT_EQ(in.text(), "añ");
        ASSERT_TRUE(in.finish("numbers"));
    }
}

TEST(Bytes, VariableIntegerHasAtMostTenOctets) {
    std::vector<std::uint8_t> endless(11, 0xff);
    ByteReader in(endless);
    EXPECT_EQ(in.varint(), 0U);
    EXPECT_FALSE(in.ok());
    endless[9] = 0x01;
    ByteReader largest(endless);
    EXPECT_EQ(largest.varint(), ~std::uint64_t{0});
    EXPECT_TRUE(largest.ok());
}

TEST(Bytes, TextLongerThanTheRestFails) {
    ByteWriter out;
    out.varint(~std::uint64_t{0});
    ByteReader in(out.span());
    EXPECT_TRUE(in.text().empty());
    EXPECT_FALSE(in.ok());
}

TEST(Bytes, LengthsArePatched) {
    ByteWriter out;
    out.u16(0);
    out.bytes(as_bytes("abc"));
    out.patch(0, static_cast<std::uint16_t>(out.size()));
    ByteReader in(out.span());
    EXPECT_EQ(in.u16(), 5);
    EXPECT_EQ(as_text(in.rest()), "abc");
}

}  // namespace
}  // namespace quipu
