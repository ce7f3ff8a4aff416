#include "desk/operations/texts.h"

#include <fmt/format.h>

namespace quipu::operations {
namespace {

using enum mail::Language;

constexpr notify::Text kAll[] = {
    {"outage-link", es, "Enlace {{name}} caído",
     "El enlace {{name}} no funciona desde {{began}}.\n\n{{#cut}}Quedan sin red: {{cut}}.\n{{/cut}}"
     "{{#rerouted}}{{rerouted}} pares de sitios usan otro camino.\n{{/rerouted}}"
     "{{#case}}Se sigue en el caso {{case}}.{{/case}}"},
    {"outage-link", pt, "Enlace {{name}} fora do ar",
     "O enlace {{name}} não funciona desde {{began}}.\n\n{{#cut}}Ficam sem rede: {{cut}}.\n{{/cut}}"
     "{{#rerouted}}{{rerouted}} pares de locais usam outro caminho.\n{{/rerouted}}"
     "{{#case}}Acompanha-se no caso {{case}}.{{/case}}"},
    {"outage-link", en, "Link {{name}} is down",
     "The link {{name}} has been down since {{began}}.\n\n{{#cut}}Without the network: {{cut}}.\n{{/cut}}"
     "{{#rerouted}}{{rerouted}} pairs of sites take another way.\n{{/rerouted}}"
     "{{#case}}It is followed in case {{case}}.{{/case}}"},

    {"outage-site", es, "Sitio {{name}} sin servicio",
     "El sitio {{name}} no funciona desde {{began}}.\n\n{{#cut}}Quedan sin red: {{cut}}.\n{{/cut}}"
     "{{#rerouted}}{{rerouted}} pares de sitios usan otro camino.\n{{/rerouted}}"
     "{{#case}}Se sigue en el caso {{case}}.{{/case}}"},
    {"outage-site", pt, "Local {{name}} fora do ar",
     "O local {{name}} não funciona desde {{began}}.\n\n{{#cut}}Ficam sem rede: {{cut}}.\n{{/cut}}"
     "{{#rerouted}}{{rerouted}} pares de locais usam outro caminho.\n{{/rerouted}}"
     "{{#case}}Acompanha-se no caso {{case}}.{{/case}}"},
    {"outage-site", en, "Site {{name}} is down",
     "The site {{name}} has been down since {{began}}.\n\n{{#cut}}Without the network: {{cut}}.\n{{/cut}}"
     "{{#rerouted}}{{rerouted}} pairs of sites take another way.\n{{/rerouted}}"
     "{{#case}}It is followed in case {{case}}.{{/case}}"},

    {"outage-point", es, "El punto de medición de {{name}} no responde",
     "El punto de medición de {{name}} calla desde {{began}}; el tráfico del sitio no está afectado."
     "{{#case}}\n\nSe sigue en el caso {{case}}.{{/case}}"},
    {"outage-point", pt, "O ponto de medição de {{name}} não responde",
     "O ponto de medição de {{name}} está mudo desde {{began}}; o tráfego do local não é afetado."
     "{{#case}}\n\nAcompanha-se no caso {{case}}.{{/case}}"},
    {"outage-point", en, "The measurement point of {{name}} does not answer",
     "The measurement point of {{name}} has been silent since {{began}}; the site's traffic is not affected."
     "{{#case}}\n\nIt is followed in case {{case}}.{{/case}}"},

    {"outage-over", es, "{{name}} funciona de nuevo",
     "{{name}} funciona de nuevo desde {{ended}}. Estuvo caído {{duration}}.{{#case}}\n\nCaso {{case}}.{{/case}}"},
    {"outage-over", pt, "{{name}} funciona de novo",
     "{{name}} funciona de novo desde {{ended}}. Ficou fora do ar {{duration}}.{{#case}}\n\nCaso {{case}}.{{/case}}"},
    {"outage-over", en, "{{name}} works again",
     "{{name}} has worked again since {{ended}}. It was down for {{duration}}.{{#case}}\n\nCase {{case}}.{{/case}}"},

    {"maintenance-notice", es, "Mantenimiento: {{title}}, {{begin}}",
     "De {{begin}} a {{end}}: {{title}}.\n\n{{#description}}{{description}}\n\n{{/description}}Afecta a: {{objects}}.\n"
     "{{#cut}}Quedarán sin red: {{cut}}.\n{{/cut}}{{#rerouted}}{{rerouted}} pares de sitios usarán otro camino.{{/"
     "rerouted}}"},
    {"maintenance-notice", pt, "Manutenção: {{title}}, {{begin}}",
     "De {{begin}} a {{end}}: {{title}}.\n\n{{#description}}{{description}}\n\n{{/description}}Afeta: {{objects}}.\n"
     "{{#cut}}Ficarão sem rede: {{cut}}.\n{{/cut}}{{#rerouted}}{{rerouted}} pares de locais usarão outro caminho.{{/"
     "rerouted}}"},
    {"maintenance-notice", en, "Maintenance: {{title}}, {{begin}}",
     "From {{begin}} to {{end}}: {{title}}.\n\n{{#description}}{{description}}\n\n{{/description}}Concerns: "
     "{{objects}}.\n"
     "{{#cut}}Will be without the network: {{cut}}.\n{{/cut}}{{#rerouted}}{{rerouted}} pairs of sites will take "
     "another "
     "way.{{/rerouted}}"},

    {"maintenance-cancelled", es, "Cancelado: {{title}}, {{begin}}", "El mantenimiento no se hará: {{title}}."},
    {"maintenance-cancelled", pt, "Cancelada: {{title}}, {{begin}}", "A manutenção não será feita: {{title}}."},
    {"maintenance-cancelled", en, "Cancelled: {{title}}, {{begin}}", "The maintenance will not take place: {{title}}."},
};

struct Words {
    std::string_view titles[3];  // by part
    std::string_view began, suspects, cut, rerouted, affected, over, reason;
};
constexpr Words kSpanish{{"Enlace {} caído", "Sitio {} sin servicio", "El punto de medición de {} no responde"},
                         "Desde {}.",
                         "Lo más probable: {}.",
                         "Quedan sin red: {}.",
                         "{} pares de sitios usan otro camino.",
                         "{} pares medidos afectados.",
                         "Funciona de nuevo desde {}. Duró {}, de los cuales caído {}; volvió a caer {} veces.",
                         "Terminó: {}."};
constexpr Words kPortuguese{{"Enlace {} fora do ar", "Local {} fora do ar", "O ponto de medição de {} não responde"},
                            "Desde {}.",
                            "O mais provável: {}.",
                            "Ficam sem rede: {}.",
                            "{} pares de locais usam outro caminho.",
                            "{} pares medidos afetados.",
                            "Funciona de novo desde {}. Durou {}, dos quais fora do ar {}; caiu de novo {} vezes.",
                            "Terminou: {}."};
constexpr Words kEnglish{{"Link {} is down", "Site {} is down", "The measurement point of {} does not answer"},
                         "Since {}.",
                         "Likeliest: {}.",
                         "Without the network: {}.",
                         "{} pairs of sites take another way.",
                         "{} measured pairs are affected.",
                         "It has worked again since {}. It lasted {}, down for {} of it; it failed again {} times.",
                         "Over: {}."};

const Words& words_of(std::string_view language) {
    return language == "es" ? kSpanish : language == "pt" ? kPortuguese : kEnglish;
}

std::string fill(std::string_view text, auto... values) {
    return fmt::format(fmt::runtime(text), values...);
}

}  // namespace

const std::span<const notify::Text> kTexts = kAll;

CaseWords case_words(const Outage& outage, std::string_view name, std::string_view language) {
    const Words& words = words_of(language);
    CaseWords out{fill(words.titles[static_cast<std::size_t>(outage.part)], name), {}};
    const auto line = [&](const std::string& text) { out.description += text + "\n"; };
    line(fill(words.began, format_minute(outage.began)));
    if (outage.suspects.size() > 1) {
        std::string list;
        for (const Suspect& suspect : outage.suspects)
            list += fmt::format("{}{} {} ({:.0f} %)", list.empty() ? "" : ", ", enum_name(suspect.part), suspect.id,
                                suspect.likelihood * 100);
        line(fill(words.suspects, list));
    }
    if (!outage.organisations_cut_off.empty())
        line(fill(words.cut, fmt::format("{}", fmt::join(outage.organisations_cut_off, ", "))));
    if (outage.pairs_rerouted > 0) line(fill(words.rerouted, outage.pairs_rerouted));
    line(fill(words.affected, outage.pairs_affected));
    return out;
}

std::string closing_words(const Outage& outage, std::string_view reason, std::string_view language) {
    const Words& words = words_of(language);
    if (!reason.empty()) return fill(words.reason, reason);
    const Time end = outage.ended.value_or(outage.began);
    const auto whole = std::chrono::round<std::chrono::seconds>(end - outage.began).count();
    return fill(words.over, format_minute(end), duration_text(whole), duration_text(outage.down_s), outage.flaps);
}

std::string duration_text(std::int64_t seconds) {
    if (seconds < 120) return fmt::format("{} s", seconds);
    const std::int64_t minutes = (seconds + 30) / 60;
    if (minutes < 60) return fmt::format("{} min", minutes);
    return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace quipu::operations
