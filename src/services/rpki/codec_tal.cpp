#include <array>

#include "services/rpki/codec_payload.h"

namespace quipu::rpki {
namespace {

/// RFC 4648 §4 with white space in between, as TALs break their lines.
bool decode_base64(std::string_view text, std::vector<std::uint8_t>& out) {
    std::uint32_t bits = 0;
    unsigned count = 0;
    unsigned padding = 0;
    for (const char c : text) {
        unsigned value = 0;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        if (c == '=') {
            if (++padding > 2) return false;
            continue;
        }
        if (padding != 0) return false;
        if (c >= 'A' && c <= 'Z')
            value = static_cast<unsigned>(c - 'A');
        else if (c >= 'a' && c <= 'z')
            value = static_cast<unsigned>(c - 'a') + 26;
        else if (c >= '0' && c <= '9')
            value = static_cast<unsigned>(c - '0') + 52;
        else if (c == '+')
            value = 62;
        else if (c == '/')
            value = 63;
        else
            return false;
        bits = bits << 6U | value;
        if (++count == 4) {
            out.insert(out.end(), {static_cast<std::uint8_t>(bits >> 16U), static_cast<std::uint8_t>(bits >> 8U),
                                   static_cast<std::uint8_t>(bits)});
            bits = 0;
            count = 0;
        }
    }
    if (count == 0) return padding == 0;
    if (count + padding != 4 || count == 1) return false;
    bits <<= 6U * padding;
    out.push_back(static_cast<std::uint8_t>(bits >> 16U));
    if (count == 3) out.push_back(static_cast<std::uint8_t>(bits >> 8U));
    return true;
}

}  // namespace

Checked<TrustAnchorLocator> parse_tal(std::string_view text, std::string name) {
    TrustAnchorLocator out;
    out.name = std::move(name);
    if (text.size() > 65'536) return breach(Rule::tal_syntax, "is longer than 64 KiB");
    const auto line = [&] {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view found = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (found.ends_with('\r')) found.remove_suffix(1);
        return found;
    };
    bool separated = false;
    while (!text.empty()) {
        const std::string_view found = line();
        if (found.starts_with('#') && out.addresses.empty()) {
            out.comments.emplace_back(found.substr(1));
        } else if (found.empty()) {
            separated = true;
            break;
        } else if (is_rsync_uri(found) || is_https_uri(found)) {
            out.addresses.emplace_back(found);
        } else {
            return breach(Rule::tal_syntax,
                          "\"" + std::string(found.substr(0, 60)) + "\" is neither an https nor an rsync address");
        }
    }
    if (out.addresses.empty()) return breach(Rule::tal_syntax, "there is no address");
    if (!separated) return breach(Rule::tal_syntax, "the empty line before the key is missing");
    if (!decode_base64(text, out.key_info)) return breach(Rule::tal_syntax, "the key is not in Base 64");
    if (rsa_modulus_of(out.key_info).empty()) return breach(Rule::tal_syntax, "the key is not RSA with 2048 bits");
    return out;
}

}  // namespace quipu::rpki
