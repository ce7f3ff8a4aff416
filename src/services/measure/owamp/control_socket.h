#pragma once
// The blocking side of a control connection, for commands that do nothing else meanwhile.

#include <optional>
#include <poll.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/time.h"
#include "net/socket.h"

namespace quipu::owamp {

/// A connection of our own, whose ends are known: test packets go between the same addresses. `from`: our end's.
[[nodiscard]] Result<net::Descriptor> connect_control(const net::Endpoint& server,
                                                      const std::optional<net::IpAddress>& from);
/// All of it.
[[nodiscard]] Result<void> write_control(int fd, ByteSpan octets);
/// What comes within `patience`; nothing if nothing does. An end of the connection is an error.
[[nodiscard]] Result<ByteSpan> read_control(int fd, std::span<std::uint8_t> into, Nanoseconds patience);

}  // namespace quipu::owamp
