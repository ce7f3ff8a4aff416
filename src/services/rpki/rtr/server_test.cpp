#include "services/rpki/rtr/server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

#include "data/test_folder.h"
#include "net/loop.h"
#include "net/stream_socket.h"
#include "services/rpki/rtr/codec_rtr.h"
#include "services/rpki/rtr/store.h"
#include "services/rpki/rtr/test_payloads.h"

namespace quipu::rpki {
namespace {

using namespace rtr;

/// A router as plain as a socket.
class Router {
  public:
    explicit Router(const net::Endpoint& server)
        : socket_(::socket(server.address.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const net::SocketAddress where = net::to_socket_address(server);
        connect(where.get(), where.length);
    }
    explicit Router(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        path.copy(where.sun_path, sizeof where.sun_path - 1);
        connect(reinterpret_cast<const sockaddr*>(&where), sizeof where);
    }
    void say(decltype(Pdu::body) body, std::uint8_t version = 1) {
        ByteWriter out;
        write(out, {version, std::move(body)});
        EXPECT_EQ(::send(socket_.get(), out.span().data(), out.size(), MSG_NOSIGNAL), std::ssize(out.span()));
    }
    /// The next PDU; nothing when the server closed.
    std::optional<Pdu> hear() {
        for (;;) {
            if (octets_.size() >= kHeaderSize) {
                ByteReader peek(octets_);
                const Header header = parse_header(peek);
                if (octets_.size() >= header.length) {
                    ByteReader in(ByteSpan(octets_).first(header.length));
                    auto pdu = parse(in);
                    EXPECT_TRUE(pdu) << pdu.error().text();
                    octets_.erase(octets_.begin(), octets_.begin() + header.length);
                    return pdu ? std::optional(std::move(*pdu)) : std::nullopt;
                }
            }
            std::array<std::uint8_t, 4096> part{};
            const ssize_t got = ::recv(socket_.get(), part.data(), part.size(), 0);
            EXPECT_GE(got, 0) << "the server says nothing";
            if (got <= 0) return std::nullopt;
            octets_.insert(octets_.end(), part.begin(), part.begin() + got);
        }
    }
    template <class Body>
    Body expect() {
        const auto pdu = hear();
        const Body* body = pdu ? std::get_if<Body>(&pdu->body) : nullptr;
        EXPECT_NE(body, nullptr) << "another PDU, or the end";
        return body == nullptr ? Body{} : *body;
    }
    /// A whole answer: its End of Data, and how many payloads stood before.
    std::pair<EndOfData, int> answer() {
        expect<CacheResponse>();
        for (int payloads = 0;; ++payloads) {
            const auto pdu = hear();
            if (!pdu) return {{}, -1};
            if (const auto* end = std::get_if<EndOfData>(&pdu->body)) return {*end, payloads};
        }
    }
    [[nodiscard]] int fd() const { return socket_.get(); }

  private:
    void connect(const sockaddr* where, socklen_t length) {
        EXPECT_EQ(::connect(socket_.get(), where, length), 0);
        const timeval patience{20, 0};  // so that a fault of the server ends the test
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    net::Descriptor socket_;
    std::vector<std::uint8_t> octets_;
};

class RtrServerTest : public testing::Test {
  protected:
    void SetUp() override {
        database_ = *data::Database::open("sqlite:" + (folder_ / "test.db"));
        ASSERT_TRUE(database_->migrate(kRtrMigrations));
        settings_.listen = {*net::Endpoint::parse("127.0.0.1:0")};
    }
    void start(const std::optional<net::KeyPair>& identity = {}) {
        auto started = RtrServer::start(settings_, identity, *database_, clock_);
        ASSERT_TRUE(started) << started.error().text();
        server_ = std::move(*started);
    }
    [[nodiscard]] net::Endpoint address() const { return server_->listening().at(0); }
    void publish(std::string_view text) { ASSERT_TRUE(server_->publish(payloads(text))); }
    static PayloadSet large() {
        PayloadSet set;
        for (std::uint32_t i = 0; i < 100'000; ++i)
            set.vrps.push_back({.address = i << 8U, .as = i, .length = 24, .max_length = 24, .v6 = false});
        return set;
    }
    /// Until the server has seen what happened on a socket.
    template <class F>
    void await(F is_so) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!is_so() && std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
        EXPECT_TRUE(is_so());
    }

    data::TestFolder folder_;
    std::unique_ptr<data::Database> database_;
    ManualClock clock_{*parse_time("2011-11-15T00:00:00Z")};
    RtrSettings settings_;
    std::unique_ptr<RtrServer> server_;
};

TEST_F(RtrServerTest, ServesTellsAndLists) {
    start();
    Router router(address());
    router.say(ResetQuery{});
    EXPECT_EQ(router.expect<ErrorReport>().failure, Failure::no_data_available);
    publish("10.0.0.0/8-8 AS1, 10.1.0.0/16-16 AS1");
    const auto told = router.expect<SerialNotify>();
    EXPECT_EQ(told.serial, 1U);
    router.say(ResetQuery{});
    EXPECT_EQ(router.answer(), (std::pair(EndOfData{told.session, 1, {3600, 600, 7200}}, 2)));
    // Its minute is not over: it asks by itself.
    publish("10.0.0.0/8-8 AS1");
    router.say(SerialQuery{told.session, 1});
    EXPECT_EQ(router.answer(), (std::pair(EndOfData{told.session, 2, {3600, 600, 7200}}, 1)));
    const auto clients = server_->clients();
    ASSERT_EQ(clients.size(), 1U);
    EXPECT_EQ(clients[0].version, 1);
    EXPECT_EQ(clients[0].transport, RtrTransport::tcp);
    EXPECT_EQ(clients[0].received, 8 + 8 + 12);
    await([&] { return server_->clients().at(0).lag == 0; });
    EXPECT_TRUE(server_->state().serving);
    EXPECT_EQ(server_->state().vrps, 1);
    EXPECT_EQ(server_->state().deltas, 1);
    EXPECT_EQ(server_->counters().notifies, 1U);
    EXPECT_EQ(server_->counters().delta_answers, 1U);
    clock_.advance(std::chrono::hours(25));
    EXPECT_FALSE(server_->state().serving);
    router.say(SerialQuery{told.session, 2});
    EXPECT_EQ(router.expect<ErrorReport>().failure, Failure::no_data_available);
}

TEST_F(RtrServerTest, GoesOnAfterARestart) {
    start();
    publish("10.0.0.0/8-8 AS1");
    publish("10.0.0.0/8-8 AS2");
    const std::int64_t session = server_->state().session;
    server_.reset();
    start();
    EXPECT_EQ(server_->state().session, session);
    Router router(address());
    router.say(SerialQuery{static_cast<std::uint16_t>(session), 1});
    EXPECT_EQ(router.answer().second, 2);
    EXPECT_EQ(server_->state().serial, 2);
}

TEST_F(RtrServerTest, LeavesWhoBreaksTheProtocol) {
    start();
    publish("10.0.0.0/8-8 AS1");
    Router router(address());
    router.say(CacheReset{});
    EXPECT_EQ(router.expect<ErrorReport>().failure, Failure::invalid_request);
    EXPECT_EQ(router.hear(), std::nullopt);
    Router other(address());
    other.say(ErrorReport{Failure::duplicate_announcement, {}, "twice"});
    EXPECT_EQ(other.hear(), std::nullopt);
    await([&] { return server_->clients().empty(); });
    EXPECT_EQ(server_->counters().errors_sent, 1U);
    EXPECT_EQ(server_->counters().errors_received, 1U);
}

TEST_F(RtrServerTest, RefusesTooMany) {
    settings_.most_clients_of_address = 2;
    start();
    publish("10.0.0.0/8-8 AS1");
    auto first = std::make_unique<Router>(address());
    first->say(ResetQuery{});
    first->answer();
    Router second(address());
    second.say(ResetQuery{});
    second.answer();
    EXPECT_EQ(Router(address()).hear(), std::nullopt);
    EXPECT_EQ(server_->counters().refused, 1U);
    first.reset();
    await([&] { return server_->clients().size() == 1; });
    Router again(address());
    again.say(ResetQuery{});
    EXPECT_EQ(again.answer().second, 1);
}

TEST_F(RtrServerTest, ServesManyAtOnceWhileOneTakesNothing) {
    settings_.most_clients_of_address = 100;
    start();
    ASSERT_TRUE(server_->publish(large()));
    Router stuck(address());
    for (int i = 0; i < 100; ++i)
        stuck.say(ResetQuery{});
    std::vector<std::jthread> threads;
    std::atomic<int> right = 0;
    for (int i = 0; i < 10; ++i) {
        threads.emplace_back([&] {
            Router router(address());
            router.say(ResetQuery{}, 0);
            ByteReader octets({});
            std::size_t size = 0;
            std::vector<std::uint8_t> part(65536);
            while (size < 8 + 100'000 * 20 + 12) {
                const ssize_t got = ::recv(router.fd(), part.data(), part.size(), 0);
                if (got <= 0) return;
                size += static_cast<std::size_t>(got);
            }
            ++right;
        });
    }
    threads.clear();
    EXPECT_EQ(right, 10);
    EXPECT_LT(server_->counters().full_answers, 40U) << "the stuck one's further queries wait";
}

TEST_F(RtrServerTest, LeavesWhoTakesNothing) {
    settings_.patience = std::chrono::seconds(1);
    start();
    ASSERT_TRUE(server_->publish(large()));
    Router stuck(address());
    for (int i = 0; i < 10; ++i)
        stuck.say(ResetQuery{});
    await([&] { return server_->counters().too_slow == 1 && server_->clients().empty(); });
}

TEST_F(RtrServerTest, SpeaksTls) {
    const auto now = SystemClock().now();
    const auto authority = net::pki::make_authority("test", now, std::chrono::days(1));
    ASSERT_TRUE(authority);
    const std::vector<std::string> names{"127.0.0.1"};
    const auto identity = net::pki::make_server(*authority, names, now, std::chrono::days(1));
    ASSERT_TRUE(identity);
    settings_.listen.clear();
    settings_.listen_tls = {*net::Endpoint::parse("127.0.0.1:0")};
    start(*identity);
    ASSERT_TRUE(server_->publish(large()));

    std::string received;
    const auto expected = 8 + 100'000 * 20 + 24;
    net::EventLoop loop;
    loop.spawn(
        [](net::EventLoop& on, net::Endpoint where, std::string ca, std::string& into, std::size_t all) -> Task<void> {
            const auto patience = std::chrono::seconds(20);
            auto socket = co_await net::StreamSocket::connect(on, where, patience);
            const auto context = net::TlsContext::client(ca, {});
            if (socket && context && co_await (*socket)->secure(*context, "127.0.0.1", patience)) {
                const std::string query{1, 2, 0, 0, 0, 0, 0, 8};
                auto sent = co_await (*socket)->write(query, patience);
                std::vector<char> part(65536);
                while (sent && into.size() < all) {
                    const auto got = co_await (*socket)->read_some(part, patience);
                    if (!got || *got == 0) break;
                    into.append(part.data(), *got);
                }
            }
            on.stop();
        }(loop, address(), authority->certificate, received, expected));
    loop.run();
    ASSERT_EQ(received.size(), static_cast<std::size_t>(expected));
    EXPECT_EQ(received[static_cast<std::size_t>(expected) - 23], 7) << "ends with End of Data";
}

TEST_F(RtrServerTest, ServesALocalSocket) {
    settings_.local_socket = folder_ / "rtr.sock";
    start();
    publish("10.0.0.0/8-8 AS1");
    Router router(settings_.local_socket);
    router.say(ResetQuery{});
    EXPECT_EQ(router.answer().second, 1);
    EXPECT_EQ(server_->clients().at(0).address, "local");
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(settings_.local_socket));
}

TEST_F(RtrServerTest, ItsSettingsAreChecked) {
    const auto refused = [&](auto change) {
        RtrSettings settings = settings_;
        change(settings);
        const auto started = RtrServer::start(settings, {}, *database_, clock_);
        return started ? std::string() : started.error().text();
    };
    EXPECT_EQ(refused([](RtrSettings& s) { s.expire = std::chrono::minutes(5); }),
              "expire: 5 min is not between 10 min and 2 d");
    EXPECT_NE(refused([](RtrSettings& s) { s.refresh = std::chrono::hours(3); }).find("longer than refresh"),
              std::string::npos);
    EXPECT_NE(refused([](RtrSettings& s) {
                  s.listen_tls = {*net::Endpoint::parse("127.0.0.1:0")};
              }).find("TLS needs a certificate"),
              std::string::npos);
}

}  // namespace
}  // namespace quipu::rpki
