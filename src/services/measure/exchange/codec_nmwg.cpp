#include "services/measure/exchange/codec_nmwg.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>
#include <set>

#include "base/number.h"
#include "platform/signin/xml.h"

namespace quipu::exchange {
namespace {

namespace xml = signin::xml;
using xml::Element;
using xml::escape;

constexpr std::string_view kEnvelope = "http://schemas.xmlsoap.org/soap/envelope/";
constexpr std::string_view kNmwg = "http://ggf.org/ns/nmwg/base/2.0/";
constexpr std::string_view kResult = "http://ggf.org/ns/nmwg/result/2.0/";
/// Spelt so by HADES itself, and by whoever reads it.
constexpr std::string_view kHades = "http://ggf.org/ns/nwmg/tools/hades/aggregated";
constexpr std::size_t kMostOctets = 64 * 1024;
constexpr std::size_t kMostParts = 100;
constexpr std::size_t kLongestChain = 8;

/// What the request says under one metadata's id.
struct Metadata {
    std::string above;  // metadataIdRef: the one that it continues
    std::string event_type;
    std::map<std::string, std::string> parameters;
};

std::unexpected<Error> wrong(std::string what, std::string where = "message") {
    return fail(ErrorCode::invalid, std::move(what), std::move(where));
}

/// `value`'s attribute or text: both are in use.
std::string value_of(const Element& element) {
    std::string out = element.attribute("value");
    return out.empty() ? element.text() : out;
}

void read_parameters(const Element& element, Metadata& out) {
    for (const Element& each : element.children())
        if (each.name() == "parameter") {
            const std::string name = each.attribute("name");
            if (!name.empty()) out.parameters.try_emplace(name, value_of(each));
        }
}

/// <subject> holds an endPointPair with src and dst, and may name the metadata that it filters.
void read_subject(const Element& element, Metadata& out) {
    if (out.above.empty()) out.above = element.attribute("metadataIdRef");
    for (const Element& pair : element.children())
        if (pair.name() == "endPointPair")
            for (const Element& end : pair.children()) {
                if (end.name() == "src") out.parameters.try_emplace("sender", value_of(end));
                if (end.name() == "dst") out.parameters.try_emplace("receiver", value_of(end));
            }
}

Metadata read_metadata(const Element& element) {
    Metadata out;
    out.above = element.attribute("metadataIdRef");
    for (const Element& each : element.children()) {
        if (each.name() == "eventType") out.event_type = each.text();
        if (each.name() == "parameters") read_parameters(each, out);
        if (each.name() == "subject") read_subject(each, out);
        if (each.name() == "key")
            for (const Element& inside : each.children())
                if (inside.name() == "parameters") read_parameters(inside, out);
    }
    return out;
}

Result<std::optional<Time>> time_of(const std::string& text, const std::string& where) {
    if (text.empty() || text == "now") return std::optional<Time>();
    const auto seconds = parse_number<std::int64_t>(text);
    constexpr std::int64_t kMost = 9'000'000'000;
    if (!seconds || *seconds < 0 || *seconds > kMost) return wrong("a time is in seconds since 1970: " + text, where);
    return std::optional(Time(std::chrono::seconds(*seconds)));
}

/// The chain of metadata put together: what stands nearer to the data goes before.
Result<NmwgTrigger> trigger_of(const Element& data, const std::map<std::string, Metadata>& known) {
    NmwgTrigger out{.id = data.attribute("id"), .metadata = data.attribute("metadataIdRef")};
    std::map<std::string, std::string> parameters;
    std::string at = out.metadata;
    for (std::size_t i = 0; !at.empty(); ++i) {
        const auto found = known.find(at);
        if (found == known.end()) return wrong("no metadata has this id", at);
        if (i == kLongestChain) return wrong("the chain of metadata is too long, or goes round", at);
        // A filter's own event type, "select", says nothing of what is wanted.
        if (out.event_type.empty() && found->second.event_type.find("/ops/select") == std::string::npos)
            out.event_type = found->second.event_type;
        parameters.insert(found->second.parameters.begin(), found->second.parameters.end());
        at = found->second.above;
    }
    const auto take = [&](std::string_view name) {
        const auto found = parameters.find(std::string(name));
        return found == parameters.end() ? std::string() : found->second;
    };
    out.from = take("sender");
    out.to = take("receiver");
    out.since = TRY(time_of(take("startTime"), out.metadata));
    out.until = TRY(time_of(take("endTime"), out.metadata));
    if (const std::string text = take("resolution"); !text.empty()) {
        const auto seconds = parse_number<std::int64_t>(text);
        if (!seconds || *seconds < 1 || *seconds > 366 * 86400) return wrong("resolution is in seconds", out.metadata);
        out.resolution_s = seconds;
    }
    return out;
}

std::optional<NmwgType> type_of(std::string_view name) {
    if (name == "EchoRequest") return NmwgType::echo;
    if (name == "MetadataKeyRequest") return NmwgType::metadata_key;
    if (name == "SetupDataRequest") return NmwgType::setup_data;
    return std::nullopt;
}

std::string_view answer_to(NmwgType type) {
    switch (type) {
        case NmwgType::echo: return "EchoResponse";
        case NmwgType::metadata_key: return "MetadataKeyResponse";
        case NmwgType::setup_data: return "SetupDataResponse";
    }
    return "ErrorResponse";
}

// ---- writing

void begin_message(std::string& out, std::string_view type, std::string_view id) {
    out += R"(<?xml version="1.0" encoding="UTF-8"?>)"
           "\n";
    fmt::format_to(std::back_inserter(out),
                   R"(<SOAP-ENV:Envelope xmlns:SOAP-ENV="{}"><SOAP-ENV:Header/><SOAP-ENV:Body>)"
                   R"(<nmwg:message xmlns:nmwg="{}" xmlns:hades="{}" xmlns:nmwgr="{}" type="{}" id="{}">)",
                   kEnvelope, kNmwg, kHades, kResult, type, escape(id));
}
void end_message(std::string& out) {
    out += "</nmwg:message></SOAP-ENV:Body></SOAP-ENV:Envelope>\n";
}

void add_parameter(std::string& out, std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(out), R"(<nmwg:parameter name="{}" value="{}"/>)", name, escape(value));
}

void add_result(std::string& out, std::string_view metadata, std::string_view id, std::string_view code,
                std::string_view message) {
    fmt::format_to(std::back_inserter(out),
                   R"(<nmwg:metadata id="result-{0}" metadataIdRef="{1}"><nmwg:eventType>{2}</nmwg:eventType>)"
                   R"(</nmwg:metadata><nmwg:data id="{0}" metadataIdRef="result-{0}"><nmwgr:datum>{3}</nmwgr:datum>)"
                   "</nmwg:data>",
                   escape(id), escape(metadata), escape(code), escape(message));
}

void add_pairs(std::string& out, const NmwgData& data) {
    std::size_t number = 0;
    for (const HadesPair& pair : data.pairs) {
        ++number;
        fmt::format_to(std::back_inserter(out),
                       R"(<nmwg:metadata id="result{0}" metadataIdRef="{1}"><nmwg:parameters id="param{0}">)", number,
                       escape(data.trigger->metadata));
        add_parameter(out, "mid", std::to_string(number));
        add_parameter(out, "sender", pair.from);
        add_parameter(out, "receiver", pair.to);
        add_parameter(out, "interval", "60");
        add_parameter(out, "precedence", "0x0");
        out += "</nmwg:parameters></nmwg:metadata>";
    }
    for (std::size_t i = 1; i <= number; ++i)
        fmt::format_to(std::back_inserter(out), R"(<nmwg:data id="{0}-{1}" metadataIdRef="result{1}"/>)",
                       escape(data.trigger->id), i);
}

void add_datums(std::string& out, const NmwgData& data) {
    const NmwgTrigger& trigger = *data.trigger;
    fmt::format_to(std::back_inserter(out),
                   R"(<nmwg:metadata id="{}"><nmwg:eventType>{}/</nmwg:eventType><nmwg:parameters id="param-{}">)",
                   escape(trigger.metadata), kHades, escape(trigger.id));
    add_parameter(out, "sender", trigger.from);
    add_parameter(out, "receiver", trigger.to);
    add_parameter(out, "delay_unit", "s");
    fmt::format_to(std::back_inserter(out),
                   R"(</nmwg:parameters></nmwg:metadata><nmwg:data id="{}" metadataIdRef="{}">)", escape(trigger.id),
                   escape(trigger.metadata));
    for (const HadesDatum& datum : data.datums) {
        fmt::format_to(std::back_inserter(out), R"(<hades:datum time="{}")", unix_seconds(datum.time));
        const auto add = [&](std::string_view name, const std::optional<double>& seconds) {
            // Clients read every attribute as a number: NaN is one, and says that there is none.
            if (seconds)
                fmt::format_to(std::back_inserter(out), R"( {}="{:.9g}")", name, *seconds);
            else
                fmt::format_to(std::back_inserter(out), R"( {}="NaN")", name);
        };
        add("min_delay", datum.min_delay);
        add("med_delay", datum.med_delay);
        add("max_delay", datum.max_delay);
        add("min_ipdv_jitter", std::nullopt);
        add("med_ipdv_jitter", datum.med_ipdv_jitter);
        add("max_ipdv_jitter", std::nullopt);
        fmt::format_to(std::back_inserter(out), R"( loss="{}" duplicates="{}" out_of_order="{}" sync="{}")", datum.loss,
                       datum.duplicates, datum.out_of_order, datum.sync ? "yes" : "no");
        if (!datum.routeref.empty())
            fmt::format_to(std::back_inserter(out), R"( routeref="{}")", escape(datum.routeref));
        out += "/>";
    }
    out += "</nmwg:data>";
}

}  // namespace

Result<NmwgRequest> parse_nmwg(std::string_view text) {
    if (text.size() > kMostOctets) return fail(ErrorCode::too_large, "a message has at most 64 KiB", "message");
    const xml::Document document = TRY(xml::Document::parse(text, xml::Kind::metadata));
    const auto messages = document.root().descendants(kNmwg, "message");
    if (messages.size() != 1) return wrong("holds no nmwg:message, or several");
    NmwgRequest out;
    const std::string type = messages.front().attribute("type");
    const auto known_type = type_of(type);
    if (!known_type)
        return fail(ErrorCode::unsupported, "answers no " + (type.empty() ? "message without a type" : type), "message",
                    "EchoRequest, MetadataKeyRequest and SetupDataRequest are answered");
    out.type = *known_type;
    out.id = messages.front().attribute("id");
    std::map<std::string, Metadata> known;
    std::vector<Element> data;
    for (const Element& each : messages.front().children()) {
        const bool is_metadata = each.is(kNmwg, "metadata");
        if (!is_metadata && !each.is(kNmwg, "data")) continue;
        const std::string id = each.attribute("id");
        if (id.empty()) return wrong("metadata and data have ids");
        if (is_metadata && !known.emplace(id, read_metadata(each)).second) return wrong("stands there twice", id);
        if (!is_metadata) data.push_back(each);
        if (known.size() > kMostParts || data.size() > kMostParts)
            return fail(ErrorCode::too_large, "has more than 100 metadata or data", "message");
    }
    if (data.empty()) return wrong("holds no nmwg:data, and so asks for nothing");
    for (const Element& each : data)
        out.triggers.push_back(TRY(trigger_of(each, known)));
    return out;
}

std::string write_nmwg(const NmwgRequest& request, const std::vector<NmwgData>& data) {
    std::string out;
    begin_message(out, answer_to(request.type), request.id.empty() ? "answer" : request.id + "-answer");
    for (const NmwgData& each : data) {
        if (!each.error.empty())
            add_result(out, each.trigger->metadata, each.trigger->id, each.error, each.message);
        else if (request.type == NmwgType::metadata_key)
            add_pairs(out, each);
        else
            add_datums(out, each);
    }
    end_message(out);
    return out;
}

std::string write_nmwg_error(std::string_view code, const Error& error) {
    std::string out;
    begin_message(out, "ErrorResponse", "answer");
    add_result(out, error.where.empty() ? "message" : error.where, "data0", code, error.text());
    end_message(out);
    return out;
}

}  // namespace quipu::exchange
