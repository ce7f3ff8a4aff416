#include "services/rpki/output.h"

#include <charconv>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unordered_map>
#include <unordered_set>

#include "base/value.h"
#include "services/rpki/base64.h"

namespace quipu::rpki {
namespace {

constexpr std::array<std::pair<std::string_view, Format>, 11> kFormats = {{
    {"json", Format::json},
    {"jsonext", Format::jsonext},
    {"csv", Format::csv},
    {"csvcompat", Format::csvcompat},
    {"csvext", Format::csvext},
    {"openbgpd", Format::openbgpd},
    {"bird1", Format::bird1},
    {"bird2", Format::bird2},
    {"rpsl", Format::rpsl},
    {"slurm", Format::slurm},
    {"summary", Format::summary},
}};

std::string iso_time(std::int64_t seconds) {
    return format_time(Time(std::chrono::seconds(seconds)));
}

std::string plain_time(std::int64_t seconds) {
    std::string out = iso_time(seconds);
    out[10] = ' ';
    out.resize(19);
    return out;
}

std::string hex(ByteSpan bytes) {
    std::string out;
    for (const std::uint8_t octet : bytes)
        out += fmt::format("{:02x}", octet);
    return out;
}

std::string base64(ByteSpan bytes) {
    std::string out;
    append_base64(bytes, out);
    return out;
}

/// Gathers text and hands it on in large pieces.
class Buffer {
  public:
    explicit Buffer(const Sink& sink) : sink_(sink) {}
    ~Buffer() { sink_(text_); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    template <class... Parts>
    void add(fmt::format_string<Parts...> format, Parts&&... parts) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Parts>(parts)...);
        if (text_.size() > 65'536) {
            sink_(text_);
            text_.clear();
        }
    }

  private:
    const Sink& sink_;
    std::string text_;
};

std::string quoted(std::string_view text) {
    std::string out;
    JsonWriter(out).string(text);
    return out;
}

/// Where a VRP comes from.
struct Origin {
    const Authority* authority;
    const PointOutcome* point;
    const PointOutcome::Object* roa;
};

/// Each ROA with its VRPs, point by point.
void for_each_roa(const Validator& validator, const std::function<void(const Origin&, std::span<const Vrp>)>& each) {
    validator.for_each_point([&](const Authority& authority, const PointOutcome& point) {
        for (const PointOutcome::Object& object : point.accepted)
            if (object.kind == ObjectKind::roa)
                each({&authority, &point, &object}, std::span(point.vrps).subspan(object.first_vrp, object.vrp_count));
    });
}

std::string json_source(const Origin& origin, std::span<const TrustAnchorLocator> locators) {
    std::int64_t from = origin.roa->not_before;
    std::int64_t until = origin.roa->not_after;
    for (const Authority* above = origin.authority; above != nullptr; above = above->issuer.get()) {
        from = std::max(from, above->not_before);
        until = std::min(until, above->not_after);
    }
    return fmt::format(
        R"({{ "type": "roa", "uri": {}, "tal": {}, "validity": {{ "notBefore": "{}", "notAfter": "{}" }}, "chainValidity": {{ "notBefore": "{}", "notAfter": "{}" }}, "stale": "{}" }})",
        quoted(origin.authority->repository + std::string(origin.point->name(*origin.roa))),
        quoted(locators[origin.authority->anchor].name), iso_time(origin.roa->not_before),
        iso_time(origin.roa->not_after), iso_time(from), iso_time(until), iso_time(origin.point->next_update));
}

void write_json(const Validator& validator, std::span<const TrustAnchorLocator> locators, std::int64_t time,
                bool extended, Buffer& out) {
    out.add("{{\n  \"metadata\": {{\n    \"generated\": {},\n    \"generatedTime\": \"{}\"\n  }},\n  \"roas\": [", time,
            iso_time(time));
    const auto vrps = validator.vrps();
    std::vector<std::string> sources;
    if (extended) {
        sources.resize(vrps.size());
        for_each_roa(validator, [&](const Origin& origin, std::span<const Vrp> found) {
            for (const Vrp& vrp : found) {
                const auto at = std::ranges::lower_bound(vrps, vrp, {}, &AnchoredVrp::vrp) - vrps.begin();
                std::string& source = sources[static_cast<std::size_t>(at)];
                source += (source.empty() ? "" : ", ") + json_source(origin, locators);
            }
        });
    }
    for (std::size_t i = 0; i < vrps.size(); ++i) {
        const auto& [vrp, anchor] = vrps[i];
        out.add("{}\n    {{ \"asn\": \"AS{}\", \"prefix\": \"{}\", \"maxLength\": {}, ", i == 0 ? "" : ",", vrp.as,
                vrp.prefix().text(), vrp.max_length);
        if (extended)
            out.add("\"source\": [{}] }}", sources[i]);
        else
            out.add("\"ta\": {} }}", quoted(locators[anchor].name));
    }
    out.add("\n  ],\n  \"routerKeys\": [");
    bool first = true;
    for (const auto& [key, anchor] : validator.router_keys())
        for (std::uint64_t as = key.as.low; as <= key.as.high && as - key.as.low < 10'000; ++as) {
            out.add("{}\n    {{ \"asn\": \"AS{}\", \"SKI\": \"{}\", \"routerPublicKey\": \"{}\", \"ta\": {} }}",
                    first ? "" : ",", as, hex(key.key_id), base64(key.key_info), quoted(locators[anchor].name));
            first = false;
        }
    out.add("\n  ],\n  \"aspas\": [");
    first = true;
    for (const auto& [aspa, anchor] : validator.aspas()) {
        std::string providers;
        for (const Asn provider : aspa.providers)
            providers += fmt::format("{}\"AS{}\"", providers.empty() ? "" : ", ", provider);
        out.add("{}\n    {{ \"customer\": \"AS{}\", \"providers\": [{}], \"ta\": {} }}", first ? "" : ",",
                aspa.customer, providers, quoted(locators[anchor].name));
        first = false;
    }
    out.add("\n  ]\n}}\n");
}

void write_extended_csv(const Validator& validator, Buffer& out) {
    out.add("URI,ASN,IP Prefix,Max Length,Not Before,Not After\n");
    for_each_roa(validator, [&](const Origin& origin, std::span<const Vrp> vrps) {
        const std::string uri = origin.authority->repository + std::string(origin.point->name(*origin.roa));
        for (const Vrp& vrp : vrps)
            out.add("{},AS{},{},{},{},{}\n", uri, vrp.as, vrp.prefix().text(), vrp.max_length,
                    plain_time(origin.roa->not_before), plain_time(origin.roa->not_after));
    });
}

void write_slurm(const Validator& validator, std::span<const TrustAnchorLocator> locators, Buffer& out) {
    out.add(
        "{{\n  \"slurmVersion\": 1,\n  \"validationOutputFilters\": {{\n    \"prefixFilters\": [],\n"
        "    \"bgpsecFilters\": []\n  }},\n  \"locallyAddedAssertions\": {{\n    \"prefixAssertions\": [");
    bool first = true;
    for (const auto& [vrp, anchor] : validator.vrps()) {
        out.add("{}\n      {{ \"asn\": {}, \"prefix\": \"{}\", \"maxPrefixLength\": {}, \"comment\": {} }}",
                first ? "" : ",", vrp.as, vrp.prefix().text(), vrp.max_length, quoted(locators[anchor].name));
        first = false;
    }
    out.add("\n    ],\n    \"bgpsecAssertions\": [");
    first = true;
    for (const auto& [key, anchor] : validator.router_keys()) {
        out.add("{}\n      {{ \"asn\": {}, \"SKI\": \"{}\", \"routerPublicKey\": \"{}\", \"comment\": {} }}",
                first ? "" : ",", key.as.low, base64(key.key_id), base64(key.key_info), quoted(locators[anchor].name));
        first = false;
    }
    out.add("\n    ]\n  }}\n}}\n");
}

void write_summary(const Validator& validator, std::span<const TrustAnchorLocator> locators, std::int64_t time,
                   Buffer& out) {
    std::vector<Totals> by_anchor(locators.size());
    validator.for_each_point([&](const Authority& authority, const PointOutcome& point) {
        Totals& totals = by_anchor[authority.anchor];
        ++totals.points;
        totals.points_valid += point.valid ? 1 : 0;
        totals.points_stored += point.stored ? 1 : 0;
        totals.accepted += point.accepted.size();
        totals.refused += point.refused.size();
        totals.vrps += point.vrps.size();
        totals.aspas += point.aspas.size();
        totals.router_keys += point.router_keys.size();
    });
    out.add("Summary at {}\n", iso_time(time));
    const auto line = [&](std::string_view name, const Totals& t, std::size_t unique) {
        out.add(
            "{}: {} publication points ({} valid, {} on their last valid version), {} objects accepted, {} refused, "
            "{} VRPs{}, {} ASPAs, {} router keys.\n",
            name, t.points, t.points_valid, t.points_stored, t.accepted, t.refused, t.vrps,
            unique == 0 ? "" : fmt::format(" ({} unique)", unique), t.aspas, t.router_keys);
    };
    for (std::size_t i = 0; i < locators.size(); ++i)
        line(locators[i].name, by_anchor[i], 0);
    line("total", validator.totals(), validator.vrps().size());
}

void write_lines(const Validator& validator, std::span<const TrustAnchorLocator> locators, std::int64_t time,
                 Format format, Buffer& out) {
    if (format == Format::csv) out.add("ASN,IP Prefix,Max Length,Trust Anchor\n");
    if (format == Format::csvcompat) out.add("\"ASN\",\"IP Prefix\",\"Max Length\",\"Trust Anchor\"\n");
    if (format == Format::openbgpd) out.add("roa-set {{\n");
    for (const auto& [vrp, anchor] : validator.vrps()) {
        const std::string prefix = vrp.prefix().text();
        const std::string& name = locators[anchor].name;
        switch (format) {
            case Format::csv: out.add("AS{},{},{},{}\n", vrp.as, prefix, vrp.max_length, name); break;
            case Format::csvcompat:
                out.add("\"{}\",\"{}\",\"{}\",\"{}\"\n", vrp.as, prefix, vrp.max_length, name);
                break;
            case Format::openbgpd:
                if (vrp.max_length > vrp.length)
                    out.add("    {} maxlen {} source-as {}\n", prefix, vrp.max_length, vrp.as);
                else
                    out.add("    {} source-as {}\n", prefix, vrp.as);
                break;
            case Format::bird1: out.add("roa {} max {} as {};\n", prefix, vrp.max_length, vrp.as); break;
            case Format::bird2: out.add("route {} max {} as {};\n", prefix, vrp.max_length, vrp.as); break;
            default: {
                std::string source = name;
                for (char& c : source)
                    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
                out.add(
                    "\n{}: {}\norigin: AS{}\ndescr: RPKI attestation\nmnt-by: NA\ncreated: {}\nlast-modified: {}\n"
                    "source: ROA-{}-RPKI-ROOT\n",
                    vrp.v6 ? "route6" : "route", prefix, vrp.as, iso_time(time), iso_time(time), source);
            }
        }
    }
    if (format == Format::openbgpd) out.add("}}\n");
}

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

}  // namespace

std::optional<Format> format_of(std::string_view name) {
    for (const auto& [known, format] : kFormats)
        if (known == name) return format;
    return std::nullopt;
}

std::string format_names() {
    std::string out;
    for (const auto& [name, format] : kFormats)
        out += (out.empty() ? "" : ", ") + std::string(name);
    return out;
}

void write_payloads(const Validator& validator, std::span<const TrustAnchorLocator> locators, std::int64_t time,
                    Format format, const Sink& sink) {
    Buffer out(sink);
    switch (format) {
        case Format::json: return write_json(validator, locators, time, false, out);
        case Format::jsonext: return write_json(validator, locators, time, true, out);
        case Format::csvext: return write_extended_csv(validator, out);
        case Format::slurm: return write_slurm(validator, locators, out);
        case Format::summary: return write_summary(validator, locators, time, out);
        default: return write_lines(validator, locators, time, format, out);
    }
}

void write_verdicts(const Validator& validator, std::vector<std::string> others, const Sink& sink) {
    struct Line {
        std::string path;
        std::string text;
    };
    std::vector<Line> lines;
    const auto add = [&](std::string_view uri, Rule rule, std::string_view detail, const std::string& chain) {
        const std::size_t scheme = uri.find("://");
        const std::string_view path = scheme == std::string_view::npos ? uri : uri.substr(scheme + 3);
        const RuleText& said = text_of(rule);
        std::string text =
            fmt::format("{},{},{},{},{},{}\n", csv_field(path), rule == Rule::accepted ? "accepted" : "refused",
                        said.name, said.section, csv_field(detail), csv_field(chain));
        lines.push_back({std::string(path), std::move(text)});
    };
    for (const Verdict& verdict : validator.anchor_verdicts())
        add(verdict.uri, verdict.rule, verdict.detail, "");
    validator.for_each_point([&](const Authority& authority, const PointOutcome& point) {
        const std::string chain = chain_of(authority);
        for (const PointOutcome::Object& object : point.accepted)
            add(authority.repository + std::string(point.name(object)), Rule::accepted, "", chain);
        for (const Verdict& verdict : point.refused)
            add(verdict.uri, verdict.rule, verdict.detail.empty() ? text_of(verdict.rule).text : verdict.detail, chain);
    });
    if (!others.empty()) {
        std::unordered_set<std::string_view> known;
        known.reserve(lines.size());
        for (const Line& line : lines)
            known.insert(line.path);
        std::vector<std::string_view> rest;
        for (const std::string& uri : others)
            if (!known.contains(std::string_view(uri).substr(uri.find("://") + 3))) rest.push_back(uri);
        for (const std::string_view uri : rest)
            add(uri, Rule::not_checked, "no valid manifest lists it", "");
    }
    std::ranges::sort(lines, {}, &Line::path);
    Buffer out(sink);
    out.add("path,verdict,reason,section,detail,chain\n");
    for (const Line& line : lines)
        out.add("{}", line.text);
}

}  // namespace quipu::rpki
