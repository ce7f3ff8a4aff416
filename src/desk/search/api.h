#pragma once
// What travels on the search's routes.
//
//   GET /api/v1/search           ?q= kinds= limit= cursor=   best first, as one types              [see-public]
//   POST /api/v1/search/rebuild  makes the whole index again                                       [administer]
//
// `kinds` are collections, comma separated: the registry's (organisations, people, sites, equipment, links, as_numbers,
// prefixes, domains, realms, telephone_prefixes), articles, cases, teams, meetings, journal; all but the journal when
// left out. What the caller may not see is not found, nor counted. At most 1,000 results are ranked.

#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"

namespace quipu::search {

/// A piece of text; `hit` pieces are what was looked for. Pieces in order make the whole text: nothing to escape twice.
struct Piece {
    std::string text;
    bool hit = false;
    static constexpr auto describe() {
        return fields(field<&Piece::text>("text", "The text").required(),
                      field<&Piece::hit>("hit", "Whether it was looked for").required());
    }
};

struct Found {
    std::string kind;                     ///< collection
    std::string id;                       ///< object: a slug or a number
    std::string name;                     ///< what it is called
    std::string detail;                   ///< what tells it from others of that name: country, state, date
    std::vector<Piece> name_pieces;       ///< the name with its hits
    std::vector<Piece> excerpt;           ///< the passage that matches best; empty when the name says it all
    std::optional<std::string> language;  ///< of an article's passage
    std::optional<Time> time;             ///< of a case, an article, an event
    std::int64_t document = 0;            ///< the index's own number; not shown
    static constexpr auto describe() {
        using T = Found;
        return fields(field<&T::kind>("kind", "Collection").required(), field<&T::id>("id", "Object").required(),
                      field<&T::name>("name", "What it is called").required(),
                      field<&T::detail>("detail", "What tells it from others").required(),
                      field<&T::name_pieces>("name_pieces", "The name with its hits").required(),
                      field<&T::excerpt>("excerpt", "The passage that matches best").required(),
                      field<&T::language>("language", "Of an article's passage"),
                      field<&T::time>("time", "Of a case, an article, an event"));
    }
};

}  // namespace quipu::search
