#pragma once
// XML as SAML needs it, by libxml2 behind the wall (xml.cpp): no DTD, no entity of one's own, nothing fetched, and in
// protocol messages no comment and no processing instruction either, so that a text is one text. Namespace names must
// be absolute: canonicalisation is not defined for others (Exclusive XML Canonicalization 1.0 §1.3).

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct _xmlDoc;
struct _xmlNode;

namespace quipu::signin::xml {

inline constexpr std::string_view kSaml = "urn:oasis:names:tc:SAML:2.0:assertion";
inline constexpr std::string_view kSamlp = "urn:oasis:names:tc:SAML:2.0:protocol";
inline constexpr std::string_view kMetadata = "urn:oasis:names:tc:SAML:2.0:metadata";
inline constexpr std::string_view kSignature = "http://www.w3.org/2000/09/xmldsig#";
inline constexpr std::string_view kEncryption = "http://www.w3.org/2001/04/xmlenc#";
inline constexpr std::string_view kEncryption11 = "http://www.w3.org/2009/xmlenc11#";
inline constexpr std::string_view kExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// What a text may hold.
enum class Kind : std::uint8_t {
    message,   ///< at most 256 KiB, no comments
    metadata,  ///< up to 512 MiB; comments are skipped
};

/// An element of a document that outlives it.
class Element {
  public:
    explicit Element(_xmlNode* node) : node_(node) {}

    [[nodiscard]] std::string_view name() const;   ///< local name
    [[nodiscard]] std::string_view space() const;  ///< namespace
    [[nodiscard]] bool is(std::string_view space, std::string_view name) const;
    [[nodiscard]] std::string attribute(std::string_view name) const;  ///< without namespace; empty when absent
    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] std::string attribute(std::string_view space, std::string_view name) const;
    /// All text inside; spaces at both ends taken off.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::vector<Element> children() const;
    [[nodiscard]] std::vector<Element> children(std::string_view space, std::string_view name) const;
    [[nodiscard]] std::optional<Element> child(std::string_view space, std::string_view name) const;  ///< the first
    /// The only child of that name: `invalid` for none or several.
    [[nodiscard]] Result<Element> only(std::string_view space, std::string_view name) const;
    /// This and everything below it with that name.
    [[nodiscard]] std::vector<Element> descendants(std::string_view space, std::string_view name) const;
    [[nodiscard]] std::optional<Element> parent() const;

    bool operator==(const Element&) const = default;
    [[nodiscard]] _xmlNode* node() const { return node_; }

  private:
    _xmlNode* node_;
};

class Document {
  public:
    static Result<Document> parse(std::string_view text, Kind kind);
    [[nodiscard]] Element root() const;
    [[nodiscard]] _xmlDoc* doc() const { return doc_.get(); }

  private:
    explicit Document(_xmlDoc* doc) : doc_(doc) {}
    struct Free {
        void operator()(_xmlDoc* doc) const;
    };
    std::unique_ptr<_xmlDoc, Free> doc_;
};

/// Text for an element's content or an attribute. What no XML may hold (XML 1.0 §2.2: octets that are not UTF-8,
/// control characters) becomes U+FFFD, so that what leaves is XML whatever came in.
[[nodiscard]] std::string escape(std::string_view text);
/// xs:base64Binary: spaces within do not matter.
[[nodiscard]] Result<std::string> base64_decode(std::string_view text);
[[nodiscard]] std::string base64_encode(std::string_view octets);

}  // namespace quipu::signin::xml
