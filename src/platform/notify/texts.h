#pragma once
// What notices say, in three languages, as Mustache templates (https://mustache.github.io): {{name}} is a value,
// {{#name}}…{{/name}} stands only when it has one. Values are plain text: nothing is escaped.

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "platform/notify/notify.h"

namespace quipu::notify {

struct Rendered {
    std::string subject;
    std::string body;
};

class TextSet {
  public:
    /// The house's own texts.
    TextSet();
    /// `invalid` when a text lacks a language, is malformed, or does not use the same names in all languages.
    [[nodiscard]] Result<void> add(std::span<const Text> texts);
    [[nodiscard]] bool knows(std::string_view name) const;
    /// `invalid` for a text that is not known.
    [[nodiscard]] Result<Rendered> render(std::string_view name, mail::Language language, const Values& values) const;
    /// Names that the text uses outside any section: they must have a value.
    [[nodiscard]] std::set<std::string> needed(std::string_view name) const;
    /// All names that it uses.
    [[nodiscard]] std::set<std::string> used(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> names() const;

  private:
    std::map<std::string, std::map<mail::Language, Text>, std::less<>> texts_;
};

/// Names in a template: all, or only those outside sections.
[[nodiscard]] std::set<std::string> names_in(std::string_view text, bool outside_sections);

extern const std::span<const Text> kAccountTexts;  ///< texts_account.cpp
extern const std::span<const Text> kCaseTexts;     ///< texts_case.cpp
extern const std::span<const Text> kNetworkTexts;  ///< texts_network.cpp

}  // namespace quipu::notify
