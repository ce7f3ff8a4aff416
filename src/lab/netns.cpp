#include "lab/netns.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

#include "lab/descriptor.h"
#include "lab/process.h"

namespace quipu::lab {

Result<void> can_make_namespaces() {
    if (::geteuid() != 0)
        return fail(ErrorCode::forbidden, "making network namespaces needs root", {}, "run it with sudo");
    Result<void> answer;
    // The thread's new namespace ends with it, and whatever was made in it.
    std::thread([&] {
        answer = [] -> Result<void> {
            if (::unshare(CLONE_NEWNET) != 0)
                return fail(ErrorCode::unsupported,
                            fmt::format("this machine lets nobody make network namespaces ({})", std::strerror(errno)));
            if (::access("/proc/sys/net/ipv6/conf/all/forwarding", F_OK) != 0)
                return fail(ErrorCode::unsupported, "this kernel has no IPv6, which the lab's network needs");
            const Descriptor packet(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
            if (!packet.is_open())
                return fail(ErrorCode::unsupported,
                            fmt::format("this machine gives no packet sockets ({})", std::strerror(errno)));
            if (auto made = run_command({"ip", "link", "add", "probe0", "type", "veth", "peer", "name", "probe1"});
                !made)
                return fail(ErrorCode::unsupported,
                            "virtual Ethernet pairs cannot be made here: " + made.error().text());
            if (auto router = run_command({"bird", "--version"}); !router)
                return fail(ErrorCode::unsupported, "the router BIRD 2 is not installed", {}, "apt install bird2");
            return {};
        }();
    }).join();
    return answer;
}

std::string netns_path(std::string_view name) {
    return fmt::format("/run/netns/{}", name);
}

bool netns_exists(std::string_view name) {
    struct stat unused{};
    return ::stat(netns_path(name).c_str(), &unused) == 0;
}

Result<void> in_namespace(const std::string& path, std::move_only_function<Result<void>()> work) {
    const Descriptor netns = TRY(Descriptor::open(path, O_RDONLY));
    Result<void> answer;
    std::thread([&] {
        if (::setns(netns.get(), CLONE_NEWNET) != 0)
            answer = fail_errno(errno, "entering a network namespace", path);
        else
            answer = work();
    }).join();
    return answer;
}

Result<void> ip_batch(std::string_view netns, std::string_view commands, bool v6) {
    if (commands.empty()) return {};
    std::vector<std::string> argv{"ip"};
    if (!netns.empty()) argv.insert(argv.end(), {"-netns", std::string(netns)});
    if (v6) argv.emplace_back("-6");
    argv.insert(argv.end(), {"-batch", "-"});
    TRY(run_command(argv, commands));
    return {};
}

Result<void> set_sysctl(std::string_view name, std::string_view value) {
    std::string path = fmt::format("/proc/sys/{}", name);
    std::ranges::replace(path, '.', '/');
    const Descriptor file = TRY(Descriptor::open(path, O_WRONLY));
    if (::write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
        return fail_errno(errno, "setting a kernel variable", path);
    return {};
}

Result<void> switch_offloads_off(const std::string& interface) {
    const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return fail_errno(errno, "opening a socket");
    ifreq request{};
    if (interface.size() >= sizeof(request.ifr_name))
        return fail(ErrorCode::invalid, "is too long for an interface's name", interface);
    std::ranges::copy(interface, request.ifr_name);
    constexpr std::array<std::uint32_t, 4> kOffloads{ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM};
    for (const std::uint32_t offload : kOffloads) {
        ethtool_value value{offload, 0};
        request.ifr_data = reinterpret_cast<char*>(&value);
        if (::ioctl(socket.get(), SIOCETHTOOL, &request) != 0 && errno != EOPNOTSUPP)
            return fail_errno(errno, "switching offloads off", interface);
    }
    return {};
}

}  // namespace quipu::lab
