#pragma once
// One run of the rsync program: a module into a folder. It takes over what is whole, and only files that the RPKI
// publishes; links, devices and larger files than the limit are left out.

#include <string>

#include "services/rpki/transport/download.h"

namespace quipu::rpki {

struct RsyncOutcome {
    Folders changed;           ///< what it reported, also when it failed halfway
    std::uint64_t octets = 0;  ///< of the files that were transferred
    Result<void> done;
};

/// `module`: "rsync://HOST/MODULE/" into `folder`/HOST/MODULE/.
[[nodiscard]] RsyncOutcome rsync_module(const std::string& module, const std::string& folder,
                                        const TransportSettings& settings, const Cancellation& cancellation);
/// One file, whole.
[[nodiscard]] Result<std::vector<std::uint8_t>> rsync_file(const std::string& uri, const std::string& scratch,
                                                           const TransportSettings& settings,
                                                           const Cancellation& cancellation);

}  // namespace quipu::rpki
