#pragma once
// IP addresses, prefixes and endpoints as values. Text forms: RFC 5952 for IPv6.

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/describe.h"
#include "base/result.h"

namespace quipu::net {

/// IPv4 or IPv6. IPv4-mapped IPv6 addresses stay IPv6.
class IpAddress {
  public:
    IpAddress() = default;  ///< 0.0.0.0
    static IpAddress v4(std::uint32_t host_order);
    static IpAddress v6(std::span<const std::uint8_t, 16> octets);
    static Result<IpAddress> parse(std::string_view text);

    [[nodiscard]] bool is_v6() const { return v6_; }
    [[nodiscard]] int width() const { return v6_ ? 128 : 32; }
    [[nodiscard]] std::uint32_t to_v4() const;  ///< host order; IPv4 only
    /// Network order; the first four octets for IPv4.
    [[nodiscard]] const std::array<std::uint8_t, 16>& octets() const { return octets_; }
    [[nodiscard]] bool is_loopback() const;
    [[nodiscard]] std::string text() const;
    auto operator<=>(const IpAddress&) const = default;

  private:
    bool v6_ = false;
    std::array<std::uint8_t, 16> octets_{};
};

/// An address and a length with all host bits zero.
class Prefix {
  public:
    Prefix() = default;  ///< 0.0.0.0/0
    /// Host bits are cleared; a length beyond the width is `invalid`.
    static Result<Prefix> create(const IpAddress& address, int length);
    /// "ADDRESS/LENGTH"; host bits that are set are `invalid` and the error names the prefix that was perhaps meant.
    static Result<Prefix> parse(std::string_view text);

    [[nodiscard]] const IpAddress& address() const { return address_; }
    [[nodiscard]] int length() const { return length_; }
    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] bool contains(const Prefix& other) const;
    [[nodiscard]] std::string text() const;
    auto operator<=>(const Prefix&) const = default;

  private:
    IpAddress address_;
    int length_ = 0;
};

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;
    /// "127.0.0.1:8080", "[::1]:8080".
    static Result<Endpoint> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    auto operator<=>(const Endpoint&) const = default;
};

}  // namespace quipu::net

namespace quipu {
template <>
struct TextForm<net::IpAddress> {
    static constexpr std::string_view schema_format = "ip-address";
    static std::string format(const net::IpAddress& value) { return value.text(); }
    static Result<net::IpAddress> parse(std::string_view text) { return net::IpAddress::parse(text); }
};
template <>
struct TextForm<net::Prefix> {
    static constexpr std::string_view schema_format = "ip-prefix";
    static std::string format(const net::Prefix& value) { return value.text(); }
    static Result<net::Prefix> parse(std::string_view text) { return net::Prefix::parse(text); }
};
template <>
struct TextForm<net::Endpoint> {
    static constexpr std::string_view schema_format = "endpoint";
    static std::string format(const net::Endpoint& value) { return value.text(); }
    static Result<net::Endpoint> parse(std::string_view text) { return net::Endpoint::parse(text); }
};
}  // namespace quipu
