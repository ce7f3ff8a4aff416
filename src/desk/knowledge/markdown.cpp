#include "desk/knowledge/markdown.h"

#include <algorithm>
#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <set>

#include "base/fold.h"

namespace quipu::knowledge {
namespace {

constexpr std::ptrdiff_t kMostColumns = 100;
constexpr std::size_t kMostWrittenOut = std::size_t{8} << 20U;

template <auto free_it>
struct Freed {
    template <class T>
    void operator()(T* it) const {
        free_it(it);
    }
};
using Parser = std::unique_ptr<cmark_parser, Freed<cmark_parser_free>>;
using Node = std::unique_ptr<cmark_node, Freed<cmark_node_free>>;
using Iterator = std::unique_ptr<cmark_iter, Freed<cmark_iter_free>>;
struct FreedText {
    void operator()(char* text) const { cmark_get_default_mem_allocator()->free(text); }
};
using Text = std::unique_ptr<char, FreedText>;

std::string_view view(const char* text) {
    return text == nullptr ? std::string_view() : std::string_view(text);
}

/// How long the text of all link references would be at most, were each written out wherever brackets are: cmark-gfm
/// has no bound of its own, and 64 KiB could become 170 MB.
std::size_t written_out(std::string_view markdown) {
    std::size_t longest = 0;
    for (auto at = markdown.find("]:"); at != std::string_view::npos; at = markdown.find("]:", at + 1)) {
        // A definition ends with its paragraph, at the latest.
        const auto end = std::min(markdown.find("\n\n", at), markdown.size());
        longest = std::max(longest, end - at);
    }
    return longest * static_cast<std::size_t>(std::ranges::count(markdown, ']'));
}

/// cmark-gfm takes a time for a table's rows that is quadratic in its columns.
bool has_wide_table(std::string_view markdown) {
    std::ptrdiff_t widest = 0;
    std::ptrdiff_t columns = 0;
    for (const char c : markdown) {
        columns = c == '\n' ? 0 : columns + (c == '|' ? 1 : 0);
        widest = std::max(widest, columns);
    }
    return widest > kMostColumns;
}

/// Only the table extension: the others change tables that all parsers of the process share, from any thread.
Result<Node> parse(std::string_view markdown) {
    static std::once_flag registered;
    std::call_once(registered, cmark_gfm_core_extensions_ensure_registered);
    const Parser parser(cmark_parser_new(CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8));
    cmark_syntax_extension* tables = cmark_find_syntax_extension("table");
    if (!has_wide_table(markdown) &&
        (tables == nullptr || cmark_parser_attach_syntax_extension(parser.get(), tables) == 0))
        return fail(ErrorCode::internal, "cmark-gfm does not know tables");
    cmark_parser_feed(parser.get(), markdown.data(), markdown.size());
    Node document(cmark_parser_finish(parser.get()));
    if (document == nullptr) return fail(ErrorCode::internal, "cmark-gfm gave no document");
    return document;
}

/// Every node of a kind that `wanted` accepts, gathered first: a tree must not change under its iterator.
template <class F>
std::vector<cmark_node*> nodes_of(cmark_node* document, F wanted) {
    std::vector<cmark_node*> out;
    const Iterator walk(cmark_iter_new(document));
    for (cmark_event_type event{}; (event = cmark_iter_next(walk.get())) != CMARK_EVENT_DONE;) {
        cmark_node* node = cmark_iter_get_node(walk.get());
        if (event == CMARK_EVENT_ENTER && wanted(cmark_node_get_type(node))) out.push_back(node);
    }
    return out;
}

void show_raw_html_as_text(cmark_node* document) {
    for (cmark_node* html : nodes_of(document, [](cmark_node_type type) {
             return type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_HTML_INLINE;
         })) {
        cmark_node* text = cmark_node_new(CMARK_NODE_TEXT);
        cmark_node_set_literal(text, std::string(view(cmark_node_get_literal(html))).c_str());
        cmark_node* shown = text;
        if (cmark_node_get_type(html) == CMARK_NODE_HTML_BLOCK) {
            shown = cmark_node_new(CMARK_NODE_PARAGRAPH);
            cmark_node_append_child(shown, text);
        }
        cmark_node_replace(html, shown);
        cmark_node_free(html);
    }
}

/// The node's children take its place.
void unwrap(cmark_node* node) {
    while (cmark_node* child = cmark_node_first_child(node))
        cmark_node_insert_before(node, child);
    cmark_node_unlink(node);
    cmark_node_free(node);
}

void keep_images_at_home(cmark_node* document) {
    for (cmark_node* image : nodes_of(document, [](cmark_node_type type) { return type == CMARK_NODE_IMAGE; })) {
        const std::string address(view(cmark_node_get_url(image)));
        if (is_own_place(address)) continue;
        cmark_node* link = cmark_node_new(CMARK_NODE_LINK);
        cmark_node_set_url(link, address.c_str());
        cmark_node_insert_before(image, link);
        if (cmark_node_first_child(image) == nullptr) {
            cmark_node* text = cmark_node_new(CMARK_NODE_TEXT);
            cmark_node_set_literal(text, address.c_str());
            cmark_node_append_child(link, text);
        }
        while (cmark_node* child = cmark_node_first_child(image))
            cmark_node_append_child(link, child);
        cmark_node_unlink(image);
        cmark_node_free(image);
    }
}

/// Links that lead where none may are read without being one; so are links within links, which an image can leave.
void keep_safe_links(cmark_node* document) {
    for (cmark_node* link : nodes_of(document, [](cmark_node_type type) { return type == CMARK_NODE_LINK; })) {
        bool within = false;
        for (cmark_node* up = cmark_node_parent(link); up != nullptr && !within; up = cmark_node_parent(up))
            within = cmark_node_get_type(up) == CMARK_NODE_LINK;
        if (within || !is_safe_address(view(cmark_node_get_url(link)))) unwrap(link);
    }
}

std::string text_of(cmark_node* within) {
    std::string out;
    const Iterator walk(cmark_iter_new(within));
    for (cmark_event_type event{}; (event = cmark_iter_next(walk.get())) != CMARK_EVENT_DONE;) {
        cmark_node* node = cmark_iter_get_node(walk.get());
        const cmark_node_type type = cmark_node_get_type(node);
        if (event == CMARK_EVENT_ENTER) {
            if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE || type == CMARK_NODE_CODE_BLOCK)
                out += view(cmark_node_get_literal(node));
            else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
                out += ' ';
        } else if ((type & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_BLOCK && !out.empty() && out.back() != '\n') {
            out += '\n';
        }
    }
    while (!out.empty() && out.back() == '\n')
        out.pop_back();
    return out;
}

/// Below the page's own title: the text's highest heading is of level two, and none is more than one below the last,
/// whatever its author wrote (WCAG 2.2 1.3.1).
std::vector<Heading> headings_of(cmark_node* document) {
    constexpr int kDeepest = 6;
    const auto found = nodes_of(document, [](cmark_node_type type) { return type == CMARK_NODE_HEADING; });
    int highest = kDeepest;
    for (cmark_node* heading : found)
        highest = std::min(highest, cmark_node_get_heading_level(heading));
    std::vector<Heading> out;
    std::set<std::string> taken;
    int last = 1;
    for (cmark_node* heading : found) {
        Heading made;
        last = std::min({cmark_node_get_heading_level(heading) - highest + 2, last + 1, kDeepest});
        made.level = last;
        made.text = text_of(heading);
        const std::string slug = slug_of(made.text);
        made.id = "s-" + slug;
        for (int again = 2; !taken.insert(made.id).second; ++again)
            made.id = fmt::format("s-{}-{}", slug, again);
        out.push_back(std::move(made));
    }
    return out;
}

/// cmark writes headings as "<h2>" and every '<' of a text as "&lt;": what begins so is a heading, in their order.
std::string with_headings(std::string_view html, const std::vector<Heading>& headings) {
    std::string out;
    out.reserve(html.size() + headings.size() * 32);
    auto heading = headings.begin();
    const auto is_level = [&](std::size_t at) {
        return at + 1 < html.size() && html[at] >= '1' && html[at] <= '6' && html[at + 1] == '>';
    };
    for (std::size_t at = 0; at < html.size();) {
        if (html.substr(at).starts_with("<h") && is_level(at + 2) && heading != headings.end()) {
            out += fmt::format("<h{} id=\"{}\">", heading->level, heading->id);
            at += 4;
        } else if (html.substr(at).starts_with("</h") && is_level(at + 3) && heading != headings.end()) {
            out += fmt::format("</h{}>", heading->level);
            ++heading;
            at += 5;
        } else {
            out += html[at++];
        }
    }
    return out;
}

}  // namespace

bool is_own_place(std::string_view address) {
    return address.starts_with('/') && !address.starts_with("//") && address.find('\\') == std::string_view::npos;
}

bool is_safe_address(std::string_view address) {
    // Browsers drop control characters and blanks before they read a scheme (WHATWG URL §4.4): none is let through.
    if (address.empty() || std::ranges::any_of(address, [](char c) { return static_cast<unsigned char>(c) <= ' '; }))
        return false;
    if (address.starts_with('/')) return is_own_place(address);
    if (address.starts_with('\\')) return false;
    const auto end_of_scheme = address.find(':');
    if (end_of_scheme == std::string_view::npos || address.find_first_of("/?#") < end_of_scheme) return true;
    const std::string scheme = folded(address.substr(0, end_of_scheme));
    return scheme == "http" || scheme == "https" || scheme == "mailto";
}

Result<Rendered> render_markdown(std::string_view markdown) {
    if (markdown.size() > kLongestBody)
        return fail(ErrorCode::too_large,
                    fmt::format("a text has at most {} octets, this one has {}", kLongestBody, markdown.size()));
    if (written_out(markdown) > kMostWrittenOut)
        return fail(ErrorCode::too_large, "its link references would be written out too often", {},
                    "write these links in place: [words](address)");
    const Node document = TRY(parse(markdown));
    show_raw_html_as_text(document.get());
    keep_images_at_home(document.get());
    keep_safe_links(document.get());
    Rendered out;
    out.text = text_of(document.get());
    out.headings = headings_of(document.get());
    const Text html(cmark_render_html(document.get(), CMARK_OPT_DEFAULT, nullptr));
    out.html = with_headings(html.get(), out.headings);
    return out;
}

}  // namespace quipu::knowledge
