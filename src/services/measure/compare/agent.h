#pragma once
// The point's part: it answers STAMP packets of the other points, compares two ways when asked to, and traces back to
// those that compare with it.

#include <memory>
#include <optional>

#include "agent/part.h"
#include "net/address.h"

namespace quipu::compare {

inline constexpr std::uint16_t kReflectorPort = 8862;

struct PointSettings {
    std::uint16_t port = kReflectorPort;      ///< UDP port of the reflector; 0 takes a free one
    std::optional<net::IpAddress> commodity;  ///< this machine's address of the other provider
};

[[nodiscard]] std::unique_ptr<agent::Part> make_point(PointSettings settings);

}  // namespace quipu::compare
