#pragma once
// The three languages that people are written to in.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/describe.h"

namespace quipu::mail {

enum class Language : std::uint8_t { es, pt, en };
constexpr auto describe_enum(Language) {
    return names<Language>({{Language::es, "es"}, {Language::pt, "pt"}, {Language::en, "en"}});
}

/// "es", "pt-BR", "EN": what the tag begins with (RFC 5646); nothing for another language.
[[nodiscard]] std::optional<Language> language_of(std::string_view tag);
/// What most people of a country read (ISO 3166-1 alpha-2): Portuguese in Brazil, Spanish in Chile, else English.
[[nodiscard]] Language language_of_country(std::string_view country);
/// The person's own language, else the organisation's, else the country's.
[[nodiscard]] Language choose_language(std::string_view person, std::string_view organisation,
                                       std::string_view country);

}  // namespace quipu::mail
