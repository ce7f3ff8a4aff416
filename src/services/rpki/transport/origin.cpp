#include "services/rpki/transport/origin.h"

#include <algorithm>

#include "net/address.h"
#include "net/ascii.h"

namespace quipu::rpki {
namespace {

/// Without the port that https has anyway.
std::string_view plain_origin(std::string_view uri) {
    std::string_view origin = split_address(uri).first;
    if (origin.ends_with(":443")) origin.remove_suffix(4);
    return origin;
}

}  // namespace

std::pair<std::string_view, std::string_view> split_address(std::string_view uri) {
    const std::size_t scheme = uri.find("://");
    const std::size_t slash = scheme == std::string_view::npos ? scheme : uri.find('/', scheme + 3);
    if (slash == std::string_view::npos) return {uri, "/"};
    return {uri.substr(0, slash), uri.substr(slash)};
}

bool is_same_origin(std::string_view a, std::string_view b) {
    return net::equal_ignoring_case(plain_origin(a), plain_origin(b));
}

std::string_view host_of(std::string_view uri) {
    const std::string_view origin = split_address(uri).first;
    const std::size_t scheme = origin.find("://");
    return scheme == std::string_view::npos ? origin : origin.substr(scheme + 3);
}

std::string module_of(std::string_view rsync) {
    const auto [origin, path] = split_address(rsync);
    const std::size_t slash = path.find('/', 1);
    std::string out(origin);
    out.append(path.substr(0, slash)).append("/");
    return out;
}

std::string_view folder_of(std::string_view uri) {
    return uri.substr(0, uri.rfind('/') + 1);
}

bool is_dubious(std::string_view uri) {
    std::string host(host_of(uri));
    while (host.ends_with('.'))
        host.pop_back();
    std::ranges::transform(host, host.begin(), net::ascii_lower);
    return host.find_first_of(":@[]") != std::string::npos || host.find('.') == std::string::npos ||
           host.ends_with(".localhost") || host.ends_with(".local") || net::IpAddress::parse(host).has_value();
}

}  // namespace quipu::rpki
