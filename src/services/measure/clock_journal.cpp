#include "services/measure/clock_journal.h"

#include "events/events.h"

namespace quipu::measure {

Result<std::optional<data::Event>> last_of_clock(const data::Journal& journal, const std::string& site) {
    auto found = TRY(journal.events(
        {.subject = "site:" + site,
         .only_types = {std::string(events::ClockWentWrong::kType), std::string(events::ClockRightAgain::kType)},
         .limit = 1,
         .newest_first = true}));
    return found.empty() ? std::optional<data::Event>() : std::optional(std::move(found.front()));
}

}  // namespace quipu::measure
