#pragma once
// Where the portal shows what a notice is about: the same addresses as web/src/lib/objects.ts.

#include <string>
#include <string_view>

namespace quipu::notify {

/// The page of KIND:ID below the portal's address; empty when it has none, or the portal no address.
[[nodiscard]] std::string page_of(std::string_view portal, std::string_view about);

}  // namespace quipu::notify
