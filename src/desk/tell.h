#pragma once
// What the journal is told of a case, in the transaction of the change.

#include <fmt/format.h>
#include <string>
#include <utility>

#include "desk/case_desk.h"
#include "events/events.h"

namespace quipu::desk {

template <class E>
Result<void> CaseDesk::tell(Transaction& transaction, const Row& row, const Caller& caller, E event) const {
    const Case& what = row.what;
    event.number = what.number;
    event.queue = enum_name(what.queue);
    event.state = enum_name(what.state);
    event.priority = enum_name(what.priority);
    event.visibility = enum_name(what.visibility);
    if (what.visibility == Visibility::public_) event.title = what.title;
    event.organisations = what.organisations;
    // The journal is read by many: a sender's address stays in the time line.
    const std::string_view actor = caller.id.starts_with("mail:") ? std::string_view("mail") : caller.id;
    return house_.journal.append(transaction, fmt::format("case:{}", what.number), event, actor);
}

}  // namespace quipu::desk
