#pragma once
// What differs between two texts, line by line, and between two versions of an article.

#include <string_view>
#include <vector>

#include "desk/knowledge/api.h"

namespace quipu::knowledge {

/// A shortest way from one text to the other (Myers 1986, "An O(ND) Difference Algorithm"). Where more than 2,000 lines
/// differ, the differing middle is told as wholly gone and wholly new.
[[nodiscard]] std::vector<DifferenceLine> difference_of(std::string_view before, std::string_view after);

/// Of each field that differs; empty when nothing does.
[[nodiscard]] ArticleDifference difference_of(const Article& before, const Article& after);

}  // namespace quipu::knowledge
