#include "services/rpki/transport/digest.h"

#include <openssl/evp.h>

namespace quipu::rpki {

struct RunningDigest::Context {
    EVP_MD_CTX* of = EVP_MD_CTX_new();
};

RunningDigest::RunningDigest() : context_(std::make_unique<Context>()) {
    EVP_DigestInit_ex(context_->of, EVP_sha256(), nullptr);
}

RunningDigest::~RunningDigest() {
    EVP_MD_CTX_free(context_->of);
}

void RunningDigest::add(ByteSpan octets) {
    EVP_DigestUpdate(context_->of, octets.data(), octets.size());
}

Sha256 RunningDigest::finish() {
    Sha256 out{};
    EVP_DigestFinal_ex(context_->of, out.data(), nullptr);
    return out;
}

}  // namespace quipu::rpki
