#pragma once
// The test packets of STAMP (RFC 8762 §4.2, §4.3, with the session identifier of RFC 8972 §3) and of TWAMP-Test (RFC
// 5357 §4.1.2, §4.2.1). The two have their fields at the same places:
//
//     open           0          4             12     14     16          24         28          36     38    40
//     | sequence | timestamp | error | SSID | received | sender's: sequence | timestamp | error | 0 0 | TTL |
//     authenticated  0          16            24     26     32          48         64          72           80    96
//     | sequence | timestamp | error | SSID | received | sender's: sequence | timestamp | error | 0 0 | TTL | HMAC |
//
// A question holds the first four of them. What differs:
//
//                   question           answer    HMAC
//     STAMP         44 or 112          the same  SHA-256, of 96 octets
//     TWAMP         14 or 48, padding  41 or 112 SHA-1, of what is encrypted; no SSID
//
// TWAMP encrypts, with AES from a vector of zeros, the first block in authenticated mode; in encrypted mode the two
// blocks of a question and the six of an answer.

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "services/measure/codec_packet.h"
#include "services/measure/stamp/primitives.h"

namespace quipu::stamp {

enum class Protocol : std::uint8_t { stamp, twamp };
enum class Mode : std::uint8_t { open, authenticated, encrypted };  ///< encrypted: TWAMP only

/// Which packets a session's are.
struct Form {
    Protocol protocol = Protocol::stamp;
    Mode mode = Mode::open;

    [[nodiscard]] std::size_t question_octets() const;  ///< without padding or extensions
    [[nodiscard]] std::size_t answer_octets() const;
    [[nodiscard]] std::size_t hmac_at(bool answer) const { return !answer && protocol == Protocol::twamp ? 32 : 96; }
    /// What the HMAC is of.
    [[nodiscard]] std::size_t covered(bool answer) const;
    bool operator==(const Form&) const = default;
};

/// TWAMP's keys of one session: the control connection's, encrypted with the session's SID.
struct TwampKeys {
    Block aes{};
    std::array<std::uint8_t, 32> hmac{};
};

/// As they stand on the wire: what is sent back is sent back to the bit.
struct Question {
    std::uint32_t sequence = 0;
    std::uint64_t timestamp = 0;
    std::uint16_t error = 1;
    std::uint16_t ssid = 0;
    bool operator==(const Question&) const = default;
};

struct Answer {
    std::uint32_t sequence = 0;
    std::uint64_t timestamp = 0;  ///< when the answer left (T3)
    std::uint16_t error = 1;
    std::uint16_t ssid = 0;
    std::uint64_t received = 0;  ///< when the question came (T2), in the format and with the error of `error`
    Question question;           ///< its SSID is not part of an answer
    std::uint8_t ttl = 255;      ///< of the question on arrival
    bool operator==(const Answer&) const = default;
};

enum class PacketFault : std::uint8_t {
    truncated,        ///< shorter than its form
    zero_multiplier,  ///< RFC 4656 §4.1.2: corrupt
    wrong_hmac,       ///< RFC 8762 §4.4: dropped
};
[[nodiscard]] std::string_view name_of(PacketFault fault);

/// Plain octets, no HMAC looked at: for open mode, and for what open() has made plain.
[[nodiscard]] std::expected<Question, PacketFault> parse_question(ByteSpan datagram, Form form);
[[nodiscard]] std::expected<Answer, PacketFault> parse_answer(ByteSpan datagram, Form form);

/// Header with the HMAC's place left zero; seal() fills it.
void write_question(ByteWriter& out, const Question& question, Form form);
void write_answer(ByteWriter& out, const Answer& answer, Form form);

/// STAMP: puts the HMAC in its place. `packet` begins with the header.
void seal_stamp(std::span<std::uint8_t> packet, Hmac& hmac);
[[nodiscard]] bool verify_stamp(ByteSpan packet, Hmac& hmac);
/// HMAC and encryption of one TWAMP session's packets (RFC 4656 §4.1.2): its keys are set once, not for each packet.
class TwampCipher {
  public:
    explicit TwampCipher(const TwampKeys& keys);
    /// Of a whole header; open mode has neither.
    void seal(std::span<std::uint8_t> packet, Form form, bool answer);
    /// Decrypts in place and verifies; false when the HMAC is wrong or the packet too short.
    [[nodiscard]] bool open(std::span<std::uint8_t> packet, Form form, bool answer);

  private:
    Hmac hmac_;
    Aes encrypt_, decrypt_;
};

/// RFC 4656 §4.1.2 with Z of RFC 8186 §2.3: the timestamp beside it is in PTP's truncated format (seconds since 1970
/// and nanoseconds). Its seconds are taken as UTC, as hosts stamp.
inline constexpr std::uint16_t kPtpFormat = 0x4000;
[[nodiscard]] std::uint16_t error_field(const measure::ErrorEstimate& error, bool ptp);
[[nodiscard]] measure::ErrorEstimate error_estimate(std::uint16_t field);
[[nodiscard]] std::uint64_t timestamp_field(Time time, bool ptp);
/// By the format that `error` tells of.
[[nodiscard]] Time time_of(std::uint64_t timestamp, std::uint16_t error);

}  // namespace quipu::stamp
