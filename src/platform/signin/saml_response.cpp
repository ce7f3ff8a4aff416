#include "platform/signin/saml_response.h"

#include <algorithm>
#include <fmt/format.h>

#include "platform/signin/decryption.h"
#include "platform/signin/saml_attributes.h"
#include "platform/signin/xml.h"

namespace quipu::signin {
namespace {

constexpr std::string_view kSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success";
constexpr std::string_view kBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
constexpr std::string_view kEntityFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
constexpr std::size_t kMostValues = 64;
constexpr std::size_t kMostValue = 1024;

std::unexpected<Error> refuse_response(std::string what, std::string_view where) {
    return fail(ErrorCode::invalid, std::move(what), std::string(where));
}

/// Every element of these names stands where this hub reads it, and there alone.
Result<void> check_places(xml::Element root, std::string_view root_name) {
    const bool response = root_name == "Response";
    if (!root.is(response ? xml::kSamlp : xml::kSaml, root_name))
        return refuse_response(fmt::format("the root is {}, not {}", root.name(), root_name), root_name);
    if (root.descendants(xml::kSamlp, "Response").size() > (response ? 1U : 0U))
        return refuse_response("there is a Response inside", "Response");
    const auto assertions = root.descendants(xml::kSaml, "Assertion");
    const auto encrypted = root.descendants(xml::kSaml, "EncryptedAssertion");
    if (assertions.size() + encrypted.size() > 1)
        return refuse_response(fmt::format("there are {} assertions", assertions.size() + encrypted.size()),
                               "Assertion");
    if (!response && assertions.size() != 1) return refuse_response("there is no assertion", "Assertion");
    for (const auto* list : {&assertions, &encrypted})
        for (const xml::Element& each : *list)
            if (response ? each.parent() != root : each != root)
                return refuse_response("an assertion stands where none belongs", "Assertion");
    for (const xml::Element& signature : root.descendants(xml::kSignature, "Signature")) {
        const auto parent = signature.parent();
        const bool belongs = parent == root || (!assertions.empty() && parent == assertions.front());
        if (!belongs) return refuse_response("a signature stands where none belongs", "Signature");
    }
    return {};
}

Result<void> check_issuer(xml::Element element, const Expectation& expected) {
    const xml::Element issuer = TRY(element.only(xml::kSaml, "Issuer"));
    const std::string format = issuer.attribute("Format");
    if (!format.empty() && format != kEntityFormat)
        return refuse_response("the issuer's format is not entity", "Issuer");
    if (!issuer.children().empty() || issuer.text() != expected.provider.entity_id)
        return refuse_response(fmt::format("the issuer is not {}", expected.provider.entity_id), "Issuer");
    return {};
}

Result<Time> required_time(xml::Element element, std::string_view name) {
    auto time = parse_time(element.attribute(name));
    if (!time) return refuse_response("is not a time", name);
    return *time;
}

Result<void> check_status(xml::Element response) {
    const xml::Element status = TRY(response.only(xml::kSamlp, "Status"));
    const xml::Element code = TRY(status.only(xml::kSamlp, "StatusCode"));
    if (code.attribute("Value") == kSuccess) return {};
    std::string said = code.attribute("Value");
    if (const auto inner = code.child(xml::kSamlp, "StatusCode")) said = inner->attribute("Value");
    if (const auto message = status.child(xml::kSamlp, "StatusMessage")) said += ": " + message->text().substr(0, 200);
    return fail(ErrorCode::forbidden, fmt::format("the identity provider says no: {}", said), "Status");
}

/// Core §3.2.2, profiles §4.1.4.2.
Result<void> check_response(xml::Element response, const Expectation& expected, bool is_signed) {
    if (response.attribute("Version") != "2.0") return refuse_response("is not 2.0", "Version");
    // Bindings §3.5.5.2: a signed message names its destination.
    const std::string destination = response.attribute("Destination");
    if ((is_signed && destination.empty()) || (!destination.empty() && destination != expected.consumer))
        return refuse_response(fmt::format("is not {}", expected.consumer), "Destination");
    if (response.has("InResponseTo") && response.attribute("InResponseTo") != expected.request_id)
        return refuse_response("is not an answer to this request", "InResponseTo");
    if (!response.has("InResponseTo") && !expected.request_id.empty())
        return refuse_response("names no request", "InResponseTo");
    const Time issued = TRY(required_time(response, "IssueInstant"));
    if (issued > expected.now + expected.skew) return refuse_response("lies in the future", "IssueInstant");
    if (!response.children(xml::kSaml, "Issuer").empty()) TRY(check_issuer(response, expected));
    return {};
}

/// Core §2.5.1. Every condition is understood, or the assertion is not good.
Result<void> check_conditions(xml::Element assertion, const Expectation& expected) {
    const xml::Element conditions = TRY(assertion.only(xml::kSaml, "Conditions"));
    if (conditions.has("NotBefore") && TRY(required_time(conditions, "NotBefore")) > expected.now + expected.skew)
        return refuse_response("is not good yet", "Conditions.NotBefore");
    if (conditions.has("NotOnOrAfter") &&
        TRY(required_time(conditions, "NotOnOrAfter")) + expected.skew <= expected.now)
        return refuse_response("is no longer good", "Conditions.NotOnOrAfter");
    bool addressed = false;
    for (const xml::Element& each : conditions.children()) {
        if (each.is(xml::kSaml, "OneTimeUse") || each.is(xml::kSaml, "ProxyRestriction")) continue;
        if (!each.is(xml::kSaml, "AudienceRestriction"))
            return refuse_response(fmt::format("the condition {} is not understood", each.name()), "Conditions");
        const auto audiences = each.children(xml::kSaml, "Audience");
        if (std::ranges::none_of(audiences, [&](const xml::Element& a) { return a.text() == expected.entity_id; }))
            return refuse_response(fmt::format("is for others than {}", expected.entity_id), "Audience");
        addressed = true;
    }
    if (!addressed) return refuse_response("names no audience", "AudienceRestriction");
    return {};
}

/// Profiles §4.1.4.2: a bearer's confirmation for us, in time, of our request. Answers its end.
Result<Time> check_confirmation(xml::Element data, const Expectation& expected) {
    if (data.attribute("Recipient") != expected.consumer)
        return refuse_response(fmt::format("is not {}", expected.consumer), "SubjectConfirmationData.Recipient");
    if (data.has("NotBefore")) return refuse_response("does not belong here", "SubjectConfirmationData.NotBefore");
    const Time end = TRY(required_time(data, "NotOnOrAfter"));
    if (end + expected.skew <= expected.now)
        return refuse_response("is no longer good", "SubjectConfirmationData.NotOnOrAfter");
    if (data.has("InResponseTo") != !expected.request_id.empty() ||
        data.attribute("InResponseTo") != expected.request_id)
        return refuse_response("is not an answer to this request", "SubjectConfirmationData.InResponseTo");
    return end;
}

Result<void> take_subject(Assertion& out, xml::Element assertion, const Expectation& expected) {
    const xml::Element subject = TRY(assertion.only(xml::kSaml, "Subject"));
    const xml::Element name = TRY(subject.only(xml::kSaml, "NameID"));
    out.name_id = name.text();
    out.name_id_format = name.attribute("Format");
    if (!name.children().empty() || out.name_id.empty() || out.name_id.size() > kMostValue)
        return refuse_response("is not a plain text", "NameID");
    auto last = refuse_response("there is no bearer's confirmation", "SubjectConfirmation");
    for (const xml::Element& each : subject.children(xml::kSaml, "SubjectConfirmation")) {
        if (each.attribute("Method") != kBearer) continue;
        const auto data = each.only(xml::kSaml, "SubjectConfirmationData");
        auto end = data ? check_confirmation(*data, expected) : std::unexpected(data.error());
        if (end) {
            out.good_until = *end + expected.skew;
            return {};
        }
        last = std::unexpected(std::move(end).error());
    }
    return last;
}

Result<void> take_statement(Assertion& out, xml::Element assertion, const Expectation& expected) {
    const auto statements = assertion.children(xml::kSaml, "AuthnStatement");
    if (statements.empty()) return refuse_response("nobody signed in", "AuthnStatement");
    for (const xml::Element& each : statements) {
        if (TRY(required_time(each, "AuthnInstant")) > expected.now + expected.skew)
            return refuse_response("lies in the future", "AuthnInstant");
        if (each.has("SessionNotOnOrAfter") &&
            TRY(required_time(each, "SessionNotOnOrAfter")) + expected.skew <= expected.now)
            return refuse_response("the session is over", "SessionNotOnOrAfter");
    }
    if (const auto context = statements.front().child(xml::kSaml, "AuthnContext"))
        if (const auto reference = context->child(xml::kSaml, "AuthnContextClassRef")) out.context = reference->text();
    return {};
}

Result<void> take_attributes(Assertion& out, xml::Element assertion) {
    for (const xml::Element& statement : assertion.children(xml::kSaml, "AttributeStatement"))
        for (const xml::Element& attribute : statement.children(xml::kSaml, "Attribute")) {
            const std::string name = attribute.attribute("Name");
            const auto known = std::ranges::find(kKnownAttributes, name, &KnownAttribute::name);
            if (known == kKnownAttributes.end()) continue;
            auto& values = out.attributes[std::string(known->friendly)];
            for (const xml::Element& value : attribute.children(xml::kSaml, "AttributeValue")) {
                std::string text = value.text();
                if (!value.children().empty() || text.size() > kMostValue || values.size() >= kMostValues)
                    return refuse_response("is not a plain text", known->friendly);
                if (!text.empty()) values.push_back(std::move(text));
            }
        }
    return {};
}

/// Of a verified assertion, alone in its document.
Result<Assertion> read_assertion(xml::Element assertion, const Expectation& expected) {
    if (assertion.attribute("Version") != "2.0") return refuse_response("is not 2.0", "Version");
    Assertion out;
    out.id = assertion.attribute("ID");
    out.issuer = expected.provider.entity_id;
    if (out.id.empty() || out.id.size() > 256) return refuse_response("the assertion has no identifier", "ID");
    if (TRY(required_time(assertion, "IssueInstant")) > expected.now + expected.skew)
        return refuse_response("lies in the future", "IssueInstant");
    TRY(check_issuer(assertion, expected));
    TRY(take_subject(out, assertion, expected));
    TRY(check_conditions(assertion, expected));
    TRY(take_statement(out, assertion, expected));
    TRY(take_attributes(out, assertion));
    return out;
}

/// The signed part of the document, parsed again from the octets that were verified.
Result<xml::Document> verified_part(const xml::Document& document, xml::Element element, std::string_view root,
                                    const Expectation& expected) {
    const std::string octets = TRY(verified_octets(document, element, expected.provider.keys));
    xml::Document part = TRY(xml::Document::parse(octets, xml::Kind::message));
    if (part.root().attribute("ID") != element.attribute("ID"))
        return refuse_response("what was signed is not what it seems", "Signature");
    TRY(check_places(part.root(), root));
    return part;
}

}  // namespace

Result<Envelope> peek_response(std::string_view text) {
    const xml::Document document = TRY(xml::Document::parse(text, xml::Kind::message));
    const xml::Element root = document.root();
    TRY(check_places(root, "Response"));
    Envelope out;
    out.in_response_to = root.attribute("InResponseTo");
    if (const auto issuer = root.child(xml::kSaml, "Issuer")) out.issuer = issuer->text();
    if (const auto assertion = root.child(xml::kSaml, "Assertion"); assertion && out.issuer.empty())
        if (const auto issuer = assertion->child(xml::kSaml, "Issuer")) out.issuer = issuer->text();
    return out;
}

Result<Assertion> accept_response(std::string_view text, const Expectation& expected) {
    xml::Document document = TRY(xml::Document::parse(text, xml::Kind::message));
    TRY(check_places(document.root(), "Response"));
    bool response_signed = false;
    if (!signatures_of(document.root()).empty()) {
        document = TRY(verified_part(document, document.root(), "Response", expected));
        response_signed = true;
    }
    const xml::Element response = document.root();
    TRY(check_response(response, expected, response_signed));
    TRY(check_status(response));

    std::optional<xml::Document> opened;
    if (const auto encrypted = response.child(xml::kSaml, "EncryptedAssertion")) {
        opened = TRY(xml::Document::parse(TRY(decrypted(*encrypted, expected.key)), xml::Kind::message));
        TRY(check_places(opened->root(), "Assertion"));
    }
    const xml::Document& holder = opened ? *opened : document;
    const xml::Element assertion = opened ? opened->root() : TRY(response.only(xml::kSaml, "Assertion"));
    if (!signatures_of(assertion).empty()) {
        const xml::Document part = TRY(verified_part(holder, assertion, "Assertion", expected));
        return read_assertion(part.root(), expected);
    }
    if (!response_signed) return refuse_response("neither the response nor the assertion is signed", "Signature");
    return read_assertion(assertion, expected);
}

}  // namespace quipu::signin
