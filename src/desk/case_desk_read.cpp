// What is asked of the desk. Everything goes through Sight: in a list as a condition, so that pages are whole pages.

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "base/number.h"
#include "data/instants.h"
#include "desk/case_desk.h"
#include "desk/figures.h"
#include "desk/words.h"

namespace quipu::desk {
namespace {

std::unexpected<Error> not_ours() {
    return fail(ErrorCode::invalid, "the cursor was not made by this list", "cursor");
}

Result<std::int64_t> whole_number(std::string_view text) {
    if (const auto number = parse_number<std::int64_t>(text)) return *number;
    return not_ours();
}

/// "FIRST/SECOND" of a cursor.
Result<std::pair<std::int64_t, std::int64_t>> two_numbers(std::string_view cursor) {
    const std::string position = TRY(platform::read_cursor(cursor));
    const auto slash = position.find('/');
    if (slash == std::string::npos) return not_ours();
    return std::pair(TRY(whole_number(std::string_view(position).substr(0, slash))),
                     TRY(whole_number(std::string_view(position).substr(slash + 1))));
}

/// The order of a list and what comes after its cursor.
struct Order {
    std::string_view sql;
    std::string_view after;  ///< with two parameters
};
Order order_of(CaseOrder order) {
    switch (order) {
        case CaseOrder::changed: return {"changed DESC, number DESC", "(changed, number) < (?, ?)"};
        case CaseOrder::due: return {"due, number", "(due, number) > (?, ?)"};
        case CaseOrder::newest: break;
    }
    return {"number DESC", "? = 0 AND number < ?"};
}

std::string cursor_after(CaseOrder order, const store::Row& row) {
    std::int64_t first = 0;
    if (order == CaseOrder::changed) first = data::count_of(row.what.changed);
    if (order == CaseOrder::due) first = store::due_of(row);
    return platform::make_cursor(fmt::format("{}/{}", first, row.what.number));
}

/// What fewer cases have leads to them; what more have is looked for in each case that the rest leaves, so that the
/// newest hundred are found without collecting a hundred thousand. By this number no list of bench_desk takes
/// PostgreSQL more than 15 ms (docs/performance.md), for whoever sees all, one organisation or a twentieth of 100,000
/// cases.
constexpr std::int64_t kCommon = 8000;

/// A condition for the cases that this table of numbers names, where `where` holds of it.
Result<std::string> named_by(data::Transaction& transaction, std::string_view table, std::string_view where,
                             std::vector<data::Cell> cells) {
    cells.emplace_back(kCommon);
    const data::Rows some = TRY(transaction.execute(
        fmt::format("SELECT COUNT(*) FROM (SELECT 1 FROM {} t WHERE {} LIMIT ?) few", table, where), cells));
    if (some.integer(0, 0) >= kCommon)
        return fmt::format("EXISTS (SELECT 1 FROM {} t WHERE t.number = desk_cases.number AND {})", table, where);
    // PostgreSQL takes a joined subselect for dearer than reading all cases where the caller's sight has one too; an
    // array is read once, and leads.
    return transaction.dialect() == data::Dialect::sqlite
               ? fmt::format("number IN (SELECT t.number FROM {} t WHERE {})", table, where)
               : fmt::format("number = ANY (ARRAY(SELECT t.number FROM {} t WHERE {}))", table, where);
}

Result<void> add_marks(data::Transaction& transaction, store::Condition& condition, const CaseFilter& filter) {
    for (const auto& [facet, mark] :
         {std::pair<std::string_view, const std::string*>{"organisation", &filter.organisation},
          {"team", &filter.team},
          {"object", &filter.object}}) {
        if (mark->empty()) continue;
        const std::string where = fmt::format("t.facet = '{}' AND t.mark = ?", facet);
        condition.add(TRY(named_by(transaction, "desk_marks", where, {*mark})), {*mark});
    }
    return {};
}

/// Every word must stand there, as a beginning; a number also finds the case itself.
Result<void> add_text(data::Transaction& transaction, store::Condition& condition, std::string_view text) {
    std::string_view digits = text;
    if (digits.starts_with('#')) digits.remove_prefix(1);
    std::string sql;
    std::vector<data::Cell> cells;
    for (const std::string& word : words_of(text)) {
        data::Blob from(word.begin(), word.end());
        data::Blob until = from;
        ++until.back();  // a folded word has no octet 0xff: it is UTF-8
        sql += sql.empty() ? "" : " AND ";
        sql += TRY(named_by(transaction, "desk_words", "t.word >= ? AND t.word < ?", {from, until}));
        cells.emplace_back(std::move(from));
        cells.emplace_back(std::move(until));
    }
    if (sql.empty()) {
        condition.add("1 = 0");
        return {};
    }
    if (const auto number = whole_number(digits)) {
        sql = fmt::format("number = ? OR ({})", sql);
        cells.insert(cells.begin(), data::Cell(*number));
    }
    condition.add(sql, std::move(cells));
    return {};
}

store::Condition condition_of(const CaseFilter& filter, const std::string& self, Time now) {
    store::Condition out;
    const auto number = [](auto value) { return data::Cell(static_cast<std::int64_t>(value)); };
    if (filter.queue) out.add("queue = ?", {number(*filter.queue)});
    if (filter.state)
        out.add("state = ?", {number(*filter.state)});
    else
        out.add(fmt::format("state <> {}", static_cast<int>(State::merged)));
    if (filter.open) out.add("is_open = ?", {number(*filter.open)});
    if (filter.order == CaseOrder::due && !filter.open) out.add("is_open = 1");
    if (filter.priority) out.add("priority = ?", {number(*filter.priority)});
    if (filter.late)
        out.add(*filter.late ? "is_open = 1 AND due < ?" : "is_open = 0 OR due >= ?", {data::count_of(now)});
    if (filter.owner == "none")
        out.add("owner = ''");
    else if (!filter.owner.empty())
        out.add("owner = ?", {filter.owner});
    if (!filter.cause.empty())
        out.add("number IN (SELECT f.number FROM desk_causes f WHERE f.cause = ?)", {filter.cause});
    if (filter.mine)
        out.add(
            "number IN (SELECT f.number FROM desk_watchers f WHERE f.watcher = ? UNION "
            "SELECT o.number FROM desk_cases o WHERE o.owner = ?)",
            {self, self});
    if (filter.since) out.add("opened >= ?", {data::count_of(*filter.since)});
    if (filter.until) out.add("opened < ?", {data::count_of(*filter.until)});
    return out;
}

void add_all(store::Condition& to, store::Condition more) {
    if (!more.sql.empty()) to.add(more.sql, std::move(more.cells));
}

/// How the caller stands to a case that its condition let through: who is nothing else there watches it.
Relation relation_in_list(const Sight& sight, const Case& what) {
    const Relation relation = sight.relation(what, false);
    return relation == Relation::none ? Relation::watcher : relation;
}

}  // namespace

Result<Case> CaseDesk::find(const Caller& caller, std::int64_t number) {
    Case out;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        const Held held = TRY(hold(transaction, caller, number, Relation::none, false));
        out = shown(held.row, held.relation);
        return {};
    }));
    return out;
}

Result<std::vector<Case>> CaseDesk::cases(const Caller& caller, std::span<const std::int64_t> numbers) {
    std::vector<Case> out;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        out.clear();
        const Sight sight = sight_of(caller);
        for (const std::int64_t number : numbers) {
            const auto row = TRY(store::find(transaction, number));
            if (!row) continue;
            Relation relation = sight.relation(row->what, false);
            if (relation == Relation::none)
                relation = sight.relation(row->what, TRY(store::is_watching(transaction, number, caller.id)));
            if (relation != Relation::none) out.push_back(shown(*row, relation));
        }
        return {};
    }));
    return out;
}

Result<Page<Case>> CaseDesk::list(const Caller& caller, const CaseFilter& filter, std::int64_t limit,
                                  std::string_view cursor) {
    const Sight sight = sight_of(caller);
    store::Condition asked = condition_of(filter, caller.id, house_.clock.now());
    const Order order = order_of(filter.order);
    if (!cursor.empty()) {
        const auto [first, second] = TRY(two_numbers(cursor));
        asked.add(order.after, {first, second});
    }
    add_all(asked, sight.condition(house_.database.dialect()));
    Page<Case> page;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        page = {};
        store::Condition wanted = asked;
        TRY(add_marks(transaction, wanted, filter));
        if (!filter.text.empty()) TRY(add_text(transaction, wanted, filter.text));
        auto rows = TRY(store::select(transaction, wanted, order.sql, limit + 1));
        if (std::cmp_greater(rows.size(), limit)) {
            rows.pop_back();
            page.next = cursor_after(filter.order, rows.back());
        }
        page.items.reserve(rows.size());
        for (const Row& row : rows)
            page.items.push_back(shown(row, relation_in_list(sight, row.what)));
        return {};
    }));
    return page;
}

Result<Page<Entry>> CaseDesk::timeline(const Caller& caller, std::int64_t number, std::int64_t limit,
                                       std::string_view cursor, bool notes_only) {
    std::pair<std::int64_t, std::int64_t> after{std::numeric_limits<std::int64_t>::min(), 0};
    if (!cursor.empty()) after = TRY(two_numbers(cursor));
    Page<Entry> page;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        page = {};
        const Held held = TRY(hold(transaction, caller, number, Relation::none, false));
        page.items = TRY(store::entries(transaction, number, Sight::reads_up_to(held.relation), notes_only, after.first,
                                        after.second, limit + 1));
        if (std::cmp_greater(page.items.size(), limit)) {
            page.items.pop_back();
            page.next = platform::make_cursor(
                fmt::format("{}/{}", data::count_of(page.items.back().time), page.items.back().id));
        }
        // Somebody's address is for the team alone.
        if (held.relation != Relation::team)
            for (Entry& entry : page.items)
                if (entry.who.starts_with("mail:")) entry.who = "mail";
        return {};
    }));
    return page;
}

Result<std::vector<Evidence>> CaseDesk::evidence(const Caller& caller, std::int64_t number) {
    std::vector<Evidence> out;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        TRY(hold(transaction, caller, number, Relation::none, false));
        out = TRY(store::evidence(transaction, number));
        return {};
    }));
    return out;
}

Result<std::vector<Attachment>> CaseDesk::attachments(const Caller& caller, std::int64_t number) {
    std::vector<Attachment> out;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        const Held held = TRY(hold(transaction, caller, number, Relation::none, false));
        out = TRY(store::attachments(transaction, number, Sight::reads_up_to(held.relation)));
        if (held.relation != Relation::team)
            for (Attachment& file : out)
                if (file.who.starts_with("mail:")) file.who = "mail";
        return {};
    }));
    return out;
}

Result<Desk::File> CaseDesk::attachment(const Caller& caller, std::int64_t number, std::int64_t id) {
    for (const Attachment& each : TRY(attachments(caller, number)))
        if (each.id == id) return File {
                each, TRY(files_.read(each.sha256))
            };
    return fail(ErrorCode::not_found, fmt::format("case {} has no file {}", number, id), "id");
}

Result<std::vector<Candidate>> CaseDesk::candidates(const Caller& caller, std::int64_t number) {
    Case what;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        what = TRY(hold(transaction, caller, number, Relation::team, false))
        .row.what;
        return {};
    }));
    std::vector<Candidate> out;
    if (!people_) return out;
    const auto picture = house_.registry.now();
    for (const Caller& person : people_())
        if (Sight(person, *picture).relation(what, false) == Relation::team)
            out.push_back({person.id, person.name.empty() ? person.id : person.name});
    std::ranges::sort(out, {}, [](const Candidate& each) { return std::tie(each.name, each.id); });
    return out;
}

Result<std::vector<Watcher>> CaseDesk::watchers(const Caller& caller, std::int64_t number) {
    std::vector<Watcher> out;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        const Held held = TRY(hold(transaction, caller, number, Relation::none, false));
        out = TRY(store::watchers(transaction, number));
        if (held.relation != Relation::team)
            std::erase_if(out, [&](const Watcher& watcher) { return watcher.id != caller.id; });
        return {};
    }));
    return out;
}

Result<bool> CaseDesk::is_watching(std::int64_t number, std::string_view watcher) {
    bool out = false;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        const Caller house{.id = "system"};
        const auto held = hold(transaction, house, number, Relation::none, true);
        if (!held && held.error().code == ErrorCode::not_found) return {};
        if (!held) return std::unexpected(held.error());
        out = TRY(store::is_watching(transaction, held->row.what.number, watcher));
        return {};
    }));
    return out;
}

// ---- figures

Result<std::vector<Statistic>> CaseDesk::statistics(const Caller& caller, const StatisticFilter& filter) {
    const Date today = date_of(house_.clock.now());
    const Date since = filter.since.value_or(Date((today.year() - std::chrono::years(1)) / today.month() / 1));
    store::Condition wanted;
    wanted.add("opened >= ?", {data::count_of(start_of(since))});
    if (filter.until) wanted.add("opened < ?", {data::count_of(start_of(*filter.until))});
    wanted.add(fmt::format("state <> {}", static_cast<int>(State::merged)));
    if (filter.queue) wanted.add("queue = ?", {static_cast<std::int64_t>(*filter.queue)});
    if (!filter.organisation.empty())
        wanted.add("number IN (SELECT f.number FROM desk_marks f WHERE f.facet = 'organisation' AND f.mark = ?)",
                   {filter.organisation});
    add_all(wanted, sight_of(caller).condition(house_.database.dialect()));
    std::vector<store::Figure> figures;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        figures = TRY(store::figures(transaction, wanted));
        return {};
    }));
    return statistics_of(figures, filter.by_organisation || !filter.organisation.empty(), filter.organisation);
}

Result<std::vector<QueueState>> CaseDesk::queues(const Caller& caller) {
    const Sight sight = sight_of(caller);
    std::vector<QueueState> counted;
    TRY(house_.database.read([&](Transaction& transaction) -> Result<void> {
        counted = TRY(store::queue_states(transaction, sight.condition(house_.database.dialect()), house_.clock.now()));
        return {};
    }));
    std::vector<QueueState> out;
    for (const auto& [queue, unused] : describe_enum(Queue{})) {
        // That there is anything in the security queue is the security team's alone.
        if (queue == Queue::security && !sight.may_work(queue)) continue;
        const auto at = std::ranges::find(counted, queue, &QueueState::queue);
        QueueState& state = out.emplace_back(at == counted.end() ? QueueState{} : std::move(*at));
        state.queue = queue;
        state.may_work = sight.may_work(queue);
        for (const State each : states_of(queue)) {
            state.states.emplace_back(enum_name(each));
            auto& steps = state.steps[std::string(enum_name(each))];
            for (const State to : steps_from(queue, each))
                steps.emplace_back(enum_name(to));
        }
        for (const auto& [priority, name] : describe_enum(Priority{}))
            state.promises.push_back(fmt::format("{}: {}", name, in_words(rules_.promises.of(queue, priority))));
    }
    return out;
}

}  // namespace quipu::desk
