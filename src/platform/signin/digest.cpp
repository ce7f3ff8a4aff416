#include "platform/signin/digest.h"

#include <openssl/sha.h>

namespace quipu::signin {

std::string sha256(ByteSpan bytes) {
    std::string out(SHA256_DIGEST_LENGTH, '\0');
    SHA256(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()));
    return out;
}

}  // namespace quipu::signin
