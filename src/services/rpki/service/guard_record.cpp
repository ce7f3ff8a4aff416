#include "services/rpki/service/guard_record.h"

#include <algorithm>
#include <fmt/format.h>

#include "events/events.h"
#include "services/rpki/service/guard_words.h"

namespace quipu::rpki {
namespace {

constexpr std::size_t kLossesTold = 20;

const platform::Caller kHouse{.id = "system"};

events::RpkiChangeHeld event_of(const HeldChange& held) {
    events::RpkiChangeHeld out{.id = held.id,
                               .since = held.since,
                               .release_at = held.release_at,
                               .lost = held.lost,
                               .added = held.added,
                               .losses = {}};
    for (const GuardLoss& loss : held.losses)
        if (loss.too_much && out.losses.size() < kLossesTold)
            out.losses.push_back({.scope = std::string(enum_name(loss.scope)),
                                  .name = loss.name,
                                  .before = loss.before,
                                  .lost = loss.lost,
                                  .examples = loss.examples});
    return out;
}

/// What the journal last says to be held.
Result<std::optional<events::RpkiChangeHeld>> told_held(const data::Journal& journal) {
    const auto last = TRY(journal.events({.subject = std::string(kGuardSubject), .limit = 1, .newest_first = true}));
    if (last.empty() || last.front().type != events::RpkiChangeHeld::kType) return std::nullopt;
    auto held = read<events::RpkiChangeHeld>(last.front().body);
    if (!held) return std::nullopt;  // of another version: told again in ours
    return std::move(*held);
}

}  // namespace

std::string cause_of_change(std::int64_t id) {
    return fmt::format("{}/{}", kGuardSubject, id);
}

Result<void> record(data::Journal& journal, const GuardTurn& turn) {
    const auto told = TRY(told_held(journal));
    if (told && (!turn.held || turn.held->id != told->id)) {
        const bool known = turn.ended && turn.ended->change.id == told->id;
        const std::string how = known ? std::string(enum_name(turn.ended->how)) : std::string();
        TRY(journal.append(kGuardSubject, events::RpkiChangeReleased{told->id, told->lost, how},
                           known ? turn.ended->by : "system"));
    }
    if (turn.held && (!told || told->id != turn.held->id)) TRY(journal.append(kGuardSubject, event_of(*turn.held)));
    return {};
}

Result<void> GuardCases::take(const data::Event& event) {
    if (event.type == events::RpkiChangeHeld::kType) return take_held(event);
    if (event.type == events::RpkiChangeReleased::kType) return take_released(event);
    return {};
}

Result<void> GuardCases::take_held(const data::Event& event) {
    const auto held = read<events::RpkiChangeHeld>(event.body);
    if (!held) return {};  // of another version: it can't be understood later either
    const std::string cause = cause_of_change(held->id);
    // Delivered at least once; what a person did with the case meanwhile stands.
    if (TRY(desk_.case_of_cause(cause))) return {};
    const auto picture = registry_.everything();
    desk::NewCase wanted{.queue = desk::Queue::operations,
                         .title = {},
                         .description = {},
                         .priority = desk::Priority::high,
                         .language = "en",
                         .visibility = desk::Visibility::members,
                         .organisations = {},
                         .objects = {std::string(kGuardSubject)}};
    for (const events::RpkiLoss& loss : held->losses) {
        if (loss.scope == enum_name(GuardScope::whole)) wanted.priority = desk::Priority::urgent;
        const auto* member =
            loss.scope == enum_name(GuardScope::member) ? picture->find<registry::Organisation>(loss.name) : nullptr;
        if (member == nullptr) continue;
        if (wanted.organisations.empty() && member->object.language) wanted.language = *member->object.language;
        wanted.organisations.push_back(loss.name);
        wanted.objects.push_back("organisation:" + loss.name);
    }
    const GuardWords words = words_of_held(*held, wanted.language);
    wanted.title = words.title;
    wanted.description = words.description;
    const std::vector<desk::Evidence> frozen{{.kind = desk::EvidenceKind::events,
                                              .object = std::string(kGuardSubject),
                                              .title = fmt::format("{} {}", kGuardSubject, held->id),
                                              .description = words_of_held(*held, "en").title,
                                              .since = held->since,
                                              .until = event.time,
                                              .frozen = event.time,
                                              .columns = {},
                                              .hops = {},
                                              .events = {event}}};
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(desk_.open_or_join(transaction, kHouse, cause, wanted, frozen));
        return {};
    });
}

Result<void> GuardCases::take_released(const data::Event& event) {
    const auto released = read<events::RpkiChangeReleased>(event.body);
    if (!released) return {};
    const std::string cause = cause_of_change(released->id);
    const auto number = TRY(desk_.case_of_cause(cause));
    if (!number) return {};
    const desk::Case open = TRY(desk_.find(kHouse, *number));
    TRY(desk_.close_cause(kHouse, cause, words_of_released(*released, event.actor, open.language)));
    return {};
}

}  // namespace quipu::rpki
