#pragma once
// The body of POST /agent/v1/records: batches of several streams, each record's payload as its part wrote it.
//
//     octets   field
//     4        "QPB1"
//     text     spool identity
//     varint   number of streams, then for each
//     text       stream
//     varint     sequence of the first record; 0: told, not kept
//     varint     number of records, then for each
//     text         payload
// A text is a varint length and that many octets.

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu::agent {

inline constexpr std::size_t kMaxBatchOctets = 1024 * 1024;
inline constexpr std::size_t kMaxPayloadOctets = 64 * 1024;
inline constexpr std::size_t kMaxStreams = 64;
inline constexpr std::size_t kMaxNameOctets = 100;

struct BatchStream {
    std::string stream;
    std::uint64_t first_sequence = 0;
    std::vector<ByteSpan> payloads;  ///< into the bytes that were read or are to be written
};

struct Batch {
    std::string spool;
    std::vector<BatchStream> streams;
};

/// `invalid` with the octet at which it went wrong; `too_large` beyond a limit above. The payloads point into the
/// input.
[[nodiscard]] Result<Batch> parse_batch(ByteSpan bytes);
void write_batch(ByteWriter& out, const Batch& batch);

}  // namespace quipu::agent
