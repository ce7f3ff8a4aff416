#include "base/bytes.h"

namespace quipu {

std::unexpected<Error> ByteReader::truncated(std::string_view what) const {
    return fail(ErrorCode::invalid, std::string(what) + " ends too early or is malformed",
                "octet " + std::to_string(offset_));
}

}  // namespace quipu
