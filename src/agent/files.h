#pragma once
// Small files of an agent or a hub: read whole, written so that power loss leaves the old or the new one.

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace quipu::agent {

/// `not_found` when it is not there.
[[nodiscard]] Result<std::string> read_file(const std::string& path);
/// Writes beside it, syncs and renames. `mode` as in chmod(2): 0600 for a secret.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view text, unsigned mode);
/// With its parents, 0700; no error when it is there.
[[nodiscard]] Result<void> make_folder(const std::string& path);

/// An open file descriptor with one owner.
class Descriptor {
  public:
    Descriptor() = default;
    static Result<Descriptor> open(const std::string& path, int flags);
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor();
    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_ = -1;
};

}  // namespace quipu::agent
