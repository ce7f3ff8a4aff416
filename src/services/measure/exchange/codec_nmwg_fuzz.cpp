#include "services/measure/exchange/codec_nmwg.h"

using namespace quipu;

/// Whatever comes: a request or an error, and its answer is a message that is no request.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto request = exchange::parse_nmwg(text);
    if (!request) {
        const auto again =
            exchange::parse_nmwg(exchange::write_nmwg_error("error.common.parse_error", request.error()));
        if (again || again.error().code != ErrorCode::unsupported) __builtin_trap();
        return 0;
    }
    std::vector<exchange::NmwgData> answer;
    for (const auto& trigger : request->triggers)
        answer.push_back({.trigger = &trigger, .pairs = {{.from = trigger.from, .to = trigger.to}}, .datums = {{}}});
    const auto again = exchange::parse_nmwg(exchange::write_nmwg(*request, answer));
    if (again || (again.error().code != ErrorCode::unsupported && again.error().code != ErrorCode::too_large))
        __builtin_trap();
    return 0;
}
