#pragma once
// Files that come with the program: the portal, the networks. Found from the build tree and from an installation alike.

#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::app {

/// The running program itself.
[[nodiscard]] std::string program_path();
/// The portal's built files; empty when they are not there.
[[nodiscard]] std::string portal_folder();
/// "redclara-2011.toml" in networks/; `not_found` says where it was looked for.
[[nodiscard]] Result<std::string> network_file(std::string_view name);

}  // namespace quipu::app
