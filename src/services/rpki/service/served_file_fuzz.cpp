// What is read as the guard's file is written as it was read.
#include <cstdlib>

#include "services/rpki/service/served_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    using namespace quipu::rpki;
    const auto before = parse_served(ByteSpan(data, size));
    if (!before) return 0;
    const auto octets = write_served(before->served, before->held);
    const auto again = parse_served(octets);
    if (!again || again->served != before->served || again->held.has_value() != before->held.has_value()) std::abort();
    if (write_served(again->served, again->held) != octets) std::abort();
    return 0;
}
