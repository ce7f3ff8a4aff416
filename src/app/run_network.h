#pragma once
// What `quipu run` puts into the registry the first time, and the network that it then builds.

#include <string>

#include "base/result.h"
#include "lab/topology.h"
#include "platform/hub.h"
#include "registry/exchange.h"

namespace quipu::app {

/// A network file, read.
struct NetworkFile {
    std::string path;
    std::string name;  ///< of its regional network or NREN; the file's name when it has none
    std::vector<registry::Change> changes;
};
[[nodiscard]] Result<NetworkFile> read_network_file(const std::string& path);

/// The file that the data folder was filled from; `not_found` for a new folder.
[[nodiscard]] Result<std::string> remembered_network(const std::string& data_folder);

/// Fills an empty registry from the file and remembers it; a registry that holds something is left as it is. Answers
/// the network as the registry has it now. The hub is created and not started.
[[nodiscard]] Result<lab::Network> prepare_registry(platform::Hub& hub, const std::string& data_folder,
                                                    const NetworkFile& file);

}  // namespace quipu::app
