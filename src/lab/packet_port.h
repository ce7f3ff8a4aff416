#pragma once
// One interface's whole frames through a packet socket (packet(7)), in batches: one system call takes or puts up to
// kBatch.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <sys/socket.h>

#include "base/result.h"
#include "base/time.h"
#include "lab/descriptor.h"

namespace quipu::lab {

struct ReceivedFrame {
    std::uint8_t* frame;  ///< the buffer that was lent to receive()
    std::size_t octets;   ///< on the wire; more than the buffer holds if the frame was too long
    Time arrived;         ///< the kernel's receive time
};

class PacketPort {
  public:
    static constexpr std::size_t kBatch = 64;

    /// Opens in the calling thread's namespace; the socket stays there whatever the thread does later.
    [[nodiscard]] static Result<PacketPort> open(const std::string& interface);

    [[nodiscard]] int fd() const { return socket_.get(); }
    /// Takes what waits, without waiting, into the buffers, as many as there are.
    [[nodiscard]] std::size_t receive(std::span<std::uint8_t* const> buffers, std::size_t buffer_octets,
                                      std::span<ReceivedFrame> out);
    /// Puts frames on the interface in order; answers how many the kernel refused.
    [[nodiscard]] std::size_t send(std::span<const iovec> frames);
    /// Frames that the kernel had no room to keep for us since the last call. From any thread.
    [[nodiscard]] std::uint32_t overflow() const;

  private:
    explicit PacketPort(Descriptor socket) : socket_(std::move(socket)) {}
    Descriptor socket_;
};

}  // namespace quipu::lab
