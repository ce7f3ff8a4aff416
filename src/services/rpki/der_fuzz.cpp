// Every element of DER, as deep as it goes, by the reader of its type: what is taken has the one encoding that DER
// gives it, lies inside what it was taken from, and nothing is left over or seen twice.
#include <cstdlib>

#include "services/rpki/der.h"

namespace {

using namespace quipu;
using namespace quipu::rpki;

void must(bool holds) {
    if (!holds) std::abort();
}

/// X.690 §10.1: the shortest form of the length.
std::size_t octets_of_length(std::size_t length) {
    if (length < 0x80) return 1;
    std::size_t out = 1;
    for (; length > 0; length >>= 8U)
        ++out;
    return out;
}

void read_value(const DerReader::Any& element) {
    DerFault fault;
    DerReader in(element.whole, fault);
    switch (element.tag) {
        case tag::kBoolean: static_cast<void>(in.boolean()); break;
        case tag::kInteger: {
            const ByteSpan value = in.unsigned_integer(20);
            if (in.ok()) must(value.size() <= 20 && (value.empty() || value.size() == 1 || value[0] != 0));
            DerFault again;
            DerReader number(element.whole, again);
            static_cast<void>(number.u32());
            break;
        }
        case tag::kBitString: {
            const BitString bits = in.bit_string();
            if (in.ok()) must(bits.unused < 8 && (bits.unused == 0 || !bits.octets.empty()));
            break;
        }
        case tag::kOctetString: static_cast<void>(in.octet_string()); break;
        case tag::kNull: in.null(); break;
        case tag::kOid: must(in.oid().size() <= element.content.size()); break;
        case tag::kUtf8String:
        case tag::kPrintableString:
        case tag::kIa5String:
            for (const char c : in.visible_text(element.tag))
                must(c >= 0x20 && c <= 0x7e);
            break;
        case tag::kUtcTime:
        case tag::kGeneralizedTime: {
            static_cast<void>(in.x509_time());
            DerFault again;
            DerReader time(element.whole, again);
            static_cast<void>(element.tag == tag::kUtcTime ? time.utc_time() : time.generalized_time());
            break;
        }
        default: static_cast<void>(in.any()); break;
    }
    if (in.ok()) must(in.rest().empty());
}

void walk(ByteSpan octets, int depth) {
    DerFault fault;
    DerReader in(octets, fault);
    std::size_t seen = 0;
    while (!in.at_end()) {
        const DerReader::Any element = in.any();
        if (!in.ok()) return;
        must(element.whole.data() == octets.data() + seen);
        must(element.whole.size() == 1 + octets_of_length(element.content.size()) + element.content.size());
        must(element.content.data() + element.content.size() == element.whole.data() + element.whole.size());
        seen += element.whole.size();
        read_value(element);
        constexpr std::uint8_t kConstructed = 0x20;
        if ((element.tag & kConstructed) != 0 && depth < 64) walk(element.content, depth + 1);
    }
    if (in.ok()) must(seen == octets.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    walk(ByteSpan(data, size), 0);
    return 0;
}
