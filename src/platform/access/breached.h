#pragma once
// Passwords that were stolen elsewhere: a file of the house's choice, asked before a password is taken. No question
// leaves the house.
//
//   one password a line           read once; compared without case
//   SHA-1 in hexadecimal, sorted  "HASH:COUNT", as Have I Been Pwned offers it: tens of gigabytes,
//                                 looked up where they lie, by halving

#include <string>
#include <string_view>
#include <unordered_set>

#include "base/result.h"

namespace quipu::access {

/// Upper-case hexadecimal SHA-1, by which the corpus is sorted. It protects nothing.
[[nodiscard]] std::string sha1_hex(std::string_view text);

class BreachedPasswords {
  public:
    /// `invalid` for a list of hashes that is not sorted, `too_large` for a list of passwords over 256 MiB.
    static Result<BreachedPasswords> open(const std::string& path);
    [[nodiscard]] Result<bool> holds(std::string_view password) const;

  private:
    explicit BreachedPasswords(std::string path) : path_(std::move(path)) {}

    std::string path_;
    bool hashes_ = false;
    std::unordered_set<std::string> passwords_;
};

}  // namespace quipu::access
