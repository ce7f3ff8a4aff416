#include "services/measure/owamp/codec_packet.h"

#include <gtest/gtest.h>
#include <numeric>

#include "base/test_hex.h"

namespace quipu::owamp {
namespace {

ControlKeys session_keys() {
    ControlKeys control;
    Sid sid{};
    std::iota(control.aes.begin(), control.aes.end(), std::uint8_t{0x40});
    std::iota(control.hmac.begin(), control.hmac.end(), std::uint8_t{0x60});
    std::iota(sid.begin(), sid.end(), std::uint8_t{0xa0});
    return test_keys(control, sid);
}

constexpr TestStamp kStamp{
    .sequence = 0x01020304, .sent = 0xd274bbc080000000, .error = {.synchronised = true, .scale = 12, .multiplier = 5}};

struct Packet {
    TestMode mode;
    const char* octets;  ///< by scripts/test_octets.py
};
class PacketOfMode : public testing::TestWithParam<Packet> {};

TEST_P(PacketOfMode, HasTheOctetsOfTheRfc) {
    const auto& [mode, hex] = GetParam();
    std::vector<std::uint8_t> out(test_packet_octets(mode) + 3, 0xff);
    TestPackets writer(mode, TestPackets::Way::send, session_keys());
    TestPackets reader(mode, TestPackets::Way::receive, session_keys());
    for (int again = 0; again < 2; ++again) {  // each packet begins anew
        writer.write(out, kStamp);
        EXPECT_EQ(out, octets_of(hex));
        EXPECT_EQ(*reader.parse(out), kStamp);
    }
    for (std::size_t size = 0; size < test_packet_octets(mode); ++size)
        EXPECT_EQ(reader.parse(ByteSpan(out).first(size)).error(), TestFault::truncated);
    if (mode == TestMode::open) return;
    for (std::size_t at = 0; at < 48; ++at) {
        auto changed = out;
        changed[at] ^= 4U;
        // Authenticated mode leaves the time stamp to whoever changes it: RFC 4656 §4.1.2 covers the first block only.
        const bool covered = mode == TestMode::encrypted || at < 16 || at >= 32;
        EXPECT_EQ(reader.parse(changed).has_value(), !covered) << at;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Modes, PacketOfMode,
    testing::Values(
        Packet{TestMode::open, "01020304d274bbc0800000008c05000000"},
        Packet{
            TestMode::authenticated,
            "19b3a109dfcd0b3c4fc04883c202ffb2d274bbc0800000008c05000000000000c695f57685135fa5a1f2d3af96ddbf6f000000"},
        Packet{
            TestMode::encrypted,
            "19b3a109dfcd0b3c4fc04883c202ffb22233add2680db45c48a63241d51319a7e4540874c7bd47a45d2c93c07a00e737000000"}));

TEST(OwampTestPacket, AMultiplierOfZeroIsRefused) {
    const std::array<std::uint8_t, 14> zeros{};
    EXPECT_EQ(TestPackets(TestMode::open, TestPackets::Way::receive, {}).parse(zeros).error(),
              TestFault::zero_multiplier);
}

}  // namespace
}  // namespace quipu::owamp
