#include "desk/search/rank.h"

#include <algorithm>
#include <bit>
#include <map>
#include <span>
#include <tuple>

#include "base/words.h"
#include "desk/search/index.h"

namespace quipu::search {
namespace {

constexpr std::size_t kExcerpt = 200;  // octets

std::vector<std::string_view> split(std::string_view joined) {
    std::vector<std::string_view> out;
    while (!joined.empty()) {
        const auto end = std::min(joined.find(' '), joined.size());
        out.push_back(joined.substr(0, end));
        joined.remove_prefix(std::min(end + 1, joined.size()));
    }
    return out;
}

/// Whether the term begins at this word.
template <class Words>
bool stands_at(const Words& words, std::size_t at, const Term& term, bool prefix) {
    if (at + term.words.size() > words.size()) return false;
    for (std::size_t i = 0; i < term.words.size(); ++i) {
        const std::string_view word = words[at + i];
        const bool last = i + 1 == term.words.size();
        if (last && prefix ? !word.starts_with(term.words[i]) : word != term.words[i]) return false;
    }
    return true;
}

/// How often the rarest term occurs, against the text's length: 0 to 100.
int density(std::string_view text_words, const Terms& terms) {
    const auto words = split(text_words);
    if (words.empty()) return 0;
    std::size_t fewest = words.size();
    for (const Term& term : terms.wanted) {
        std::size_t count = 0;
        for (std::size_t at = 0; at < words.size(); ++at)
            count += stands_at(words, at, term, term.prefix) ? 1 : 0;
        fewest = std::min(fewest, count);
    }
    // BM25's saturation with k1 = 1.2, b = 0.75 and a usual length of 100 words (Robertson and Zaragoza 2009).
    const double length = 0.25 + 0.75 * static_cast<double>(words.size()) / 100;
    const auto count = static_cast<double>(fewest);
    return static_cast<int>(100 * count / (count + 1.2 * length));
}

/// Lower is better.
int tier_of(const Ranked& row, const Terms& terms) {
    if (row.named) return 0;
    if (!row.in_name) return 4;
    std::string typed;
    for (const Term& term : terms.wanted)
        for (const std::string& word : term.words)
            typed.append(typed.empty() ? "" : " ").append(word);
    // The id's words stand behind the name's.
    const auto id_words = index_words(row.id, kMostWords);
    std::string id;
    for (const std::string& word : id_words)
        id.append(id.empty() ? "" : " ").append(word);
    std::string_view name = row.name_words;
    if (name.size() >= id.size())
        name.remove_suffix(std::min(id.size() + (name.size() > id.size() ? 1 : 0), name.size()));
    if (name == typed || id == typed) return 1;
    if (name.starts_with(typed) || id.starts_with(typed)) return 2;
    return 3;
}

int order_of(std::string_view kind) {
    return static_cast<int>(std::ranges::find(kAllKinds, kind) - std::begin(kAllKinds));
}

struct Hit {
    std::size_t begin = 0, end = 0;  // octets
    std::size_t term = 0;
};

std::vector<Hit> hits_in(std::span<const Word> words, const Terms& terms) {
    std::vector<std::string_view> folded;
    folded.reserve(words.size());
    for (const Word& word : words)
        folded.push_back(word.folded);
    std::vector<Hit> out;
    for (std::size_t at = 0; at < words.size();) {
        std::size_t longest = 0;
        std::size_t which = 0;
        for (std::size_t i = 0; i < terms.wanted.size(); ++i)
            if (terms.wanted[i].words.size() > longest &&
                stands_at(folded, at, terms.wanted[i], terms.wanted[i].prefix)) {
                longest = terms.wanted[i].words.size();
                which = i;
            }
        if (longest > 0) out.push_back({words[at].begin, words[at + longest - 1].end, which});
        at += std::max<std::size_t>(longest, 1);
    }
    return out;
}

std::vector<Piece> cut_at(std::string_view text, std::size_t begin, std::size_t end, std::span<const Hit> hits) {
    std::vector<Piece> out;
    const auto add = [&](std::size_t from, std::size_t to, bool hit) {
        if (from < to) out.push_back({std::string(text.substr(from, to - from)), hit});
    };
    std::size_t at = begin;
    for (const Hit& hit : hits) {
        if (hit.begin < at || hit.end > end) continue;
        add(at, hit.begin, false);
        add(hit.begin, hit.end, true);
        at = hit.end;
    }
    add(at, end, false);
    return out;
}

}  // namespace

std::vector<Ranked> in_order(std::vector<Ranked> found, const Terms& terms, std::string_view language) {
    using Key = std::tuple<int, int, int, std::size_t, std::int64_t, bool>;
    struct Placed {
        Key key;
        std::size_t index;
    };
    std::vector<Placed> placed;
    placed.reserve(found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Ranked& row = found[i];
        const int tier = tier_of(row, terms);
        placed.push_back({{tier, tier == 4 ? -density(row.text_words, terms) : 0, order_of(row.kind), row.name.size(),
                           -row.document, row.language != language},
                          i});
    }
    // Of an object's documents the one in the reader's language, unless another one is better by its tier.
    std::map<std::pair<std::string_view, std::string_view>, Placed> best;
    for (const Placed& each : placed) {
        const auto choice = [](const Placed& p) { return std::tuple(std::get<0>(p.key), std::get<5>(p.key), p.key); };
        const auto [at, first] = best.try_emplace({found[each.index].kind, found[each.index].id}, each);
        if (!first && choice(each) < choice(at->second)) at->second = each;
    }
    placed.clear();
    for (const auto& [unused, each] : best)
        placed.push_back(each);
    std::ranges::sort(placed, {}, &Placed::key);
    std::vector<Ranked> out;
    out.reserve(placed.size());
    for (const Placed& each : placed)
        out.push_back(std::move(found[each.index]));
    return out;
}

std::vector<Piece> pieces_of(std::string_view text, const Terms& terms) {
    return cut_at(text, 0, text.size(), hits_in(words_in(text), terms));
}

std::vector<Piece> excerpt_of(std::string_view text, const Terms& terms) {
    const auto words = words_in(text);
    const auto hits = hits_in(words, terms);
    if (hits.empty()) return {};
    // The window that begins at a hit and holds the most different terms; the first of equals.
    std::size_t best = 0;
    std::size_t most = 0;
    for (std::size_t i = 0; i < hits.size(); ++i) {
        std::uint32_t seen = 0;
        for (std::size_t j = i; j < hits.size() && hits[j].end <= hits[i].begin + kExcerpt; ++j)
            seen |= 1U << (hits[j].term % 32);
        if (const auto count = static_cast<std::size_t>(std::popcount(seen)); count > most) {
            most = count;
            best = i;
        }
    }
    constexpr std::size_t kBefore = 60;
    const std::size_t wanted_begin = hits[best].begin - std::min(hits[best].begin, kBefore);
    const std::size_t wanted_end = std::min(wanted_begin + kExcerpt + kBefore, text.size());
    // From a word's beginning to a word's end.
    const auto first = std::ranges::find_if(words, [&](const Word& word) { return word.begin >= wanted_begin; });
    std::size_t begin = wanted_begin == 0 ? 0 : first->begin;
    std::size_t end = hits[best].end;
    for (const Word& word : words)
        if (word.end <= wanted_end) end = std::max(end, word.end);
    if (wanted_end == text.size()) end = text.size();
    begin = std::min(begin, hits[best].begin);
    auto pieces = cut_at(text, begin, end, hits);
    if (begin > 0) pieces.insert(pieces.begin(), {"… ", false});
    if (end < text.size()) pieces.push_back({" …", false});
    for (Piece& piece : pieces)
        std::ranges::replace(piece.text, '\n', ' ');
    return pieces;
}

}  // namespace quipu::search
