#pragma once
// What a run of the validation yields for routers: the validated payloads, without the way to them.

#include "services/rpki/engine.h"

namespace quipu::rpki {

/// One consistent set. Every list is sorted and holds each payload once, whatever trust anchors have it.
struct PayloadSet {
    std::vector<Vrp> vrps;
    std::vector<Aspa> aspas;  ///< one for each customer
    std::vector<RouterKey> router_keys;
    bool operator==(const PayloadSet&) const = default;
};

/// What the validator's last run found.
[[nodiscard]] PayloadSet payloads_of(const Validator& validator);

/// In place of a trust anchor's name: what local exceptions added, as in Routinator.
inline constexpr std::string_view kLocalAnchor = "N/A";

/// The same with the trust anchor that each stands under.
struct AnchoredPayloads {
    PayloadSet set;
    // Numbers of `anchor_names`, by position in the lists of `set`.
    std::vector<std::uint16_t> vrp_anchors;
    std::vector<std::uint16_t> aspa_anchors;
    std::vector<std::uint16_t> key_anchors;
    std::vector<std::string> anchor_names;
    bool operator==(const AnchoredPayloads&) const = default;
};
[[nodiscard]] AnchoredPayloads anchored_payloads_of(const Validator& validator,
                                                    std::span<const TrustAnchorLocator> locators);

/// What of a set is wanted: the query of Routinator's outputs.
struct Selection {
    std::vector<Asn> as_numbers;
    std::vector<net::Prefix> prefixes;  ///< VRPs that cover one of them
    bool more_specifics = false;        ///< and those inside one of them
    bool vrps = true;
    bool router_keys = true;
    bool aspas = true;

    /// Takes one parameter of the query: select-asn, select-prefix (also under their old names filter-…), include,
    /// exclude. False if it is none of these; an error if its value is wrong.
    [[nodiscard]] Result<bool> take(std::string_view name, std::string_view value);
    [[nodiscard]] bool takes_all() const { return as_numbers.empty() && prefixes.empty(); }
    [[nodiscard]] bool includes(const Vrp& vrp) const;
    [[nodiscard]] bool includes(const Aspa& aspa) const;
    [[nodiscard]] bool includes(const RouterKey& key) const;
};

/// "AS64496" in any case, or the number alone.
[[nodiscard]] Result<Asn> parse_asn(std::string_view text);

}  // namespace quipu::rpki
