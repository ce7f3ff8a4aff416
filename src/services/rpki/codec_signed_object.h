#pragma once
// Signed objects: the CMS template of RFC 6488 with RFC 9589.

#include "services/rpki/codec_certificate.h"

namespace quipu::rpki {

struct SignedObject {
    ByteSpan content_type;  ///< object identifier: oids.h
    ByteSpan content;
    Certificate certificate;
    ByteSpan signed_attributes;  ///< content of the SET; what is signed is the SET with its tag
    ByteSpan message_digest;
    ByteSpan signature;
    std::int64_t signing_time = 0;

    /// Digest of the signed attributes as RFC 5652 §5.4 wants it.
    [[nodiscard]] Sha256 attributes_digest() const { return sha256(attributes_header, signed_attributes_rest); }
    ByteSpan attributes_header;       ///< the SET's tag
    ByteSpan signed_attributes_rest;  ///< its length and content
};

/// Checks all of RFC 6488 §3 point 1 and the digest of the content; the signatures are the engine's.
[[nodiscard]] Checked<SignedObject> parse_signed_object(ByteSpan bytes, const Profile& profile = {});

}  // namespace quipu::rpki
