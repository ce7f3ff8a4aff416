#pragma once
// The PDUs between cache and router: RFC 6810 §5 (version 0), RFC 8210 §5 (version 1), draft-ietf-sidrops-8210bis §5
// (version 2). One layout serves all three but for End of Data, which has intervals from version 1 on.

#include <array>
#include <variant>

#include "base/bytes.h"
#include "services/rpki/payloads.h"

namespace quipu::rpki::rtr {

inline constexpr std::uint8_t kHighestVersion = 2;
inline constexpr std::size_t kHeaderSize = 8;
/// draft-ietf-sidrops-8210bis §5.1; earlier versions have no bound, and no PDU of theirs comes near.
inline constexpr std::size_t kLongestPdu = 65'535;

enum class PduType : std::uint8_t {
    serial_notify = 0,
    serial_query = 1,
    reset_query = 2,
    cache_response = 3,
    ipv4_prefix = 4,
    ipv6_prefix = 6,
    end_of_data = 7,
    cache_reset = 8,
    router_key = 9,  ///< from version 1 on
    error_report = 10,
    aspa = 11,  ///< from version 2 on
};

/// RFC 8210 §12 and draft-ietf-sidrops-8210bis §12.
enum class Failure : std::uint16_t {
    corrupt_data = 0,
    internal_error = 1,
    no_data_available = 2,
    invalid_request = 3,
    unsupported_version = 4,
    unsupported_pdu_type = 5,
    withdrawal_of_unknown_record = 6,
    duplicate_announcement = 7,
    unexpected_version = 8,
    aspa_provider_list = 9,
    transport_failed = 10,
    ordering = 11,
    cache_restart = 12,
    cache_shutdown = 13,
};
/// As the standards write it; "error 99" for one that is not known.
[[nodiscard]] std::string name_of(Failure failure);

struct Header {
    std::uint8_t version = 0;
    PduType type{};            ///< any octet
    std::uint16_t field = 0;   ///< session, error code, or flags and zero
    std::uint32_t length = 0;  ///< of the whole PDU
};
[[nodiscard]] Header parse_header(ByteReader& in);

/// RFC 8210 §6.
struct Intervals {
    std::uint32_t refresh = 3600;
    std::uint32_t retry = 600;
    std::uint32_t expire = 7200;
    bool operator==(const Intervals&) const = default;
};

struct SerialNotify {
    std::uint16_t session = 0;
    std::uint32_t serial = 0;
    bool operator==(const SerialNotify&) const = default;
};
struct SerialQuery {
    std::uint16_t session = 0;
    std::uint32_t serial = 0;
    bool operator==(const SerialQuery&) const = default;
};
struct ResetQuery {
    bool operator==(const ResetQuery&) const = default;
};
struct CacheResponse {
    std::uint16_t session = 0;
    bool operator==(const CacheResponse&) const = default;
};
struct PrefixPdu {
    bool announce = true;
    Vrp vrp;
    bool operator==(const PrefixPdu&) const = default;
};
struct EndOfData {
    std::uint16_t session = 0;
    std::uint32_t serial = 0;
    Intervals intervals;  ///< not in version 0
    bool operator==(const EndOfData&) const = default;
};
struct CacheReset {
    bool operator==(const CacheReset&) const = default;
};
struct RouterKeyPdu {
    bool announce = true;
    std::array<std::uint8_t, 20> key_id{};
    Asn as = 0;
    std::vector<std::uint8_t> key_info;
    bool operator==(const RouterKeyPdu&) const = default;
};
struct AspaPdu {
    bool announce = true;
    Asn customer = 0;
    std::vector<Asn> providers;  ///< ascending; none in a withdrawal
    bool operator==(const AspaPdu&) const = default;
};
struct ErrorReport {
    Failure failure{};
    std::vector<std::uint8_t> pdu;  ///< what it is about, perhaps cut off
    std::string text;
    bool operator==(const ErrorReport&) const = default;
};

struct Pdu {
    std::uint8_t version = 0;
    std::variant<SerialNotify, SerialQuery, ResetQuery, CacheResponse, PrefixPdu, EndOfData, CacheReset, RouterKeyPdu,
                 AspaPdu, ErrorReport>
        body;
    bool operator==(const Pdu&) const = default;
};

/// One whole PDU. `invalid` for what the standards forbid in the PDU by itself: lengths, maximal lengths, providers out
/// of order. Host bits of a prefix are cleared, flags other than the lowest and zeros ignored.
[[nodiscard]] Result<Pdu> parse(ByteReader& in);
/// A PDU that `parse` would take; an error report's PDU and text are cut to fit.
void write(ByteWriter& out, const Pdu& pdu);

/// The same for those that a table has by the hundred thousand.
void write_vrp(ByteWriter& out, std::uint8_t version, bool announce, const Vrp& vrp);
void write_router_key(ByteWriter& out, std::uint8_t version, bool announce, const RouterKey& key, Asn as);
void write_aspa(ByteWriter& out, std::uint8_t version, bool announce, Asn customer, std::span<const Asn> providers);

}  // namespace quipu::rpki::rtr
