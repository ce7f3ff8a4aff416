#pragma once
// What pScheduler's published schemas ask of a result, in short: names, types, and which must be there. Written down
// from perfsonar/pscheduler, pscheduler-test-NAME/NAME/result-jsonschema.json, versions[1] of each. Each member is
// "type" or "type!" where it is required; "only" says that no other member may stand there.

#include <cctype>
#include <string>
#include <string_view>

#include "base/value.h"

namespace quipu::exchange {

inline Value schema(std::string_view test) {
    constexpr std::string_view kLatency = R"({
        "schema": "one", "succeeded": "boolean!", "error": "string", "diags": "string",
        "packets-sent": "cardinal", "packets-received": "cardinal", "packets-lost": "cardinal",
        "packets-duplicated": "cardinal", "packets-reordered": "cardinal", "max-clock-error": "number",
        "histogram-latency": "number-histogram", "histogram-ttl": "integer-histogram"})";
    constexpr std::string_view kTrace = R"({"only": true,
        "schema": "one", "succeeded": "boolean!", "error": "string", "diags": "string",
        "paths!": [[{"ip": "string", "hostname": "string", "rtt": "duration", "as": {"number": "cardinal!",
            "owner": "string"}, "error": "string", "mtu": "cardinal"}]]})";
    constexpr std::string_view kThroughput = R"({"only": true,
        "schema": "one", "succeeded": "boolean!", "error": "string", "diags": "string!", "mss": "integer",
        "mtu": "integer", "tcp-window-size": "integer", "requested-tcp-window-size": "integer",
        "intervals!": [{"streams": [FIGURES], "summary": FIGURES}],
        "summary!": {"streams": [FIGURES], "summary": FIGURES}})";
    constexpr std::string_view kFigures = R"({"only": true,
        "throughput-bits": "number", "throughput-bytes": "number", "receiver-throughput-bits": "number",
        "sent": "integer", "lost": "integer", "jitter": "number", "stream-id": "integer", "start": "number",
        "end": "number", "rtt": "number", "tcp-window-size": "integer", "retransmits": "integer",
        "omitted": "boolean"})";
    std::string text(test == "latency" ? kLatency : test == "trace" ? kTrace : kThroughput);
    for (std::size_t at = 0; (at = text.find("FIGURES")) != std::string::npos;)
        text.replace(at, 7, kFigures);
    return *parse_json(text);
}

inline bool is_of_type(const Value& value, std::string_view type) {
    const auto keys_are = [&](auto good) {
        if (value.if_object() == nullptr) return false;
        for (const auto& [key, count] : *value.if_object())
            if (key.empty() || !good(key) || count.if_integer() == nullptr) return false;
        return true;
    };
    const auto digits = [](std::string_view text) { return text.find_first_not_of("0123456789") == text.npos; };
    if (type == "boolean") return value.if_bool() != nullptr;
    if (type == "string") return value.if_string() != nullptr;
    if (type == "duration") return value.if_string() != nullptr && value.if_string()->starts_with("PT");
    if (type == "integer") return value.if_integer() != nullptr;
    if (type == "cardinal") return value.if_integer() != nullptr && *value.if_integer() >= 0;
    if (type == "one") return value.if_integer() != nullptr && *value.if_integer() == 1;
    if (type == "number") return value.if_integer() != nullptr || value.if_double() != nullptr;
    if (type == "integer-histogram") return keys_are(digits);
    return keys_are([&](std::string_view key) {
        if (key.front() == '-' || key.front() == '+') key.remove_prefix(1);
        const std::size_t dot = key.find('.');
        return dot == key.npos ? digits(key)
                               : digits(key.substr(0, dot)) && dot + 1 < key.size() && digits(key.substr(dot + 1));
    });
}

/// What of `value` is not as `schema` wants it; empty: nothing.
inline std::string faults_of(const Value& value, const Value& schema, const std::string& where = "result") {
    if (const std::string* type = schema.if_string()) {
        const std::string_view name =
            type->ends_with('!') ? std::string_view(*type).substr(0, type->size() - 1) : *type;
        return is_of_type(value, name) ? "" : where + " is no " + std::string(name) + "; ";
    }
    std::string out;
    if (const auto* items = schema.if_array()) {
        if (value.if_array() == nullptr) return where + " is no array; ";
        for (const Value& item : *value.if_array())
            out += faults_of(item, items->front(), where + "[]");
        return out;
    }
    if (value.if_object() == nullptr) return where + " is no object; ";
    std::string known = " ";
    for (const auto& [name, wanted] : *schema.if_object()) {
        if (name == "only") continue;
        const bool array_required = name.ends_with('!');
        const std::string key = array_required ? name.substr(0, name.size() - 1) : name;
        const bool required = array_required || (wanted.if_string() != nullptr && wanted.if_string()->ends_with('!'));
        known += key + " ";
        const Value* found = value.find(key);
        if (found == nullptr) {
            if (required) out += where + "." + key + " is missing; ";
            continue;
        }
        out += faults_of(*found, wanted, where + "." + key);
    }
    if (schema.find("only") != nullptr)
        for (const auto& [name, unused] : *value.if_object())
            if (known.find(" " + name + " ") == std::string::npos) out += where + "." + name + " is not known; ";
    return out;
}

}  // namespace quipu::exchange
