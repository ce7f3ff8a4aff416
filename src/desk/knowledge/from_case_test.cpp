#include "desk/knowledge/from_case.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/random.h"
#include "base/words.h"

namespace quipu::knowledge {
namespace {

using testing::HasSubstr;
using testing::Not;

SolvedCase solved_example() {
    return {.number = 41,
            .title = "Lenta la copia de Ana a 200.0.204.17",
            .description = "Copiamos 2 TB a São Paulo y va a 30 Mb/s.\nAna Pérez, +56 2 2978 3000",
            .language = "es",
            .objects = {"pair:santiago/sao-paulo", "organisation:uchile", "person:ana", "link:santiago-panama"},
            .notes = {{Time{}, false, "El MTU es 1500.\n-- \nAna"},
                      {Time{}, true, "Gracias Ana: subimos net.ipv4.tcp_rmem a 64 MB y llegó a 900 Mb/s."},
                      {Time{}, false, "¡Gracias!"}},
            .present = {"Ana Pérez", "person:ana"},
            .known = {}};
}

TEST(FromCase, IsADraftWithThreeParts) {
    const ArticleInput article = article_of(solved_example(), {});
    const ArticleText& text = article.texts.at("es");
    EXPECT_EQ(text.title, "Lenta la copia de [persona] a [dirección]");
    EXPECT_THAT(text.body, HasSubstr("## Qué se vio\n\nCopiamos 2 TB a São Paulo y va a 30 Mb/s."));
    EXPECT_THAT(text.body, HasSubstr("## Qué se encontró\n\nEl MTU es 1500.\n\n¡Gracias!\n"));
    EXPECT_THAT(text.body, HasSubstr("## Qué ayudó\n\nGracias [persona]: subimos net.ipv4.tcp_rmem a 64 MB"));
    EXPECT_THAT(article.links, testing::ElementsAre("pair:santiago/sao-paulo", "link:santiago-panama"));
    EXPECT_EQ(article.category, "performance");
}

TEST(FromCase, AddressesStayWhereThatIsWanted) {
    const ArticleInput article =
        article_of(solved_example(), {.language = "en", .leave_out_addresses = false, .category = "network"});
    EXPECT_THAT(article.texts.at("en").title, HasSubstr("200.0.204.17"));
    EXPECT_THAT(article.texts.at("en").body, HasSubstr("## What helped"));
}

TEST(FromCase, LongCasesAreCutBetweenCharacters) {
    SolvedCase solved = solved_example();
    solved.description.clear();
    for (int i = 0; i < 40'000; ++i)
        solved.description += "é ";
    const std::string body = article_of(solved, {}).texts.at("es").body;
    EXPECT_LE(body.size(), kLongestBody);
    EXPECT_NE(static_cast<unsigned char>(body.back()), 0xC3);
}

// ---- nothing private passes: cases made at random with secrets planted in them

template <std::size_t N>
std::string_view one_of(Rng& rng, const std::string_view (&list)[N]) {
    return list[rng.below(N)];
}

/// Letters and digits alone, folded: in whatever writing a secret passes, it is seen.
std::string bare(std::string_view text) {
    std::string out;
    for (const Word& word : words_in(text))
        out += word.folded;
    return out;
}

struct Planted {
    SolvedCase solved;
    std::vector<std::string> secrets;
};

class Planter {
  public:
    explicit Planter(std::uint64_t seed) : rng_(seed) {}

    Planted plant() {
        Planted out;
        const std::string first(one_of(rng_, kFirst));
        const std::string last(one_of(rng_, kLast));
        const std::string other = fmt::format("{} {}", one_of(rng_, kOtherFirst), one_of(rng_, kOtherLast));
        out.solved.present = {first + " " + last, "person:" + bare(first) + bare(last)};
        out.solved.known = {other};
        out.solved.title = text(out, first, last, other, 2);
        out.solved.description = text(out, first, last, other, 6);
        for (std::uint64_t i = rng_.below(5); i > 0; --i)
            out.solved.notes.push_back({Time{}, rng_.below(2) == 0, text(out, first, last, other, 5)});
        return out;
    }

  private:
    std::string digits(int count) {
        std::string out;
        for (int i = 0; i < count; ++i)
            out += static_cast<char>('1' + rng_.below(9));
        return out;
    }
    std::string in_some_case(std::string text) {
        const auto how = rng_.below(3);
        for (char& c : text) {
            if (how == 1 && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
            if (how == 2 && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        }
        return text;
    }
    /// A secret in one of its writings; what may not be read afterwards goes to `out`.
    std::string secret(Planted& out, const std::string& first, const std::string& last, const std::string& other) {
        const auto hidden = [&](const std::string& what) { out.secrets.push_back(bare(what)); };
        const std::string local = bare(first) + digits(3);
        const std::string number = digits(9);
        switch (rng_.below(12)) {
            case 0: hidden(first); return in_some_case(first);
            case 1: hidden(last); return in_some_case(first + " " + last);
            case 2: hidden(other); return in_some_case(other);
            case 3: hidden(local); return fmt::format("{}@uchile.cl", local);
            case 4: hidden(local); return fmt::format("<mailto:{}.x@mail.example.org>", local);
            case 5: hidden(local); return fmt::format("{} (at) uchile.cl", local);
            case 6:
                hidden(number);
                return fmt::format("+56 {} {}-{}", number.substr(0, 1), number.substr(1, 4), number.substr(5));
            case 7: hidden(number); return fmt::format("({}) {}", number.substr(0, 2), number.substr(2));
            case 8: {
                const std::string address =
                    fmt::format("{}.{}.{}.{}", 11 + rng_.below(200), rng_.below(256), rng_.below(256), rng_.below(256));
                hidden(address);
                return address + std::string(one_of(rng_, {"", ":443", "/24", "."}));
            }
            case 9: {
                const std::string address =
                    fmt::format("2001:db8:{:x}::{:x}", 0x1000 + rng_.below(0xe000), 0x1000 + rng_.below(0xe000));
                hidden(address);
                return address + std::string(one_of(rng_, {"", "/64", "%eth0"}));
            }
            case 10: hidden(number); return fmt::format("https://{}:x@host.example/a?key={}#{}", first, number, number);
            default: hidden(local); return fmt::format("sip:{}@voz.example", local);
        }
    }
    std::string text(Planted& out, const std::string& first, const std::string& last, const std::string& other,
                     std::uint64_t pieces) {
        std::string made;
        for (std::uint64_t i = 0; i < pieces; ++i) {
            made += one_of(rng_, kWords);
            made += one_of(rng_, {" ", ", ", "\n", " («", "–", ": ", " \"", " 'x' ", "\t", "; "});
            if (rng_.below(2) == 0) made += secret(out, first, last, other);
            made += one_of(rng_, {" ", ". ", "\n\n", "», ", " – ", ")\n", "; "});
        }
        if (rng_.below(3) == 0) {
            const std::string name = "Quetzalcoatl" + digits(2);
            out.secrets.push_back(bare(name));
            made += "\n-- \n" + name + "\nDirector";
        }
        return made;
    }

    // Names that are parts of none of the words around them.
    static constexpr std::string_view kFirst[] = {"Ximena", "João", "Íñigo", "Çağla", "Zoë"};
    static constexpr std::string_view kLast[] = {"Pérez", "Gonçalves", "Núñez", "Brandão", "Wörner"};
    static constexpr std::string_view kOtherFirst[] = {"Ágatha", "Jürgen", "Xavier"};
    static constexpr std::string_view kOtherLast[] = {"Quiñones", "Müller", "Assunção"};
    static constexpr std::string_view kWords[] = {"The copy is slow", "MTU 1500",      "la ruta cambió", "622 Mb/s",
                                                  "perda de 3 %",     "on 2011-10-28", "window 64 KB",   "TTL 57"};
    Rng rng_;
};

TEST(FromCase, NothingPrivatePasses) {
    constexpr std::uint64_t kCases = 3000;
    std::size_t planted = 0;
    for (std::uint64_t seed = 0; seed < kCases; ++seed) {
        const Planted made = Planter(seed).plant();
        planted += made.secrets.size();
        const ArticleInput article = article_of(made.solved, {.language = "en"});
        const std::string passed = bare(json_text(article));
        for (const std::string& secret : made.secrets)
            ASSERT_THAT(passed, Not(HasSubstr(secret))) << "seed " << seed << "\n"
                                                        << made.solved.title << "\n"
                                                        << made.solved.description << "\n--\n"
                                                        << json_text(article);
    }
    EXPECT_GT(planted, kCases) << "the test is worth something only with secrets in it";
}

}  // namespace
}  // namespace quipu::knowledge
