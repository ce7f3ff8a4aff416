#include "platform/door.h"

#include <gtest/gtest.h>

namespace quipu::platform {
namespace {

net::HttpRequest request(net::Method method, std::vector<std::pair<std::string, std::string>> headers) {
    net::HttpRequest out;
    out.method = method;
    for (auto& [name, value] : headers)
        out.headers.add(std::move(name), std::move(value));
    return out;
}

TEST(Door, AdmitsItsOwnNamesOnly) {
    const Door door(8080, {"localhost:9000"});
    for (const char* host : {"127.0.0.1:8080", "localhost:8080", "LocalHost:8080", "[::1]:8080", "localhost:9000"})
        EXPECT_TRUE(door.admit(request(net::Method::get, {{"Host", host}}))) << host;
    for (const char* host :
         {"", "127.0.0.1", "localhost", "localhost:80", "evil.example:8080", "127.0.0.1:8080.evil.example"}) {
        const auto refused = door.admit(request(net::Method::get, {{"Host", host}}));
        ASSERT_FALSE(refused) << host;
        EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
        EXPECT_NE(refused.error().hint.find("http://127.0.0.1:8080"), std::string::npos) << refused.error().hint;
    }
    EXPECT_FALSE(door.admit(request(net::Method::get, {})));
    EXPECT_TRUE(Door(80, {}).admit(request(net::Method::get, {{"Host", "localhost"}})));
}

TEST(Door, ForeignPagesChangeNothing) {
    const Door door(8080, {});
    const auto post = [&](const char* name, const char* value) {
        return door.admit(request(net::Method::post, {{"Host", "127.0.0.1:8080"}, {name, value}})).has_value();
    };
    EXPECT_TRUE(post("Origin", "http://127.0.0.1:8080"));
    EXPECT_TRUE(post("Origin", "http://localhost:8080"));
    EXPECT_TRUE(post("Sec-Fetch-Site", "same-origin"));
    EXPECT_TRUE(post("Accept", "*/*"));
    EXPECT_FALSE(post("Origin", "http://evil.example"));
    EXPECT_FALSE(post("Origin", "https://127.0.0.1:8080"));
    EXPECT_FALSE(post("Origin", "http://127.0.0.1:8081"));
    EXPECT_FALSE(post("Origin", "null"));
    EXPECT_FALSE(post("Sec-Fetch-Site", "cross-site"));
    EXPECT_TRUE(door.admit(request(net::Method::get, {{"Host", "127.0.0.1:8080"}, {"Origin", "http://evil.example"}})));
}

TEST(Door, OverTlsOnlyItsOwnSecurePages) {
    const Door door(443, {"quipu.example.net"}, true);
    const auto post = [&](const char* origin) {
        return door.admit(request(net::Method::post, {{"Host", "quipu.example.net"}, {"Origin", origin}})).has_value();
    };
    EXPECT_TRUE(post("https://quipu.example.net"));
    EXPECT_FALSE(post("http://quipu.example.net"));
    EXPECT_FALSE(post("https://evil.example"));
    net::HttpResponse page;
    door.dress_page(page);
    EXPECT_EQ(page.headers.get("Strict-Transport-Security"), "max-age=31536000");
    net::HttpResponse plain;
    Door(8080, {}).dress_page(plain);
    EXPECT_EQ(plain.headers.get("Strict-Transport-Security"), "") << "RFC 6797 §7.2: never in clear";
}

TEST(Door, NoInlineScriptsNoFrames) {
    net::HttpResponse page;
    Door(8080, {}).dress_page(page);
    const std::string policy(page.headers.get("Content-Security-Policy"));
    EXPECT_NE(policy.find("default-src 'self'"), std::string::npos);
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(page.headers.get("X-Content-Type-Options"), "nosniff");
}

}  // namespace
}  // namespace quipu::platform
