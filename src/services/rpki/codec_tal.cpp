#include "services/rpki/base64.h"
#include "services/rpki/codec_payload.h"

namespace quipu::rpki {
namespace {

bool decode_base64(std::string_view text, std::vector<std::uint8_t>& out) {
    Base64Decoder decoder;
    return decoder.feed(text, out) && decoder.finish();
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
