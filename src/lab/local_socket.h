#pragma once
// Sockets in a folder of this machine, which are asked and answer in lines.

#include <fmt/format.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>

#include "lab/descriptor.h"

namespace quipu::lab {

/// The address of the socket of this name. A local address holds 107 characters; through the folder's descriptor, which
/// stays open meanwhile, any path fits.
[[nodiscard]] inline sockaddr_un socket_in(const Descriptor& folder, std::string_view name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    fmt::format("/proc/self/fd/{}/{}", folder.get(), name).copy(address.sun_path, sizeof(address.sun_path) - 1);
    return address;
}

/// Neither reading nor writing waits longer.
inline void limit_time(const Descriptor& socket, timeval patience) {
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

}  // namespace quipu::lab
