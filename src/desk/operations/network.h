#pragma once
// What the registry says of an outage or of planned work: who is concerned, what will become of the ways. No I/O.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "desk/operations/engine_windows.h"
#include "desk/operations/model.h"
#include "registry/registry.h"

namespace quipu::operations {

using Picture = std::shared_ptr<const registry::Picture>;

[[nodiscard]] std::vector<Ends> ends_of(const registry::Picture& picture);
/// "Santiago–Panama City" of a link, the name of a site; the id if it is not on record.
[[nodiscard]] std::string name_of(const registry::Picture& picture, Part part, const std::string& object);
/// What what-if says; what is not in service has no effect. `invalid` names what is not on record at all.
[[nodiscard]] Result<ExpectedEffect> effect_of(const Picture& picture, const std::vector<std::string>& links,
                                               const std::vector<std::string>& sites);
/// Fills in severity, counts and organisations of an outage from its part, object and pairs.
[[nodiscard]] Result<void> judge(const Picture& picture, Outage& outage);
/// Role by which an organisation is told: noc, else technical; empty if it has neither.
[[nodiscard]] std::string role_to_tell(const registry::Picture& picture, std::string_view organisation);

}  // namespace quipu::operations
