#pragma once
// The configuration as commands use it: the file, the environment, and the flags of `quipu serve` and `quipu run`.

#include <optional>
#include <string>
#include <vector>

#include "platform/hub.h"

namespace quipu::app {

struct HubFlags {
    std::string config;  ///< file; empty for none
    std::optional<std::int64_t> port;
    std::string data;
    std::string web;
    std::vector<std::string> only;
};

/// Options for Hub::create, services included.
[[nodiscard]] Result<platform::HubOptions> hub_options(const HubFlags& flags,
                                                       std::vector<std::unique_ptr<platform::Service>> services);

}  // namespace quipu::app
