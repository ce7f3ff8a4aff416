#include "services/rpki/origin/delta.h"

#include <fmt/format.h>

#include "services/rpki/base64.h"

namespace quipu::rpki {
namespace {

/// Payloads as Routinator lists them.
void list(SinkText& out, const PayloadSet& set) {
    std::string_view comma;
    for (const Vrp& vrp : set.vrps) {
        out.add(
            "{}\n    {{\n        \"type\": \"routeOrigin\",\n        \"asn\": \"AS{}\",\n        \"prefix\": "
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
        const std::string key_info = base64_text(key.key_info);
        for (std::uint64_t as = key.as.low; as <= key.as.high && as - key.as.low < kMostOfOneKey; ++as) {
            out.add(
                "{}\n    {{\n        \"type\": \"routerKey\",\n        \"keyIdentifier\": \"{}\",\n        "
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
        out.add(
            "{}\n    {{\n        \"type\": \"aspa\",\n        \"customerAsn\": \"AS{}\",\n        "
            "\"providerAsns\": [{}]\n    }}",
            comma, aspa.customer, providers);
        comma = ",";
    }
}

}  // namespace

void write_json_reset(std::uint64_t session, std::uint32_t serial, const PayloadSet& all, const Sink& sink) {
    SinkText out(sink);
    // The session is text: it may be larger than what JSON's readers hold exactly.
    out.add("{{\n  \"reset\": true,\n  \"session\": \"{}\",\n  \"serial\": {},\n  \"announced\": [", session, serial);
    list(out, all);
    out.add("\n  ]\n}}\n");
}

void write_json_delta(std::uint64_t session, std::uint32_t from, std::uint32_t serial, const PayloadSet& announced,
                      const PayloadSet& withdrawn, const Sink& sink) {
    SinkText out(sink);
    out.add(
        "{{\n  \"reset\": false,\n  \"session\": \"{}\",\n  \"serial\": {},\n  \"fromSerial\": {},\n  \"announced\": [",
        session, serial, from);
    list(out, announced);
    out.add("\n  ],\n  \"withdrawn\": [");
    list(out, withdrawn);
    out.add("\n  ]\n}}\n");
}

}  // namespace quipu::rpki
