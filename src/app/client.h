#pragma once
// The command line as a client of the hub's HTTP API: the same engine answers the portal, scripts and commands.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "net/http.h"
#include "net/tls.h"

namespace quipu::app {

using Query = std::vector<std::pair<std::string, std::string>>;

/// "/path?a=1&b=two%20words"; parameters with an empty value are left out.
[[nodiscard]] std::string with_query(std::string_view path, const Query& query);

class Client {
  public:
    /// With the credential that credential_for finds.
    explicit Client(std::string hub);
    Client(std::string hub, std::string token) : hub_(std::move(hub)), token_(std::move(token)) {}

    struct Answer {
        std::string text;
        std::string etag;    ///< without quotes
        std::string cookie;  ///< NAME=VALUE that the hub has set
    };
    struct Call {
        net::Method method = net::Method::get;
        std::string target;
        std::string body = {};
        std::string content_type = "application/json";
        std::string if_match = {};  ///< without quotes
        std::string cookie = {};    ///< instead of the token
    };
    /// A status of 400 and above becomes the error that the problem details tell. `unavailable` when no hub answers.
    [[nodiscard]] Result<Answer> send(const Call& call) const;
    [[nodiscard]] Result<Value> get(std::string_view path, const Query& query = {}) const;
    [[nodiscard]] Result<Value> change(const Call& call) const;
    /// The items of a list that has no pages.
    [[nodiscard]] Result<Value> items(std::string_view path, const Query& query = {}) const;
    /// All pages of a list, at most `limit` items (0: all).
    [[nodiscard]] Result<Value> list(std::string_view path, Query query, std::size_t limit = 0) const;

  private:
    std::string hub_;
    std::string token_;
};

/// What a command presents to this hub: QUIPU_TOKEN, else what `quipu login` has kept, else, on this machine and if its
/// files are ours to read, the local administrator's secret. Empty for a stranger.
[[nodiscard]] std::string credential_for(const std::string& hub);
/// "Authorization" for it; nothing for an empty one.
void authorise(net::Headers& headers, const std::string& token);
/// Whom to believe for an https hub: the file that QUIPU_CA names, else this machine's authorities; nothing for http.
[[nodiscard]] Result<std::optional<net::TlsContext>> trust_for(const std::string& hub);

/// Tokens that `quipu login` keeps, by hub, in a file that only its user can read.
namespace kept_tokens {
[[nodiscard]] std::string find(const std::string& hub);
/// An empty token forgets the hub's.
[[nodiscard]] Result<void> put(const std::string& hub, const std::string& token);
}  // namespace kept_tokens

/// The error that a problem details body tells (RFC 9457); the status alone if it is none.
[[nodiscard]] Error error_of(int status, std::string_view body);

}  // namespace quipu::app
