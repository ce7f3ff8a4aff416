#pragma once
// What changed between two serials as JSON: the shape of Routinator's /json-delta.

#include <cstdint>

#include "services/rpki/output.h"

namespace quipu::rpki {

/// Which set is told of. The session is of 64 bits in Routinator; it stands as text, since JSON's readers hold fewer.
struct JsonDeltaHead {
    std::uint64_t session = 0;
    std::uint32_t serial = 0;
    Time generated{};
};

/// Everything there is: the answer to who names no serial, another session, or one from which there is no delta.
void write_json_reset(const JsonDeltaHead& head, const PayloadSet& all, const Sink& sink);
/// What came and went since `from`.
void write_json_delta(const JsonDeltaHead& head, std::uint32_t from, const PayloadSet& announced,
                      const PayloadSet& withdrawn, const Sink& sink);

}  // namespace quipu::rpki
