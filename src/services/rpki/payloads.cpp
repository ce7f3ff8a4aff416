#include "services/rpki/payloads.h"

#include <algorithm>
#include <charconv>

namespace quipu::rpki {

PayloadSet payloads_of(const Validator& validator) {
    return anchored_payloads_of(validator, {}).set;
}

AnchoredPayloads anchored_payloads_of(const Validator& validator, std::span<const TrustAnchorLocator> locators) {
    AnchoredPayloads out;
    for (const AnchoredVrp& one : validator.vrps()) {
        out.set.vrps.push_back(one.vrp);
        out.vrp_anchors.push_back(one.anchor);
    }
    for (auto& [aspa, anchor] : validator.aspas()) {
        out.set.aspas.push_back(std::move(aspa));
        out.aspa_anchors.push_back(anchor);
    }
    for (auto& [key, anchor] : validator.router_keys()) {
        out.set.router_keys.push_back(std::move(key));
        out.key_anchors.push_back(anchor);
    }
    for (const TrustAnchorLocator& locator : locators)
        out.anchor_names.push_back(locator.name);
    return out;
}

Result<bool> Selection::take(std::string_view name, std::string_view value) {
    if (name == "select-asn" || name == "filter-asn") {
        as_numbers.push_back(TRY(parse_asn(value)));
        return true;
    }
    if (name == "select-prefix" || name == "filter-prefix") {
        prefixes.push_back(TRY(net::Prefix::parse(value)));
        return true;
    }
    if (name != "include" && name != "exclude") return false;
    // Lists with commas; words that are not known are passed over, as Routinator does.
    while (!value.empty()) {
        const std::string_view word = value.substr(0, value.find(','));
        if (name == "include" && word == "more-specifics") more_specifics = true;
        if (name == "exclude" && word == "routeOrigins") vrps = false;
        if (name == "exclude" && word == "routerKeys") router_keys = false;
        if (name == "exclude" && word == "aspas") aspas = false;
        value.remove_prefix(std::min(value.size(), word.size() + 1));
    }
    return true;
}

bool Selection::includes(const Vrp& vrp) const {
    if (!vrps) return false;
    if (takes_all() || std::ranges::find(as_numbers, vrp.as) != as_numbers.end()) return true;
    const net::Prefix own = prefixes.empty() ? net::Prefix() : vrp.prefix();
    return std::ranges::any_of(prefixes, [&](const net::Prefix& prefix) {
        return own.contains(prefix) || (more_specifics && prefix.contains(own));
    });
}

bool Selection::includes(const Aspa& aspa) const {
    return aspas && (takes_all() || std::ranges::find(as_numbers, aspa.customer) != as_numbers.end());
}

bool Selection::includes(const RouterKey& key) const {
    return router_keys && (takes_all() || std::ranges::any_of(as_numbers, [&](Asn as) {
                               return key.as.low <= as && as <= key.as.high;
                           }));
}

Result<Asn> parse_asn(std::string_view text) {
    std::string_view digits = text;
    if (digits.size() > 2 && (digits[0] == 'A' || digits[0] == 'a') && (digits[1] == 'S' || digits[1] == 's'))
        digits.remove_prefix(2);
    Asn as = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), as);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size())
        return fail(ErrorCode::invalid, "\"" + std::string(text.substr(0, 40)) + "\" is not an AS number", {},
                    "write AS64496 or 64496");
    return as;
}

}  // namespace quipu::rpki
