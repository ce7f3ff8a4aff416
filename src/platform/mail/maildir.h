#pragma once
// Reads a maildir that a mail server delivers into: what stands in new/ is taken, oldest first, and then moved to cur/
// with the flag S (seen), or F (flagged) when it was refused for good. A crash between taking and moving makes the
// letter come again, and its Message-ID drops it.

#include <string>

#include "platform/mail/server_lmtp.h"

namespace quipu::mail {

class Maildir {
  public:
    /// Makes new/, cur/ and tmp/ where they are missing.
    static Result<Maildir> open(std::string folder, std::size_t largest);
    struct Taken {
        std::size_t taken = 0, refused = 0, left = 0;
    };
    /// Looks once; stops at the first letter that can't be kept now. Blocks.
    [[nodiscard]] Result<Taken> look(const TakeLetter& take) const;

  private:
    Maildir(std::string folder, std::size_t largest) : folder_(std::move(folder)), largest_(largest) {}
    std::string folder_;
    std::size_t largest_;
};

}  // namespace quipu::mail
