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

}  // namespace quipu::rpki
