#pragma once
// The knowledge base's tables: each article as it is now, and every version that it ever had.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/database.h"
#include "desk/knowledge/attachments.h"
#include "desk/knowledge/model.h"

namespace quipu::knowledge::store {

/// The newest version; `removed` ones too, so that their numbers go on.
struct Current {
    Article article;
    bool removed = false;
};
[[nodiscard]] Result<std::optional<Current>> current(data::Transaction& transaction, std::string_view id);
[[nodiscard]] Result<std::vector<Article>> all(data::Transaction& transaction);
[[nodiscard]] Result<bool> is_empty(data::Transaction& transaction);
/// Writes the article and its version; `what` is the version's line in the history.
[[nodiscard]] Result<void> put(data::Transaction& transaction, const Article& article, bool removed,
                               const ArticleVersion& what);
/// Newest first.
[[nodiscard]] Result<std::vector<ArticleVersion>> versions(data::Transaction& transaction, std::string_view id);
[[nodiscard]] Result<std::optional<Article>> version(data::Transaction& transaction, std::string_view id,
                                                     std::int64_t number);

// ---- attachments

/// By their numbers.
[[nodiscard]] Result<std::vector<ArticleAttachment>> attachments(data::Transaction& transaction,
                                                                 std::string_view article);
/// Answers its number.
[[nodiscard]] Result<std::int64_t> add_attachment(data::Transaction& transaction, std::string_view article,
                                                  const ArticleAttachment& attachment);
/// Whether it was there.
[[nodiscard]] Result<bool> remove_attachment(data::Transaction& transaction, std::string_view article, std::int64_t id);
[[nodiscard]] Result<void> remove_attachments(data::Transaction& transaction, std::string_view article);
/// Whether any article has this content.
[[nodiscard]] Result<bool> is_attached(data::Transaction& transaction, std::string_view sha256);

}  // namespace quipu::knowledge::store
