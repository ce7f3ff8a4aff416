#pragma once
// One connection of the HTTP server, over a plain or a TLS stream. For net/*.cpp only.

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>
#include <vector>

#include "base/log.h"
#include "net/file_body.h"
#include "net/http_parser.h"
#include "net/http_shard.h"
#include "net/http_writer.h"

namespace quipu::net {

inline constexpr LogEvent kHandlerThrew{LogLevel::error, "HTTP_HANDLER_THREW", "A request's handler threw an exception",
                                        "Report this line: it is a fault of the program."};

template <class Stream>
class Connection final : public ConnectionBase {
  public:
    Connection(std::shared_ptr<Shard> shard, Stream stream, const Endpoint& peer)
        : shard_(std::move(shard)),
          stream_(std::move(stream)),
          peer_(peer),
          parser_(limits().header_octets, limits().body_octets),
          buffer_(kSmallBuffer) {
        place_ = shard_->connections.insert(shard_->connections.end(), this);
        shard_->shared->open.fetch_add(1, std::memory_order_relaxed);
        shard_->connections_alive.enter();
    }
    ~Connection() override {
        shard_->connections.erase(place_);
        shard_->shared->open.fetch_sub(1, std::memory_order_relaxed);
        shard_->connections_alive.leave();
    }

    void cancel() override { stream_.cancel(); }

    /// Serves requests until one side has had enough.
    Task<void> run() {
        if constexpr (requires { stream_.handshake(deadline, limits().header_time); }) {
            if (!co_await stream_.handshake(deadline, limits().header_time)) co_return;
            tls_peer_ = stream_.peer();
        }
        do {
            parser_.reset();
            if (!co_await read_request()) co_return;
        } while (co_await answer());
        co_await close_gently();
    }

  private:
    static constexpr std::size_t kSmallBuffer = 4 * 1024;
    static constexpr std::size_t kLargeBuffer = 64 * 1024;
    static constexpr std::size_t kJoinBelow = 4 * 1024;
    static constexpr std::size_t kFileStep = 256 * 1024;

    class Events final : public EventStream {
      public:
        explicit Events(Connection& connection) : connection_(connection) {}
        Task<Result<void>> send(std::string_view event, std::string_view data, std::string_view id) override {
            std::string text;
            text.reserve(event.size() + data.size() + id.size() + 24);
            if (!id.empty()) text.append("id: ").append(id).append("\n");
            if (!event.empty()) text.append("event: ").append(event).append("\n");
            for (bool more = true; more;) {
                const std::size_t end = data.find('\n');
                more = end != std::string_view::npos;
                text.append("data: ").append(data.substr(0, end)).append("\n");
                if (more) data.remove_prefix(end + 1);
            }
            text += '\n';
            return connection_.send_event(std::move(text));
        }
        Task<Result<void>> keep_alive() override { return connection_.send_event(":\n\n"); }
        EventLoop& loop() override { return connection_.shard_->loop; }

      private:
        Connection& connection_;
    };

    [[nodiscard]] const HttpLimits& limits() const { return shard_->shared->limits; }
    [[nodiscard]] std::string_view waiting_octets() const {
        return {buffer_.data() + begin_, static_cast<std::size_t>(end_ - begin_)};
    }

    /// Reads until the parser has a whole request; false when the connection is to end, refusal already sent.
    Task<bool> read_request() {
        bool continued = false;
        enum class Phase : std::uint8_t { idle, header, body } phase = Phase::idle;
        deadline.set(limits().idle_time);
        for (;;) {
            if (begin_ != end_) {
                const auto taken = parser_.feed(waiting_octets());
                if (!taken) {
                    co_await refuse(taken.error());
                    co_return false;
                }
                begin_ += *taken;
                if (parser_.complete()) break;
            }
            if (phase == Phase::idle && (parser_.started() || begin_ != end_)) {
                phase = Phase::header;
                deadline.set(limits().header_time);
            }
            if (phase == Phase::header && parser_.header_complete()) {
                phase = Phase::body;
                deadline.set(limits().body_time);
                if (parser_.expects_continue() && begin_ == end_ && !continued) {
                    continued = true;
                    if (!co_await send({"HTTP/1.1 100 Continue\r\n\r\n", {}})) co_return false;
                    deadline.set(limits().body_time);
                }
            }
            if (phase == Phase::idle && shard_->draining) co_return false;
            make_room(phase == Phase::body);
            idle = phase == Phase::idle;
            const Result<std::size_t> count =
                co_await stream_.read_some({buffer_.data() + end_, buffer_.size() - end_});
            idle = false;
            if (!count && deadline.passed && phase != Phase::idle)
                co_await refuse({408, phase == Phase::header ? "the request's header took too long"
                                                             : "the request's body took too long"});
            if (!count || *count == 0) co_return false;
            end_ += *count;
            shard_->octets_in.add(*count);
        }
        deadline.never();
        co_return true;
    }

    void make_room(bool body) {
        if (begin_ == end_) begin_ = end_ = 0;
        if (body && buffer_.size() < kLargeBuffer) buffer_.resize(kLargeBuffer);
        if (begin_ == 0 && end_ == 0 && !body && buffer_.size() > kSmallBuffer) {
            buffer_.resize(kSmallBuffer);
            buffer_.shrink_to_fit();
        }
        if (end_ < buffer_.size()) return;
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= begin_;
        begin_ = 0;
        // What waits is at most a header that the parser has not refused yet.
        if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
    }

    /// Has the request answered; false when the connection is to end.
    Task<bool> answer() {
        HttpRequest& request = parser_.request();
        request.peer = peer_;
        request.request_id = shard_->make_request_id();
        request.tls_peer = tls_peer_;
        shard_->requests.add(1);
        std::optional<HttpResponse> response;
        try {
            response.emplace(co_await shard_->shared->handler(request));
        } catch (const std::exception& error) {
            log(kHandlerThrew, {{"what", error.what()}, {"path", request.path}, {"request_id", request.request_id}});
        }
        if (!response) response.emplace(problem_response(500, "the server failed to answer", request.request_id));
        const bool keep = parser_.keep_alive() && !shard_->draining;
        if (auto* const text = std::get_if<std::string>(&response->body))
            co_return co_await send_text(*response, *text, keep);
        if (auto* const text = std::get_if<std::shared_ptr<const std::string>>(&response->body))
            co_return co_await send_text(*response, *text ? std::string_view(**text) : std::string_view{}, keep);
        if (auto* const file = std::get_if<FileBody>(&response->body))
            co_return co_await send_file(*response, *file, keep);
        co_return co_await send_events(*response, std::get<EventBody>(response->body));
    }

    void begin_head(int status, const Headers& headers, std::optional<std::uint64_t> length, bool keep) {
        head_.clear();
        write_head(head_, status, headers,
                   {shard_->date(), parser_.request().request_id, length, !keep, keep && parser_.is_http_1_0()});
    }

    /// Sends head and text in one write.
    Task<bool> send_text(const HttpResponse& response, std::string_view text, bool keep) {
        const bool may = may_have_body(response.status);
        begin_head(response.status, response.headers, may ? std::optional<std::uint64_t>(text.size()) : std::nullopt,
                   keep);
        if (!may || parser_.request().method == Method::head) text = {};
        if (text.size() <= kJoinBelow) {
            head_.append(text);
            text = {};
        }
        co_return co_await send({head_, text}) && keep;
    }

    Task<bool> send(Parts parts) {
        shard_->octets_out.add(parts[0].size() + parts[1].size());
        const Result<bool> all = stream_.write_now(parts);
        if (!all) co_return false;
        if (*all) co_return true;
        co_return (co_await stream_.flush(deadline, limits().write_time)).has_value();
    }

    Task<bool> send_file(HttpResponse& response, FileBody& body, bool keep) {
        const HttpRequest& request = parser_.request();
        if (!body.file) {
            auto opened = OpenFile::open(AT_FDCWD, body.path);
            if (!opened) {
                const bool missing = opened.error().code == ErrorCode::not_found;
                const HttpResponse problem = missing
                                                 ? problem_response(404, "there is no such file", request.request_id)
                                                 : problem_response(500, "the file cannot be read", request.request_id);
                co_return co_await send_text(problem, std::get<std::string>(problem.body), keep);
            }
            body.file = std::move(*opened);
        }
        const FilePart part = choose_part(request, *body.file, response.status, response.headers);
        begin_head(part.status, response.headers,
                   may_have_body(part.status) ? std::optional(part.length) : std::nullopt, keep);
        if (request.method == Method::head || part.length == 0 || !may_have_body(part.status))
            co_return co_await send({head_, {}}) && keep;
        co_return co_await send_octets(body.file->fd.get(), part.offset, part.length) && keep;
    }

    /// The head, then `length` octets of a file. A file that shrinks meanwhile ends the connection.
    Task<bool> send_octets(int fd, std::uint64_t offset, std::uint64_t length) {
        if constexpr (requires { stream_.channel(); }) {
            if (length > kJoinBelow)
                co_return co_await send({head_, {}}) && co_await send_by_kernel(fd, offset, length);
        }
        std::string piece;
        while (length > 0) {
            piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(length, kLargeBuffer)));
            const ssize_t got = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(offset));
            if (got <= 0) co_return false;
            piece.resize(static_cast<std::size_t>(got));
            if (!co_await send({head_, piece})) co_return false;
            head_.clear();
            offset += piece.size();
            length -= piece.size();
        }
        co_return true;
    }

    Task<bool> send_by_kernel(int fd, std::uint64_t offset, std::uint64_t length) {
        auto at = static_cast<off_t>(offset);
        while (length > 0) {
            const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(length, kFileStep));
            const ssize_t sent = ::sendfile(stream_.channel().fd(), fd, &at, step);
            if (sent > 0) {
                length -= static_cast<std::uint64_t>(sent);
                shard_->octets_out.add(static_cast<std::uint64_t>(sent));
            } else if (sent < 0 && errno == EAGAIN) {
                deadline.set(limits().write_time);
                if (!co_await stream_.channel().writable()) co_return false;
            } else if (sent == 0 || errno != EINTR) {
                co_return false;
            }
        }
        deadline.never();
        co_return true;
    }

    /// The stream's end is the connection's end: a client reconnects by itself.
    Task<bool> send_events(HttpResponse& response, EventBody& body) {
        if (response.headers.find("Content-Type") == nullptr) response.headers.add("Content-Type", "text/event-stream");
        if (response.headers.find("Cache-Control") == nullptr) response.headers.add("Cache-Control", "no-cache");
        begin_head(response.status, response.headers, std::nullopt, false);
        if (!co_await send({head_, {}}) || parser_.request().method == Method::head) co_return false;
        Events events(*this);
        try {
            co_await body(events);
        } catch (const std::exception& error) {
            log(kHandlerThrew, {{"what", error.what()}, {"path", parser_.request().path}});
        }
        co_return false;
    }

    Task<Result<void>> send_event(std::string text) {
        if (shard_->draining) co_return fail(ErrorCode::cancelled, "the server is stopping");
        if (!co_await send({text, {}})) co_return fail(ErrorCode::unavailable, "the client has gone");
        co_return Result<void>{};
    }

    Task<void> refuse(HttpFault fault) {
        shard_->refused.add(1);
        HttpRequest& request = parser_.request();
        request.request_id = shard_->make_request_id();
        const HttpResponse response = problem_response(fault.status, fault.what, request.request_id);
        head_.clear();
        write_head(head_, fault.status, response.headers,
                   {shard_->date(), request.request_id, std::get<std::string>(response.body).size(), true, false});
        head_.append(std::get<std::string>(response.body));
        if (co_await send({head_, {}})) co_await close_gently();
    }

    /// Tells the end and reads on a little: a close with octets unread would reset the connection and the client might
    /// never see the answer (RFC 9112 §9.6).
    Task<void> close_gently() {
        constexpr std::size_t patience_octets = 1024 * 1024;
        if (shard_->draining) co_return;
        stream_.shutdown_write();
        deadline.set(std::min<Nanoseconds>(limits().write_time, std::chrono::seconds(2)));
        idle = true;
        for (std::size_t total = 0; total < patience_octets;) {
            const Result<std::size_t> count = co_await stream_.read_some(buffer_);
            if (!count || *count == 0) co_return;
            total += *count;
        }
    }

    std::shared_ptr<Shard> shard_;
    Stream stream_;
    Endpoint peer_;
    RequestParser parser_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string head_;
    std::shared_ptr<const TlsPeer> tls_peer_;
    std::list<ConnectionBase*>::iterator place_;
};

template <class Stream>
Root serve_connection(EventLoop::Impl& /*loop*/, std::shared_ptr<Shard> shard, Stream stream, Endpoint peer) {
    Connection<Stream> connection(std::move(shard), std::move(stream), peer);
    connection.root = co_await SelfHandle{};
    co_await connection.run();
}

}  // namespace quipu::net
