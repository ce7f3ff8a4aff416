// What a browser posts as an identity provider's answer, and metadata: no text may crash the readers, and no response
// is accepted, since the provider's key signs nothing here.
#include <cstdlib>

#include "platform/signin/saml_response.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    const std::string_view text = as_text({data, size});
    static const signin::OwnKey own = *signin::OwnKey::make("fuzz", Time{});
    static const signin::IdentityProvider provider = [] {
        signin::IdentityProvider out;
        out.entity_id = "https://idp.uchile.example/metadata";
        out.keys.push_back(
            *signin::VerifyingKey::of_certificate(signin::OwnKey::make("idp", Time{})->certificate_der()));
        return out;
    }();
    static_cast<void>(signin::peek_response(text));
    const auto accepted =
        signin::accept_response(text, {.provider = provider,
                                       .key = own,
                                       .entity_id = "https://portal.example.org/saml",
                                       .consumer = "https://portal.example.org/api/v1/signin/saml/acs",
                                       .request_id = "_q1",
                                       .now = *parse_time("2026-11-28T14:01:00Z")});
    if (accepted) std::abort();
    static_cast<void>(signin::read_metadata(text, {}, Time{}));
    return 0;
}
