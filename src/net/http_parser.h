#pragma once
// HTTP/1.1 messages out of octets, sans-I/O: Beast's parser behind a wall, with the checks that a server on the open
// network adds (RFC 9112 §3.2, §6.1, §11.2).

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/http.h"

namespace quipu::net {

/// Why a message is refused: the status to answer with and a sentence.
struct HttpFault {
    int status;
    std::string_view what;
};

/// Reads requests, one after the other. After a fault the connection is of no more use.
class RequestParser {
  public:
    RequestParser(std::size_t header_octets, std::size_t body_octets);
    ~RequestParser();
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;

    /// Takes octets from the front and answers how many; what it leaves is to be offered again with more behind it.
    /// Stops at the end of a request.
    [[nodiscard]] std::expected<std::size_t, HttpFault> feed(std::string_view octets);
    /// Forgets the request and waits for the next.
    void reset();

    [[nodiscard]] bool started() const;  ///< an octet of the request has been seen
    [[nodiscard]] bool header_complete() const;
    [[nodiscard]] bool complete() const;
    [[nodiscard]] bool keep_alive() const;  ///< the client wants the connection kept; after header_complete()
    [[nodiscard]] bool is_http_1_0() const;
    [[nodiscard]] bool expects_continue() const;  ///< RFC 9110 §10.1.1
    [[nodiscard]] HttpRequest& request();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Reads one response after the other.
class ResponseParser {
  public:
    explicit ResponseParser(std::size_t body_octets);
    ~ResponseParser();
    ResponseParser(const ResponseParser&) = delete;
    ResponseParser& operator=(const ResponseParser&) = delete;

    /// As RequestParser::feed; an interim response (1xx) is passed over.
    [[nodiscard]] Result<std::size_t> feed(std::string_view octets);
    /// The other end has closed: completes a body without a length, else the response is cut off (`unavailable`).
    [[nodiscard]] Result<void> end();
    /// Waits for the next response; that to HEAD has no body.
    void reset(bool to_head);
    /// From now on body octets go to `sink` instead of body(); for streams.
    void stream_to(std::move_only_function<void(std::string_view)> sink);

    [[nodiscard]] bool header_complete() const;
    [[nodiscard]] bool complete() const;
    [[nodiscard]] bool keep_alive() const;
    [[nodiscard]] int status() const;
    [[nodiscard]] Headers& headers();
    [[nodiscard]] std::string& body();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The path of a request target (origin or absolute form), decoded, without empty and "." segments; and its query.
[[nodiscard]] std::expected<void, HttpFault> read_target(HttpRequest& request);

}  // namespace quipu::net
