#include "lab/controls.h"

namespace quipu::lab {

Result<LinkStatus> Controls::set_link(std::string_view id, const LinkChange& change, std::string_view actor) {
    if (change.empty())
        return fail(ErrorCode::invalid, "nothing to change", {},
                    "give state, delay, jitter, loss, reorder, duplicate or rate");
    LinkStatus after = TRY(change_link(id, change, actor));
    const LinkSet event{after.id, after.state, change_text(change), std::string(actor)};
    std::vector<std::shared_ptr<Observer>> alive;
    observers_.with([&](auto& observers) {
        std::erase_if(observers, [](const auto& observer) { return observer.expired(); });
        for (const auto& observer : observers)
            if (auto held = observer.lock()) alive.push_back(std::move(held));
    });
    for (const auto& observer : alive)
        (*observer)(event);
    return after;
}

Result<HijackList> Controls::set_hijack(const HijackChange& /*change*/, std::string_view /*actor*/) {
    return fail(ErrorCode::unsupported, "this lab's routers do not speak BGP", {},
                "start it with `quipu lab up --bgp`");
}

std::shared_ptr<void> Controls::observe(Observer observer) {
    auto held = std::make_shared<Observer>(std::move(observer));
    observers_.with([&](auto& observers) { observers.push_back(held); });
    return held;
}

}  // namespace quipu::lab
