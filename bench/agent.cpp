// One measurement point with many sessions: what it costs, and whether it loses packets by itself.
//
//     bench_agent [SESSIONS 1000] [PACKETS_PER_SECOND 10] [SECONDS 70]
//
// The point runs in this process. Another process plays its peers: a socket each on 127.1.x.y, which send by the same
// schedules and count what arrives. Loopback loses nothing, so what is missing is the point's own loss.

#include "services/measure/agent.h"

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <poll.h>
#include <string>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "services/measure/codec_packet.h"
#include "services/measure/codec_record.h"
#include "services/measure/engine_sender.h"

namespace {

using namespace quipu;
using namespace quipu::measure;

constexpr std::uint16_t kPointPort = 18760;
constexpr std::uint16_t kPeerPort = 18761;

struct Load {
    std::uint32_t sessions = 1000;
    std::uint32_t per_second = 10;
    int seconds = 70;
};

/// What the peers' process tells at its end.
struct PeerCount {
    std::uint64_t sent = 0, received = 0;
};

net::IpAddress peer_address(std::uint32_t i) {
    return net::IpAddress::v4((127U << 24U) | (1U << 16U) | ((i / 250) << 8U) | (i % 250 + 1));
}

AssignedSession session(std::uint32_t i, bool to_peer, const Load& load) {
    return {.site = fmt::format("p{:04}", i),
            .address = {peer_address(i), kPeerPort},
            .seed = static_cast<std::int64_t>(i) * 2 + (to_peer ? 1 : 2),
            .spacing = Spacing::poisson,
            .per_minute = load.per_second * 60,
            .padding = 27};
}

class CountingSink final : public agent::RecordSink {
  public:
    Result<void> append(std::string_view stream, ByteSpan payload) override {
        octets += payload.size();
        if (stream != kMinuteStream) return {};
        ByteReader in(payload);
        const auto record = parse_record(in);
        if (!record) return {};
        ++records;
        scheduled += record->scheduled;
        received += record->received;
        return {};
    }
    void tell(std::string_view, ByteSpan) override {}
    std::atomic<std::uint64_t> records = 0, scheduled = 0, received = 0, octets = 0;
};

sockaddr_in socket_address(const net::IpAddress& address, std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_addr.s_addr = htonl(address.to_v4());
    out.sin_port = htons(port);
    return out;
}

/// Plays the peers until the pipe closes, then waits for what is still on its way.
PeerCount play_peers(const Load& load, int until_closed) {
    PeerCount count;
    SystemClock clock;
    const int events = ::epoll_create1(0);
    std::vector<int> sockets;
    std::vector<SenderSession> sessions;
    for (std::uint32_t i = 0; i < load.sessions; ++i) {
        const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        const auto local = socket_address(peer_address(i), kPeerPort);
        if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
            fmt::print(stderr, "peer {}: {}\n", i, std::strerror(errno));
            std::exit(1);
        }
        epoll_event event{.events = EPOLLIN, .data = {.u32 = i}};
        ::epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
        sockets.push_back(fd);
        sessions.push_back({"point", session(i, false, load).schedule(), clock.now()});
    }
    SenderEngine sender;
    sender.assign(std::move(sessions), clock.now());
    const auto point = socket_address(net::IpAddress::v4(127U << 24U | 1U), kPointPort);
    std::vector<SenderEngine::Due> due;
    std::array<epoll_event, 256> ready{};
    std::array<char, 256> buffer{};
    Time quiet_until = Time::max();
    while (clock.now() < quiet_until) {
        const int n = ::epoll_wait(events, ready.data(), static_cast<int>(ready.size()), 1);
        for (int i = 0; i < n; ++i)
            while (::recv(sockets[ready[static_cast<std::size_t>(i)].data.u32], buffer.data(), buffer.size(), 0) > 0)
                ++count.received;
        pollfd closed{.fd = until_closed, .events = POLLIN, .revents = 0};
        if (quiet_until == Time::max() && ::poll(&closed, 1, 0) > 0)
            quiet_until = clock.now() + std::chrono::seconds(1);
        if (quiet_until != Time::max()) continue;
        due.clear();
        sender.collect(clock.now(), 1000, due);
        for (const auto& packet : due) {
            ByteWriter out;
            write_test_packet(out, {.sequence = packet.sequence, .sent = clock.now(), .error = {}, .padding = 27});
            if (::sendto(sockets[packet.session], out.span().data(), out.size(), 0,
                         reinterpret_cast<const sockaddr*>(&point), sizeof point) > 0)
                ++count.sent;
        }
    }
    return count;
}

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

int measure_point(const Load& load) {
    std::array<int, 2> close_pipe{};
    std::array<int, 2> result_pipe{};
    if (::pipe(close_pipe.data()) != 0 || ::pipe(result_pipe.data()) != 0) return 1;
    const pid_t peers = ::fork();
    if (peers == 0) {
        ::close(close_pipe[1]);
        const PeerCount count = play_peers(load, close_pipe[0]);
        static_cast<void>(::write(result_pipe[1], &count, sizeof count) < 0);
        ::_exit(0);
    }
    ::close(close_pipe[0]);

    SystemClock clock;
    CountingSink sink;
    const std::string folder = std::filesystem::temp_directory_path() / fmt::format("quipu-bench-agent-{}", ::getpid());
    std::filesystem::create_directories(folder);
    auto point = make_point({.port = kPointPort});
    const auto started = point->start({.clock = clock,
                                       .records = sink,
                                       .agent = "point",
                                       .folder = folder,
                                       .addresses = {net::IpAddress::v4(127U << 24U | 1U)},
                                       .clock_error = std::chrono::microseconds(1)});
    if (!started) {
        fmt::print(stderr, "{}\n", started.error().text());
        return 1;
    }
    Assignment work;
    for (std::uint32_t i = 0; i < load.sessions; ++i) {
        work.send.push_back(session(i, true, load));
        work.receive.push_back(session(i, false, load));
    }
    if (!point->assign(to_value(work))) return 1;
    rusage before{};
    ::getrusage(RUSAGE_SELF, &before);
    const auto begin = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::chrono::seconds(load.seconds));
    rusage after{};
    ::getrusage(RUSAGE_SELF, &after);
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    // First the peers stop, then what is under way arrives, then the point is asked.
    ::close(close_pipe[1]);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    point->stop();
    PeerCount peer;
    if (::read(result_pipe[0], &peer, sizeof peer) != static_cast<long>(sizeof peer)) return 1;
    ::waitpid(peers, nullptr, 0);
    std::filesystem::remove_all(folder);

    const PointCounters c = point->counters();
    const double cpu = seconds_of(after.ru_utime) + seconds_of(after.ru_stime) - seconds_of(before.ru_utime) -
                       seconds_of(before.ru_stime);
    fmt::print("sessions each way        {}\n", load.sessions);
    fmt::print("packets/s each way       {}\n", load.sessions * load.per_second);
    fmt::print("seconds                  {:.1f}\n", wall);
    fmt::print("sent by the point        {} ({} arrived, {} send errors, {} skipped)\n", c.sent, peer.received,
               c.send_errors, c.skipped);
    fmt::print("sent to the point        {} ({} counted, {} refused)\n", peer.sent, c.received, c.refused);
    fmt::print("stamped by the kernel    {}\n", c.received - std::min(c.received, c.without_kernel_time));
    fmt::print("records                  {} ({} octets each)\n", sink.records.load(),
               sink.records > 0 ? sink.octets / sink.records : 0);
    fmt::print("processor                {:.1f} % of a core\n", 100 * cpu / wall);
    fmt::print("resident at most         {:.1f} MB\n", static_cast<double>(after.ru_maxrss) / 1024);
    const bool whole = peer.received == c.sent && peer.sent == c.received + c.refused;
    fmt::print("lost by itself           {}\n", whole ? "nothing" : "see above");
    return whole && c.send_errors == 0 ? 0 : 1;
}

std::uint32_t number(const char* text) {
    std::uint32_t value = 0;
    std::from_chars(text, text + std::strlen(text), value);
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    Load load;
    if (argc > 1) load.sessions = number(argv[1]);
    if (argc > 2) load.per_second = number(argv[2]);
    if (argc > 3) load.seconds = static_cast<int>(number(argv[3]));
    const rlimit files{.rlim_cur = 65536, .rlim_max = 65536};
    ::setrlimit(RLIMIT_NOFILE, &files);
    return measure_point(load);
}
