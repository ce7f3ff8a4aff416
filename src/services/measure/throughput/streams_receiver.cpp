#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <netinet/in.h>
#include <set>
#include <unordered_map>

#include "services/measure/throughput/codec_iperf.h"
#include "services/measure/throughput/codec_streams.h"
#include "services/measure/throughput/streams.h"
#include "services/measure/throughput/streams_wait.h"

namespace quipu::throughput {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::uint32_t kListener = 0;
/// Strangers' connections that have not greeted are no more than this beyond the test's own.
constexpr std::size_t kMostStrangers = 64;
constexpr std::size_t kReadAtATime = 1024UL * 1024;

class Receiving {
  public:
    Receiving(const AssignedTest& test, StreamsWait wait, net::Descriptor listener)
        : test_(test), wait_(std::move(wait)), listener_(std::move(listener)) {}

    Result<IperfReport> run() {
        TRY(wait_.watch(listener_.get(), EPOLLIN, kListener));
        while (!over_) {
            auto ready = wait_.ready(Monotonic::max());
            if (!ready && ready.error().code == ErrorCode::timeout)
                return fail(ErrorCode::timeout,
                            control_ == 0 ? "the sender did not come" : "the sender did not end in its time");
            for (const epoll_event& event : TRY(std::move(ready))) {
                if (event.data.u32 == kListener)
                    TRY(accept());
                else
                    TRY(read(event.data.u32));
            }
        }
        return report();
    }

  private:
    struct Connection {
        net::Descriptor socket;
        std::vector<std::uint8_t> greeting;
        bool greeted = false;
    };

    Result<void> accept() {
        for (;;) {
            sockaddr_storage from{};
            socklen_t length = sizeof from;
            net::Descriptor socket(
                ::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&from), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (!socket.is_open()) {
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                    return fail_errno(errno, "accepting a stream");
                return {};
            }
            if (net::to_endpoint(from).address != test_.peer) continue;
            if (connections_.size() >= static_cast<std::size_t>(test_.streams) + 1 + kMostStrangers) continue;
            const std::uint32_t number = ++last_;
            TRY(wait_.watch(socket.get(), EPOLLIN, number));
            connections_.emplace(number, Connection{.socket = std::move(socket), .greeting = {}});
        }
    }

    Result<void> read(std::uint32_t number) {
        const auto at = connections_.find(number);
        if (at == connections_.end()) return {};
        Connection& connection = at->second;
        if (!connection.greeted) return greeted(number, connection);
        if (number == control_) return hear(connection);
        // Counted and thrown away without being copied (tcp(7), MSG_TRUNC).
        const ssize_t got = ::recv(connection.socket.get(), nullptr, kReadAtATime, MSG_TRUNC | MSG_DONTWAIT);
        if (got > 0) {
            count(got);
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            // It ends before the sender said so: the report says how many came, the sender that one went.
            connections_.erase(at);
        }
        return {};
    }

    Result<void> greeted(std::uint32_t number, Connection& connection) {
        std::array<std::uint8_t, kGreetingOctets> octets{};
        const ssize_t got =
            ::recv(connection.socket.get(), octets.data(), kGreetingOctets - connection.greeting.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
        if (got > 0) connection.greeting.insert(connection.greeting.end(), octets.begin(), octets.begin() + got);
        if (got > 0 && connection.greeting.size() < kGreetingOctets) return {};
        const auto greeting = got > 0 ? parse_greeting(connection.greeting) : fail(ErrorCode::io, "gone");
        const bool ours =
            greeting && greeting->test == static_cast<std::uint64_t>(test_.id) &&
            greeting->streams == static_cast<std::uint32_t>(test_.streams) &&
            (greeting->stream == 0 ? control_ == 0 : control_ != 0 && came_.insert(greeting->stream).second);
        if (!ours) {
            connections_.erase(number);
            return {};
        }
        connection.greeted = true;
        if (greeting->stream != 0) return {};
        control_ = number;
        if (::send(connection.socket.get(), connection.greeting.data(), kGreetingOctets, MSG_NOSIGNAL) !=
            static_cast<ssize_t>(kGreetingOctets))
            return fail_errno(errno, "greeting the sender");
        return {};
    }

    void count(std::int64_t octets) {
        if (!watch_) watch_.emplace();
        octets_ += octets;
        if (const auto second = static_cast<std::size_t>(watch_->seconds()); second < kMostIntervals) {
            if (second >= seconds_.size()) seconds_.resize(second + 1);
            seconds_[second] += octets;
        }
    }

    /// The sender's word that its time is over; the answer.
    Result<void> hear(const Connection& control) {
        std::uint8_t word = 0;
        const ssize_t got = ::recv(control.socket.get(), &word, 1, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
        if (got <= 0) return fail(ErrorCode::io, "the sender has gone away");
        if (word != kOver) return fail(ErrorCode::invalid, "the sender says what this program does not know");
        over_ = true;
        if (watch_) {
            result_.seconds = watch_->seconds();
            result_.cpu = watch_->processor_share();
        }
        result_.streams = std::ssize(came_);
        result_.octets = octets_;
        for (std::size_t i = 0; i < seconds_.size(); ++i) {
            const auto from = static_cast<double>(i);
            const double length = std::min(result_.seconds - from, 1.0);
            // What is left after the last whole second is too short to say anything.
            if (length < 0.1) break;
            result_.intervals.push_back({.from_s = from, .bps = bits_per_second(seconds_[i], length)});
        }
        const std::string text = write_streams_report(result_);
        // A fresh socket's buffer takes the whole of it.
        if (::send(control.socket.get(), text.data(), text.size(), MSG_NOSIGNAL) != std::ssize(text))
            return fail_errno(errno, "telling the sender");
        return {};
    }

    [[nodiscard]] IperfReport report() const {
        return {.version = "quipu " QUIPU_VERSION,
                .peer = test_.peer.text(),
                .protocol = Protocol::tcp,
                .streams = result_.streams,
                .seconds = result_.seconds,
                .received_bps = bits_per_second(result_.octets, result_.seconds),
                .received_octets = result_.octets,
                .cpu_own = result_.cpu,
                .congestion = {},
                .error = {},
                .intervals = result_.intervals};
    }

    const AssignedTest& test_;
    StreamsWait wait_;
    net::Descriptor listener_;
    std::unordered_map<std::uint32_t, Connection> connections_;
    std::uint32_t last_ = 0;
    std::uint32_t control_ = 0;  ///< its number; 0: it has not come
    std::set<std::uint32_t> came_;
    std::optional<StreamsWatch> watch_;  ///< since the first octet
    std::int64_t octets_ = 0;
    std::vector<std::int64_t> seconds_;
    bool over_ = false;
    StreamsReport result_;
};

}  // namespace

Result<IperfReport> receive_streams(const AssignedTest& test, Nanoseconds limit,
                                    const std::function<bool()>& called_off) {
    auto listeners = TRY(net::listen_on({test.address, test.port}, 1));
    return Receiving(test, TRY(StreamsWait::create(limit, called_off)), std::move(listeners.front())).run();
}

}  // namespace quipu::throughput
