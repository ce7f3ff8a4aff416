#include "services/measure/stamp/codec_packet.h"

#include <algorithm>

namespace quipu::stamp {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// MBZ octets between the fields of the longer forms.
void gap(ByteWriter& out, Form form, std::size_t octets) {
    if (form.mode != Mode::open) out.zeros(octets);
}
void skip_gap(ByteReader& in, Form form, std::size_t octets) {
    if (form.mode != Mode::open) in.skip(octets);
}

bool zero_multiplier(std::uint16_t error) {
    return (error & 0xffU) == 0;
}

/// TWAMP's questions leave the SSID's place to their padding.
bool has_ssid(Form form) {
    return form.protocol == Protocol::stamp;
}

void write_stamp(ByteWriter& out, std::uint32_t sequence, std::uint64_t timestamp, std::uint16_t error, Form form) {
    out.u32(sequence);
    gap(out, form, 12);
    out.u64(timestamp);
    out.u16(error);
}

}  // namespace

std::size_t Form::question_octets() const {
    if (protocol == Protocol::stamp) return answer_octets();
    return mode == Mode::open ? 14 : 48;
}

std::size_t Form::answer_octets() const {
    if (mode != Mode::open) return 112;
    return protocol == Protocol::stamp ? 44 : 41;
}

std::size_t Form::covered(bool answer) const {
    if (protocol == Protocol::stamp) return 96;
    if (mode == Mode::authenticated) return 16;
    return answer ? 96 : 32;
}

std::string_view name_of(PacketFault fault) {
    switch (fault) {
        case PacketFault::truncated: return "truncated";
        case PacketFault::zero_multiplier: return "zero-multiplier";
        case PacketFault::wrong_hmac: return "wrong-hmac";
    }
    return "unknown";
}

std::expected<Question, PacketFault> parse_question(ByteSpan datagram, Form form) {
    if (datagram.size() < form.question_octets()) return std::unexpected(PacketFault::truncated);
    ByteReader in(datagram);
    Question out;
    out.sequence = in.u32();
    skip_gap(in, form, 12);
    out.timestamp = in.u64();
    out.error = in.u16();
    if (has_ssid(form)) out.ssid = in.u16();
    if (zero_multiplier(out.error)) return std::unexpected(PacketFault::zero_multiplier);
    return out;
}

std::expected<Answer, PacketFault> parse_answer(ByteSpan datagram, Form form) {
    if (datagram.size() < form.answer_octets()) return std::unexpected(PacketFault::truncated);
    ByteReader in(datagram);
    Answer out;
    out.sequence = in.u32();
    skip_gap(in, form, 12);
    out.timestamp = in.u64();
    out.error = in.u16();
    out.ssid = in.u16();
    if (!has_ssid(form)) out.ssid = 0;
    skip_gap(in, form, 4);
    out.received = in.u64();
    skip_gap(in, form, 8);
    out.question.sequence = in.u32();
    skip_gap(in, form, 12);
    out.question.timestamp = in.u64();
    out.question.error = in.u16();
    in.skip(form.mode == Mode::open ? 2 : 6);
    out.ttl = in.u8();
    if (zero_multiplier(out.error)) return std::unexpected(PacketFault::zero_multiplier);
    return out;
}

void write_question(ByteWriter& out, const Question& question, Form form) {
    const std::size_t begin = out.size();
    write_stamp(out, question.sequence, question.timestamp, question.error, form);
    if (has_ssid(form)) out.u16(question.ssid);
    out.zeros(begin + form.question_octets() - out.size());
}

void write_answer(ByteWriter& out, const Answer& answer, Form form) {
    const std::size_t begin = out.size();
    write_stamp(out, answer.sequence, answer.timestamp, answer.error, form);
    out.u16(has_ssid(form) ? answer.ssid : 0);
    gap(out, form, 4);
    out.u64(answer.received);
    gap(out, form, 8);
    write_stamp(out, answer.question.sequence, answer.question.timestamp, answer.question.error, form);
    out.zeros(form.mode == Mode::open ? 2 : 6);
    out.u8(answer.ttl);
    out.zeros(begin + form.answer_octets() - out.size());
}

void seal_stamp(std::span<std::uint8_t> packet, Hmac& hmac) {
    constexpr Form kForm{Protocol::stamp, Mode::authenticated};
    std::ranges::copy(hmac.of(packet.first(kForm.covered(false))), packet.subspan(kForm.hmac_at(false)).begin());
}

bool verify_stamp(ByteSpan packet, Hmac& hmac) {
    constexpr Form kForm{Protocol::stamp, Mode::authenticated};
    if (packet.size() < kForm.question_octets()) return false;
    return same_secret(hmac.of(packet.first(kForm.covered(false))), packet.subspan(kForm.hmac_at(false), kBlock));
}

TwampCipher::TwampCipher(const TwampKeys& keys)
    : hmac_(Hmac::Hash::sha1, keys.hmac),
      encrypt_(Aes::cbc(Aes::Use::encrypt, keys.aes, Block{})),
      decrypt_(Aes::cbc(Aes::Use::decrypt, keys.aes, Block{})) {}

// Every packet's CBC begins with a vector of zeros; of one block that is ECB, as authenticated mode has it.

void TwampCipher::seal(std::span<std::uint8_t> packet, Form form, bool answer) {
    if (form.mode == Mode::open) return;
    // Of what stands there before it is encrypted.
    const auto covered = packet.first(form.covered(answer));
    std::ranges::copy(hmac_.of(covered), packet.subspan(form.hmac_at(answer)).begin());
    encrypt_.restart(Block{});
    encrypt_.apply(covered);
}

bool TwampCipher::open(std::span<std::uint8_t> packet, Form form, bool answer) {
    if (packet.size() < (answer ? form.answer_octets() : form.question_octets())) return false;
    if (form.mode == Mode::open) return true;
    const auto covered = packet.first(form.covered(answer));
    decrypt_.restart(Block{});
    decrypt_.apply(covered);
    return same_secret(hmac_.of(covered), packet.subspan(form.hmac_at(answer), kBlock));
}

std::uint16_t error_field(const measure::ErrorEstimate& error, bool ptp) {
    return static_cast<std::uint16_t>((error.synchronised ? 0x8000U : 0U) | (ptp ? kPtpFormat : 0U) |
                                      ((error.scale & 0x3fU) << 8U) | error.multiplier);
}

measure::ErrorEstimate error_estimate(std::uint16_t field) {
    return {.synchronised = (field & 0x8000U) != 0,
            .scale = static_cast<std::uint8_t>((field >> 8U) & 0x3fU),
            .multiplier = static_cast<std::uint8_t>(field & 0xffU)};
}

std::uint64_t timestamp_field(Time time, bool ptp) {
    if (!ptp) return measure::to_ntp(time);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return (static_cast<std::uint64_t>(seconds.time_since_epoch().count()) << 32U) |
           static_cast<std::uint64_t>((time - seconds).count());
}

Time time_of(std::uint64_t timestamp, std::uint16_t error) {
    if ((error & kPtpFormat) == 0) return measure::from_ntp(timestamp);
    return Time(Nanoseconds(static_cast<std::int64_t>(timestamp >> 32U) * kSecond +
                            static_cast<std::int64_t>(timestamp & 0xffffffffU)));
}

}  // namespace quipu::stamp
