#pragma once
// XML signatures as SAML uses them (SAML 2.0 core §5.4), verified by xmlsec1 and held to less than the standard allows:
//
//   - one Reference, to the signature's own parent, by an identifier that stands once in the document
//   - transforms: enveloped-signature, then exclusive canonicalisation without comments; nothing else
//   - RSA (2048 bits and more) or ECDSA with SHA-256, 384 or 512; no SHA-1, no HMAC
//   - keys from metadata alone: KeyInfo is not looked at; no ds:Object, no Manifest
//
// What was signed comes back as octets. Whoever goes on reads those, never the document that was verified: what the
// signature does not cover is not in them.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "platform/signin/xml.h"

namespace quipu::signin {

/// A public key of somebody else, from a certificate in metadata. Its dates and issuer do not matter: metadata vouches.
class VerifyingKey {
  public:
    /// DER. `invalid` for RSA below 2048 bits and for what is neither RSA nor ECDSA on a NIST curve.
    static Result<VerifyingKey> of_certificate(std::string_view der);

    struct Impl;
    [[nodiscard]] const Impl& impl() const { return *impl_; }

  private:
    explicit VerifyingKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

/// The ds:Signature children of this element.
[[nodiscard]] std::vector<xml::Element> signatures_of(xml::Element element);

/// Verifies the element's own signature with one of the keys; answers the canonical octets of what it covers.
[[nodiscard]] Result<std::string> verified_octets(const xml::Document& document, xml::Element element,
                                                  std::span<const VerifyingKey> keys);

}  // namespace quipu::signin
