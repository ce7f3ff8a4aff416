#include "services/measure/owamp/crypto.h"

#include <cstdlib>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace quipu::owamp {
namespace {

/// OpenSSL fails here only when memory is used up or its library is broken: nothing to go on with.
void demand(int answer) {
    if (answer != 1) std::abort();
}

}  // namespace

SecretSource system_secrets() {
    return [](std::span<std::uint8_t> out) { demand(RAND_bytes(out.data(), static_cast<int>(out.size()))); };
}

Block derive_key(std::string_view pass_phrase, const Block& salt, std::uint32_t count) {
    Block out{};
    demand(PKCS5_PBKDF2_HMAC_SHA1(pass_phrase.data(), static_cast<int>(pass_phrase.size()), salt.data(),
                                  static_cast<int>(salt.size()), static_cast<int>(count), static_cast<int>(out.size()),
                                  out.data()));
    return out;
}

}  // namespace quipu::owamp
