#include "platform/notify/texts.h"

#include <fmt/format.h>
#include <kainjow/mustache.hpp>

namespace quipu::notify {
namespace {

namespace mustache = kainjow::mustache;

std::string as_it_is(const std::string& text) {
    return text;
}

/// Lines that hold nothing after their placeholders fell away leave no gap: at most one empty line in a row.
std::string tidy(std::string_view text) {
    std::string out;
    std::size_t breaks = 2;  // none at the beginning
    for (const char c : text) {
        breaks = c == '\n' ? breaks + 1 : 0;
        if (breaks <= 2) out += c;
    }
    while (out.ends_with('\n') || out.ends_with(' '))
        out.pop_back();
    return out;
}

}  // namespace

std::set<std::string> names_in(std::string_view text, bool outside_sections) {
    std::set<std::string> out;
    int depth = 0;
    for (std::size_t open = text.find("{{"); open != std::string_view::npos; open = text.find("{{", open)) {
        const std::size_t close = text.find("}}", open);
        if (close == std::string_view::npos) break;
        std::string_view name = text.substr(open + 2, close - open - 2);
        open = close + 2;
        const bool begins = name.starts_with('#') || name.starts_with('^');
        const bool ends = name.starts_with('/');
        if (begins || ends) name.remove_prefix(1);
        if (ends) --depth;
        if (!outside_sections || (depth == 0 && !begins && !ends)) out.emplace(name);
        if (begins) ++depth;
    }
    return out;
}

TextSet::TextSet() {
    for (const auto texts : {kAccountTexts, kCaseTexts, kNetworkTexts})
        for (const Text& text : texts)
            texts_[std::string(text.name)].emplace(text.language, text);
}

Result<void> TextSet::add(std::span<const Text> texts) {
    auto all = texts_;
    for (const Text& text : texts) {
        for (const std::string_view part : {text.subject, text.body})
            if (!mustache::mustache(std::string(part)).is_valid())
                return fail(ErrorCode::invalid, "the template is malformed", std::string(text.name));
        all[std::string(text.name)].insert_or_assign(text.language, text);
    }
    for (const Text& text : texts) {
        const auto& languages = all[std::string(text.name)];
        for (const auto& [language, name] : describe_enum(mail::Language{}))
            if (!languages.contains(language))
                return fail(ErrorCode::invalid, fmt::format("the text is missing in {}", name), std::string(text.name));
    }
    texts_ = std::move(all);
    return {};
}

bool TextSet::knows(std::string_view name) const {
    return texts_.find(name) != texts_.end();
}

Result<Rendered> TextSet::render(std::string_view name, mail::Language language, const Values& values) const {
    const auto found = texts_.find(name);
    if (found == texts_.end()) return fail(ErrorCode::invalid, fmt::format("there is no text \"{}\"", name), "text");
    mustache::data data;
    for (const auto& [key, value] : values)
        if (!value.empty()) data.set(key, value);
    const Text& text = found->second.at(language);
    const auto filled = [&](std::string_view part) {
        mustache::mustache whole{std::string(part)};
        whole.set_custom_escape(as_it_is);
        return tidy(whole.render(data));
    };
    return Rendered{filled(text.subject), filled(text.body)};
}

std::set<std::string> TextSet::needed(std::string_view name) const {
    std::set<std::string> out;
    if (const auto found = texts_.find(name); found != texts_.end())
        for (const auto& [language, text] : found->second)
            for (const std::string_view part : {text.subject, text.body})
                out.merge(names_in(part, true));
    return out;
}

std::set<std::string> TextSet::used(std::string_view name) const {
    std::set<std::string> out;
    if (const auto found = texts_.find(name); found != texts_.end())
        for (const auto& [language, text] : found->second)
            for (const std::string_view part : {text.subject, text.body})
                out.merge(names_in(part, false));
    return out;
}

std::vector<std::string> TextSet::names() const {
    std::vector<std::string> out;
    for (const auto& [name, languages] : texts_)
        out.push_back(name);
    return out;
}

}  // namespace quipu::notify
