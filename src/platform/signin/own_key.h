#pragma once
// This hub's own key as a SAML service provider: it signs requests and opens what was encrypted for it. RSA, since that
// is what every identity provider can encrypt to.

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace quipu::signin {

class OwnKey {
  public:
    /// A fresh key of 3072 bits with a certificate of its own of ten years.
    static Result<OwnKey> make(std::string_view common_name, Time now);
    static Result<OwnKey> read(std::string_view private_key_pem, std::string_view certificate_pem);
    /// Reads FOLDER/saml.key and FOLDER/saml.crt; makes them if neither is there. Only their user may read the key:
    /// `forbidden` if others can.
    static Result<OwnKey> open(const std::string& folder, std::string_view common_name, Time now);

    [[nodiscard]] std::string private_key_pem() const;
    [[nodiscard]] std::string certificate_pem() const;
    [[nodiscard]] std::string certificate_der() const;
    /// RSA with SHA-256.
    [[nodiscard]] Result<std::string> sign(std::string_view data) const;
    /// RSA-OAEP (RFC 8017 §7.1) with these hashes, "SHA1" or "SHA256"…
    [[nodiscard]] Result<std::string> unwrap(ByteSpan wrapped, const char* hash, const char* mask_hash) const;

    struct Impl;

  private:
    explicit OwnKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

}  // namespace quipu::signin
