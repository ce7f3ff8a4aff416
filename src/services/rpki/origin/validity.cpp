#include "services/rpki/origin/validity.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace quipu::rpki {
namespace {

Ipv6 bits_of(const net::IpAddress& address) {
    if (!address.is_v6()) return address.to_v4();
    Ipv6 bits = 0;
    for (const std::uint8_t octet : address.octets())
        bits = bits << 8U | octet;
    return bits;
}

/// Whether the shorter prefix holds the longer; both of one family.
bool holds(const Vrp& outer, const Vrp& inner) {
    if (outer.v6 != inner.v6 || outer.length > inner.length) return false;
    if (outer.length == 0) return true;
    const unsigned width = outer.v6 ? 128 : 32;
    return (outer.address ^ inner.address) >> (width - outer.length) == 0;
}

// Routinator's texts, which are those of the RIPE NCC's validator: scripts compare them.
constexpr std::string_view kValidText = "At least one VRP Matches the Route Prefix";
constexpr std::string_view kInvalidAsText =
    "At least one VRP Covers the Route Prefix, but no VRP ASN matches the route origin ASN";
constexpr std::string_view kInvalidLengthText =
    "At least one VRP Covers the Route Prefix, but the Route Prefix length is greater than the maximum length allowed "
    "by VRP(s) "
    "matching this route origin ASN";
constexpr std::string_view kNotFoundText = "No VRP Covers the Route Prefix";

void write_vrp_list(std::string& out, std::string_view indent, std::string_view name, std::span<const Vrp> vrps) {
    fmt::format_to(std::back_inserter(out), "{}      \"{}\": [", indent, name);
    bool first = true;
    for (const Vrp& vrp : vrps) {
        fmt::format_to(std::back_inserter(out),
                       "{0}\n{1}        {{\n{1}          \"asn\": \"AS{2}\",\n{1}          \"prefix\": \"{3}\",\n"
                       "{1}          \"max_length\": \"{4}\"\n{1}        }}",
                       first ? "" : ",", indent, vrp.as, vrp.prefix().text(), vrp.max_length);
        first = false;
    }
    fmt::format_to(std::back_inserter(out), "\n{}      ]", indent);
}

void write_explanation(std::string& out, std::string_view indent, const Explanation& explanation) {
    const Route& route = explanation.route;
    // A route without an origin is not of Routinator's questions; we say NONE as RFC 6811 §2 does.
    fmt::format_to(std::back_inserter(out),
                   "{{\n{0}  \"route\": {{\n{0}    \"origin_asn\": \"{1}\",\n{0}    \"prefix\": \"{2}\"\n{0}  }},\n"
                   "{0}  \"validity\": {{\n{0}    \"state\": \"{3}\",\n",
                   indent, route.origin ? fmt::format("AS{}", *route.origin) : "NONE", route.prefix.text(),
                   enum_name(explanation.validity));
    if (!explanation.reason().empty())
        fmt::format_to(std::back_inserter(out), "{}    \"reason\": \"{}\",\n", indent, explanation.reason());
    fmt::format_to(std::back_inserter(out), "{0}    \"description\": \"{1}\",\n{0}    \"VRPs\": {{\n", indent,
                   explanation.description());
    write_vrp_list(out, indent, "matched", explanation.matched);
    out += ",\n";
    write_vrp_list(out, indent, "unmatched_as", explanation.unmatched_as);
    out += ",\n";
    write_vrp_list(out, indent, "unmatched_length", explanation.unmatched_length);
    fmt::format_to(std::back_inserter(out), "\n{0}    }}\n{0}  }}\n{0}}}", indent);
}

std::string to_the_second(Time time) {
    return format_time(std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace

std::string_view Explanation::reason() const {
    if (validity != Validity::invalid) return {};
    return unmatched_as.empty() ? "length" : "as";
}

std::string_view Explanation::description() const {
    switch (validity) {
        case Validity::valid: return kValidText;
        case Validity::not_found: return kNotFoundText;
        case Validity::invalid: break;
    }
    return unmatched_as.empty() ? kInvalidLengthText : kInvalidAsText;
}

ValidityIndex::ValidityIndex(std::vector<Vrp> vrps) {
    if (!std::ranges::is_sorted(vrps)) std::ranges::sort(vrps);
    const auto repeated = std::ranges::unique(vrps);
    vrps.erase(repeated.begin(), repeated.end());
    claims_.reserve(vrps.size());
    // Sorted as they are, a prefix comes after those that hold it: `open` are the ones around the present.
    std::vector<std::pair<std::uint32_t, const Vrp*>> open;
    for (std::size_t at = 0; at < vrps.size();) {
        const Vrp& first = vrps[at];
        while (!open.empty() && !holds(*open.back().second, first))
            open.pop_back();
        Group group{.first = static_cast<std::uint32_t>(at), .length = first.length};
        if (!open.empty()) group.above = open.back().first;
        for (; at < vrps.size() && vrps[at].v6 == first.v6 && vrps[at].address == first.address &&
               vrps[at].length == first.length;
             ++at)
            claims_.push_back({.as = vrps[at].as, .max_length = vrps[at].max_length});
        group.count = static_cast<std::uint32_t>(at) - group.first;
        const auto number = static_cast<std::uint32_t>(groups_.size());
        groups_.push_back(group);
        table_.insert(first.prefix(), number);
        open.emplace_back(number, &first);
    }
}

Validity ValidityIndex::judge(const Route& route, const std::uint32_t* longest) const {
    if (longest == nullptr) return Validity::not_found;
    const int length = route.prefix.length();
    bool covered = false;
    for (std::uint32_t at = *longest; at != kNone; at = groups_[at].above) {
        const Group& group = groups_[at];
        if (group.length > length) continue;  // holds the route's first address, not the route
        covered = true;
        // RFC 6811 §2: a VRP of AS 0 matches nothing.
        if (!route.origin || *route.origin == 0) return Validity::invalid;
        for (std::uint32_t i = group.first; i < group.first + group.count; ++i)
            if (claims_[i].as == *route.origin && claims_[i].max_length >= length) return Validity::valid;
    }
    return covered ? Validity::invalid : Validity::not_found;
}

Validity ValidityIndex::validity(const Route& route) const {
    return judge(route, table_.lookup(route.prefix.address()));
}

void ValidityIndex::validity(std::span<const Route> routes, std::span<Validity> out) const {
    constexpr std::size_t kStep = 256;
    std::array<net::IpAddress, kStep> addresses;
    std::array<const std::uint32_t*, kStep> longest{};
    for (std::size_t at = 0; at < routes.size(); at += kStep) {
        const std::size_t count = std::min(kStep, routes.size() - at);
        for (std::size_t i = 0; i < count; ++i)
            addresses[i] = routes[at + i].prefix.address();
        table_.lookup(std::span(addresses).first(count), std::span(longest).first(count));
        for (std::size_t i = 0; i < count; ++i)
            if (longest[i] != nullptr) __builtin_prefetch(&groups_[*longest[i]]);
        for (std::size_t i = 0; i < count; ++i)
            out[at + i] = judge(routes[at + i], longest[i]);
    }
}

void ValidityIndex::append(const net::Prefix& prefix, const Group& group, std::vector<Vrp>& out) const {
    for (std::uint32_t i = group.first; i < group.first + group.count; ++i)
        out.push_back(vrp_of(prefix, claims_[i].as, claims_[i].max_length));
}

std::vector<Vrp> ValidityIndex::covering(const net::Prefix& prefix) const {
    std::vector<Vrp> out;
    for (const auto& [outer, group] : table_.covering(prefix))
        append(outer, groups_[group], out);
    return out;
}

std::vector<Vrp> ValidityIndex::below(const net::Prefix& prefix) const {
    std::vector<Vrp> out;
    for (const auto& [inner, group] : table_.covered(prefix))
        append(inner, groups_[group], out);
    return out;
}

Explanation ValidityIndex::explain(const Route& route) const {
    Explanation out;
    out.route = route;
    for (const Vrp& vrp : covering(route.prefix)) {
        if (vrp.max_length < route.prefix.length())
            out.unmatched_length.push_back(vrp);
        else if (vrp.as == 0 || vrp.as != route.origin)
            out.unmatched_as.push_back(vrp);
        else
            out.matched.push_back(vrp);
    }
    if (!out.matched.empty())
        out.validity = Validity::valid;
    else if (!out.unmatched_as.empty() || !out.unmatched_length.empty())
        out.validity = Validity::invalid;
    return out;
}

std::string validity_json(const Explanation& explanation, Time generated) {
    std::string out = "{\n  \"validated_route\": ";
    write_explanation(out, "  ", explanation);
    out += ",\n  \"generatedTime\": \"" + to_the_second(generated) + "\"\n}\n";
    return out;
}

std::string validity_json(std::span<const Explanation> explanations, Time generated) {
    std::string out = "{\n  \"validated_routes\": [\n";
    bool first = true;
    for (const Explanation& explanation : explanations) {
        out += first ? "    " : ",\n    ";
        write_explanation(out, "    ", explanation);
        first = false;
    }
    out += "\n  ],\n  \"generatedTime\": \"" + to_the_second(generated) + "\"\n}\n";
    return out;
}

Vrp vrp_of(const net::Prefix& prefix, Asn as, int max_length) {
    return {.address = bits_of(prefix.address()),
            .as = as,
            .length = static_cast<std::uint8_t>(prefix.length()),
            .max_length = static_cast<std::uint8_t>(max_length),
            .v6 = prefix.address().is_v6()};
}

}  // namespace quipu::rpki
