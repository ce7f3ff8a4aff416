#include "services/rpki/origin/delta.h"

#include <fmt/format.h>

namespace quipu::rpki {
namespace {

std::string standard_base64(ByteSpan bytes) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8U | (at + i < bytes.size() ? bytes[at + i] : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += at + i > bytes.size() ? '=' : kDigits[group >> (18 - 6 * i) & 63U];
    }
    return out;
}

/// Lists of payloads as Routinator writes them, told in pieces.
class DeltaText {
  public:
    explicit DeltaText(const Sink& sink) : sink_(sink) {}
    ~DeltaText() { sink_(text_); }
    DeltaText(const DeltaText&) = delete;
    DeltaText& operator=(const DeltaText&) = delete;

    template <class... Parts>
    void add(fmt::format_string<Parts...> format, Parts&&... parts) {
        constexpr std::size_t kPiece = 65'536;
        fmt::format_to(std::back_inserter(text_), format, std::forward<Parts>(parts)...);
        if (text_.size() < kPiece) return;
        sink_(text_);
        text_.clear();
    }
    void list(const PayloadSet& set) {
        std::string_view comma;
        for (const Vrp& vrp : set.vrps) {
            add("{}\n    {{\n        \"type\": \"routeOrigin\",\n        \"asn\": \"AS{}\",\n        \"prefix\": "
                "\"{}\",\n"
                "        \"maxLength\": {}\n    }}",
                comma, vrp.as, vrp.prefix().text(), vrp.max_length);
            comma = ",";
        }
        for (const RouterKey& key : set.router_keys) {
            constexpr std::uint64_t kMostOfOneKey = 10'000;
            std::string key_id;
            for (const std::uint8_t octet : key.key_id)
                key_id += fmt::format("{:02X}", octet);
            const std::string key_info = standard_base64(key.key_info);
            for (std::uint64_t as = key.as.low; as <= key.as.high && as - key.as.low < kMostOfOneKey; ++as) {
                add("{}\n    {{\n        \"type\": \"routerKey\",\n        \"keyIdentifier\": \"{}\",\n        "
                    "\"asn\": \"AS{}\",\n"
                    "        \"keyInfo\": \"{}\"\n    }}",
                    comma, key_id, as, key_info);
                comma = ",";
            }
        }
        for (const Aspa& aspa : set.aspas) {
            std::string providers;
            for (const Asn provider : aspa.providers)
                providers += fmt::format("{}\"AS{}\"", providers.empty() ? "" : ", ", provider);
            add("{}\n    {{\n        \"type\": \"aspa\",\n        \"customerAsn\": \"AS{}\",\n        "
                "\"providerAsns\": [{}]\n    }}",
                comma, aspa.customer, providers);
            comma = ",";
        }
    }

  private:
    const Sink& sink_;
    std::string text_;
};

}  // namespace

void write_json_reset(std::uint64_t session, std::uint32_t serial, const PayloadSet& all, const Sink& sink) {
    DeltaText out(sink);
    // The session is text: it may be larger than what JSON's readers hold exactly.
    out.add("{{\n  \"reset\": true,\n  \"session\": \"{}\",\n  \"serial\": {},\n  \"announced\": [", session, serial);
    out.list(all);
    out.add("\n  ]\n}}\n");
}

void write_json_delta(std::uint64_t session, std::uint32_t from, std::uint32_t serial, const PayloadSet& announced,
                      const PayloadSet& withdrawn, const Sink& sink) {
    DeltaText out(sink);
    out.add(
        "{{\n  \"reset\": false,\n  \"session\": \"{}\",\n  \"serial\": {},\n  \"fromSerial\": {},\n  \"announced\": [",
        session, serial, from);
    out.list(announced);
    out.add("\n  ],\n  \"withdrawn\": [");
    out.list(withdrawn);
    out.add("\n  ]\n}}\n");
}

}  // namespace quipu::rpki
