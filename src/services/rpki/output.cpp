#include "services/rpki/output.h"

#include <charconv>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/base64url.h"
#include "base/value.h"
#include "services/rpki/base64.h"
#include "services/rpki/sink.h"

namespace quipu::rpki {
namespace {

constexpr std::array<std::pair<std::string_view, Format>, kFormatCount> kFormats = {{
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
    {"slurm2", Format::slurm2},
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

std::string quoted(std::string_view text) {
    std::string out;
    JsonWriter(out).string(text);
    return out;
}

/// Where a VRP comes from.
struct Origin {
    const Authority* authority;
    const PointOutcome* point;
    const PointOutcome::Object* object;

    [[nodiscard]] std::string uri() const { return authority->repository + std::string(point->name(*object)); }
};

/// What is to be written, and of what run it is.
struct Contents {
    const AnchoredPayloads& payloads;
    const Outcomes* found;
    const Selection& selection;

    [[nodiscard]] const std::string& name_of(std::uint16_t anchor) const { return payloads.anchor_names[anchor]; }
    /// Each selected VRP with its trust anchor's name.
    void for_each_vrp(const std::function<void(const Vrp&, const std::string&)>& each) const {
        const auto& vrps = payloads.set.vrps;
        for (std::size_t i = 0; i < vrps.size(); ++i)
            if (selection.includes(vrps[i])) each(vrps[i], name_of(payloads.vrp_anchors[i]));
    }
    /// Each AS number of each selected key: routers know single ones.
    void for_each_key(const std::function<void(Asn, const RouterKey&, const std::string&)>& each) const {
        constexpr std::uint64_t kMostOfOneKey = 10'000;
        const auto& keys = payloads.set.router_keys;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (!selection.includes(keys[i])) continue;
            for (std::uint64_t as = keys[i].as.low; as <= keys[i].as.high && as - keys[i].as.low < kMostOfOneKey; ++as)
                each(static_cast<Asn>(as), keys[i], name_of(payloads.key_anchors[i]));
        }
    }
    void for_each_aspa(const std::function<void(const Aspa&, const std::string&)>& each) const {
        const auto& aspas = payloads.set.aspas;
        for (std::size_t i = 0; i < aspas.size(); ++i)
            if (selection.includes(aspas[i])) each(aspas[i], name_of(payloads.aspa_anchors[i]));
    }
};

/// Each ROA with its VRPs, point by point.
void for_each_roa(const Outcomes& found, const std::function<void(const Origin&, std::span<const Vrp>)>& each) {
    for (const auto& [authority, point] : found.points())
        for (const PointOutcome::Object& object : point->accepted)
            if (object.kind == ObjectKind::roa)
                each({authority.get(), point.get(), &object},
                     std::span(point->vrps).subspan(object.first_vrp, object.vrp_count));
}

std::string json_source(const Origin& origin, std::string_view type, const std::string& anchor) {
    std::int64_t from = origin.object->not_before;
    std::int64_t until = origin.object->not_after;
    for (const Authority* above = origin.authority; above != nullptr; above = above->issuer.get()) {
        from = std::max(from, above->not_before);
        until = std::min(until, above->not_after);
    }
    return fmt::format(
        R"({{ "type": "{}", "uri": {}, "tal": {}, "validity": {{ "notBefore": "{}", "notAfter": "{}" }}, "chainValidity": {{ "notBefore": "{}", "notAfter": "{}" }}, "stale": "{}" }})",
        type, quoted(origin.uri()), quoted(anchor), iso_time(origin.object->not_before),
        iso_time(origin.object->not_after), iso_time(from), iso_time(until), iso_time(origin.point->next_update));
}

/// The objects that payloads come from, as texts for jsonext.
struct Sources {
    static constexpr std::string_view kLocal = R"({ "type": "exception", "path": null })";

    std::vector<std::string> of_vrps;  // by position
    std::map<Asn, std::string> of_aspas;

    static void add(std::string& sources, const std::string& one) { sources += (sources.empty() ? "" : ", ") + one; }

    explicit Sources(const Contents& contents) : of_vrps(contents.payloads.set.vrps.size()) {
        if (contents.found == nullptr) return;
        const auto& vrps = contents.payloads.set.vrps;
        for (const auto& [authority, point] : contents.found->points()) {
            const std::string& anchor = contents.found->anchor_names()[authority->anchor];
            std::size_t aspa = 0;
            for (const PointOutcome::Object& object : point->accepted) {
                const Origin origin{authority.get(), point.get(), &object};
                if (object.kind == ObjectKind::roa) {
                    for (const Vrp& vrp : std::span(point->vrps).subspan(object.first_vrp, object.vrp_count)) {
                        if (!contents.selection.includes(vrp)) continue;
                        const auto at = std::ranges::lower_bound(vrps, vrp);
                        if (at != vrps.end() && *at == vrp)
                            add(of_vrps[static_cast<std::size_t>(at - vrps.begin())],
                                json_source(origin, "roa", anchor));
                    }
                } else if (object.kind == ObjectKind::aspa && aspa < point->aspas.size()) {
                    // Accepted ones are kept in the order of their objects.
                    add(of_aspas[point->aspas[aspa++].customer], json_source(origin, "aspa", anchor));
                }
            }
        }
    }
    [[nodiscard]] static std::string_view or_local(const std::string& sources) {
        return sources.empty() ? kLocal : std::string_view(sources);
    }
};

void write_json(const Contents& contents, std::int64_t time, bool extended, SinkText& out) {
    const Selection& selection = contents.selection;
    std::optional<Sources> sources;
    if (extended) sources.emplace(contents);
    out.add("{{\n  \"metadata\": {{\n    \"generated\": {},\n    \"generatedTime\": \"{}\"\n  }}", time,
            iso_time(time));
    const auto& vrps = contents.payloads.set.vrps;
    if (selection.vrps) {
        out.add(",\n  \"roas\": [");
        bool first = true;
        for (std::size_t i = 0; i < vrps.size(); ++i) {
            const Vrp& vrp = vrps[i];
            if (!selection.includes(vrp)) continue;
            out.add("{}\n    {{ \"asn\": \"AS{}\", \"prefix\": \"{}\", \"maxLength\": {}, ", first ? "" : ",", vrp.as,
                    vrp.prefix().text(), vrp.max_length);
            first = false;
            if (sources)
                out.add("\"source\": [{}] }}", Sources::or_local(sources->of_vrps[i]));
            else
                out.add("\"ta\": {} }}", quoted(contents.name_of(contents.payloads.vrp_anchors[i])));
        }
        out.add("\n  ]");
    }
    if (selection.router_keys) {
        out.add(",\n  \"routerKeys\": [");
        bool first = true;
        contents.for_each_key([&](Asn as, const RouterKey& key, const std::string& anchor) {
            out.add("{}\n    {{ \"asn\": \"AS{}\", \"SKI\": \"{}\", \"routerPublicKey\": \"{}\", \"ta\": {} }}",
                    first ? "" : ",", as, hex(key.key_id), base64_text(key.key_info), quoted(anchor));
            first = false;
        });
        out.add("\n  ]");
    }
    if (selection.aspas) {
        out.add(",\n  \"aspas\": [");
        bool first = true;
        contents.for_each_aspa([&](const Aspa& aspa, const std::string& anchor) {
            std::string providers;
            for (const Asn provider : aspa.providers)
                providers += fmt::format("{}\"AS{}\"", providers.empty() ? "" : ", ", provider);
            out.add("{}\n    {{ \"customer\": \"AS{}\", \"providers\": [{}], ", first ? "" : ",", aspa.customer,
                    providers);
            first = false;
            if (sources)
                out.add("\"source\": [{}] }}", Sources::or_local(sources->of_aspas[aspa.customer]));
            else
                out.add("\"ta\": {} }}", quoted(anchor));
        });
        out.add("\n  ]");
    }
    out.add("\n}}\n");
}

void write_extended_csv(const Contents& contents, SinkText& out) {
    out.add("URI,ASN,IP Prefix,Max Length,Not Before,Not After\n");
    const auto& vrps = contents.payloads.set.vrps;
    std::vector<bool> told(vrps.size());
    if (contents.found != nullptr)
        for_each_roa(*contents.found, [&](const Origin& origin, std::span<const Vrp> found) {
            const std::string uri = origin.uri();
            for (const Vrp& vrp : found) {
                const auto at = std::ranges::lower_bound(vrps, vrp);
                if (at == vrps.end() || *at != vrp || !contents.selection.includes(vrp)) continue;
                told[static_cast<std::size_t>(at - vrps.begin())] = true;
                out.add("{},AS{},{},{},{},{}\n", uri, vrp.as, vrp.prefix().text(), vrp.max_length,
                        plain_time(origin.object->not_before), plain_time(origin.object->not_after));
            }
        });
    for (std::size_t i = 0; i < vrps.size(); ++i)
        if (!told[i] && contents.selection.includes(vrps[i]))
            out.add("N/A,AS{},{},{},N/A,N/A\n", vrps[i].as, vrps[i].prefix().text(), vrps[i].max_length);
}

/// RFC 8416; version 2 has ASPA (draft-ietf-sidrops-aspa-slurm).
void write_slurm(const Contents& contents, bool with_aspa, SinkText& out) {
    out.add(
        "{{\n  \"slurmVersion\": {},\n  \"validationOutputFilters\": {{\n    \"prefixFilters\": [],\n"
        "    \"bgpsecFilters\": []{}\n  }},\n  \"locallyAddedAssertions\": {{\n    \"prefixAssertions\": [",
        with_aspa ? 2 : 1, with_aspa ? ",\n    \"aspaFilters\": []" : "");
    bool first = true;
    contents.for_each_vrp([&](const Vrp& vrp, const std::string& anchor) {
        out.add("{}\n      {{ \"asn\": {}, \"prefix\": \"{}\", \"maxPrefixLength\": {}, \"comment\": {} }}",
                first ? "" : ",", vrp.as, vrp.prefix().text(), vrp.max_length, quoted(anchor));
        first = false;
    });
    out.add("\n    ],\n    \"bgpsecAssertions\": [");
    first = true;
    contents.for_each_key([&](Asn as, const RouterKey& key, const std::string& anchor) {
        out.add("{}\n      {{ \"asn\": {}, \"SKI\": \"{}\", \"routerPublicKey\": \"{}\", \"comment\": {} }}",
                first ? "" : ",", as, base64url_encode(key.key_id), base64url_encode(key.key_info), quoted(anchor));
        first = false;
    });
    out.add("\n    ]");
    if (with_aspa) {
        out.add(",\n    \"aspaAssertions\": [");
        first = true;
        contents.for_each_aspa([&](const Aspa& aspa, const std::string& anchor) {
            out.add("{}\n      {{ \"customerAsn\": {}, \"providerAsns\": [{}], \"comment\": {} }}", first ? "" : ",",
                    aspa.customer, fmt::join(aspa.providers, ", "), quoted(anchor));
            first = false;
        });
        out.add("\n    ]");
    }
    out.add("\n  }}\n}}\n");
}

void write_summary(const Contents& contents, std::int64_t time, SinkText& out) {
    out.add("Summary at {}\n", iso_time(time));
    const auto line = [&](std::string_view name, const Totals& t, std::size_t unique) {
        out.add(
            "{}: {} publication points ({} valid, {} on their last valid version), {} objects accepted, {} refused, "
            "{} VRPs{}, {} ASPAs, {} router keys.\n",
            name, t.points, t.points_valid, t.points_stored, t.accepted, t.refused, t.vrps,
            unique == 0 ? "" : fmt::format(" ({} unique)", unique), t.aspas, t.router_keys);
    };
    const PayloadSet& set = contents.payloads.set;
    if (contents.found == nullptr) {
        out.add("total: {} VRPs, {} ASPAs, {} router keys.\n", set.vrps.size(), set.aspas.size(),
                set.router_keys.size());
        return;
    }
    const auto& names = contents.found->anchor_names();
    std::vector<Totals> by_anchor(names.size());
    for (const auto& [authority, point] : contents.found->points())
        by_anchor[authority->anchor].add(*point);
    for (std::size_t i = 0; i < by_anchor.size(); ++i)
        line(names[i], by_anchor[i], 0);
    line("total", contents.found->totals(), set.vrps.size());
}

void write_lines(const Contents& contents, std::int64_t time, Format format, SinkText& out) {
    if (format == Format::csv) out.add("ASN,IP Prefix,Max Length,Trust Anchor\n");
    if (format == Format::csvcompat) out.add("\"ASN\",\"IP Prefix\",\"Max Length\",\"Trust Anchor\"\n");
    if (format == Format::openbgpd) out.add("roa-set {{\n");
    contents.for_each_vrp([&](const Vrp& vrp, const std::string& name) {
        const std::string prefix = vrp.prefix().text();
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
                    "source: ROA-{}-RPKI-ROOT\n\n",
                    vrp.v6 ? "route6" : "route", prefix, vrp.as, iso_time(time), iso_time(time), source);
            }
        }
    });
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

std::span<const std::pair<std::string_view, Format>, kFormatCount> formats() {
    return kFormats;
}

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

bool tells_objects(Format format) {
    return format == Format::jsonext || format == Format::csvext || format == Format::summary;
}

void write_payloads(const AnchoredPayloads& payloads, const Outcomes* found, std::int64_t time, Format format,
                    const Selection& selection, const Sink& sink) {
    SinkText out(sink);
    const Contents contents{payloads, found, selection};
    switch (format) {
        case Format::json: return write_json(contents, time, false, out);
        case Format::jsonext: return write_json(contents, time, true, out);
        case Format::csvext: return write_extended_csv(contents, out);
        case Format::slurm: return write_slurm(contents, false, out);
        case Format::slurm2: return write_slurm(contents, true, out);
        case Format::summary: return write_summary(contents, time, out);
        default: return write_lines(contents, time, format, out);
    }
}

void write_payloads(const Validator& validator, std::span<const TrustAnchorLocator> locators, std::int64_t time,
                    Format format, const Sink& sink) {
    const Outcomes found = validator.outcomes();
    write_payloads(anchored_payloads_of(validator, locators), &found, time, format, {}, sink);
}

void write_verdicts(const Validator& validator, const std::vector<std::string>& others, const Sink& sink) {
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
    SinkText out(sink);
    out.add("path,verdict,reason,section,detail,chain\n");
    for (const Line& line : lines)
        out.add("{}", line.text);
}

}  // namespace quipu::rpki
