// The index in SQLite's FTS5: a table of words beside the documents ("external content").

#include <fmt/format.h>

#include "desk/search/dialects.h"

namespace quipu::search {
namespace {

using data::Transaction;

/// Words that a beginning may stand for until it is looked for as such.
constexpr std::size_t kMostAlternatives = 16;

/// "w1 w2", as a beginning "w1 w2" *, or ("w1 w2" OR "w1 w2b"). The words are letters and digits alone.
std::string fts_term(const Term& term, bool prefix) {
    std::string first;
    for (std::size_t i = 0; i + 1 < term.words.size(); ++i)
        first += term.words[i] + " ";
    if (!prefix || !term.completions || term.completions->size() > kMostAlternatives)
        return fmt::format("\"{}{}\"{}", first, term.words.back(), prefix ? " *" : "");
    std::string out;
    for (const std::string& word : *term.completions)
        out += fmt::format("{}\"{}{}\"", out.empty() ? "(" : " OR ", first, word);
    return out + ")";
}

std::string fts_any(const std::vector<std::string>& marks) {
    std::string out;
    for (const std::string& mark : marks)
        out += fmt::format("{}\"{}\"", out.empty() ? "" : " OR ", mark);
    return out;
}

class SqliteIndex final : public Index {
  public:
    explicit SqliteIndex(data::Database& database) : Index(database) {}

  protected:
    Result<void> make_tables(Transaction& transaction) const override {
        TRY(
            transaction.run("CREATE TABLE search_documents (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, "
                            "object TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL, language TEXT NOT NULL, "
                            "time_ns BIGINT NOT NULL, marks TEXT NOT NULL, name_words TEXT NOT NULL, "
                            "text_words TEXT NOT NULL, text TEXT NOT NULL)"));
        TRY(transaction.run("CREATE INDEX search_documents_object ON search_documents (kind, object)"));
        // The words are folded and taken apart already: "ascii" leaves every other character within its word.
        TRY(
            transaction.run("CREATE VIRTUAL TABLE search_words USING fts5(name_words, text_words, marks, "
                            "content='search_documents', content_rowid='id', tokenize='ascii', prefix='1 2 3')"));
        return {};
    }

    Result<void> insert(Transaction& transaction, const std::vector<Row>& rows) const override {
        for (const Row& row : rows) {
            TRY(
                transaction.run("INSERT INTO search_documents (id, kind, object, name, detail, language, time_ns, "
                                "marks, name_words, text_words, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                row.id, row.object.kind, row.object.id, row.name, row.detail, row.language, row.time_ns,
                                row.marks, row.name_words, row.text_words, row.text));
            TRY(transaction.run("INSERT INTO search_words (rowid, name_words, text_words, marks) VALUES (?, ?, ?, ?)",
                                row.id, row.name_words, row.text_words, row.marks));
        }
        return {};
    }

    Result<void> erase(Transaction& transaction, const ObjectId& object) const override {
        // FTS5 §4.4.3: an external content table's index is told the old words.
        TRY(
            transaction.run("INSERT INTO search_words (search_words, rowid, name_words, text_words, marks) "
                            "SELECT 'delete', id, name_words, text_words, marks FROM search_documents "
                            "WHERE kind = ? AND object = ?",
                            object.kind, object.id));
        TRY(transaction.run("DELETE FROM search_documents WHERE kind = ? AND object = ?", object.kind, object.id));
        return {};
    }

    Result<void> erase_all(Transaction& transaction) const override {
        TRY(transaction.run("INSERT INTO search_words (search_words) VALUES ('delete-all')"));
        TRY(transaction.run("DELETE FROM search_documents"));
        return {};
    }

    Result<std::vector<std::int64_t>> match(Transaction& transaction, const Search& search) const override {
        const std::string_view column = search.in_names ? "name_words" : "text_words";
        std::string wanted;
        for (const Term& term : search.terms.wanted)
            wanted += fmt::format("{}{} : {}", wanted.empty() ? "" : " AND ", column,
                                  fts_term(term, as_prefix(term, search.in_names)));
        std::string query = "(" + wanted + ")";
        if (!search.kind_marks.empty()) query += fmt::format(" AND (marks : ({}))", fts_any(search.kind_marks));
        const bool compare = !search.sees_all && search.reader_marks.size() > kMostMarks;
        if (!search.sees_all && !compare) query += fmt::format(" AND (marks : ({}))", fts_any(search.reader_marks));
        std::string unwanted;
        for (const Term& term : search.terms.unwanted)
            if (!unheard(term))
                unwanted +=
                    (unwanted.empty() ? "text_words : " : " OR text_words : ") + fts_term(term, as_prefix(term, false));
        if (!unwanted.empty()) query = fmt::format("({}) NOT ({})", query, unwanted);
        const auto newest = [&](std::int64_t until, std::size_t most) -> Result<std::vector<std::int64_t>> {
            const data::Rows rows = TRY(
                transaction.run("SELECT rowid FROM search_words WHERE search_words MATCH ? AND rowid BETWEEN ? AND ? "
                                "ORDER BY rowid DESC LIMIT ?",
                                query, first_id(search.of), until, static_cast<std::int64_t>(most)));
            std::vector<std::int64_t> ids;
            for (std::size_t i = 0; i < rows.size(); ++i)
                ids.push_back(rows.integer(i, 0));
            return ids;
        };
        if (!compare) return newest(last_id(search.of), kMostCandidates);
        std::vector<std::int64_t> out;
        std::int64_t until = last_id(search.of);
        for (std::size_t most = 2 * kMostCandidates; out.size() < kMostCandidates; most *= 4) {
            const auto ids = TRY(newest(until, most));
            const auto seen = TRY(permitted(transaction, ids, search.reader_marks));
            out.insert(out.end(), seen.begin(), seen.end());
            if (ids.size() < most) break;  // these were all
            until = ids.back() - 1;
        }
        if (out.size() > kMostCandidates) out.resize(kMostCandidates);
        return out;
    }
};

}  // namespace

std::unique_ptr<Index> sqlite_index(data::Database& database) {
    return std::make_unique<SqliteIndex>(database);
}

}  // namespace quipu::search
