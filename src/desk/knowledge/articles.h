#pragma once
// The knowledge base: articles, their versions, and what may be done with them. Every change is one transaction with
// its version and its journal event (ArticleChanged, ArticlePublished). All calls block: from an event loop use
// platform::off_loop.
//
// Who reads: a published article its readers (everybody, or who may see-members); a draft who may publish. For others
// it is not there. The API asks may_read() and nothing else decides.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "data/database.h"
#include "data/journal.h"
#include "desk/knowledge/api.h"

namespace quipu::knowledge {

inline constexpr std::string_view kTag = "knowledge";
inline constexpr std::string_view kLanguages[] = {"es", "pt", "en"};

[[nodiscard]] bool may_read(const platform::Caller& caller, const Article& article);
[[nodiscard]] bool may_publish(const platform::Caller& caller);
/// The text in this language, else in the first of es, pt, en that it has.
[[nodiscard]] std::pair<std::string, const ArticleText*> text_in(const Article& article, std::string_view language);

/// Who changes it and why.
struct By {
    std::string who;
    std::string why = {};
};

class Articles {
  public:
    Articles(data::Database& database, data::Journal& journal, const Clock& clock)
        : database_(database), journal_(journal), clock_(clock) {}

    [[nodiscard]] Result<Article> find(std::string_view id) const;
    /// Those that are there, by id.
    [[nodiscard]] Result<std::vector<Article>> all() const;

    /// A draft. `invalid` with every fault of the input; `conflict` when the id is taken.
    [[nodiscard]] Result<Article> create(const ArticleInput& input, const By& by,
                                         std::optional<std::int64_t> from_case = {});
    /// `expected` is the version that is changed: `precondition_failed` when it is another. What changes nothing makes
    /// no version.
    [[nodiscard]] Result<Article> change(std::string_view id, std::int64_t expected, const ArticleInput& input,
                                         const By& by);
    [[nodiscard]] Result<Article> set_state(std::string_view id, std::int64_t expected, ArticleState state,
                                            const By& by);
    [[nodiscard]] Result<void> remove(std::string_view id, std::int64_t expected, const By& by);

    [[nodiscard]] Result<std::vector<ArticleVersion>> versions(std::string_view id) const;
    [[nodiscard]] Result<Article> version(std::string_view id, std::int64_t number) const;
    /// What was written in an older version, as a new one; its state stays as it is.
    [[nodiscard]] Result<Article> restore(std::string_view id, std::int64_t expected, std::int64_t number,
                                          const By& by);

    /// Publishes these if there has never been any article.
    [[nodiscard]] Result<std::size_t> start_with(const std::vector<ArticleInput>& inputs);

  private:
    Result<Article> put(data::Transaction& transaction, Article article, std::string_view action, const By& by);

    data::Database& database_;
    data::Journal& journal_;
    const Clock& clock_;
};

extern const std::vector<data::Migration> kKnowledgeMigrations;

}  // namespace quipu::knowledge
