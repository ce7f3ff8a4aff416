#pragma once
// AS numbers, prefixes, domains, realms and telephone prefixes: their one canonical form, and who is inside whom.

#include <string>
#include <string_view>

#include "base/result.h"
#include "registry/model.h"

namespace quipu::registry {

/// The value in its canonical form: "27750"; RFC 5952 text; lower-case ASCII (IDNA 2008) without a final dot; "+56".
[[nodiscard]] Result<std::string> canonical_value(Kind kind, std::string_view text);

/// Of a canonical value: one resource lies within another of its kind exactly if its key begins with the other's. A
/// prefix becomes its bits, a domain its labels from the right, a telephone prefix its digits.
[[nodiscard]] std::string nesting_key(Kind kind, std::string_view canonical);

/// An id from a canonical value: "as27750", "2001-db8--32", "reuna-cl", "tel-56". Longer than a slug may be if the name
/// is.
[[nodiscard]] std::string id_from(Kind kind, std::string_view canonical);

}  // namespace quipu::registry
