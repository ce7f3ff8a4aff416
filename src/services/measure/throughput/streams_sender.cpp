#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <vector>

#include "base/random.h"
#include "services/measure/throughput/codec_streams.h"
#include "services/measure/throughput/streams.h"
#include "services/measure/throughput/streams_wait.h"

namespace quipu::throughput {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr Nanoseconds kToConnect = 2s;
constexpr std::size_t kSentAtATime = 128UL * 1024;
/// What may wait in the kernel of what is not even sent: more would only be thrown away at the end.
constexpr int kWaiting = 128 * 1024;

class Sending {
  public:
    Sending(const AssignedTest& test, StreamsWait wait)
        : test_(test), wait_(std::move(wait)), octets_(kSentAtATime), streams_(static_cast<std::size_t>(test.streams)) {
        // What compresses would be faster than the path over a link that compresses.
        Rng rng(static_cast<std::uint64_t>(test.id));
        for (std::uint8_t& octet : octets_)
            octet = static_cast<std::uint8_t>(rng.below(256));
    }

    Result<IperfReport> run() {
        TRY(greet_control());
        TRY(connect_streams());
        const StreamsWatch watch;
        TRY(send_for(std::chrono::microseconds(test_.duration_us)));
        const double seconds = watch.seconds(), processor = watch.processor_share();
        sample();
        const std::string congestion = congestion_control();
        watch_streams(0);
        if (::send(control_.get(), &kOver, 1, MSG_NOSIGNAL) != 1) return fail_errno(errno, "telling the end", peer());
        const StreamsReport told = TRY(read_report());
        IperfReport out{.version = "quipu " QUIPU_VERSION,
                        .peer = test_.peer.text(),
                        .protocol = Protocol::tcp,
                        .streams = test_.streams,
                        .seconds = seconds,
                        .sent_bps = bits_per_second(sent_, seconds),
                        .received_bps = bits_per_second(told.octets, told.seconds),
                        .sent_octets = sent_,
                        .received_octets = told.octets,
                        .retransmits = again_,
                        .rtt_min_us = rtt_min_,
                        .rtt_max_us = rtt_max_,
                        .cpu_own = processor,
                        .cpu_other = told.cpu,
                        .congestion = congestion,
                        .error = {},
                        .intervals = told.intervals};
        if (rtts_ > 0) out.rtt_mean_us = rtt_sum_ / rtts_;
        if (told.streams != test_.streams)
            out.error = fmt::format("{} of {} streams arrived", told.streams, test_.streams);
        for (std::size_t i = 0; i < std::min(out.intervals.size(), seconds_.size()); ++i) {
            out.intervals[i].retransmits = seconds_[i].retransmits;
            out.intervals[i].rtt_us = seconds_[i].rtt_us;
        }
        return out;
    }

  private:
    [[nodiscard]] std::string peer() const { return net::Endpoint{test_.peer, test_.port}.text(); }
    [[nodiscard]] auto greeting(std::size_t stream) const {
        return write_greeting({.test = static_cast<std::uint64_t>(test_.id),
                               .stream = static_cast<std::uint32_t>(stream),
                               .streams = static_cast<std::uint32_t>(test_.streams),
                               .duration_us = static_cast<std::uint64_t>(test_.duration_us)});
    }

    /// A connection on its way.
    [[nodiscard]] Result<net::Descriptor> begin_connection() const {
        const auto from = net::to_socket_address({test_.address, 0}),
                   to = net::to_socket_address({test_.peer, test_.port});
        net::Descriptor out(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!out.is_open()) return fail_errno(errno, "opening a stream", peer());
        if (::bind(out.get(), from.get(), from.length) != 0)
            return fail_errno(errno, "sending from", test_.address.text());
        if (::connect(out.get(), to.get(), to.length) != 0 && errno != EINPROGRESS)
            return fail_errno(errno, "connecting", peer());
        return out;
    }
    [[nodiscard]] Result<void> check_connected(int fd) const {
        int error = 0;
        socklen_t length = sizeof error;
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error == ECONNREFUSED) return fail(ErrorCode::unavailable, "nobody listens there yet", peer());
        return error == 0 ? Result<void>() : fail_errno(error, "connecting", peer());
    }

    /// Until the control connection, the only one that is watched so far, has one of its events.
    Result<void> await(Monotonic until) {
        while (steady_clock::now() < until)
            if (!TRY(wait_.ready(until)).empty()) return {};
        return fail(ErrorCode::timeout, "the receiver does not answer", peer());
    }

    Result<void> greet_control() {
        control_ = TRY(begin_connection());
        TRY(wait_.watch(control_.get(), EPOLLOUT, 0));
        const Monotonic until = steady_clock::now() + kToConnect;
        TRY(await(until));
        TRY(check_connected(control_.get()));
        const auto hello = greeting(0);
        if (::send(control_.get(), hello.data(), hello.size(), MSG_NOSIGNAL) != std::ssize(hello))
            return fail_errno(errno, "greeting", peer());
        wait_.change(control_.get(), EPOLLIN, 0);
        std::vector<std::uint8_t> answer;
        while (answer.size() < hello.size()) {
            TRY(await(until));
            TRY(read_control(answer, hello.size() - answer.size()));
        }
        if (!std::ranges::equal(answer, hello))
            return fail(ErrorCode::invalid, "the receiver runs another test", peer());
        return {};
    }

    Result<void> read_control(std::vector<std::uint8_t>& into, std::size_t most) {
        std::array<std::uint8_t, 16'384> octets;  // NOLINT(cppcoreguidelines-pro-type-member-init): read over
        const ssize_t got = ::recv(control_.get(), octets.data(), std::min(most, octets.size()), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
        if (got < 0) return fail_errno(errno, "reading the receiver's answer", peer());
        if (got == 0) return fail(ErrorCode::io, "the receiver has gone away", peer());
        into.insert(into.end(), octets.begin(), octets.begin() + got);
        return {};
    }

    Result<void> connect_streams() {
        const Monotonic until = steady_clock::now() + kToConnect;
        std::size_t missing = streams_.size();
        for (std::size_t i = 0; i < streams_.size(); ++i) {
            streams_[i] = TRY(begin_connection());
            TRY(wait_.watch(streams_[i].get(), EPOLLOUT, static_cast<std::uint32_t>(i + 1)));
        }
        const std::uint64_t each =
            test_.rate_bps > 0 ? static_cast<std::uint64_t>(test_.rate_bps) / streams_.size() / 8 : 0;
        while (missing > 0) {
            if (steady_clock::now() >= until)
                return fail(ErrorCode::timeout,
                            fmt::format("{} of {} streams could not connect", missing, streams_.size()), peer());
            for (const epoll_event& event : TRY(wait_.ready(until))) {
                if (event.data.u32 == 0) return fail(ErrorCode::io, "the receiver has gone away", peer());
                const std::size_t number = event.data.u32 - 1;
                const int fd = streams_[number].get();
                TRY(check_connected(fd));
                const linger reset{.l_onoff = 1, .l_linger = 0};
                ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
                ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kWaiting, sizeof kWaiting);
                if (each > 0) ::setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &each, sizeof each);
                const auto hello = greeting(number + 1);
                if (::send(fd, hello.data(), hello.size(), MSG_NOSIGNAL) != std::ssize(hello))
                    return fail_errno(errno, "greeting", peer());
                // Quiet until all are there.
                wait_.change(fd, 0, event.data.u32);
                --missing;
            }
        }
        watch_streams(EPOLLOUT);
        return {};
    }

    void watch_streams(std::uint32_t events) {
        for (std::size_t i = 0; i < streams_.size(); ++i)
            wait_.change(streams_[i].get(), events, static_cast<std::uint32_t>(i + 1));
    }

    Result<void> send_for(Nanoseconds duration) {
        const Monotonic end = steady_clock::now() + duration;
        Monotonic second = steady_clock::now() + 1s;
        for (Monotonic now = steady_clock::now(); now < end; now = steady_clock::now()) {
            if (now >= second) {
                sample();
                second += 1s;
            }
            for (const epoll_event& event : TRY(wait_.ready(std::min(end, second)))) {
                if (event.data.u32 == 0) return fail(ErrorCode::io, "the receiver has gone away", peer());
                const ssize_t sent = ::send(streams_[event.data.u32 - 1].get(), octets_.data(), octets_.size(),
                                            MSG_DONTWAIT | MSG_NOSIGNAL);
                if (sent > 0)
                    sent_ += sent;
                else if (errno != EAGAIN && errno != EINTR)
                    return fail_errno(errno, fmt::format("sending on stream {}", event.data.u32), peer());
            }
        }
        return {};
    }

    /// What the kernel knows of all streams, once a second.
    void sample() {
        std::int64_t again = 0, rtt = 0, count = 0;
        for (const net::Descriptor& stream : streams_) {
            tcp_info info{};
            socklen_t length = sizeof info;
            if (::getsockopt(stream.get(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0 || info.tcpi_rtt == 0) continue;
            again += info.tcpi_total_retrans;
            rtt += info.tcpi_rtt;
            ++count;
            rtt_min_ =
                std::min<std::int64_t>(rtt_min_.value_or(std::numeric_limits<std::int64_t>::max()), info.tcpi_min_rtt);
            rtt_max_ = std::max<std::int64_t>(rtt_max_.value_or(0), info.tcpi_rtt);
        }
        if (count == 0) return;
        rtt_sum_ += rtt / count;
        ++rtts_;
        seconds_.push_back({.retransmits = again - again_, .rtt_us = rtt / count});
        again_ = again;
    }

    [[nodiscard]] std::string congestion_control() const {
        std::array<char, 32> name{};
        socklen_t length = name.size() - 1;
        if (::getsockopt(streams_.front().get(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &length) != 0) return {};
        return name.data();
    }

    Result<StreamsReport> read_report() {
        std::vector<std::uint8_t> octets;
        for (;;) {
            const auto ready = TRY(wait_.ready(Monotonic::max()));
            if (std::ranges::none_of(ready, [](const epoll_event& event) { return event.data.u32 == 0; })) continue;
            TRY(read_control(octets, kMostStreamsReportOctets));
            if (auto report = TRY(parse_streams_report(octets))) return std::move(*report);
        }
    }

    const AssignedTest& test_;
    StreamsWait wait_;
    std::vector<std::uint8_t> octets_;
    net::Descriptor control_;
    std::vector<net::Descriptor> streams_;  ///< reset, not closed: what waits in them would disturb the next test
    std::int64_t sent_ = 0, again_ = 0, rtt_sum_ = 0, rtts_ = 0;
    std::optional<std::int64_t> rtt_min_, rtt_max_;
    struct Second {
        std::int64_t retransmits = 0, rtt_us = 0;
    };
    std::vector<Second> seconds_;
};

}  // namespace

Result<IperfReport> send_streams(const AssignedTest& test, Nanoseconds limit, const std::function<bool()>& called_off) {
    return Sending(test, TRY(StreamsWait::create(limit, called_off))).run();
}

}  // namespace quipu::throughput
