#include "desk/operations/on_call.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <set>

#include "desk/operations/engine_on_call.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;

/// Whose rotas answer for these organisations; the empty name is the network's own.
std::set<std::string> answering_for(const registry::Picture& picture, std::span<const std::string> organisations) {
    std::set<std::string> out{std::string()};
    for (std::string at : organisations)
        while (!at.empty() && out.insert(at).second) {
            const auto* entry = picture.find<registry::Organisation>(at);
            at = entry == nullptr ? std::string() : entry->object.parent.value_or("");
        }
    return out;
}

}  // namespace

Result<std::vector<Shift>> shifts_between(const Store& store, const registry::Picture& picture, std::string_view rota,
                                          Time since, Time until) {
    std::vector<Shift> out;
    bool found = rota.empty();
    for (const Rota& one : TRY(store.rotas())) {
        if (!rota.empty() && one.id != rota) continue;
        found = true;
        const Zone zone = TRY(Zone::load(one.zone));
        auto shifts = TRY(shifts_of(one, zone, TRY(store.overrides(one.id)), since, until));
        std::erase_if(shifts, [&](const Shift& shift) { return shift.end <= since || shift.begin >= until; });
        std::ranges::move(shifts, std::back_inserter(out));
    }
    if (!found)
        return fail(ErrorCode::not_found, fmt::format("there is no rota \"{}\"", rota), "rota",
                    "see /api/v1/on-call/rotas");
    for (Shift& shift : out) {
        const auto* person = picture.find<registry::Person>(shift.person);
        shift.name = person == nullptr ? shift.person : person->object.name;
    }
    return out;
}

Result<std::vector<std::string>> on_call_for(const Store& store, const registry::Picture& picture,
                                             std::span<const std::string> organisations, Time at) {
    const auto answering = answering_for(picture, organisations);
    std::vector<std::string> out;
    for (const Rota& rota : TRY(store.rotas())) {
        if (!answering.contains(rota.organisation)) continue;
        for (const Shift& shift : TRY(shifts_between(store, picture, rota.id, at, at + 1ns)))
            if (std::ranges::find(out, shift.person) == out.end()) out.push_back(shift.person);
    }
    return out;
}

}  // namespace quipu::operations
