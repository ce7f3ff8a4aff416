#include "platform/notify/webhook.h"

#include <gtest/gtest.h>

namespace quipu::notify {
namespace {

TEST(Webhook, PrivateAddressesAreKnown) {
    for (const char* there : {"8.8.8.8", "200.0.204.1", "2800:1::1", "172.32.0.1", "100.128.0.1"})
        EXPECT_TRUE(is_public(*net::IpAddress::parse(there))) << there;
    for (const char* here : {"127.0.0.1",
                             "10.1.2.3",
                             "172.16.0.1",
                             "172.31.255.255",
                             "192.168.1.1",
                             "169.254.169.254",
                             "100.64.0.1",
                             "0.0.0.0",
                             "224.0.0.1",
                             "255.255.255.255",
                             "198.18.0.1",
                             "::1",
                             "::",
                             "fe80::1",
                             "fc00::1",
                             "fd12::1",
                             "ff02::1",
                             "::ffff:127.0.0.1",
                             "::ffff:8.8.8.8",
                             "64:ff9b::7f00:1",
                             "2002:7f00:1::",
                             "2001:db8::1",
                             "2001::1"})
        EXPECT_FALSE(is_public(*net::IpAddress::parse(here))) << here;
}

TEST(Webhook, AddressesAreTakenApart) {
    const auto plain = parse_webhook("https://hooks.example/a/b?c=d", false);
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->host, "hooks.example");
    EXPECT_EQ(plain->port, 443);
    EXPECT_EQ(plain->target, "/a/b?c=d");
    const auto v6 = parse_webhook("https://[2800:1::1]:8443", false);
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6->host, "2800:1::1");
    EXPECT_EQ(v6->port, 8443);
    EXPECT_EQ(v6->target, "/");
    for (const char* bad : {"http://x.example/", "ftp://x", "https://", "https://u:p@x.example/",
                            "https://x.example:0/", "https://x.example:a/", "https://x.example/a b",
                            "https://x.example/\r\nHost: y", "https://[::1", "https://x.example/#f", "https://x\\y/"})
        EXPECT_FALSE(parse_webhook(bad, false)) << bad;
    EXPECT_TRUE(parse_webhook("http://127.0.0.1:8000/", true));
}

TEST(Webhook, TheSignatureIsHmacSha256) {
    // printf '%s' '1320000000.{}' | openssl dgst -sha256 -hmac key
    EXPECT_EQ(signature_of("key", 1'320'000'000, "{}"),
              "v1=bf23fdc79b7fd7d068fbb144e43626f1828480b9c76e208f0c07bf8a54087006");
    EXPECT_NE(signature_of("key", 1'320'000'001, "{}"), signature_of("key", 1'320'000'000, "{}"));
}

}  // namespace
}  // namespace quipu::notify
