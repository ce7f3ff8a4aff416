#include "services/rpki/transport/download.h"

#include <fmt/format.h>

#include "services/rpki/transport/origin.h"

namespace quipu::rpki {
namespace {

constexpr int kRedirections = 3;

bool is_redirection(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Task<void> receive_on(net::EventLoop& loop, net::HttpClient& client, net::ClientRequest request, Nanoseconds stall,
                      net::ResponseReceiver& sink, Result<void>& out) {
    out = co_await client.receive(std::move(request), stall, sink);
    loop.stop();
}

}  // namespace

void Cancellation::cancel() {
    loops_.with([this](std::set<net::EventLoop*>& loops) {
        cancelled_ = true;
        for (net::EventLoop* loop : loops)
            loop->stop();
    });
}

Cancellation::Running::Running(Cancellation& owner, net::EventLoop& loop) : owner_(owner), loop_(loop) {
    owner_.loops_.with([&](auto& loops) { loops.insert(&loop_); });
}

Cancellation::Running::~Running() {
    owner_.loops_.with([&](auto& loops) { loops.erase(&loop_); });
}

/// Unpacks what comes, if it is the file; other answers are looked at by their head alone.
class Downloads::Sink final : public net::ResponseReceiver {
  public:
    Sink(const Wanted& wanted, const TransportSettings& settings, const OctetSink& sink)
        : wanted_(wanted), settings_(settings), sink_(sink) {}

    Result<void> on_head(int code, const net::Headers& headers) override {
        status = code;
        location = headers.get("Location");
        answer.etag = headers.get("ETag");
        answer.last_modified = headers.get("Last-Modified");
        const std::string_view coding = headers.get("Content-Encoding");
        if (code != 200 || coding.empty() || coding == "identity") return {};
        if (coding != "gzip" && coding != "x-gzip")
            return fail(ErrorCode::invalid, "is packed in a way that was not asked for", std::string(coding));
        gzip_ = std::make_unique<GzipReader>(
            GzipReader::Limits{wanted_.octets, static_cast<std::uint64_t>(settings_.max_inflation)}, sink_);
        return {};
    }
    Result<void> on_octets(std::string_view octets) override {
        received += octets.size();
        if (status != 200) {
            if (received > kOther) return fail(ErrorCode::too_large, fmt::format("the server answered {}", status));
            return {};
        }
        if (gzip_) return gzip_->feed(as_bytes(octets));
        if (received > wanted_.octets)
            return fail(ErrorCode::too_large, fmt::format("is more than {} octets long", wanted_.octets));
        return sink_(as_bytes(octets));
    }
    [[nodiscard]] Result<void> finish() const { return gzip_ ? gzip_->finish() : Result<void>{}; }

    int status = 0;
    std::string location;
    FileAnswer answer;
    std::uint64_t received = 0;

  private:
    static constexpr std::uint64_t kOther = 65'536;
    const Wanted& wanted_;
    const TransportSettings& settings_;
    const OctetSink& sink_;
    std::unique_ptr<GzipReader> gzip_;
};

Result<std::unique_ptr<Downloads>> Downloads::create(std::string_view origin, const net::TlsContext& tls,
                                                     const TransportSettings& settings, std::string agent,
                                                     Cancellation& cancellation) {
    std::unique_ptr<Downloads> out(new Downloads(settings, std::move(agent), cancellation));
    out->client_ = TRY(net::HttpClient::create(out->loop_, origin, tls));
    return out;
}

Result<FileAnswer> Downloads::get(const Wanted& wanted, const OctetSink& sink) {
    std::string address = wanted.address;
    for (int turn = 0; turn <= kRedirections; ++turn) {
        net::ClientRequest request;
        request.target = split_address(address).second;
        request.headers.add("User-Agent", agent_);
        request.headers.add("Accept-Encoding", "gzip");
        if (!wanted.etag.empty()) request.headers.add("If-None-Match", wanted.etag);
        if (!wanted.last_modified.empty()) request.headers.add("If-Modified-Since", wanted.last_modified);
        request.patience = settings_.file_time;
        request.max_body_octets = wanted.octets;
        Sink body(wanted, settings_, sink);
        Result<void> done = fail(ErrorCode::cancelled, "the fetch was given up");
        {
            const Cancellation::Running running(cancellation_, loop_);
            if (!cancellation_.cancelled()) {
                loop_.spawn(receive_on(loop_, *client_, std::move(request), settings_.stall_time, body, done));
                loop_.run();
            }
        }
        octets_ += body.received;
        if (done && body.status == 200) done = body.finish();
        if (!done) {
            Error& error = done.error();
            if (error.where.empty()) error.where = address;
            if (error.code == ErrorCode::too_large && error.hint.empty() && !wanted.limit.empty())
                error.hint = fmt::format("{} is the bound", wanted.limit);
            return std::unexpected(std::move(done.error()));
        }
        if (body.status == 200) return std::move(body.answer);
        if (body.status == 304 && (!wanted.etag.empty() || !wanted.last_modified.empty())) {
            body.answer.modified = false;
            return std::move(body.answer);
        }
        if (!is_redirection(body.status))
            return fail(body.status >= 500 ? ErrorCode::unavailable : ErrorCode::not_found,
                        fmt::format("the server answered {}", body.status), address);
        std::string next = body.location.starts_with('/') && !body.location.starts_with("//")
                               ? std::string(split_address(address).first) + body.location
                               : body.location;
        if (!is_same_origin(next, wanted.address))
            return fail(ErrorCode::invalid, "redirects to another origin: " + body.location.substr(0, 200), address);
        address = std::move(next);
    }
    return fail(ErrorCode::invalid, "redirects again and again", wanted.address);
}

}  // namespace quipu::rpki
