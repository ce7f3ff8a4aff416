#include "lab/packet_port.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <time.h>

namespace quipu::lab {

namespace {

Result<void> set_option(int socket, int level, int name, int value, std::string_view what) {
    if (::setsockopt(socket, level, name, &value, sizeof(value)) != 0)
        return fail_errno(errno, fmt::format("setting {} on a packet socket", what));
    return {};
}

constexpr int kReceiveOctets = 8 * 1024 * 1024;

struct alignas(cmsghdr) Control {
    std::array<char, CMSG_SPACE(sizeof(timespec))> octets;
};

Time arrival_of(msghdr& message) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
        timespec stamp{};
        std::memcpy(&stamp, CMSG_DATA(part), sizeof(stamp));
        return Time(std::chrono::seconds(stamp.tv_sec) + Nanoseconds(stamp.tv_nsec));
    }
    return Time::max();
}

}  // namespace

Result<PacketPort> PacketPort::open(const std::string& interface) {
    const unsigned index = ::if_nametoindex(interface.c_str());
    if (index == 0) return fail_errno(errno, "looking for an interface", interface);
    // Protocol 0: hears nothing until it is bound to its interface below.
    Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return fail_errno(errno, "opening a packet socket", interface);
    TRY(set_option(socket.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING"));
    TRY(set_option(socket.get(), SOL_PACKET, PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS"));
    TRY(set_option(socket.get(), SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS"));
    TRY(set_option(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, kReceiveOctets, "SO_RCVBUFFORCE"));
    TRY(set_option(socket.get(), SOL_SOCKET, SO_SNDBUFFORCE, kReceiveOctets, "SO_SNDBUFFORCE"));
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(index);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        return fail_errno(errno, "binding a packet socket", interface);
    return PacketPort(std::move(socket));
}

std::size_t PacketPort::receive(std::span<std::uint8_t* const> buffers, std::size_t buffer_octets,
                                std::span<ReceivedFrame> out) {
    std::array<mmsghdr, kBatch> messages;
    std::array<iovec, kBatch> places;
    std::array<Control, kBatch> controls;
    const std::size_t most = std::min({buffers.size(), out.size(), kBatch});
    for (std::size_t i = 0; i < most; ++i) {
        places[i] = {buffers[i], buffer_octets};
        messages[i].msg_hdr = {nullptr, 0, &places[i], 1, controls[i].octets.data(), sizeof(Control), 0};
    }
    const int got =
        ::recvmmsg(socket_.get(), messages.data(), static_cast<unsigned>(most), MSG_DONTWAIT | MSG_TRUNC, nullptr);
    if (got <= 0) return 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i)
        out[i] = {buffers[i], messages[i].msg_len, arrival_of(messages[i].msg_hdr)};
    return static_cast<std::size_t>(got);
}

std::size_t PacketPort::send(std::span<const iovec> frames) {
    std::size_t refused = 0;
    while (!frames.empty()) {
        std::array<mmsghdr, kBatch> messages{};
        const std::size_t count = std::min(frames.size(), kBatch);
        for (std::size_t i = 0; i < count; ++i) {
            messages[i].msg_hdr.msg_iov = const_cast<iovec*>(&frames[i]);
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        const int sent = ::sendmmsg(socket_.get(), messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
        if (sent > 0) {
            frames = frames.subspan(static_cast<std::size_t>(sent));
        } else {  // the first one was refused: the next may pass
            ++refused;
            frames = frames.subspan(1);
        }
    }
    return refused;
}

std::uint32_t PacketPort::overflow() const {
    tpacket_stats statistics{};
    socklen_t size = sizeof(statistics);
    if (::getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size) != 0) return 0;
    return statistics.tp_drops;
}

}  // namespace quipu::lab
