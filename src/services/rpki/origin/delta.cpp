#include "services/rpki/origin/delta.h"

#include <fmt/format.h>
#include <optional>

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

/// {"reset": …, "session": …, up to the list of what is announced.
void begin_delta(SinkText& out, const JsonDeltaHead& head, std::optional<std::uint32_t> from) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(head.generated);
    out.add("{{\n  \"reset\": {},\n  \"session\": \"{}\",\n  \"serial\": {},\n", !from, head.session, head.serial);
    if (from) out.add("  \"fromSerial\": {},\n", *from);
    out.add("  \"generated\": {},\n  \"generatedTime\": \"{}\",\n  \"announced\": [",
            seconds.time_since_epoch().count(), format_time(seconds));
}

}  // namespace

void write_json_reset(const JsonDeltaHead& head, const PayloadSet& all, const Sink& sink) {
    SinkText out(sink);
    begin_delta(out, head, std::nullopt);
    list(out, all);
    out.add("\n  ]\n}}\n");
}

void write_json_delta(const JsonDeltaHead& head, std::uint32_t from, const PayloadSet& announced,
                      const PayloadSet& withdrawn, const Sink& sink) {
    SinkText out(sink);
    begin_delta(out, head, from);
    list(out, announced);
    out.add("\n  ],\n  \"withdrawn\": [");
    list(out, withdrawn);
    out.add("\n  ]\n}}\n");
}

}  // namespace quipu::rpki
