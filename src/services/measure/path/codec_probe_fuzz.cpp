#include <cstdlib>

#include "services/measure/path/codec_probe.h"

// The first octet says as what the rest came.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    using namespace quipu::path;
    if (size == 0) return 0;
    const ByteSpan input(data + 1, size - 1);
    const bool v6 = (data[0] & 1U) != 0;
    const bool tcp = (data[0] & 2U) != 0;
    std::array<std::uint8_t, 16> octets{0x20, 0x01, 0x0d, 0xb8};
    const auto from = net::IpAddress::v6(octets);
    const auto answer = v6 ? (tcp ? parse_tcp6(input, from, from) : parse_icmp6(input, from))
                           : (tcp ? parse_tcp4(input) : parse_icmp4(input));
    if (!answer) return 0;
    if (answer->labels.size() > 16 || answer->from.is_v6() != v6 || answer->refusal().size() > 6) std::abort();
    return 0;
}
