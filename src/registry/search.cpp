#include "registry/search.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

#include "base/fold.h"
#include "registry/countries.h"
#include "registry/object.h"

namespace quipu::registry {
namespace {

template <class T>
std::string named(const Picture& picture, const std::optional<std::string>& id) {
    if (!id) return {};
    const Entry<T>* entry = picture.find<T>(*id);
    return entry == nullptr ? *id : entry->object.name;
}

std::string joined(std::initializer_list<std::string> parts) {
    std::string out;
    for (const std::string& part : parts)
        if (!part.empty()) out += fmt::format("{}{}", out.empty() ? "" : " · ", part);
    return out;
}

std::string country_of(const std::optional<std::string>& code) {
    return code ? std::string(country_name(*code)) : std::string();
}

std::string detail_of(const Picture& p, const Organisation& o) {
    return joined({o.full_name.value_or(""), named<Organisation>(p, o.parent), country_of(o.country)});
}
std::string detail_of(const Picture& p, const Person& person) {
    std::string out;
    for (const RoleAt& role : person.roles)
        out = joined({out, fmt::format("{}, {}", role.role, named<Organisation>(p, role.organisation))});
    return out;
}
std::string detail_of(const Picture& p, const Site& site) {
    return joined({named<Organisation>(p, site.organisation), country_of(site.country)});
}
std::string detail_of(const Picture& p, const Equipment& equipment) {
    return joined({named<Site>(p, equipment.site), equipment.vendor.value_or(""), equipment.model.value_or("")});
}
std::string detail_of(const Picture&, const Link& link) {
    return joined({format_bandwidth(link.capacity), link.technology.value_or("")});
}
std::string detail_of(const Picture& p, const Resource& resource) {
    return named<Organisation>(p, resource.organisation);
}

std::string name_in(const Picture& p, const Object& object) {
    if (const auto* link = std::get_if<Link>(&object))
        return fmt::format("{} – {}", named<Site>(p, link->a), named<Site>(p, link->b));
    return name_of(object);
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const auto space = std::min(text.find(' '), text.size());
        if (space > 0) words.push_back(text.substr(0, space));
        text.remove_prefix(std::min(space + 1, text.size()));
    }
    return words;
}

bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

bool begins_a_word(std::string_view text, std::string_view word) {
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
        if (at == 0 || !is_word_character(text[at - 1])) return true;
    return false;
}

}  // namespace

SearchIndex::SearchIndex(std::shared_ptr<const Picture> picture) : picture_(std::move(picture)) {
    const auto add = [&]<class T>(Kind kind, const std::vector<Entry<T>>& table) {
        for (const Entry<T>& entry : table) {
            Text text{kind, entry.object.id, name_in(*picture_, entry.object), detail_of(*picture_, entry.object), {},
                      {}};
            text.folded_name = folded(text.name);
            text.folded_all = folded(fmt::format("{} {} {}", text.id, text.name, text.detail));
            texts_.push_back(std::move(text));
        }
    };
    for (const Kind kind : kKinds)
        with_type(kind, [&]<class T>() {
            if constexpr (std::same_as<T, Resource>)
                add(kind, picture_->resources(kind));
            else
                add(kind, picture_->all<T>());
        });
}

std::vector<Hit> SearchIndex::find(std::string_view query, std::size_t limit) const {
    const std::string wanted = folded(query);
    const std::vector<std::string_view> words = words_of(wanted);
    if (words.empty()) return {};
    const auto address = net::IpAddress::parse(query);

    // Lower is better.
    const auto rank = [&](const Text& text) -> int {
        constexpr int kNone = -1;
        if (address && text.kind == Kind::prefixes) {
            const auto prefix = net::Prefix::parse(text.name);
            if (prefix && prefix->contains(*address)) return 200 - prefix->length();
        }
        if (!std::ranges::all_of(
                words, [&](std::string_view word) { return text.folded_all.find(word) != std::string::npos; }))
            return kNone;
        if (text.folded_name == wanted || text.id == wanted) return 0;
        if (text.folded_name.starts_with(wanted) || text.id.starts_with(wanted)) return 1;
        if (std::ranges::all_of(words, [&](std::string_view word) { return begins_a_word(text.folded_name, word); }))
            return 2;
        if (std::ranges::all_of(words, [&](std::string_view word) { return begins_a_word(text.folded_all, word); }))
            return 3;
        return 4;
    };
    std::vector<std::pair<int, const Text*>> found;
    for (const Text& text : texts_)
        if (const int r = rank(text); r >= 0) found.emplace_back(r, &text);
    std::ranges::sort(found, {}, [](const auto& f) {
        return std::tuple(f.first, f.second->name.size(), f.second->kind, std::string_view(f.second->id));
    });
    if (found.size() > limit) found.resize(limit);
    std::vector<Hit> hits;
    for (const auto& [r, text] : found)
        hits.push_back({text->kind, text->id, text->name, text->detail});
    return hits;
}

}  // namespace quipu::registry
