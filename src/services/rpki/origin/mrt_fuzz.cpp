// The same octets whole, octet by octet in halves, and through the decompressor give the same routes.
#include <cstdlib>

#include "services/rpki/origin/mrt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    const ByteSpan octets(data, size);
    std::vector<rpki::MrtRoute> whole;
    std::vector<rpki::MrtRoute> split;
    rpki::MrtReader reader([&](const rpki::MrtRoute& route) { whole.push_back(route); });
    const auto done = reader.feed(octets);
    rpki::MrtReader other([&](const rpki::MrtRoute& route) { split.push_back(route); });
    auto done_other = other.feed(octets.first(size / 2));
    if (done_other) done_other = other.feed(octets.subspan(size / 2));
    if (done.has_value() != done_other.has_value() || whole != split ||
        (done && reader.finish().has_value() != other.finish().has_value()))
        std::abort();
    constexpr std::uint64_t kMost = std::uint64_t{8} << 20U;
    rpki::MrtReader within([](const rpki::MrtRoute&) {});
    rpki::Decompressor decompressor([&](ByteSpan piece) { return within.feed(piece); }, kMost);
    if (decompressor.feed(octets)) static_cast<void>(decompressor.finish());
    return 0;
}
