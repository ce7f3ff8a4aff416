#pragma once
// A connected stream socket, plain or TLS behind one face, for protocols of lines and octets. Each call has its
// patience and is awaited on the socket's loop. A socket that is destroyed while a coroutine waits for it is closed.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/tls.h"

namespace quipu::net {

class StreamSocket {
  public:
    static Task<Result<std::unique_ptr<StreamSocket>>> connect(EventLoop& loop, Endpoint address, Nanoseconds patience);
    /// Over a descriptor that is connected already: what accept_one() answers.
    static std::unique_ptr<StreamSocket> over(EventLoop& loop, Descriptor fd);
    virtual ~StreamSocket() = default;

    /// The next octets: 0 at the end of the stream. `timeout` when patience is over: the socket is then of no more use.
    virtual Task<Result<std::size_t>> read_some(std::span<char> into, Nanoseconds patience) = 0;
    /// All of `octets`, which stay alive meanwhile.
    virtual Task<Result<void>> write(std::string_view octets, Nanoseconds patience) = 0;
    /// Goes on with TLS as its client (STARTTLS). `host`: the name that the server's certificate must hold.
    virtual Task<Result<void>> secure(const TlsContext& context, std::string host, Nanoseconds patience) = 0;
    /// Goes on with TLS as its server.
    virtual Task<Result<void>> secure_as_server(const TlsContext& context, Nanoseconds patience) = 0;
    /// A read that waits ends with `cancelled`, and the socket stays of use: for whoever has something to say
    /// meanwhile. On the socket's loop, never while it writes.
    virtual void interrupt_read() = 0;
};

/// The addresses of a name; blocks.
[[nodiscard]] Result<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port);

/// Listens on a Unix socket of the given mode; one that nobody serves any more is replaced.
[[nodiscard]] Result<Descriptor> listen_on_path(const std::string& path, unsigned mode);
/// Awaits the next connection of a listening socket.
[[nodiscard]] Task<Result<Descriptor>> accept_one(EventLoop& loop, int listening);
/// The same for whoever goes on whatever happens: a failure is logged as `failed`, and tried again after a second.
[[nodiscard]] Task<Descriptor> accept_next(EventLoop& loop, int listening, const LogEvent& failed);

}  // namespace quipu::net
