// What OWAMP sessions take: bench_owamp [SESSIONS [PACKETS-A-SECOND [SECONDS]]]
//
// First that many sessions at once over loopback, both ends in this process: memory of a session (one end of it), then
// processor time of both ends together, and what was lost. Then one session as fast as it goes without loss, open and
// encrypted.

#include <cstdio>
#include <fmt/format.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include "services/measure/owamp/test_plane.h"

namespace {

using namespace quipu;
using namespace quipu::owamp;

constexpr std::uint32_t kAddresses = 100;  // of each side: their pairs tell the sessions apart

double processor_seconds() {
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(use.ru_utime) + seconds(use.ru_stime);
}

std::int64_t resident_octets() {
    long total = 0;
    long resident = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
        std::fclose(file);
    }
    return resident * ::sysconf(_SC_PAGESIZE);
}

net::IpAddress address_of(std::uint32_t side, std::uint32_t number) {
    return net::IpAddress::v4(0x7f000000U + (side << 8U) + number + 1);
}

struct Ends {
    std::unique_ptr<TestPlane> sender, receiver;
    std::vector<TestEnds::Id> sending, receiving;
};

Result<void> add(Ends& ends, std::uint32_t number, TestSession session) {
    const auto from = address_of(1, number % kAddresses);
    const auto to = address_of(2, number / kAddresses);
    const auto s = TRY(ends.sender->reserve(from, std::nullopt, 0));
    const auto r = TRY(ends.receiver->reserve(to, net::Endpoint{from, s.port}, 0));
    session.peer = {from, s.port};
    ends.receiving.push_back(ends.receiver->receive(session, r));
    session.peer = {to, r.port};
    ends.sending.push_back(ends.sender->send(std::move(session), s));
    return {};
}

TestSession session_of(const Clock& clock, TestMode mode, double rate, std::uint32_t packets, Slot::Type type) {
    TestSession out;
    out.mode = mode;
    out.start = measure::to_ntp(clock.now() + std::chrono::seconds(2));
    out.slots = {{type, to_fixed(Nanoseconds(static_cast<std::int64_t>(1e9 / rate)))}};
    out.packets = packets;
    out.timeout = to_fixed(std::chrono::seconds(1));
    return out;
}

/// Waits for the schedule's end and counts what came of what was sent.
std::pair<std::uint64_t, std::uint64_t> finish(Ends& ends, Nanoseconds length) {
    std::this_thread::sleep_for(length + std::chrono::seconds(3));
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    for (const auto id : ends.sending) {
        const auto description = ends.sender->stop_sending(id);
        sent += description.next_sequence;
        for (const auto& range : description.skips)
            sent -= range.last - range.first + 1;
    }
    for (const auto id : ends.receiving)
        received += ends.receiver->stop_receiving(id).size();
    return {sent, received};
}

Result<Ends> both_ends(const Clock& clock) {
    Ends out;
    const TestPlaneSettings settings{.clock_error = std::chrono::microseconds(1)};
    out.sender = TRY(TestPlane::start(clock, settings));
    out.receiver = TRY(TestPlane::start(clock, settings));
    return out;
}

Result<void> many(const Clock& clock, std::uint32_t sessions, double rate, std::uint32_t seconds) {
    auto ends = TRY(both_ends(clock));
    // The sockets are there before memory is looked at: there are few, however many sessions.
    for (std::uint32_t i = 0; i < kAddresses; ++i) {
        static_cast<void>(TRY(ends.sender->reserve(address_of(1, i), std::nullopt, 0)));
        static_cast<void>(TRY(ends.receiver->reserve(address_of(2, i), std::nullopt, 0)));
    }
    const auto before = resident_octets();
    for (std::uint32_t i = 0; i < sessions; ++i) {
        auto session = session_of(clock, TestMode::open, rate, static_cast<std::uint32_t>(rate * seconds),
                                  Slot::Type::exponential);
        session.sid[0] = static_cast<std::uint8_t>(i);
        session.sid[1] = static_cast<std::uint8_t>(i >> 8U);
        TRY(add(ends, i, std::move(session)));
    }
    const auto memory = static_cast<double>(resident_octets() - before) / (2.0 * sessions);
    const double cpu = processor_seconds();
    const Monotonic began = clock.monotonic();
    const auto [sent, received] = finish(ends, std::chrono::seconds(seconds));
    const double wall = std::chrono::duration<double>(clock.monotonic() - began).count();
    fmt::print(
        "{} sessions of {} packets/s: {:.0f} octets each end before its packets, {:.1f} % of a core for both ends "
        "over {:.0f} s, {} sent, {} lost\n",
        sessions, rate, memory, 100 * (processor_seconds() - cpu) / wall, wall, sent, sent - received);
    return {};
}

Result<void> fastest(const Clock& clock, TestMode mode, std::string_view name) {
    for (const double rate : {20'000.0, 40'000.0, 60'000.0, 100'000.0, 150'000.0, 200'000.0, 300'000.0}) {
        auto ends = TRY(both_ends(clock));
        TRY(add(ends, 0, session_of(clock, mode, rate, static_cast<std::uint32_t>(rate * 3), Slot::Type::fixed)));
        const double cpu = processor_seconds();
        const auto [sent, received] = finish(ends, std::chrono::seconds(3));
        fmt::print("{} {:7.0f} packets/s: {} sent of {:.0f}, {} lost, {:.2f} s of processor for both ends\n", name,
                   rate, sent, rate * 3, sent - received, processor_seconds() - cpu);
        std::fflush(stdout);
    }
    return {};
}

Result<void> bench(int argc, char** argv) {
    const SystemClock clock;
    const auto argument = [&](int at, int otherwise) { return argc > at ? std::atoi(argv[at]) : otherwise; };
    TRY(many(clock, static_cast<std::uint32_t>(argument(1, 10'000)), argument(2, 10),
             static_cast<std::uint32_t>(argument(3, 20))));
    TRY(fastest(clock, TestMode::open, "open     "));
    return fastest(clock, TestMode::encrypted, "encrypted");
}

}  // namespace

int main(int argc, char** argv) {
    const auto done = bench(argc, argv);
    if (!done) fmt::print(stderr, "{}\n", done.error().text());
    return done ? 0 : 1;
}
