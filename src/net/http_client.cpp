#include "net/http_client.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "net/event_reader.h"
#include "net/http_parser.h"
#include "net/tls_stream.h"

namespace quipu::net {
namespace {

constexpr std::size_t kReadStep = 64 * 1024;
constexpr std::size_t kMaxEvent = 64 * 1024 * 1024;

struct ServerName {
    std::string host;  ///< without brackets
    std::uint16_t port = 0;
    bool tls = false;

    [[nodiscard]] std::string text() const {
        return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                                   : fmt::format("[{}]:{}", host, port);
    }
};

Result<ServerName> parse_base(std::string_view base) {
    const auto refuse = [&](std::string_view what) {
        return fail(ErrorCode::invalid, std::string(what), std::string(base),
                    "write it as http://HOST:PORT or https://HOST:PORT");
    };
    ServerName out;
    std::string_view rest = base;
    if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else if (rest.starts_with("https://")) {
        rest.remove_prefix(8);
        out.tls = true;
    } else {
        return refuse("this is not the address of an HTTP server");
    }
    if (rest.ends_with('/')) rest.remove_suffix(1);
    std::size_t end = rest.find(':');
    if (rest.starts_with('[')) {
        end = rest.find(']');
        if (end == std::string_view::npos) return refuse("the IPv6 address has no closing bracket");
        out.host = rest.substr(1, end - 1);
        rest.remove_prefix(end + 1);
    } else {
        out.host = rest.substr(0, end);
        rest.remove_prefix(std::min(end, rest.size()));
    }
    if (out.host.empty() || out.host.find_first_of("/@?# ") != std::string::npos)
        return refuse("the host's name is malformed");
    out.port = out.tls ? 443 : 80;
    if (rest.empty()) return out;
    const auto [stop, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), out.port);
    if (!rest.starts_with(':') || error != std::errc{} || stop != rest.data() + rest.size() || out.port == 0)
        return refuse("the port is not a number from 1 to 65535");
    return out;
}

Result<std::vector<Endpoint>> resolve(const ServerName& server) {
    if (const auto address = IpAddress::parse(server.host)) return std::vector{Endpoint{*address, server.port}};
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    if (const int failed = ::getaddrinfo(server.host.c_str(), nullptr, &wanted, &found); failed != 0)
        return fail(ErrorCode::unavailable,
                    fmt::format("the name {} has no address: {}", server.host, ::gai_strerror(failed)), {},
                    "check the name and the resolver");
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    std::vector<Endpoint> out;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        sockaddr_storage storage{};
        std::memcpy(&storage, at->ai_addr, at->ai_addrlen);
        Endpoint endpoint = to_endpoint(storage);
        endpoint.port = server.port;
        out.push_back(endpoint);
    }
    return out;
}

/// A connection, plain or TLS behind one face.
class Link {
  public:
    virtual ~Link() = default;
    [[nodiscard]] virtual Task<Result<std::size_t>> read_some(std::span<char> into) = 0;
    [[nodiscard]] virtual Task<Result<void>> write(const Parts& parts) = 0;
    virtual void cancel() = 0;
};

template <class Stream>
class LinkOver final : public Link {
  public:
    explicit LinkOver(Stream stream) : stream_(std::move(stream)) {}
    Task<Result<std::size_t>> read_some(std::span<char> into) override { co_return co_await stream_.read_some(into); }
    Task<Result<void>> write(const Parts& parts) override {
        Deadline unlimited;  // the request's patience limits it
        if (!CO_TRY(stream_.write_now(parts))) CO_TRY(co_await stream_.flush(unlimited, Nanoseconds::zero()));
        co_return Result<void>{};
    }
    void cancel() override { stream_.cancel(); }

  private:
    Stream stream_;
};

bool may_repeat(Method method) {
    return method != Method::post && method != Method::patch;
}

ErrorCode code_of(int status) {
    switch (status) {
        case 401: return ErrorCode::unauthenticated;
        case 403: return ErrorCode::forbidden;
        case 404: return ErrorCode::not_found;
        default: return status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid;
    }
}

bool ends_field(char c) {
    return c == '\r' || c == '\n' || c == '\0';
}

class Client final : public HttpClient {
  public:
    Client(EventLoop& loop, ServerName server, std::optional<TlsContext> tls)
        : loop_(loop), server_(std::move(server)), tls_(std::move(tls)), timer_(loop.impl().io) {}
    ~Client() override { alarm_->client = nullptr; }

    Task<Result<ClientResponse>> send(ClientRequest request) override {
        const std::string head = CO_TRY(write_request(request));
        start(request.patience);
        for (;;) {
            const bool reused = link_ != nullptr && !busy_ && !is_stale();
            Result<void> done = co_await exchange(head, request, reused);
            if (done) break;
            const bool again = reused && !heard_ && !alarm_->passed && may_repeat(request.method);
            drop();
            if (!again) {
                finish();
                co_return std::unexpected(tell(std::move(done.error()), request.patience));
            }
        }
        finish();
        ClientResponse response{parser_->status(), std::move(parser_->headers()), std::move(parser_->body())};
        if (!parser_->keep_alive()) drop();
        co_return response;
    }

    Task<Result<void>> receive(ClientRequest request, Nanoseconds stall, ResponseReceiver& sink) override {
        const std::string head = CO_TRY(write_request(request));
        const std::int64_t end = coarse_now() + std::chrono::ceil<std::chrono::milliseconds>(request.patience).count();
        for (;;) {
            const bool reused = link_ != nullptr && !busy_ && !is_stale();
            Result<void> done = co_await receive_once(head, request, reused, stall, end, sink);
            if (done) break;
            const bool again = reused && !heard_ && !alarm_->passed && may_repeat(request.method);
            const bool late = coarse_now() >= end;
            drop();
            if (!again) {
                finish();
                co_return std::unexpected(tell(std::move(done.error()), late ? request.patience : stall));
            }
        }
        finish();
        const bool kept = parser_->keep_alive();
        parser_.reset();  // its stream names the sink
        if (!kept) drop();
        co_return Result<void>{};
    }

    Task<Result<void>> stream(ClientRequest request,
                              std::function<bool(std::string_view event, std::string_view data)> on_event) override {
        if (request.headers.find("Accept") == nullptr) request.headers.add("Accept", "text/event-stream");
        const std::string head = CO_TRY(write_request(request));
        start(request.patience);
        drop();
        Result<void> done = co_await open_stream(head, request);
        if (done) {
            finish();  // patience was for the beginning; keep-alive probes watch over the rest
            done = co_await read_events(std::move(on_event));
        }
        finish();
        drop();
        if (!done) co_return std::unexpected(tell(std::move(done.error()), request.patience));
        co_return Result<void>{};
    }

  private:
    /// Shared with the timer's handler, which may come after the client.
    struct Alarm {
        Client* client;
        std::uint64_t turn = 0;
        bool passed = false;
    };

    void start(Nanoseconds patience) {
        alarm_->passed = false;
        timer_.expires_after(patience);
        timer_.async_wait([alarm = alarm_, turn = ++alarm_->turn](const boost::system::error_code& code) {
            if (code || alarm->client == nullptr || alarm->turn != turn) return;
            alarm->passed = true;
            if (alarm->client->link_) alarm->client->link_->cancel();
            if (alarm->client->connecting_ != nullptr) alarm->client->connecting_->cancel();
        });
    }
    void finish() {
        ++alarm_->turn;
        timer_.cancel();
    }
    void drop() {
        link_.reset();
        busy_ = false;
        begin_ = end_ = 0;
    }

    /// The server has closed the kept connection, or says what nobody asked for.
    [[nodiscard]] bool is_stale() const {
        char octet = 0;
        return begin_ != end_ || ::recv(fd_, &octet, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
    }

    [[nodiscard]] Error tell(Error error, Nanoseconds patience) const {
        if (alarm_->passed) {
            error = {ErrorCode::timeout,
                     fmt::format("{} did not answer within {}", server_.text(), format_duration(patience))};
            error.hint = "check that the server is up and not overloaded";
        } else if (error.where.empty()) {
            error.where = server_.text();
        }
        return error;
    }

    [[nodiscard]] Result<std::string> write_request(const ClientRequest& request) const {
        if (!request.target.starts_with('/') ||
            request.target.find_first_of(std::string_view(" \r\n\0", 4)) != std::string::npos)
            return fail(ErrorCode::invalid,
                        "a request's target starts with a slash and holds neither space nor line end", request.target);
        std::string out =
            fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", name_of(request.method), request.target, server_.text());
        for (const auto& [name, value] : request.headers.list()) {
            if (std::ranges::any_of(name, ends_field) || std::ranges::any_of(value, ends_field))
                return fail(ErrorCode::invalid, "a header field holds a line end", name);
            out.append(name).append(": ").append(value).append("\r\n");
        }
        const bool has_body = !request.body.empty() || request.method == Method::post ||
                              request.method == Method::put || request.method == Method::patch;
        if (has_body) out += fmt::format("Content-Length: {}\r\n", request.body.size());
        out += "\r\n";
        return out;
    }

    Task<Result<void>> exchange(const std::string& head, const ClientRequest& request, bool reused) {
        if (!reused) CO_TRY(co_await connect());
        heard_ = false;
        busy_ = true;
        parser_.emplace(request.max_body_octets);
        parser_->reset(request.method == Method::head);
        // A server that refuses may answer, and close, before it has read the whole request.
        const Result<void> sent = co_await link_->write({head, request.body});
        if (!sent && sent.error().code == ErrorCode::cancelled) co_return sent;
        while (!parser_->complete()) {
            Result<bool> more = co_await read_more();
            if (!sent && (!more || !*more)) co_return sent;
            if (!CO_TRY(std::move(more))) break;
        }
        if (!sent) drop();
        busy_ = false;
        co_return Result<void>{};
    }

    Task<Result<void>> receive_once(const std::string& head, const ClientRequest& request, bool reused,
                                    Nanoseconds stall, std::int64_t end, ResponseReceiver& sink) {
        const auto rearm = [&] {
            start(
                std::min<Nanoseconds>(stall, std::chrono::milliseconds(std::max<std::int64_t>(0, end - coarse_now()))));
        };
        rearm();
        if (!reused) CO_TRY(co_await connect());
        heard_ = false;
        busy_ = true;
        Result<void> taken;
        bool told = false;
        std::size_t octets = 0;
        const auto tell_head = [&] {
            if (!std::exchange(told, true)) taken = sink.on_head(parser_->status(), parser_->headers());
        };
        parser_.emplace(request.max_body_octets);
        parser_->reset(request.method == Method::head);
        parser_->stream_to([&](std::string_view piece) {
            tell_head();
            octets += piece.size();
            if (taken && octets > request.max_body_octets)
                taken = fail(ErrorCode::too_large,
                             fmt::format("the answer is more than {} octets long", request.max_body_octets));
            if (taken) taken = sink.on_octets(piece);
        });
        CO_TRY(co_await link_->write({head, request.body}));
        while (!parser_->complete()) {
            const bool more = CO_TRY(co_await read_more());
            if (parser_->header_complete() && parser_->status() / 100 != 1) tell_head();
            if (!taken) co_return taken;
            if (!more) break;
            rearm();
        }
        tell_head();
        busy_ = false;
        co_return taken;
    }

    /// Gives the parser what comes; false when the response is whole by the connection's end.
    Task<Result<bool>> read_more() {
        if (begin_ == end_) begin_ = end_ = 0;
        if (buffer_.size() < kReadStep) buffer_.resize(kReadStep);
        if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
        const std::size_t count = CO_TRY(co_await link_->read_some({buffer_.data() + end_, buffer_.size() - end_}));
        if (count == 0) {
            CO_TRY(parser_->end());
            co_return false;
        }
        heard_ = true;
        end_ += count;
        begin_ += CO_TRY(parser_->feed({buffer_.data() + begin_, end_ - begin_}));
        if (begin_ > 0) {
            std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                      buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
            end_ -= begin_;
            begin_ = 0;
        }
        co_return true;
    }

    Task<Result<void>> open_stream(const std::string& head, const ClientRequest& request) {
        CO_TRY(co_await connect());
        parser_.emplace(request.max_body_octets);
        busy_ = true;
        events_.clear();
        CO_TRY(co_await link_->write({head, request.body}));
        parser_->stream_to([this](std::string_view octets) { events_.append(octets); });
        while (!parser_->header_complete())
            if (!CO_TRY(co_await read_more())) break;
        if (parser_->status() == 200) co_return Result<void>{};
        while (!parser_->complete())
            if (!CO_TRY(co_await read_more())) break;
        co_return fail(code_of(parser_->status()),
                       fmt::format("the server answered {}: {}", parser_->status(), events_.substr(0, 500)));
    }

    Task<Result<void>> read_events(EventReader::OnEvent on_event) {
        EventReader reader(kMaxEvent, std::move(on_event));
        for (bool more = true; more;) {
            if (!CO_TRY(reader.feed(std::exchange(events_, {})))) co_return Result<void>{};
            more = !parser_->complete() && CO_TRY(co_await read_more());
        }
        if (!CO_TRY(reader.feed(std::exchange(events_, {})))) co_return Result<void>{};
        co_return fail(ErrorCode::unavailable, "the server has ended the stream");
    }

    Task<Result<void>> connect() {
        drop();
        const std::vector<Endpoint> addresses =
            CO_TRY(co_await loop_.blocking([server = server_] { return resolve(server); }));
        Error last{ErrorCode::unavailable, "there is no address"};
        for (const Endpoint& address : addresses) {
            if (alarm_->passed) co_return fail(ErrorCode::timeout, "no time is left");
            Result<void> connected = co_await connect_to(address);
            if (connected) co_return connected;
            last = std::move(connected.error());
        }
        co_return std::unexpected(std::move(last));
    }

    [[nodiscard]] std::unexpected<Error> unreachable(int number) const {
        return fail(
            ErrorCode::unavailable, fmt::format("cannot reach {}: {}", server_.text(), std::strerror(number)),
            server_.text(),
            number == ECONNREFUSED ? "is the server running there?" : "check the address and the network between");
    }

    Task<Result<void>> connect_to(Endpoint address) {
        const SocketAddress where = to_socket_address(address);
        Descriptor socket(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!socket.is_open()) co_return fail_errno(errno, "open a TCP socket");
        const int on = 1;
        const int idle_seconds = 20;
        const int interval_seconds = 5;
        const int probes = 4;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_KEEPINTVL, &interval_seconds, sizeof interval_seconds);
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
        const int fd = socket.get();
        if (::connect(fd, where.get(), where.length) != 0 && errno != EINPROGRESS) co_return unreachable(errno);
        PlainStream stream(loop_.impl(), std::move(socket));
        {
            const Connecting connecting(*this, stream.channel());
            CO_TRY(co_await stream.channel().writable());
        }
        int number = 0;
        socklen_t length = sizeof number;
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length);
        if (number != 0) co_return unreachable(number);
        fd_ = fd;
        if (!tls_) {
            link_ = std::make_unique<LinkOver<PlainStream>>(std::move(stream));
            co_return Result<void>{};
        }
        TlsStream secure = CO_TRY(TlsStream::connect(*tls_, std::move(stream), server_.host));
        {
            const Connecting connecting(*this, secure);
            Deadline unlimited;
            CO_TRY(co_await secure.handshake(unlimited, Nanoseconds::zero()));
        }
        link_ = std::make_unique<LinkOver<TlsStream>>(std::move(secure));
        co_return Result<void>{};
    }

    /// While it lives, the alarm cancels what is being connected.
    class Connecting {
      public:
        template <class Stream>
        Connecting(Client& client, Stream& stream) : client_(client), cancel_([&stream] { stream.cancel(); }) {
            client_.connecting_ = this;
        }
        Connecting(const Connecting&) = delete;
        Connecting& operator=(const Connecting&) = delete;
        ~Connecting() { client_.connecting_ = nullptr; }
        void cancel() { cancel_(); }

      private:
        Client& client_;
        std::function<void()> cancel_;
    };

    EventLoop& loop_;
    ServerName server_;
    std::optional<TlsContext> tls_;
    Timer timer_;
    std::shared_ptr<Alarm> alarm_ = std::make_shared<Alarm>(this);
    Connecting* connecting_ = nullptr;
    std::unique_ptr<Link> link_;
    int fd_ = -1;         // the link's
    bool busy_ = false;   // a request is under way, or was given up
    bool heard_ = false;  // the server has begun to answer
    std::optional<ResponseParser> parser_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string events_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::create(EventLoop& loop, std::string_view base,
                                                       std::optional<TlsContext> tls) {
    ServerName server = TRY(parse_base(base));
    if (server.tls && !tls) return fail(ErrorCode::invalid, "https needs an authority to trust", std::string(base));
    if (!server.tls) tls.reset();
    return std::make_unique<Client>(loop, std::move(server), std::move(tls));
}

Result<ClientResponse> send_and_wait(EventLoop& loop, HttpClient& client, ClientRequest request) {
    Result<ClientResponse> out = fail(ErrorCode::cancelled, "the request was given up");
    const auto task = [](EventLoop& on, HttpClient& through, ClientRequest what,
                         Result<ClientResponse>& to) -> Task<void> {
        to = co_await through.send(std::move(what));
        on.stop();
    };
    loop.spawn(task(loop, client, std::move(request), out));
    loop.run();
    return out;
}

Result<ClientResponse> fetch(std::string_view base, ClientRequest request, std::optional<TlsContext> tls) {
    EventLoop loop;
    const std::unique_ptr<HttpClient> client = TRY(HttpClient::create(loop, base, std::move(tls)));
    return send_and_wait(loop, *client, std::move(request));
}

}  // namespace quipu::net
