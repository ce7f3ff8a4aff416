// Cursors: the position and a check sum, in base64url. The sum tells a cursor of ours from any other text; it is no
// secret.

#include <cstdint>

#include "base/base64url.h"
#include "base/number.h"
#include "platform/api.h"

namespace quipu::platform {
namespace {

/// FNV-1a, 32 bits.
std::uint32_t sum_of(std::string_view text) {
    std::uint32_t hash = 2166136261U;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 16777619U;
    }
    return hash;
}

std::string with_sum(std::string_view position) {
    std::string out(position);
    const std::uint32_t sum = sum_of(position);
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        out += static_cast<char>(static_cast<unsigned char>(sum >> shift));
    return out;
}

}  // namespace

std::string make_cursor(std::string_view position) {
    return base64url_encode(as_bytes(with_sum(position)));
}

Result<std::string> read_cursor(std::string_view cursor) {
    if (auto text = base64url_decode(cursor); text && text->size() >= 4) {
        text->resize(text->size() - 4);
        if (make_cursor(*text) == cursor) return text;
    }
    return fail(ErrorCode::invalid, "this cursor was not made here", "cursor",
                "take it from \"next\" of the page before, or leave it out to begin again");
}

Result<std::size_t> read_position(std::string_view cursor) {
    if (cursor.empty()) return 0;
    const std::string text = TRY(read_cursor(cursor));
    if (const auto position = parse_number<std::size_t>(text)) return *position;
    return fail(ErrorCode::invalid, "this cursor is of another list", "cursor", "leave it out to begin again");
}

}  // namespace quipu::platform
