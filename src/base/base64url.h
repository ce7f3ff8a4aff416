#pragma once
// base64url without padding (RFC 4648 §5): tokens, cursors, tickets.

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu {

[[nodiscard]] std::string base64url_encode(ByteSpan bytes);
/// `invalid` on any other character, an impossible length, or bits that no encoder leaves set.
[[nodiscard]] Result<std::string> base64url_decode(std::string_view text);

}  // namespace quipu
