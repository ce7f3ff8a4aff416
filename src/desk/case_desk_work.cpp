// Cases are worked on: notes, changes, files, watchers, merge and split.

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "desk/case_desk.h"
#include "desk/tell.h"

namespace quipu::desk {
namespace {

/// Sets a field when another value is wanted, and remembers both.
template <class T>
bool set(std::vector<FieldChange>& changes, std::string_view name, T& field, const std::optional<T>& wanted) {
    if (!wanted || *wanted == field) return false;
    changes.push_back({std::string(name), to_value(field), to_value(*wanted)});
    field = *wanted;
    return true;
}

std::vector<std::string> without_repeats(std::vector<std::string> list) {
    std::set<std::string> seen;
    std::erase_if(list, [&](const std::string& each) { return !seen.insert(each).second; });
    return list;
}

void join(std::vector<std::string>& to, const std::vector<std::string>& from) {
    to.insert(to.end(), from.begin(), from.end());
    to = without_repeats(std::move(to));
}

std::vector<std::string> names_of(const std::vector<FieldChange>& changes) {
    std::vector<std::string> out;
    for (const FieldChange& change : changes)
        out.push_back(change.name);
    return out;
}

}  // namespace

// ---- notes

Result<std::int64_t> CaseDesk::add_note(const Caller& caller, std::int64_t number, const NewNote& note) {
    std::int64_t id = 0;
    TRY(house_.database.write([&](Transaction& transaction) -> Result<void> {
        id = TRY(add_note(transaction, caller, number, note));
        return {};
    }));
    return id;
}

Result<std::int64_t> CaseDesk::add_note(Transaction& transaction, const Caller& caller, std::int64_t number,
                                        const NewNote& note) {
    if (note.text.find_first_not_of(" \t\r\n") == std::string::npos)
        return fail(ErrorCode::invalid, "the note says nothing", "text");
    Held held = TRY(hold_open(transaction, caller, number, Relation::watcher));
    Row& row = held.row;
    if (Sight::reads_up_to(held.relation) < note.visibility)
        return fail(ErrorCode::forbidden, "a note may be said to those only who may read it", "visibility");
    if (note.state && held.relation != Relation::team)
        return fail(ErrorCode::forbidden, "only those who work on the case move it", "state");

    Entry entry;
    entry.text = note.text;
    entry.visibility = note.visibility;
    const std::int64_t id = TRY(add_line(transaction, row, caller, std::move(entry)));
    const State before = row.what.state;
    const Time now = house_.clock.now();
    TRY(with_engine(row.what, [&](const CaseEngine& engine) -> Result<void> {
        if (held.relation != Relation::team) {
            engine.hear(row.progress, now);
            return {};
        }
        // What only the team reads answers nobody.
        if (note.visibility != Visibility::private_) engine.answer(row.progress, now);
        return note.state ? engine.move(row.progress, *note.state, now) : Result<void>();
    }));
    TRY(follow_state(transaction, row, caller, before));
    events::CaseNoteAdded event;
    event.entry = id;
    event.note_visibility = enum_name(note.visibility);
    TRY(tell(transaction, row, caller, std::move(event)));
    return id;
}

Result<std::int64_t> CaseDesk::add_outside_note(Transaction& transaction, std::int64_t number,
                                                const OutsideNote& note) {
    const Caller house{.id = "system"};
    Held held = TRY(hold_open(transaction, house, number, Relation::team));
    Row& row = held.row;
    Entry entry;
    entry.who = note.who;
    entry.who_name = note.who_name;
    entry.text = note.text;
    entry.unverified = true;
    // What comes in is for those whom the case concerns, not for everybody who may look at it.
    entry.visibility = row.what.visibility == Visibility::public_ ? Visibility::members : Visibility::public_;
    const Visibility visibility = entry.visibility;
    const std::int64_t id = TRY(add_line(transaction, row, house, std::move(entry)));
    for (const KeptFile& file : note.attachments)
        TRY(keep_file(transaction, row, note.who, file, visibility, id));
    const State before = row.what.state;
    with_engine(row.what, [&](const CaseEngine& engine) { engine.hear(row.progress, house_.clock.now()); });
    const Caller sender{.id = note.who};
    TRY(follow_state(transaction, row, sender, before));
    events::CaseNoteAdded event;
    event.entry = id;
    event.note_visibility = enum_name(visibility);
    event.by_mail = true;
    TRY(tell(transaction, row, sender, std::move(event)));
    return id;
}

// ---- changes

Result<Case> CaseDesk::change(const Caller& caller, std::int64_t number, std::optional<std::int64_t> expected,
                              const CaseEdit& edit) {
    if (edit.language && *edit.language != "es" && *edit.language != "pt" && *edit.language != "en")
        return fail(ErrorCode::invalid, "expected es, pt or en", "language");
    if (edit.title && edit.title->find_first_not_of(" \t\r\n") == std::string::npos)
        return fail(ErrorCode::invalid, "a case needs a title", "title");
    Case out;
    TRY(house_.database.write([&](Transaction& transaction) -> Result<void> {
        Held held = TRY(hold(transaction, caller, number, Relation::team, false));
        Row& row = held.row;
        Case& c = row.what;
        if (c.merged_into)
            return fail(ErrorCode::conflict, fmt::format("case {} has gone into case {}", number, *c.merged_into),
                        "number", fmt::format("change case {}", *c.merged_into));
        if (expected && *expected != c.version)
            return fail(ErrorCode::precondition_failed,
                        fmt::format("case {} is at version {} now, not {}", number, c.version, *expected));
        TRY(check_lists(edit.organisations.value_or(std::vector<std::string>{}),
                        edit.objects.value_or(std::vector<std::string>{})));
        const Time now = house_.clock.now();
        const State before = c.state;
        std::vector<FieldChange> changes;

        set(changes, "title", c.title, edit.title);
        set(changes, "description", c.description, edit.description);
        set(changes, "language", c.language, edit.language);
        auto owner = c.owner.value_or("");
        if (set(changes, "owner", owner, edit.owner)) c.owner = owner.empty() ? std::nullopt : std::optional(owner);
        auto country = c.country.value_or("");
        set(changes, "country", country, edit.country);
        const auto list = [&](std::string_view name, std::string_view facet, std::vector<std::string>& of,
                              const std::optional<std::vector<std::string>>& wanted) -> Result<void> {
            if (!wanted || !set(changes, name, of, std::optional(without_repeats(*wanted)))) return {};
            return store::set_marks(transaction, number, facet, of);
        };
        TRY(list("teams", "team", c.teams, edit.teams));
        TRY(list("organisations", "organisation", c.organisations, edit.organisations));
        TRY(list("objects", "object", c.objects, edit.objects));
        if (edit.organisations && country.empty()) country = country_of(c.organisations);
        if (edit.visibility && edit.queue.value_or(c.queue) == Queue::security &&
            *edit.visibility != Visibility::private_)
            return fail(ErrorCode::invalid, "a case of the security queue is private", "visibility");
        set(changes, "visibility", c.visibility, edit.visibility);
        const bool of_other_queue = set(changes, "queue", c.queue, edit.queue);
        if (of_other_queue && c.queue == Queue::security) c.visibility = Visibility::private_;
        const bool of_other_priority = set(changes, "priority", c.priority, edit.priority);
        // Nobody hands a case on to where they could not have opened it.
        if ((of_other_queue || edit.organisations) && !sight_of(caller).works_at(c.queue, c.organisations))
            return fail(ErrorCode::forbidden, "only those who work there hand a case on to that queue or organisation",
                        of_other_queue ? "queue" : "organisations");
        if (of_other_queue || of_other_priority)
            with_engine(c, [&](const CaseEngine& engine) { engine.change(row.progress, c.queue, c.priority, now); });
        if (country != c.country.value_or("")) {
            c.country = country.empty() ? std::nullopt : std::optional(country);
            with_engine(c, [&](const CaseEngine& engine) { engine.change(row.progress, c.queue, c.priority, now); });
        }
        if (edit.title || edit.description || edit.objects) TRY(store::set_words(transaction, c));
        if (edit.note && !edit.note->empty()) {
            Entry entry;
            entry.text = *edit.note;
            const std::int64_t id = TRY(add_line(transaction, row, caller, std::move(entry)));
            with_engine(c, [&](const CaseEngine& engine) { engine.answer(row.progress, now); });
            events::CaseNoteAdded event;
            event.entry = id;
            event.note_visibility = enum_name(Visibility::public_);
            TRY(tell(transaction, row, caller, std::move(event)));
        }
        if (edit.state)
            TRY(with_engine(c, [&](const CaseEngine& engine) { return engine.move(row.progress, *edit.state, now); }));
        if (!changes.empty()) {
            Entry entry;
            entry.kind = EntryKind::changed;
            entry.visibility = Visibility::members;
            entry.changes = changes;
            TRY(add_line(transaction, row, caller, std::move(entry)));
        }
        TRY(follow_state(transaction, row, caller, before, names_of(changes)));
        out = shown(row, held.relation);
        return {};
    }));
    return out;
}

Result<void> CaseDesk::link(const Caller& caller, std::int64_t number, std::span<const std::string> objects) {
    TRY(check_lists({}, {objects.begin(), objects.end()}));
    return house_.database.write([&](Transaction& transaction) -> Result<void> {
        Held held = TRY(hold_open(transaction, caller, number, Relation::team));
        Case& c = held.row.what;
        Entry entry;
        entry.kind = EntryKind::changed;
        const std::vector<std::string> before = c.objects;
        join(c.objects, {objects.begin(), objects.end()});
        if (c.objects == before) return {};
        entry.changes.push_back({"objects", to_value(before), to_value(c.objects)});
        TRY(store::set_marks(transaction, c.number, "object", c.objects));
        TRY(store::set_words(transaction, c));
        TRY(add_line(transaction, held.row, caller, std::move(entry)));
        return follow_state(transaction, held.row, caller, c.state, {"objects"});
    });
}

/// Nobody fills the disk alone.
Result<void> CaseDesk::may_send(Transaction& transaction, const Caller& caller, std::size_t octets) const {
    if (caller.grants == nullptr) return {};  // the house
    const std::int64_t sent =
        TRY(store::attached_by(transaction, caller.id, house_.clock.now() - std::chrono::days(1)));
    if (sent + static_cast<std::int64_t>(octets) <= rules_.attachments_a_day.octets) return {};
    return fail(ErrorCode::limited,
                fmt::format("you have sent files of {} octets within a day; at most {} are taken", sent,
                            rules_.attachments_a_day.octets),
                "body", "send the rest tomorrow, or say where it can be fetched");
}

Result<Attachment> CaseDesk::attach(const Caller& caller, std::int64_t number, const NewAttachment& file,
                                    Visibility visibility) {
    const auto hold_it = [&](Transaction& transaction) -> Result<Held> {
        Held held = TRY(hold_open(transaction, caller, number, Relation::watcher));
        if (Sight::reads_up_to(held.relation) < visibility)
            return fail(ErrorCode::forbidden, "a file may be sent to those only who may read it", "visibility");
        TRY(may_send(transaction, caller, file.octets.size()));
        return held;
    };
    // Who may not send one writes nothing to the disk.
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        TRY(hold_it(transaction));
        return {};
    }));
    const KeptFile kept = TRY(keep(file));
    Attachment out;
    TRY(house_.database.write([&](Transaction& transaction) -> Result<void> {
        Held held = TRY(hold_it(transaction));
        Entry entry;
        entry.kind = EntryKind::attached;
        entry.visibility = visibility;
        entry.text = kept.name;
        const std::int64_t line = TRY(add_line(transaction, held.row, caller, std::move(entry)));
        out = TRY(keep_file(transaction, held.row, caller.id, kept, visibility, line));
        return follow_state(transaction, held.row, caller, held.row.what.state, {"attachments"});
    }));
    return out;
}

Result<void> CaseDesk::add_evidence(const Caller& caller, std::int64_t number, std::vector<Evidence> frozen) {
    if (frozen.empty()) return {};
    return house_.database.write([&](Transaction& transaction) -> Result<void> {
        Held held = TRY(hold_open(transaction, caller, number, Relation::team));
        Entry entry;
        entry.kind = EntryKind::evidence;
        for (const Evidence& each : frozen)
            entry.text += (entry.text.empty() ? "" : "\n") + each.title;
        TRY(add_line(transaction, held.row, caller, std::move(entry)));
        TRY(keep_evidence(transaction, held.row, frozen));
        return follow_state(transaction, held.row, caller, held.row.what.state, {"evidence"});
    });
}

// ---- watchers

Result<void> CaseDesk::watch(const Caller& caller, std::int64_t number, const Watcher& watcher) {
    if (!watcher.id.starts_with("person:") && !watcher.id.starts_with("mail:") && watcher.id != caller.id)
        return fail(ErrorCode::invalid, fmt::format("\"{}\" is neither person:ID nor mail:ADDRESS", watcher.id), "id");
    return house_.database.write([&](Transaction& transaction) -> Result<void> {
        // Whoever sees a case may follow it; others are added by the team.
        const Relation least = watcher.id == caller.id ? Relation::reader : Relation::team;
        Held held = TRY(hold_open(transaction, caller, number, least));
        if (!TRY(store::watch(transaction, held.row.what.number, {watcher.id, watcher.language, house_.clock.now()})))
            return {};
        ++held.row.what.watchers;
        Entry entry;
        entry.kind = EntryKind::watched;
        entry.visibility = Visibility::private_;
        entry.changes.push_back({"watcher", Value(), Value(watcher.id)});
        TRY(add_line(transaction, held.row, caller, std::move(entry)));
        return save(transaction, held.row);
    });
}

Result<void> CaseDesk::unwatch(const Caller& caller, std::int64_t number, std::string_view watcher) {
    return house_.database.write([&](Transaction& transaction) -> Result<void> {
        const Relation least = watcher == caller.id ? Relation::reader : Relation::team;
        Held held = TRY(hold_open(transaction, caller, number, least));
        if (!TRY(store::unwatch(transaction, held.row.what.number, watcher)))
            return fail(ErrorCode::not_found, fmt::format("\"{}\" does not follow case {}", watcher, number), "id");
        --held.row.what.watchers;
        Entry entry;
        entry.kind = EntryKind::watched;
        entry.visibility = Visibility::private_;
        entry.changes.push_back({"watcher", Value(watcher), Value()});
        TRY(add_line(transaction, held.row, caller, std::move(entry)));
        return save(transaction, held.row);
    });
}

// ---- merge and split

Result<Case> CaseDesk::merge(const Caller& caller, std::int64_t number, std::int64_t into) {
    Case out;
    TRY(house_.database.write([&](Transaction& transaction) -> Result<void> {
        Held from = TRY(hold(transaction, caller, number, Relation::team, false));
        Held to = TRY(hold_open(transaction, caller, into, Relation::team));
        Case& gone = from.row.what;
        Case& target = to.row.what;
        if (gone.merged_into)
            return fail(ErrorCode::conflict, fmt::format("case {} has gone into case {}", number, *gone.merged_into),
                        "number");
        if (gone.number == target.number) return fail(ErrorCode::invalid, "a case can't go into itself", "into");
        if (gone.queue == Queue::security && target.queue != Queue::security)
            return fail(ErrorCode::conflict, "a case of the security queue goes only into another of it", "into");
        const auto narrower = std::max(gone.visibility, target.visibility);
        if (narrower != target.visibility)
            return fail(ErrorCode::conflict, "a case can't go into one that more people see", "into",
                        fmt::format("make case {} {} first", target.number, enum_name(narrower)));

        TRY(store::move_all(transaction, gone.number, target.number));
        for (Watcher& watcher : TRY(store::watchers(transaction, gone.number)))
            TRY(store::watch(transaction, target.number, watcher));
        join(target.objects, gone.objects);
        join(target.organisations, gone.organisations);
        join(target.teams, gone.teams);
        TRY(store::set_marks(transaction, target.number, "object", target.objects));
        TRY(store::set_marks(transaction, target.number, "organisation", target.organisations));
        TRY(store::set_marks(transaction, target.number, "team", target.teams));
        TRY(store::set_words(transaction, target));

        const Time now = house_.clock.now();
        const auto line = [&](Row& row, const FieldChange& change, std::string text) -> Result<void> {
            Entry entry;
            entry.kind = EntryKind::merged;
            entry.visibility = Visibility::members;
            entry.text = std::move(text);
            entry.changes.push_back(change);
            TRY(add_line(transaction, row, caller, std::move(entry)));
            return {};
        };
        TRY(line(to.row, {"merged", Value(), Value(gone.number)}, gone.title + "\n\n" + gone.description));
        TRY(line(from.row, {"merged_into", Value(), Value(target.number)}, {}));
        with_engine(gone, [&](const CaseEngine& engine) { engine.merge(from.row.progress, now); });
        gone.state = from.row.progress.state;
        gone.merged_into = target.number;
        TRY(store::count_again(transaction, from.row));
        TRY(store::count_again(transaction, to.row));
        TRY(save(transaction, from.row));
        TRY(save(transaction, to.row));
        events::CaseMerged event;
        event.into = target.number;
        TRY(tell(transaction, from.row, caller, std::move(event)));
        TRY(tell_change(transaction, to.row, caller, {"merged"}));
        out = shown(to.row, to.relation);
        return {};
    }));
    return out;
}

Result<std::int64_t> CaseDesk::split(const Caller& caller, std::int64_t number, std::span<const std::int64_t> entries,
                                     std::string_view title) {
    std::int64_t made = 0;
    TRY(house_.database.write([&](Transaction& transaction) -> Result<void> {
        Held held = TRY(hold_open(transaction, caller, number, Relation::team));
        Case& c = held.row.what;
        const auto chosen = TRY(store::entries(transaction, c.number, entries));
        if (chosen.empty() || chosen.size() != entries.size())
            return fail(ErrorCode::invalid, fmt::format("some of these are not in the time line of case {}", c.number),
                        "entries");
        NewCase wanted;
        wanted.queue = c.queue;
        wanted.title = title;
        wanted.priority = c.priority;
        wanted.language = c.language;
        wanted.visibility = c.visibility;
        wanted.organisations = c.organisations;
        wanted.objects = {fmt::format("case:{}", c.number)};
        TRY(check(wanted));
        for (const Entry& entry : chosen) {
            if (entry.kind != EntryKind::note && entry.kind != EntryKind::attached)
                return fail(ErrorCode::invalid, "only notes and files can become a case of their own", "entries");
            if (wanted.description.empty() && entry.visibility == Visibility::public_) wanted.description = entry.text;
        }
        Row fresh = TRY(open_row(transaction, caller, wanted, {}, {}));
        made = fresh.what.number;
        TRY(store::move_entries(transaction, c.number, made, entries));
        join(c.objects, {fmt::format("case:{}", made)});
        TRY(store::set_marks(transaction, c.number, "object", c.objects));
        const auto line = [&](Row& row, const FieldChange& change) -> Result<void> {
            Entry entry;
            entry.kind = EntryKind::split;
            entry.visibility = Visibility::members;
            entry.text = title;
            entry.changes.push_back(change);
            TRY(add_line(transaction, row, caller, std::move(entry)));
            return {};
        };
        TRY(line(held.row, {"split", Value(), Value(made)}));
        TRY(line(fresh, {"split_from", Value(), Value(c.number)}));
        TRY(store::count_again(transaction, held.row));
        TRY(store::count_again(transaction, fresh));
        TRY(save(transaction, fresh));
        TRY(save(transaction, held.row));
        return tell_change(transaction, held.row, caller, {"split"});
    }));
    return made;
}

}  // namespace quipu::desk
