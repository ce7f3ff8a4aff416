#pragma once
// For a thread that waits for sockets: another one wakes it.

#include <poll.h>
#include <span>

#include "base/result.h"
#include "base/time.h"
#include "net/socket.h"

namespace quipu::net {

class Waker {
  public:
    static Result<Waker> create();

    /// From any thread; also before anybody waits: the next wait is then over at once.
    void wake() const;
    /// Until one of `watched` is ready, somebody wakes or `patience` is over. The first of `watched` is the waker's own
    /// place, which it fills in.
    void wait(std::span<pollfd> watched, Nanoseconds patience) const;

  private:
    explicit Waker(Descriptor event) : event_(std::move(event)) {}
    Descriptor event_;
};

}  // namespace quipu::net
