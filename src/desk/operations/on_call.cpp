#include "desk/operations/on_call.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "desk/operations/engine_on_call.h"

namespace quipu::operations {

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

}  // namespace quipu::operations
