#pragma once
// When what speaks for the members' routes ends: ROAs, the manifests that list them, the certificates above them. One
// timeline.

#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"
#include "services/rpki/engine.h"
#include "services/rpki/origin/members.h"

namespace quipu::rpki {

enum class ExpiryKind : std::uint8_t { roa, manifest, certificate };
constexpr auto describe_enum(ExpiryKind) {
    return names<ExpiryKind>(
        {{ExpiryKind::roa, "roa"}, {ExpiryKind::manifest, "manifest"}, {ExpiryKind::certificate, "certificate"}});
}

struct MemberExpiry {
    std::string member;
    ExpiryKind kind = ExpiryKind::roa;
    std::string object;     ///< its address
    Time at{};              ///< a ROA's and a certificate's end, a manifest's next update
    std::int64_t vrps = 0;  ///< of this member, that go if nothing comes in its place
    static constexpr auto describe() {
        using T = MemberExpiry;
        return fields(field<&T::member>("member", "Organisation").required(),
                      field<&T::kind>("kind", "roa, manifest or certificate").required(),
                      field<&T::object>("object", "Its address").required(),
                      field<&T::at>("at", "When it ends, or the manifest's next update is due").required(),
                      field<&T::vrps>("vrps", "The member's VRPs that go if nothing comes in its place").required());
    }
};

/// Of the last run; soonest first.
[[nodiscard]] std::vector<MemberExpiry> expiries_of(const Validator& validator, const Members& members);

}  // namespace quipu::rpki
