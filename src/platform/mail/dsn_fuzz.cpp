#include <cstdlib>

#include "base/bytes.h"
#include "platform/mail/codec_dsn.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace quipu::mail;
    const std::string_view text = quipu::as_text({octets, size});
    if (const auto reports = parse_delivery_status(text))
        for (const RecipientReport& each : *reports)
            if (!check_address(each.address)) std::abort();
    for (const std::string& id : message_ids_of(text))
        if (message_ids_of("<" + id + ">").size() != 1) std::abort();
    return 0;
}
