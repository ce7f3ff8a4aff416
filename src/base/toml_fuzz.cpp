// Whatever parses is written as text that parses, and that is then stable.
#include <cstdlib>

#include "base/bytes.h"
#include "base/value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto value = quipu::parse_toml(quipu::as_text({data, size}), "fuzz");
    if (!value) return 0;
    const std::string once = quipu::to_toml(*value);
    const auto again = quipu::parse_toml(once, "again");
    if (!again || quipu::to_toml(*again) != once) std::abort();
    return 0;
}
