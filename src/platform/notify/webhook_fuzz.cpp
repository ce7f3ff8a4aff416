// A webhook's address: what is accepted can stand in a request line and a Host field.

#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "platform/notify/webhook.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    const auto address = quipu::notify::parse_webhook(quipu::as_text({octets, size}), true);
    if (!address) return 0;
    const auto is_plain = [](const std::string& text) {
        return std::ranges::all_of(
            text, [](char c) { return static_cast<unsigned char>(c) > ' ' && static_cast<unsigned char>(c) < 0x7f; });
    };
    if (address->host.empty() || !is_plain(address->host) || !is_plain(address->target) ||
        !address->target.starts_with('/'))
        std::abort();
    return 0;
}
