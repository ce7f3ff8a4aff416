#pragma once
// What becomes of findings: an outage is kept, its case opened, joined and closed, who is concerned is told. And what
// becomes of maintenance windows as time goes by. Each step is one transaction; one that failed is repeated as it was.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/journal.h"
#include "desk/desk.h"
#include "desk/operations/engine_outages.h"
#include "desk/operations/network.h"
#include "desk/operations/store.h"
#include "events/events.h"
#include "platform/notify/notify.h"
#include "registry/registry.h"

namespace quipu::operations {

class Keeper {
  public:
    /// `desk` may be null: no cases; `notifier` may be null: nobody is told.
    Keeper(data::Database& database, data::Journal& journal, Store& store, registry::Registry& registry,
           desk::Desk* desk, notify::Notifier* notifier)
        : database_(database),
          journal_(journal),
          store_(store),
          registry_(registry),
          desk_(desk),
          notifier_(notifier) {}

    [[nodiscard]] Result<void> take(const Finding& finding, Time now);
    /// Announces windows, opens the case of what outlasts its window, and writes reports. Now and then.
    [[nodiscard]] Result<void> tend(Time now);
    /// Those concerned are told that it will not take place, if they were told that it would.
    [[nodiscard]] Result<void> tell_cancelled(const Window& window);
    /// Those who are on call at `now` are told of a case that is late, or that is soon due and has no owner. Told once.
    /// `event` is its number in the journal.
    [[nodiscard]] Result<void> tell_on_call(const events::CaseEscalated& escalated, std::int64_t event, Time now);

  private:
    [[nodiscard]] Result<void> take_failure(const Finding& finding, Time now);
    [[nodiscard]] Result<void> take_repeat(const Finding& finding, Time now);
    [[nodiscard]] Result<void> take_works(const Finding& finding);
    [[nodiscard]] Result<void> take_end(const Finding& finding, Time now);
    [[nodiscard]] Result<void> open_case(data::Transaction& transaction, Outage& outage,
                                         std::vector<desk::Evidence> frozen, bool tell);
    [[nodiscard]] Result<std::vector<desk::Evidence>> evidence_of(const Outage& outage, Time now);
    [[nodiscard]] Result<void> tell(data::Transaction& transaction, const Outage& outage, std::string_view text,
                                    std::string key);
    [[nodiscard]] Result<void> announce(const Window& window, Time now);
    [[nodiscard]] Result<void> report(Window window, Time now);
    [[nodiscard]] notify::Notice notice_of(const Window& window, std::string text, std::string key) const;
    void address(notify::Notice& notice) const;
    [[nodiscard]] std::string language_of(const Outage& outage) const;

    data::Database& database_;
    data::Journal& journal_;
    Store& store_;
    registry::Registry& registry_;
    desk::Desk* desk_;
    notify::Notifier* notifier_;
};

}  // namespace quipu::operations
