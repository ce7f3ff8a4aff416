#include "platform/signin/saml_request.h"

#include <array>
#include <fmt/format.h>
#include <zlib.h>

#include "net/http.h"
#include "platform/signin/decryption.h"
#include "platform/signin/saml_attributes.h"
#include "platform/signin/xml.h"

namespace quipu::signin {
namespace {

constexpr std::string_view kPost = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
constexpr std::string_view kRsaSha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

/// RFC 1951 without a header, as bindings §3.4.4.1 asks.
Result<std::string> deflated(std::string_view text) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return fail(ErrorCode::exhausted, "no memory to compress a request");
    std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
    std::string in(text);
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (result != Z_STREAM_END) return fail(ErrorCode::internal, "the request was not compressed");
    return out;
}

std::string certificate_text(const OwnKey& key) {
    return xml::base64_encode(key.certificate_der());
}

std::string localized(std::string_view element, std::string_view es, std::string_view pt, std::string_view en) {
    std::string out;
    for (const auto& [language, text] : {std::pair{"es", es}, std::pair{"pt", pt}, std::pair{"en", en}})
        out += fmt::format("        <{0} xml:lang=\"{1}\">{2}</{0}>\n", element, language, xml::escape(text));
    return out;
}

std::string same(std::string_view element, std::string_view text) {
    return localized(element, text, text, text);
}

std::string requested_attributes() {
    std::string out;
    for (const KnownAttribute& each : kKnownAttributes)
        out += fmt::format(
            "      <md:RequestedAttribute Name=\"{}\" FriendlyName=\"{}\" "
            "NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\" isRequired=\"{}\"/>\n",
            each.name, each.friendly, each.friendly == "eduPersonPrincipalName");
    return out;
}

std::string key_descriptor(const OwnKey& key, std::string_view use) {
    std::string methods;
    if (use == "encryption")
        for (const std::string_view method : {kAes256Gcm, kAes128Gcm, kRsaOaep, kRsaOaepMgf1})
            methods += fmt::format("      <md:EncryptionMethod Algorithm=\"{}\"/>\n", method);
    return fmt::format(
        "    <md:KeyDescriptor use=\"{}\">\n"
        "      <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\n{}"
        "    </md:KeyDescriptor>\n",
        use, certificate_text(key), methods);
}

}  // namespace

std::string service_provider_metadata(const ServiceProvider& provider, const OwnKey& key) {
    std::string out = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<md:EntityDescriptor xmlns:md=\"{}\" xmlns:ds=\"{}\" xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\" "
        "xmlns:mdattr=\"urn:oasis:names:tc:SAML:metadata:attribute\" xmlns:saml=\"{}\" entityID=\"{}\">\n",
        xml::kMetadata, xml::kSignature, xml::kSaml, xml::escape(provider.entity_id));
    // SAML V2.0 Subject Identifier Attributes Profile §4: which identifier is asked for.
    out +=
        "  <md:Extensions><mdattr:EntityAttributes>\n"
        "    <saml:Attribute Name=\"urn:oasis:names:tc:SAML:profiles:subject-id:req\" "
        "NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\">"
        "<saml:AttributeValue>any</saml:AttributeValue></saml:Attribute>\n"
        "  </mdattr:EntityAttributes></md:Extensions>\n";
    out += fmt::format(
        "  <md:SPSSODescriptor AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\" "
        "protocolSupportEnumeration=\"{}\">\n    <md:Extensions><mdui:UIInfo>\n",
        xml::kSamlp);
    out += same("mdui:DisplayName", provider.name);
    out +=
        localized("mdui:Description", "Plataforma técnica de la red académica", "Plataforma técnica da rede acadêmica",
                  "Technical platform of the research and education network");
    out += same("mdui:InformationURL", provider.home);
    out += "    </mdui:UIInfo></md:Extensions>\n";
    out += key_descriptor(key, "signing") + key_descriptor(key, "encryption");
    out +=
        "    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>\n"
        "    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>\n";
    out += fmt::format(
        "    <md:AssertionConsumerService index=\"1\" isDefault=\"true\" Binding=\"{}\" Location=\"{}\"/>\n", kPost,
        xml::escape(provider.consumer));
    out += "    <md:AttributeConsumingService index=\"1\">\n" + same("md:ServiceName", provider.name) +
           requested_attributes() + "    </md:AttributeConsumingService>\n  </md:SPSSODescriptor>\n";
    out += "  <md:Organization>\n" + same("md:OrganizationName", provider.name) +
           same("md:OrganizationDisplayName", provider.name) + same("md:OrganizationURL", provider.home) +
           "  </md:Organization>\n</md:EntityDescriptor>\n";
    return out;
}

Result<std::string> redirect_to(const AuthnRequest& request, const ServiceProvider& provider,
                                std::string_view relay_state, const OwnKey* key) {
    const std::string text = fmt::format(
        "<samlp:AuthnRequest xmlns:samlp=\"{}\" xmlns:saml=\"{}\" ID=\"{}\" Version=\"2.0\" IssueInstant=\"{}\" "
        "Destination=\"{}\" AssertionConsumerServiceURL=\"{}\" ProtocolBinding=\"{}\"{}>"
        "<saml:Issuer>{}</saml:Issuer><samlp:NameIDPolicy AllowCreate=\"true\"/></samlp:AuthnRequest>",
        xml::kSamlp, xml::kSaml, xml::escape(request.id),
        format_time(std::chrono::floor<std::chrono::seconds>(request.issued)), xml::escape(request.destination),
        xml::escape(provider.consumer), kPost, request.force ? " ForceAuthn=\"true\"" : "",
        xml::escape(provider.entity_id));
    std::string query =
        fmt::format("SAMLRequest={}&RelayState={}", net::percent_encode(xml::base64_encode(TRY(deflated(text)))),
                    net::percent_encode(relay_state));
    if (key != nullptr) {
        // §3.4.4.1: the signature is over these octets as they stand in the address.
        query += fmt::format("&SigAlg={}", net::percent_encode(kRsaSha256));
        query += fmt::format("&Signature={}", net::percent_encode(xml::base64_encode(TRY(key->sign(query)))));
    }
    const char joint = request.destination.find('?') == std::string::npos ? '?' : '&';
    return fmt::format("{}{}{}", request.destination, joint, query);
}

}  // namespace quipu::signin
