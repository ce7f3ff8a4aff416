#pragma once
// Metadata as a federation publishes it, of any size.

#include <fmt/format.h>

#include "platform/signin/test_saml.h"

namespace quipu::signin {

/// One identity provider; `certificate` is base64.
inline std::string entity_text(std::size_t number, std::string_view certificate, std::string_view more = {}) {
    return fmt::format(
        "<md:EntityDescriptor entityID=\"https://idp{0}.example.edu/idp/shibboleth\"><md:Extensions>"
        "<mdrpi:RegistrationInfo registrationAuthority=\"https://federation{1}.example\" "
        "registrationInstant=\"2015-03-01T12:00:00Z\"><mdrpi:RegistrationPolicy xml:lang=\"en\">"
        "https://federation{1}.example/policy</mdrpi:RegistrationPolicy></mdrpi:RegistrationInfo>{3}</md:Extensions>"
        "<md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:Extensions>"
        "<shibmd:Scope regexp=\"false\">idp{0}.example.edu</shibmd:Scope><mdui:UIInfo>"
        "<mdui:DisplayName xml:lang=\"es\">Universidad Autónoma número {0}</mdui:DisplayName>"
        "<mdui:DisplayName xml:lang=\"pt\">Universidade Autônoma número {0}</mdui:DisplayName>"
        "<mdui:DisplayName xml:lang=\"en\">Autonomous University number {0}</mdui:DisplayName>"
        "<mdui:Description xml:lang=\"es\">Una institución de enseñanza superior y de investigación de la región, que "
        "participa en la federación desde su comienzo.</mdui:Description>"
        "<mdui:Logo height=\"60\" width=\"80\">https://idp{0}.example.edu/logo.png</mdui:Logo></mdui:UIInfo>"
        "</md:Extensions><md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{2}\n</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" "
        "Location=\"https://idp{0}.example.edu/idp/profile/SAML2/Redirect/SLO\"/>"
        "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>"
        "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" "
        "Location=\"https://idp{0}.example.edu/idp/profile/SAML2/POST/SSO\"/>"
        "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" "
        "Location=\"https://idp{0}.example.edu/idp/profile/SAML2/Redirect/SSO\"/></md:IDPSSODescriptor>"
        "<md:Organization><md:OrganizationName xml:lang=\"es\">Universidad {0}</md:OrganizationName>"
        "<md:OrganizationDisplayName xml:lang=\"es\">Universidad {0}</md:OrganizationDisplayName>"
        "<md:OrganizationURL xml:lang=\"es\">https://www.example.edu</md:OrganizationURL></md:Organization>"
        "<md:ContactPerson contactType=\"technical\"><md:EmailAddress>mailto:noc@idp{0}.example.edu</md:EmailAddress>"
        "</md:ContactPerson></md:EntityDescriptor>\n",
        number, number % 70, certificate, more);
}

inline std::string aggregate_text(std::size_t count, std::string_view certificate, const SignatureShape* shape,
                                  std::string_view until = "2026-12-10T00:00:00Z") {
    std::string out = fmt::format(
        "<md:EntitiesDescriptor xmlns:md=\"{}\" xmlns:ds=\"{}\" xmlns:shibmd=\"urn:mace:shibboleth:metadata:1.0\" "
        "xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\" xmlns:mdrpi=\"urn:oasis:names:tc:SAML:metadata:rpi\" "
        "xmlns:mdattr=\"urn:oasis:names:tc:SAML:metadata:attribute\" xmlns:saml=\"{}\" ID=\"_aggregate\" "
        "validUntil=\"{}\">",
        xml::kMetadata, xml::kSignature, xml::kSaml, until);
    if (shape != nullptr) out += shape->text("_aggregate");
    out += "<!-- made for a test -->\n";
    for (std::size_t i = 0; i < count; ++i)
        out += entity_text(i, certificate);
    return out + "</md:EntitiesDescriptor>";
}

}  // namespace quipu::signin
