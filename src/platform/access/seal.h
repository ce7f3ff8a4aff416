#pragma once
// What must not stand in the database in clear (secrets of second factors) is sealed with a key of the house: a file
// that only its user can read. XChaCha20-Poly1305; the context is bound to the seal, so that a row cannot be passed off
// as another's.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::access {

class Seal {
  public:
    /// Reads FOLDER/access.key, or makes it. `corrupt` when others could read it.
    static Result<Seal> open(const std::string& folder);

    [[nodiscard]] std::string close(std::string_view clear, std::string_view context) const;
    /// `corrupt` for what was not sealed by this key for this context.
    [[nodiscard]] Result<std::string> reveal(std::string_view sealed, std::string_view context) const;

  private:
    std::array<unsigned char, 32> key_{};
};

/// Text that only this process's user can read, written whole or not at all.
[[nodiscard]] Result<void> write_secret(const std::string& path, std::string_view text);
/// `not_found`, or `corrupt` when it is not ours alone.
[[nodiscard]] Result<std::string> read_secret(const std::string& path);

}  // namespace quipu::access
