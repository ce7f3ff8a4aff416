// A letter's text: flowed, found in HTML, without what it quotes. See mime.h.

#include <algorithm>
#include <array>
#include <libxml/HTMLparser.h>
#include <memory>

#include "net/ascii.h"
#include "platform/mail/mime.h"

namespace quipu::mail {
namespace {

constexpr std::size_t kWidth = 72;
constexpr int kDeepestElement = 200;
constexpr std::size_t kLongest = 1'000'000;

/// Columns are counted in code points: good enough for where to break a line.
bool begins_letter(char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
}

void flow_line(std::string_view line, std::string& out) {
    // RFC 3676 §4.1: no space at the end of a fixed line; §4.4: stuff what would be taken for something else.
    const bool is_signature = line == "-- ";
    while (!is_signature && line.ends_with(' '))
        line.remove_suffix(1);
    std::string current;
    std::size_t columns = 0;
    const auto begin = [&] {
        current.clear();
        columns = 0;
        if (line.starts_with(' ') || line.starts_with('>') || line.starts_with("From ")) current = " ";
    };
    begin();
    while (!line.empty()) {
        std::size_t end = line.find(' ', 1);
        end = end == std::string_view::npos ? line.size() : end;
        std::string_view word = line.substr(0, end);
        const auto width = static_cast<std::size_t>(std::ranges::count_if(word, begins_letter));
        if (columns > 0 && columns + width > kWidth) {
            out += current + " \n";
            if (word.starts_with(' ')) word.remove_prefix(1);
            line.remove_prefix(end - word.size());
            begin();
            columns = 0;
            current += word;
            columns = width;
            line.remove_prefix(word.size());
            continue;
        }
        current += word;
        columns += width;
        line.remove_prefix(end);
    }
    out += current + "\n";
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(names, [&](std::string_view each) { return net::equal_ignoring_case(name, each); });
}

void break_line(std::string& out, int most) {
    while (out.ends_with(' '))
        out.pop_back();
    if (out.empty()) return;
    int have = 0;
    for (auto c = out.rbegin(); c != out.rend() && *c == '\n'; ++c)
        ++have;
    for (; have < most; ++have)
        out += '\n';
}

void add_words(std::string_view text, std::string& out) {
    for (const char c : text) {
        if (out.size() > kLongest) return;
        const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!space)
            out += c;
        else if (!out.empty() && out.back() != ' ' && out.back() != '\n')
            out += ' ';
    }
}

void walk(const xmlNode* node, std::string& out, int depth) {
    if (depth > kDeepestElement) return;
    for (; node != nullptr && out.size() <= kLongest; node = node->next) {
        if (node->type == XML_TEXT_NODE && node->content != nullptr) {
            add_words(reinterpret_cast<const char*>(node->content), out);
            continue;
        }
        if (node->type != XML_ELEMENT_NODE) continue;
        const std::string_view name = reinterpret_cast<const char*>(node->name);
        if (is_one_of(name, {"script", "style", "head", "title", "template", "object", "iframe", "svg", "noscript"}))
            continue;
        if (is_one_of(name, {"br"})) {
            out += '\n';
            continue;
        }
        const bool paragraph =
            is_one_of(name, {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "pre"});
        const bool block =
            paragraph || is_one_of(name, {"div", "tr", "li", "section", "article", "header", "footer", "hr"});
        if (block) break_line(out, paragraph ? 2 : 1);
        if (is_one_of(name, {"li"})) out += "- ";
        walk(node->children, out, depth + 1);
        if (is_one_of(name, {"td", "th"})) out += ' ';
        if (block) break_line(out, paragraph ? 2 : 1);
    }
}

/// "On Tuesday Ana wrote:", "El martes Ana escribió:", "Em terça Ana escreveu:", Outlook's "-----Original
/// Message-----".
bool introduces_quotation(std::string_view line) {
    line = net::trim(line);
    if (line.starts_with("-----") && line.ends_with("-----") && line.size() > 12) return true;
    if (line.starts_with("________")) return true;
    return line.ends_with(':') &&
           std::ranges::any_of(std::array<std::string_view, 4>{"wrote:", "escribió:", "escreveu:", "escribio:"},
                               [&](std::string_view verb) { return line.ends_with(verb); });
}

}  // namespace

std::string flow_text(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        std::string_view line = net::take_until(text, '\n');
        if (line.ends_with('\r')) line.remove_suffix(1);
        flow_line(line, out);
    }
    return out;
}

std::string text_of_html(std::string_view html) {
    if (html.empty()) return {};
    html = html.substr(0, kLongest);
    struct Free {
        void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
    };
    const std::unique_ptr<xmlDoc, Free> document(
        htmlReadMemory(html.data(), static_cast<int>(html.size()), nullptr, "UTF-8",
                       HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET));
    if (!document) return {};
    std::string out;
    walk(xmlDocGetRootElement(document.get()), out, 0);
    while (out.ends_with('\n') || out.ends_with(' '))
        out.pop_back();
    return out + "\n";
}

std::string without_quotation(std::string_view text) {
    std::vector<std::string_view> lines;
    for (std::string_view rest = text; !rest.empty();)
        lines.push_back(net::take_until(rest, '\n'));
    // From what introduces a quotation, if nothing but quotation follows it.
    std::size_t end = lines.size();
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!introduces_quotation(lines[i])) continue;
        const bool original = !net::trim(lines[i]).ends_with(':');
        const bool all_quoted =
            std::all_of(lines.begin() + static_cast<std::ptrdiff_t>(i) + 1, lines.end(),
                        [](std::string_view line) { return net::trim(line).empty() || line.starts_with('>'); });
        if (!original && !all_quoted) continue;
        end = i;
        break;
    }
    while (end > 0 && (net::trim(lines[end - 1]).empty() || lines[end - 1].starts_with('>')))
        --end;
    if (end == 0) return std::string(text);  // nothing but quotation: better all than nothing
    std::string out;
    for (std::size_t i = 0; i < end; ++i)
        out.append(lines[i]).append("\n");
    return out;
}

}  // namespace quipu::mail
