#pragma once
// A solved case as the draft of an article, with what is private left out. Only what stands in SolvedCase can come
// through: private and members' notes, attachments, evidence, owner and organisations are no part of it.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "desk/knowledge/api.h"

namespace quipu::knowledge {

/// What of a case may become an article.
struct SolvedCase {
    struct Note {
        Time time{};
        bool by_team = false;
        std::string text;
    };
    std::int64_t number = 0;
    std::string title;
    std::string description;
    std::string language;
    std::vector<std::string> objects;  ///< KIND:ID
    std::vector<Note> notes;           ///< public ones, oldest first
    std::vector<std::string> present;  ///< names and accounts of those who took part
    std::vector<std::string> known;    ///< names of other people who may be named in it: the registry's
};

/// Reads a case that this caller may work on: `not_found` else, `conflict` when it is not solved or wholly private.
using FindSolvedCase = std::function<Result<SolvedCase>(const platform::Caller& caller, std::int64_t number)>;

[[nodiscard]] ArticleInput article_of(const SolvedCase& solved, const CaseArticleInput& wanted);

}  // namespace quipu::knowledge
