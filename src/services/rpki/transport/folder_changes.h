#pragma once
// What changed in a cache folder since the last look: by inode, size and times of its files, without reading them.

#include <string>

#include "services/rpki/engine.h"

namespace quipu::rpki {

class FolderWatch {
  public:
    /// `threads`: 0 is one for each core.
    explicit FolderWatch(std::string folder, unsigned threads = 0) : folder_(std::move(folder)), threads_(threads) {}

    /// Folders with files that are new, other or gone; nothing (all) the first time.
    [[nodiscard]] Result<Changes> look();

    /// A folder's address and one digest over its files.
    using Seen = std::vector<std::pair<std::string, std::uint64_t>>;

  private:
    std::string folder_;
    unsigned threads_;
    Seen seen_;  // sorted
    bool known_ = false;
};

}  // namespace quipu::rpki
