#include "services/measure/path/record.h"

#include <algorithm>

#include "net/tls.h"

namespace quipu::path {

std::string id_of(const std::vector<Hop>& hops) {
    std::string lines;
    for (const Hop& hop : hops) {
        lines += hop.silent() ? "*" : std::ranges::min(hop.addresses).text();
        lines += '\n';
    }
    return net::sha256_hex(lines).substr(0, 16);
}

}  // namespace quipu::path
