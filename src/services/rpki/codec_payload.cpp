#include "services/rpki/codec_payload.h"

#include <fmt/format.h>

#include "services/rpki/oids.h"

namespace quipu::rpki {
namespace {

/// RFC 6350 in the small profile of RFC 6493 §5, one unfolded line at a time.
Checked<void> check_vcard(std::string_view text) {
    constexpr auto kRule = Rule::ghostbusters_syntax;
    bool begun = false;
    bool versioned = false;
    bool ended = false;
    bool named = false;
    bool reachable = false;
    while (!text.empty()) {
        std::size_t end = text.find("\r\n");
        while (end != std::string_view::npos && end + 2 < text.size() &&
               (text[end + 2] == ' ' || text[end + 2] == '\t'))
            end = text.find("\r\n", end + 2);  // RFC 6350 §3.2: a folded line goes on
        if (end == std::string_view::npos) return breach(kRule, "a line does not end in CR LF");
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 2);
        std::string property(line.substr(0, line.find_first_of(":;")));
        for (char& c : property)
            c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        if (ended || line.find(':') == std::string_view::npos) return breach(kRule);
        if (!begun) {
            if (property != "BEGIN") return breach(kRule, "does not begin with BEGIN:VCARD");
            begun = true;
        } else if (!versioned) {
            if (!line.ends_with(":4.0") || property != "VERSION") return breach(kRule, "the version is not 4.0");
            versioned = true;
        } else if (property == "END") {
            ended = true;
        } else if (property == "FN") {
            named = true;
        } else if (property == "ADR" || property == "TEL" || property == "EMAIL" || property == "ORG") {
            reachable = true;
        } else {
            return breach(kRule, "the property " + property + " is not one of the profile");
        }
    }
    if (!ended) return breach(kRule, "does not end with END:VCARD");
    if (!named) return breach(kRule, "has no FN");
    if (!reachable) return breach(kRule, "has none of ORG, ADR, TEL and EMAIL");
    return {};
}

TrustAnchorKeys::Key read_key(DerReader key) {
    TrustAnchorKeys::Key out;
    DerReader comments = key.enter(tag::kSequence);
    while (!comments.at_end())
        out.comments.push_back(as_text(comments.take(tag::kUtf8String)));
    DerReader addresses = key.enter(tag::kSequence);
    while (!addresses.at_end()) {
        out.addresses.push_back(addresses.visible_text(tag::kIa5String));
        if (!is_rsync_uri(out.addresses.back()) && !is_https_uri(out.addresses.back())) addresses.fail_here();
    }
    if (out.addresses.empty()) key.fail_here();
    out.key_info = key.element(tag::kSequence);
    key.end();
    return out;
}

}  // namespace

Checked<Aspa> parse_aspa(ByteSpan content, const Certificate& certificate) {
    Aspa out;
    DerFault fault;
    DerReader in(content, fault);
    DerReader aspa = in.enter(tag::kSequence);
    in.end();
    if (!aspa.next_is(tag::context_constructed(0))) return breach(Rule::aspa_version, "is 0");
    DerReader version = aspa.enter(tag::context_constructed(0));
    const std::uint32_t number = version.u32();
    version.end();
    if (fault.failed) return breach(Rule::aspa_syntax);
    if (number != 1) return breach(Rule::aspa_version);
    out.customer = aspa.u32();
    DerReader providers = aspa.enter(tag::kSequence);
    aspa.end();
    while (!providers.at_end()) {
        const Asn provider = providers.u32();
        if (fault.failed) break;
        if (provider == out.customer) return breach(Rule::aspa_providers, "the customer is its own provider");
        if (!out.providers.empty() && provider <= out.providers.back())
            return breach(Rule::aspa_providers, "they are not in ascending order");
        out.providers.push_back(provider);
    }
    if (fault.failed) return breach(Rule::aspa_syntax);
    if (out.providers.empty()) return breach(Rule::aspa_providers, "there is none");
    if (out.providers.size() > 1 && out.providers.front() == 0)
        return breach(Rule::aspa_providers, "AS 0 is not alone");
    if (certificate.resources.has_ip()) return breach(Rule::aspa_resources, "it has IP resources");
    if (!certificate.resources.as.holds({out.customer, out.customer}))
        return breach(Rule::aspa_resources, fmt::format("AS{}", out.customer));
    return out;
}

Checked<void> check_ghostbusters(ByteSpan content, const Certificate& certificate) {
    if (!certificate.resources.inherits_everything()) return breach(Rule::ghostbusters_resources);
    return check_vcard(as_text(content));
}

Checked<TrustAnchorKeys> parse_trust_anchor_keys(ByteSpan content, const Certificate& certificate) {
    if (!certificate.resources.inherits_everything()) return breach(Rule::tak_resources);
    TrustAnchorKeys out;
    DerFault fault;
    DerReader in(content, fault);
    DerReader keys = in.enter(tag::kSequence);
    in.end();
    out.current = read_key(keys.enter(tag::kSequence));  // a version other than 0 would stand before it
    if (keys.next_is(tag::context_constructed(0))) {
        DerReader predecessor = keys.enter(tag::context_constructed(0));
        out.predecessor = read_key(predecessor.enter(tag::kSequence));
        predecessor.end();
    }
    if (keys.next_is(tag::context_constructed(1))) {
        DerReader successor = keys.enter(tag::context_constructed(1));
        out.successor = read_key(successor.enter(tag::kSequence));
        successor.end();
    }
    keys.end();
    if (fault.failed) return breach(Rule::tak_syntax);
    return out;
}

Checked<Checklist> parse_checklist(ByteSpan content, const Certificate& certificate) {
    Checklist out;
    DerFault fault;
    DerReader in(content, fault);
    DerReader checklist = in.enter(tag::kSequence);
    in.end();
    DerReader resources = checklist.enter(tag::kSequence);  // RFC 9323 §4.2
    if (resources.next_is(tag::context_constructed(0))) {
        // ConstrainedASIdentifiers has the shape of RFC 3779's without routing domains.
        TRY(parse_as_identifiers(resources.take(tag::context_constructed(0)), out.resources));
    }
    if (resources.next_is(tag::context_constructed(1)))
        TRY(parse_ip_blocks(resources.take(tag::context_constructed(1)), out.resources));
    resources.end();
    DerReader algorithm = checklist.enter(tag::kSequence);
    if (!same(algorithm.oid(), oid::kSha256)) return breach(Rule::checklist_syntax, "the digest is not SHA-256");
    DerReader files = checklist.enter(tag::kSequence);
    checklist.end();
    while (!files.at_end()) {
        DerReader file = files.enter(tag::kSequence);
        Checklist::File entry;
        if (file.next_is(tag::kIa5String)) entry.name = file.visible_text(tag::kIa5String);
        entry.digest = file.octet_string();
        file.end();
        if (entry.digest.size() != 32) files.fail_here();
        out.files.push_back(entry);
    }
    if (fault.failed || out.files.empty()) return breach(Rule::checklist_syntax);
    if (out.resources.inherits_something() || certificate.resources.inherits_something())
        return breach(Rule::checklist_syntax, "resources are inherited");
    if (const std::string outside = out.resources.outside_of(certificate.resources); !outside.empty())
        return breach(Rule::overclaim, outside);
    return out;
}

}  // namespace quipu::rpki
