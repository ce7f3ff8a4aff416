#include "platform/signin/discovery.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/fold.h"
#include "net/tls.h"

namespace quipu::signin {
namespace {

std::vector<std::string> words_in(std::string_view text) {
    std::vector<std::string> out;
    std::string word;
    for (const char c : folded(text) + " ") {
        if (c != ' ' && c != '\t') {
            word += c;
        } else if (!word.empty()) {
            out.push_back(std::exchange(word, {}));
        }
    }
    return out;
}

/// "Universidad de Chile|Universidade do Chile|uchile.cl", folded, a space before each word.
std::string folded_text(const IdentityProvider& provider) {
    std::string all;
    for (const auto& [language, name] : provider.names)
        all += " " + name;
    for (const std::string& words : provider.keywords)
        all += " " + words;
    for (const Scope& scope : provider.scopes)
        if (!scope.expression) all += " " + scope.text;
    return folded(all);
}

}  // namespace

std::string Discovery::id_of(std::string_view entity_id) {
    return net::sha256_hex(entity_id).substr(0, 16);
}

Discovery::Discovery(std::vector<IdentityProvider> saml, std::span<const OpenIdSettings> openid)
    : saml_(std::move(saml)) {
    for (const OpenIdSettings& each : openid)
        entries_.push_back({each.id, Protocol::oidc, 0, each.name, " " + folded(each.name), each.issuer, each.domains});
    for (std::size_t i = 0; i < saml_.size(); ++i) {
        const IdentityProvider& each = saml_[i];
        // The first source that has an entity is the one that counts.
        if (!by_entity_.emplace(each.entity_id, i).second) continue;
        std::string id = id_of(each.entity_id);
        by_id_.emplace(id, i);
        std::vector<std::string> scopes;
        for (const Scope& scope : each.scopes)
            if (!scope.expression) scopes.push_back(scope.text);
        entries_.push_back({std::move(id), Protocol::saml, i, each.name("en"), folded_text(each), each.registrar,
                            std::move(scopes), each.hidden});
    }
}

std::vector<Provider> Discovery::search(std::string_view words, std::string_view language,
                                        const std::vector<std::string>& remembered) const {
    struct Found {
        std::size_t rank;
        std::string sort;
        Provider provider;
    };
    const auto wanted = words_in(words);
    std::vector<Found> found;
    for (const Entry& entry : entries_) {
        const auto place = std::ranges::find(remembered, entry.id);
        const bool known = place != remembered.end();
        if (entry.hidden && !known) continue;
        // Each word somewhere; at the beginning of a word counts more.
        std::size_t beginnings = 0;
        const bool all = std::ranges::all_of(wanted, [&](const std::string& word) {
            beginnings += entry.folded.find(" " + word) != std::string::npos ? 1 : 0;
            return entry.folded.find(word) != std::string::npos;
        });
        if (!all) continue;
        std::string name = entry.protocol == Protocol::saml ? saml_[entry.index].name(language) : entry.name;
        const std::size_t rank = known ? static_cast<std::size_t>(place - remembered.begin())
                                       : remembered.size() + (wanted.size() - beginnings);
        std::string sort = folded(name);
        found.push_back({rank,
                         std::move(sort),
                         {entry.id, entry.protocol, std::move(name), entry.scopes, entry.registrar, known,
                          fmt::format("/api/v1/signin/{}/start?provider={}", enum_name(entry.protocol), entry.id)}});
    }
    std::ranges::sort(
        found, [](const Found& a, const Found& b) { return std::tie(a.rank, a.sort) < std::tie(b.rank, b.sort); });
    std::vector<Provider> out;
    out.reserve(found.size());
    for (Found& each : found)
        out.push_back(std::move(each.provider));
    return out;
}

const IdentityProvider* Discovery::saml(std::string_view id) const {
    const auto found = by_id_.find(id);
    return found != by_id_.end() ? &saml_[found->second] : nullptr;
}

const IdentityProvider* Discovery::by_entity(std::string_view entity_id) const {
    const auto found = by_entity_.find(entity_id);
    return found != by_entity_.end() ? &saml_[found->second] : nullptr;
}

}  // namespace quipu::signin
