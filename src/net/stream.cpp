#include "net/stream.h"

#include <cerrno>
#include <sys/socket.h>
#include <time.h>

namespace quipu::net {
namespace {

std::unexpected<Error> stream_failed(const boost::system::error_code& code, std::string_view what) {
    if (code == asio::error::operation_aborted) return fail(ErrorCode::cancelled, "the wait was cancelled");
    return fail_errno(code.value(), what);
}

}  // namespace

std::int64_t coarse_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void Deadline::set(Nanoseconds patience) {
    at = coarse_now() + std::chrono::ceil<std::chrono::milliseconds>(patience).count();
    passed = false;
}

Channel::Channel(EventLoop::Impl& loop, net::Descriptor fd) : fd_(fd.get()), state_(std::make_shared<State>(loop)) {
    state_->descriptor.assign(fd.release());
    state_->descriptor.non_blocking(true);
}

Channel::~Channel() {
    if (!state_) return;
    state_->reader.handle = {};
    state_->writer.handle = {};
    boost::system::error_code ignored;
    state_->descriptor.close(ignored);
}

void Channel::cancel() {
    boost::system::error_code ignored;
    state_->descriptor.cancel(ignored);
}

void Channel::Read::await_suspend(std::coroutine_handle<> handle) {
    state_.reader.handle = handle;
    state_.descriptor.async_read_some(
        asio::buffer(into_.data(), into_.size()),
        [state = state_.shared_from_this()](const boost::system::error_code& code, std::size_t count) {
            state->read_code = code;
            state->count = count;
            state->reader.wake();
        });
}

Result<std::size_t> Channel::Read::await_resume() const {
    if (state_.read_code == asio::error::eof) return 0;
    if (state_.read_code) return stream_failed(state_.read_code, "receive");
    return state_.count;
}

void Channel::Wait::await_suspend(std::coroutine_handle<> handle) {
    (write_ ? state_.writer : state_.reader).handle = handle;
    state_.descriptor.async_wait(
        write_ ? AsioDescriptor::wait_write : AsioDescriptor::wait_read,
        [state = state_.shared_from_this(), write = write_](const boost::system::error_code& code) {
            (write ? state->write_code : state->read_code) = code;
            (write ? state->writer : state->reader).wake();
        });
}

Result<void> Channel::Wait::await_resume() const {
    const auto& code = write_ ? state_.write_code : state_.read_code;
    if (code) return stream_failed(code, "wait for a socket");
    return {};
}

Result<bool> PlainStream::write_now(const Parts& parts) {
    rest_ = parts;
    while (!rest_[0].empty() || !rest_[1].empty()) {
        std::array<iovec, 2> vectors{};
        std::size_t used = 0;
        for (const std::string_view part : rest_)
            if (!part.empty()) vectors[used++] = {const_cast<char*>(part.data()), part.size()};
        msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = used;
        const ssize_t sent = ::sendmsg(channel_.fd(), &message, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) return false;
            return fail_errno(errno, "send");
        }
        auto left = static_cast<std::size_t>(sent);
        for (std::string_view& part : rest_) {
            const std::size_t taken = std::min(left, part.size());
            part.remove_prefix(taken);
            left -= taken;
        }
    }
    return true;
}

Task<Result<void>> PlainStream::flush(Deadline& deadline, Nanoseconds patience) {
    while (!rest_[0].empty() || !rest_[1].empty()) {
        deadline.set(patience);
        CO_TRY(co_await channel_.writable());
        CO_TRY(write_now(rest_));
    }
    deadline.never();
    co_return Result<void>{};
}

void PlainStream::shutdown_write() {
    ::shutdown(channel_.fd(), SHUT_WR);
}

}  // namespace quipu::net
