#pragma once
// Who may use the authenticated and encrypted modes: a file of lines "USER KEY", the key as hexadecimal octets of the
// pass phrase, as the reference's pfstore writes them. Empty lines and lines that begin with "#" say nothing.

#include <map>
#include <string>

#include "base/result.h"

namespace quipu::owamp {

/// User → pass phrase.
using Keys = std::map<std::string, std::string>;

/// `name` stands in errors. A user is 1 to 80 octets without white space and has one line; a key is 1 to 1,024 octets.
[[nodiscard]] Result<Keys> parse_keys(std::string_view text, const std::string& name);
/// A file that others than its owner and group may read is refused.
[[nodiscard]] Result<Keys> read_keys(const std::string& path);

}  // namespace quipu::owamp
