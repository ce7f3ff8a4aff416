#include "desk/search/index.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "desk/search/dialects.h"
#include "desk/search/rank.h"

namespace quipu::search {
namespace {

using data::Transaction;

/// Rises when tables or words change their form: then the index is made again.
constexpr std::int64_t kFormat = 4;
constexpr std::string_view kAnywhere = "*";

template <class Words>
std::string joined(const Words& words) {
    std::string out;
    for (const std::string& word : words)
        out.append(out.empty() ? "" : " ").append(word);
    return out;
}

std::string kind_mark(std::string_view kind) {
    std::string out = "k" + std::string(kind);
    std::erase(out, '_');
    return out;
}

std::string text_of(const Rule& rule) {
    if (!rule.caller.empty()) return "=" + rule.caller;
    return fmt::format("{}@{}/{}", enum_name(rule.permission), rule.organisation, rule.service);
}

std::optional<Rule> rule_of(std::string_view text) {
    if (text.starts_with('=')) return Rule::only(std::string(text.substr(1)));
    const auto at = text.find('@');
    const auto slash = text.rfind('/');
    if (at == std::string_view::npos || slash == std::string_view::npos || slash < at) return std::nullopt;
    const auto permission = enum_value<platform::Permission>(text.substr(0, at));
    if (!permission) return std::nullopt;
    return Rule{*permission, std::string(text.substr(at + 1, slash - at - 1)), std::string(text.substr(slash + 1)), {}};
}

/// Not longer than `octets`, and no character cut in two.
std::string_view cut(std::string_view text, std::size_t octets) {
    if (text.size() <= octets) return text;
    while (octets > 0 && (static_cast<unsigned char>(text[octets]) & 0xC0U) == 0x80U)
        --octets;
    return text.substr(0, octets);
}

bool wants(const Request& request, std::string_view kind) {
    if (request.kinds.empty()) return class_of(kind) != Class::journal;
    return std::ranges::find(request.kinds, kind) != request.kinds.end();
}

}  // namespace

bool Rule::permits(const platform::Caller& who) const {
    if (!caller.empty()) return who.id == caller;
    return who.may(permission, organisation, service);
}

struct Index::Candidate {
    std::int64_t id = 0;
    bool in_name = false;
    bool named = false;
    Ranked row;
};

Result<std::unique_ptr<Index>> Index::open(data::Database& database) {
    std::unique_ptr<Index> index =
        database.dialect() == data::Dialect::sqlite ? sqlite_index(database) : postgresql_index(database);
    TRY(database.write([&](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("CREATE TABLE IF NOT EXISTS search_state (name TEXT PRIMARY KEY, value BIGINT NOT NULL)"));
        const data::Rows format = TRY(transaction.run("SELECT value FROM search_state WHERE name = 'format'"));
        if (!format.empty() && format.integer(0, 0) == kFormat) return {};
        for (const std::string_view table : {"search_words", "search_documents", "search_rules", "search_vocabulary"})
            TRY(transaction.run(fmt::format("DROP TABLE IF EXISTS {}", table)));
        TRY(
            transaction.run("CREATE TABLE search_rules (id BIGINT PRIMARY KEY, rule TEXT NOT NULL UNIQUE, "
                            "caller TEXT NOT NULL)"));
        TRY(transaction.run("CREATE INDEX search_rules_caller ON search_rules (caller)"));
        // Compared by octets, on both.
        TRY(transaction.run(fmt::format("CREATE TABLE search_vocabulary (word TEXT {} PRIMARY KEY)",
                                        database.dialect() == data::Dialect::sqlite ? "" : "COLLATE \"C\"")));
        TRY(index->make_tables(transaction));
        for (const auto& [name, value] : {std::pair{"format", kFormat}, std::pair{"position", std::int64_t{-1}}})
            TRY(
                transaction.run("INSERT INTO search_state (name, value) VALUES (?, ?) "
                                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                                std::string(name), value));
        return {};
    }));
    return index;
}

Result<std::int64_t> Index::position() const {
    const data::Rows rows = TRY(database_.query("SELECT value FROM search_state WHERE name = 'position'"));
    return rows.empty() ? -1 : rows.integer(0, 0);
}

Result<void> Index::put(std::span<const Indexed> objects, std::optional<std::int64_t> position) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        // The row is held until the commit: programs on one database take turns, and none takes in what another has.
        const data::Rows held =
            TRY(transaction.run("UPDATE search_state SET value = value + 0 WHERE name = 'position' RETURNING value"));
        if (position && !held.empty() && held.integer(0, 0) >= *position) return {};
        Words words;
        for (const Indexed& indexed : objects)
            TRY(put(transaction, indexed, words));
        // A word stays in the vocabulary when its last document goes: a beginning may stand for more, never for less.
        if (!words.empty())
            TRY(transaction.run(
                fmt::format("INSERT INTO search_vocabulary (word) {} WHERE 1 = 1 ON CONFLICT DO NOTHING",
                            words_of(transaction.dialect())),
                joined(words)));
        if (position) TRY(transaction.run("UPDATE search_state SET value = ? WHERE name = 'position'", *position));
        return {};
    });
}

Result<void> Index::put(Transaction& transaction, const Indexed& indexed, Words& words) {
    const data::Rows known =
        TRY(transaction.run("SELECT id FROM search_documents WHERE kind = ? AND object = ? ORDER BY id",
                            indexed.object.kind, indexed.object.id));
    if (!known.empty()) TRY(erase(transaction, indexed.object));
    if (indexed.documents.empty()) return {};
    // An object keeps its ids, and with them its place among the newest.
    std::int64_t next = 0;
    if (known.size() < indexed.documents.size()) {
        const Class of = class_of(indexed.object.kind);
        next = TRY(transaction.run("SELECT COALESCE(MAX(id), ?) + 1 FROM search_documents WHERE id BETWEEN ? AND ?",
                                   first_id(of), first_id(of), last_id(of)))
        .integer(0, 0);
        if (!known.empty()) next = std::max(next, known.integer(known.size() - 1, 0) + 1);
    }
    std::vector<Row> rows;
    for (std::size_t i = 0; i < indexed.documents.size(); ++i) {
        const Document& document = indexed.documents[i];
        Row row;
        row.id = i < known.size() ? known.integer(i, 0) : next++;
        row.object = indexed.object;
        row.name = document.name;
        row.detail = document.detail;
        row.text = cut(document.text, kLongestText);
        row.language = document.language;
        row.time_ns = document.time ? document.time->time_since_epoch().count() : 0;
        row.name_words = joined(index_words(fmt::format("{} {}", document.name, indexed.object.id), kMostWords));
        auto text_words = index_words(fmt::format("{} {} {} {} {}", document.name, indexed.object.id, document.detail,
                                                  document.keywords, row.text),
                                      kMostWords);
        row.text_words = joined(text_words);
        words.insert(std::make_move_iterator(text_words.begin()), std::make_move_iterator(text_words.end()));
        row.marks = TRY(marks_of(transaction, indexed.object, document.readers));
        // A zero octet can't be stored, and is nothing that one reads.
        for (std::string* text : {&row.name, &row.detail, &row.text})
            std::erase(*text, '\0');
        rows.push_back(std::move(row));
    }
    return insert(transaction, rows);
}

Result<void> Index::clear() {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        TRY(erase_all(transaction));
        TRY(transaction.run("DELETE FROM search_vocabulary"));
        TRY(transaction.run("UPDATE search_state SET value = -1 WHERE name = 'position'"));
        return {};
    });
}

Result<std::vector<ObjectId>> Index::objects_of(std::string_view kind) const {
    const data::Rows rows =
        TRY(database_.query("SELECT DISTINCT object FROM search_documents WHERE kind = ?", std::string(kind)));
    std::vector<ObjectId> out;
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back({std::string(kind), rows.text(i, 0)});
    return out;
}

/// Rules are numbered, and the number is a word of the document.
Result<std::string> Index::marks_of(Transaction& transaction, const ObjectId& object,
                                    const std::vector<Rule>& readers) {
    std::set<Rule> rules(readers.begin(), readers.end());
    // Whoever may it everywhere needs one word to find everything, not one for each organisation.
    for (const Rule& rule : readers)
        if (rule.caller.empty() && !rule.organisation.empty())
            rules.insert({rule.permission, std::string(kAnywhere), rule.service, {}});
    std::vector<std::string> marks = {kind_mark(object.kind)};
    for (const Rule& rule : rules) {
        const std::string text = text_of(rule);
        data::Rows known = TRY(transaction.run("SELECT id FROM search_rules WHERE rule = ?", text));
        if (known.empty())
            known =
                TRY(transaction.run("INSERT INTO search_rules (id, rule, caller) "
                                    "SELECT COALESCE(MAX(id), 0) + 1, ?, ? FROM search_rules RETURNING id",
                                    text, rule.caller));
        marks.push_back(fmt::format("r{}", known.integer(0, 0)));
    }
    return joined(marks);
}

Result<std::vector<std::string>> Index::marks_for(Transaction& transaction, const platform::Caller& caller) const {
    const data::Rows rows = TRY(
        transaction.run("SELECT id, rule FROM search_rules WHERE caller = '' OR caller = ?", std::string(caller.id)));
    std::vector<std::pair<Rule, std::string>> held;
    std::set<std::pair<platform::Permission, std::string>> everywhere;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto rule = rule_of(rows.text(i, 1));
        if (!rule || !rule->permits(caller)) continue;
        if (rule->organisation == kAnywhere) everywhere.insert({rule->permission, rule->service});
        held.emplace_back(*rule, fmt::format("r{}", rows.integer(i, 0)));
    }
    std::vector<std::string> out;
    for (auto& [rule, mark] : held)
        if (rule.organisation.empty() || rule.organisation == kAnywhere ||
            !everywhere.contains({rule.permission, rule.service}))
            out.push_back(std::move(mark));
    return out;
}

bool Index::bears_one(std::string_view marks, const Marks& held) {
    while (!marks.empty()) {
        const std::size_t end = std::min(marks.find(' '), marks.size());
        if (held.contains(marks.substr(0, end))) return true;
        marks.remove_prefix(std::min(end + 1, marks.size()));
    }
    return false;
}

Result<void> Index::complete(Transaction& transaction, std::vector<Term>& terms) const {
    // After every word that begins so: no word has this character.
    constexpr std::string_view kLast = "\U0010FFFF";
    for (Term& term : terms) {
        const std::string& beginning = term.words.back();
        if (!term.prefix || (term.words.size() == 1 && beginning.size() <= kShortestBeginning)) continue;
        const data::Rows rows = TRY(transaction.run(
            "SELECT word FROM search_vocabulary WHERE word >= ? AND word < ? ORDER BY word LIMIT ?", beginning,
            beginning + std::string(kLast), static_cast<std::int64_t>(kMostCompletions + 1)));
        if (rows.size() > kMostCompletions) continue;
        auto& completions = term.completions.emplace();
        for (std::size_t i = 0; i < rows.size(); ++i)
            completions.push_back(rows.text(i, 0));
    }
    return {};
}

Result<std::vector<std::int64_t>> Index::permitted(Transaction& transaction, std::span<const std::int64_t> ids,
                                                   const std::vector<std::string>& reader_marks) const {
    constexpr std::size_t kAtOnce = 500;
    const Marks held(reader_marks.begin(), reader_marks.end());
    std::vector<std::int64_t> out;
    while (!ids.empty() && out.size() < kMostCandidates) {
        const auto some = ids.subspan(0, std::min(kAtOnce, ids.size()));
        ids = ids.subspan(some.size());
        const data::Rows rows =
            TRY(transaction.run(fmt::format("SELECT id, marks FROM search_documents WHERE id IN ({}) ORDER BY id DESC",
                                            ids_in(transaction.dialect())),
                                fmt::format("{}", fmt::join(some, ","))));
        for (std::size_t i = 0; i < rows.size() && out.size() < kMostCandidates; ++i)
            if (bears_one(rows.text(i, 1), held)) out.push_back(rows.integer(i, 0));
    }
    return out;
}

Result<std::vector<Index::Candidate>> Index::candidates(Transaction& transaction, const Request& request,
                                                        const Terms& terms, const platform::Caller& caller) const {
    const bool sees_all = caller.grants == nullptr;
    const std::vector<std::string> readers =
        sees_all ? std::vector<std::string>() : TRY(marks_for(transaction, caller));
    std::vector<Candidate> out;
    if (!sees_all && readers.empty()) return out;
    std::set<std::int64_t> seen;
    const auto take = [&](std::int64_t id, bool in_name, bool named) {
        if (seen.insert(id).second) out.push_back({id, in_name, named, {}});
    };
    if (!terms.wanted.empty() && std::ranges::none_of(terms.wanted, unheard)) {
        for (const Class of : {Class::things, Class::cases, Class::journal}) {
            Search search{.terms = terms,
                          .of = of,
                          .in_names = true,
                          .kind_marks = {},
                          .reader_marks = readers,
                          .sees_all = sees_all};
            bool all = true;
            for (const std::string_view kind : kAllKinds) {
                if (class_of(kind) != of) continue;
                if (wants(request, kind))
                    search.kind_marks.push_back(kind_mark(kind));
                else
                    all = false;
            }
            if (search.kind_marks.empty()) continue;
            if (all) search.kind_marks.clear();
            const auto by_name = TRY(match(transaction, search));
            for (const std::int64_t id : by_name)
                take(id, true, false);
            if (by_name.size() >= kMostCandidates) continue;
            search.in_names = false;
            for (const std::int64_t id : TRY(match(transaction, search)))
                take(id, false, false);
        }
    }
    for (const ObjectId& object : request.named) {
        if (!wants(request, object.kind)) continue;
        const data::Rows rows = TRY(transaction.run(
            "SELECT id, marks FROM search_documents WHERE kind = ? AND object = ?", object.kind, object.id));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::string marks = " " + rows.text(i, 1) + " ";
            if (sees_all || std::ranges::any_of(readers, [&](const std::string& mark) {
                    return marks.find(" " + mark + " ") != std::string::npos;
                })) {
                std::erase_if(out, [&](const Candidate& candidate) { return candidate.id == rows.integer(i, 0); });
                out.push_back({rows.integer(i, 0), true, true, {}});
            }
        }
    }
    return out;
}

Result<void> Index::read_rows(Transaction& transaction, std::vector<Candidate>& candidates) const {
    std::map<std::int64_t, Candidate*> by_id;
    for (Candidate& candidate : candidates)
        by_id[candidate.id] = &candidate;
    // The words of the text are needed only where the name does not say it all, and are most of a row.
    for (const bool in_name : {true, false}) {
        std::string ids;
        for (const Candidate& candidate : candidates)
            if (candidate.in_name == in_name) ids += fmt::format("{}{}", ids.empty() ? "" : ",", candidate.id);
        if (ids.empty()) continue;
        const data::Rows rows =
            TRY(transaction.run(fmt::format("SELECT id, kind, object, name, detail, language, time_ns, name_words, {} "
                                            "FROM search_documents WHERE id IN ({})",
                                            in_name ? "''" : "text_words", ids_in(transaction.dialect())),
                                ids));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            Candidate& candidate = *by_id.at(rows.integer(i, 0));
            Ranked& row = candidate.row;
            row.document = rows.integer(i, 0);
            row.kind = rows.text(i, 1);
            row.id = rows.text(i, 2);
            row.name = rows.text(i, 3);
            row.detail = rows.text(i, 4);
            row.language = rows.text(i, 5);
            row.time_ns = rows.integer(i, 6);
            row.name_words = rows.text(i, 7);
            row.text_words = rows.text(i, 8);
            row.in_name = candidate.in_name;
            row.named = candidate.named;
        }
    }
    return {};
}

Result<std::vector<Found>> Index::find(const Request& request, const platform::Caller& caller) const {
    Terms terms = parse_terms(request.typed);
    std::vector<Found> out;
    TRY(database_.read([&](Transaction& transaction) -> Result<void> {
        out.clear();
        TRY(complete(transaction, terms.wanted));
        TRY(complete(transaction, terms.unwanted));
        std::vector<Candidate> found = TRY(candidates(transaction, request, terms, caller));
        if (found.empty()) return {};
        TRY(read_rows(transaction, found));
        std::vector<Ranked> ranked;
        ranked.reserve(found.size());
        for (Candidate& candidate : found)
            if (!candidate.row.kind.empty()) ranked.push_back(std::move(candidate.row));
        for (Ranked& row : in_order(std::move(ranked), terms, request.language))
            out.push_back({.kind = std::move(row.kind),
                           .id = std::move(row.id),
                           .name = std::move(row.name),
                           .detail = std::move(row.detail),
                           .name_pieces = {},
                           .excerpt = {},
                           .language = row.language.empty() ? std::nullopt : std::optional(std::move(row.language)),
                           .time = row.time_ns == 0 ? std::nullopt : std::optional(Time(Nanoseconds(row.time_ns))),
                           .document = row.document});
        return {};
    }));
    return out;
}

Result<void> Index::show(std::span<Found> page, std::string_view typed) const {
    const Terms terms = parse_terms(typed);
    std::map<std::int64_t, Found*> by_document;
    std::string ids;
    for (Found& found : page) {
        found.name_pieces = pieces_of(found.name, terms);
        by_document[found.document] = &found;
        ids += fmt::format("{}{}", ids.empty() ? "" : ",", found.document);
    }
    if (ids.empty()) return {};
    const data::Rows rows = TRY(database_.query(
        fmt::format("SELECT id, text FROM search_documents WHERE id IN ({})", ids_in(database_.dialect())), ids));
    for (std::size_t i = 0; i < rows.size(); ++i)
        by_document.at(rows.integer(i, 0))->excerpt = excerpt_of(rows.text(i, 1), terms);
    return {};
}

}  // namespace quipu::search
