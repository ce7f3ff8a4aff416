#pragma once
// The search's index, in the house's database: SQLite's FTS5 or PostgreSQL's tsvector, with the same words, the same
// order and the same answers on both. It is derived: its tables are made at the start, and made again from its sources
// when their version changes.
//
// Words are taken apart and folded here (query.h), not by the databases, which would each do it in another way. Who may
// see a document is a word of it too, so that the database intersects "what was looked for" with "what the caller may
// see" before it counts or orders anything.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "data/database.h"
#include "desk/search/api.h"
#include "desk/search/query.h"
#include "platform/api.h"

namespace quipu::search {

/// One way to be allowed to see a document: a permission at an organisation for a service, or to be this very caller.
struct Rule {
    platform::Permission permission = platform::Permission::see_public;
    std::string organisation = {};  ///< empty: at any; "*": everywhere
    std::string service = {};
    std::string caller = {};  ///< "person:ana": this caller, whatever else
    [[nodiscard]] static Rule only(std::string id) { return {.caller = std::move(id)}; }
    [[nodiscard]] bool permits(const platform::Caller& who) const;
    auto operator<=>(const Rule&) const = default;
};

/// What is found as one. An object may have several: one for each language, and one for each circle of readers that
/// sees more of it than the wider ones; found together they are one hit.
struct Document {
    std::string name;
    std::string detail;
    std::string text;      ///< everything else that is looked through
    std::string keywords;  ///< looked through, never shown
    std::string language = {};
    std::optional<Time> time = {};
    std::vector<Rule> readers;  ///< any of these; nobody when empty
};
struct ObjectId {
    std::string kind, id;
    auto operator<=>(const ObjectId&) const = default;
};
struct Indexed {
    ObjectId object;
    std::vector<Document> documents;  ///< empty: it is gone
};

/// Octets of a document's text that are kept, and words of it that are looked through.
inline constexpr std::size_t kLongestText = 65'536;
inline constexpr std::size_t kMostWords = 10'000;
/// Matches of each class that are ranked: the newest.
inline constexpr std::size_t kMostCandidates = 400;
/// Words shorter than this are a beginning in names only; in texts they must be the whole word. Beginnings up to it are
/// kept as words of their own.
inline constexpr std::size_t kShortestBeginning = 3;
/// A longer beginning that so many words have at most is looked for as these words: a word is read in the order of the
/// documents, from where one likes, while for a beginning all that its words have must be gathered first.
inline constexpr std::size_t kMostCompletions = 100;

/// Kinds that grow without end have an interval of ids of their own, so that they can't crowd out the others.
enum class Class : std::uint8_t { journal, cases, things };
[[nodiscard]] constexpr Class class_of(std::string_view kind) {
    return kind == "journal" ? Class::journal : kind == "cases" ? Class::cases : Class::things;
}
inline constexpr int kClassShift = 40;

/// In the order in which they are shown when everything else is equal.
inline constexpr std::string_view kAllKinds[] = {
    "organisations",      "sites",    "links", "people", "equipment", "as_numbers", "prefixes", "domains", "realms",
    "telephone_prefixes", "articles", "teams", "cases",  "meetings",  "journal"};

struct Request {
    std::string typed;
    std::vector<std::string> kinds;  ///< all but the journal when empty
    std::string language;            ///< preferred where a hit has several
    std::vector<ObjectId> named;     ///< objects that the words name outright: an address's prefixes
};

class Index {
  public:
    /// Makes its tables if they are not there or are of another version: then its position is -1.
    static Result<std::unique_ptr<Index>> open(data::Database& database);
    virtual ~Index() = default;

    /// The last journal event that is in it; -1: it was never filled.
    [[nodiscard]] Result<std::int64_t> position() const;
    /// Takes in these objects as they are now, in place of what it had of them, and moves the position; all or nothing.
    [[nodiscard]] Result<void> put(std::span<const Indexed> objects, std::optional<std::int64_t> position);
    [[nodiscard]] Result<void> clear();
    [[nodiscard]] Result<std::vector<ObjectId>> objects_of(std::string_view kind) const;

    /// Best first, what the caller may see alone: at most kMostCandidates of each class. Without pieces and excerpts.
    [[nodiscard]] Result<std::vector<Found>> find(const Request& request, const platform::Caller& caller) const;
    /// Adds them to the part of the list that is shown.
    [[nodiscard]] Result<void> show(std::span<Found> page, std::string_view typed) const;

  protected:
    explicit Index(data::Database& database) : database_(database) {}

    /// A document as it is kept.
    struct Row {
        std::int64_t id = 0;
        ObjectId object;
        std::string name, detail, text, language;
        std::int64_t time_ns = 0;                   ///< 0: none
        std::string name_words, text_words, marks;  ///< joined by blanks
    };
    /// What is looked for in one class.
    struct Search {
        const Terms& terms;
        Class of = Class::things;
        bool in_names = false;
        std::vector<std::string> kind_marks;    ///< any of these; all kinds of the class when empty
        std::vector<std::string> reader_marks;  ///< any of these; no matter which when `sees_all`
        bool sees_all = false;
    };
    [[nodiscard]] static std::int64_t first_id(Class of) { return static_cast<std::int64_t>(of) << kClassShift; }
    [[nodiscard]] static std::int64_t last_id(Class of) { return first_id(of) + (std::int64_t{1} << kClassShift) - 1; }
    /// Whether the term's last word is a beginning where it is looked for.
    [[nodiscard]] static bool as_prefix(const Term& term, bool in_names) {
        return term.prefix && (in_names || term.words.back().size() >= kShortestBeginning);
    }
    [[nodiscard]] virtual Result<void> make_tables(data::Transaction& transaction) const = 0;
    [[nodiscard]] virtual Result<void> insert(data::Transaction& transaction, const std::vector<Row>& rows) const = 0;
    [[nodiscard]] virtual Result<void> erase(data::Transaction& transaction, const ObjectId& object) const = 0;
    [[nodiscard]] virtual Result<void> erase_all(data::Transaction& transaction) const = 0;
    /// The newest ids first, at most kMostCandidates.
    [[nodiscard]] virtual Result<std::vector<std::int64_t>> match(data::Transaction& transaction,
                                                                  const Search& search) const = 0;
    /// Marks that the database intersects by itself: each costs time for every match. A caller with more sees much, and
    /// is compared with the matches instead, the newest first, until there are enough.
    static constexpr std::size_t kMostMarks = 16;
    /// Of these, in their order, those that bear one of the marks: at most kMostCandidates.
    [[nodiscard]] Result<std::vector<std::int64_t>> permitted(data::Transaction& transaction,
                                                              std::span<const std::int64_t> ids,
                                                              const std::vector<std::string>& reader_marks) const;
    using Marks = std::set<std::string, std::less<>>;
    [[nodiscard]] static bool bears_one(std::string_view marks, const Marks& held);
    /// Whether the index knows that no word begins as this term's last one does.
    [[nodiscard]] static bool unheard(const Term& term) { return term.completions && term.completions->empty(); }

    data::Database& database_;

  private:
    struct Candidate;
    using Words = std::unordered_set<std::string>;
    Result<void> put(data::Transaction& transaction, const Indexed& indexed, Words& words);
    Result<void> complete(data::Transaction& transaction, std::vector<Term>& terms) const;
    Result<std::string> marks_of(data::Transaction& transaction, const ObjectId& object,
                                 const std::vector<Rule>& readers);
    Result<std::vector<std::string>> marks_for(data::Transaction& transaction, const platform::Caller& caller) const;
    Result<std::vector<Candidate>> candidates(data::Transaction& transaction, const Request& request,
                                              const Terms& terms, const platform::Caller& caller) const;
    Result<void> read_rows(data::Transaction& transaction, std::vector<Candidate>& candidates) const;
};

}  // namespace quipu::search
