#pragma once
// What changed between two serials as JSON: the shape of Routinator's /json-delta.

#include <cstdint>

#include "services/rpki/output.h"

namespace quipu::rpki {

/// Everything there is: the answer to who names no serial, another session, or one from which there is no delta.
void write_json_reset(std::uint64_t session, std::uint32_t serial, const PayloadSet& all, const Sink& sink);
/// What came and went since `from`.
void write_json_delta(std::uint64_t session, std::uint32_t from, std::uint32_t serial, const PayloadSet& announced,
                      const PayloadSet& withdrawn, const Sink& sink);

}  // namespace quipu::rpki
