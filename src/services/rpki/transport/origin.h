#pragma once
// Addresses of repositories taken apart, as views into them.

#include <string>
#include <string_view>
#include <utility>

namespace quipu::rpki {

/// RFC 9674, RFC 6454 §5: the same scheme, host and port.
[[nodiscard]] bool is_same_origin(std::string_view a, std::string_view b);
/// "https://HOST:PORT" and "/PATH…".
[[nodiscard]] std::pair<std::string_view, std::string_view> split_address(std::string_view uri);
/// HOST, or HOST:PORT.
[[nodiscard]] std::string_view host_of(std::string_view uri);
/// "rsync://HOST/MODULE/": what rsync fetches as one.
[[nodiscard]] std::string module_of(std::string_view rsync);
/// The folder of an object, with its "/".
[[nodiscard]] std::string_view folder_of(std::string_view uri);

/// An address of a machine of ours perhaps: "localhost", a bare IP address, a name without a dot, or with a port.
[[nodiscard]] bool is_dubious(std::string_view uri);

}  // namespace quipu::rpki
