#pragma once
// What DNS says an address is called (PTR, RFC 1035 §3.3.12), by the system's resolver (resolv.conf(5)).
//
// Whoever holds an address writes what its name is: it is shown as what DNS says, never taken for a site's, and only if
// it is a host name, so that nothing but letters, digits, hyphens and dots comes through.

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "net/address.h"

namespace quipu::net {

/// RFC 952, RFC 1123 §2.1: labels of letters, digits and inner hyphens, 63 octets each and 253 together, the last one
/// no number, so that no address passes for a name.
[[nodiscard]] bool is_host_name(std::string_view text);

/// "4.3.2.1.in-addr.arpa", or of its nibbles under ip6.arpa (RFC 3596 §2.5).
[[nodiscard]] std::string reverse_name(const IpAddress& address);

struct DnsName {
    std::string name;    ///< empty: none
    Nanoseconds keep{};  ///< for how long that holds
    bool operator==(const DnsName&) const = default;
};

/// The first host name among an answer's PTR records; they may be at another name than was asked for (RFC 2317).
[[nodiscard]] DnsName name_in_answer(ByteSpan answer);

/// Asks, and blocks for two seconds at the most.
[[nodiscard]] DnsName ask_dns(const IpAddress& address);

}  // namespace quipu::net
