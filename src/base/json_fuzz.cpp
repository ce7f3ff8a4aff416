// Whatever parses is written and read back the same.
#include <cstdlib>

#include "base/bytes.h"
#include "base/value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto value = quipu::parse_json(quipu::as_text({data, size}));
    if (!value) return 0;
    // Compared as text: 1.0 is written as 1, which JSON does not tell apart.
    const auto again = quipu::parse_json(quipu::to_json(*value, 2));
    if (!again || quipu::to_json(*again) != quipu::to_json(*value)) std::abort();
    return 0;
}
