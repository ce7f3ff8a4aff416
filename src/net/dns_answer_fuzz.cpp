// A name server's answer: whatever comes through is a host name, and holds for a time that is neither none nor for
// ever.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "net/dns_query.h"

namespace {

void demand(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const quipu::net::DnsName found = quipu::net::name_in_answer({data, size});
    demand(found.name.empty() || quipu::net::is_host_name(found.name));
    demand(found.keep >= std::chrono::minutes(1) && found.keep <= std::chrono::days(1));
    return 0;
}
