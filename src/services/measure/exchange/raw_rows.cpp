#include "services/measure/exchange/raw_rows.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <iterator>
#include <limits>

namespace quipu::exchange {
namespace {

using measure::RawPacket;

double in_seconds(Nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

/// What the delay may be wrong by.
std::int64_t error_ns(const RawPacket& packet) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 2;
    return std::min<std::int64_t>(packet.sent_error.bound().count(), kMost) +
           std::min<std::int64_t>(packet.received_error.bound().count(), kMost);
}

void add_raw_csv(std::string& out, std::string_view from, std::string_view to, const RawPacket& packet,
                 std::string_view wrong) {
    const auto end = std::back_inserter(out);
    fmt::format_to(end, "{},{},{},{},", from, to, packet.sequence, format_time(packet.sent));
    if (packet.received)
        fmt::format_to(end, "{},{},{},", format_time(*packet.received), (*packet.received - packet.sent).count(),
                       error_ns(packet));
    else
        out += ",,,";
    if (packet.ttl >= 0) fmt::format_to(end, "{}", packet.ttl);
    fmt::format_to(end, ",{}\r\n", wrong);
}

void add_raw_line(std::string& out, std::string_view from, std::string_view to, const RawPacket& packet,
                  std::string_view wrong) {
    const auto end = std::back_inserter(out);
    fmt::format_to(end, R"({{"from":"{}","to":"{}","sequence":{},"sent":"{}")", from, to, packet.sequence,
                   format_time(packet.sent));
    if (packet.received)
        fmt::format_to(end, R"(,"received":"{}","delay_ns":{},"clock_error_ns":{})", format_time(*packet.received),
                       (*packet.received - packet.sent).count(), error_ns(packet));
    if (packet.ttl >= 0) fmt::format_to(end, R"(,"ttl":{})", packet.ttl);
    if (!wrong.empty()) fmt::format_to(end, R"(,"clock_fault":"{}")", wrong);
    out += "}\n";
}

/// A clock that was wrong is one that is not synchronised.
void add_raw_owamp(std::string& out, const RawPacket& packet, bool wrong) {
    fmt::format_to(std::back_inserter(out), "{} {} {} {:g} {} {} {:g} {}\n", packet.sequence,
                   measure::to_ntp(packet.sent), packet.sent_error.synchronised && !wrong ? 1 : 0,
                   in_seconds(packet.sent_error.bound()), packet.received ? measure::to_ntp(*packet.received) : 0,
                   packet.received_error.synchronised && !wrong ? 1 : 0, in_seconds(packet.received_error.bound()),
                   packet.ttl >= 0 ? packet.ttl : 255);
}

}  // namespace

void begin_raw(std::string& out, RawFormat format) {
    if (format == RawFormat::csv) out += "from,to,sequence,sent,received,delay_ns,clock_error_ns,ttl,clock_fault\r\n";
}

void add_raw(std::string& out, RawFormat format, const measure::RawMinute& minute, std::string_view to,
             std::string_view wrong) {
    for (const RawPacket& packet : minute.packets) {
        switch (format) {
            case RawFormat::csv: add_raw_csv(out, minute.from, to, packet, wrong); break;
            case RawFormat::jsonl: add_raw_line(out, minute.from, to, packet, wrong); break;
            case RawFormat::owamp: add_raw_owamp(out, packet, !wrong.empty()); break;
        }
    }
}

}  // namespace quipu::exchange
