#include "net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>
#include <poll.h>

#include "net/http_server.h"
#include "net/http_test_peer.h"

namespace quipu::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Endpoint own_loopback() {
    return *Endpoint::parse("127.0.0.1:0");
}

Task<HttpResponse> answer(HttpRequest& request) {
    if (request.path == "/large") co_return HttpResponse::text(200, std::string(3 << 20, 'x'));
    if (request.path == "/never") co_await EventLoop::current()->sleep(std::chrono::hours(1));
    if (request.path == "/stream") {
        HttpResponse response;
        response.body = EventBody([](EventStream& events) -> Task<void> {
            for (int i = 0; i < 3; ++i) {
                static_cast<void>(co_await events.keep_alive());
                static_cast<void>(co_await events.send("count", "a\n" + std::to_string(i), {}));
            }
        });
        co_return response;
    }
    co_return HttpResponse::text(request.path == "/missing" ? 404 : 200,
                                 std::string(name_of(request.method)) + " " + request.path + " " + request.body);
}

class HttpClientTest : public testing::Test {
  protected:
    HttpClientTest() { restart(own_loopback()); }
    void restart(const Endpoint& at) {
        server_.reset();
        auto server = HttpServer::listen(loops_, at, answer);
        EXPECT_TRUE(server.has_value());
        server_ = std::move(*server);
    }
    [[nodiscard]] std::string base() const { return "http://" + server_->address().text(); }

    /// Runs `work` with a client on a loop of its own.
    void with_client(const std::function<Task<void>(HttpClient&)>& work) {
        EventLoop loop;
        auto client = HttpClient::create(loop, base());
        ASSERT_TRUE(client.has_value());
        const auto task = [](EventLoop& on, const std::function<Task<void>(HttpClient&)>& with,
                             HttpClient& through) -> Task<void> {
            co_await with(through);
            on.stop();
        };
        loop.spawn(task(loop, work, **client));
        loop.run();
    }

    LoopPool loops_{1};
    std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpClientTest, FetchesAndPosts) {
    const auto got = fetch(base(), {.target = "/a?b=c"});
    ASSERT_TRUE(got.has_value()) << got.error().text();
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, "GET /a ");
    EXPECT_EQ(got->headers.get("content-type"), "text/plain; charset=utf-8");
    EXPECT_EQ(fetch(base(), {.method = Method::post, .target = "/p", .body = std::string(100'000, 'b')})->body.size(),
              100'008U);
    EXPECT_EQ(fetch(base(), {.method = Method::head, .target = "/p"})->body, "");
    EXPECT_EQ(fetch(base(), {.target = "/missing"})->status, 404);
}

TEST_F(HttpClientTest, KeepsItsConnection) {
    with_client([](HttpClient& client) -> Task<void> {
        for (int i = 0; i < 5; ++i) {
            const auto got = co_await client.send({.target = "/again"});
            EXPECT_TRUE(got.has_value());
        }
    });
    EXPECT_EQ(server_->counters().connections, 1U);
    EXPECT_EQ(server_->counters().requests, 5U);
}

TEST_F(HttpClientTest, ComesBackWhenTheServerHasBeenAway) {
    with_client([this](HttpClient& client) -> Task<void> {
        EXPECT_TRUE((co_await client.send({.method = Method::post, .target = "/1"})).has_value());
        const Endpoint at = server_->address();
        restart(at);
        const auto got = co_await client.send({.method = Method::post, .target = "/2"});
        EXPECT_TRUE(got.has_value());
        server_.reset();
        const auto lost = co_await client.send({.target = "/3"});
        EXPECT_FALSE(lost.has_value());
        restart(at);
        EXPECT_TRUE((co_await client.send({.target = "/4"})).has_value());
    });
}

TEST_F(HttpClientTest, SaysWhoCannotBeReached) {
    const std::string gone = base();
    const std::string address = server_->address().text();
    server_.reset();
    const auto got = fetch(gone, {});
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, ErrorCode::unavailable);
    EXPECT_THAT(got.error().what, HasSubstr("cannot reach " + address));
    EXPECT_THAT(got.error().what, HasSubstr("refused"));
    EXPECT_EQ(got.error().hint, "is the server running there?");
}

TEST_F(HttpClientTest, ItsPatienceEnds) {
    const auto got = fetch(base(), {.target = "/never", .patience = std::chrono::milliseconds(30)});
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, ErrorCode::timeout);
    EXPECT_THAT(got.error().what, HasSubstr("did not answer within 30 ms"));
}

TEST_F(HttpClientTest, ABodyOverTheLimitIsRefused) {
    const auto got = fetch(base(), {.target = "/large", .max_body_octets = 1000});
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, ErrorCode::too_large);
    EXPECT_EQ(fetch(base(), {.target = "/large"})->body.size(), std::size_t{3} << 20);
}

TEST_F(HttpClientTest, RefusesWhatIsNoAddressAndWhatWouldSplitTheRequest) {
    for (const char* const wrong :
         {"ftp://h", "http://", "http://h:0", "http://h:x", "http://h:99999", "http://[::1", "https://h", "http://a/b"})
        EXPECT_EQ(fetch(wrong, {}).error().code, ErrorCode::invalid) << wrong;
    EXPECT_EQ(fetch(base(), {.target = "/a b"}).error().code, ErrorCode::invalid);
    ClientRequest request;
    request.headers.add("X", "a\r\nY: b");
    EXPECT_EQ(fetch(base(), request).error().code, ErrorCode::invalid);
}

TEST_F(HttpClientTest, ReadsAnEventStream) {
    std::vector<std::string> seen;
    with_client([&](HttpClient& client) -> Task<void> {
        const auto ended =
            co_await client.stream({.target = "/stream"}, [&](std::string_view event, std::string_view data) {
                seen.push_back(std::string(event) + "=" + std::string(data));
                return true;
            });
        EXPECT_EQ(ended.error().code, ErrorCode::unavailable);
        int count = 0;
        const auto enough = co_await client.stream({.target = "/stream"},
                                                   [&](std::string_view, std::string_view) { return ++count < 2; });
        EXPECT_TRUE(enough.has_value());
        EXPECT_EQ(count, 2);
        const auto missing =
            co_await client.stream({.target = "/missing"}, [](std::string_view, std::string_view) { return true; });
        EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    });
    EXPECT_THAT(seen, ElementsAre("count=a\n0", "count=a\n1", "count=a\n2"));
}

TEST_F(HttpClientTest, ItsLoopMayStopWhileItWaits) {
    EventLoop loop;
    auto client = HttpClient::create(loop, base());
    const auto task = [](HttpClient& through) -> Task<void> {
        static_cast<void>(co_await through.send({.target = "/never"}));
        ADD_FAILURE() << "resumed after stop";
    };
    loop.spawn(task(**client));
    const std::jthread other([&] {
        while (server_->counters().requests == 0)
            std::this_thread::yield();
        loop.stop();
    });
    loop.run();
}

/// A server that answers with given octets, in pieces of one, and closes.
TEST(HttpClientParsing, TakesChunksInterimAnswersAndBodiesWithoutLength) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
         "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
         "abc"},
        {"HTTP/1.1 200 OK\r\n\r\nto the end", "to the end"},
        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ncut off", ""},
        {"SSH-2.0-OpenSSH\r\n\r\n", ""},
        {"", ""},
    };
    for (const auto& [octets, body] : cases) {
        auto listeners = listen_on(own_loopback(), 1);
        const Endpoint at = *local_endpoint(listeners->front().get());
        const std::jthread server([&, text = octets] {
            pollfd waiting{listeners->front().get(), POLLIN, 0};
            ::poll(&waiting, 1, 20'000);
            const Descriptor socket(::accept(listeners->front().get(), nullptr, nullptr));
            char request[4096];
            EXPECT_GT(::recv(socket.get(), request, sizeof request, 0), 0);
            for (const char octet : text)
                ::send(socket.get(), &octet, 1, MSG_NOSIGNAL);
        });
        const auto got = fetch("http://" + at.text(), {});
        EXPECT_EQ(got.has_value(), !body.empty()) << octets;
        if (got) EXPECT_EQ(got->body, body);
    }
}

}  // namespace
}  // namespace quipu::net
