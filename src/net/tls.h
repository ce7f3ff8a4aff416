#pragma once
// TLS 1.2 and 1.3 by OpenSSL 3 behind the wall (tls.cpp), and the small certificate authority that agents enrol with.

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace quipu::net {

/// Certificates and keys as PEM text.
struct KeyPair {
    std::string certificate;
    std::string private_key;
};

/// A context for many connections; copying shares it.
class TlsContext {
  public:
    /// Presents `identity`. With `client_ca` (PEM) a client certificate is asked for and verified against it; it is
    /// demanded per route, not per connection, so that an agent without one can enrol.
    static Result<TlsContext> server(const KeyPair& identity, std::string_view client_ca);
    /// Trusts only `ca` (PEM); presents `identity` if its certificate is not empty.
    static Result<TlsContext> client(std::string_view ca, const KeyPair& identity);
    /// Trusts the authorities that the system trusts.
    static Result<TlsContext> public_client();
    /// Encrypts and trusts whoever answers: opportunistic security (RFC 7435), never where a secret is sent.
    static Result<TlsContext> opportunistic_client();

    struct Impl;
    [[nodiscard]] const Impl& impl() const { return *impl_; }

  private:
    explicit TlsContext(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

/// Certificate work for the hub's own authority. All keys are ECDSA P-256.
namespace pki {
/// A self-signed authority.
[[nodiscard]] Result<KeyPair> make_authority(std::string_view common_name, Time from, std::chrono::days life);
/// A server certificate for these DNS names and addresses.
[[nodiscard]] Result<KeyPair> make_server(const KeyPair& authority, std::span<const std::string> names, Time from,
                                          std::chrono::days life);
/// A fresh private key and a PKCS #10 request for it (PEM).
struct Request {
    std::string request;
    std::string private_key;
};
[[nodiscard]] Result<Request> make_request(std::string_view common_name);
struct Signed {
    std::string certificate;
    std::string serial;
    Time not_after;
};
/// Signs a request as a client certificate for `common_name` (the request's own subject is ignored).
[[nodiscard]] Result<Signed> sign_client(const KeyPair& authority, std::string_view request,
                                         std::string_view common_name, Time from, std::chrono::days life);
/// SHA-256 of a PEM certificate's DER, lower-case hexadecimal.
[[nodiscard]] Result<std::string> fingerprint(std::string_view certificate);
}  // namespace pki

/// Bytes from the operating system's generator, as unpadded base64url text. For tokens and identifiers.
[[nodiscard]] std::string random_token(std::size_t octets);
/// Lower-case hexadecimal SHA-256.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);
/// HMAC-SHA256 (RFC 2104), 32 octets.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace quipu::net
