#pragma once
// What the commands that measure to somebody's server have in common: owping, twping, stamp.

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"
#include "net/address.h"

namespace quipu::app {

inline constexpr std::uint16_t kStampPort = 862;  // RFC 8762 §4.1

/// HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT, resolved; only to an address of a family when that is asked for.
[[nodiscard]] Result<net::Endpoint> measured_host(const std::string& text, std::uint16_t port, bool ipv4, bool ipv6);
/// A number up to 63 (decimal, or hexadecimal after 0x), or a name: EF, VA, LE, AF11 to AF43, CS0 to CS7, BE, DF,
/// default, none (RFC 2474, RFC 2597, RFC 3246, RFC 5865, RFC 8622). Empty: 0.
[[nodiscard]] Result<std::uint8_t> dscp_of(const std::string& text);
/// For an option that dscp_of reads.
[[nodiscard]] CLI::Validator a_dscp();
/// The user's pass phrase out of a file of keys (docs/services/measure.md).
[[nodiscard]] Result<std::string> measuring_key_of(const std::string& user, const std::string& file);

/// From here on SIGINT and SIGTERM wait to be asked for: a measurement then ends with what there is. Before any thread.
void block_interrupts();
[[nodiscard]] bool was_interrupted();

}  // namespace quipu::app
