#include "agent/identity.h"

#include "agent/files.h"
#include "net/http_client.h"

namespace quipu::agent {
namespace {

/// Everything in one file, so that a renewal is one rename.
struct Kept {
    std::string agent, hub, authority, certificate, private_key;
    Time not_after{};
    static constexpr auto describe() {
        using T = Kept;
        return fields(field<&T::agent>("agent", "The agent's id").required(),
                      field<&T::hub>("hub", "The hub's address").required(),
                      field<&T::authority>("authority", "PEM").required().at_most_long(8192),
                      field<&T::certificate>("certificate", "PEM").required().at_most_long(8192),
                      field<&T::private_key>("private_key", "PEM").required().at_most_long(8192),
                      field<&T::not_after>("not_after", "When the certificate ends").required());
    }
};

std::string path_of(const std::string& folder) {
    return folder + "/identity.json";
}

}  // namespace

Result<Identity> load_identity(const std::string& folder) {
    const std::string text = TRY(read_file(path_of(folder)));
    Kept kept = TRY(read<Kept>(TRY(parse_json(text, path_of(folder))), path_of(folder)));
    return Identity{.agent = std::move(kept.agent),
                    .hub = std::move(kept.hub),
                    .authority = std::move(kept.authority),
                    .keys = {.certificate = std::move(kept.certificate), .private_key = std::move(kept.private_key)},
                    .not_after = kept.not_after};
}

Result<void> save_identity(const std::string& folder, const Identity& identity) {
    return write_file(path_of(folder),
                      json_text(Kept{.agent = identity.agent,
                                     .hub = identity.hub,
                                     .authority = identity.authority,
                                     .certificate = identity.keys.certificate,
                                     .private_key = identity.keys.private_key,
                                     .not_after = identity.not_after}),
                      0600);
}

Result<Identity> enrol(const std::string& folder, const Ticket& ticket) {
    TRY(make_folder(folder));
    auto made = TRY(net::pki::make_request(ticket.agent));
    const net::TlsContext tls = TRY(net::TlsContext::client(ticket.authority, {}));
    net::ClientRequest request{
        .method = net::Method::post,
        .target = "/agent/v1/enrol",
        .body = json_text(
            EnrolRequest{.agent = ticket.agent, .secret = ticket.secret, .request = std::move(made.request)})};
    request.headers.add("Content-Type", "application/json");
    const net::ClientResponse response = TRY(net::fetch(ticket.hub, std::move(request), tls));
    if (response.status != 200) {
        const auto problem = parse_json(response.body, "hub");
        const Value* detail = problem ? problem->find("detail") : nullptr;
        return fail(
            ErrorCode::unauthenticated,
            detail != nullptr && detail->if_string() != nullptr ? *detail->if_string() : "the hub refused the ticket",
            ticket.hub, "make a new ticket with: quipu agents ticket " + ticket.agent);
    }
    auto reply = TRY(read<CertificateReply>(TRY(parse_json(response.body, "hub")), "hub"));
    Identity identity{.agent = ticket.agent,
                      .hub = ticket.hub,
                      .authority = ticket.authority,
                      .keys = {.certificate = std::move(reply.certificate), .private_key = std::move(made.private_key)},
                      .not_after = reply.not_after};
    TRY(save_identity(folder, identity));
    return identity;
}

}  // namespace quipu::agent
