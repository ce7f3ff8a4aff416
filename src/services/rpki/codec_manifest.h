#pragma once
// The content of a manifest: RFC 9286 §4.2.

#include "services/rpki/codec_certificate.h"

namespace quipu::rpki {

struct ManifestFile {
    std::string_view name;
    ByteSpan hash;  ///< SHA-256
};

struct Manifest {
    ByteSpan number;  ///< without leading zero, at most 20 octets
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;
    std::vector<ManifestFile> files;
};

[[nodiscard]] Checked<Manifest> parse_manifest(ByteSpan content);

}  // namespace quipu::rpki
