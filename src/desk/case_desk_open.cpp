// Cases begin: by a person, by a cause, by a report at the foot of a page.

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "desk/case_desk.h"
#include "desk/tell.h"
#include "platform/reports.h"

namespace quipu::desk {
namespace {

bool is_language(std::string_view text) {
    return text == "es" || text == "pt" || text == "en";
}

/// What a report's contact may be: only whoever looks like a mail address can be written to.
std::optional<std::string> mail_of(std::string_view contact) {
    const auto at = contact.find('@');
    const bool plain = std::ranges::all_of(contact, [](char c) { return c > ' ' && c < 0x7f && c != '<' && c != '>'; });
    if (at == std::string_view::npos || at == 0 || at + 1 >= contact.size() || !plain || contact.size() > 254 ||
        contact.find('@', at + 1) != std::string_view::npos)
        return std::nullopt;
    return std::string(contact);
}

/// The journal does not tell it: it stands with the report. Empty when nobody said how to answer.
Result<std::string> contact_of_report(data::Transaction& transaction, std::string_view subject) {
    constexpr std::string_view kReport = "report:";
    std::int64_t id = 0;
    if (!subject.starts_with(kReport)) return std::string();
    subject.remove_prefix(kReport.size());
    std::from_chars(subject.data(), subject.data() + subject.size(), id);
    return TRY(platform::Reports::contact_of(transaction, id))
    .value_or("");
}

void add_missing(std::vector<std::string>& to, const std::vector<std::string>& from, bool& changed) {
    for (const std::string& each : from)
        if (std::ranges::find(to, each) == to.end()) {
            to.push_back(each);
            changed = true;
        }
}

}  // namespace

// ---- what is refused

Result<void> CaseDesk::check_lists(const std::vector<std::string>& organisations,
                                   const std::vector<std::string>& objects) const {
    const auto picture = house_.registry.everything();
    for (const std::string& id : organisations)
        if (picture->find<registry::Organisation>(id) == nullptr)
            return fail(ErrorCode::invalid, fmt::format("there is no organisation \"{}\"", id), "organisations");
    constexpr std::size_t kLongest = 300;
    for (const std::string& object : objects) {
        const auto colon = object.find(':');
        const bool plain = std::ranges::none_of(object, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
        if (colon == std::string::npos || colon == 0 || colon + 1 == object.size() || !plain ||
            object.size() > kLongest)
            return fail(ErrorCode::invalid, fmt::format("\"{}\" is not KIND:ID, such as link:lima-guayaquil", object),
                        "objects");
    }
    return {};
}

Result<void> CaseDesk::check(const NewCase& wanted) const {
    if (wanted.title.find_first_not_of(" \t\r\n") == std::string::npos)
        return fail(ErrorCode::invalid, "a case needs a title", "title");
    if (!wanted.language.empty() && !is_language(wanted.language))
        return fail(ErrorCode::invalid, "expected es, pt or en", "language");
    for (const std::string& watcher : wanted.watchers)
        if (!watcher.starts_with("person:") && !watcher.starts_with("mail:"))
            return fail(ErrorCode::invalid, fmt::format("\"{}\" is neither person:ID nor mail:ADDRESS", watcher),
                        "watchers");
    return check_lists(wanted.organisations, wanted.objects);
}

// ---- opening

Result<std::int64_t> CaseDesk::open(const Caller& caller, const NewCase& wanted) {
    const auto frozen = TRY(freeze(wanted.freeze));
    std::int64_t number = 0;
    TRY(house_.database.write([&](Transaction& transaction) -> Result<void> {
        number = TRY(open(transaction, caller, wanted, frozen));
        return {};
    }));
    return number;
}

Result<std::int64_t> CaseDesk::open(Transaction& transaction, const Caller& caller, const NewCase& wanted,
                                    std::vector<Evidence> frozen) {
    TRY(check(wanted));
    const Sight sight = sight_of(caller);
    if (!sight.works_at(wanted.queue, wanted.organisations)) {
        const bool asked = wanted.queue == Queue::help || wanted.queue == Queue::performance;
        if (!asked || !sight.signed_in())
            return fail(ErrorCode::forbidden, "only those who work in this queue open such a case", "queue");
        if (!sight.is_member_of_all(wanted.organisations))
            return fail(ErrorCode::forbidden, "only people of an organisation open a case for it", "organisations");
        if (wanted.owner || !wanted.teams.empty() ||
            wanted.visibility.value_or(Visibility::members) != Visibility::members)
            return fail(ErrorCode::forbidden, "owner, teams and visibility are set by those who work on the case",
                        wanted.owner ? "owner" : "visibility");
    }
    return TRY(open_row(transaction, caller, wanted, {}, std::move(frozen)))
    .what.number;
}

Result<store::Row> CaseDesk::make_case(Transaction& transaction, const Caller& caller, const NewCase& wanted,
                                       std::string_view cause) const {
    const Time now = house_.clock.now();
    Row row;
    Case& c = row.what;
    c.number = TRY(store::next_number(transaction, "case"));
    c.version = 1;
    c.queue = wanted.queue;
    c.priority = wanted.priority;
    c.title = wanted.title;
    c.description = wanted.description;
    c.language = language_of(caller, wanted);
    c.visibility =
        wanted.queue == Queue::security ? Visibility::private_ : wanted.visibility.value_or(Visibility::members);
    if (wanted.owner && !wanted.owner->empty()) c.owner = wanted.owner;
    bool changed = false;
    add_missing(c.teams, wanted.teams, changed);
    add_missing(c.organisations, wanted.organisations, changed);
    add_missing(c.objects, wanted.objects, changed);
    if (std::string country = country_of(c.organisations); !country.empty()) c.country = std::move(country);
    if (!cause.empty()) c.cause = cause;
    c.opened = c.changed = now;
    c.opened_by = caller.id;
    row.progress = with_engine(c, [&](const CaseEngine& engine) { return engine.open(c.queue, c.priority, now); });
    row.look_at = with_engine(c, [&](const CaseEngine& engine) { return engine.next_look(row.progress); });
    return row;
}

Result<store::Row> CaseDesk::open_row(Transaction& transaction, const Caller& caller, const NewCase& wanted,
                                      std::string_view cause, std::vector<Evidence> frozen) const {
    Row row = TRY(make_case(transaction, caller, wanted, cause));
    Case& c = row.what;
    auto watchers = wanted.watchers;
    if (caller.id.starts_with("person:")) watchers.push_back(caller.id);
    for (const std::string& watcher : watchers)
        if (TRY(store::watch(transaction, c.number, {watcher, watcher == caller.id ? caller.language : "", c.opened})))
            ++c.watchers;
    Entry entry;
    entry.kind = EntryKind::opened;
    TRY(add_line(transaction, row, caller, std::move(entry)));
    TRY(keep_evidence(transaction, row, std::move(frozen)));
    TRY(store::insert(transaction, row));
    if (looked_at_) transaction.on_commit(looked_at_);
    events::CaseOpened event;
    event.cause = cause;
    event.objects = c.objects;
    TRY(tell(transaction, row, caller, std::move(event)));
    return row;
}

// ---- one cause, one case

Result<Opened> CaseDesk::open_or_join(const Caller& caller, std::string_view cause, const NewCase& wanted) {
    const auto frozen = TRY(freeze(wanted.freeze));
    Opened opened;
    TRY(house_.database.write([&](Transaction& transaction) -> Result<void> {
        opened = TRY(open_or_join(transaction, caller, cause, wanted, frozen));
        return {};
    }));
    return opened;
}

Result<Opened> CaseDesk::open_or_join(Transaction& transaction, const Caller& caller, std::string_view cause,
                                      const NewCase& wanted, std::vector<Evidence> frozen) {
    if (cause.empty() || cause.size() > 300) return fail(ErrorCode::invalid, "a cause has 1 to 300 octets", "cause");
    TRY(check(wanted));
    if (!sight_of(caller).works_at(wanted.queue, wanted.organisations))
        return fail(ErrorCode::forbidden, "only those who work in this queue open such a case", "queue");
    const Time now = house_.clock.now();
    const auto known = TRY(store::cause(transaction, cause));
    std::optional<Row> row;
    if (known) {
        const Caller house{.id = "system"};
        row = TRY(hold(transaction, house, known->number, Relation::none, true))
        .row;
        const bool closed_long_ago = row->what.closed && now - *row->what.closed > rules_.flapping;
        if (closed_long_ago) row.reset();
    }
    if (!row) {
        const Row made = TRY(open_row(transaction, caller, wanted, cause, std::move(frozen)));
        TRY(store::set_cause(transaction, cause, {made.what.number, true}));
        return Opened{made.what.number, Opened::How::opened};
    }

    TRY(store::set_cause(transaction, cause, {row->what.number, true}));
    const State before = row->what.state;
    bool more = !frozen.empty();
    add_missing(row->what.objects, wanted.objects, more);
    add_missing(row->what.organisations, wanted.organisations, more);
    const bool again = !is_open(before);
    more = more || wanted.title != row->what.title;
    if (!more && !again) return Opened{row->what.number, Opened::How::joined};
    TRY(keep_evidence(transaction, *row, std::move(frozen)));
    TRY(store::set_marks(transaction, row->what.number, "object", row->what.objects));
    TRY(store::set_marks(transaction, row->what.number, "organisation", row->what.organisations));
    TRY(store::set_words(transaction, row->what));
    Entry entry;
    entry.kind = EntryKind::joined;
    entry.text = wanted.title;
    TRY(add_line(transaction, *row, caller, std::move(entry)));
    with_engine(row->what, [&](const CaseEngine& engine) { engine.reopen(row->progress, now); });
    TRY(follow_state(transaction, *row, caller, before, {"joined"}));
    return Opened{row->what.number, again ? Opened::How::reopened : Opened::How::joined};
}

Result<std::optional<std::int64_t>> CaseDesk::close_cause(const Caller& caller, std::string_view cause,
                                                          std::string_view why) {
    std::optional<std::int64_t> out;
    TRY(house_.database.write([&](Transaction& transaction) -> Result<void> {
        out = TRY(close_cause(transaction, caller, cause, why));
        return {};
    }));
    return out;
}

Result<std::optional<std::int64_t>> CaseDesk::close_cause(Transaction& transaction, const Caller& caller,
                                                          std::string_view cause, std::string_view why) {
    const auto known = TRY(store::cause(transaction, cause));
    if (!known || !known->showing) return std::optional<std::int64_t>();
    Held held = TRY(hold(transaction, caller, known->number, Relation::team, true));
    Row& row = held.row;
    TRY(store::set_cause(transaction, cause, {row.what.number, false}));
    if (!is_open(row.what.state) && row.what.state != State::solved) return std::optional<std::int64_t>();
    if (!why.empty()) {
        Entry entry;
        entry.text = why;
        TRY(add_line(transaction, row, caller, std::move(entry)));
    }
    // A case that several causes have come together in is closed with the last.
    const State before = row.what.state;
    const bool last = TRY(store::causes_showing(transaction, row.what.number))
    == 0;
    if (last) with_engine(row.what, [&](const CaseEngine& engine) { engine.close(row.progress, house_.clock.now()); });
    TRY(follow_state(transaction, row, caller, before,
                     last ? std::vector<std::string>() : std::vector<std::string>{"cause"}));
    return last ? std::optional(row.what.number) : std::nullopt;
}

Result<std::optional<std::int64_t>> CaseDesk::case_of_cause(std::string_view cause) {
    std::optional<std::int64_t> out;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        const auto known = TRY(store::cause(transaction, cause));
        out.reset();
        if (known && known->showing) out = known->number;
        return {};
    }));
    return out;
}

// ---- the problem link

Result<void> CaseDesk::take_report(const data::Event& event) {
    const auto report = read<events::ProblemReported>(event.body, "ProblemReported");
    if (!report) return {};  // of another version; the report itself stays where it is
    constexpr std::size_t kTitle = 80;
    NewCase wanted;
    wanted.queue = Queue::help;
    std::string first = report->text.substr(0, report->text.find_first_of("\r\n"));
    if (first.size() > kTitle) {
        std::size_t end = kTitle;
        while (end > 0 && (static_cast<unsigned char>(first[end]) & 0xc0U) == 0x80U)
            --end;
        first = first.substr(0, end) + "…";
    }
    wanted.title = first.find_first_not_of(' ') == std::string::npos ? event.subject : first;
    wanted.description = report->text;
    wanted.objects = {event.subject};
    if (event.actor.starts_with("person:")) wanted.watchers.push_back(event.actor);
    const Caller house{.id = "system"};
    // The subscription delivers at least once; the report's own number makes it one case.
    const std::string cause = event.subject;
    return house_.database.write([&](Transaction& transaction) -> Result<void> {
        if (TRY(store::cause(transaction, cause))) return {};
        const std::string contact = TRY(contact_of_report(transaction, event.subject));
        const auto mail = mail_of(contact);
        NewCase with_sender = wanted;
        if (mail) with_sender.watchers.push_back("mail:" + *mail);
        Row row = TRY(open_row(transaction, house, with_sender, cause, {}));
        TRY(store::set_cause(transaction, cause, {row.what.number, false}));
        Entry entry;
        entry.visibility = Visibility::private_;
        entry.text = fmt::format("Page: {}", report->page);
        if (!report->request_id.empty()) entry.text += fmt::format("\nRequest: {}", report->request_id);
        if (!mail && !contact.empty()) entry.text += fmt::format("\nContact: {}", contact);
        TRY(add_line(transaction, row, house, std::move(entry)));
        return save(transaction, row);
    });
}

}  // namespace quipu::desk
