#include "platform/signin/identity.h"

#include <algorithm>
#include <functional>

#include "platform/signin/texts.h"

namespace quipu::signin {
namespace {

constexpr std::string_view kPersistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
constexpr std::string_view kMfa = "https://refeds.org/profile/mfa";
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kMostMail = 254;

using MayVouch = std::function<bool(std::string_view domain)>;

/// The domain behind the one "@"; empty for anything else.
std::string domain_of(std::string_view scoped) {
    const std::size_t at = scoped.find('@');
    if (at == 0 || at == std::string_view::npos || scoped.find('@', at + 1) != std::string_view::npos) return {};
    return lower(scoped.substr(at + 1));
}

bool is_plain(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string mail_or_nothing(std::string_view text) {
    return !domain_of(text).empty() && text.size() <= kMostMail && is_plain(text) && text.find(' ') == text.npos
               ? std::string(text)
               : std::string();
}

std::string name_or_nothing(std::string_view text) {
    return is_plain(text) && text.size() <= kLongestName ? std::string(text) : std::string();
}

std::string language_of(std::string_view text) {
    // RFC 9110 §12.5.4, as preferredLanguage and locale have it: the first two letters say enough.
    const std::string two = lower(text.substr(0, 2));
    return two == "es" || two == "pt" || two == "en" ? two : std::string();
}

/// What is scoped and vouched for, into the identity; the first scope that is good is the person's.
class Scoped {
  public:
    Scoped(access::ExternalIdentity& out, MayVouch may_vouch) : out_(out), may_vouch_(std::move(may_vouch)) {}

    /// The value if its scope is good.
    std::string checked(std::string_view scoped) {
        const std::string domain = domain_of(scoped);
        if (domain.empty() || !is_plain(scoped) || !may_vouch_(domain)) return {};
        if (out_.scope.empty()) out_.scope = domain;
        return lower(scoped);
    }
    void affiliation(std::string_view scoped) {
        const std::string good = checked(scoped);
        if (!good.empty() && domain_of(good) == out_.scope) out_.affiliations.push_back(good.substr(0, good.find('@')));
    }
    void home(std::string_view domain) {
        const std::string folded = lower(domain);
        if (!may_vouch_(folded)) return;
        out_.home_organisation = folded;
        if (out_.scope.empty()) out_.scope = folded;
    }

  private:
    access::ExternalIdentity& out_;
    MayVouch may_vouch_;
};

const std::vector<std::string>& values(const Assertion& assertion, std::string_view name) {
    static const std::vector<std::string> kNone;
    const auto found = assertion.attributes.find(name);
    return found != assertion.attributes.end() ? found->second : kNone;
}

/// The only value: of several nobody knows which is meant.
std::string_view single(const Assertion& assertion, std::string_view name) {
    const auto& all = values(assertion, name);
    return all.size() == 1 ? std::string_view(all.front()) : std::string_view();
}

std::vector<std::string> texts_at(const Value& object, std::string_view key) {
    const Value* member = object.find(key);
    if (member == nullptr) return {};
    if (const std::string* one = member->if_string()) return {*one};
    std::vector<std::string> out;
    if (const Value::Array* list = member->if_array())
        for (const Value& each : *list)
            if (const std::string* text = each.if_string()) out.push_back(*text);
    return out;
}

}  // namespace

Result<access::ExternalIdentity> identity_of(const Assertion& assertion, const IdentityProvider& provider) {
    access::ExternalIdentity out;
    out.issuer = assertion.issuer;
    out.method = "saml";
    out.strong = assertion.context == kMfa;
    Scoped scoped(out, [&](std::string_view domain) { return provider.may_vouch_for(domain); });
    out.eppn = scoped.checked(single(assertion, "eduPersonPrincipalName"));
    const std::string subject_id = scoped.checked(single(assertion, "subject-id"));
    const std::string pairwise_id = scoped.checked(single(assertion, "pairwise-id"));
    for (const std::string& each : values(assertion, "eduPersonScopedAffiliation"))
        scoped.affiliation(each);
    for (const std::string& each : values(assertion, "schacHomeOrganization"))
        scoped.home(each);
    out.mail = mail_or_nothing(values(assertion, "mail").empty() ? "" : values(assertion, "mail").front());
    out.name = name_or_nothing(single(assertion, values(assertion, "displayName").empty() ? "cn" : "displayName"));
    out.language = language_of(single(assertion, "preferredLanguage"));
    // Which kind it is stands before it: a NameID must not pass for another's principal name.
    if (!subject_id.empty())
        out.subject = "subject-id:" + subject_id;
    else if (!pairwise_id.empty())
        out.subject = "pairwise-id:" + pairwise_id;
    else if (assertion.name_id_format == kPersistent && is_plain(assertion.name_id) && assertion.name_id.size() <= 256)
        out.subject = "persistent:" + assertion.name_id;
    else if (!out.eppn.empty())
        out.subject = "eppn:" + out.eppn;
    if (out.subject.empty())
        return fail(
            ErrorCode::not_found, "the identity provider released no identifier that stays the same", "subject",
            "its operators should release subject-id, pairwise-id or eduPersonPrincipalName, within its scopes");
    return out;
}

Result<access::ExternalIdentity> identity_of(const Value& claims, std::string_view issuer,
                                             const std::vector<std::string>& domains) {
    access::ExternalIdentity out;
    out.issuer = issuer;
    out.subject = text_at(claims, "sub");
    out.method = "oidc";
    if (out.subject.empty() || !is_plain(out.subject))
        return fail(ErrorCode::not_found, "the provider names nobody", "sub");
    const auto methods = texts_at(claims, "amr");  // RFC 8176
    out.strong = std::ranges::find(methods, "mfa") != methods.end() || text_at(claims, "acr") == kMfa;
    Scoped scoped(out, [&](std::string_view domain) {
        return std::ranges::any_of(domains, [&](const std::string& each) { return lower(each) == domain; });
    });
    out.eppn = scoped.checked(text_at(claims, "eduperson_principal_name"));
    for (const std::string& each : texts_at(claims, "eduperson_scoped_affiliation"))
        scoped.affiliation(each);
    for (const std::string& each : texts_at(claims, "schac_home_organization"))
        scoped.home(each);
    const Value* verified = claims.find("email_verified");
    if (verified == nullptr || verified->if_bool() == nullptr || *verified->if_bool())
        out.mail = mail_or_nothing(text_at(claims, "email"));
    out.name = name_or_nothing(text_at(claims, "name"));
    out.language = language_of(text_at(claims, "locale"));
    return out;
}

}  // namespace quipu::signin
