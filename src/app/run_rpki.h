#pragma once
// A small RPKI of its own for `quipu run`, so that there is something to see: the registry's prefixes under a trust
// anchor that nobody else trusts, with one ROA that is too loose, one member without any, and routes of which two are
// invalid. It says nothing about the real RPKI.

#include <string>

#include "base/result.h"
#include "platform/hub.h"

namespace quipu::app {

/// The section [rpki] that reads it, as TOML.
[[nodiscard]] std::string rpki_demonstration_section(const std::string& data_folder);
/// The folders that the section names, so that the service finds them when it begins.
[[nodiscard]] Result<void> prepare_rpki_demonstration(const std::string& data_folder);
/// Writes it anew, valid from now on for a month. The hub is created and not started.
[[nodiscard]] Result<void> write_rpki_demonstration(platform::Hub& hub, const std::string& data_folder);

}  // namespace quipu::app
