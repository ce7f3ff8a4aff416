// Loading the whole table over RTR, from quipu's server or any other: bench/rpki/rtr.sh leads it.
//     bench_rtr serve COUNT             serves COUNT VRPs, says "port N", ends with its input
//     bench_rtr json COUNT              the same VRPs as the JSON that stayrtr reads
//     bench_rtr load PORT CLIENTS PID   connects so many routers, which ask for everything at once; says what it cost
//                                       the process PID, and when the first and the last octets came

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "data/test_folder.h"
#include "net/socket.h"
#include "services/rpki/rtr/codec_rtr.h"
#include "services/rpki/rtr/server.h"
#include "services/rpki/rtr/store.h"

namespace {

using namespace quipu;
using namespace quipu::rpki;

using SteadyClock = std::chrono::steady_clock;

/// Seven tenths IPv4, as in the global table.
PayloadSet table_of(std::uint32_t count) {
    PayloadSet out;
    for (std::uint32_t i = 0; i < count; ++i) {
        Vrp vrp{.as = 1 + i % 70'000, .length = 24, .max_length = 24, .v6 = i % 10 >= 7};
        vrp.address = vrp.v6 ? Ipv6{0x20010000U + i / 10} << 96U : Ipv6{0x01000000U + (i << 8U)};
        if (vrp.v6) vrp.length = vrp.max_length = static_cast<std::uint8_t>(32 + i % 10);
        out.vrps.push_back(vrp);
    }
    std::ranges::sort(out.vrps);
    return out;
}

template <class T>
T or_end(Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
}

int serve(std::uint32_t count) {
    const data::TestFolder folder;
    const auto database = or_end(data::Database::open("sqlite:" + (folder / "rpki.db")));
    const SystemClock clock;
    if (!database->migrate(kRtrMigrations)) return 1;
    RtrSettings settings;
    settings.listen = {*net::Endpoint::parse("127.0.0.1:0")};
    settings.most_clients_of_address = 1000;
    const auto server = or_end(RtrServer::start(settings, {}, *database, clock));
    if (const auto done = server->publish(table_of(count)); !done) return 1;
    std::printf("port %u\n", server->listening().front().port);
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
    }
    return 0;
}

int write_json(std::uint32_t count) {
    std::printf("{\"metadata\": {}, \"roas\": [\n");
    const char* between = "";
    for (const Vrp& vrp : table_of(count).vrps) {
        std::printf("%s{\"prefix\": \"%s\", \"maxLength\": %u, \"asn\": \"AS%u\", \"ta\": \"bench\"}", between,
                    vrp.prefix().text().c_str(), vrp.max_length, vrp.as);
        between = ",\n";
    }
    std::printf("]}\n");
    return 0;
}

/// Processor seconds of a process, by the kernel's account.
double processor_seconds(const std::string& process) {
    std::ifstream in("/proc/" + process + "/stat");
    std::string text;
    std::getline(in, text);
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i)
        fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}
long memory_kib(const std::string& process) {
    std::ifstream in("/proc/" + process + "/status");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + 6);
    return 0;
}

struct Router {
    net::Descriptor socket;
    SteadyClock::time_point asked, first, last;
    std::uint64_t octets = 0, prefixes = 0;
    std::array<std::uint8_t, rtr::kHeaderSize> header{};
    std::size_t have = 0;  // octets of the header
    std::uint32_t skip = 0;
    bool ended = false;

    /// Walks from header to header.
    void take(ByteSpan part) {
        octets += part.size();
        while (!part.empty()) {
            if (skip > 0) {
                const std::size_t step = std::min<std::size_t>(skip, part.size());
                skip -= static_cast<std::uint32_t>(step);
                part = part.subspan(step);
            } else {
                header[have++] = part.front();
                part = part.subspan(1);
            }
            if (have < header.size() || skip > 0) continue;
            ByteReader in(header);
            const rtr::Header pdu = rtr::parse_header(in);
            if (skip == 0 && pdu.length > rtr::kHeaderSize && !counted_) {
                skip = pdu.length - rtr::kHeaderSize;
                counted_ = true;
                prefixes += pdu.type == rtr::PduType::ipv4_prefix || pdu.type == rtr::PduType::ipv6_prefix;
                continue;
            }
            ended = ended || pdu.type == rtr::PduType::end_of_data;
            have = 0;
            counted_ = false;
        }
    }

  private:
    bool counted_ = false;  // this header
};

int load(std::uint16_t port, std::size_t clients, const std::string& process) {
    const net::Descriptor poll(::epoll_create1(EPOLL_CLOEXEC));
    std::vector<Router> routers(clients);
    const net::SocketAddress where = net::to_socket_address({net::IpAddress::v4(0x7f000001), port});
    for (std::size_t i = 0; i < clients; ++i) {
        routers[i].socket = net::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(routers[i].socket.get(), where.get(), where.length) != 0) return 1;
        epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
        ::epoll_ctl(poll.get(), EPOLL_CTL_ADD, routers[i].socket.get(), &event);
    }
    const double before = processor_seconds(process);
    const std::array<std::uint8_t, 8> query{1, 2, 0, 0, 0, 0, 0, 8};
    for (Router& router : routers) {
        router.asked = SteadyClock::now();
        if (::send(router.socket.get(), query.data(), query.size(), MSG_NOSIGNAL) != 8) return 1;
    }
    std::vector<std::uint8_t> part(256 * 1024);
    std::array<epoll_event, 64> events{};
    std::size_t silent = clients;
    for (std::size_t left = clients; left > 0;) {
        const int count = ::epoll_wait(poll.get(), events.data(), static_cast<int>(events.size()), 60'000);
        if (count == 0) {
            std::fprintf(stderr, "%zu routers wait in vain\n", left);
            return 1;
        }
        for (int i = 0; i < count; ++i) {
            Router& router = routers[events[static_cast<std::size_t>(i)].data.u64];
            // Until each has its first octet none is read far: what this program does is not the server's delay.
            const std::size_t most = silent > 0 ? 4096 : part.size();
            const ssize_t got = ::recv(router.socket.get(), part.data(), most, 0);
            if (got <= 0) {
                std::fprintf(stderr, "the server closed\n");
                return 1;
            }
            router.last = SteadyClock::now();
            if (router.octets == 0) {
                router.first = router.last;
                --silent;
            }
            const bool was_ended = router.ended;
            router.take(ByteSpan(part).first(static_cast<std::size_t>(got)));
            if (router.ended && !was_ended) --left;
        }
    }
    const double used = processor_seconds(process) - before;
    std::vector<double> firsts;
    double longest = 0;
    for (const Router& router : routers) {
        firsts.push_back(std::chrono::duration<double, std::milli>(router.first - router.asked).count());
        longest = std::max(longest, std::chrono::duration<double>(router.last - router.asked).count());
        if (router.prefixes != routers[0].prefixes) return 1;
    }
    std::ranges::sort(firsts);
    std::printf(
        "%zu routers, %llu VRPs each: %.4f CPU s a router, first octet %.2f ms (median) %.2f ms (longest), "
        "all within %.2f s, %ld MiB\n",
        clients, static_cast<unsigned long long>(routers[0].prefixes), used / static_cast<double>(clients),
        firsts[firsts.size() / 2], firsts.back(), longest, memory_kib(process) / 1024);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "serve" && argc == 3) return serve(static_cast<std::uint32_t>(std::atol(argv[2])));
    if (what == "json" && argc == 3) return write_json(static_cast<std::uint32_t>(std::atol(argv[2])));
    if (what == "load" && argc == 5)
        return load(static_cast<std::uint16_t>(std::atoi(argv[2])), static_cast<std::size_t>(std::atol(argv[3])),
                    argv[4]);
    std::fprintf(stderr, "bench_rtr serve COUNT | json COUNT | load PORT CLIENTS PID\n");
    return 2;
}
