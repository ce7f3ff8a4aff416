#include "agent/frames.h"

#include <boost/crc.hpp>

namespace quipu::agent {
namespace {

std::uint32_t checksum(ByteSpan bytes) {
    boost::crc_32_type crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

}  // namespace

void write_frame_head(ByteWriter& out, ByteSpan payload) {
    out.u32(static_cast<std::uint32_t>(payload.size()));
    out.u32(checksum(payload));
}

std::optional<ByteSpan> next_frame(ByteReader& in, std::size_t longest) {
    const std::uint32_t length = in.u32();
    const std::uint32_t crc = in.u32();
    if (!in.ok() || length > longest) return std::nullopt;
    const ByteSpan payload = in.bytes(length);
    if (!in.ok() || checksum(payload) != crc) return std::nullopt;
    return payload;
}

}  // namespace quipu::agent
