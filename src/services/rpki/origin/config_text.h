#pragma once
// One writer for each system. The description has been checked, its caches are in the order of preference.

#include "services/rpki/origin/config.h"

namespace quipu::rpki::config {

[[nodiscard]] std::string ios_xr(const RouterDescription& router);
[[nodiscard]] std::string junos(const RouterDescription& router);
[[nodiscard]] std::string frr(const RouterDescription& router);
[[nodiscard]] std::string bird(const RouterDescription& router);
[[nodiscard]] std::string openbgpd(const RouterDescription& router);

}  // namespace quipu::rpki::config
