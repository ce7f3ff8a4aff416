#pragma once
// What a letter that came in is: a bounce, our own come back, an automatic answer, or a letter to take; and which cases
// it may be about. Decided from the letter and its envelope alone.

#include <vector>

#include "platform/mail/case_address.h"
#include "platform/mail/engine_lmtp.h"
#include "platform/mail/mime.h"

namespace quipu::mail {

struct OurNames {
    std::string help = "help";        ///< local part where people write to
    std::string bounces = "bounces";  ///< local part of the envelope's sender
    std::string from;                 ///< the house's own address
    std::string loop;                 ///< what our letters say in X-Loop
};

struct Judgement {
    enum class Kind : std::uint8_t {
        letter,     ///< to be taken
        bounce,     ///< about a letter of ours
        automatic,  ///< an answer that a machine gave: kept in mind and dropped (RFC 3834)
        loop,       ///< our own letter, or one that goes round
        anonymous,  ///< nobody says to have written it
    } kind = Kind::letter;
    std::optional<std::int64_t> case_number;     ///< by an address that nobody can guess
    std::optional<std::int64_t> bounced_letter;  ///< by the same
};

[[nodiscard]] Judgement judge(const ParsedLetter& letter, const Envelope& envelope, const NumberedAddresses& addresses,
                              const OurNames& names);

}  // namespace quipu::mail
