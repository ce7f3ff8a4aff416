#pragma once
// A client's answer to the greeting, of OWAMP and of TWAMP alike (RFC 4656 §3.1).

#include "services/measure/owamp/codec_control.h"

namespace quipu::owamp {

struct Credentials {
    std::uint32_t mode = 0;  ///< that was chosen of those offered, with its extensions
    std::string_view user, pass_phrase;
    std::string server;  ///< for errors: who wants what can't be
};

/// Writes the Set-Up-Response. In a mode with keys these are made here and sealed into the token, and what is written
/// from here on is protected by them.
[[nodiscard]] Result<void> set_up(const ServerGreeting& greeting, const Credentials& credentials,
                                  const SecretSource& secrets, ControlWriter& out, ControlKeys& keys);

}  // namespace quipu::owamp
