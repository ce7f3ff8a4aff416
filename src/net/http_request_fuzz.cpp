// Octets from anybody into the request parser: cut at any place they must mean the same, and what passes must keep what
// net/http.h promises of a path.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "base/bytes.h"
#include "net/http_parser.h"

namespace {

using quipu::net::HttpRequest;
using quipu::net::RequestParser;

void demand(bool holds) {
    if (!holds) std::abort();
}

/// The requests that `text` holds, offered `step` octets at a time.
std::string read_all(std::string_view text, std::size_t step) {
    RequestParser parser(1024, 4096);
    std::string seen;
    std::string waiting;
    while (!text.empty()) {
        waiting.append(text.substr(0, step));
        text.remove_prefix(std::min(step, text.size()));
        while (!waiting.empty()) {
            const auto taken = parser.feed(waiting);
            if (!taken) return seen;
            demand(*taken <= waiting.size());
            waiting.erase(0, *taken);
            if (!parser.complete()) break;
            const HttpRequest& request = parser.request();
            demand(request.path == "*" || request.path.starts_with('/'));
            demand(request.path.find("//") == std::string::npos && request.path.find('\0') == std::string::npos);
            demand((request.path + "/").find("/../") == std::string::npos);
            demand(request.body.size() <= 4096);
            seen += request.path + "\n" + request.body + "\n";
            parser.reset();
        }
    }
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = quipu::as_text({data, size});
    // By the size of a piece a limit is met, or a fault seen, sooner or later; but no request may be read another way.
    const std::string whole = read_all(text, size + 1);
    const std::string pieces = read_all(text, 1);
    demand(size > 1024 || whole == pieces);
    return 0;
}
