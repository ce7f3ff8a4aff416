#include "services/rpki/codec_crl.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    const ByteSpan bytes(data, size);
    for (const rpki::Place place : {rpki::Place::trust_anchor, rpki::Place::published, rpki::Place::signed_object})
        static_cast<void>(rpki::parse_certificate(bytes, place));
    if (const auto crl = rpki::parse_crl(bytes)) static_cast<void>(crl->revokes(bytes.first(1)));
    return 0;
}
