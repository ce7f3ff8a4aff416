#pragma once
// What the API says of a validation.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"

namespace quipu::rpki {

struct AnchorRow {
    std::string name;
    bool valid = false;
    std::string reason, section, detail;
    std::vector<std::string> addresses;
    std::int64_t points = 0, points_stored = 0, points_failed = 0;
    std::int64_t accepted = 0, refused = 0;
    std::int64_t vrps = 0, aspas = 0, router_keys = 0;
    std::optional<Time> expires;
    static constexpr auto describe() {
        using T = AnchorRow;
        return fields(field<&T::name>("name", "Name of the trust anchor's locator").required(),
                      field<&T::valid>("valid", "Whether its certificate is valid").required(),
                      field<&T::reason>("reason", "The rule that the certificate breaks, empty if none").required(),
                      field<&T::section>("section", "Where the rule stands").required(),
                      field<&T::detail>("detail", "What exactly was found").required(),
                      field<&T::addresses>("addresses", "Where the certificate is fetched from").required(),
                      field<&T::points>("points", "Publication points below it").required(),
                      field<&T::points_stored>("points_stored", "Of them, on their last valid version").required(),
                      field<&T::points_failed>("points_failed", "Of them, without a valid version").required(),
                      field<&T::accepted>("accepted", "Objects accepted").required(),
                      field<&T::refused>("refused", "Objects refused").required(),
                      field<&T::vrps>("vrps", "Validated ROA payloads").required(),
                      field<&T::aspas>("aspas", "Validated ASPAs").required(),
                      field<&T::router_keys>("router_keys", "Validated router keys").required(),
                      field<&T::expires>("expires", "When its certificate expires"));
    }
};

enum class PointState : std::uint8_t { valid, stored, failed };
constexpr auto describe_enum(PointState) {
    return names<PointState>(
        {{PointState::valid, "valid"}, {PointState::stored, "stored"}, {PointState::failed, "failed"}});
}

/// One authority's publication point.
struct PointRow {
    std::string manifest;
    std::string anchor;
    std::string authority;
    std::string notification;
    PointState state = PointState::valid;
    std::int64_t accepted = 0, refused = 0, vrps = 0, aspas = 0;
    std::optional<Time> next_update, expires;
    static constexpr auto describe() {
        using T = PointRow;
        return fields(
            field<&T::manifest>("manifest", "Address of its manifest").required(),
            field<&T::anchor>("anchor", "Trust anchor").required(),
            field<&T::authority>("authority", "Address of the authority's certificate").required(),
            field<&T::notification>("notification", "RRDP notification file, empty if it has none").required(),
            field<&T::state>("state", "valid; stored: the last valid version stands in; failed: nothing valid")
                .required(),
            field<&T::accepted>("accepted", "Objects accepted").required(),
            field<&T::refused>("refused", "Objects refused").required(),
            field<&T::vrps>("vrps", "Validated ROA payloads").required(),
            field<&T::aspas>("aspas", "Validated ASPAs").required(),
            field<&T::next_update>("next_update", "The manifest is stale then (RFC 9286 §4.2.1)"),
            field<&T::expires>("expires", "The authority's certificate expires then"));
    }
};

/// An object that was refused, and why.
struct RefusedRow {
    std::string object;
    std::string anchor;
    std::string reason;
    std::string section;
    std::string text;
    std::string detail;
    std::string chain;
    static constexpr auto describe() {
        using T = RefusedRow;
        return fields(field<&T::object>("object", "Address of the object").required(),
                      field<&T::anchor>("anchor", "Trust anchor").required(),
                      field<&T::reason>("reason", "Name of the rule that it breaks").required(),
                      field<&T::section>("section", "Where the rule stands").required(),
                      field<&T::text>("text", "The rule in words").required(),
                      field<&T::detail>("detail", "What exactly was found").required(),
                      field<&T::chain>("chain", "The authorities above it").required());
    }
};

struct VrpRow {
    std::string asn;
    std::string prefix;
    std::int64_t max_length = 0;
    std::string anchor;
    static constexpr auto describe() {
        using T = VrpRow;
        return fields(field<&T::asn>("asn", "Origin, \"AS64496\"").required(),
                      field<&T::prefix>("prefix", "Prefix").required(),
                      field<&T::max_length>("max_length", "Longest prefix that may be announced").required(),
                      field<&T::anchor>("anchor", "Trust anchor; \"slurm\" for a local exception").required());
    }
};

struct SlurmRow {
    std::string name;
    std::optional<Time> since;
    std::string error;
    std::int64_t filters = 0, assertions = 0;
    static constexpr auto describe() {
        using T = SlurmRow;
        return fields(
            field<&T::name>("name", "The file").required(),
            field<&T::since>("since", "What is in use was taken over then; none if nothing ever was"),
            field<&T::error>("error", "What is wrong with the file as it is now, empty if nothing").required(),
            field<&T::filters>("filters", "Filters in use").required(),
            field<&T::assertions>("assertions", "Assertions in use").required());
    }
};

/// How the validation stands.
struct RpkiStatus {
    bool enabled = false;
    bool validating = false;
    std::string source;
    std::optional<Time> validated;
    double seconds = 0;
    std::optional<Time> next;
    std::string error;
    std::int64_t points = 0, points_valid = 0, points_stored = 0, points_examined = 0;
    std::int64_t accepted = 0, refused = 0;
    std::int64_t vrps = 0, aspas = 0, router_keys = 0;
    std::int64_t served_vrps = 0, vrps_filtered = 0, vrps_added = 0;
    std::int64_t routes = 0, routes_valid = 0, routes_invalid = 0;
    std::optional<std::int64_t> held;
    std::vector<SlurmRow> slurm;
    static constexpr auto describe() {
        using T = RpkiStatus;
        return fields(
            field<&T::enabled>("enabled", "Whether there are trust anchors to validate from").required(),
            field<&T::validating>("validating", "Whether a validation runs now").required(),
            field<&T::source>("source", "\"network\" or \"offline\"").required(),
            field<&T::validated>("validated", "Time of the last validation"),
            field<&T::seconds>("seconds", "How long it took, fetching included").required().format("s"),
            field<&T::next>("next", "When the next one begins"),
            field<&T::error>("error", "Why the last one could not be made, empty if it could").required(),
            field<&T::points>("points", "Publication points").required(),
            field<&T::points_valid>("points_valid", "Valid publication points").required(),
            field<&T::points_stored>("points_stored", "On their last valid version").required(),
            field<&T::points_examined>("points_examined", "Looked at again by the last validation").required(),
            field<&T::accepted>("accepted", "Objects accepted").required(),
            field<&T::refused>("refused", "Objects refused").required(),
            field<&T::vrps>("vrps", "Validated ROA payloads").required(),
            field<&T::aspas>("aspas", "Validated ASPAs").required(),
            field<&T::router_keys>("router_keys", "Validated router keys").required(),
            field<&T::served_vrps>("served_vrps", "What routers get: behind the guard, with local exceptions")
                .required(),
            field<&T::vrps_filtered>("vrps_filtered", "Taken away by local exceptions").required(),
            field<&T::vrps_added>("vrps_added", "Added by local exceptions").required(),
            field<&T::routes>("routes", "Routes that are looked at").required(),
            field<&T::routes_valid>("routes_valid", "Of them, valid").required(),
            field<&T::routes_invalid>("routes_invalid", "Of them, invalid").required(),
            field<&T::held>("held", "Number of the change that the guard holds"),
            field<&T::slurm>("slurm", "Files with local exceptions").required());
    }
};

}  // namespace quipu::rpki
