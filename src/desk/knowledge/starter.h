#pragma once
// The articles that come with Quipu, from src/desk/knowledge/starter/ID.LANGUAGE.md: the first line is the title
// ("# …"), the first paragraph the summary.

#include <vector>

#include "desk/knowledge/api.h"

namespace quipu::knowledge {

[[nodiscard]] std::vector<ArticleInput> starter_articles();

}  // namespace quipu::knowledge
