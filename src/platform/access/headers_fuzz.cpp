// What strangers send in Cookie and Authorization.

#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "platform/access/gatekeeper.h"

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    const std::string_view text = as_text({data, size});
    const auto within = [&](std::string_view part) {
        if (!part.empty() && (part.data() < text.data() || part.data() + part.size() > text.data() + text.size()))
            std::abort();
    };
    within(access::cookie_in(text, "quipu_session"));
    within(access::cookie_in(text, "__Host-quipu"));
    within(access::bearer_in(text));
    (void)access::id_from(text);
    (void)access::version_in(text);
    return 0;
}
