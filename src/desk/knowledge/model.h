#pragma once
// An article of the knowledge base: what was learnt, in up to three languages. What the API shows and the store keeps.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"

namespace quipu::knowledge {

/// Octets of Markdown in one language; also what rendering is bounded by.
inline constexpr std::size_t kLongestBody = 65'536;

enum class ArticleState : std::uint8_t { draft, published };
constexpr auto describe_enum(ArticleState) {
    return names<ArticleState>({{ArticleState::draft, "draft"}, {ArticleState::published, "published"}});
}
/// Who may read it once it is published. Drafts are for those who may publish.
enum class Readers : std::uint8_t { public_, members };
constexpr auto describe_enum(Readers) {
    return names<Readers>({{Readers::public_, "public"}, {Readers::members, "members"}});
}

struct ArticleText {
    std::string title;
    std::string summary;
    std::string body;  ///< Markdown
    static constexpr auto describe() {
        using T = ArticleText;
        return fields(field<&T::title>("title", "In one line").required().at_most_long(200),
                      field<&T::summary>("summary", "What it is about, in a sentence or two").at_most_long(1000),
                      field<&T::body>("body", "The article, in Markdown").required().at_most_long(kLongestBody));
    }
    bool operator==(const ArticleText&) const = default;
};

/// What a person writes. `texts` has es, pt and en, at least one of them.
struct ArticleInput {
    std::string id;  ///< made from the title if left out
    std::string category;
    Readers readers = Readers::public_;
    std::map<std::string, ArticleText> texts;
    std::vector<std::string> links;  ///< objects: "link:santiago-panama", "case:41", "article:mtu"
    static constexpr auto describe() {
        using T = ArticleInput;
        return fields(
            field<&T::id>("id", "Short stable name; made from the title if left out").pattern(kSlug),
            field<&T::category>("category", "Where it stands: performance, network, help…").required().pattern(kSlug),
            field<&T::readers>("readers", "Who may read it: public or members"),
            field<&T::texts>("texts", "By language: es, pt, en").required(),
            field<&T::links>("links", "Objects that it is about, KIND:ID").at_most_long(100));
    }
};

struct Article : ArticleInput {
    ArticleState state = ArticleState::draft;
    std::optional<std::int64_t> from_case;  ///< the solved case that it was made of
    Time created{}, changed{};
    std::optional<Time> published;
    std::string changed_by;
    std::int64_t version = 0;
    static constexpr auto describe() {
        using T = Article;
        return std::tuple_cat(
            ArticleInput::describe(),
            fields(field<&T::state>("state", "draft or published").read_only(),
                   field<&T::from_case>("from_case", "The solved case that it was made of").read_only(),
                   field<&T::created>("created", "When it was made").read_only(),
                   field<&T::changed>("changed", "When it was changed last").read_only(),
                   field<&T::published>("published", "When it was published first").read_only(),
                   field<&T::changed_by>("changed_by", "Who changed it last").read_only(),
                   field<&T::version>("version", "Rises by one with each change; the ETag").read_only()));
    }
};

struct ArticleVersion {
    std::int64_t version = 0;
    Time time{};
    std::string who;
    std::string action;  ///< created, changed, published, withdrawn, restored, removed
    std::string why;
    static constexpr auto describe() {
        using T = ArticleVersion;
        return fields(
            field<&T::version>("version", "Its number").required(), field<&T::time>("time", "When").required(),
            field<&T::who>("who", "Who did it").required(),
            field<&T::action>("action", "created, changed, published, withdrawn, restored or removed").required(),
            field<&T::why>("why", "The reason given"));
    }
};

}  // namespace quipu::knowledge
