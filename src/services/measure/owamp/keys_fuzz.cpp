#include <cstdlib>

#include "base/bytes.h"
#include "services/measure/owamp/keys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto keys = quipu::owamp::parse_keys(quipu::as_text({data, size}), "keys");
    if (!keys) return 0;
    for (const auto& [user, key] : *keys)
        if (user.empty() || user.size() > 80 || key.empty()) std::abort();
    return 0;
}
