// What a server may answer, and the events of its streams.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "net/event_reader.h"
#include "net/http_parser.h"

namespace {

std::string events_of(std::string_view text, std::size_t step) {
    std::string seen;
    quipu::net::EventReader reader(4096, [&](std::string_view event, std::string_view data) {
        seen.append(event).append("=").append(data).append(";");
        return true;
    });
    for (; !text.empty(); text.remove_prefix(std::min(step, text.size())))
        if (!reader.feed(text.substr(0, step))) return {};
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = quipu::as_text({data, size});
    quipu::net::ResponseParser parser(4096);
    std::string waiting;
    for (std::size_t at = 0; at < text.size() && !parser.complete(); at += 7) {
        waiting.append(text.substr(at, 7));
        const auto taken = parser.feed(waiting);
        if (!taken) break;
        waiting.erase(0, *taken);
    }
    if (parser.body().size() > 4096) std::abort();
    static_cast<void>(parser.end());
    if (size <= 4096 && events_of(text, size + 1) != events_of(text, 1)) std::abort();
    return 0;
}
