#pragma once
// What travels on the routes of the knowledge base. All under /api/v1; permissions in brackets, tag "knowledge".
// Drafts are seen by those who may publish only; for others they do not exist (404).
//
//   GET    articles                         ?language= category= state= object=               [see-public]
//   POST   articles                         ?why=: a draft                                    [publish]
//   POST   articles/preview                 {body, language} -> {html}                        [publish]
//   GET    articles/{id}                    ?language=: ArticlePage                           [see-public]
//   PUT    articles/{id}                    ?why= (If-Match)                                  [publish]
//   DELETE articles/{id}                    ?why= (If-Match); its versions stay               [publish]
//   POST   articles/{id}/state              {state, why} (If-Match): publish or withdraw      [publish]
//   GET    articles/{id}/versions           newest first                                      [see-public]
//   GET    articles/{id}/versions/{version} the article as it was                             [publish]
//   GET    articles/{id}/versions/{version}/difference   ?against=: what changed, by line     [publish]
//   POST   articles/{id}/versions/{version}/restore      ?why= (If-Match): a new version      [publish]
//   GET    articles/{id}/attachments        files, seen by whoever may read the article        [see-public]
//   POST   articles/{id}/attachments        ?name=: the body as it is                         [publish]
//   GET    articles/{id}/attachments/{file} as download                                       [see-public]
//   DELETE articles/{id}/attachments/{file}                                                   [publish]
//   POST   cases/{number}/article           {language, leave_out_addresses}: a draft          [publish]

#include <functional>

#include "desk/knowledge/model.h"
#include "platform/api.h"

namespace quipu::knowledge {

/// One row of the list, in the language that was asked for, else the first of es, pt, en that it has.
struct ArticleSummary {
    std::string id;
    std::string category;
    std::string language;
    std::string title, summary;
    std::vector<std::string> languages;
    ArticleState state = ArticleState::draft;
    Readers readers = Readers::public_;
    std::vector<std::string> links;
    Time changed{};
    std::optional<Time> published;
    std::int64_t version = 0;
    static constexpr auto describe() {
        using T = ArticleSummary;
        return fields(field<&T::id>("id", "Short stable name").required(),
                      field<&T::category>("category", "Where it stands").required(),
                      field<&T::language>("language", "Of title and summary").required(),
                      field<&T::title>("title", "In one line").required(),
                      field<&T::summary>("summary", "What it is about").required(),
                      field<&T::languages>("languages", "That it has").required(),
                      field<&T::state>("state", "draft or published").required(),
                      field<&T::readers>("readers", "public or members").required(),
                      field<&T::links>("links", "Objects that it is about, KIND:ID").required(),
                      field<&T::changed>("changed", "When it was changed last").required(),
                      field<&T::published>("published", "When it was published first"),
                      field<&T::version>("version", "The ETag").required());
    }
};

/// A heading of the rendered article, for a table of contents: its id stands in the HTML.
struct Heading {
    std::int64_t level = 2;
    std::string id, text;
    static constexpr auto describe() {
        return fields(field<&Heading::level>("level", "2 to 6").required(),
                      field<&Heading::id>("id", "Anchor in the HTML").required(),
                      field<&Heading::text>("text", "As it is read").required());
    }
};

/// One article to be read: all texts, and one of them as safe HTML.
struct ArticlePage : Article {
    std::string language;  ///< of the HTML
    std::string html;
    std::vector<Heading> headings;
    static constexpr auto describe() {
        using T = ArticlePage;
        return std::tuple_cat(
            Article::describe(),
            fields(field<&T::language>("language", "Of the HTML").read_only(),
                   field<&T::html>("html", "The body as safe HTML: no script, no raw HTML, http, https and mailto only")
                       .read_only(),
                   field<&T::headings>("headings", "Of the HTML").read_only()));
    }
};

struct StateInput {
    ArticleState state = ArticleState::published;
    std::string why;
    static constexpr auto describe() {
        return fields(field<&StateInput::state>("state", "published, or draft to withdraw it").required(),
                      field<&StateInput::why>("why", "The reason, kept with the version").at_most_long(1000));
    }
};
struct PreviewInput {
    std::string body;
    static constexpr auto describe() {
        return fields(field<&PreviewInput::body>("body", "Markdown").required().at_most_long(kLongestBody));
    }
};
struct Preview {
    std::string html;
    std::vector<Heading> headings;
    static constexpr auto describe() {
        return fields(field<&Preview::html>("html", "Safe HTML").required(),
                      field<&Preview::headings>("headings", "Of the HTML").required());
    }
};

/// A line of one text that is in one version and not in the other, or in both.
struct DifferenceLine {
    std::string sign;  ///< "+", "-" or " "
    std::string text;
    static constexpr auto describe() {
        return fields(field<&DifferenceLine::sign>("sign", "+ new, - gone, a blank: in both").required(),
                      field<&DifferenceLine::text>("text", "The line").required());
    }
};
struct TextDifference {
    std::string language, field_name;
    std::vector<DifferenceLine> lines;
    static constexpr auto describe() {
        using T = TextDifference;
        return fields(field<&T::language>("language", "es, pt, en; empty for what has none").required(),
                      field<&T::field_name>("field", "title, summary, body, category, readers or links").required(),
                      field<&T::lines>("lines", "Both versions put together").required());
    }
};
struct ArticleDifference {
    std::int64_t before = 0, after = 0;
    std::vector<TextDifference> texts;
    static constexpr auto describe() {
        using T = ArticleDifference;
        return fields(field<&T::before>("before", "Version").required(),
                      field<&T::after>("after", "Version").required(),
                      field<&T::texts>("texts", "What differs; empty when nothing does").required());
    }
};

struct CaseArticleInput {
    std::string language = "es";
    bool leave_out_addresses = true;
    std::string category = "performance";
    static constexpr auto describe() {
        using T = CaseArticleInput;
        return fields(field<&T::language>("language", "Of the draft's headings: es, pt, en").at_most_long(2),
                      field<&T::leave_out_addresses>("leave_out_addresses", "IP addresses and prefixes too"),
                      field<&T::category>("category", "Where it is to stand").pattern(kSlug));
    }
};

class Articles;
class ArticleAttachments;
struct SolvedCase;
using FindSolvedCase = std::function<Result<SolvedCase>(const platform::Caller& caller, std::int64_t number)>;

/// `find_case` may be empty: then no case becomes an article (`unsupported`).
void add_routes(platform::Api& api, Articles& articles, ArticleAttachments& attachments, FindSolvedCase find_case);

}  // namespace quipu::knowledge
