#include "services/measure/path/probe_sockets.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <linux/filter.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>

namespace quipu::path {
namespace {

constexpr int kReceiveOctets = 1 << 20;
// One look takes no more than this from a socket: a flood of others' messages must not keep the sending waiting.
constexpr int kAtOnce = 256;

std::unexpected<Error> not_opened(int number) {
    if (number == EPERM || number == EACCES)
        return fail(ErrorCode::forbidden, "tracing a path needs the privilege to open raw sockets (CAP_NET_RAW)", {},
                    "run it as root, or once: setcap cap_net_raw+ep PROGRAM");
    return fail_errno(number, "open a raw socket");
}

Result<net::Descriptor> open_raw(bool v6, int protocol) {
    net::Descriptor out(::socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    if (!out.is_open()) return not_opened(errno);
    const int on = 1;
    ::setsockopt(out.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    ::setsockopt(out.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveOctets, sizeof kReceiveOctets);
    if (v6) {
        ::setsockopt(out.get(), IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on);
        ::setsockopt(out.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    }
    return out;
}

void pass_answers_only(int fd, bool v6) {
    if (v6) {
        icmp6_filter filter{};
        ICMP6_FILTER_SETBLOCKALL(&filter);
        for (const unsigned type : {1U, 2U, 3U, 129U})
            ICMP6_FILTER_SETPASS(type, &filter);
        ::setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
    } else {
        // raw(7): a bit for each type that is kept away. The kernel's header for it can't stand beside net/if.h.
        constexpr int kIcmpFilter = 1;
        const std::uint32_t filter = ~(1U << 0U | 1U << 3U | 1U << 11U);
        ::setsockopt(fd, SOL_RAW, kIcmpFilter, &filter, sizeof filter);
    }
}

/// Of this machine's TCP only segments with SYN or RST: a raw socket is given all of it otherwise.
void pass_openings_only(int fd, bool v6) {
    // With IPv4 the segment stands behind the IP header, whose length its first octet tells.
    std::array<sock_filter, 5> v4_code{{BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
                                        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x06, 0, 1),
                                        BPF_STMT(BPF_RET | BPF_K, 0xffff), BPF_STMT(BPF_RET | BPF_K, 0)}};
    std::array<sock_filter, 4> v6_code{{BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
                                        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x06, 0, 1),
                                        BPF_STMT(BPF_RET | BPF_K, 0xffff), BPF_STMT(BPF_RET | BPF_K, 0)}};
    sock_fprog program{};
    program.len = static_cast<unsigned short>(v6 ? v6_code.size() : v4_code.size());
    program.filter = v6 ? v6_code.data() : v4_code.data();
    ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

template <class T>
T told(const cmsghdr* at) {
    T out{};
    std::memcpy(&out, CMSG_DATA(at), sizeof out);
    return out;
}

/// What the kernel tells beside a datagram.
struct Told {
    std::optional<Time> received;
    std::optional<std::uint8_t> hops;
    net::IpAddress local;
};
Told told_beside(msghdr& header) {
    Told out;
    for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
        if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_TIMESTAMPNS) {
            const auto time = told<timespec>(at);
            out.received = Time(std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec));
        } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_HOPLIMIT) {
            out.hops = static_cast<std::uint8_t>(told<int>(at));
        } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
            out.local =
                net::IpAddress::v6(std::bit_cast<std::array<std::uint8_t, 16>>(told<in6_pktinfo>(at).ipi6_addr));
        }
    }
    return out;
}

/// The kernel stamps by the time of day: how long ago that was is taken off the other clock. Both are read close to
/// each other; where this thread was put aside in between, they are read again.
Monotonic on_other_clock(const Clock& clock, Time stamp) {
    constexpr Nanoseconds kClose = std::chrono::microseconds(20);
    Monotonic out{};
    Nanoseconds closest = Nanoseconds::max();
    for (int i = 0; i < 5 && closest > kClose; ++i) {
        const Monotonic before = clock.monotonic();
        const Nanoseconds ago = clock.now() - stamp;
        const Nanoseconds apart = clock.monotonic() - before;
        if (apart >= closest) continue;
        closest = apart;
        out = before + apart / 2 - std::clamp(ago, Nanoseconds::zero(), Nanoseconds(std::chrono::seconds(1)));
    }
    return out;
}

}  // namespace

Result<ProbeSockets> ProbeSockets::open(const net::IpAddress& source, bool tcp) {
    ProbeSockets out;
    out.v6_ = source.is_v6();
    out.out_ = TRY(open_raw(out.v6_, IPPROTO_RAW));
    out.icmp_ = TRY(open_raw(out.v6_, out.v6_ ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP)));
    pass_answers_only(out.icmp_.get(), out.v6_);
    if (tcp) {
        out.tcp_ = TRY(open_raw(out.v6_, IPPROTO_TCP));
        pass_openings_only(out.tcp_.get(), out.v6_);
    }
    // Routes that depend on the source are looked up for it.
    const auto where = net::to_socket_address({source, 0});
    if (::bind(out.out_.get(), where.get(), where.length) != 0)
        return fail(ErrorCode::invalid, "no interface of this machine has that address", source.text());
    return out;
}

Result<void> ProbeSockets::send(const Flow& flow, const Probe& probe) {
    datagram_.clear();
    write_probe(datagram_, flow, probe);
    const auto where = net::to_socket_address({flow.target, 0});
    const ByteSpan bytes = datagram_.span();
    if (::sendto(out_.get(), bytes.data(), bytes.size(), 0, where.get(), where.length) < 0)
        return fail_errno(errno, "send a probe", flow.target.text());
    return {};
}

void ProbeSockets::receive(const Clock& clock, const std::function<void(const Answer&, Monotonic)>& take) {
    receive_from(icmp_.get(), false, clock, take);
    if (tcp_.is_open()) receive_from(tcp_.get(), true, clock, take);
}

void ProbeSockets::receive_from(int fd, bool tcp, const Clock& clock,
                                const std::function<void(const Answer&, Monotonic)>& take) {
    std::array<std::uint8_t, 2048> octets{};
    alignas(cmsghdr) std::array<char, 256> control{};
    for (int i = 0; i < kAtOnce; ++i) {
        sockaddr_storage peer{};
        iovec vector{octets.data(), octets.size()};
        msghdr header{};
        header.msg_name = &peer;
        header.msg_namelen = sizeof peer;
        header.msg_iov = &vector;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        const ssize_t size = ::recvmsg(fd, &header, MSG_DONTWAIT);
        if (size < 0) return;
        const ByteSpan bytes = ByteSpan(octets).first(static_cast<std::size_t>(size));
        const Told beside = told_beside(header);
        const net::IpAddress from = net::to_endpoint(peer).address;
        auto answer = v6_ ? (tcp ? parse_tcp6(bytes, from, beside.local) : parse_icmp6(bytes, from))
                          : (tcp ? parse_tcp4(bytes) : parse_icmp4(bytes));
        if (!answer) continue;
        if (v6_) answer->ttl = beside.hops;
        take(*answer, beside.received ? on_other_clock(clock, *beside.received) : clock.monotonic());
    }
}

void ProbeSockets::watch(std::vector<pollfd>& watched) const {
    watched.push_back({.fd = icmp_.get(), .events = POLLIN, .revents = 0});
    if (tcp_.is_open()) watched.push_back({.fd = tcp_.get(), .events = POLLIN, .revents = 0});
}

Result<net::IpAddress> source_towards(const net::IpAddress& target, const std::optional<net::IpAddress>& source) {
    if (source && source->is_v6() != target.is_v6())
        return fail(ErrorCode::invalid, "the source " + source->text() + " is not of the target's address family",
                    target.text());
    const net::Descriptor socket(::socket(target.is_v6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return fail_errno(errno, "open a UDP socket", target.text());
    if (source) {
        const auto own = net::to_socket_address({*source, 0});
        if (::bind(socket.get(), own.get(), own.length) != 0)
            return fail(ErrorCode::invalid, "no interface of this machine has that address", source->text());
        return *source;
    }
    const auto where = net::to_socket_address({target, 33'434});
    if (::connect(socket.get(), where.get(), where.length) != 0)
        return fail_errno(errno, "find the way there", target.text());
    return TRY(net::local_endpoint(socket.get()))
    .address;
}

}  // namespace quipu::path
