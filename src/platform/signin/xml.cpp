#include "platform/signin/xml.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <mutex>
#include <openssl/evp.h>

#include "base/utf8.h"
#include "platform/signin/openssl_owner.h"

namespace quipu::signin::xml {
namespace {

constexpr int kMostLevels = 64;
constexpr std::size_t kMostMessage = std::size_t{256} * 1024;
constexpr std::size_t kMostMetadata = std::size_t{512} * 1024 * 1024;

std::string_view view(const xmlChar* text) {
    return text != nullptr ? reinterpret_cast<const char*>(text) : std::string_view();
}

/// XML 1.0 §2.2, of a well-formed UTF-8 sequence or a single octet.
bool is_xml_character(std::string_view one) {
    if (one.size() > 1) return one != "\xef\xbf\xbe" && one != "\xef\xbf\xbf";
    const auto octet = static_cast<unsigned char>(one[0]);
    return octet >= 0x20 && octet < 0x80;
}

void start_library() {
    static std::once_flag once;
    std::call_once(once, [] { xmlInitParser(); });
}

/// What the parser met and must not have. libxml2's context carries it.
struct Refusal {
    std::string what;
};

void refuse(void* opaque, std::string_view what) {
    auto* context = static_cast<xmlParserCtxt*>(opaque);
    auto* refusal = static_cast<Refusal*>(context->_private);
    if (refusal->what.empty()) refusal->what = what;
    xmlStopParser(context);
}
void on_doctype(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
    refuse(context, "a document type is not accepted");
}
void on_comment(void* context, const xmlChar*) {
    refuse(context, "a comment is not accepted");
}
void on_instruction(void* context, const xmlChar*, const xmlChar*) {
    refuse(context, "a processing instruction is not accepted");
}
void on_reference(void* context, const xmlChar*) {
    refuse(context, "an entity is not accepted");
}
void skip_comment(void*, const xmlChar*) {}
void skip_instruction(void*, const xmlChar*, const xmlChar*) {}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const xmlNode* next_in_document(const xmlNode* node, const xmlNode* top) {
    if (node->type == XML_ELEMENT_NODE && node->children != nullptr) return node->children;
    while (node != top && node->next == nullptr)
        node = node->parent;
    return node == top ? nullptr : node->next;
}

/// Names of namespaces are absolute, and nothing is so deep that a recursive reader would fall.
Result<void> check_shape(const xmlNode* root) {
    for (const xmlNode* node = root; node != nullptr; node = next_in_document(node, root)) {
        if (node->type != XML_ELEMENT_NODE) continue;
        for (const xmlNs* space = node->nsDef; space != nullptr; space = space->next) {
            const std::string_view name = view(space->href);
            if (!name.empty() && name.find(':') == std::string_view::npos)
                return fail(ErrorCode::invalid, "the name of a namespace is relative",
                            fmt::format("line {}", xmlGetLineNo(node)));
        }
        if (node->children == nullptr) continue;
        int levels = 0;
        for (const xmlNode* above = node; above != nullptr && levels <= kMostLevels; above = above->parent)
            ++levels;
        if (levels > kMostLevels)
            return fail(ErrorCode::too_large, fmt::format("more than {} levels of elements", kMostLevels),
                        fmt::format("line {}", xmlGetLineNo(node)));
    }
    return {};
}

}  // namespace

void Document::Free::operator()(_xmlDoc* doc) const {
    xmlFreeDoc(doc);
}

Result<Document> Document::parse(std::string_view text, Kind kind) {
    start_library();
    if (text.size() > (kind == Kind::message ? kMostMessage : kMostMetadata))
        return fail(ErrorCode::too_large, fmt::format("{} octets of XML are more than are read", text.size()));
    const Owned<xmlFreeParserCtxt, xmlParserCtxt> context(xmlNewParserCtxt());
    if (context == nullptr) return fail(ErrorCode::exhausted, "no memory for an XML parser");
    Refusal refusal;
    context->_private = &refusal;
    context->sax->internalSubset = on_doctype;
    context->sax->externalSubset = on_doctype;
    context->sax->reference = on_reference;
    context->sax->comment = kind == Kind::message ? on_comment : skip_comment;
    context->sax->processingInstruction = kind == Kind::message ? on_instruction : skip_instruction;
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA | XML_PARSE_COMPACT;
    if (kind == Kind::metadata) options |= XML_PARSE_HUGE | XML_PARSE_BIG_LINES;
    Document document(
        xmlCtxtReadMemory(context.get(), text.data(), static_cast<int>(text.size()), nullptr, nullptr, options));
    if (!refusal.what.empty()) return fail(ErrorCode::invalid, std::move(refusal.what), "XML");
    if (document.doc_ == nullptr || context->wellFormed == 0 || xmlDocGetRootElement(document.doc()) == nullptr) {
        const xmlError* error = xmlCtxtGetLastError(context.get());
        std::string what = error != nullptr && error->message != nullptr ? error->message : "is not XML";
        while (!what.empty() && is_space(what.back()))
            what.pop_back();
        return fail(ErrorCode::invalid, std::move(what), fmt::format("line {}", error != nullptr ? error->line : 0));
    }
    if (document.doc_->intSubset != nullptr) return fail(ErrorCode::invalid, "a document type is not accepted", "XML");
    TRY(check_shape(document.root().node()));
    return document;
}

Element Document::root() const {
    return Element(xmlDocGetRootElement(doc_.get()));
}

std::string_view Element::name() const {
    return view(node_->name);
}
std::string_view Element::space() const {
    return node_->ns != nullptr ? view(node_->ns->href) : std::string_view();
}
bool Element::is(std::string_view space, std::string_view name) const {
    return this->name() == name && this->space() == space;
}

namespace {
const xmlAttr* attribute_of(const xmlNode* node, std::string_view space, std::string_view name) {
    for (const xmlAttr* each = node->properties; each != nullptr; each = each->next)
        if (view(each->name) == name && (each->ns != nullptr ? view(each->ns->href) : std::string_view()) == space)
            return each;
    return nullptr;
}
std::string value_of(const xmlAttr* attribute) {
    std::string out;
    for (const xmlNode* part = attribute != nullptr ? attribute->children : nullptr; part != nullptr; part = part->next)
        out += view(part->content);
    return out;
}
}  // namespace

std::string Element::attribute(std::string_view name) const {
    return value_of(attribute_of(node_, {}, name));
}
bool Element::has(std::string_view name) const {
    return attribute_of(node_, {}, name) != nullptr;
}
std::string Element::attribute(std::string_view space, std::string_view name) const {
    return value_of(attribute_of(node_, space, name));
}

std::string Element::text() const {
    std::string out;
    for (const xmlNode* node = node_; node != nullptr; node = next_in_document(node, node_))
        if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) out += view(node->content);
    while (!out.empty() && is_space(out.back()))
        out.pop_back();
    std::size_t begin = 0;
    while (begin < out.size() && is_space(out[begin]))
        ++begin;
    return out.substr(begin);
}

std::vector<Element> Element::children() const {
    std::vector<Element> out;
    for (xmlNode* node = node_->children; node != nullptr; node = node->next)
        if (node->type == XML_ELEMENT_NODE) out.emplace_back(node);
    return out;
}

std::vector<Element> Element::children(std::string_view space, std::string_view name) const {
    std::vector<Element> out = children();
    std::erase_if(out, [&](const Element& each) { return !each.is(space, name); });
    return out;
}

std::optional<Element> Element::child(std::string_view space, std::string_view name) const {
    for (xmlNode* node = node_->children; node != nullptr; node = node->next)
        if (node->type == XML_ELEMENT_NODE && Element(node).is(space, name)) return Element(node);
    return std::nullopt;
}

Result<Element> Element::only(std::string_view space, std::string_view name) const {
    const auto found = children(space, name);
    if (found.size() != 1)
        return fail(ErrorCode::invalid, fmt::format("{} has {} of {}, not one", this->name(), found.size(), name),
                    std::string(name));
    return found.front();
}

std::vector<Element> Element::descendants(std::string_view space, std::string_view name) const {
    std::vector<Element> out;
    for (const xmlNode* node = node_; node != nullptr; node = next_in_document(node, node_)) {
        const Element element(const_cast<xmlNode*>(node));  // the walk changes nothing
        if (node->type == XML_ELEMENT_NODE && element.is(space, name)) out.push_back(element);
    }
    return out;
}

std::optional<Element> Element::parent() const {
    if (node_->parent == nullptr || node_->parent->type != XML_ELEMENT_NODE) return std::nullopt;
    return Element(node_->parent);
}

std::string escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0, length = 0; i < text.size(); i += length) {
        const std::string_view one = text.substr(i, length = std::max<std::size_t>(utf8_length(text.substr(i)), 1));
        switch (one[0]) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\t': out += "&#9;"; break;
            case '\n': out += "&#10;"; break;
            case '\r': out += "&#13;"; break;
            default: out += is_xml_character(one) ? one : kReplacementCharacter;
        }
    }
    return out;
}

Result<std::string> base64_decode(std::string_view text) {
    std::string packed;
    packed.reserve(text.size());
    for (const char c : text)
        if (!is_space(c)) packed += c;
    if (packed.empty() || packed.size() % 4 != 0) return fail(ErrorCode::invalid, "is not base64", "base64");
    std::string out(packed.size() / 4 * 3, '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(packed.data()), static_cast<int>(packed.size()));
    if (size < 0) return fail(ErrorCode::invalid, "is not base64", "base64");
    const std::size_t padding = packed.ends_with("==") ? 2 : packed.ends_with('=') ? 1 : 0;
    out.resize(static_cast<std::size_t>(size) - padding);
    return out;
}

std::string base64_encode(std::string_view octets) {
    std::string out((octets.size() + 2) / 3 * 4 + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(octets.data()), static_cast<int>(octets.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

}  // namespace quipu::signin::xml
