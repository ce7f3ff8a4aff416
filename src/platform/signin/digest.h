#pragma once
// SHA-256 as octets. (net/tls.h has it in hexadecimal.)

#include <string>

#include "base/bytes.h"

namespace quipu::signin {

[[nodiscard]] std::string sha256(ByteSpan bytes);

}  // namespace quipu::signin
