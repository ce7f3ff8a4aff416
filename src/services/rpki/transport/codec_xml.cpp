#include "services/rpki/transport/codec_xml.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace quipu::rpki {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_blank(std::string_view text) {
    return std::ranges::all_of(text, is_space);
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == ':';
}

std::string_view take_name(std::string_view& text) {
    std::size_t end = 0;
    while (end < text.size() && is_name_character(text[end]))
        ++end;
    const std::string_view name = text.substr(0, end);
    text.remove_prefix(end);
    return name;
}

void skip_space(std::string_view& text) {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
}

/// The character that a reference names, ASCII only; 0 if it is none of ours.
char resolve(std::string_view reference) {
    if (reference == "amp") return '&';
    if (reference == "lt") return '<';
    if (reference == "gt") return '>';
    if (reference == "quot") return '"';
    if (reference == "apos") return '\'';
    if (!reference.starts_with('#') || reference.size() > 8) return 0;
    reference.remove_prefix(1);
    const bool hexadecimal = reference.starts_with('x');
    if (hexadecimal) reference.remove_prefix(1);
    unsigned value = 0;
    for (const char c : reference) {
        const unsigned digit = c >= '0' && c <= '9'                  ? static_cast<unsigned>(c - '0')
                               : hexadecimal && c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                               : hexadecimal && c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                                     : 99;
        if (digit == 99) return 0;
        value = value * (hexadecimal ? 16 : 10) + digit;
        if (value > 126) return 0;
    }
    return value >= 32 ? static_cast<char>(value) : '\0';
}

}  // namespace

const std::string_view* XmlTag::find(std::string_view attribute) const {
    const auto found = std::ranges::find(attributes, attribute, &XmlAttribute::name);
    return found == attributes.end() ? nullptr : &found->value;
}

std::unexpected<Error> XmlReader::refuse(std::string what) const {
    return fail(ErrorCode::invalid, std::move(what), fmt::format("octet {}", offset_));
}

Result<void> XmlReader::feed(ByteSpan octets) {
    std::string_view rest = as_text(octets);
    while (!rest.empty()) {
        if (in_ == In::text) {
            const std::size_t end = std::min(rest.find('<'), rest.size());
            if (end > 0) TRY(text(rest.substr(0, end)));
            offset_ += end;
            rest.remove_prefix(end);
            if (rest.empty()) break;
            in_ = In::tag;
            rest.remove_prefix(1);
            ++offset_;
            continue;
        }
        if (in_ == In::comment) {
            std::size_t i = 0;
            for (; i < rest.size() && in_ == In::comment; ++i) {
                if (dashes_ >= 2) {
                    // XML 1.0 §2.5: "--" ends a comment and stands nowhere within it.
                    if (rest[i] != '>') return refuse("a comment holds \"--\"");
                    in_ = In::text;
                } else {
                    dashes_ = rest[i] == '-' ? dashes_ + 1 : 0;
                }
            }
            offset_ += i;
            rest.remove_prefix(i);
            continue;
        }
        // A tag up to its ">", which does not count within an attribute's value.
        std::size_t end = 0;
        for (; end < rest.size(); ++end) {
            const char c = rest[end];
            if (quote_ != 0) {
                if (c == quote_) quote_ = 0;
            } else if (c == '"' || c == '\'') {
                quote_ = c;
            } else if (c == '>') {
                break;
            } else if (c == '-' && pending_.size() + end == 2 &&
                       std::string(pending_).append(rest.substr(0, end)) == "!-") {
                in_ = In::comment;
                break;
            }
        }
        if (pending_.size() + end > kMaxTag) return refuse(fmt::format("a tag is longer than {} octets", kMaxTag));
        if (end == rest.size()) {
            pending_.append(rest);
            offset_ += end;
            break;
        }
        if (in_ == In::comment) {
            pending_.clear();
            dashes_ = 0;
        } else {
            in_ = In::text;
            if (pending_.empty()) {
                TRY(markup(rest.substr(0, end)));
            } else {
                pending_.append(rest.substr(0, end));
                const std::string whole = std::move(pending_);
                pending_.clear();
                TRY(markup(whole));
            }
        }
        rest.remove_prefix(end + 1);
        offset_ += end + 1;
    }
    return {};
}

Result<void> XmlReader::finish() const {
    if (in_ != In::text || !open_.empty() || !root_) return refuse("the file ends before its last element does");
    return {};
}

Result<void> XmlReader::text(std::string_view octets) {
    if (!open_.empty()) return handler_.on_text(octets);
    if (!is_blank(octets)) return refuse("there is text outside the root element");
    return {};
}

Result<void> XmlReader::markup(std::string_view inside) {
    const bool first = !began_;
    began_ = true;
    if (inside.starts_with('?')) {
        if (!first) return refuse("there is a processing instruction");
        return declaration(inside);
    }
    if (inside.starts_with('!')) return refuse("there is a document type or a CDATA section");
    return inside.starts_with('/') ? end_tag(inside.substr(1)) : start_tag(inside);
}

/// XML 1.0 §2.8. Only encodings that ASCII is the same in.
Result<void> XmlReader::declaration(std::string_view inside) {
    if (!inside.starts_with("?xml") || !inside.ends_with('?') || inside.size() < 6 || !is_space(inside[4]))
        return refuse("there is a processing instruction");
    const std::size_t at = inside.find("encoding");
    if (at == std::string_view::npos) return {};
    std::string encoding;
    for (const char c : inside.substr(at + 8)) {
        if (c == '=' || c == '"' || c == '\'' || is_space(c)) {
            if (!encoding.empty()) break;
            continue;
        }
        encoding += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    if (encoding == "US-ASCII" || encoding == "ASCII" || encoding == "UTF-8" || encoding == "ISO-8859-1") return {};
    return refuse("the encoding is not US-ASCII");
}

Result<void> XmlReader::end_tag(std::string_view inside) {
    const std::string_view name = take_name(inside);
    if (open_.empty() || open_.back() != name || !is_blank(inside))
        return refuse("an end tag does not match its element");
    open_.pop_back();
    return handler_.on_end();
}

Result<void> XmlReader::start_tag(std::string_view inside) {
    const bool empty = inside.ends_with('/');
    if (empty) inside.remove_suffix(1);
    XmlTag tag;
    tag.name = take_name(inside);
    if (tag.name.empty()) return refuse("a tag has no name");
    if (open_.empty() && root_) return refuse("there is a second root element");
    std::size_t count = 0;
    for (;;) {
        const bool spaced = !inside.empty() && is_space(inside.front());
        skip_space(inside);
        if (inside.empty()) break;
        if (!spaced) return refuse("a tag is malformed");
        if (count == kMaxAttributes) return refuse(fmt::format("a tag has more than {} attributes", kMaxAttributes));
        XmlAttribute& attribute = attributes_[count];
        attribute.name = take_name(inside);
        skip_space(inside);
        if (attribute.name.empty() || !inside.starts_with('=')) return refuse("an attribute is malformed");
        inside.remove_prefix(1);
        skip_space(inside);
        if (inside.empty() || (inside.front() != '"' && inside.front() != '\''))
            return refuse("an attribute's value is not quoted");
        const std::size_t end = inside.find(inside.front(), 1);
        if (end == std::string_view::npos) return refuse("an attribute's value has no end");
        attribute.value = inside.substr(1, end - 1);
        inside.remove_prefix(end + 1);
        if (std::ranges::any_of(attribute.value,
                                [](char c) { return c == '<' || static_cast<unsigned char>(c) > 126 || c < 32; }))
            return refuse("an attribute's value holds a character that is not allowed");
        if (std::ranges::count(std::span(attributes_).first(count), attribute.name, &XmlAttribute::name) > 0)
            return refuse("an attribute is repeated");
        if (attribute.value.find('&') != std::string_view::npos) {
            std::string& resolved = resolved_[count];
            resolved.clear();
            for (std::string_view rest = attribute.value; !rest.empty();) {
                const std::size_t reference = std::min(rest.find('&'), rest.size());
                resolved.append(rest.substr(0, reference));
                rest.remove_prefix(reference);
                if (rest.empty()) break;
                const std::size_t close = std::min(rest.find(';'), rest.size());
                const char character = close == rest.size() ? '\0' : resolve(rest.substr(1, close - 1));
                if (character == 0) return refuse("there is an entity that is not known");
                resolved += character;
                rest.remove_prefix(close + 1);
            }
            attribute.value = resolved;
        }
        ++count;
    }
    if (open_.size() == kMaxDepth) return refuse("elements are nested too deep");
    root_ = true;
    open_.emplace_back(tag.name);
    tag.attributes = std::span<const XmlAttribute>(attributes_).first(count);
    TRY(handler_.on_start(tag));
    if (!empty) return {};
    open_.pop_back();
    return handler_.on_end();
}

}  // namespace quipu::rpki
