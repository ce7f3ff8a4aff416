#pragma once
// Network namespaces and interfaces of this machine, as `ip netns` names them: /run/netns/NAME.

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::lab {

/// Whether this process may build a lab here; if not, one sentence says why.
[[nodiscard]] Result<void> can_make_namespaces();

[[nodiscard]] std::string netns_path(std::string_view name);
[[nodiscard]] bool netns_exists(std::string_view name);

/// Calls `work` on a thread that stands in the namespace (none but it does) and waits for its answer.
[[nodiscard]] Result<void> in_namespace(const std::string& path, std::move_only_function<Result<void>()> work);

/// Commands of ip(8), one a line, in the namespace of that name (empty: this process's). Stops at the first that fails.
/// `v6` as its option -6, for those that do not tell from an address.
[[nodiscard]] Result<void> ip_batch(std::string_view netns, std::string_view commands, bool v6 = false);

/// "net.ipv4.ip_forward" in the calling thread's namespace.
[[nodiscard]] Result<void> set_sysctl(std::string_view name, std::string_view value);

/// Switches segmentation, receive merging and checksum offload off, in the calling thread's namespace: what a packet
/// socket takes from this interface is then a whole frame as a wire would carry it.
[[nodiscard]] Result<void> switch_offloads_off(const std::string& interface);

}  // namespace quipu::lab
