#include "net/http_server.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>
#include <mutex>
#include <stdexcept>

#include "net/http_test_peer.h"

namespace quipu::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Endpoint loopback() {
    return *Endpoint::parse("127.0.0.1:0");
}

/// Says back what it was asked: method, path, query, body.
Task<HttpResponse> echo(HttpRequest& request) {
    std::string text = std::string(name_of(request.method)) + " " + request.path;
    for (const auto& [key, value] : request.query)
        text += " " + key + "=" + value;
    if (!request.body.empty()) text += " [" + request.body + "]";
    co_return HttpResponse::text(200, std::move(text));
}

class HttpServerTest : public testing::Test {
  protected:
    void serve(HttpHandler handler, HttpLimits limits = {}) {
        auto server = HttpServer::listen(loops_, loopback(), std::move(handler), {}, limits);
        ASSERT_TRUE(server.has_value()) << server.error().text();
        server_ = std::move(*server);
    }
    [[nodiscard]] Endpoint at() const { return server_->address(); }

    LoopPool loops_{2};
    std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersARequest) {
    serve(echo);
    const std::string answer =
        exchange(at(), "GET /a%20b/./c//d?x=1&y=a+b%26c&flag HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
    EXPECT_THAT(answer, HasSubstr("X-Request-Id: "));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nGET /a b/c/d x=1 y=a b&c flag="));
}

TEST_F(HttpServerTest, KeepsTheConnectionAndTakesPipelinedRequestsInOrder) {
    serve(echo);
    RawPeer peer(at());
    peer.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(peer.read_response(), EndsWith("GET /1"));
    std::string many;
    for (int i = 0; i < 200; ++i)
        many += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody";
    peer.send(many);
    for (int i = 0; i < 200; ++i)
        EXPECT_THAT(peer.read_response(), EndsWith("POST /" + std::to_string(i) + " [body]"));
    EXPECT_EQ(server_->counters().requests, 201U);
    EXPECT_EQ(server_->counters().connections, 1U);
}

TEST_F(HttpServerTest, TakesARequestInPiecesOfOneOctet) {
    serve(echo);
    const std::string text =
        "\r\nPUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        "5;why=\"not\"\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: ignored\r\n\r\n";
    RawPeer peer(at());
    for (const char octet : text)
        peer.send({&octet, 1});
    EXPECT_THAT(peer.read_to_end(), EndsWith("PUT /x [hello!]"));
}

TEST_F(HttpServerTest, HttpOneZeroClosesUnlessAskedNotTo) {
    serve(echo);
    EXPECT_THAT(exchange(at(), "GET /old HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close\r\n"));
    RawPeer peer(at());
    for (int i = 0; i < 2; ++i) {
        peer.send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_THAT(peer.read_response(), HasSubstr("Connection: keep-alive\r\n"));
    }
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
    serve(echo);
    const std::string answer = exchange(at(), "HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 7\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, NoContentHasNeitherLengthNorBody) {
    serve([](HttpRequest&) -> Task<HttpResponse> { co_return HttpResponse::text(204, "dropped"); });
    RawPeer peer(at());
    for (int i = 0; i < 2; ++i) {
        peer.send("DELETE /x HTTP/1.1\r\nHost: h\r\n\r\n");
        const std::string answer = peer.read_until("\r\n\r\n");
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 204 No Content"));
        EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
    }
}

TEST_F(HttpServerTest, SaysContinueBeforeABodyThatWaitsForIt) {
    serve(echo);
    RawPeer peer(at());
    peer.send("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("ok");
    EXPECT_THAT(peer.read_response(), EndsWith("POST /x [ok]"));
}

struct Refusal {
    std::string_view name;
    std::string_view request;
    std::string_view status;
    std::string_view says;
};

class HttpRefusalTest : public HttpServerTest, public testing::WithParamInterface<Refusal> {};

TEST_P(HttpRefusalTest, AnswersWithAStatusAndASentenceAndCloses) {
    HttpLimits limits;
    limits.header_octets = 1024;
    limits.body_octets = 100;
    serve(echo, limits);
    const std::string answer = exchange(at(), GetParam().request);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::string(GetParam().status)));
    EXPECT_THAT(answer, HasSubstr("Content-Type: application/problem+json"));
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
    EXPECT_THAT(answer, HasSubstr(std::string(GetParam().says)));
    EXPECT_EQ(server_->counters().refused, 1U);
    EXPECT_EQ(server_->counters().requests, 0U);
}

const std::string kLongHeader = "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(5000, 'x') + "\r\n\r\n";
const std::string kEndlessHeader = "GET / HTTP/1.1\r\nHost: h\r\n" + [] {
    std::string out;
    for (int i = 0; i < 60; ++i)
        out += "X-Field-" + std::to_string(i) + ": some words here\r\n";
    return out + "X-";
}();
const std::string kManyFields = "GET / HTTP/1.1\r\nHost: h\r\n" + [] {
    std::string out;
    for (int i = 0; i < 101; ++i)
        out += "a:b\r\n";
    return out + "\r\n";
}();

INSTANTIATE_TEST_SUITE_P(
    All, HttpRefusalTest,
    testing::Values(
        Refusal{"Garbage", "\x16\x03\x01\x02\r\n\r\n", "400", "method"},
        Refusal{"Version", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505", "HTTP/1.1"},
        Refusal{"Method", "BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n", "501", "method"},
        Refusal{"NoHost", "GET / HTTP/1.1\r\n\r\n", "400", "Host"},
        Refusal{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", "two Host"},
        Refusal{"Climb", "GET /a/../../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", "400", "climbs out"},
        Refusal{"EncodedClimb", "GET /a/%2e%2E%2fetc HTTP/1.1\r\nHost: h\r\n\r\n", "400", "climbs out"},
        Refusal{"ZeroOctet", "GET /a%00 HTTP/1.1\r\nHost: h\r\n\r\n", "400", "zero octet"},
        Refusal{"BadPercent", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", "400", "percent"},
        Refusal{"BadQuery", "GET /?a=%f HTTP/1.1\r\nHost: h\r\n\r\n", "400", "query"},
        Refusal{"NotAPath", "GET x HTTP/1.1\r\nHost: h\r\n\r\n", "400", "not a path"},
        Refusal{"LengthAndChunked",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400",
                "both"},
        Refusal{"ChunkedAndLength",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "400",
                "Content-Length"},
        Refusal{"TwoLengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400",
                "two Content-Lengths"},
        Refusal{"BadLength", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\nabc", "400", "Content-Length"},
        Refusal{"UnknownCoding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "501",
                "chunked"},
        Refusal{"ChunkedInOneZero", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400",
                "HTTP/1.0"},
        Refusal{"SpaceBeforeColon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", "400", "header field"},
        Refusal{"BadChunk", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "400", "chunk"},
        Refusal{"Expectation", "POST / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\n", "417",
                "expectation"},
        Refusal{"LongBody", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", "413", "body"},
        Refusal{"LongChunks", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", "413", "body"},
        Refusal{"LongHeader", kLongHeader, "431", "header"}, Refusal{"EndlessHeader", kEndlessHeader, "431", "header"},
        Refusal{"ManyFields", kManyFields, "431", "100 header fields"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(HttpServerTest, ASlowHeaderIsCutOff) {
    HttpLimits limits;
    limits.header_time = std::chrono::milliseconds(40);
    serve(echo, limits);
    const std::string answer = exchange(at(), "GET / HTTP/1.1\r\nHos");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 408"));
    EXPECT_THAT(answer, HasSubstr("header took too long"));
}

TEST_F(HttpServerTest, ASlowBodyIsCutOff) {
    HttpLimits limits;
    limits.body_time = std::chrono::milliseconds(40);
    serve(echo, limits);
    EXPECT_THAT(exchange(at(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"),
                HasSubstr("body took too long"));
}

TEST_F(HttpServerTest, AnIdleConnectionIsClosedWithoutAWord) {
    HttpLimits limits;
    limits.idle_time = std::chrono::milliseconds(40);
    serve(echo, limits);
    EXPECT_EQ(exchange(at(), ""), "");
}

TEST_F(HttpServerTest, AClientThatReadsNothingIsCutOff) {
    HttpLimits limits;
    limits.write_time = std::chrono::milliseconds(40);
    serve([](HttpRequest&) -> Task<HttpResponse> { co_return HttpResponse::text(200, std::string(64 << 20, 'x')); },
          limits);
    RawPeer peer(at());
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    while (server_->counters().requests == 0)
        std::this_thread::yield();
    while (server_->counters().open != 0)
        std::this_thread::yield();
    EXPECT_LT(peer.read_to_end().size(), std::size_t{64} << 20);
}

TEST_F(HttpServerTest, ConnectionsBeyondTheLimitAreTurnedAway) {
    HttpLimits limits;
    limits.connections = 1;
    serve(echo, limits);
    RawPeer first(at());
    first.send("GET /first HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(first.read_response(), EndsWith("GET /first"));
    EXPECT_THAT(exchange(at(), ""), StartsWith("HTTP/1.1 503"));
    first.send("GET /again HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(first.read_response(), EndsWith("GET /again"));
}

TEST_F(HttpServerTest, ATakenPortIsToldWithTheAddress) {
    serve(echo);
    const auto second = HttpServer::listen(loops_, at(), echo);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_THAT(second.error().text(), HasSubstr(at().text()));
    EXPECT_THAT(second.error().text(), HasSubstr("already in use"));
    EXPECT_THAT(second.error().hint, HasSubstr("another port"));
}

TEST_F(HttpServerTest, AHandlerThatThrowsGivesAnError) {
    serve([](HttpRequest& request) -> Task<HttpResponse> {
        if (request.path == "/bad") throw std::runtime_error("a test's exception");
        co_return HttpResponse::text(200, "fine");
    });
    RawPeer peer(at());
    peer.send("GET /bad HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(peer.read_response(), StartsWith("HTTP/1.1 500"));
    peer.send("GET /good HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(peer.read_response(), EndsWith("fine"));
}

TEST_F(HttpServerTest, AFieldCannotBeSplit) {
    serve([](HttpRequest&) -> Task<HttpResponse> {
        auto response = HttpResponse::text(200, "x");
        response.headers.add("X-Evil", "a\r\nSet-Cookie: b");
        response.headers.add("Content-Length", "999");
        co_return response;
    });
    const std::string answer = exchange(at(), "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("X-Evil: a  Set-Cookie: b\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 1\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("999")));
}

TEST_F(HttpServerTest, RequestsOfOneConnectionRunOnOneLoop) {
    std::mutex mutex;
    std::vector<EventLoop*> seen;
    serve([&](HttpRequest&) -> Task<HttpResponse> {
        {
            const std::scoped_lock lock(mutex);
            seen.push_back(EventLoop::current());
        }
        co_await EventLoop::current()->sleep(std::chrono::milliseconds(1));
        co_return HttpResponse::json(200, "{}");
    });
    RawPeer peer(at());
    for (int i = 0; i < 5; ++i) {
        peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_THAT(peer.read_response(), EndsWith("{}"));
    }
    EXPECT_NE(seen.front(), nullptr);
    EXPECT_EQ(std::ranges::count(seen, seen.front()), 5);
}

TEST_F(HttpServerTest, SendsEventsUntilTheClientGoes) {
    std::latch gone(1);
    serve([&](HttpRequest&) -> Task<HttpResponse> {
        HttpResponse response;
        response.body = EventBody([&gone](EventStream& events) -> Task<void> {
            Result<void> sent = co_await events.send("pairs", "line one\nline two", "7");
            while (sent) {
                sent = co_await events.keep_alive();
                co_await events.loop().sleep(std::chrono::milliseconds(1));
            }
            gone.count_down();
        });
        co_return response;
    });
    RawPeer peer(at());
    peer.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string head = peer.read_until("\r\n\r\n");
    EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
    EXPECT_THAT(head, HasSubstr("Cache-Control: no-cache\r\n"));
    EXPECT_EQ(peer.read_until("\n\n"), "id: 7\nevent: pairs\ndata: line one\ndata: line two\n\n");
    EXPECT_EQ(peer.read_until("\n\n"), ":\n\n");
    peer.close();
    gone.wait();
}

TEST_F(HttpServerTest, DrainEndsStreamsAndIdleConnectionsAndLetsRequestsFinish) {
    std::latch begun(2);
    serve([&](HttpRequest& request) -> Task<HttpResponse> {
        if (request.path == "/stream") {
            HttpResponse response;
            response.body = EventBody([&begun](EventStream& events) -> Task<void> {
                begun.count_down();
                while (co_await events.send("tick", "x", {}))
                    co_await events.loop().sleep(std::chrono::milliseconds(1));
            });
            co_return response;
        }
        begun.count_down();
        co_await EventLoop::current()->sleep(std::chrono::milliseconds(30));
        co_return HttpResponse::text(200, "finished");
    });
    RawPeer idle(at());
    RawPeer streaming(at());
    RawPeer working(at());
    streaming.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    working.send("GET /work HTTP/1.1\r\nHost: h\r\n\r\n");
    begun.wait();
    const Endpoint address = at();
    server_->drain(std::chrono::seconds(20));
    const std::string answer = working.read_to_end();
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
    EXPECT_THAT(answer, EndsWith("finished"));
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_THAT(streaming.read_to_end(), HasSubstr("event: tick"));
    EXPECT_EQ(server_->counters().open, 0U);
    const auto again = HttpServer::listen(loops_, address, echo);
    EXPECT_TRUE(again.has_value());
}

TEST_F(HttpServerTest, DrainDestroysAHandlerThatNeverEnds) {
    std::latch begun(1);
    bool destroyed = false;
    struct Told {
        bool& flag;
        ~Told() { flag = true; }
    };
    serve([&](HttpRequest&) -> Task<HttpResponse> {
        const Told told{destroyed};
        begun.count_down();
        co_await EventLoop::current()->sleep(std::chrono::hours(1));
        co_return HttpResponse::text(200, "never");
    });
    RawPeer peer(at());
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    begun.wait();
    server_->drain(std::chrono::milliseconds(1));
    EXPECT_TRUE(destroyed);
    EXPECT_EQ(peer.read_to_end(), "");
}

TEST_F(HttpServerTest, TheLoopsMayStopFirst) {
    serve(echo);
    RawPeer peer(at());
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(peer.read_response(), EndsWith("GET /"));
    loops_.stop();
    server_.reset();
    EXPECT_EQ(peer.read_to_end(), "");
}

TEST_F(HttpServerTest, SpeaksIpv6) {
    auto server = HttpServer::listen(loops_, *Endpoint::parse("[::1]:0"), echo);
    ASSERT_TRUE(server.has_value()) << server.error().text();
    EXPECT_THAT(exchange((*server)->address(), "GET /six HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
                EndsWith("GET /six"));
}

TEST_F(HttpServerTest, CurlAgrees) {
    if (std::system("command -v curl >/dev/null") != 0) GTEST_SKIP() << "curl is not installed";
    serve(echo);
    const std::string url = "http://" + at().text();
    const std::string command =
        "curl -sS --max-time 20 -X PUT -H 'Expect: 100-continue' "
        "-H 'Transfer-Encoding: chunked' --data-binary sent-in-chunks '" +
        url + "/put' '" + url + "/get?q=%C3%B1' 2>&1";
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 4096> text{};
    const std::size_t count = std::fread(text.data(), 1, text.size(), pipe);
    EXPECT_EQ(::pclose(pipe), 0);
    EXPECT_EQ(std::string_view(text.data(), count), "PUT /put [sent-in-chunks]PUT /get q=ñ [sent-in-chunks]");
}

}  // namespace
}  // namespace quipu::net
