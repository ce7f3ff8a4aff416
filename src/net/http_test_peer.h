#pragma once
// For tests: the other end of an HTTP connection, as plain as a socket.

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "net/socket.h"

namespace quipu::net {

class RawPeer {
  public:
    explicit RawPeer(const Endpoint& server)
        : socket_(::socket(server.address.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM, 0)) {
        const SocketAddress where = to_socket_address(server);
        EXPECT_EQ(::connect(socket_.get(), where.get(), where.length), 0);
        const timeval patience{20, 0};  // so that a fault of the server ends the test
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }

    void send(std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void finish() { ::shutdown(socket_.get(), SHUT_WR); }
    void close() { socket_.reset(-1); }
    [[nodiscard]] int fd() const { return socket_.get(); }

    /// Up to and with `mark`; all there is when the server closes before.
    std::string read_until(std::string_view mark) {
        for (;;) {
            const std::size_t at = waiting_.find(mark);
            if (at != std::string::npos) return take(at + mark.size());
            if (!more()) return take(waiting_.size());
        }
    }
    /// One response with Content-Length: head and body.
    std::string read_response() {
        std::string head = read_until("\r\n\r\n");
        const std::size_t at = head.find("Content-Length: ");
        if (at == std::string::npos) return head;
        const std::size_t length = std::stoul(head.substr(at + 16));
        while (waiting_.size() < length && more()) {
        }
        return head + take(std::min(length, waiting_.size()));
    }
    std::string read_to_end() {
        while (more()) {
        }
        return take(waiting_.size());
    }

  private:
    bool more() {
        char octets[16384];
        const ssize_t count = ::recv(socket_.get(), octets, sizeof octets, 0);
        if (count > 0) waiting_.append(octets, static_cast<std::size_t>(count));
        return count > 0;
    }
    std::string take(std::size_t count) {
        std::string out = waiting_.substr(0, count);
        waiting_.erase(0, count);
        return out;
    }

    Descriptor socket_;
    std::string waiting_;
};

/// Sends `text` on a connection of its own and answers all that comes back until the server closes.
inline std::string exchange(const Endpoint& server, std::string_view text) {
    RawPeer peer(server);
    peer.send(text);
    return peer.read_to_end();
}

}  // namespace quipu::net
