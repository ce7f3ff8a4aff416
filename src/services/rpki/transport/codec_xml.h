#pragma once
// XML as far as RRDP needs it, and no further: elements, attributes, text, comments; the five named entities and ASCII
// character references in attributes. No DTD, no CDATA, no other entity, no processing instruction but the declaration,
// no octet beyond ASCII (RFC 8182 §3.5: US-ASCII). Octets come in pieces of any size; one tag is kept at most.
// docs/decisions/028-fetched-objects-in-packs.md says why this is ours.

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu::rpki {

struct XmlAttribute {
    std::string_view name;
    std::string_view value;  ///< references resolved
};

/// Valid during the call only.
struct XmlTag {
    std::string_view name;
    std::span<const XmlAttribute> attributes;
    [[nodiscard]] const std::string_view* find(std::string_view attribute) const;
};

class XmlHandler {
  public:
    XmlHandler() = default;
    XmlHandler(const XmlHandler&) = delete;
    XmlHandler& operator=(const XmlHandler&) = delete;
    virtual ~XmlHandler() = default;
    virtual Result<void> on_start(const XmlTag& tag) = 0;
    /// Inside an element, in pieces; white space too.
    virtual Result<void> on_text(std::string_view text) = 0;
    virtual Result<void> on_end() = 0;
};

class XmlReader {
  public:
    static constexpr std::size_t kMaxTag = 16 * 1024;
    static constexpr std::size_t kMaxAttributes = 8;
    static constexpr std::size_t kMaxDepth = 4;

    explicit XmlReader(XmlHandler& handler) : handler_(handler) {}
    [[nodiscard]] Result<void> feed(ByteSpan octets);
    /// The document is whole.
    [[nodiscard]] Result<void> finish() const;

  private:
    Result<void> text(std::string_view octets);
    Result<void> markup(std::string_view inside);
    Result<void> declaration(std::string_view inside);
    Result<void> start_tag(std::string_view inside);
    Result<void> end_tag(std::string_view inside);
    [[nodiscard]] std::unexpected<Error> refuse(std::string what) const;

    enum class In : std::uint8_t { text, tag, comment };
    XmlHandler& handler_;
    In in_ = In::text;
    char quote_ = 0;       ///< of the attribute's value that the end of a piece cut
    std::string pending_;  ///< a tag that is not whole yet
    int dashes_ = 0;       ///< at the end of what was seen of a comment
    std::vector<std::string> open_;
    std::array<XmlAttribute, kMaxAttributes> attributes_;
    std::array<std::string, kMaxAttributes> resolved_;
    std::uint64_t offset_ = 0;
    bool began_ = false;  ///< anything but white space was seen
    bool root_ = false;
};

}  // namespace quipu::rpki
