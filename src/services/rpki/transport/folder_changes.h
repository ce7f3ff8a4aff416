#pragma once
// What changed in a cache folder since the last look: by inode, size and times of its files, without reading them.

#include <string>

#include "services/rpki/engine.h"

namespace quipu::rpki {

class FolderWatch {
  public:
    /// `memory`: a file that keeps what was seen, so that the next process knows; empty for none.
    FolderWatch(std::string folder, std::string memory) : folder_(std::move(folder)), memory_(std::move(memory)) {}

    /// Folders with files that are new, other or gone; nothing (all) the first time. Keeps no file's name: of each
    /// folder one digest over its files.
    [[nodiscard]] Result<Changes> look();
    /// Keeps what look() saw, once it has been acted on.
    [[nodiscard]] Result<void> remember() const;

  private:
    std::string folder_;
    std::string memory_;
    std::map<std::string, std::uint64_t, std::less<>> seen_;
    bool known_ = false;
};

}  // namespace quipu::rpki
