#include <array>
#include <charconv>
#include <cmath>
#include <concepts>

#include "base/utf8.h"
#include "base/value.h"

namespace quipu {
namespace {

template <class T>
void append_number(std::string& out, T value) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: break;
    }
    constexpr std::string_view hex = "0123456789abcdef";
    const auto octet = static_cast<unsigned char>(c);
    out += "\\u00";
    out += hex[octet >> 4U];
    out += hex[octet & 0xfU];
}

/// RFC 8259 §7. Octets that are not UTF-8 become U+FFFD, so that what leaves is JSON whatever came in.
void append_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t plain = 0;
    std::size_t i = 0;
    const auto flush = [&] { out.append(text, plain, i - plain); };
    while (i < text.size()) {
        const auto octet = static_cast<unsigned char>(text[i]);
        if (octet >= 0x20 && octet < 0x80 && octet != '"' && octet != '\\' && octet != 0x7f) {
            ++i;
        } else if (octet < 0x80) {
            flush();
            append_escaped(out, text[i]);
            plain = ++i;
        } else if (const std::size_t length = utf8_length(text.substr(i)); length != 0) {
            i += length;
        } else {
            flush();
            out += kReplacementCharacter;
            plain = ++i;
        }
    }
    flush();
    out += '"';
}

void write_indented(std::string& out, const Value& value, std::size_t width, std::size_t level) {
    const auto new_line = [&](std::size_t depth) {
        out += '\n';
        out.append(width * depth, ' ');
    };
    if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
        out += '[';
        for (std::size_t i = 0; i < array->size(); ++i) {
            if (i > 0) out += ',';
            new_line(level + 1);
            write_indented(out, (*array)[i], width, level + 1);
        }
        new_line(level);
        out += ']';
    } else if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
        out += '{';
        for (std::size_t i = 0; i < object->size(); ++i) {
            if (i > 0) out += ',';
            new_line(level + 1);
            append_string(out, (*object)[i].first);
            out += ": ";
            write_indented(out, (*object)[i].second, width, level + 1);
        }
        new_line(level);
        out += '}';
    } else {
        JsonWriter(out).value(value);
    }
}

}  // namespace

void JsonWriter::separate() {
    if (after_key_)
        after_key_ = false;
    else if (!first_)
        out_ += ',';
    first_ = false;
}

void JsonWriter::open(char bracket) {
    separate();
    out_ += bracket;
    first_ = true;
}

void JsonWriter::close(char bracket) {
    out_ += bracket;
    first_ = false;
}

void JsonWriter::key(std::string_view name) {
    separate();
    append_string(out_, name);
    out_ += ':';
    after_key_ = true;
}

void JsonWriter::null() {
    raw("null");
}
void JsonWriter::boolean(bool value) {
    raw(value ? "true" : "false");
}

void JsonWriter::integer(std::int64_t value) {
    separate();
    append_number(out_, value);
}

void JsonWriter::unsigned_integer(std::uint64_t value) {
    separate();
    append_number(out_, value);
}

void JsonWriter::number(double value) {
    if (!std::isfinite(value)) return null();
    separate();
    append_number(out_, value == 0 ? 0.0 : value);  // no "-0": readers disagree on what it is
}

void JsonWriter::string(std::string_view value) {
    separate();
    append_string(out_, value);
}

void JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
}

void JsonWriter::value(const Value& value) {
    if (const auto* array = value.if_array()) {
        begin_array();
        for (const Value& element : *array)
            this->value(element);
        end_array();
    } else if (const auto* object = value.if_object()) {
        begin_object();
        for (const auto& [name, member] : *object) {
            key(name);
            this->value(member);
        }
        end_object();
    } else if (const auto* text = value.if_string()) {
        string(*text);
    } else if (const auto* whole = value.if_integer()) {
        integer(*whole);
    } else if (const auto* real = value.if_double()) {
        number(*real);
    } else if (const auto* truth = value.if_bool()) {
        boolean(*truth);
    } else {
        null();
    }
}

std::string to_json(const Value& value, int indent) {
    std::string out;
    if (indent > 0)
        write_indented(out, value, static_cast<std::size_t>(indent), 0);
    else
        JsonWriter(out).value(value);
    return out;
}

}  // namespace quipu
