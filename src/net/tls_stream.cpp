#include "net/tls_stream.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/http_connection.h"
#include "net/x509.h"

namespace quipu::net {
namespace {

constexpr std::size_t kRecord = 16 * 1024 + 512;

std::unexpected<Error> handshake_failed(SSL* session) {
    const long verified = SSL_get_verify_result(session);
    if (verified == X509_V_OK) return fail_tls(ErrorCode::unavailable, "the TLS handshake failed");
    ERR_clear_error();
    return fail(ErrorCode::unauthenticated, std::string("the other side's certificate is not accepted: ") +
                                                X509_verify_cert_error_string(verified));
}

}  // namespace

std::unexpected<Error> fail_tls(ErrorCode code, std::string_view what) {
    std::string text(what);
    if (const char* reason = ERR_reason_error_string(ERR_peek_last_error())) text.append(": ").append(reason);
    ERR_clear_error();
    return fail(code, std::move(text));
}

TlsStream::TlsStream(PlainStream stream, std::unique_ptr<SSL, Free> session)
    : plain_(std::move(stream)), session_(std::move(session)), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(session_.get(), in_, out_);
}

Result<TlsStream> TlsStream::create(const TlsContext& context, PlainStream stream) {
    std::unique_ptr<SSL, Free> session(SSL_new(context.impl().context.get()));
    if (!session) return fail_tls(ErrorCode::exhausted, "a TLS session cannot be made");
    return TlsStream(std::move(stream), std::move(session));
}

Result<TlsStream> TlsStream::accept(const TlsContext& context, PlainStream stream) {
    TlsStream out = TRY(create(context, std::move(stream)));
    SSL_set_accept_state(out.session_.get());
    return out;
}

Result<TlsStream> TlsStream::connect(const TlsContext& context, PlainStream stream, const std::string& host) {
    TlsStream out = TRY(create(context, std::move(stream)));
    SSL* const session = out.session_.get();
    SSL_set_connect_state(session);
    if (IpAddress::parse(host)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str());
    } else {
        SSL_set_tlsext_host_name(session, host.c_str());
        SSL_set1_host(session, host.c_str());
    }
    return out;
}

Task<Result<void>> TlsStream::handshake(Deadline& deadline, Nanoseconds patience) {
    deadline.set(patience);
    for (;;) {
        ERR_clear_error();
        const int done = SSL_do_handshake(session_.get());
        const int why = SSL_get_error(session_.get(), done);
        const bool failed = done != 1 && why != SSL_ERROR_WANT_READ;
        // Also after a failure: the alert tells the other side why.
        Result<bool> pushed = push();
        if (failed) co_return handshake_failed(session_.get());
        if (!CO_TRY(std::move(pushed))) {
            CO_TRY(co_await flush(deadline, patience));
            deadline.set(patience);
        }
        if (done == 1) break;
        if (!CO_TRY(co_await pull()))
            co_return fail(ErrorCode::unavailable, "the connection was closed in the TLS handshake");
    }
    deadline.never();
    co_return Result<void>{};
}

std::shared_ptr<const TlsPeer> TlsStream::peer() const {
    const X509Ptr certificate(SSL_get1_peer_certificate(session_.get()));
    if (!certificate || SSL_get_verify_result(session_.get()) != X509_V_OK) return nullptr;
    return std::make_shared<const TlsPeer>(common_name_of(certificate.get()), serial_of(certificate.get()),
                                           fingerprint_of(certificate.get()));
}

Task<Result<std::size_t>> TlsStream::read_some(std::span<char> into) {
    for (;;) {
        ERR_clear_error();
        std::size_t count = 0;
        const int done = SSL_read_ex(session_.get(), into.data(), into.size(), &count);
        if (done == 1) co_return count;
        const int why = SSL_get_error(session_.get(), done);
        if (why == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
        if (why != SSL_ERROR_WANT_READ) co_return fail_tls(ErrorCode::unavailable, "the TLS connection failed");
        Deadline unlimited;  // a key update's answer: a few octets
        if (BIO_ctrl_pending(out_) > 0 && !CO_TRY(push())) CO_TRY(co_await flush(unlimited, std::chrono::hours(1)));
        if (!CO_TRY(co_await pull())) co_return fail(ErrorCode::unavailable, "the TLS connection was cut off");
    }
}

Result<bool> TlsStream::write_now(const Parts& parts) {
    ERR_clear_error();
    for (const std::string_view part : parts) {
        std::size_t count = 0;
        if (!part.empty() && SSL_write_ex(session_.get(), part.data(), part.size(), &count) != 1)
            return fail_tls(ErrorCode::unavailable, "the TLS connection failed");
    }
    return push();
}

Task<Result<void>> TlsStream::flush(Deadline& deadline, Nanoseconds patience) {
    CO_TRY(co_await plain_.flush(deadline, patience));
    BIO_reset(out_);
    co_return Result<void>{};
}

void TlsStream::shutdown_write() {
    SSL_shutdown(session_.get());
    static_cast<void>(push());
    plain_.shutdown_write();
}

Result<bool> TlsStream::push() {
    char* octets = nullptr;
    const long count = BIO_get_mem_data(out_, &octets);
    if (count <= 0) return true;
    const bool all = TRY(plain_.write_now({std::string_view(octets, static_cast<std::size_t>(count)), {}}));
    if (all) BIO_reset(out_);
    return all;
}

Task<Result<bool>> TlsStream::pull() {
    cipher_.resize(kRecord);
    const std::size_t count = CO_TRY(co_await plain_.read_some(cipher_));
    if (count > 0) BIO_write(in_, cipher_.data(), static_cast<int>(count));
    co_return count > 0;
}

void serve_tls(const std::shared_ptr<Shard>& shard, Descriptor socket, const Endpoint& peer) {
    EventLoop::Impl& loop = shard->loop.impl();
    Result<TlsStream> stream = TlsStream::accept(*shard->shared->tls, PlainStream(loop, std::move(socket)));
    if (stream) serve_connection(loop, shard, std::move(*stream), peer);
}

}  // namespace quipu::net
