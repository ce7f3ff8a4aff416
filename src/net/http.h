#pragma once
// HTTP/1.1 messages (RFC 9110, RFC 9112) as values, shared by server and client.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "net/address.h"

namespace quipu::net {

class EventLoop;

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options };
[[nodiscard]] std::string_view name_of(Method method);

/// Header fields in order; names compare without case.
class Headers {
  public:
    void add(std::string name, std::string value) { list_.emplace_back(std::move(name), std::move(value)); }
    void set(std::string_view name, std::string value);
    [[nodiscard]] const std::string* find(std::string_view name) const;
    [[nodiscard]] std::string_view get(std::string_view name) const;  ///< empty when absent
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& list() const { return list_; }

  private:
    std::vector<std::pair<std::string, std::string>> list_;
};

/// Who holds the other end of a TLS connection, from its verified client certificate.
struct TlsPeer {
    std::string common_name;
    std::string serial;       ///< lower-case hexadecimal
    std::string fingerprint;  ///< SHA-256 of the certificate, lower-case hexadecimal
};

struct HttpRequest {
    Method method = Method::get;
    std::string target;  ///< as received: path and query
    std::string path;    ///< percent-decoded path, "/api/v1/sites/santiago"; never holds "..", "//" or NUL
    std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
    Headers headers;
    std::string body;
    Endpoint peer;
    std::string request_id;  ///< made by the server: 16 characters that a person can read out; echoed as X-Request-Id
    std::shared_ptr<const TlsPeer> tls_peer;  ///< null without a verified client certificate

    [[nodiscard]] const std::string* query_value(std::string_view name) const;
};

/// Server-sent events (HTML Standard §9.2): the handler's task writes until the client goes or the server drains.
class EventStream {
  public:
    virtual ~EventStream() = default;
    /// Sends one event; `id` may be empty. An error means that the client has gone.
    virtual Task<Result<void>> send(std::string_view event, std::string_view data, std::string_view id) = 0;
    /// A comment line, to keep proxies from closing.
    virtual Task<Result<void>> keep_alive() = 0;
    /// The loop that the connection lives on.
    [[nodiscard]] virtual EventLoop& loop() = 0;
};

struct OpenFile;

/// A file to be sent by the kernel, with ranges and conditional requests handled by the server.
struct FileBody {
    std::string path;
    std::shared_ptr<const OpenFile> file =
        {};  ///< if it is open already (net/file_body.h); else the server opens `path`
};

using EventBody = std::function<Task<void>(EventStream&)>;

struct HttpResponse {
    int status = 200;
    Headers headers;
    std::variant<std::string, std::shared_ptr<const std::string>, FileBody, EventBody> body;

    static HttpResponse text(int status, std::string body, std::string content_type = "text/plain; charset=utf-8");
    static HttpResponse json(int status, std::string body);
};

/// Called on the connection's loop; whatever blocks must be awaited. A handler that still waits when the server closes
/// is destroyed where it waits: await only what bears that, as everything of net does.
using HttpHandler = std::function<Task<HttpResponse>(HttpRequest&)>;

[[nodiscard]] std::string percent_encode(std::string_view text);
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace quipu::net
