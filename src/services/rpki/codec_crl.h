#pragma once
// Certificate revocation lists: RFC 6487 §5 over RFC 5280 §5.

#include "services/rpki/codec_certificate.h"

namespace quipu::rpki {

struct Crl {
    ByteSpan tbs;
    ByteSpan signature;
    ByteSpan issuer;
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;
    ByteSpan authority_key_id;
    ByteSpan number;
    std::vector<ByteSpan> revoked;  ///< serial numbers, sorted

    [[nodiscard]] bool revokes(ByteSpan serial) const;
};

[[nodiscard]] Checked<Crl> parse_crl(ByteSpan bytes, const Profile& profile = {});

}  // namespace quipu::rpki
