#include "services/measure/owamp/codec_packet.h"

#include <algorithm>

namespace quipu::owamp {

TestMode test_mode_of(std::uint32_t mode) {
    if ((mode & mode::kAuthenticated) != 0) return TestMode::authenticated;
    return (mode & mode::kEncrypted) != 0 ? TestMode::encrypted : TestMode::open;
}

ControlKeys test_keys(const ControlKeys& control, const Sid& sid) {
    ControlKeys out = control;
    // One block by itself; two blocks in CBC from a vector of zeros.
    Aes::blocks(Aes::Use::encrypt, sid).apply(out.aes);
    Aes::cbc(Aes::Use::encrypt, sid, Block{}).apply(out.hmac);
    return out;
}

TestPackets::TestPackets(TestMode mode, Way way, const ControlKeys& keys) : mode_(mode) {
    if (mode == TestMode::open) return;
    // One block of CBC from a vector of zeros is the block by itself, as authenticated mode has it.
    cipher_.emplace(Aes::cbc(way == Way::send ? Aes::Use::encrypt : Aes::Use::decrypt, keys.aes, Block{}));
    hmac_.emplace(Hmac::Hash::sha1, keys.hmac);
}

void TestPackets::write(std::span<std::uint8_t> out, const TestStamp& stamp) {
    ByteWriter text(2 * kBlock);
    text.u32(stamp.sequence);
    if (mode_ != TestMode::open) text.zeros(12);
    text.u64(stamp.sent);
    text.u8(static_cast<std::uint8_t>((stamp.error.synchronised ? 0x80U : 0U) | (stamp.error.scale & 0x3fU)));
    text.u8(stamp.error.multiplier);
    if (mode_ != TestMode::open) text.zeros(6);
    auto at = std::ranges::copy(text.span(), out.begin()).out;
    if (mode_ != TestMode::open) {
        hmac_->add(text.span().first(covered()));
        cipher_->restart(Block{});
        cipher_->apply(out.first(covered()));
        at = std::ranges::copy(hmac_->digest(), at).out;
    }
    std::fill(at, out.end(), std::uint8_t{0});
}

std::expected<TestStamp, TestFault> TestPackets::parse(ByteSpan datagram) {
    if (datagram.size() < test_packet_octets(mode_)) return std::unexpected(TestFault::truncated);
    std::array<std::uint8_t, 2 * kBlock> text{};
    std::copy_n(datagram.begin(), mode_ == TestMode::open ? 14 : text.size(), text.begin());
    if (mode_ != TestMode::open) {
        cipher_->restart(Block{});
        cipher_->apply(std::span(text).first(covered()));
        hmac_->add(ByteSpan(text).first(covered()));
        if (!same_secret(datagram.subspan(text.size(), kBlock), hmac_->digest()))
            return std::unexpected(TestFault::wrong_hmac);
    }
    ByteReader in(text);
    TestStamp out;
    out.sequence = in.u32();
    if (mode_ != TestMode::open) in.skip(12);
    out.sent = in.u64();
    const std::uint8_t first = in.u8();
    out.error = {
        .synchronised = (first & 0x80U) != 0, .scale = static_cast<std::uint8_t>(first & 0x3fU), .multiplier = in.u8()};
    if (out.error.multiplier == 0) return std::unexpected(TestFault::zero_multiplier);
    return out;
}

}  // namespace quipu::owamp
