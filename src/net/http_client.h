#pragma once
// An HTTP/1.1 client with kept-alive connections, one per (client, host); awaited on a loop or called and waited for.

#include <memory>
#include <optional>
#include <string>

#include "net/http.h"
#include "net/loop.h"
#include "net/tls.h"

namespace quipu::net {

struct ClientRequest {
    Method method = Method::get;
    std::string target = "/";
    Headers headers = {};
    std::string body = {};
    Nanoseconds patience = std::chrono::seconds(30);
    std::size_t max_body_octets = 256 * 1024 * 1024;
};

struct ClientResponse {
    int status = 0;
    Headers headers;
    std::string body;
};

/// Takes a response as it comes; an error ends it.
class ResponseReceiver {
  public:
    ResponseReceiver() = default;
    ResponseReceiver(const ResponseReceiver&) = delete;
    ResponseReceiver& operator=(const ResponseReceiver&) = delete;
    virtual ~ResponseReceiver() = default;
    /// Once, before any octet of the body.
    virtual Result<void> on_head(int status, const Headers& headers) = 0;
    virtual Result<void> on_octets(std::string_view octets) = 0;
};

class HttpClient {
  public:
    /// `base` is "http://HOST:PORT" or "https://HOST:PORT"; https needs `tls`. Nothing is connected yet.
    static Result<std::unique_ptr<HttpClient>> create(EventLoop& loop, std::string_view base,
                                                      std::optional<TlsContext> tls = {});
    virtual ~HttpClient() = default;
    /// One request at a time; reconnects if the kept connection has gone. On the loop's thread.
    virtual Task<Result<ClientResponse>> send(ClientRequest request) = 0;
    /// One request whose response's body is handed on as it comes and never held: for large files. The patience is for
    /// all of it, `stall` for the time without an octet.
    virtual Task<Result<void>> receive(ClientRequest request, Nanoseconds stall, ResponseReceiver& sink) = 0;
    /// Reads an event stream until `on_event` answers false, or an error comes; `unavailable` when the server ends it.
    /// The request's patience is for the answer's header; after it TCP's keep-alive probes watch over the connection.
    virtual Task<Result<void>> stream(ClientRequest request,
                                      std::function<bool(std::string_view event, std::string_view data)> on_event) = 0;
};

/// One request, blocking: the client's loop runs in this thread meanwhile, and nothing else is on it.
[[nodiscard]] Result<ClientResponse> send_and_wait(EventLoop& loop, HttpClient& client, ClientRequest request);
/// For commands: one request with a loop of its own, blocking.
[[nodiscard]] Result<ClientResponse> fetch(std::string_view base, ClientRequest request,
                                           std::optional<TlsContext> tls = {});

}  // namespace quipu::net
