// The index in PostgreSQL's tsvector with a GIN index. A word stands in it as 't/word' where it is anywhere and as
// 'n/word' where it is in the name, for GIN does not keep PostgreSQL's own weights and would read each row to see them.
// GIN gathers all documents of a beginning before it looks at anything else, and leaps within those of a word: so short
// beginnings are words too ('T/beg' and 'N/be'), and longer ones are asked as the words that they stand for.
//
// GIN knows no order, and the newest of very many matches are wanted: the ids' buckets are words too, so the newest
// buckets are asked first and all of them only when these do not hold enough. The tsvectors are kept outside of the
// rows, which are then so small that the matches stand on few pages; only for a phrase must one be looked at, since GIN
// keeps no positions. Two words that stand side by side are a word too, a number of 16 bits ('P/1a2b', in names
// 'Q/1a2b'): a phrase is first asked as its pairs, which hardly any other document has, and then looked for in the
// newest of these.

#include <algorithm>
#include <fmt/format.h>

#include "desk/search/dialects.h"

namespace quipu::search {
namespace {

using data::Transaction;

constexpr int kBucketShift = 10;  // ids of a bucket: 1024
constexpr int kShelfShift = 14;   // of a shelf of buckets: 16384
/// Matches that are compared at once with what a caller of many organisations may see.
constexpr std::size_t kMostCompared = 4000;

std::string class_mark(Class of) {
    return fmt::format("'m/c{}'", static_cast<int>(of));
}
std::string bucket_mark(std::int64_t id) {
    return fmt::format("'m/b{}'", id >> kBucketShift);
}
std::string shelf_mark(std::int64_t id) {
    return fmt::format("'m/s{}'", id >> kShelfShift);
}

/// Of two words side by side, FNV-1a folded: few enough that the index stays small, and enough that strangers meet
/// seldom. What matches is looked at again.
std::string pair_lexeme(std::string_view first, std::string_view second, bool in_names) {
    std::uint32_t hash = 2166136261U;
    const auto take = [&hash](std::string_view text) {
        for (const char c : text)
            hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    };
    take(first);
    take(" ");
    take(second);
    return fmt::format("'{}/{:04x}'", in_names ? 'Q' : 'P', (hash ^ (hash >> 16U)) & 0xFFFFU);
}

/// 'P/1a2b' & ('P/3c4d' | 'P/5e6f') & : what stands side by side in any document that has the term. Of a last word that
/// is a beginning only where the words that begin so are known.
std::string tsquery_pairs(const Term& term, bool in_names, bool prefix) {
    std::string out;
    for (std::size_t i = 0; i + 2 < term.words.size(); ++i)
        out += pair_lexeme(term.words[i], term.words[i + 1], in_names) + " & ";
    if (term.words.size() < 2) return out;
    const std::string& before = term.words[term.words.size() - 2];
    if (!prefix) return out + pair_lexeme(before, term.words.back(), in_names) + " & ";
    if (!term.completions) return out;
    std::string any;
    for (const std::string& word : *term.completions)
        any += (any.empty() ? "" : " | ") + pair_lexeme(before, word, in_names);
    return fmt::format("{}({}) & ", out, any);
}

/// 'T/beg', 't/w1' <-> 't/w2':* or 't/w1' <-> ('t/w2' | 't/w2b'); joined by "&" where the order does not matter.
std::string tsquery_term(const Term& term, bool in_names, bool prefix, std::string_view joint = "<->") {
    const char place = in_names ? 'n' : 't';
    const std::string& last = term.words.back();
    if (prefix && term.words.size() == 1 && last.size() <= kShortestBeginning)
        return fmt::format("'{}/{}'", in_names ? 'N' : 'T', last);
    std::string out;
    for (std::size_t i = 0; i + 1 < term.words.size(); ++i)
        out += fmt::format("'{}/{}' {} ", place, term.words[i], joint);
    if (!prefix || !term.completions) return fmt::format("{}'{}/{}'{}", out, place, last, prefix ? ":*" : "");
    std::string any;
    for (const std::string& word : *term.completions)
        any += fmt::format("{}'{}/{}'", any.empty() ? "" : " | ", place, word);
    return fmt::format("{}({})", out, any);
}

bool has_phrase(const std::vector<Term>& terms) {
    return std::ranges::any_of(terms, [](const Term& term) { return term.words.size() > 1; });
}

std::string tsquery_any(const std::vector<std::string>& marks) {
    std::string out;
    for (const std::string& mark : marks)
        out += fmt::format("{}'m/{}'", out.empty() ? "" : " | ", mark);
    return out;
}

void add_words(std::string& out, std::string_view words, char place) {
    int position = 0;
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        if (place == 'm')
            fmt::format_to(std::back_inserter(out), "'m/{}' ", words.substr(0, end));
        else
            fmt::format_to(std::back_inserter(out), "'{}/{}':{} ", place, words.substr(0, end), ++position);
        words.remove_prefix(std::min(end + 1, words.size()));
    }
}

void add_pairs(std::string& out, std::string_view words, bool in_names) {
    std::string_view before;
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        const std::string_view word = words.substr(0, end);
        if (!before.empty()) out += pair_lexeme(before, word, in_names) + " ";
        before = word;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
}

/// The beginnings of these words, from `shortest` octets to the shortest that is asked as words.
void add_beginnings(std::string& out, std::string_view words, char place, std::size_t shortest) {
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        const std::string_view word = words.substr(0, end);
        for (std::size_t size = shortest; size <= std::min(kShortestBeginning, word.size()); ++size)
            if (size == word.size() || (static_cast<unsigned char>(word[size]) & 0xC0U) != 0x80U)
                fmt::format_to(std::back_inserter(out), "'{}/{}' ", place, word.substr(0, size));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
}

class PostgresqlIndex final : public Index {
  public:
    explicit PostgresqlIndex(data::Database& database) : Index(database) {}

  protected:
    Result<void> make_tables(Transaction& transaction) const override {
        TRY(
            transaction.run("CREATE TABLE search_documents (id BIGINT PRIMARY KEY, kind TEXT NOT NULL, "
                            "object TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL, language TEXT NOT NULL, "
                            "time_ns BIGINT NOT NULL, marks TEXT NOT NULL, name_words TEXT NOT NULL, "
                            "text_words TEXT NOT NULL, text TEXT NOT NULL)"));
        TRY(transaction.run("CREATE INDEX search_documents_object ON search_documents (kind, object)"));
        TRY(transaction.run(
            "CREATE TABLE search_words (id BIGINT PRIMARY KEY, marks TEXT NOT NULL, lexemes TSVECTOR NOT NULL) "
            "WITH (toast_tuple_target = 128)"));
        // What waits to be taken into the index is read through by every search.
        TRY(
            transaction.run("CREATE INDEX search_words_lexemes ON search_words USING GIN (lexemes) "
                            "WITH (gin_pending_list_limit = 256)"));
        return {};
    }

    Result<void> insert(Transaction& transaction, const std::vector<Row>& rows) const override {
        for (const Row& row : rows) {
            TRY(
                transaction.run("INSERT INTO search_documents (id, kind, object, name, detail, language, time_ns, "
                                "marks, name_words, text_words, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                row.id, row.object.kind, row.object.id, row.name, row.detail, row.language, row.time_ns,
                                row.marks, row.name_words, row.text_words, row.text));
            std::string lexemes;
            add_words(lexemes, row.text_words, 't');
            add_words(lexemes, row.name_words, 'n');
            add_beginnings(lexemes, row.text_words, 'T', kShortestBeginning);
            add_beginnings(lexemes, row.name_words, 'N', 1);
            add_pairs(lexemes, row.text_words, false);
            add_pairs(lexemes, row.name_words, true);
            add_words(lexemes, row.marks, 'm');
            lexemes += class_mark(class_of(row.object.kind)) + " " + bucket_mark(row.id) + " " + shelf_mark(row.id);
            TRY(transaction.run("INSERT INTO search_words (id, marks, lexemes) VALUES (?, ?, ?)", row.id, row.marks,
                                lexemes));
        }
        return {};
    }

    Result<void> erase(Transaction& transaction, const ObjectId& object) const override {
        TRY(
            transaction.run("DELETE FROM search_words WHERE id IN "
                            "(SELECT id FROM search_documents WHERE kind = ? AND object = ?)",
                            object.kind, object.id));
        TRY(transaction.run("DELETE FROM search_documents WHERE kind = ? AND object = ?", object.kind, object.id));
        return {};
    }

    Result<void> erase_all(Transaction& transaction) const override {
        TRY(transaction.run("DELETE FROM search_words"));
        TRY(transaction.run("DELETE FROM search_documents"));
        return {};
    }

    Result<std::vector<std::int64_t>> match(Transaction& transaction, const Search& search) const override {
        const bool phrases = has_phrase(search.terms.wanted) || has_phrase(search.terms.unwanted);
        std::string query, exact;
        for (const Term& term : search.terms.wanted) {
            const bool prefix = as_prefix(term, search.in_names);
            query += fmt::format("{}{}({})", query.empty() ? "" : " & ", tsquery_pairs(term, search.in_names, prefix),
                                 tsquery_term(term, search.in_names, prefix, "&"));
            exact += fmt::format("{}({})", exact.empty() ? "" : " & ", tsquery_term(term, search.in_names, prefix));
        }
        for (const Term& term : search.terms.unwanted) {
            if (unheard(term)) continue;
            const std::string none = fmt::format(" & !({})", tsquery_term(term, false, as_prefix(term, false)));
            if (term.words.size() == 1) query += none;
            exact += none;
        }
        if (!search.kind_marks.empty()) query += fmt::format(" & ({})", tsquery_any(search.kind_marks));
        const bool compare = !search.sees_all && search.reader_marks.size() > kMostMarks;
        if (!search.sees_all && !compare) query += fmt::format(" & ({})", tsquery_any(search.reader_marks));

        const Marks held(search.reader_marks.begin(), search.reader_marks.end());

        // The planner can't know how rare words are together; an index of words is always the right way in, and other
        // processes start later than it is read.
        TRY(
            transaction.run("SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true), "
                            "set_config('max_parallel_workers_per_gather', '0', true)"));
        const std::int64_t newest =
            TRY(transaction.run("SELECT COALESCE(MAX(id), -1) FROM search_words WHERE id BETWEEN ? AND ?",
                                first_id(search.of), last_id(search.of)))
        .integer(0, 0);
        if (newest < 0) return std::vector<std::int64_t>();
        // The two newest buckets, the two newest shelves, everything.
        for (const int shift : {kBucketShift, kShelfShift, 0}) {
            const std::int64_t some = std::int64_t{2} << shift;
            if (shift > 0 && newest - first_id(search.of) < some) continue;  // so many are all
            std::string where = class_mark(search.of);
            if (shift == kBucketShift) where = bucket_mark(newest) + " | " + bucket_mark(newest - some / 2);
            if (shift == kShelfShift) where = shelf_mark(newest) + " | " + shelf_mark(newest - some / 2);
            // "id + 0": in the order of ids, but not along their index.
            const std::string wanted = fmt::format("{} & ({})", query, where);
            std::vector<std::int64_t> out;
            std::int64_t before = newest + 1;
            for (std::size_t most = compare ? kMostCompared : kMostCandidates; out.size() < kMostCandidates;
                 most *= 4) {
                const data::Rows rows =
                    TRY(transaction.run("SELECT id, marks FROM search_words WHERE lexemes @@ CAST(? AS tsquery) "
                                        "AND id < ? ORDER BY id + 0 DESC LIMIT ?",
                                        wanted, before, static_cast<std::int64_t>(most)));
                std::vector<std::int64_t> page;
                for (std::size_t i = 0; i < rows.size(); ++i)
                    if (!compare || bears_one(rows.text(i, 1), held)) page.push_back(rows.integer(i, 0));
                if (phrases) page = TRY(holding(transaction, page, exact, kMostCandidates - out.size()));
                out.insert(out.end(), page.begin(), page.end());
                if (rows.size() < most) break;  // these were all
                before = rows.integer(rows.size() - 1, 0);
            }
            if (shift > 0 && out.size() < kMostCandidates) continue;
            if (out.size() > kMostCandidates) out.resize(kMostCandidates);
            return out;
        }
        return std::vector<std::int64_t>();
    }

  private:
    /// Of these, in their order, those that hold the words as they stand side by side: at most `most`.
    static Result<std::vector<std::int64_t>> holding(Transaction& transaction, std::span<const std::int64_t> ids,
                                                     const std::string& exact, std::size_t most) {
        std::vector<std::int64_t> out;
        while (!ids.empty() && out.size() < most) {
            const auto some = ids.subspan(0, std::min(kMostCandidates, ids.size()));
            ids = ids.subspan(some.size());
            // A column: as a condition it would lead through the index of words once more.
            const data::Rows rows =
                TRY(transaction.run(fmt::format("SELECT id, CASE WHEN lexemes @@ CAST(? AS tsquery) THEN 1 ELSE 0 END "
                                                "FROM search_words WHERE id IN ({}) ORDER BY id DESC",
                                                ids_in(transaction.dialect())),
                                    exact, fmt::format("{}", fmt::join(some, ","))));
            for (std::size_t i = 0; i < rows.size(); ++i)
                if (rows.integer(i, 1) != 0) out.push_back(rows.integer(i, 0));
        }
        return out;
    }
};

}  // namespace

std::unique_ptr<Index> postgresql_index(data::Database& database) {
    return std::make_unique<PostgresqlIndex>(database);
}

}  // namespace quipu::search
