#include "platform/mail/language.h"

#include <algorithm>
#include <array>
#include <span>

#include "net/ascii.h"

namespace quipu::mail {
namespace {

constexpr std::array<std::string_view, 21> kSpanish = {"AR", "BO", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "GQ", "GT",
                                                       "HN", "MX", "NI", "PA", "PE", "PR", "PY", "SV", "UY", "VE"};
constexpr std::array<std::string_view, 8> kPortuguese = {"AO", "BR", "CV", "GW", "MZ", "PT", "ST", "TL"};

bool is_among(std::span<const std::string_view> countries, std::string_view country) {
    return std::ranges::any_of(countries,
                               [&](std::string_view each) { return net::equal_ignoring_case(each, country); });
}

}  // namespace

std::optional<Language> language_of(std::string_view tag) {
    const std::string_view primary = tag.substr(0, tag.find_first_of("-_"));
    for (const auto& [language, name] : describe_enum(Language{}))
        if (net::equal_ignoring_case(primary, name)) return language;
    return std::nullopt;
}

Language language_of_country(std::string_view country) {
    if (is_among(kSpanish, country)) return Language::es;
    if (is_among(kPortuguese, country)) return Language::pt;
    return Language::en;
}

Language choose_language(std::string_view person, std::string_view organisation, std::string_view country) {
    if (const auto own = language_of(person)) return *own;
    if (const auto house = language_of(organisation)) return *house;
    return language_of_country(country);
}

}  // namespace quipu::mail
