#pragma once
// The hub's service "lab": shows the lab that runs beside it, changes its links, and keeps the journal of it.
//
//     GET   /api/v1/lab
//     PATCH /api/v1/lab/links/{id}
//     POST  /api/v1/lab/hijacks
//     POST  /api/v1/lab/clocks

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/describe.h"
#include "lab/controls.h"
#include "platform/service.h"

namespace quipu::lab {

/// Section [lab]: what `quipu run` builds beside the hub.
struct LabSettings {
    bool bgp = false;
    bool commodity = true;
    static constexpr auto describe() {
        return fields(field<&LabSettings::bgp>(
                          "bgp",
                          "In quipu run: members' routers announce their prefixes, and routers validate them by the "
                          "service rpki"),
                      field<&LabSettings::commodity>(
                          "commodity",
                          "In quipu run: a commodity provider joins every point, too, so that ways can be compared"));
    }
};

/// `find` answers the lab to show, or nullptr where there is none; what it points to outlives the service's stop. It is
/// asked when the service starts. `owners` answers the organisations that a link belongs to: whoever changes it
/// operates at all of them, or everywhere where there are none.
using LinkOwners = std::function<std::vector<std::string>(const std::string& link)>;
[[nodiscard]] std::unique_ptr<platform::Service> make_service(std::function<Controls*()> find, LinkOwners owners = {});

}  // namespace quipu::lab
