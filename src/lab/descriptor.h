#pragma once
// A file descriptor with one owner.

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

#include "base/result.h"

namespace quipu::lab {

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor() { close(); }

    /// Always closed on exec.
    [[nodiscard]] static Result<Descriptor> open(const std::string& path, int flags, mode_t mode = 0) {
        Descriptor opened(::open(path.c_str(), flags | O_CLOEXEC, mode));
        if (!opened.is_open()) return fail_errno(errno, "opening", path);
        return opened;
    }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

  private:
    int fd_ = -1;
};

}  // namespace quipu::lab
