#include "net/http_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <optional>

#include "net/ascii.h"

namespace quipu::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

constexpr std::size_t kFieldLimit = 100;
constexpr std::size_t kReserve = 1024 * 1024;

std::string_view view(BeastView text) {
    return {text.data(), text.size()};
}

std::optional<Method> method_of(http::verb verb) {
    switch (verb) {
        case http::verb::get: return Method::get;
        case http::verb::head: return Method::head;
        case http::verb::post: return Method::post;
        case http::verb::put: return Method::put;
        case http::verb::patch: return Method::patch;
        case http::verb::delete_: return Method::delete_;
        case http::verb::options: return Method::options;
        default: return std::nullopt;
    }
}

HttpFault fault_of(const error_code& code) {
    if (code == http::error::body_limit) return {413, "the body is longer than this server takes"};
    if (code == http::error::header_limit) return {431, "the header is longer than this server takes"};
    if (code == http::error::bad_version) return {505, "the request line does not end in HTTP/1.0 or HTTP/1.1"};
    if (code == http::error::bad_method) return {400, "the method is not a token"};
    if (code == http::error::bad_target) return {400, "the request target holds an octet that must be percent-encoded"};
    if (code == http::error::bad_field) return {400, "a header field's name is malformed"};
    if (code == http::error::bad_value) return {400, "a header field's value is malformed"};
    if (code == http::error::bad_content_length) return {400, "the Content-Length is malformed"};
    if (code == http::error::multiple_content_length) return {400, "there are two different Content-Lengths"};
    if (code == http::error::bad_transfer_encoding) return {400, "both Content-Length and Transfer-Encoding are given"};
    if (code == http::error::bad_chunk) return {400, "a chunk's size is malformed"};
    if (code == http::error::bad_chunk_extension) return {400, "a chunk's extension is malformed"};
    return {400, "the request is malformed"};
}

/// The callbacks of Beast's parser, in the form that both directions share.
template <bool IsRequest>
class Sink : public http::basic_parser<IsRequest> {
  public:
    Headers headers;
    std::string body;
    bool in_trailer = false;

  protected:
    void on_chunk_header_impl(std::uint64_t /*size*/, BeastView /*extension*/, error_code& /*code*/) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& /*code*/) override {
        if (length) body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, kReserve)));
    }
    std::size_t on_body_impl(BeastView octets, error_code& code) override {
        take(view(octets), code);
        return octets.size();
    }
    std::size_t on_chunk_body_impl(std::uint64_t /*left*/, BeastView octets, error_code& code) override {
        take(view(octets), code);
        return octets.size();
    }
    void on_header_impl(error_code& /*code*/) override { in_trailer = true; }
    void on_finish_impl(error_code& /*code*/) override {}
    virtual void take(std::string_view octets, error_code& /*code*/) { body.append(octets); }
};

class RequestSink final : public Sink<true> {
  public:
    HttpRequest request;
    std::optional<HttpFault> fault;
    bool http_1_1 = false;
    bool wants_continue = false;

  protected:
    void on_request_impl(http::verb verb, BeastView /*name*/, BeastView target, int version,
                         error_code& code) override {
        http_1_1 = version == 11;
        const auto method = method_of(verb);
        if (!method) return refuse(501, "this server does not know the method", code);
        request.method = *method;
        request.target.assign(target.data(), target.size());
        if (const auto read = read_target(request); !read) refuse(read.error().status, read.error().what, code);
    }
    void on_response_impl(int /*status*/, BeastView /*reason*/, int /*version*/, error_code& /*code*/) override {}

    void on_field_impl(http::field field, BeastView name, BeastView raw, error_code& code) override {
        if (in_trailer) return;  // RFC 9110 §6.5.1: a recipient may discard trailer fields
        const std::string_view value = view(raw);
        switch (field) {
            case http::field::host: ++hosts_; break;
            case http::field::content_length:
                if (value.find(',') != std::string_view::npos || has_length_)
                    return refuse(400, "there are two Content-Lengths", code);
                has_length_ = true;
                break;
            case http::field::transfer_encoding:
                // RFC 9112 §6.1: what a server does not understand must not be guessed at, nor be framed by a 1.0
                // client.
                if (!equal_ignoring_case(value, "chunked"))
                    return refuse(501, "this server knows no transfer coding but chunked", code);
                if (!http_1_1) return refuse(400, "HTTP/1.0 has no Transfer-Encoding", code);
                break;
            case http::field::expect:
                if (!equal_ignoring_case(value, "100-continue"))
                    return refuse(417, "this server meets no expectation but 100-continue", code);
                wants_continue = http_1_1;
                break;
            default: break;
        }
        if (request.headers.list().size() >= kFieldLimit)
            return refuse(431, "there are more than 100 header fields", code);
        request.headers.add(std::string(view(name)), std::string(value));
    }

    void on_header_impl(error_code& code) override {
        in_trailer = true;
        // RFC 9112 §3.2
        if (hosts_ > 1) return refuse(400, "there are two Host fields", code);
        if (hosts_ == 0 && http_1_1) refuse(400, "the Host field is missing", code);
    }

  private:
    void refuse(int status, std::string_view what, error_code& code) {
        fault = HttpFault{status, what};
        code = http::error::bad_value;
    }

    int hosts_ = 0;
    bool has_length_ = false;
};

class ResponseSink final : public Sink<false> {
  public:
    int status = 0;
    std::move_only_function<void(std::string_view)>* stream = nullptr;

  protected:
    void on_request_impl(http::verb /*verb*/, BeastView /*name*/, BeastView /*target*/, int /*version*/,
                         error_code& /*code*/) override {}
    void on_response_impl(int number, BeastView /*reason*/, int /*version*/, error_code& /*code*/) override {
        status = number;
    }
    void on_field_impl(http::field /*field*/, BeastView name, BeastView value, error_code& /*code*/) override {
        if (!in_trailer) headers.add(std::string(view(name)), std::string(view(value)));
    }
    void take(std::string_view octets, error_code& /*code*/) override {
        if (stream != nullptr && *stream)
            (*stream)(octets);
        else
            body.append(octets);
    }
};

/// RFC 9112 §2.2: empty lines before a message are passed over.
std::size_t empty_lines(std::string_view octets) {
    std::size_t count = 0;
    while (octets.substr(count).starts_with("\r\n"))
        count += 2;
    return count;
}

bool is_absolute(std::string_view target) {
    return target.starts_with("http://") || target.starts_with("https://");
}

}  // namespace

std::expected<void, HttpFault> read_target(HttpRequest& request) {
    std::string_view target = request.target;
    if (target == "*" && request.method == Method::options) {
        request.path = "*";
        return {};
    }
    if (is_absolute(target)) {  // RFC 9112 §3.2.2
        const std::size_t slash = target.find('/', target.find("//") + 2);
        target = slash == std::string_view::npos ? "/" : target.substr(slash);
    }
    if (!target.starts_with('/')) return std::unexpected(HttpFault{400, "the request target is not a path"});
    target = target.substr(0, target.find('#'));
    std::string_view path = take_until(target, '?');

    Result<std::string> decoded = percent_decode(path, false);
    if (!decoded) return std::unexpected(HttpFault{400, "the path's percent-encoding is malformed"});
    if (decoded->find('\0') != std::string::npos) return std::unexpected(HttpFault{400, "the path holds a zero octet"});
    const bool plain = decoded->find("//") == std::string::npos && decoded->find("/.") == std::string::npos;
    if (plain) {
        request.path = std::move(*decoded);
    } else {
        request.path.clear();
        for (std::string_view rest = std::string_view(*decoded).substr(1); !rest.empty();) {
            const std::string_view segment = take_until(rest, '/');
            if (segment == "..") return std::unexpected(HttpFault{400, "the path climbs out with \"..\""});
            if (!segment.empty() && segment != ".") request.path.append("/").append(segment);
        }
        if (request.path.empty() || decoded->ends_with('/')) request.path += '/';
    }
    while (!target.empty()) {
        std::string_view pair = take_until(target, '&');
        if (pair.empty()) continue;
        const std::string_view key = take_until(pair, '=');
        Result<std::string> name = percent_decode(key, true);
        Result<std::string> value = percent_decode(pair, true);
        if (!name || !value) return std::unexpected(HttpFault{400, "the query's percent-encoding is malformed"});
        request.query.emplace_back(std::move(*name), std::move(*value));
    }
    return {};
}

struct RequestParser::Impl {
    std::size_t header_octets;
    std::size_t body_octets;
    std::size_t header_used = 0;
    std::optional<RequestSink> sink;
};

RequestParser::RequestParser(std::size_t header_octets, std::size_t body_octets)
    : impl_(std::make_unique<Impl>(header_octets, body_octets)) {
    reset();
}
RequestParser::~RequestParser() = default;

void RequestParser::reset() {
    auto& sink = impl_->sink.emplace();
    sink.eager(true);
    sink.header_limit(static_cast<std::uint32_t>(impl_->header_octets));
    sink.body_limit(impl_->body_octets);
    impl_->header_used = 0;
}

std::expected<std::size_t, HttpFault> RequestParser::feed(std::string_view octets) {
    RequestSink& sink = *impl_->sink;
    const std::size_t skipped = sink.got_some() ? 0 : empty_lines(octets);
    octets.remove_prefix(skipped);
    if (octets.empty() || octets == "\r") return skipped;
    const bool in_header = !sink.is_header_done();
    error_code code;
    const std::size_t taken = sink.put({octets.data(), octets.size()}, code);
    if (sink.fault) return std::unexpected(*sink.fault);
    if (code && code != http::error::need_more) return std::unexpected(fault_of(code));
    if (in_header && !sink.is_header_done()) {
        // Beast's own limit is for what it is offered at once.
        impl_->header_used += taken;
        if (impl_->header_used + octets.size() - taken > impl_->header_octets)
            return std::unexpected(HttpFault{431, "the header is longer than this server takes"});
    } else if (!sink.is_done() && octets.size() - taken > impl_->header_octets) {
        return std::unexpected(HttpFault{400, "a chunk's header is longer than this server takes"});
    }
    if (sink.is_done()) sink.request.body = std::move(sink.body);
    return skipped + taken;
}

bool RequestParser::started() const {
    return impl_->sink->got_some();
}
bool RequestParser::header_complete() const {
    return impl_->sink->is_header_done();
}
bool RequestParser::complete() const {
    return impl_->sink->is_done();
}
bool RequestParser::keep_alive() const {
    return impl_->sink->keep_alive();
}
bool RequestParser::is_http_1_0() const {
    return !impl_->sink->http_1_1;
}
bool RequestParser::expects_continue() const {
    return impl_->sink->wants_continue;
}
HttpRequest& RequestParser::request() {
    return impl_->sink->request;
}

struct ResponseParser::Impl {
    std::size_t body_octets;
    bool to_head = false;
    std::move_only_function<void(std::string_view)> stream;
    std::optional<ResponseSink> sink;
};

ResponseParser::ResponseParser(std::size_t body_octets) : impl_(std::make_unique<Impl>(body_octets)) {
    reset(false);
}
ResponseParser::~ResponseParser() = default;

void ResponseParser::reset(bool to_head) {
    impl_->to_head = to_head;
    auto& sink = impl_->sink.emplace();
    sink.stream = &impl_->stream;
    sink.eager(true);
    sink.skip(to_head);
    sink.header_limit(64 * 1024);
    if (impl_->stream || impl_->body_octets == 0)
        sink.body_limit(boost::none);
    else
        sink.body_limit(impl_->body_octets);
}

void ResponseParser::stream_to(std::move_only_function<void(std::string_view)> sink) {
    impl_->stream = std::move(sink);
    reset(impl_->to_head);
}

Result<std::size_t> ResponseParser::feed(std::string_view octets) {
    std::size_t total = 0;
    while (total < octets.size() && !complete()) {
        const std::string_view rest = octets.substr(total);
        error_code code;
        const std::size_t taken = impl_->sink->put({rest.data(), rest.size()}, code);
        total += taken;
        if (code == http::error::body_limit) return fail(ErrorCode::too_large, "the answer's body is over the limit");
        if (code && code != http::error::need_more)
            return fail(ErrorCode::corrupt, "the answer is not HTTP: " + code.message());
        if (complete() && status() / 100 == 1 && status() != 101) {
            reset(impl_->to_head);
        } else if (code == http::error::need_more || taken == 0) {
            break;
        }
    }
    return total;
}

Result<void> ResponseParser::end() {
    if (complete()) return {};
    error_code code;
    if (impl_->sink->got_some()) impl_->sink->put_eof(code);
    if (code || !complete())
        return fail(ErrorCode::unavailable, "the connection was closed before the answer was whole");
    return {};
}

bool ResponseParser::header_complete() const {
    return impl_->sink->is_header_done();
}
bool ResponseParser::complete() const {
    return impl_->sink->is_done();
}
bool ResponseParser::keep_alive() const {
    return impl_->sink->keep_alive();
}
int ResponseParser::status() const {
    return impl_->sink->status;
}
Headers& ResponseParser::headers() {
    return impl_->sink->headers;
}
std::string& ResponseParser::body() {
    return impl_->sink->body;
}

}  // namespace quipu::net
