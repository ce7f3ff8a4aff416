#pragma once
// The head of a response as octets, and what a server adds to each one. Sans-I/O.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "net/http.h"

namespace quipu::net {

[[nodiscard]] std::string_view reason_of(int status);
/// IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
[[nodiscard]] std::string format_http_date(Time time);
/// IMF-fixdate only; the obsolete forms answer nothing.
[[nodiscard]] std::optional<Time> parse_http_date(std::string_view text);

struct HeadFacts {
    std::string_view date;
    std::string_view request_id;          ///< left out when empty
    std::optional<std::uint64_t> length;  ///< Content-Length
    bool close = false;                   ///< Connection: close
    bool keep_alive_told = false;         ///< Connection: keep-alive, which an HTTP/1.0 client asks for
};

/// Appends status line, fields and the empty line. The handler's fields stand as they are, but for those that frame the
/// message, which are the server's; an octet that would end a field becomes a space.
void write_head(std::string& out, int status, const Headers& headers, const HeadFacts& facts);

/// True where RFC 9110 §6.4.1 lets a response have content.
[[nodiscard]] constexpr bool may_have_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

/// The server's own refusals: RFC 9457 problem details.
[[nodiscard]] HttpResponse problem_response(int status, std::string_view detail, std::string_view request_id);

}  // namespace quipu::net
