// The same octets whole and in pieces give the same, and never more than the limits allow.
#include <algorithm>
#include <cstdlib>

#include "services/rpki/transport/gzip.h"

namespace {

using namespace quipu;

constexpr std::uint64_t kMost = std::uint64_t{4} << 20U;

/// What came out, and whether it ended well.
std::pair<std::vector<std::uint8_t>, bool> unpacked(ByteSpan octets, std::size_t step) {
    std::vector<std::uint8_t> out;
    // How far it may unpack hangs on how much has come: that bound would tell pieces from the whole.
    rpki::GzipReader reader({.octets = kMost, .inflation = 1'000'000}, [&](ByteSpan piece) -> Result<void> {
        out.insert(out.end(), piece.begin(), piece.end());
        if (out.size() > kMost) std::abort();
        return {};
    });
    while (!octets.empty()) {
        const std::size_t size = std::min(octets.size(), step);
        if (!reader.feed(octets.first(size))) return {out, false};
        octets = octets.subspan(size);
    }
    return {out, reader.finish().has_value()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteSpan octets(data + 1, size - 1);
    const auto whole = unpacked(octets, octets.size() + 1);
    const auto pieces = unpacked(octets, std::size_t{1} + data[0]);
    if (whole.second != pieces.second) std::abort();
    if (whole.second && whole.first != pieces.first) std::abort();
    return 0;
}
