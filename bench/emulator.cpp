// The lab's emulator, end to end: what it adds to the delay that it imposes, at 1,000 packets a second, beside the
// lateness of this machine's own timer; what one link carries; and what it costs when nothing is sent. Needs root.
//
//     sudo build/release/bin/bench_emulator [SECONDS]

#include <arpa/inet.h>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <vector>

#include "base/histogram.h"
#include "base/random.h"
#include "lab/lab.h"
#include "lab/netns.h"

namespace {

using namespace quipu;
using namespace quipu::lab;
using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::uint16_t kPort = 4000;
constexpr Nanoseconds kImposed = 20ms;

template <class T>
T must(Result<T> result) {
    if (!result) {
        fmt::print(stderr, "bench_emulator: {}\n", result.error().text());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void as_precise_as_possible() {
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    const sched_param priority{10};
    ::sched_setscheduler(0, SCHED_FIFO, &priority);
}

void sleep_until(SteadyClock::time_point time) {
    const auto since = time.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    const timespec at{seconds.count(), (since - seconds).count()};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
    }
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void print_row(std::string_view what, const Histogram& nanoseconds) {
    const auto us = [&](double q) { return static_cast<double>(nanoseconds.quantile(q)) / 1000; };
    fmt::print("  {:<44} p50 {:7.1f}   p90 {:7.1f}   p99 {:7.1f}   max {:8.1f}  µs\n", what, us(0.5), us(0.9), us(0.99),
               us(1));
}

sockaddr_in address_of(const net::IpAddress& address) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(kPort);
    out.sin_addr.s_addr = htonl(address.to_v4());
    return out;
}

Descriptor socket_at(const Node& node, int type) {
    Descriptor socket;
    must(in_namespace(netns_path(node.netns), [&]() -> Result<void> {
        socket = Descriptor(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
        const int yes = 1;
        ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
        ::setsockopt(socket.get(), SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes));
        return {};
    }));
    return socket;
}

void bind_to(const Descriptor& socket, const net::IpAddress& address) {
    const sockaddr_in here = address_of(address);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&here), sizeof(here)) != 0)
        must(Result<void>(fail_errno(errno, "binding")));
}

std::int64_t real_time_now() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

Histogram timer_lateness(std::chrono::seconds duration) {
    Histogram late;
    std::thread([&] {
        as_precise_as_possible();
        auto due = SteadyClock::now();
        for (const auto end = due + duration; due < end;) {
            due += 1ms;
            sleep_until(due);
            late.add((SteadyClock::now() - due).count());
        }
    }).join();
    return late;
}

// The kernel's receive time of each datagram less the time that it carries less what was imposed.
struct Added {
    Histogram delay;
    Histogram timer;  // how late the sender's own timer was meanwhile
    std::size_t lost = 0;
};
Added added_delay(const Plan& plan, std::chrono::seconds duration) {
    const Descriptor from = socket_at(plan.nodes[0], SOCK_DGRAM), to = socket_at(plan.nodes[1], SOCK_DGRAM);
    bind_to(to, plan.wires[0].b4);
    const sockaddr_in there = address_of(plan.wires[0].b4);
    // The first frame waits for the neighbour's address, two journeys long: it is none of those that count.
    pollfd first{to.get(), POLLIN, 0};
    const std::int64_t nothing = 0;
    ::sendto(from.get(), &nothing, sizeof(nothing), 0, reinterpret_cast<const sockaddr*>(&there), sizeof(there));
    std::int64_t unused = 0;
    if (::poll(&first, 1, 5000) == 1) static_cast<void>(::recv(to.get(), &unused, sizeof(unused), 0));

    std::atomic<bool> sending{true};
    std::size_t sent = 0;
    Added added;
    std::thread sender([&] {
        as_precise_as_possible();
        Rng chance(1);  // unevenly spaced, so that sending does not keep step with leaving
        auto due = SteadyClock::now();
        for (const auto end = due + duration; due < end; ++sent) {
            due += 500us + Nanoseconds(chance.below(1'000'000));
            sleep_until(due);
            added.timer.add((SteadyClock::now() - due).count());
            const std::int64_t now = real_time_now();
            ::sendto(from.get(), &now, sizeof(now), 0, reinterpret_cast<const sockaddr*>(&there), sizeof(there));
        }
        sending = false;
    });
    for (;;) {
        pollfd waiting{to.get(), POLLIN, 0};
        if (::poll(&waiting, 1, 200) <= 0) {
            if (sending) continue;
            break;
        }
        std::int64_t stamp = 0;
        iovec place{&stamp, sizeof(stamp)};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
        msghdr message{nullptr, 0, &place, 1, control, sizeof(control), 0};
        if (::recvmsg(to.get(), &message, 0) != sizeof(stamp)) continue;
        for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
            if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
            timespec received{};
            std::memcpy(&received, CMSG_DATA(part), sizeof(received));
            added.delay.add(received.tv_sec * 1'000'000'000 + received.tv_nsec - stamp - kImposed.count());
        }
    }
    sender.join();
    added.lost = sent - added.delay.count();
    return added;
}

double tcp_megabits(const Plan& plan, std::chrono::seconds duration) {
    const Descriptor listener = socket_at(plan.nodes[1], SOCK_STREAM), from = socket_at(plan.nodes[0], SOCK_STREAM);
    bind_to(listener, plan.wires[0].b4);
    ::listen(listener.get(), 1);
    const sockaddr_in there = address_of(plan.wires[0].b4);
    if (::connect(from.get(), reinterpret_cast<const sockaddr*>(&there), sizeof(there)) != 0)
        must(Result<void>(fail_errno(errno, "connecting")));
    const Descriptor to(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::thread sender([&] {
        const std::vector<char> block(256 * 1024);
        const auto end = SteadyClock::now() + duration;
        while (SteadyClock::now() < end && ::send(from.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {
        }
        ::shutdown(from.get(), SHUT_WR);
    });
    std::vector<char> block(256 * 1024);
    std::size_t octets = 0;
    const auto start = SteadyClock::now();
    for (ssize_t got = 0; (got = ::recv(to.get(), block.data(), block.size(), 0)) > 0;)
        octets += static_cast<std::size_t>(got);
    const double seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
    sender.join();
    return static_cast<double>(octets) * 8 / seconds / 1e6;
}

registry::Site point(std::string id) {
    registry::Site site;
    site.id = site.name = std::move(id);
    site.pop = true;
    return site;
}

}  // namespace

int main(int argc, char** argv) {
    long seconds = 10;
    if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), seconds);
    const std::chrono::seconds duration(std::max(seconds, 1L));

    registry::Link link;
    link.id = "a-b";
    link.a = "a";
    link.b = "b";
    link.length = Distance{4'000'000};  // 20 ms
    const std::string runtime =
        (std::filesystem::temp_directory_path() / fmt::format("quipu-bench-{}", ::getpid())).string();
    const auto lab = must(Lab::up({"bench", {point("a"), point("b")}, {link}}, {.runtime = runtime}));
    must(lab->wait_for_routing(60s));
    const Plan& plan = lab->plan();
    fmt::print("One link, 20 ms imposed, {} s a part; real-time priority: {}\n\n", duration.count(),
               must(lab->status()).real_time ? "yes" : "no");

    print_row("this machine's timer, 1,000 wakings/s: late by", timer_lateness(duration));
    double cpu = cpu_seconds();
    const Added added = added_delay(plan, duration);
    print_row("the same while packets are sent", added.timer);
    print_row("emulator, 1,000 packets/s: adds", added.delay);
    const auto beyond = static_cast<double>(added.delay.quantile(0.99) - added.timer.quantile(0.99)) / 1000;
    fmt::print(
        "  at p99 beyond the timer {:.1f} µs; lost {}; sender, receiver and emulator used {:.1f} % of a core\n\n",
        beyond, added.lost, (cpu_seconds() - cpu) / static_cast<double>(duration.count()) * 100);

    cpu = cpu_seconds();
    std::this_thread::sleep_for(duration);
    fmt::print("  idle (routers' hellos only): {:.2f} % of a core\n\n",
               (cpu_seconds() - cpu) / static_cast<double>(duration.count()) * 100);

    LinkChange change;
    change.delay_us = 1000;
    change.rate_bps = 0;
    must(lab->set_link("a-b", change, "bench"));
    cpu = cpu_seconds();
    const double megabits = tcp_megabits(plan, duration);
    const LinkStatus after = must(lab->status()).links[0];
    fmt::print(
        "  one TCP connection over 1 ms: {:.0f} Mb/s; sender, receiver and emulator used {:.0f} % of a core; dropped "
        "{}\n",
        megabits, (cpu_seconds() - cpu) / static_cast<double>(duration.count()) * 100, after.dropped);
    must(lab->down());
    return 0;
}
