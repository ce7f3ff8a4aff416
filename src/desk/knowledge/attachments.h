#pragma once
// Files that come with an article, kept as a case's are (desk/files.h). They are seen by whoever may read the article,
// belong to no version of it, and go when it goes.

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/units.h"
#include "data/database.h"
#include "data/journal.h"
#include "desk/files.h"
#include "desk/knowledge/model.h"
#include "desk/model.h"

namespace quipu::knowledge {

struct ArticleAttachment : desk::AttachedFile {};

class ArticleAttachments {
  public:
    ArticleAttachments(data::Database& database, data::Journal& journal, const Clock& clock, desk::Files files)
        : database_(database), journal_(journal), clock_(clock), files_(std::move(files)) {}

    /// Not while calls run.
    void set_largest(ByteCount largest) { largest_ = largest; }

    [[nodiscard]] Result<std::vector<ArticleAttachment>> of(std::string_view article) const;
    struct File {
        ArticleAttachment attachment;
        std::string octets;
    };
    [[nodiscard]] Result<File> read(std::string_view article, std::int64_t id) const;
    /// `too_large` beyond the largest that is taken; `conflict` when the article has as many as it may.
    [[nodiscard]] Result<ArticleAttachment> attach(std::string_view article, std::string_view name,
                                                   std::string_view octets, const std::string& who);
    [[nodiscard]] Result<void> remove(std::string_view article, std::int64_t id, const std::string& who);
    /// Removes files that no article has; how many.
    [[nodiscard]] Result<std::size_t> sweep() const;

  private:
    [[nodiscard]] Result<void> tell(data::Transaction& transaction, const Article& article, std::string_view action,
                                    const std::string& who) const;

    data::Database& database_;
    data::Journal& journal_;
    const Clock& clock_;
    desk::Files files_;
    ByteCount largest_{10 * 1024 * 1024};
};

}  // namespace quipu::knowledge
