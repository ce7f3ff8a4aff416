#pragma once
// What tests of the server of OWAMP and TWAMP begin with: two ends, one side's sockets and traffic, a server with a
// key.

#include <gtest/gtest.h>
#include <memory>
#include <set>

#include "base/random.h"
#include "services/measure/owamp/engine_server.h"
#include "services/measure/owamp/engine_traffic.h"

namespace quipu::owamp {

inline const Time kNow = *parse_time("2011-11-21T12:00:00Z");
inline const net::Endpoint kClient = *net::Endpoint::parse("192.0.2.1:40000");
inline const net::Endpoint kServer = *net::Endpoint::parse("192.0.2.2:861");

inline SecretSource secrets_of(std::uint64_t seed) {
    return [rng = std::make_shared<Rng>(seed)](std::span<std::uint8_t> out) { rng->fill(out); };
}

/// One side's sockets and traffic in a network that a test makes.
class FakeEnds final : public TestEnds {
  public:
    explicit FakeEnds(net::IpAddress address, std::uint16_t first_port) : address_(address), next_port_(first_port) {}

    Result<Place> reserve(const net::IpAddress& local, std::optional<net::Endpoint> peer, std::uint8_t) override {
        if (local != address_) return fail(ErrorCode::invalid, "no interface of this machine has that address");
        const auto socket = static_cast<std::uint32_t>(ports.size());
        ports.push_back(next_port_++);
        if (peer) static_cast<void>(receiver.reserve(socket, *peer));
        return Place{socket, ports.back()};
    }
    void release(const Place& place, const net::Endpoint& peer) override { receiver.release(place.socket, peer); }
    Id send(TestSession session, const Place& place) override { return sender.add(std::move(session), place.socket); }
    Id receive(TestSession session, const Place& place) override {
        return receiver.add(std::move(session), place.socket);
    }
    SessionDescription stop_sending(Id id) override { return sender.remove(id); }
    [[nodiscard]] std::vector<PacketRecord> received(Id id, const SequenceRange& range,
                                                     std::size_t from) const override {
        std::vector<PacketRecord> out;
        if (const auto* records = receiver.records(id))
            for (std::size_t i = from; i < records->size(); ++i)
                if (range.contains((*records)[i].sequence)) out.push_back((*records)[i]);
        copied += out.size();
        return out;
    }
    std::vector<PacketRecord> stop_receiving(Id id) override { return receiver.remove(id); }
    [[nodiscard]] ErrorEstimate clock_error() const override {
        return ErrorEstimate::from(std::chrono::milliseconds(1), true);
    }

    SendEngine sender;
    ReceiveEngine receiver;
    std::vector<std::uint16_t> ports;
    mutable std::size_t copied = 0;  // records, by received()

  private:
    net::IpAddress address_;
    std::uint16_t next_port_;
};

/// Reflectors that write down what they are told.
class FakeReflectors final : public Reflectors {
  public:
    Result<TestEnds::Place> reserve(const net::IpAddress&, std::uint16_t port, std::uint8_t,
                                    const net::Endpoint& peer) override {
        told.push_back("reserve " + peer.text());
        if (!reserved_.emplace(0, peer).second) return fail(ErrorCode::conflict, "there is one", peer.text());
        return TestEnds::Place{0, port != 0 ? port : std::uint16_t{8762}};
    }
    Result<TestEnds::Place> reserve_elsewhere(const net::IpAddress&, std::uint8_t, const net::Endpoint& peer) override {
        told.push_back("elsewhere " + peer.text());
        reserved_.emplace(1, peer);
        return TestEnds::Place{1, 8763};
    }
    void start(const TestEnds::Place&, const Session& session) override {
        told.push_back("start " + session.peer.text() + (session.symmetrical ? " symmetrical" : "") +
                       (session.mode == TestMode::open ? " open" : " protected"));
    }
    void stop(const TestEnds::Place& place, const net::Endpoint& peer) override {
        told.push_back("stop " + peer.text());
        reserved_.erase({place.socket, peer});
    }

    std::vector<std::string> told;

  private:
    std::set<std::pair<std::uint32_t, net::Endpoint>> reserved_;  // by socket
};

inline ServerSettings with_key() {
    ServerSettings out;
    out.modes = mode::kOpen | mode::kAuthenticated | mode::kEncrypted;
    out.keys = {{"panama", "los nudos"}};
    return out;
}

struct OneWayServer {
    FakeEnds ends{kServer.address, 8000};
    ServerState state;

    explicit OneWayServer(ServerSettings settings = {}) : state(std::move(settings), ends, secrets_of(1), kNow) {}
};

/// A connection in open mode, past its set-up.
struct OneWayConnection {
    ServerSession server;
    ControlReader in;

    explicit OneWayConnection(ServerState& state, const net::Endpoint& client = kClient)
        : server(state, client, kServer, kNow) {
        in.feed(server.take());
        EXPECT_TRUE(read_greeting(in)->has_value());
        ControlWriter out;
        write(out, SetUpResponse{.mode = mode::kOpen, .key_id = {}, .token = {}, .client_iv = {}});
        feed(out);
        EXPECT_TRUE(read_server_start(in, nullptr)->has_value());
    }
    void feed(ControlWriter& out, Time at = kNow) {
        server.feed(out.take(), at);
        in.feed(server.take());
    }
    AcceptSession ask(const RequestSession& request) {
        ControlWriter out;
        write(out, request);
        feed(out);
        const auto answer = read_accept_session(in);
        EXPECT_TRUE(answer && answer->has_value());
        return answer && *answer ? **answer : AcceptSession{};
    }
    void start() {
        ControlWriter out;
        write(out, StartSessions{});
        feed(out);
        EXPECT_TRUE(read_start_ack(in)->has_value());
    }
};

struct Asking : OneWayServer, OneWayConnection {
    explicit Asking(ServerSettings settings = {}) : OneWayServer(std::move(settings)), OneWayConnection(state) {}
};

/// The server receives ten packets, a tenth of a second apart.
inline RequestSession good_request() {
    RequestSession out;
    out.server_receives = true;
    out.packets = 10;
    out.sender_port = 5000;
    out.start = measure::to_ntp(kNow);
    out.timeout = to_fixed(std::chrono::seconds(2));
    out.slots = {{Slot::Type::fixed, to_fixed(std::chrono::milliseconds(100))}};
    return out;
}

}  // namespace quipu::owamp
