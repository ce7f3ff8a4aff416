#include "lab/controls.h"

namespace quipu::lab {

namespace {

template <class T, class... Arguments>
void tell(Guarded<std::vector<std::weak_ptr<T>>>& list, const Arguments&... arguments) {
    std::vector<std::shared_ptr<T>> alive;
    list.with([&](auto& observers) {
        std::erase_if(observers, [](const auto& observer) { return observer.expired(); });
        for (const auto& observer : observers)
            if (auto held = observer.lock()) alive.push_back(std::move(held));
    });
    for (const auto& observer : alive)
        (*observer)(arguments...);
}

template <class T>
std::shared_ptr<void> hold(Guarded<std::vector<std::weak_ptr<T>>>& list, T observer) {
    auto held = std::make_shared<T>(std::move(observer));
    list.with([&](auto& observers) { observers.push_back(held); });
    return held;
}

}  // namespace

Result<LinkStatus> Controls::set_link(std::string_view id, const LinkChange& change, std::string_view actor) {
    if (change.empty())
        return fail(ErrorCode::invalid, "nothing to change", {},
                    "give state, delay, jitter, loss, reorder, duplicate or rate");
    LinkStatus after = TRY(change_link(id, change, actor));
    tell(observers_, LinkSet{after.id, after.state, change_text(change), std::string(actor)});
    return after;
}

Result<HijackList> Controls::set_hijack(const HijackChange& change, std::string_view actor) {
    HijackList after = TRY(change_hijack(change, actor));
    tell(hijack_observers_, change, actor);
    return after;
}

Result<HijackList> Controls::change_hijack(const HijackChange& /*change*/, std::string_view /*actor*/) {
    return fail(ErrorCode::unsupported, "this lab's routers do not speak BGP", {},
                "start it with `quipu lab up --bgp` or `quipu run --bgp`");
}

std::shared_ptr<void> Controls::observe(Observer observer) {
    return hold(observers_, std::move(observer));
}

std::shared_ptr<void> Controls::observe_hijacks(HijackObserver observer) {
    return hold(hijack_observers_, std::move(observer));
}

Result<ClockChange> Controls::set_clock(const ClockChange& change) {
    return fail(ErrorCode::unsupported, "this lab's agents can't be given another clock", change.site);
}

}  // namespace quipu::lab
