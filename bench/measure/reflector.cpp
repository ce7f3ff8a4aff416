// Asks a STAMP reflector as fast as told: bench_reflector ADDRESS:PORT SECONDS PACKETS-PER-SECOND SESSIONS [OCTETS]
// prints what was sent and answered as JSON. A rate of 0 keeps up to 512 questions under way. Used by reflector.sh.
//
// bench_reflector twamp PACKETS SESSIONS: how many of TWAMP's packets a second of processor opens, answers and seals in
// each mode, as the engine alone does it.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <poll.h>
#include <vector>

#include "net/udp.h"
#include "services/measure/stamp/codec_packet.h"
#include "services/measure/stamp/engine_reflector.h"

using namespace quipu;

namespace {

constexpr std::uint64_t kUnderWay = 512;

struct Load {
    net::Endpoint reflector;
    Nanoseconds length{};
    double rate = 0;
    std::uint32_t sessions = 1;
    std::size_t octets = 44;
    std::string key = {};  ///< of authenticated mode

    [[nodiscard]] stamp::Form form() const {
        return {stamp::Protocol::stamp, key.empty() ? stamp::Mode::open : stamp::Mode::authenticated};
    }
};

struct Found {
    std::uint64_t sent = 0, answered = 0;
    std::vector<std::int64_t> held;
};

void take_answers(net::UdpSocket& socket, stamp::Form form, Found& found) {
    for (;;) {
        const auto batch = socket.receive();
        if (!batch) return;
        for (const net::Datagram& datagram : *batch) {
            const auto answer = stamp::parse_answer(datagram.bytes, form);
            if (!answer) continue;
            ++found.answered;
            if (found.answered % 16 == 0)
                found.held.push_back(
                    (stamp::time_of(answer->timestamp, answer->error) - stamp::time_of(answer->received, answer->error))
                        .count());
        }
        if (batch->size() < net::kUdpBatch) return;
    }
}

Found ask(net::UdpSocket& socket, const Load& load) {
    const SystemClock clock;
    const Monotonic start = clock.monotonic();
    Found found;
    stamp::Hmac hmac(stamp::Hmac::Hash::sha256, as_bytes(load.key));
    std::vector<std::vector<std::uint8_t>> packets(net::kUdpBatch);
    std::vector<net::OutDatagram> out(net::kUdpBatch);
    for (Monotonic now = start; now - start < load.length; now = clock.monotonic()) {
        const double elapsed = std::chrono::duration<double>(now - start).count();
        const std::uint64_t wanted =
            load.rate > 0 ? static_cast<std::uint64_t>(elapsed * load.rate) : found.answered + kUnderWay;
        const std::size_t count = wanted > found.sent ? std::min<std::size_t>(wanted - found.sent, net::kUdpBatch) : 0;
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t number = found.sent + i;
            ByteWriter writer(load.octets);
            stamp::write_question(writer,
                                  {.sequence = static_cast<std::uint32_t>(number / load.sessions),
                                   .timestamp = stamp::timestamp_field(clock.now(), false),
                                   .error = 0x8001,
                                   .ssid = static_cast<std::uint16_t>(number % load.sessions)},
                                  load.form());
            if (load.octets > writer.size()) writer.zeros(load.octets - writer.size());
            packets[i] = writer.take();
            if (!load.key.empty()) stamp::seal_stamp(packets[i], hmac);
            out[i] = {packets[i], load.reflector};
        }
        if (count > 0) found.sent += socket.send(std::span(out).first(count)).value_or(0);
        take_answers(socket, load.form(), found);
        if (count == 0) {
            pollfd watched{socket.fd(), POLLIN, 0};
            const timespec patience{0, 100'000};
            ::ppoll(&watched, 1, &patience, nullptr);
        }
    }
    for (int i = 0; i < 20 && found.answered < found.sent; ++i) {
        pollfd watched{socket.fd(), POLLIN, 0};
        ::poll(&watched, 1, 50);
        take_answers(socket, load.form(), found);
    }
    return found;
}

/// Packets a second of this thread's processor time.
double twamp_rate(stamp::Mode mode, std::uint32_t packets, std::uint32_t sessions) {
    const stamp::Form form{stamp::Protocol::twamp, mode};
    stamp::ReflectorEngine engine({});
    std::vector<std::vector<std::uint8_t>> questions;
    std::vector<net::Endpoint> peers;
    for (std::uint32_t i = 0; i < sessions; ++i) {
        stamp::TwampKeys keys;
        keys.aes[0] = keys.hmac[0] = static_cast<std::uint8_t>(i);
        peers.push_back({net::IpAddress::v4(0x0a000000U + i), 7000});
        engine.grant(0, peers.back(), {.form = form, .keys = keys}, {});
        ByteWriter writer;
        stamp::write_question(writer, {.timestamp = 1, .error = 0x8001}, form);
        writer.zeros(form.answer_octets() - writer.size());
        questions.push_back(writer.take());
        stamp::TwampCipher(keys).seal(std::span(questions.back()).first(form.question_octets()), form, false);
    }
    stamp::Reflection answer;
    std::uint32_t answered = 0;
    const std::clock_t from = std::clock();
    for (std::uint32_t i = 0; i < packets; ++i) {
        const std::uint32_t at = i % sessions;
        if (!engine.prepare({.peer = peers[at], .local = {}, .bytes = questions[at], .received = {}}, {}, answer))
            continue;
        engine.seal(answer, {});
        ++answered;
    }
    return answered / (static_cast<double>(std::clock() - from) / CLOCKS_PER_SEC);
}

void twamp(std::uint32_t packets, std::uint32_t sessions) {
    for (const auto& [mode, name] : {std::pair{stamp::Mode::open, "open"},
                                     {stamp::Mode::authenticated, "authenticated"},
                                     {stamp::Mode::encrypted, "encrypted"}})
        fmt::print("{}: {:.0f} packets a second\n", name, twamp_rate(mode, packets, sessions));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 4 && std::string_view(argv[1]) == "twamp") {
        twamp(static_cast<std::uint32_t>(std::atoi(argv[2])), static_cast<std::uint32_t>(std::atoi(argv[3])));
        return 0;
    }
    if (argc < 5) {
        std::fputs(
            "bench_reflector ADDRESS:PORT SECONDS PACKETS-PER-SECOND SESSIONS [OCTETS [KEY]]\n"
            "bench_reflector twamp PACKETS SESSIONS\n",
            stderr);
        return 2;
    }
    const auto reflector = net::Endpoint::parse(argv[1]);
    if (!reflector) return 2;
    const Load load{.reflector = *reflector,
                    .length = Nanoseconds(static_cast<std::int64_t>(std::atof(argv[2]) * 1e9)),
                    .rate = std::atof(argv[3]),
                    .sessions = static_cast<std::uint32_t>(std::atoi(argv[4])),
                    .octets = argc > 5 ? static_cast<std::size_t>(std::atoi(argv[5])) : 44,
                    .key = argc > 6 ? argv[6] : ""};
    auto socket = net::UdpSocket::bind({net::IpAddress::v4(0), 0}, {});
    if (!socket) return 1;
    Found found = ask(*socket, load);
    std::ranges::sort(found.held);
    const auto rank = [&](double q) {
        return found.held.empty()
                   ? 0.0
                   : static_cast<double>(
                         found.held[static_cast<std::size_t>(q * static_cast<double>(found.held.size() - 1))]) /
                         1e3;
    };
    fmt::print(
        "{{\"sent\": {}, \"answered\": {}, \"own_loss\": {}, \"held_p50_us\": {:.1f}, \"held_p99_us\": {:.1f}}}\n",
        found.sent, found.answered, socket->overflowed(), rank(0.5), rank(0.99));
    return 0;
}
