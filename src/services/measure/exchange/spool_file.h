#pragma once
// A file without a name for an answer that is too large to be held: it goes with the last who reads it.

#include <memory>
#include <string>
#include <string_view>

#include "net/file_body.h"

namespace quipu::exchange {

class SpoolFile {
  public:
    /// On the file system of `folder`.
    static Result<SpoolFile> create(const std::string& folder);
    /// `exhausted` when the disk is full, `too_large` beyond the most that an answer may have.
    [[nodiscard]] Result<void> write(std::string_view text);
    /// What was written, to be sent from its beginning.
    [[nodiscard]] std::shared_ptr<const net::OpenFile> finish(Time now) &&;

  private:
    explicit SpoolFile(net::Descriptor fd) : fd_(std::move(fd)) {}
    net::Descriptor fd_;
    std::uint64_t size_ = 0;
};

}  // namespace quipu::exchange
