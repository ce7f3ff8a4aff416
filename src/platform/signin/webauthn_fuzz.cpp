// What an authenticator sends: no octets may crash the readers, and a reader that accepts has used every octet.
#include "platform/signin/cbor.h"
#include "platform/signin/public_key.h"
#include "platform/signin/webauthn.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    const ByteSpan bytes(data, size);
    ByteReader reader(bytes);
    if (const auto item = signin::parse_cbor(reader); item) static_cast<void>(signin::PublicKey::from_cose(*item));
    static_cast<void>(signin::parse_authenticator_data(bytes));
    // The same octets as a whole registration, in the JSON that a page would send.
    if (const auto value = parse_json(as_text(bytes)); value) {
        const signin::RelyingParty party{"localhost", {"http://localhost:8080"}, "Quipu"};
        static_cast<void>(signin::check_registration(*value, party, "AAAA", false));
        static_cast<void>(signin::check_assertion(*value, party, "AAAA", {"AAAA", "", 0, false}, "", false));
    }
    return 0;
}
