#include "services/measure/owamp/set_up.h"

#include <fmt/format.h>

namespace quipu::owamp {

Result<void> set_up(const ServerGreeting& greeting, const Credentials& credentials, const SecretSource& secrets,
                    ControlWriter& out, ControlKeys& keys) {
    SetUpResponse response{.mode = credentials.mode, .key_id = {}, .token = {}, .client_iv = {}};
    if ((credentials.mode & mode::kOpen) != 0) {
        write(out, response);
        return {};
    }
    // RFC 4656 §6.4 leaves the least count to the client; a huge one would keep us busy for the server.
    if (greeting.count < 1024 || greeting.count > (1U << 24U))
        return fail(ErrorCode::invalid, fmt::format("the server wants {} rounds of PBKDF2", greeting.count),
                    credentials.server);
    response.key_id = credentials.user;
    secrets(keys.aes);
    secrets(keys.hmac);
    secrets(response.client_iv);
    response.token =
        seal_token(derive_key(credentials.pass_phrase, greeting.salt, greeting.count), greeting.challenge, keys);
    write(out, response);
    out.protect(keys, response.client_iv);
    return {};
}

}  // namespace quipu::owamp
