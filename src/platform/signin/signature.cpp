#include "platform/signin/signature.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/valid.h>
#include <mutex>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <xmlsec/buffer.h>
#include <xmlsec/errors.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

#include "platform/signin/openssl_owner.h"

namespace quipu::signin {

struct VerifyingKey::Impl {
    Owned<EVP_PKEY_free, EVP_PKEY> key;
};

namespace {

constexpr std::string_view kEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
constexpr std::string_view kMore = "http://www.w3.org/2001/04/xmldsig-more#";

struct Method {
    std::string_view name;
    int kind;
    xmlSecTransformId (*transform)();
};
// RFC 6931 §2.3.
const std::array<Method, 6> kMethods{{
    {"rsa-sha256", EVP_PKEY_RSA, xmlSecOpenSSLTransformRsaSha256GetKlass},
    {"rsa-sha384", EVP_PKEY_RSA, xmlSecOpenSSLTransformRsaSha384GetKlass},
    {"rsa-sha512", EVP_PKEY_RSA, xmlSecOpenSSLTransformRsaSha512GetKlass},
    {"ecdsa-sha256", EVP_PKEY_EC, xmlSecOpenSSLTransformEcdsaSha256GetKlass},
    {"ecdsa-sha384", EVP_PKEY_EC, xmlSecOpenSSLTransformEcdsaSha384GetKlass},
    {"ecdsa-sha512", EVP_PKEY_EC, xmlSecOpenSSLTransformEcdsaSha512GetKlass},
}};
constexpr std::array<std::string_view, 3> kDigests = {"http://www.w3.org/2001/04/xmlenc#sha256",
                                                      "http://www.w3.org/2001/04/xmldsig-more#sha384",
                                                      "http://www.w3.org/2001/04/xmlenc#sha512"};

void start_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        xmlSecErrorsDefaultCallbackEnableOutput(0);
        if (xmlSecInit() < 0 || xmlSecOpenSSLAppInit(nullptr) < 0 || xmlSecOpenSSLInit() < 0) std::abort();
    });
}

std::unexpected<Error> refuse_signature(std::string what) {
    return fail(ErrorCode::invalid, std::move(what), "Signature");
}

Result<xml::Element> only(xml::Element parent, std::string_view name) {
    return parent.only(xml::kSignature, name);
}

/// The children are these, each as often as is said, and nothing else.
Result<void> check_children(xml::Element element, std::initializer_list<std::string_view> allowed) {
    for (const xml::Element& child : element.children())
        if (child.space() != xml::kSignature || std::ranges::find(allowed, child.name()) == allowed.end())
            return refuse_signature(fmt::format("{} may not hold {}", element.name(), child.name()));
    return {};
}

bool is_identifier(std::string_view name) {
    return name == "ID" || name == "Id" || name == "id" || name == "AssertionID" || name == "RequestID" ||
           name == "ResponseID";
}

/// How many elements from here on carry this identifier, by any attribute that some reader takes for one.
std::size_t count_identifier(const xmlNode* node, std::string_view id) {
    std::size_t count = 0;
    for (; node != nullptr; node = node->next) {
        if (node->type != XML_ELEMENT_NODE) continue;
        for (const xmlAttr* each = node->properties; each != nullptr; each = each->next) {
            if (!is_identifier(reinterpret_cast<const char*>(each->name)) || each->children == nullptr) continue;
            if (each->children->content != nullptr && reinterpret_cast<const char*>(each->children->content) == id)
                ++count;
        }
        count += count_identifier(node->children, id);  // a Document is at most 64 levels deep
    }
    return count;
}

Result<void> check_transforms(xml::Element reference) {
    const xml::Element transforms = TRY(only(reference, "Transforms"));
    TRY(check_children(transforms, {"Transform"}));
    const auto list = transforms.children();
    if (list.size() != 2 || list[0].attribute("Algorithm") != kEnveloped ||
        list[1].attribute("Algorithm") != xml::kExclusive)
        return refuse_signature("the transforms are not enveloped-signature and exclusive canonicalisation");
    if (!list[0].children().empty()) return refuse_signature("the enveloped-signature transform has content");
    for (const xml::Element& child : list[1].children())
        if (!child.is(xml::kExclusive, "InclusiveNamespaces"))
            return refuse_signature("the canonicalisation has content");
    return {};
}

/// The form of the signature; answers its method.
Result<const Method*> check_form(const xml::Document& document, xml::Element signature, xml::Element element) {
    TRY(check_children(signature, {"SignedInfo", "SignatureValue", "KeyInfo"}));
    if (signature.children(xml::kSignature, "KeyInfo").size() > 1) return refuse_signature("there are two of KeyInfo");
    static_cast<void>(TRY(only(signature, "SignatureValue")));
    const xml::Element info = TRY(only(signature, "SignedInfo"));
    TRY(check_children(info, {"CanonicalizationMethod", "SignatureMethod", "Reference"}));

    const xml::Element canonical = TRY(only(info, "CanonicalizationMethod"));
    if (canonical.attribute("Algorithm") != xml::kExclusive || !canonical.children().empty())
        return refuse_signature("only exclusive canonicalisation without comments is accepted");
    const xml::Element method = TRY(only(info, "SignatureMethod"));
    const std::string algorithm = method.attribute("Algorithm");
    const auto found = std::ranges::find_if(kMethods, [&](const Method& each) {
        return algorithm.starts_with(kMore) && std::string_view(algorithm).substr(kMore.size()) == each.name;
    });
    if (found == kMethods.end() || !method.children().empty())
        return refuse_signature(fmt::format("the signature method {} is not accepted", algorithm.substr(0, 100)));

    const auto reference = only(info, "Reference");
    if (!reference) return refuse_signature("there is not exactly one Reference");
    TRY(check_children(*reference, {"Transforms", "DigestMethod", "DigestValue"}));
    if (reference->has("Type")) return refuse_signature("the Reference has a type");
    const std::string id = element.attribute("ID");
    if (id.empty() || reference->attribute("URI") != "#" + id)
        return refuse_signature("the Reference is not to the signature's own parent");
    if (count_identifier(document.root().node(), id) != 1)
        return refuse_signature("the identifier stands more than once in the document");
    TRY(check_transforms(*reference));
    const xml::Element digest = TRY(only(*reference, "DigestMethod"));
    if (std::ranges::find(kDigests, digest.attribute("Algorithm")) == kDigests.end() || !digest.children().empty())
        return refuse_signature("the digest method is not accepted");
    static_cast<void>(TRY(only(*reference, "DigestValue")));
    return &*found;
}

using ContextPtr = Owned<xmlSecDSigCtxDestroy, xmlSecDSigCtx>;

/// A context that can do nothing but what check_form has let pass.
ContextPtr make_context(const Method& method, EVP_PKEY* key) {
    ContextPtr context(xmlSecDSigCtxCreate(nullptr));
    if (context == nullptr) return nullptr;
    context->flags = XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES | XMLSEC_DSIG_FLAGS_STORE_SIGNATURE |
                     XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
    context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
    const bool enabled =
        xmlSecDSigCtxEnableSignatureTransform(context.get(), method.transform()) == 0 &&
        xmlSecDSigCtxEnableSignatureTransform(context.get(), xmlSecTransformExclC14NGetKlass()) == 0 &&
        xmlSecDSigCtxEnableReferenceTransform(context.get(), xmlSecTransformEnvelopedGetKlass()) == 0 &&
        xmlSecDSigCtxEnableReferenceTransform(context.get(), xmlSecTransformExclC14NGetKlass()) == 0 &&
        xmlSecDSigCtxEnableReferenceTransform(context.get(), xmlSecOpenSSLTransformSha256GetKlass()) == 0 &&
        xmlSecDSigCtxEnableReferenceTransform(context.get(), xmlSecOpenSSLTransformSha384GetKlass()) == 0 &&
        xmlSecDSigCtxEnableReferenceTransform(context.get(), xmlSecOpenSSLTransformSha512GetKlass()) == 0;
    if (!enabled) return nullptr;
    EVP_PKEY_up_ref(key);
    xmlSecKeyDataPtr data = xmlSecOpenSSLEvpKeyAdopt(key);
    if (data == nullptr) {
        EVP_PKEY_free(key);
        return nullptr;
    }
    xmlSecKeyPtr wrapped = xmlSecKeyCreate();
    if (wrapped == nullptr || xmlSecKeySetValue(wrapped, data) < 0) {
        xmlSecKeyDataDestroy(data);
        if (wrapped != nullptr) xmlSecKeyDestroy(wrapped);
        return nullptr;
    }
    context->signKey = wrapped;  // with a key given, KeyInfo is not read
    return context;
}

std::string octets_of(xmlSecBufferPtr buffer) {
    if (buffer == nullptr) return {};
    return std::string(reinterpret_cast<const char*>(xmlSecBufferGetData(buffer)), xmlSecBufferGetSize(buffer));
}

/// The verified octets, or nothing.
std::string verify_with(const Method& method, EVP_PKEY* key, xml::Element signature) {
    const ContextPtr context = make_context(method, key);
    if (context == nullptr || xmlSecDSigCtxVerify(context.get(), signature.node()) < 0 ||
        context->status != xmlSecDSigStatusSucceeded || xmlSecPtrListGetSize(&context->signedInfoReferences) != 1 ||
        xmlSecPtrListGetSize(&context->manifestReferences) != 0)
        return {};
    // A canonicalisation that failed and left nothing must not pass for what was signed.
    if (!octets_of(xmlSecDSigCtxGetPreSignBuffer(context.get())).starts_with('<')) return {};
    auto* reference = static_cast<xmlSecDSigReferenceCtxPtr>(xmlSecPtrListGetItem(&context->signedInfoReferences, 0));
    if (reference == nullptr || reference->status != xmlSecDSigStatusSucceeded) return {};
    return octets_of(xmlSecDSigReferenceCtxGetPreDigestBuffer(reference));
}

}  // namespace

Result<VerifyingKey> VerifyingKey::of_certificate(std::string_view der) {
    start_library();
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const Owned<X509_free, X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (certificate == nullptr) return fail(ErrorCode::invalid, "the certificate can't be read", "X509Certificate");
    Owned<EVP_PKEY_free, EVP_PKEY> key(X509_get_pubkey(certificate.get()));
    const int kind = key != nullptr ? EVP_PKEY_get_base_id(key.get()) : EVP_PKEY_NONE;
    const int bits = key != nullptr ? EVP_PKEY_get_bits(key.get()) : 0;
    if (!(kind == EVP_PKEY_RSA && bits >= 2048) && !(kind == EVP_PKEY_EC && bits >= 256))
        return fail(ErrorCode::invalid, "only RSA keys of 2048 bits and more and ECDSA keys are accepted",
                    "X509Certificate");
    return VerifyingKey(std::make_shared<const Impl>(std::move(key)));
}

std::vector<xml::Element> signatures_of(xml::Element element) {
    return element.children(xml::kSignature, "Signature");
}

Result<std::string> verified_octets(const xml::Document& document, xml::Element element,
                                    std::span<const VerifyingKey> keys) {
    start_library();
    const auto signatures = signatures_of(element);
    if (signatures.size() != 1)
        return refuse_signature(signatures.empty() ? "there is no signature" : "there are several signatures");
    const Method* method = TRY(check_form(document, signatures.front(), element));
    const std::string id = element.attribute("ID");
    xmlAttr* attribute = xmlHasProp(element.node(), reinterpret_cast<const xmlChar*>("ID"));
    xmlAddID(nullptr, document.doc(), reinterpret_cast<const xmlChar*>(id.c_str()), attribute);
    std::string octets;
    for (const VerifyingKey& key : keys) {
        EVP_PKEY* candidate = key.impl().key.get();
        if (EVP_PKEY_get_base_id(candidate) != method->kind) continue;
        octets = verify_with(*method, candidate, signatures.front());
        if (!octets.empty()) break;
    }
    xmlRemoveID(document.doc(), attribute);
    if (octets.empty()) return refuse_signature("the signature is not that of a key in the metadata");
    return octets;
}

}  // namespace quipu::signin
