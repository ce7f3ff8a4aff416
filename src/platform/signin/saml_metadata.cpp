#include "platform/signin/saml_metadata.h"

#include <algorithm>
#include <fmt/format.h>
#include <libxml/xmlreader.h>
#include <libxml/xmlregexp.h>

#include "platform/signin/openssl_owner.h"
#include "platform/signin/texts.h"
#include "platform/signin/xml.h"

namespace quipu::signin {
namespace {

constexpr std::string_view kMdui = "urn:oasis:names:tc:SAML:metadata:ui";
constexpr std::string_view kMdrpi = "urn:oasis:names:tc:SAML:metadata:rpi";
constexpr std::string_view kMdattr = "urn:oasis:names:tc:SAML:metadata:attribute";
constexpr std::string_view kShibmd = "urn:mace:shibboleth:metadata:1.0";
constexpr std::string_view kXml = "http://www.w3.org/XML/1998/namespace";
constexpr std::string_view kRedirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
constexpr std::string_view kHide = "http://refeds.org/category/hide-from-discovery";
constexpr std::chrono::days kMostAhead{400};
constexpr std::size_t kLongestNamed = 200;

/// XML Schema's expressions match the whole text by themselves; what federations write has Perl's anchors.
std::string without_anchors(std::string_view expression) {
    if (expression.starts_with('^')) expression.remove_prefix(1);
    if (expression.ends_with('$') && !expression.ends_with("\\$")) expression.remove_suffix(1);
    return std::string(expression);
}

void take_names(IdentityProvider& out, const std::vector<xml::Element>& names) {
    for (const xml::Element& each : names) {
        std::string text = each.text();
        if (!text.empty() && text.size() <= kLongestNamed)
            out.names.emplace(lower(each.attribute(kXml, "lang")).substr(0, 2), std::move(text));
    }
}

void take_keys(IdentityProvider& out, xml::Element role) {
    for (const xml::Element& descriptor : role.children(xml::kMetadata, "KeyDescriptor")) {
        if (const std::string use = descriptor.attribute("use"); !use.empty() && use != "signing") continue;
        for (const xml::Element& certificate : descriptor.descendants(xml::kSignature, "X509Certificate")) {
            const auto der = xml::base64_decode(certificate.text());
            if (!der) continue;
            if (auto key = VerifyingKey::of_certificate(*der)) out.keys.push_back(std::move(*key));
        }
    }
}

void take_extensions(IdentityProvider& out, xml::Element parent) {
    const auto extensions = parent.child(xml::kMetadata, "Extensions");
    if (!extensions) return;
    for (const xml::Element& scope : extensions->children(kShibmd, "Scope")) {
        const std::string expression = scope.attribute("regexp");
        if (std::string text = scope.text(); !text.empty())
            out.scopes.push_back({lower(text), expression == "true" || expression == "1"});
    }
    if (const auto info = extensions->child(kMdui, "UIInfo")) {
        take_names(out, info->children(kMdui, "DisplayName"));
        for (const xml::Element& words : info->children(kMdui, "Keywords"))
            out.keywords.push_back(words.text().substr(0, kLongestNamed));
    }
    if (const auto registration = extensions->child(kMdrpi, "RegistrationInfo"))
        out.registrar = registration->attribute("registrationAuthority");
    if (const auto attributes = extensions->child(kMdattr, "EntityAttributes"))
        for (const xml::Element& value : attributes->descendants(xml::kSaml, "AttributeValue"))
            if (value.text() == kHide) out.hidden = true;
}

std::optional<Time> time_attribute(xml::Element element, std::string_view name) {
    const auto time = parse_time(element.attribute(name));
    return time ? std::optional(*time) : std::nullopt;
}

/// Nothing if the entity is no identity provider.
std::optional<IdentityProvider> read_entity(xml::Element entity) {
    const auto role = [&]() -> std::optional<xml::Element> {
        for (const xml::Element& each : entity.children(xml::kMetadata, "IDPSSODescriptor")) {
            const std::string protocols = " " + each.attribute("protocolSupportEnumeration") + " ";
            if (protocols.find(fmt::format(" {} ", xml::kSamlp)) != std::string::npos) return each;
        }
        return std::nullopt;
    }();
    if (!role) return std::nullopt;
    IdentityProvider out;
    out.entity_id = entity.attribute("entityID");
    out.valid_until = time_attribute(entity, "validUntil");
    const std::string wants = role->attribute("WantAuthnRequestsSigned");
    out.wants_signed_requests = wants == "true" || wants == "1";
    take_extensions(out, entity);
    take_extensions(out, *role);
    if (const auto organisation = entity.child(xml::kMetadata, "Organization"))
        take_names(out, organisation->children(xml::kMetadata, "OrganizationDisplayName"));
    take_keys(out, *role);
    for (const xml::Element& service : role->children(xml::kMetadata, "SingleSignOnService"))
        if (service.attribute("Binding") == kRedirect && out.single_sign_on.empty())
            out.single_sign_on = service.attribute("Location");
    return out;
}

bool is_usable(const IdentityProvider& provider, Time now) {
    return !provider.entity_id.empty() && provider.entity_id.size() <= 1024 && !provider.keys.empty() &&
           (provider.single_sign_on.starts_with("https://") || provider.single_sign_on.starts_with("http://")) &&
           (!provider.valid_until || *provider.valid_until > now);
}

Result<void> check_validity(xml::Element root, Time now) {
    if (!root.has("validUntil")) return {};
    const auto until = time_attribute(root, "validUntil");
    if (!until) return fail(ErrorCode::invalid, "is not a time", "validUntil");
    if (*until <= now)
        return fail(ErrorCode::invalid, fmt::format("the metadata was good until {}", format_time(*until)),
                    "validUntil", "fetch it again");
    if (*until > now + kMostAhead)
        return fail(ErrorCode::invalid, "the metadata is good for more than a year ahead", "validUntil");
    return {};
}

/// Each EntityDescriptor of the text in turn, with nothing else of the document in memory.
Result<void> for_each_entity(const std::string& text, const std::function<void(xml::Element)>& take) {
    const Owned<xmlFreeTextReader, xmlTextReader> reader(xmlReaderForMemory(
        text.data(), static_cast<int>(text.size()), nullptr, nullptr,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE | XML_PARSE_COMPACT));
    if (reader == nullptr) return fail(ErrorCode::exhausted, "no memory for an XML parser");
    int more = xmlTextReaderRead(reader.get());
    while (more == 1) {
        const bool entity = xmlTextReaderNodeType(reader.get()) == XML_READER_TYPE_ELEMENT &&
                            xmlStrEqual(xmlTextReaderConstLocalName(reader.get()), BAD_CAST "EntityDescriptor") == 1;
        if (!entity) {
            more = xmlTextReaderRead(reader.get());
            continue;
        }
        xmlNode* node = xmlTextReaderExpand(reader.get());
        if (node == nullptr) return fail(ErrorCode::invalid, "an entity can't be read", "metadata");
        if (const xml::Element element(node); element.is(xml::kMetadata, "EntityDescriptor")) take(element);
        more = xmlTextReaderNext(reader.get());
    }
    if (more < 0) return fail(ErrorCode::invalid, "the metadata can't be read to its end", "metadata");
    return {};
}

}  // namespace

bool Scope::matches(std::string_view domain) const {
    const std::string folded = lower(domain);
    if (!expression) return folded == text;
    const Owned<xmlRegFreeRegexp, xmlRegexp> compiled(xmlRegexpCompile(BAD_CAST without_anchors(text).c_str()));
    return compiled != nullptr && xmlRegexpExec(compiled.get(), BAD_CAST folded.c_str()) == 1;
}

const std::string& IdentityProvider::name(std::string_view language) const {
    for (const std::string_view wanted : {language, std::string_view("en")})
        if (const auto found = names.find(std::string(wanted)); found != names.end()) return found->second;
    return names.empty() ? entity_id : names.begin()->second;
}

bool IdentityProvider::may_vouch_for(std::string_view domain) const {
    return std::ranges::any_of(scopes, [&](const Scope& scope) { return scope.matches(domain); });
}

Result<Aggregate> read_metadata(std::string_view text, std::span<const VerifyingKey> keys, Time now) {
    Aggregate out;
    std::string octets;
    {
        const xml::Document document = TRY(xml::Document::parse(text, xml::Kind::metadata));
        const xml::Element root = document.root();
        if (!root.is(xml::kMetadata, "EntitiesDescriptor") && !root.is(xml::kMetadata, "EntityDescriptor"))
            return fail(ErrorCode::invalid, fmt::format("the root {} is not SAML metadata", root.name()), "metadata");
        octets = keys.empty() ? std::string(text) : TRY(verified_octets(document, root, keys));
        TRY(check_validity(root, now));  // the root is the one that is signed
        out.valid_until = time_attribute(root, "validUntil");
    }
    TRY(for_each_entity(octets, [&](xml::Element entity) {
        ++out.entities;
        auto provider = read_entity(entity);
        if (!provider) return;
        if (is_usable(*provider, now))
            out.providers.push_back(std::move(*provider));
        else
            ++out.left_out;
    }));
    return out;
}

}  // namespace quipu::signin
