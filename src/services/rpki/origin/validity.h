#pragma once
// Origin validation (RFC 6811): is a route valid by the validated payloads, and by which of them, or why not.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.h"
#include "base/time.h"
#include "net/prefix_table.h"
#include "services/rpki/payloads.h"

namespace quipu::rpki {

/// A prefix and who originates it. No origin: the AS_PATH ends in an AS_SET, so that no VRP matches it (RFC 6811 §2).
struct Route {
    net::Prefix prefix;
    std::optional<Asn> origin;
    auto operator<=>(const Route&) const = default;
};

enum class Validity : std::uint8_t { not_found, valid, invalid };
constexpr auto describe_enum(Validity) {
    return names<Validity>(
        {{Validity::not_found, "not-found"}, {Validity::valid, "valid"}, {Validity::invalid, "invalid"}});
}

/// Every VRP that covers a route, by what it says of it; each list shortest prefix first. As in Routinator a VRP that
/// is too short for the route stands in `unmatched_length`, whatever its AS.
struct Explanation {
    Route route;
    Validity validity = Validity::not_found;
    std::vector<Vrp> matched;
    std::vector<Vrp> unmatched_as;
    std::vector<Vrp> unmatched_length;

    /// "as" or "length" of an invalid route, else empty.
    [[nodiscard]] std::string_view reason() const;
    [[nodiscard]] std::string_view description() const;
};

/// VRPs made ready for questions. Immutable: any number of threads may ask.
class ValidityIndex {
  public:
    ValidityIndex() = default;  ///< no VRPs: every route is not found
    explicit ValidityIndex(std::vector<Vrp> vrps);

    [[nodiscard]] Validity validity(const Route& route) const;
    /// Many at once, several times faster; `out` is as long as `routes`.
    void validity(std::span<const Route> routes, std::span<Validity> out) const;
    [[nodiscard]] Explanation explain(const Route& route) const;
    /// The VRPs whose prefix lies in this one, itself included.
    [[nodiscard]] std::vector<Vrp> below(const net::Prefix& prefix) const;
    /// The VRPs whose prefix holds this one, itself included, shortest first.
    [[nodiscard]] std::vector<Vrp> covering(const net::Prefix& prefix) const;
    [[nodiscard]] std::size_t size() const { return claims_.size(); }

  private:
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};
    /// What one prefix's VRPs say.
    struct Claim {
        Asn as = 0;
        std::uint8_t max_length = 0;
    };
    /// The VRPs of one prefix, and the next shorter prefix that holds it.
    struct Group {
        std::uint32_t first = 0;  // in claims_
        std::uint32_t count = 0;
        std::uint32_t above = kNone;
        std::uint8_t length = 0;
    };
    [[nodiscard]] Validity judge(const Route& route, const std::uint32_t* longest) const;
    void append(const net::Prefix& prefix, const Group& group, std::vector<Vrp>& out) const;

    std::vector<Claim> claims_;
    std::vector<Group> groups_;
    net::PrefixTable<std::uint32_t> table_;  // group
};

/// The answer of Routinator's /api/v1/validity/AS/PREFIX: {"validated_route": …, "generatedTime": …}.
[[nodiscard]] std::string validity_json(const Explanation& explanation, Time generated);
/// The answer to many: {"validated_routes": […], "generatedTime": …}.
[[nodiscard]] std::string validity_json(std::span<const Explanation> explanations, Time generated);

/// Routes as Routinator's `validate --input` takes them: lines "PREFIX => AS", "#" begins a comment; or, if the text
/// begins with "{", {"routes": [{"prefix": …, "asn": …}]}. Error::where is "NAME:LINE". At most 2,000,000 routes.
[[nodiscard]] Result<std::vector<Route>> parse_routes(std::string_view text, std::string_view name);
/// VRPs from what validators write: csv ("ASN,IP Prefix,Max Length,…") or json ({"roas": […]}).
[[nodiscard]] Result<std::vector<Vrp>> parse_vrps(std::string_view text, std::string_view name);

[[nodiscard]] Vrp vrp_of(const net::Prefix& prefix, Asn as, int max_length);

}  // namespace quipu::rpki
