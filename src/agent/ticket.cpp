#include "agent/ticket.h"

#include "base/base64url.h"

namespace quipu::agent {
namespace {
constexpr std::string_view kMark = "quipu-ticket-1.";
constexpr std::size_t kMaxTicketOctets = 16 * 1024;
}  // namespace

std::string format_ticket(const Ticket& ticket) {
    return std::string(kMark) + base64url_encode(as_bytes(json_text(ticket)));
}

Result<Ticket> parse_ticket(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.remove_suffix(1);
    constexpr std::string_view kHint = "make one with: quipu agents ticket SITE";
    if (!text.starts_with(kMark) || text.size() > kMaxTicketOctets)
        return fail(ErrorCode::invalid, "this is not an enrolment ticket", "ticket", std::string(kHint));
    const std::string json = TRY(base64url_decode(text.substr(kMark.size())));
    return read<Ticket>(TRY(parse_json(json, "ticket")), "ticket");
}

}  // namespace quipu::agent
