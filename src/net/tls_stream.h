#pragma once
// TLS over a plain stream, with OpenSSL working on memory alone. For net/*.cpp only.

#include <memory>
#include <openssl/ssl.h>
#include <string>

#include "net/stream.h"
#include "net/tls.h"

namespace quipu::net {

struct TlsContext::Impl {
    struct Free {
        void operator()(SSL_CTX* object) const { SSL_CTX_free(object); }
    };
    std::unique_ptr<SSL_CTX, Free> context;
};

/// `what`, with the reason that OpenSSL left in its queue; empties the queue.
[[nodiscard]] std::unexpected<Error> fail_tls(ErrorCode code, std::string_view what);

/// See net/stream.h for the members that it shares with PlainStream.
class TlsStream {
  public:
    static Result<TlsStream> accept(const TlsContext& context, PlainStream stream);
    /// `host`: the name or address that the server's certificate must hold.
    static Result<TlsStream> connect(const TlsContext& context, PlainStream stream, const std::string& host);

    [[nodiscard]] Task<Result<void>> handshake(Deadline& deadline, Nanoseconds patience);
    /// The verified client certificate's holder; null without one.
    [[nodiscard]] std::shared_ptr<const TlsPeer> peer() const;

    [[nodiscard]] Task<Result<std::size_t>> read_some(std::span<char> into);
    [[nodiscard]] Result<bool> write_now(const Parts& parts);
    [[nodiscard]] Task<Result<void>> flush(Deadline& deadline, Nanoseconds patience);
    void cancel() { plain_.cancel(); }
    void shutdown_write();

  private:
    struct Free {
        void operator()(SSL* session) const { SSL_free(session); }
    };
    TlsStream(PlainStream stream, std::unique_ptr<SSL, Free> session);
    static Result<TlsStream> create(const TlsContext& context, PlainStream stream);
    /// Sends what OpenSSL has written; true when all went out at once.
    Result<bool> push();
    /// Waits for octets of the other side and gives them to OpenSSL; false at the end of the stream.
    Task<Result<bool>> pull();

    PlainStream plain_;
    std::unique_ptr<SSL, Free> session_;
    BIO* in_;   // owned by the session
    BIO* out_;  // owned by the session
    std::vector<char> cipher_;
};

}  // namespace quipu::net
