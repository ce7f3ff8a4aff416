#pragma once
// What must hold among objects: references, the tree of organisations, who owns which resource.

#include "registry/faults.h"
#include "registry/records.h"

namespace quipu::registry {

/// Looks at everything that the set's changes touch and reports each contradiction at the change that makes it.
void check_relations(const ChangeSet& set, const Overlay& overlay, Faults& faults);

}  // namespace quipu::registry
