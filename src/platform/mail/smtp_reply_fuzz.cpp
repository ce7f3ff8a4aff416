// An SMTP server's replies: whatever comes, in whatever pieces, the reader ends, and the client never sends a line that
// it did not mean to.

#include <cstdlib>

#include "base/bytes.h"
#include "platform/mail/engine_client.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace quipu::mail;
    const std::string_view all = quipu::as_text({octets, size});
    SmtpClient client({.name = "quipu.example", .credentials = Credentials{"ana", "secreto"}, .clear_text_auth = true});
    std::size_t delivered = 0;
    std::size_t submitted = 0;
    for (std::size_t at = 0; at < all.size(); at += 7) {
        client.receive(all.substr(at, 7));
        for (const auto& action : client.take()) {
            if (std::holds_alternative<SmtpClient::StartTls>(action)) client.secured();
            if (std::holds_alternative<SmtpClient::Delivered>(action)) ++delivered;
            if (std::holds_alternative<SmtpClient::Ready>(action)) {
                ++submitted;
                client.submit({.sender = "s@quipu.example",
                               .recipients = {"a@example.org", "b@example.org"},
                               .message = "Subject: x\r\n\r\n.y\r\n"});
            }
        }
    }
    client.lost({quipu::ErrorCode::unavailable, "gone", {}, {}, {}});
    for (const auto& action : client.take())
        if (const auto* end = std::get_if<SmtpClient::Delivered>(&action)) {
            ++delivered;
            if (end->outcomes.size() != 2) std::abort();
        }
    // Of each letter it is told once what became of it.
    if (delivered != submitted) std::abort();
    return 0;
}
