#pragma once
// One hub per data folder: a lock that ends with the process, however it ends.

#include <string>

#include "base/result.h"

namespace quipu::platform {

class FolderLock {
  public:
    /// Makes the folder (mode 0700) if missing. `conflict` names the process that holds it, `exhausted` a
    /// disk with less than 16 MB left.
    static Result<FolderLock> take(const std::string& folder);
    FolderLock(FolderLock&& other) noexcept;
    FolderLock& operator=(FolderLock&& other) noexcept;
    ~FolderLock();

  private:
    explicit FolderLock(int fd) : fd_(fd) {}
    int fd_;
};

}  // namespace quipu::platform
