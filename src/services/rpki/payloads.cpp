#include "services/rpki/payloads.h"

namespace quipu::rpki {

PayloadSet payloads_of(const Validator& validator) {
    PayloadSet out;
    for (const AnchoredVrp& one : validator.vrps())
        out.vrps.push_back(one.vrp);
    for (auto& [aspa, anchor] : validator.aspas())
        out.aspas.push_back(std::move(aspa));
    for (auto& [key, anchor] : validator.router_keys())
        out.router_keys.push_back(std::move(key));
    return out;
}

}  // namespace quipu::rpki
