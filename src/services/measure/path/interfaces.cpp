#include "services/measure/path/interfaces.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "net/socket.h"

namespace quipu::path {
namespace {

/// Every address with the name of its interface.
void each_address(const std::function<void(const net::IpAddress&, const char*)>& take) {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return;
    for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
        if (at->ifa_addr == nullptr) continue;
        const auto family = at->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        sockaddr_storage own{};
        std::memcpy(&own, at->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        take(net::to_endpoint(own).address, at->ifa_name);
    }
    ::freeifaddrs(list);
}

bool is_link_local(const net::IpAddress& address) {
    const auto& octets = address.octets();
    return address.is_v6() ? octets[0] == 0xfe && (octets[1] & 0xc0U) == 0x80 : octets[0] == 169 && octets[1] == 254;
}

}  // namespace

std::vector<net::IpAddress> addresses_of_interfaces() {
    std::vector<net::IpAddress> out;
    each_address([&](const net::IpAddress& address, const char*) {
        if (!address.is_loopback() && !is_link_local(address)) out.push_back(address);
    });
    std::ranges::sort(out);
    const auto repeats = std::ranges::unique(out);
    out.erase(repeats.begin(), repeats.end());
    return out;
}

std::optional<std::uint16_t> mtu_of_interface(const net::IpAddress& address) {
    std::optional<std::uint16_t> out;
    each_address([&](const net::IpAddress& own, const char* name) {
        if (out || own != address) return;
        ifreq request{};
        std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
        const net::Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        if (::ioctl(socket.get(), SIOCGIFMTU, &request) == 0)
            out = static_cast<std::uint16_t>(std::clamp(request.ifr_mtu, 68, 65'535));
    });
    return out;
}

}  // namespace quipu::path
