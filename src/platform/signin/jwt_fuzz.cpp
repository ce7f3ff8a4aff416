// What an OpenID provider sends: a token, or a set of keys. No text may crash the readers, and none is accepted.
#include <cstdlib>

#include "platform/signin/oidc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    const std::string_view text = as_text({data, size});
    static const std::vector<signin::JsonWebKey> keys = [] {
        // The generator of P-256: a key that nobody has the private half of at hand here.
        const auto set =
            parse_json(R"({"keys":[{"kty":"EC","crv":"P-256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",)"
                       R"("y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}]})");
        return *signin::read_jwk_set(*set);
    }();
    if (keys.size() != 1) std::abort();
    static_cast<void>(signin::accept_id_token(text, keys, {.issuer = "i", .client_id = "c", .nonce = "n"}));
    if (const auto value = parse_json(text); value) {
        static_cast<void>(signin::read_jwk_set(*value));
        static_cast<void>(signin::read_provider_document(*value, "https://op.example.org"));
        static_cast<void>(signin::read_token_response(*value));
    }
    return 0;
}
