#pragma once
// Raw records as lines: CSV (RFC 4180), JSON lines, or as owping -R prints RFC 4656's data records:
//     SEQNO STIME SS SERR RTIME RS RERR TTL
// with times as 64-bit timestamps (RFC 5905 §6) in decimal, the clocks' S bits, and errors in seconds. A packet that
// did not come has the time 0 and the TTL 255 there.

#include <string>
#include <string_view>

#include "base/describe.h"
#include "services/measure/codec_raw.h"

namespace quipu::exchange {

enum class RawFormat : std::uint8_t { csv, jsonl, owamp };
constexpr auto describe_enum(RawFormat) {
    return names<RawFormat>({{RawFormat::csv, "csv"}, {RawFormat::jsonl, "jsonl"}, {RawFormat::owamp, "owamp"}});
}

/// CSV's header; nothing for the others.
void begin_raw(std::string& out, RawFormat format);
/// The packets of a minute to `to`; `wrong` names the ends whose clock was wrong then.
void add_raw(std::string& out, RawFormat format, const measure::RawMinute& minute, std::string_view to,
             std::string_view wrong);

}  // namespace quipu::exchange
