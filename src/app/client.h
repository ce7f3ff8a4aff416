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

namespace quipu::app {

using Query = std::vector<std::pair<std::string, std::string>>;

/// "/path?a=1&b=two%20words"; parameters with an empty value are left out.
[[nodiscard]] std::string with_query(std::string_view path, const Query& query);

class Client {
  public:
    explicit Client(std::string hub) : hub_(std::move(hub)) {}

    struct Answer {
        std::string text;
        std::string etag;  ///< without quotes
    };
    struct Call {
        net::Method method = net::Method::get;
        std::string target;
        std::string body = {};
        std::string content_type = "application/json";
        std::string if_match = {};  ///< without quotes
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
};

/// The error that a problem details body tells (RFC 9457); the status alone if it is none.
[[nodiscard]] Error error_of(int status, std::string_view body);

}  // namespace quipu::app
