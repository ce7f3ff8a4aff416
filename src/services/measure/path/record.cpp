#include "services/measure/path/record.h"

#include "net/tls.h"
#include "services/measure/path/ways.h"

namespace quipu::path {

std::string id_of(const std::vector<Hop>& hops) {
    std::string lines;
    for (const std::string& address : addresses_of(hops))
        lines += address + "\n";
    return net::sha256_hex(lines).substr(0, 16);
}

}  // namespace quipu::path
