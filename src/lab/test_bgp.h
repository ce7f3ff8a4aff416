#pragma once
// A network with members for tests of BGP: the network's own site in Panama, RAAP in Lima and Cusco with an
// institution's IPv6 prefix besides, CEDIA in Quito without an AS number.

#include <gtest/gtest.h>

#include "lab/bgp.h"

namespace quipu::lab {

inline registry::Organisation organisation_named(std::string id, registry::OrganisationType type,
                                                 std::string parent = {}) {
    registry::Organisation out;
    out.id = out.name = std::move(id);
    out.type = type;
    if (!parent.empty()) out.parent = std::move(parent);
    return out;
}
inline registry::Resource resource_of(std::string value, std::string owner) {
    registry::Resource out;
    out.value = std::move(value);
    out.organisation = std::move(owner);
    return out;
}
inline registry::Site point_of(std::string id, std::string owner) {
    registry::Site out;
    out.id = out.name = std::move(id);
    out.organisation = std::move(owner);
    out.pop = true;
    return out;
}

class BgpTest : public testing::Test {
  protected:
    BgpTest() {
        using enum registry::OrganisationType;
        network_.sites = {point_of("panama", "net"), point_of("lima", "raap"), point_of("cusco", "raap"),
                          point_of("quito", "cedia")};
        add_members(network_,
                    {organisation_named("net", regional), organisation_named("raap", nren, "net"),
                     organisation_named("unmsm", institution, "raap"), organisation_named("cedia", nren, "net")},
                    {resource_of("64500", "net"), resource_of("64501", "raap"), resource_of("not a number", "cedia")},
                    {resource_of("192.0.2.0/24", "raap"), resource_of("2001:db8::/32", "unmsm"),
                     resource_of("198.51.100.0/24", "cedia"), resource_of("203.0.113.0/24", "net")});
        plan_ = *make_plan(network_, "t", 7);
        bgp_ = make_bgp_plan(network_, plan_);
    }
    static Hijack hijack(const char* prefix, const char* site) { return {*net::Prefix::parse(prefix), site}; }

    Network network_{"test", {}, {}};
    Plan plan_;
    BgpPlan bgp_;
};

}  // namespace quipu::lab
