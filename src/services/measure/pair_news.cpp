#include "services/measure/pair_news.h"

#include <algorithm>
#include <iterator>

#include "events/events.h"
#include "services/measure/figures.h"

namespace quipu::measure {

Result<void> PairNews::tell(std::vector<Told> news) {
    const std::scoped_lock lock(turn_);
    std::ranges::move(news, std::back_inserter(untold_));
    while (!untold_.empty()) {
        TRY(write(untold_.front()));
        untold_.pop_front();
    }
    return {};
}

Result<bool> PairNews::was_told(const Told& told) const {
    static constexpr std::string_view kTypes[] = {events::DelayRose::kType, events::DelayFell::kType,
                                                  events::LossBegan::kType, events::LossEnded::kType};
    data::EventFilter filter;
    filter.since = told.event.minute;
    filter.type = kTypes[static_cast<std::size_t>(told.event.what)];
    filter.subject = "pair:" + pair_key(told.from, told.to);
    filter.limit = 1;
    const auto found = TRY(journal_.events(filter));
    return !found.empty();
}

Result<void> PairNews::write(const Told& told) {
    const std::string subject = "pair:" + pair_key(told.from, told.to);
    const PairEvent& event = told.event;
    // The event and its evidence are there together or not at all.
    const auto keep = [&](auto& what) -> Result<void> {
        const auto frozen = TRY(evidence_.gather(told.from, told.to, what.kType, event.minute));
        what.evidence = frozen.id;
        return database_.write([&](data::Transaction& transaction) -> Result<void> {
            TRY(EvidenceStore::keep(transaction, frozen));
            return journal_.append(transaction, subject, what);
        });
    };
    const auto us = [](double nanoseconds) { return rounded_us(static_cast<std::int64_t>(nanoseconds), 1); };
    const auto delay = [&](auto what) {
        what.from = told.from;
        what.to = told.to;
        what.before_us = us(event.before);
        what.after_us = us(event.after);
        what.rerouted = event.rerouted;
        return keep(what);
    };
    const auto loss = [&](auto what) {
        what.from = told.from;
        what.to = told.to;
        what.before = event.before;
        what.after = event.after;
        return keep(what);
    };
    switch (event.what) {
        case PairChange::delay_rose: return delay(events::DelayRose{});
        case PairChange::delay_fell: return delay(events::DelayFell{});
        case PairChange::loss_began: return loss(events::LossBegan{});
        case PairChange::loss_ended: return loss(events::LossEnded{});
    }
    return {};
}

}  // namespace quipu::measure
