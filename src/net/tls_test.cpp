#include "net/tls.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "net/http_client.h"
#include "net/http_server.h"
#include "net/http_test_peer.h"

namespace quipu::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

constexpr std::chrono::days kYear{365};

Time now() {
    return std::chrono::time_point_cast<Nanoseconds>(std::chrono::system_clock::now());
}

/// Who the connection says that it is.
Task<HttpResponse> whoami(HttpRequest& request) {
    const TlsPeer* const peer = request.tls_peer.get();
    co_return HttpResponse::text(
        200, peer == nullptr ? "nobody" : peer->common_name + " " + peer->serial + " " + peer->fingerprint);
}

class TlsTest : public testing::Test {
  protected:
    TlsTest() {
        const std::array<std::string, 3> names = {"hub.example", "127.0.0.1", "localhost"};
        const KeyPair identity = *pki::make_server(authority_, names, now(), kYear);
        auto context = TlsContext::server(identity, authority_.certificate);
        EXPECT_TRUE(context.has_value()) << context.error().text();
        auto server = HttpServer::listen(loops_, *Endpoint::parse("127.0.0.1:0"), whoami, *context);
        EXPECT_TRUE(server.has_value());
        server_ = std::move(*server);
    }
    [[nodiscard]] std::string base() const { return "https://" + server_->address().text(); }

    KeyPair authority_ = *pki::make_authority("A test's authority", now(), kYear);
    LoopPool loops_{1};
    std::unique_ptr<HttpServer> server_;
};

TEST_F(TlsTest, ServesAClientWithoutCertificate) {
    const auto context = TlsContext::client(authority_.certificate, {});
    ASSERT_TRUE(context.has_value());
    const auto got = fetch(base(), {}, *context);
    ASSERT_TRUE(got.has_value()) << got.error().text();
    EXPECT_EQ(got->body, "nobody");
    const auto by_name = fetch("https://localhost:" + std::to_string(server_->address().port), {}, *context);
    EXPECT_TRUE(by_name.has_value());
}

TEST_F(TlsTest, KnowsAClientByItsCertificateAndNotByItsRequestsSubject) {
    const auto request = pki::make_request("somebody else");
    const auto signed_ = pki::sign_client(authority_, request->request, "agent-scl", now(), kYear);
    ASSERT_TRUE(signed_.has_value()) << signed_.error().text();
    const auto context = TlsContext::client(authority_.certificate, {signed_->certificate, request->private_key});
    const auto got = fetch(base(), {}, *context);
    ASSERT_TRUE(got.has_value()) << got.error().text();
    EXPECT_EQ(got->body, "agent-scl " + signed_->serial + " " + *pki::fingerprint(signed_->certificate));
    EXPECT_EQ(signed_->serial.size(), 32U);
}

TEST_F(TlsTest, MovesMuchAndStaysOpen) {
    EventLoop loop;
    auto client = HttpClient::create(loop, base(), *TlsContext::client(authority_.certificate, {}));
    const auto task = [](EventLoop& on, HttpClient& through) -> Task<void> {
        for (int i = 0; i < 3; ++i) {
            const auto got = co_await through.send({.method = Method::post, .body = std::string(5 << 20, 'x')});
            EXPECT_TRUE(got.has_value());
        }
        on.stop();
    };
    loop.spawn(task(loop, **client));
    loop.run();
    EXPECT_EQ(server_->counters().connections, 1U);
    EXPECT_EQ(server_->counters().requests, 3U);
}

TEST_F(TlsTest, RefusesAServerOfAnotherAuthorityOrName) {
    const KeyPair other = *pki::make_authority("Another", now(), kYear);
    const auto stranger = fetch(base(), {}, *TlsContext::client(other.certificate, {}));
    ASSERT_FALSE(stranger.has_value());
    EXPECT_EQ(stranger.error().code, ErrorCode::unauthenticated);

    const std::array<std::string, 1> names = {"other.example"};
    auto server = HttpServer::listen(loops_, *Endpoint::parse("127.0.0.1:0"), whoami,
                                     *TlsContext::server(*pki::make_server(authority_, names, now(), kYear), {}));
    const auto wrong =
        fetch("https://" + (*server)->address().text(), {}, *TlsContext::client(authority_.certificate, {}));
    ASSERT_FALSE(wrong.has_value());
    EXPECT_THAT(wrong.error().text(), HasSubstr("certificate"));
}

TEST_F(TlsTest, RefusesAClientOfAnotherAuthorityAndOneWhoseTimeIsOver) {
    const KeyPair other = *pki::make_authority("Another", now(), kYear);
    const auto request = pki::make_request("x");
    const auto foreign = pki::sign_client(other, request->request, "x", now(), kYear);
    EXPECT_FALSE(
        fetch(base(), {}, *TlsContext::client(authority_.certificate, {foreign->certificate, request->private_key}))
            .has_value());
    const auto old =
        pki::sign_client(authority_, request->request, "x", now() - std::chrono::days(10), std::chrono::days(5));
    EXPECT_FALSE(
        fetch(base(), {}, *TlsContext::client(authority_.certificate, {old->certificate, request->private_key}))
            .has_value());
    // A server's certificate is no client's.
    const std::array<std::string, 1> names = {"x"};
    const KeyPair server = *pki::make_server(authority_, names, now(), kYear);
    EXPECT_FALSE(fetch(base(), {}, *TlsContext::client(authority_.certificate, server)).has_value());
}

TEST_F(TlsTest, PlainTextToATlsPortEndsQuietly) {
    exchange(server_->address(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(fetch(base(), {}, *TlsContext::client(authority_.certificate, {})).has_value());
}

TEST(Pki, RefusesWhatIsNotWhatItShouldBe) {
    const KeyPair authority = *pki::make_authority("One", now(), kYear);
    const KeyPair other = *pki::make_authority("Two", now(), kYear);
    EXPECT_EQ(pki::sign_client(authority, "nonsense", "x", now(), kYear).error().code, ErrorCode::invalid);
    EXPECT_EQ(
        pki::sign_client({authority.certificate, other.private_key}, pki::make_request("x")->request, "x", now(), kYear)
            .error()
            .code,
        ErrorCode::invalid);
    EXPECT_EQ(pki::fingerprint("").error().code, ErrorCode::invalid);
    EXPECT_EQ(pki::make_server(authority, {}, now(), kYear).error().code, ErrorCode::invalid);
    EXPECT_FALSE(TlsContext::server({authority.certificate, other.private_key}, {}).has_value());
    EXPECT_FALSE(TlsContext::client("", {}).has_value());
}

TEST(Pki, IsGoodALittleBeforeItIsMadeForClocksThatAreBehind) {
    const KeyPair authority = *pki::make_authority("One", now() + std::chrono::minutes(3), kYear);
    const auto request = pki::make_request("x");
    EXPECT_TRUE(pki::sign_client(authority, request->request, "x", now(), kYear).has_value());
}

TEST(Tokens, AreDifferentAndSpellable) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i)
        seen.insert(random_token(32));
    EXPECT_EQ(seen.size(), 100U);
    for (const std::string& token : seen) {
        EXPECT_EQ(token.size(), 43U);
        EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                  std::string::npos);
    }
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace quipu::net
