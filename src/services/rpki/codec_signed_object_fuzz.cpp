#include "services/rpki/codec_manifest.h"
#include "services/rpki/codec_payload.h"
#include "services/rpki/codec_signed_object.h"

namespace {

/// The contents are parsed whether or not the object around them is good: a fuzzer seldom makes good digests.
void parse_contents(quipu::ByteSpan content, const quipu::rpki::Certificate& certificate) {
    using namespace quipu::rpki;
    std::vector<Vrp> vrps;
    static_cast<void>(parse_manifest(content));
    static_cast<void>(parse_roa(content, certificate, vrps));
    static_cast<void>(parse_aspa(content, certificate));
    static_cast<void>(check_ghostbusters(content, certificate));
    static_cast<void>(parse_trust_anchor_keys(content, certificate));
    static_cast<void>(parse_checklist(content, certificate));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    using namespace quipu::rpki;
    const ByteSpan bytes(data, size);
    if (const auto object = parse_signed_object(bytes)) parse_contents(object->content, object->certificate);
    Certificate holder;
    parse_contents(bytes, holder);
    holder.resources.ipv4 = {Block<Ipv4>::Kind::ranges, {{0, ~Ipv4{0}}}};
    holder.resources.ipv6 = {Block<Ipv6>::Kind::ranges, {{0, ~Ipv6{0}}}};
    parse_contents(bytes, holder);
    return 0;
}
