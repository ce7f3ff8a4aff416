#include "desk/knowledge/from_case.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "desk/knowledge/discretion.h"

namespace quipu::knowledge {
namespace {

constexpr std::size_t kLongestTitle = 200;

struct Headings {
    std::string_view seen, found, helped, title;
};

const Headings& headings_in(std::string_view language) {
    static constexpr Headings kSpanish{"Qué se vio", "Qué se encontró", "Qué ayudó", "Caso resuelto"};
    static constexpr Headings kPortuguese{"O que se viu", "O que se encontrou", "O que ajudou", "Caso resolvido"};
    static constexpr Headings kEnglish{"What was seen", "What was found", "What helped", "A solved case"};
    return language == "es" ? kSpanish : language == "pt" ? kPortuguese : kEnglish;
}

/// What an article may be about: parts of the network. Organisations, people, prefixes and other cases say whose it
/// was.
bool may_be_named(std::string_view object) {
    constexpr std::array<std::string_view, 5> kKinds = {"link", "pair", "site", "service", "article"};
    return std::ranges::find(kKinds, object.substr(0, object.find(':'))) != kKinds.end();
}

/// Not longer than `octets`, and no character cut in two.
std::string cut(std::string text, std::size_t octets) {
    if (text.size() <= octets) return text;
    while (octets > 0 && (static_cast<unsigned char>(text[octets]) & 0xC0U) == 0x80U)
        --octets;
    text.resize(octets);
    return text;
}

std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

}  // namespace

ArticleInput article_of(const SolvedCase& solved, const CaseArticleInput& wanted) {
    const Headings& headings = headings_in(wanted.language);
    const Discretion discretion(solved.known, solved.present, wanted.leave_out_addresses, wanted.language);
    ArticleText text;
    text.title = cut(one_line(discretion.cleaned(solved.title)), kLongestTitle);
    if (text.title.find_first_not_of(' ') == std::string::npos) text.title = headings.title;

    const auto section = [&](std::string_view heading, std::string_view words) {
        if (!words.empty()) text.body += fmt::format("{}## {}\n\n{}\n", text.body.empty() ? "" : "\n", heading, words);
    };
    section(headings.seen, discretion.cleaned(solved.description));
    // The team's last word is what helped; everything before it is the way there.
    const auto last = std::find_if(solved.notes.rbegin(), solved.notes.rend(),
                                   [](const SolvedCase::Note& note) { return note.by_team; });
    const SolvedCase::Note* helped = last == solved.notes.rend() ? nullptr : &*last;
    std::string found;
    for (const SolvedCase::Note& note : solved.notes) {
        if (&note == helped) continue;
        if (const std::string words = discretion.cleaned(note.text); !words.empty())
            found += (found.empty() ? "" : "\n\n") + words;
    }
    section(headings.found, found);
    if (helped != nullptr) section(headings.helped, discretion.cleaned(helped->text));
    text.body = cut(std::move(text.body), kLongestBody);
    if (text.body.empty()) text.body = fmt::format("## {}\n", headings.seen);

    ArticleInput out;
    out.category = wanted.category;
    out.texts[wanted.language] = std::move(text);
    std::ranges::copy_if(solved.objects, std::back_inserter(out.links), may_be_named);
    return out;
}

}  // namespace quipu::knowledge
