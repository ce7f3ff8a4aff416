#pragma once
// Records in the form of perfSONAR's lookup service (simple-lookup-service, ReservedKeys): every value is a list of
// strings. Made of what the registry tells everybody; whoever runs the network registers them where they like.

#include <string>
#include <vector>

#include "base/value.h"
#include "registry/registry.h"

namespace quipu::exchange {

struct LookupSettings {
    std::string network;                   ///< its name
    std::string url;                       ///< "https://quipu.example.net"
    std::vector<std::string> communities;  ///< group-communities: "LHCONE", …
    std::vector<std::string> domains;      ///< group-domains
};

/// A service record (the archive), a host record for each site that measures, and the persons who answer for them.
[[nodiscard]] Value lookup_records(const LookupSettings& settings, const registry::Picture& picture,
                                   const std::vector<std::string>& sites);

}  // namespace quipu::exchange
