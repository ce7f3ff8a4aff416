#pragma once
// What travels between hub and agent as JSON, and the ticket with which an agent enrols.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/describe.h"
#include "base/result.h"

namespace quipu::agent {

/// All that an agent needs to enrol once: whom it is to be, where the hub is, whom to trust, and the secret. Its text
/// form is one line: "quipu-ticket-1." and base64url of the JSON.
struct Ticket {
    std::string agent;
    std::string hub;        ///< "https://10.255.0.1:8443"
    std::string authority;  ///< PEM
    std::string secret;
    static constexpr auto describe() {
        using T = Ticket;
        return fields(field<&T::agent>("agent", "The agent's id").required().pattern(kSlug),
                      field<&T::hub>("hub", "The hub's address").required(),
                      field<&T::authority>("authority", "The hub's authority, PEM").required().at_most_long(8192),
                      field<&T::secret>("secret", "Good for one enrolment").required());
    }
};
[[nodiscard]] std::string format_ticket(const Ticket& ticket);
[[nodiscard]] Result<Ticket> parse_ticket(std::string_view text);

struct EnrolRequest {
    std::string agent;
    std::string secret;
    std::string request;  ///< PKCS #10, PEM
    static constexpr auto describe() {
        using T = EnrolRequest;
        return fields(field<&T::agent>("agent", "The agent's id").required().pattern(kSlug),
                      field<&T::secret>("secret", "From the ticket").required(),
                      field<&T::request>("request", "PKCS #10 request, PEM").required().at_most_long(8192));
    }
};
struct CertificateReply {
    std::string certificate;  ///< PEM
    Time not_after{};
    static constexpr auto describe() {
        using T = CertificateReply;
        return fields(field<&T::certificate>("certificate", "PEM").required().at_most_long(8192),
                      field<&T::not_after>("not_after", "When it ends").required());
    }
};
struct RenewRequest {
    std::string request;
    static constexpr auto describe() {
        return fields(field<&RenewRequest::request>("request", "PKCS #10 request, PEM").required().at_most_long(8192));
    }
};
struct PollRequest {
    std::int64_t revision = 0;  ///< of the assignments that the agent has; 0: none
    std::string version = {};
    std::optional<Time> started = {};
    Value facts = {};
    static constexpr auto describe() {
        using T = PollRequest;
        return fields(field<&T::revision>("revision", "Of the assignments at hand").required(),
                      field<&T::version>("version", "Of the program"),
                      field<&T::started>("started", "When it began to run"),
                      field<&T::facts>("facts", "What each part says of itself"));
    }
};
struct PollReply {
    std::int64_t revision = 0;
    Value parts;  ///< {NAME: assignment}; null: no work, missing: not known yet
    static constexpr auto describe() {
        using T = PollReply;
        return fields(
            field<&T::revision>("revision", "Of these assignments").required(),
            field<&T::parts>("parts", "Work by part: null is none, a part that is missing goes on").required());
    }
};
struct RecordsReply {
    std::map<std::string, std::uint64_t> kept;
    std::map<std::string, std::string> refused;
    static constexpr auto describe() {
        using T = RecordsReply;
        return fields(field<&T::kept>("kept", "Last sequence kept of each stream").required(),
                      field<&T::refused>("refused", "Streams that were not taken, and why").required());
    }
};

}  // namespace quipu::agent
