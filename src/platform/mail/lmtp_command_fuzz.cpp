// An LMTP client's octets: the server ends, and what it accepts has addresses that hold no line end.

#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "platform/mail/engine_lmtp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace quipu::mail;
    const std::string_view all = quipu::as_text({octets, size});
    LmtpServer server(
        {.name = "quipu.example", .largest_message = 2000, .most_recipients = 5, .is_ours = [](std::string_view) {
             return true;
         }});
    for (std::size_t at = 0; at < all.size(); at += 11) {
        server.receive(all.substr(at, 11));
        for (auto actions = server.take(); !actions.empty(); actions = server.take())
            for (const auto& action : actions) {
                const auto* deliver = std::get_if<LmtpServer::Deliver>(&action);
                if (deliver == nullptr) continue;
                if (deliver->message.size() > 2000 || deliver->envelope.recipients.empty() ||
                    deliver->envelope.recipients.size() > 5)
                    std::abort();
                for (const std::string& to : deliver->envelope.recipients)
                    if (std::ranges::any_of(to, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }))
                        std::abort();
                server.delivered({});
            }
    }
    server.timed_out();
    return 0;
}
