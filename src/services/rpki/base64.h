#pragma once
// Base 64 (RFC 4648 §4) as it comes, in pieces, with white space anywhere (XML Schema's base64Binary).

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace quipu::rpki {

class Base64Decoder {
  public:
    void reset() { *this = {}; }
    /// Appends what is whole; false on any other character, or anything after the padding.
    [[nodiscard]] bool feed(std::string_view text, std::vector<std::uint8_t>& out);
    /// False if the text ended within a group, or left bits set that no encoder leaves.
    [[nodiscard]] bool finish() const;

  private:
    std::uint32_t bits_ = 0;
    unsigned count_ = 0;    ///< characters of the group that is not whole
    unsigned padding_ = 0;  ///< "=" seen
    bool clean_ = true;
};

void append_base64(ByteSpan octets, std::string& out);
[[nodiscard]] std::string base64_text(ByteSpan octets);

}  // namespace quipu::rpki
