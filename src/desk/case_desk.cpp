#include "desk/case_desk.h"

#include <algorithm>
#include <fmt/format.h>

#include "data/instants.h"
#include "desk/tell.h"

namespace quipu::desk {

CaseDesk::CaseDesk(const House& house, Files files, Rules rules, std::function<void()> looked_at)
    : house_(house),
      files_(std::move(files)),
      looked_at_(std::move(looked_at)),
      freezer_(house.archive, house.journal, house.registry, house.clock) {
    set_rules(std::move(rules));
}

void CaseDesk::set_rules(Rules rules) {
    rules_ = std::move(rules);
    holidays_ = std::make_shared<const Holidays>(rules_.holidays);
    calendars_.with([](Calendars& calendars) { calendars.clear(); });
}

std::vector<Holiday> CaseDesk::holidays(std::string_view country, std::chrono::year year) const {
    return holidays_->of(country, year);
}

// ---- a case in hand

Result<CaseDesk::Held> CaseDesk::hold(Transaction& transaction, const Caller& caller, std::int64_t number,
                                      Relation least, bool follow) const {
    constexpr int kLongestWay = 50;
    const auto missing = [&] {
        return fail(ErrorCode::not_found, fmt::format("there is no case {}", number), "number");
    };
    std::int64_t at = number;
    for (int way = 0; way < kLongestWay; ++way) {
        auto row = TRY(store::find(transaction, at));
        if (!row) return missing();
        const bool watching = TRY(store::is_watching(transaction, at, caller.id));
        const Relation relation = sight_of(caller).relation(row->what, watching);
        if (relation == Relation::none) return missing();
        if (follow && row->what.merged_into) {
            at = *row->what.merged_into;
            continue;
        }
        if (relation < least)
            return fail(ErrorCode::forbidden,
                        least == Relation::team ? fmt::format("only those who work on case {} may do this", at)
                                                : fmt::format("only those whom case {} concerns may do this", at),
                        "number");
        return Held{std::move(*row), relation};
    }
    return missing();
}

Result<CaseDesk::Held> CaseDesk::hold_open(Transaction& transaction, const Caller& caller, std::int64_t number,
                                           Relation least) const {
    return hold(transaction, caller, number, least, true);
}

Case CaseDesk::shown(const Row& row, Relation relation) const {
    Case out = row.what;
    const Time now = house_.clock.now();
    out.answer = CaseEngine::shown(row.progress.answer, now);
    out.solution = CaseEngine::shown(row.progress.solution, now);
    out.notes = out.attachments = 0;
    for (int level = 0; level <= static_cast<int>(Sight::reads_up_to(relation)); ++level) {
        out.notes += row.notes[level];
        out.attachments += row.files[level];
    }
    if (relation != Relation::team) {
        out.watchers = 0;
        if (out.opened_by.starts_with("mail:")) out.opened_by = "mail";
    }
    return out;
}

bool CaseDesk::may_work(const Caller& caller, const Case& what) const {
    return sight_of(caller).relation(what, false) == Relation::team;
}

// ---- working time

std::shared_ptr<const Calendar> CaseDesk::calendar_of(const Case& what) const {
    const std::string country = what.country.value_or(rules_.country);
    return calendars_.with([&](Calendars& calendars) {
        auto& known = calendars[country];
        if (!known) {
            auto zone = Zone::load(zone_of_country(country));
            known =
                std::make_shared<const Calendar>(country, zone ? std::move(*zone) : Zone(), rules_.hours, holidays_);
        }
        return known;
    });
}

std::string CaseDesk::country_of(const std::vector<std::string>& organisations) const {
    const auto picture = house_.registry.now();
    for (const std::string& id : organisations)
        if (const auto* entry = picture->find<registry::Organisation>(id); entry != nullptr && entry->object.country) {
            std::string country = *entry->object.country;
            for (char& c : country)
                if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
            return country;
        }
    return rules_.country;
}

std::string CaseDesk::language_of(const Caller& caller, const NewCase& wanted) const {
    if (!wanted.language.empty()) return wanted.language;
    if (!caller.language.empty()) return caller.language;
    const auto picture = house_.registry.now();
    for (const std::string& id : wanted.organisations)
        if (const auto* entry = picture->find<registry::Organisation>(id); entry != nullptr && entry->object.language)
            return *entry->object.language;
    return rules_.language;
}

// ---- writing

Result<void> CaseDesk::save(Transaction& transaction, Row& row) const {
    ++row.what.version;
    row.what.changed = std::max(row.what.changed, house_.clock.now());
    row.what.reopened = row.progress.reopened;
    row.what.closed = row.progress.closed;
    row.what.escalation = std::max(row.progress.answer.step, row.progress.solution.step);
    row.look_at.reset();
    if (is_open(row.what.state))
        row.look_at = with_engine(row.what, [&](const CaseEngine& engine) { return engine.next_look(row.progress); });
    if (looked_at_) transaction.on_commit(looked_at_);
    return store::update(transaction, row);
}

Result<std::int64_t> CaseDesk::add_line(Transaction& transaction, Row& row, const Caller& caller, Entry entry) const {
    entry.id = TRY(store::next_number(transaction, "entry"));
    entry.time = house_.clock.now();
    if (entry.who.empty()) {
        entry.who = caller.id;
        entry.who_name = caller.name;
    }
    if (entry.kind == EntryKind::note) ++row.notes[static_cast<std::size_t>(entry.visibility)];
    TRY(store::add_entry(transaction, row.what.number, entry));
    return entry.id;
}

Result<void> CaseDesk::tell_change(Transaction& transaction, const Row& row, const Caller& caller,
                                   std::vector<std::string> changed) const {
    events::CaseChanged event;
    event.changed = std::move(changed);
    event.owner = row.what.owner.value_or("");
    return tell(transaction, row, caller, std::move(event));
}

Result<void> CaseDesk::follow_state(Transaction& transaction, Row& row, const Caller& caller, State before,
                                    std::vector<std::string> changed) const {
    row.what.state = row.progress.state;
    if (row.what.state != before) {
        Entry entry;
        entry.kind = EntryKind::moved;
        entry.changes.push_back({"state", Value(enum_name(before)), Value(enum_name(row.what.state))});
        TRY(add_line(transaction, row, caller, std::move(entry)));
        changed.insert(changed.begin(), "state");
        if (!is_open(before) && is_open(row.what.state)) changed.emplace_back("reopened");
    }
    TRY(save(transaction, row));
    if (row.what.state != before && row.what.state == State::closed) {
        events::CaseClosed event;
        event.cause = row.what.cause.value_or("");
        return tell(transaction, row, caller, std::move(event));
    }
    return changed.empty() ? Result<void>() : tell_change(transaction, row, caller, std::move(changed));
}

Result<void> CaseDesk::keep_evidence(Transaction& transaction, Row& row, std::vector<Evidence> frozen) const {
    for (Evidence& each : frozen) {
        each.id = TRY(store::next_number(transaction, "entry"));
        TRY(store::add_evidence(transaction, row.what.number, each));
        ++row.what.evidence;
    }
    return {};
}

Result<KeptFile> CaseDesk::keep(const NewAttachment& file) {
    if (std::cmp_greater(file.octets.size(), rules_.largest_attachment.octets))
        return fail(ErrorCode::too_large,
                    fmt::format("the file has {} octets; at most {} are taken", file.octets.size(),
                                rules_.largest_attachment.octets),
                    "body");
    return files_.keep(file.name, file.octets);
}

Result<Attachment> CaseDesk::keep_file(Transaction& transaction, Row& row, const std::string& who, const KeptFile& file,
                                       Visibility visibility, std::int64_t entry) const {
    Attachment out;
    out.id = TRY(store::next_number(transaction, "entry"));
    out.name = file.name;
    out.media_type = file.media_type;
    out.size = file.size;
    out.sha256 = file.sha256;
    out.time = house_.clock.now();
    out.who = who;
    out.visibility = visibility;
    TRY(store::add_attachment(transaction, row.what.number, entry, out));
    ++row.files[static_cast<std::size_t>(visibility)];
    return out;
}

Result<std::size_t> CaseDesk::sweep_files() {
    return files_.sweep(house_.database, store::is_attached, house_.clock.now());
}

// ---- evidence and messages

void CaseDesk::describe_series(SeriesDescription description) {
    freezer_.describe(std::move(description));
}

Result<std::vector<Evidence>> CaseDesk::freeze(std::span<const EvidenceWish> wishes) {
    return freezer_.freeze(wishes);
}

Result<std::optional<std::int64_t>> CaseDesk::case_of_message(std::string_view message_id) {
    std::optional<std::int64_t> out;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        out = TRY(store::case_of_message(transaction, message_id));
        return {};
    }));
    return out;
}

Result<void> CaseDesk::remember_message(Transaction& transaction, std::int64_t number, std::string_view message_id) {
    constexpr std::size_t kLongest = 998;  // RFC 5322 §2.1.1
    if (message_id.empty() || message_id.size() > kLongest)
        return fail(ErrorCode::invalid, "a message id has 1 to 998 octets", "message_id");
    const Caller house{.id = "system"};
    const Held held = TRY(hold(transaction, house, number, Relation::team, true));
    return store::remember_message(transaction, held.row.what.number, message_id, house_.clock.now());
}

Result<std::vector<std::string>> CaseDesk::messages_of(std::int64_t number) {
    std::vector<std::string> out;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        out = TRY(store::messages_of(transaction, number));
        return {};
    }));
    return out;
}

// ---- service clocks

Result<std::optional<Time>> CaseDesk::escalate() {
    constexpr std::int64_t kAtOnce = 100;
    const Caller house{.id = "system"};
    std::optional<Time> next;
    TRY(house_.database.write([&](Transaction& transaction) -> Result<void> {
        const Time now = house_.clock.now();
        store::Condition due;
        due.add("look_at <= ?", {data::count_of(now)});
        const auto rows = TRY(store::select(transaction, due, "look_at, number", kAtOnce));
        for (Row row : rows) {
            const auto steps =
                with_engine(row.what, [&](const CaseEngine& engine) { return engine.look(row.progress, now); });
            for (const Escalation& each : steps) {
                Entry entry;
                entry.kind = EntryKind::escalated;
                entry.visibility = Visibility::private_;
                entry.changes.push_back({std::string(enum_name(each.clock)), Value(), Value(each.step)});
                TRY(add_line(transaction, row, house, std::move(entry)));
            }
            TRY(save(transaction, row));
            for (const Escalation& each : steps) {
                events::CaseEscalated event;
                event.clock = enum_name(each.clock);
                event.step = each.step;
                event.owner = row.what.owner.value_or("");
                event.teams = row.what.teams;
                TRY(tell(transaction, row, house, std::move(event)));
            }
        }
        const data::Rows first = TRY(transaction.run("SELECT MIN(look_at) FROM desk_cases WHERE look_at IS NOT NULL"));
        next.reset();
        if (!first.empty() && !first.is_null(0, 0)) next = data::time_at(first, 0, 0);
        return {};
    }));
    return next;
}

}  // namespace quipu::desk
