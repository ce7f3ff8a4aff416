#include "net/udp.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <numeric>
#include <sys/socket.h>
#include <time.h>

#include "base/number.h"
#include "base/random.h"
#include "net/socket.h"

namespace quipu::net {
namespace {

constexpr std::size_t kControlOctets = 256;
constexpr std::size_t kMostJoinedOctets = 60'000;

Time from_timespec(const timespec& time) {
    return Time(std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec));
}

Time now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return from_timespec(time);
}

void set_option(int fd, int level, int name, int value) {
    ::setsockopt(fd, level, name, &value, sizeof value);
}

std::unexpected<Error> bind_failed(int number, const Endpoint& local) {
    if (number == EADDRINUSE)
        return fail(ErrorCode::conflict, fmt::format("UDP port {} is already in use", local.port), local.text(),
                    "stop the program that has it, or choose another port");
    if (number == EADDRNOTAVAIL)
        return fail(ErrorCode::invalid, "no interface of this machine has that address", local.text());
    return fail_errno(number, "bind a UDP socket", local.text());
}

template <class T>
T control_value(const cmsghdr* at) {
    T out{};
    std::memcpy(&out, CMSG_DATA(at), sizeof out);
    return out;
}

IpAddress to_address(const in_addr& address) {
    return IpAddress::v4(ntohl(address.s_addr));
}

/// What IP tells of a datagram.
void read_ip_control(const cmsghdr* at, Datagram& out) {
    const bool v4 = at->cmsg_level == IPPROTO_IP;
    if (!v4 && at->cmsg_level != IPPROTO_IPV6) return;
    if (at->cmsg_type == (v4 ? IP_TTL : IPV6_HOPLIMIT)) {
        out.ttl = static_cast<std::int16_t>(control_value<int>(at));
    } else if (v4 && at->cmsg_type == IP_TOS) {
        out.tos = control_value<std::uint8_t>(at);
    } else if (!v4 && at->cmsg_type == IPV6_TCLASS) {
        out.tos = static_cast<std::int16_t>(control_value<int>(at));
    } else if (v4 && at->cmsg_type == IP_PKTINFO) {
        out.local = to_address(control_value<in_pktinfo>(at).ipi_addr);
    } else if (!v4 && at->cmsg_type == IPV6_PKTINFO) {
        out.local =
            IpAddress::v6(std::bit_cast<std::array<std::uint8_t, 16>>(control_value<in6_pktinfo>(at).ipi6_addr));
    }
}

/// Kernel time, hop limit and what else was asked for, out of a datagram's ancillary data; how many found no room
/// before it.
std::optional<std::uint32_t> read_control(msghdr& message, Datagram& out) {
    std::optional<std::uint32_t> overflow;
    for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
        if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_TIMESTAMPING) {
            const auto times = control_value<scm_timestamping>(at);
            if (times.ts[0].tv_sec == 0 && times.ts[0].tv_nsec == 0) continue;
            out.received = from_timespec(times.ts[0]);
            out.kernel_time = true;
        } else if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SO_RXQ_OVFL) {
            overflow = control_value<std::uint32_t>(at);
        } else {
            read_ip_control(at, out);
        }
    }
    return overflow;
}

/// Ancillary data of one datagram that is sent.
class SendControl {
  public:
    /// `segment`: octets of each, when several are joined; else 0.
    void write(const OutDatagram& datagram, std::uint16_t segment, msghdr& header) {
        used_ = 0;
        const bool v6 = datagram.peer.address.is_v6();
        if (datagram.from && datagram.from->is_v6() == v6) {
            if (v6)
                put(IPPROTO_IPV6, IPV6_PKTINFO, in6_pktinfo{std::bit_cast<in6_addr>(datagram.from->octets()), 0});
            else
                put(IPPROTO_IP, IP_PKTINFO, in_pktinfo{0, {htonl(datagram.from->to_v4())}, {}});
        }
        if (datagram.tos >= 0)
            put(v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS, static_cast<int>(datagram.tos));
        if (segment > 0) put(SOL_UDP, UDP_SEGMENT, segment);
        if (datagram.asks_sent_time) put(SOL_SOCKET, SO_TIMESTAMPING, std::uint32_t{SOF_TIMESTAMPING_TX_SOFTWARE});
        header.msg_control = used_ == 0 ? nullptr : octets_.data();
        header.msg_controllen = used_;
    }

  private:
    template <class T>
    void put(int level, int type, const T& value) {
        cmsghdr head{};
        head.cmsg_level = level;
        head.cmsg_type = type;
        head.cmsg_len = CMSG_LEN(sizeof value);
        std::memcpy(octets_.data() + used_, &head, sizeof head);
        std::memcpy(octets_.data() + used_ + CMSG_LEN(0), &value, sizeof value);
        used_ += CMSG_SPACE(sizeof value);
    }
    alignas(cmsghdr) std::array<char, 128> octets_{};
    std::size_t used_ = 0;
};

/// What the network did to one destination is not the socket's fault.
bool concerns_destination(int number) {
    switch (number) {
        case ECONNREFUSED:
        case ENETUNREACH:
        case EHOSTUNREACH:
        case ENETDOWN:
        case EHOSTDOWN:
        case EMSGSIZE:
        case EPERM:
        case EACCES:
        case EINVAL:
        case EADDRNOTAVAIL:
        case EAFNOSUPPORT: return true;
        default: return false;
    }
}

}  // namespace

Result<PortRange> PortRange::parse(std::string_view text) {
    if (text.empty()) return PortRange{};
    const auto dash = text.find('-');
    const auto first = parse_number<std::uint16_t>(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number<std::uint16_t>(text.substr(dash + 1));
    if (!first || !last || *first == 0 || *last < *first)
        return fail(ErrorCode::invalid, "that is no range of ports", std::string(text), "for example 8760-9960");
    return PortRange{*first, *last};
}

std::string PortRange::text() const {
    return is_any() ? std::string() : fmt::format("{}-{}", first, last);
}

struct UdpSocket::Buffers {
    std::array<std::array<std::uint8_t, kUdpOctets>, kUdpBatch> octets;
    alignas(cmsghdr) std::array<std::array<char, kControlOctets>, kUdpBatch> control;
    std::array<sockaddr_storage, kUdpBatch> peers;
    std::array<iovec, kUdpBatch> vectors;
    std::array<mmsghdr, kUdpBatch> messages;
    std::array<Datagram, kUdpBatch> datagrams;

    void prepare() {
        for (std::size_t i = 0; i < kUdpBatch; ++i) {
            vectors[i] = {octets[i].data(), octets[i].size()};
            messages[i] = {};
            msghdr& header = messages[i].msg_hdr;
            header.msg_name = &peers[i];
            header.msg_namelen = sizeof peers[i];
            header.msg_iov = &vectors[i];
            header.msg_iovlen = 1;
            header.msg_control = control[i].data();
            header.msg_controllen = control[i].size();
        }
    }
};

UdpSocket::UdpSocket(UdpSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      local_(other.local_),
      joins_(other.joins_),
      asked_(other.asked_),
      overflowed_(other.overflowed_),
      overflow_seen_(other.overflow_seen_),
      buffers_(std::move(other.buffers_)) {}

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(local_, other.local_);
    std::swap(joins_, other.joins_);
    std::swap(asked_, other.asked_);
    std::swap(overflowed_, other.overflowed_);
    std::swap(overflow_seen_, other.overflow_seen_);
    std::swap(buffers_, other.buffers_);
    return *this;
}

UdpSocket::~UdpSocket() {
    Descriptor(std::exchange(fd_, -1));
}

Result<UdpSocket> UdpSocket::bind(const Endpoint& local, const Options& options) {
    const SocketAddress where = to_socket_address(local);
    const bool v6 = local.address.is_v6();
    Descriptor socket(::socket(where.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return fail_errno(errno, "open a UDP socket", local.text());
    const int fd = socket.get();
    // Beyond net.core.rmem_max only with CAP_NET_ADMIN; else as much as is allowed.
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &options.receive_buffer_octets, sizeof(int)) != 0)
        set_option(fd, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_octets);
    set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    int stamps = options.timestamps ? SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE : 0;
    if (options.sent_times != SentTimes::none)
        stamps |= SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
    if (options.sent_times == SentTimes::all) stamps |= SOF_TIMESTAMPING_TX_SOFTWARE;
    if (stamps != 0) set_option(fd, SOL_SOCKET, SO_TIMESTAMPING, stamps);
    if (options.arrivals) {
        set_option(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, 1);
        set_option(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVTCLASS : IP_RECVTOS, 1);
    }
    if (v6) {
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
        set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, options.ttl);
        set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, options.dscp << 2);
    } else {
        set_option(fd, IPPROTO_IP, IP_RECVTTL, 1);
        set_option(fd, IPPROTO_IP, IP_TTL, options.ttl);
        set_option(fd, IPPROTO_IP, IP_TOS, options.dscp << 2);
    }
    if (::bind(fd, where.get(), where.length) != 0) return bind_failed(errno, local);
    UdpSocket out;
    out.local_ = TRY(local_endpoint(fd));
    out.joins_ = options.joins && options.sent_times != SentTimes::all;
    out.fd_ = socket.release();
    out.buffers_ = std::make_unique<Buffers>();
    return out;
}

Result<UdpSocket> UdpSocket::bind(const IpAddress& local, const PortRange& ports, const Options& options) {
    if (ports.is_any()) return bind({local, 0}, options);
    const std::uint32_t count = std::uint32_t{ports.last} - ports.first + 1;
    const auto begin = static_cast<std::uint32_t>(Rng::from_system().below(count));
    for (std::uint32_t i = 0; i < count; ++i) {
        auto socket = bind({local, static_cast<std::uint16_t>(ports.first + (begin + i) % count)}, options);
        if (socket || socket.error().code != ErrorCode::conflict) return socket;
    }
    return fail(ErrorCode::exhausted, fmt::format("no UDP port of {} is free", ports.text()), local.text());
}

Result<std::span<const Datagram>> UdpSocket::receive() {
    Buffers& buffers = *buffers_;
    buffers.prepare();
    int count = -1;
    // An error that the network reported for an earlier datagram takes the place of one call.
    for (int attempt = 0; attempt < 4 && count < 0; ++attempt) {
        count = ::recvmmsg(fd_, buffers.messages.data(), kUdpBatch, MSG_DONTWAIT, nullptr);
        if (count >= 0 || errno == EINTR || concerns_destination(errno)) continue;
        if (errno == EAGAIN) break;
        return fail_errno(errno, "receive datagrams", local_.text());
    }
    if (count <= 0) return std::span<const Datagram>{};
    const Time arrived = now();
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        msghdr& header = buffers.messages[i].msg_hdr;
        Datagram& out = buffers.datagrams[i];
        out = {};
        out.bytes = ByteSpan(buffers.octets[i]).first(std::min<std::size_t>(buffers.messages[i].msg_len, kUdpOctets));
        out.peer = to_endpoint(buffers.peers[i]);
        out.received = arrived;
        out.truncated = (header.msg_flags & MSG_TRUNC) != 0;
        if (const auto overflow = read_control(header, out)) {
            overflowed_ += *overflow - overflow_seen_;
            overflow_seen_ = *overflow;
        }
    }
    return std::span<const Datagram>(buffers.datagrams).first(static_cast<std::size_t>(count));
}

/// One system call's datagrams as messages: each its own, or several joined.
struct UdpSocket::Outgoing {
    std::array<SocketAddress, kUdpBatch> peers;
    std::array<iovec, kUdpBatch> vectors{};
    std::array<mmsghdr, kUdpBatch> messages{};
    std::array<SendControl, kUdpBatch> controls;
    std::array<std::size_t, kUdpBatch> joined{};  // datagrams of each message
    unsigned count = 0;

    static bool go_together(const OutDatagram& a, const OutDatagram& b) {
        return a.bytes.size() == b.bytes.size() && a.peer == b.peer && a.from == b.from && a.tos == b.tos &&
               !a.asks_sent_time && !b.asks_sent_time;
    }

    void fill(std::span<const OutDatagram> datagrams, bool joins) {
        for (std::size_t i = 0; i < datagrams.size();) {
            const OutDatagram& first = datagrams[i];
            const std::size_t most = joins && !first.bytes.empty() ? kMostJoinedOctets / first.bytes.size() : 1;
            std::size_t several = 1;
            while (several < most && i + several < datagrams.size() && go_together(first, datagrams[i + several]))
                ++several;
            for (std::size_t j = i; j < i + several; ++j)
                vectors[j] = {const_cast<std::uint8_t*>(datagrams[j].bytes.data()), datagrams[j].bytes.size()};
            peers[count] = to_socket_address(first.peer);
            msghdr& header = messages[count].msg_hdr;
            header.msg_name = &peers[count].storage;
            header.msg_namelen = peers[count].length;
            header.msg_iov = &vectors[i];
            header.msg_iovlen = several;
            if (first.from || first.tos >= 0 || first.asks_sent_time || several > 1)
                controls[count].write(first, several > 1 ? static_cast<std::uint16_t>(first.bytes.size()) : 0, header);
            joined[count++] = several;
            i += several;
        }
    }
};

Result<std::size_t> UdpSocket::send(std::span<const OutDatagram> datagrams) {
    std::size_t taken = 0;
    while (taken < datagrams.size()) {
        Outgoing out;
        out.fill(datagrams.subspan(taken, std::min(datagrams.size() - taken, kUdpBatch)), joins_);
        const int sent = ::sendmmsg(fd_, out.messages.data(), out.count, MSG_DONTWAIT);
        if (sent > 0) {
            const std::size_t now = std::accumulate(out.joined.begin(), out.joined.begin() + sent, std::size_t{0});
            asked_ += static_cast<std::uint32_t>(
                std::ranges::count(datagrams.subspan(taken, now), true, &OutDatagram::asks_sent_time));
            taken += now;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            return taken;
        } else if (out.joined[0] > 1 && errno != EINTR) {
            joins_ = false;  // not on this way: longer than its MTU, or without checksums
        } else if (concerns_destination(errno)) {
            ++taken;
        } else if (errno != EINTR) {
            return fail_errno(errno, "send datagrams", local_.text());
        }
    }
    return taken;
}

std::vector<UdpSocket::Sent> UdpSocket::sent_times() {
    std::vector<Sent> out;
    for (;;) {
        alignas(cmsghdr) std::array<char, kControlOctets> control;
        msghdr message{};
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t got = ::recvmsg(fd_, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return out;
        std::optional<Time> time;
        std::optional<std::uint32_t> number;
        for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
            if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_TIMESTAMPING) {
                time = from_timespec(control_value<scm_timestamping>(at).ts[0]);
            } else if ((at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_RECVERR) ||
                       (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_RECVERR)) {
                const auto error = control_value<sock_extended_err>(at);
                if (error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING) number = error.ee_data;
            }
        }
        if (!time || !number) continue;
        out.push_back({*number, *time});
        // Older kernels also number some that they then could not send: from here on we count as they do.
        if (static_cast<std::int32_t>(*number - asked_) >= 0) asked_ = *number + 1;
    }
}

}  // namespace quipu::net
