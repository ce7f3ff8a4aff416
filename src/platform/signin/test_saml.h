#pragma once
// An identity provider in the test: it makes assertions of any shape and signs them with xmlsec1.

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <openssl/x509.h>
#include <stdexcept>
#include <string>
#include <vector>
#include <xmlsec/keys.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>

#include "platform/signin/saml_response.h"
#include "platform/signin/test_keys.h"
#include "platform/signin/xml.h"

namespace quipu::signin {

inline std::string self_signed_der(EVP_PKEY* key) {
    const Owned<X509_free, X509> certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
    X509_set_pubkey(certificate.get(), key);
    X509_sign(certificate.get(), key, EVP_sha256());
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

/// How a signature is made; the defaults are what is accepted.
struct SignatureShape {
    std::string canonicalisation{xml::kExclusive};
    std::string method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    std::string digest = "http://www.w3.org/2001/04/xmlenc#sha256";
    std::vector<std::string> transforms = {"http://www.w3.org/2000/09/xmldsig#enveloped-signature",
                                           std::string(xml::kExclusive)};
    std::vector<std::string> more_references = {};  ///< identifiers
    std::string key_info = {};
    std::string uri = {};  ///< instead of the element's own

    [[nodiscard]] std::string text(const std::string& id) const {
        const auto reference = [this](const std::string& to) {
            std::string list;
            for (const std::string& each : transforms)
                list += fmt::format("<ds:Transform Algorithm=\"{}\"/>", each);
            return fmt::format(
                "<ds:Reference URI=\"{}\"><ds:Transforms>{}</ds:Transforms><ds:DigestMethod "
                "Algorithm=\"{}\"/><ds:DigestValue/></ds:Reference>",
                to, list, digest);
        };
        std::string references = reference(uri.empty() ? "#" + id : uri == "empty" ? "" : uri);
        for (const std::string& each : more_references)
            references += reference("#" + each);
        return fmt::format(
            "<ds:Signature xmlns:ds=\"{}\"><ds:SignedInfo><ds:CanonicalizationMethod "
            "Algorithm=\"{}\"/><ds:SignatureMethod Algorithm=\"{}\"/>{}</ds:SignedInfo>"
            "<ds:SignatureValue/>{}</ds:Signature>",
            xml::kSignature, canonicalisation, method, references, key_info);
    }
};

/// Fills in the first signature of the text that has no value yet.
inline std::string sign_xml(const std::string& text, EVP_PKEY* key) {
    xmlDoc* doc =
        xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr, XML_PARSE_NONET | XML_PARSE_HUGE);
    if (doc == nullptr) throw std::runtime_error("the template is not XML");
    const xmlChar* ids[] = {BAD_CAST "ID", nullptr};
    xmlSecAddIDs(doc, xmlDocGetRootElement(doc), ids);
    xmlNode* signature = nullptr;
    for (const xml::Element& each : xml::Element(xmlDocGetRootElement(doc)).descendants(xml::kSignature, "Signature"))
        if (signature == nullptr && each.child(xml::kSignature, "SignatureValue")->text().empty())
            signature = each.node();
    xmlSecDSigCtx* context = xmlSecDSigCtxCreate(nullptr);
    EVP_PKEY_up_ref(key);
    context->signKey = xmlSecKeyCreate();
    xmlSecKeySetValue(context->signKey, xmlSecOpenSSLEvpKeyAdopt(key));
    const int result = xmlSecDSigCtxSign(context, signature);
    xmlSecDSigCtxDestroy(context);
    xmlChar* out = nullptr;
    int size = 0;
    xmlDocDumpMemory(doc, &out, &size);
    std::string signed_text(reinterpret_cast<char*>(out), static_cast<std::size_t>(size));
    xmlFree(out);
    xmlFreeDoc(doc);
    if (result < 0) throw std::runtime_error("xmlsec1 signed nothing");
    return signed_text;
}

/// The first signature that stands in the text.
inline std::string cut_signature(const std::string& text) {
    const auto begin = text.find("<ds:Signature ");
    const std::string end = "</ds:Signature>";
    return text.substr(begin, text.find(end, begin) + end.size() - begin);
}

class TestProvider {
  public:
    explicit TestProvider(TestKeyPtr signing = make_rsa()) : key(std::move(signing)) {
        provider.entity_id = "https://idp.uchile.example/metadata";
        provider.keys.push_back(*VerifyingKey::of_certificate(self_signed_der(key.get())));
        provider.scopes = {{"uchile.example", false}};
        provider.names["es"] = "Universidad de Chile";
        provider.single_sign_on = "https://idp.uchile.example/sso";
    }

    TestKeyPtr key;
    IdentityProvider provider;
};

/// What an assertion and its response say; a test changes what it is about.
struct TestResponse {
    std::string response_id = "_r1", assertion_id = "_a1";
    std::string issuer = "https://idp.uchile.example/metadata";
    std::string entity_id = "https://portal.example.org/saml";
    std::string consumer = "https://portal.example.org/api/v1/signin/saml/acs";
    std::string request_id = "_q1";
    std::string name_id = "ana";
    std::string eppn = "ana@uchile.example";
    std::string issued = "2026-11-28T14:00:00Z";
    std::string end = "2026-11-28T14:05:00Z";
    std::string not_before = "2026-11-28T13:59:30Z";
    std::string destination = consumer, recipient = consumer, audience = entity_id;
    std::string status = "urn:oasis:names:tc:SAML:2.0:status:Success";
    std::string method = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    std::string more_conditions = {}, extensions = {}, more = {}, attributes = {};
    std::string in_response_to = "_q1";        // of the response
    std::string confirmation_answers = "_q1";  // of the subject's confirmation

    [[nodiscard]] std::string assertion(const std::string& signature = {}) const {
        const std::string answers =
            confirmation_answers.empty() ? "" : fmt::format(" InResponseTo=\"{}\"", confirmation_answers);
        return fmt::format(
            "<saml:Assertion xmlns:saml=\"{ns}\" ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{issued}\">"
            "<saml:Issuer>{issuer}</saml:Issuer>{signature}"
            "<saml:Subject><saml:NameID>{name}</saml:NameID><saml:SubjectConfirmation Method=\"{method}\">"
            "<saml:SubjectConfirmationData Recipient=\"{recipient}\" NotOnOrAfter=\"{end}\"{answers}/>"
            "</saml:SubjectConfirmation></saml:Subject>"
            "<saml:Conditions NotBefore=\"{before}\" NotOnOrAfter=\"{end}\"><saml:AudienceRestriction><saml:Audience>"
            "{audience}</saml:Audience></saml:AudienceRestriction>{conditions}</saml:Conditions>"
            "<saml:AuthnStatement AuthnInstant=\"{issued}\"><saml:AuthnContext><saml:AuthnContextClassRef>"
            "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef>"
            "</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute "
            "Name=\"urn:oid:1.3.6.1.4.1.5923.1.1.1.6\"><saml:AttributeValue>{eppn}</saml:AttributeValue>"
            "</saml:Attribute>{attributes}</saml:AttributeStatement></saml:Assertion>",
            fmt::arg("ns", xml::kSaml), fmt::arg("id", assertion_id), fmt::arg("issued", issued),
            fmt::arg("issuer", issuer), fmt::arg("signature", signature), fmt::arg("name", name_id),
            fmt::arg("method", method), fmt::arg("recipient", recipient), fmt::arg("end", end),
            fmt::arg("answers", answers), fmt::arg("before", not_before), fmt::arg("audience", audience),
            fmt::arg("conditions", more_conditions), fmt::arg("eppn", eppn), fmt::arg("attributes", attributes));
    }
    [[nodiscard]] std::string response(const std::string& content, const std::string& signature = {}) const {
        const std::string answers = in_response_to.empty() ? "" : fmt::format(" InResponseTo=\"{}\"", in_response_to);
        const std::string to = destination.empty() ? "" : fmt::format(" Destination=\"{}\"", destination);
        return fmt::format(
            "<samlp:Response xmlns:samlp=\"{}\" xmlns:saml=\"{}\" ID=\"{}\" Version=\"2.0\" IssueInstant=\"{}\"{}{}>"
            "<saml:Issuer>{}</saml:Issuer>{}{}<samlp:Status><samlp:StatusCode Value=\"{}\"/></samlp:Status>{}{}"
            "</samlp:Response>",
            xml::kSamlp, xml::kSaml, response_id, issued, to, answers, issuer, signature, extensions, status, content,
            more);
    }
    /// The assertion signed, as federations do.
    [[nodiscard]] std::string with_signed_assertion(const TestProvider& by, const SignatureShape& shape = {}) const {
        return sign_xml(response(assertion(shape.text(assertion_id))), by.key.get());
    }
    [[nodiscard]] std::string with_signed_response(const TestProvider& by, const SignatureShape& shape = {}) const {
        return sign_xml(response(assertion(), shape.text(response_id)), by.key.get());
    }
};

}  // namespace quipu::signin
