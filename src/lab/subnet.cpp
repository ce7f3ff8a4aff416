#include "lab/subnet.h"

#include <arpa/inet.h>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <set>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <vector>

namespace quipu::lab {

namespace {

constexpr std::uint32_t kBase = 10U << 24U | 255U << 16U;
constexpr std::uint32_t kMask = 0xffffff00U;

struct Range {
    std::uint32_t network, mask;
};

std::vector<Range> used_ranges() {
    std::vector<Range> ranges;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) == 0) {
        for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
            if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
            sockaddr_in address{};
            std::memcpy(&address, entry->ifa_addr, sizeof(address));
            ranges.push_back({ntohl(address.sin_addr.s_addr), 0xffffffffU});
        }
        ::freeifaddrs(list);
    }
    // proc_net(5): Iface Destination Gateway Flags RefCnt Use Metric Mask …, addresses as hexadecimal in memory order.
    std::ifstream routes("/proc/thread-self/net/route");
    std::string line, interface, word;
    std::getline(routes, line);
    while (std::getline(routes, line)) {
        std::istringstream fields(line);
        std::uint32_t destination = 0, mask = 0;
        fields >> interface >> std::hex >> destination >> word >> word >> word >> word >> word >> mask;
        if (fields && std::popcount(mask) >= 16) ranges.push_back({ntohl(destination), ntohl(mask)});
    }
    return ranges;
}

// Destinations of IPv6 routes, as 32 hexadecimal digits.
std::set<std::string> used_networks6() {
    std::set<std::string> networks;
    std::ifstream routes("/proc/thread-self/net/ipv6_route");
    for (std::string line; std::getline(routes, line);)
        networks.insert(line.substr(0, 16));
    return networks;
}

// A name in the kernel's own table of local sockets: one holder at a time, and free when its process ends however it
// ends.
Descriptor claim(unsigned number) {
    Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = fmt::format("quipu-lab-10.255.{}", number);
    name.copy(address.sun_path + 1, name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (socket.is_open() && ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0)
        socket.close();
    return socket;
}

}  // namespace

Result<Subnet> Subnet::take(unsigned preferred) {
    constexpr unsigned kNumbers = 254;
    const std::vector<Range> ranges = used_ranges();
    const std::set<std::string> networks6 = used_networks6();
    for (unsigned i = 0; i < kNumbers; ++i) {
        const unsigned number = (preferred + i) % kNumbers + 1;
        const std::uint32_t network = kBase | number << 8U;
        bool clash = networks6.contains(fmt::format("fd5175697075{:04x}", number));
        for (const Range& range : ranges)
            clash = clash || ((network ^ range.network) & (kMask & range.mask)) == 0;
        if (clash) continue;
        if (Descriptor held = claim(number); held.is_open()) return Subnet(number, std::move(held));
    }
    return fail(ErrorCode::exhausted, "no network 10.255.X.0/24 is free on this machine for the lab's management", {},
                "stop labs that are not needed, or remove routes to 10.255.0.0/16");
}

}  // namespace quipu::lab
