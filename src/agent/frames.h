#pragma once
// Records one after the other in a file: length and CRC-32, four octets each, then the payload. What was half written
// when the power went is found by its checksum.

#include <optional>

#include "base/bytes.h"

namespace quipu::agent {

inline constexpr std::size_t kFrameHead = 8;

/// The head of a frame with this payload, which follows.
void write_frame_head(ByteWriter& out, ByteSpan payload);
/// The next frame's payload, or nothing where the file ends or is torn.
[[nodiscard]] std::optional<ByteSpan> next_frame(ByteReader& in, std::size_t longest);

}  // namespace quipu::agent
