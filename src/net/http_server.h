#pragma once
// An HTTP/1.1 server: keep-alive, pipelining, limits, time-outs, static files, server-sent events; plain or TLS.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/http.h"
#include "net/loop.h"
#include "net/tls.h"

namespace quipu::net {

struct HttpLimits {
    std::size_t header_octets = 16 * 1024;               ///< 431 beyond
    std::size_t body_octets = 16 * 1024 * 1024;          ///< 413 beyond
    std::size_t connections = 4096;                      ///< 503 and close beyond
    Nanoseconds header_time = std::chrono::seconds(10);  ///< whole request header; 408 beyond
    Nanoseconds body_time = std::chrono::seconds(60);
    Nanoseconds idle_time = std::chrono::seconds(75);   ///< between requests
    Nanoseconds write_time = std::chrono::seconds(30);  ///< without progress
};

/// Counters, readable from any thread.
struct HttpCounters {
    std::uint64_t connections = 0, open = 0, requests = 0, refused = 0, octets_in = 0, octets_out = 0;
};

class HttpServer {
  public:
    /// Binds and listens; port 0 takes a free one. A taken port is a `conflict` that names the address and says what to
    /// do.
    static Result<std::unique_ptr<HttpServer>> listen(LoopPool& loops, const Endpoint& address, HttpHandler handler,
                                                      std::optional<TlsContext> tls = {}, HttpLimits limits = {});
    virtual ~HttpServer() = default;
    [[nodiscard]] virtual Endpoint address() const = 0;
    [[nodiscard]] virtual HttpCounters counters() const = 0;
    /// Accepts no more, lets running requests end within `patience`, then closes all. Blocks; not from a loop's thread.
    virtual void drain(Nanoseconds patience) = 0;
};

/// Serves a folder: index.html for "/" and for paths without a dot (the portal's routes), strong ETag and 304,
/// Cache-Control immutable for names with a content hash, FILE.br or FILE.gz when the client takes it, ranges. 404
/// outside the folder.
class StaticFiles {
  public:
    static Result<StaticFiles> open(const std::string& folder);
    [[nodiscard]] HttpResponse serve(const HttpRequest& request) const;

  private:
    struct Impl;
    explicit StaticFiles(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

}  // namespace quipu::net
