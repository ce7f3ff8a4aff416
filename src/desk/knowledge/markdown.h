#pragma once
// Markdown as safe HTML (CommonMark 0.29 with tables). Safe by construction, whoever wrote it: raw HTML becomes text, a
// link keeps its address only if that is http, https, mailto or a place on this site, an image only if it is on this
// site (another's becomes a link, so that no page asks a third party for anything). Headings are lowered by one, for
// the article's title is the page's first, and have an id.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "desk/knowledge/api.h"

namespace quipu::knowledge {

struct Rendered {
    std::string html;
    std::vector<Heading> headings;
    std::string text;  ///< what is read, without marks: for search and summaries
};

/// `too_large` above kLongestBody octets. Malformed UTF-8 is replaced by U+FFFD.
[[nodiscard]] Result<Rendered> render_markdown(std::string_view markdown);

/// Whether a link may lead there: http:, https:, mailto:, "/path", "#place", "page?x=1"; no other scheme, no "//host".
[[nodiscard]] bool is_safe_address(std::string_view address);
/// Whether it is a place on this site: "/path", not "//host" nor a way out of it that browsers know ("/\host").
[[nodiscard]] bool is_own_place(std::string_view address);

}  // namespace quipu::knowledge
