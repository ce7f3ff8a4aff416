#include "platform/mail/engine_inbound.h"

#include <algorithm>

namespace quipu::mail {
namespace {

constexpr std::size_t kMostHands = 50;  // RFC 5321 §6.3 asks for a hundred at least between strangers; we are the last

/// Every address that says where the letter went: the envelope first, then what the header tells of it.
std::vector<std::string> destinations(const ParsedLetter& parsed, const Envelope& envelope) {
    std::vector<std::string> out = envelope.recipients;
    out.insert(out.end(), parsed.origin.delivered_to.begin(), parsed.origin.delivered_to.end());
    for (const auto* list : {&parsed.letter.to, &parsed.letter.cc})
        for (const Address& each : *list)
            out.push_back(each.address);
    return out;
}

std::optional<std::int64_t> number_among(const std::vector<std::string>& places, const NumberedAddresses& addresses,
                                         std::string_view local) {
    for (const std::string& place : places)
        if (const auto number = addresses.number_of(local, place)) return number;
    return std::nullopt;
}

}  // namespace

Judgement judge(const ParsedLetter& parsed, const Envelope& envelope, const NumberedAddresses& addresses,
                const OurNames& names) {
    Judgement out;
    const auto places = destinations(parsed, envelope);
    out.case_number = number_among(places, addresses, names.help);
    out.bounced_letter = number_among(places, addresses, names.bounces);
    const bool to_bounces = !places.empty() && addresses.is_of(names.bounces, places.front());
    const Origin& origin = parsed.origin;
    if (parsed.report || to_bounces) {
        out.kind = Judgement::Kind::bounce;
    } else if ((!names.loop.empty() && origin.loop.find(names.loop) != std::string::npos) ||
               origin.received > kMostHands ||
               (parsed.letter.from && folded_address(parsed.letter.from->address) == folded_address(names.from))) {
        out.kind = Judgement::Kind::loop;
    } else if (origin.auto_submitted.starts_with("auto-replied") || origin.null_return_path ||
               (envelope.sender.empty() && !envelope.recipients.empty())) {
        // RFC 3834 §2, RFC 5321 §4.5.5: what has no return path is a notification, and wants no answer.
        out.kind = Judgement::Kind::automatic;
    } else if (!parsed.letter.from) {
        out.kind = Judgement::Kind::anonymous;
    }
    return out;
}

}  // namespace quipu::mail
