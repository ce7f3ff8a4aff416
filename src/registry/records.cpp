#include "registry/records.h"

namespace quipu::registry {

const Version* Records::newest(Kind kind, std::string_view id) const {
    const Chains& chains = all(kind);
    const auto at = chains.find(id);
    return at == chains.end() ? nullptr : &at->second.back();
}

const Version& Records::on_day(const Chain& chain, Date day) {
    for (auto version = chain.rbegin(); version != chain.rend(); ++version)
        if (version->effective <= day) return *version;
    return chain.front();
}

const Object* Overlay::find(Kind kind, std::string_view id) const {
    const auto& wanted = wanted_[index_of(kind)];
    if (const auto at = wanted.find(id); at != wanted.end()) return at->second.get();
    const Version* newest = records_.newest(kind, id);
    return newest == nullptr ? nullptr : newest->object.get();
}

void Overlay::for_each(Kind kind, const std::function<void(const Object&)>& visit) const {
    const auto& wanted = wanted_[index_of(kind)];
    for (const auto& [id, chain] : records_.all(kind))
        if (chain.back().object != nullptr && !wanted.contains(id)) visit(*chain.back().object);
    for (const auto& [id, object] : wanted)
        if (object != nullptr) visit(*object);
}

}  // namespace quipu::registry
