// What signed objects hold, each kind by the first octet, with the resources that the second one chooses: the contents
// alone, since a fuzzer seldom makes the digests and signatures around them.
#include <algorithm>
#include <cstdlib>

#include "services/rpki/codec_manifest.h"
#include "services/rpki/codec_payload.h"

namespace {

using namespace quipu;
using namespace quipu::rpki;

void must(bool holds) {
    if (!holds) std::abort();
}

Certificate holder_of(std::uint8_t choice) {
    Certificate out;
    if ((choice & 1U) != 0) out.resources.ipv4 = {Block<Ipv4>::Kind::ranges, {{0, ~Ipv4{0}}}};
    if ((choice & 2U) != 0) out.resources.ipv6 = {Block<Ipv6>::Kind::ranges, {{0, ~Ipv6{0}}}};
    if ((choice & 4U) != 0) out.resources.as = {Block<Asn>::Kind::ranges, {{0, ~Asn{0}}}};
    if ((choice & 8U) != 0) out.resources.ipv4.kind = Block<Ipv4>::Kind::inherit;
    return out;
}

void roa(ByteSpan content, const Certificate& holder) {
    std::vector<Vrp> vrps;
    if (!parse_roa(content, holder, vrps)) return;
    must(!vrps.empty());
    for (const Vrp& vrp : vrps) {
        must(vrp.length <= vrp.max_length && vrp.max_length <= (vrp.v6 ? 128 : 32));
        must(!vrp.prefix().text().empty());
    }
}

void aspa(ByteSpan content, const Certificate& holder) {
    const auto parsed = parse_aspa(content, holder);
    if (!parsed) return;
    must(std::ranges::is_sorted(parsed->providers));
    must(std::ranges::adjacent_find(parsed->providers) == parsed->providers.end());
    must(std::ranges::find(parsed->providers, parsed->customer) == parsed->providers.end());
}

void keys(ByteSpan content, const Certificate& holder) {
    const auto parsed = parse_trust_anchor_keys(content, holder);
    if (parsed) must(!parsed->current.addresses.empty() && !parsed->current.key_info.empty());
}

void checklist(ByteSpan content, const Certificate& holder) {
    const auto parsed = parse_checklist(content, holder);
    if (!parsed) return;
    for (const Checklist::File& file : parsed->files)
        must(file.digest.size() == 32);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const ByteSpan content(data + 2, size - 2);
    const Certificate holder = holder_of(data[1]);
    switch (data[0] % 6) {
        case 0: static_cast<void>(parse_manifest(content)); break;
        case 1: roa(content, holder); break;
        case 2: aspa(content, holder); break;
        case 3: static_cast<void>(check_ghostbusters(content, holder)); break;
        case 4: keys(content, holder); break;
        default: checklist(content, holder); break;
    }
    return 0;
}
