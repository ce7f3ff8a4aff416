#pragma once
// Who is on call, from the rotas and overrides that are kept: what escalation asks.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "desk/operations/store.h"
#include "registry/registry.h"

namespace quipu::operations {

/// Of one rota, or of all when it is empty; in order of rota and time, with people's names.
[[nodiscard]] Result<std::vector<Shift>> shifts_between(const Store& store, const registry::Picture& picture,
                                                        std::string_view rota, Time since, Time until);

/// Who is on call at this moment for what concerns these organisations: by their own rotas, by those of whom they are
/// connected through, and by the network's. Ids of people, each once.
[[nodiscard]] Result<std::vector<std::string>> on_call_for(const Store& store, const registry::Picture& picture,
                                                           std::span<const std::string> organisations, Time at);

}  // namespace quipu::operations
