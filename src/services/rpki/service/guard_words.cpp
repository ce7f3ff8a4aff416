#include "services/rpki/service/guard_words.h"

#include <fmt/format.h>

namespace quipu::rpki {
namespace {

constexpr std::size_t kPrefixesShown = 100;

struct GuardTexts {
    std::string_view title, since, whole, anchor, member, share, more, by_time, by_person, command;
    std::string_view person, time, gone, over;
};
constexpr GuardTexts kGuardSpanish{
    "RPKI: el cambio {} está retenido, se perderían {} VRP",
    "Desde {} los encaminadores conservan lo que tenían. Se perderían {} VRP y llegarían {}.",
    "Todo",
    "Ancla de confianza {}",
    "Institución {}",
    "{}: {} de {} ({:.1f} %)",
    "  … y otros {}",
    "Pasa por sí solo: {}.",
    "Espera a una persona.",
    "Si es correcto, déjelo pasar en /rpki o con: quipu rpki release {}",
    "{} dejó pasar el cambio {}: los encaminadores lo tienen.",
    "El cambio {1} pasó al cumplirse su plazo: los encaminadores lo tienen.",
    "El cambio {1} ya no está retenido: una validación posterior volvió a encontrar lo que faltaba.",
    "El cambio {1} ya no está retenido."};
constexpr GuardTexts kGuardPortuguese{
    "RPKI: a mudança {} está retida, sairiam {} VRPs",
    "Desde {} os roteadores conservam o que tinham. Sairiam {} VRPs e chegariam {}.",
    "Tudo",
    "Âncora de confiança {}",
    "Instituição {}",
    "{}: {} de {} ({:.1f} %)",
    "  … e outros {}",
    "Passa por si: {}.",
    "Espera por uma pessoa.",
    "Se estiver certa, deixe-a passar em /rpki ou com: quipu rpki release {}",
    "{} deixou passar a mudança {}: os roteadores a têm.",
    "A mudança {1} passou ao fim do seu prazo: os roteadores a têm.",
    "A mudança {1} já não está retida: uma validação posterior reencontrou o que faltava.",
    "A mudança {1} já não está retida."};
constexpr GuardTexts kGuardEnglish{"RPKI: change {} is held, {} VRPs would go",
                                   "Since {} routers keep what they had. {} VRPs would go and {} would come.",
                                   "Everything",
                                   "Trust anchor {}",
                                   "Institution {}",
                                   "{}: {} of {} ({:.1f} %)",
                                   "  … and {} more",
                                   "It passes by itself: {}.",
                                   "It waits for a person.",
                                   "If it is right, let it pass at /rpki or by: quipu rpki release {}",
                                   "{} let change {} pass: routers have it.",
                                   "Change {1} passed when its time was over: routers have it.",
                                   "Change {1} is held no more: a later validation found again what was missing.",
                                   "Change {1} is held no more."};

const GuardTexts& guard_texts_of(std::string_view language) {
    return language == "es" ? kGuardSpanish : language == "pt" ? kGuardPortuguese : kGuardEnglish;
}

std::string filled(std::string_view text, const auto&... values) {
    return fmt::format(fmt::runtime(text), values...);
}

}  // namespace

GuardWords words_of_held(const events::RpkiChangeHeld& held, std::string_view language) {
    const GuardTexts& texts = guard_texts_of(language);
    GuardWords out{filled(texts.title, held.id, held.lost), {}};
    const auto line = [&](const std::string& text) { out.description += text + "\n"; };
    line(filled(texts.since, format_minute(held.since), held.lost, held.added));
    line(held.release_at ? filled(texts.by_time, format_minute(*held.release_at)) : std::string(texts.by_person));
    line(filled(texts.command, held.id));
    std::size_t left = kPrefixesShown;
    for (const events::RpkiLoss& loss : held.losses) {
        const std::string name = loss.scope == "whole"
                                     ? std::string(texts.whole)
                                     : filled(loss.scope == "anchor" ? texts.anchor : texts.member, loss.name);
        const double percent =
            loss.before > 0 ? 100.0 * static_cast<double>(loss.lost) / static_cast<double>(loss.before) : 0;
        line("");
        line(filled(texts.share, name, loss.lost, loss.before, percent));
        std::int64_t shown = 0;
        for (const std::string& example : loss.examples) {
            if (left == 0) break;
            line("  " + example);
            --left;
            ++shown;
        }
        if (shown < loss.lost) line(filled(texts.more, loss.lost - shown));
    }
    return out;
}

std::string words_of_released(const events::RpkiChangeReleased& released, std::string_view by,
                              std::string_view language) {
    const GuardTexts& texts = guard_texts_of(language);
    const std::string_view text = released.how == "person" ? texts.person
                                  : released.how == "time" ? texts.time
                                  : released.how == "gone" ? texts.gone
                                                           : texts.over;
    return filled(text, by, released.id);
}

}  // namespace quipu::rpki
