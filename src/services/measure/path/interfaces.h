#pragma once
// The addresses that this machine has.

#include <optional>
#include <vector>

#include "net/address.h"

namespace quipu::path {

/// Sorted, each once; without loopback's 127.0.0.0/8 and ::1, and without link-local ones, which every machine may
/// have.
[[nodiscard]] std::vector<net::IpAddress> addresses_of_interfaces();
/// MTU of the interface that has this address; nothing if none has.
[[nodiscard]] std::optional<std::uint16_t> mtu_of_interface(const net::IpAddress& address);

}  // namespace quipu::path
