#include "platform/respond.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/fold.h"
#include "platform/nearest.h"

namespace quipu::platform {
namespace {

/// Walks over JSON text that our own writer made.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    [[nodiscard]] bool at(char c) const { return position_ < text_.size() && text_[position_] == c; }
    [[nodiscard]] bool take(char c) {
        if (!at(c)) return false;
        ++position_;
        return true;
    }
    /// A whole value: its text.
    std::string_view value() {
        const std::size_t start = position_;
        int depth = 0;
        do {
            if (at('"')) {
                string();
            } else if (at('{') || at('[')) {
                ++depth;
                ++position_;
            } else if (at('}') || at(']')) {
                --depth;
                ++position_;
            } else if (depth > 0) {
                ++position_;
            } else {
                position_ = std::min(text_.find_first_of(",}]", position_), text_.size());
            }
        } while (depth > 0 && position_ < text_.size());
        return text_.substr(start, position_ - start);
    }
    /// The text between the quotes, escapes as they stand: our keys have none.
    std::string_view string() {
        const std::size_t start = ++position_;
        while (position_ < text_.size() && text_[position_] != '"')
            position_ += text_[position_] == '\\' ? 2 : 1;
        const std::size_t end = std::min(position_, text_.size());
        position_ = end + 1;
        return text_.substr(start, end - start);
    }

  private:
    std::string_view text_;
    std::size_t position_ = 0;
};

void prune_object(std::string& out, std::string_view object, const std::vector<std::string>& wanted) {
    Scanner in(object);
    if (!in.take('{')) {
        out += object;
        return;
    }
    out += '{';
    bool first = true;
    while (in.at('"')) {
        const std::string_view key = in.string();
        if (!in.take(':')) break;
        const std::string_view value = in.value();
        if (std::ranges::find(wanted, key) != wanted.end()) {
            if (!first) out += ',';
            first = false;
            out += '"';
            out += key;
            out += "\":";
            out += value;
        }
        if (!in.take(',')) break;
    }
    out += '}';
}

std::string_view text_of(const Answer& answer) {
    if (const auto* text = std::get_if<std::string>(&answer.body)) return *text;
    if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&answer.body)) return **shared;
    return {};
}

std::string in_quotes(std::string_view etag) {
    std::string out;
    out.reserve(etag.size() + 2);
    out += '"';
    out += etag;
    out += '"';
    return out;
}

/// The name for programs that read ASCII alone: letters without their marks, "_" for what has no letter. Quotes,
/// backslashes and percent signs are read in different ways (RFC 6266 appendix D).
std::string plain_name(std::string_view name) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    std::string out;
    for (std::size_t at = 0; at < name.size();) {
        const std::size_t begin = at;
        while (at < name.size() && !is_ascii(name[at]))
            ++at;
        for (const char c : folded(name.substr(begin, at - begin))) {
            if (is_ascii(c))
                out += c;
            else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U)
                out += '_';
        }
        for (; at < name.size() && is_ascii(name[at]); ++at) {
            const char c = name[at];
            out += c < ' ' || c == 0x7F || c == '"' || c == '\\' || c == '%' ? '_' : c;
        }
    }
    return out;
}

/// RFC 6266 §4.3: the name as it is by RFC 8187, after one for programs that don't know that.
std::string attachment_named(std::string_view name) {
    const std::string plain = plain_name(name);
    std::string out = fmt::format("attachment; filename=\"{}\"", plain);
    if (plain != name) out += "; filename*=UTF-8''" + net::percent_encode(name);
    return out;
}

}  // namespace

std::vector<std::string> split_names(std::string_view list) {
    std::vector<std::string> names;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view name = list.substr(0, comma);
        while (name.starts_with(' '))
            name.remove_prefix(1);
        while (name.ends_with(' '))
            name.remove_suffix(1);
        if (!name.empty()) names.emplace_back(name);
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return names;
}

std::string prune_json(std::string_view json, const std::vector<std::string>& wanted) {
    std::string out;
    out.reserve(json.size() / 2);
    constexpr std::string_view kPage = R"({"items":[)";
    if (!json.starts_with(kPage)) {
        prune_object(out, json, wanted);
        return out;
    }
    out += kPage;
    Scanner in(json);
    (void)in.take('{');
    (void)in.string();
    (void)in.take(':');
    (void)in.take('[');
    std::size_t read = kPage.size();
    while (!in.at(']')) {
        const std::string_view item = in.value();
        read += item.size();
        prune_object(out, item, wanted);
        if (!in.take(',')) break;
        ++read;
        out += ',';
    }
    out += json.substr(read);
    return out;
}

Result<void> check_fields(const TypeShape& shape, const std::vector<std::string>& wanted) {
    const Value* properties = shape.schema.find("properties");
    if (properties == nullptr || properties->if_object() == nullptr) return {};
    for (const std::string& name : wanted) {
        if (properties->find(name) != nullptr) continue;
        std::vector<std::string> known;
        for (const auto& [key, unused] : *properties->if_object())
            known.push_back(key);
        return fail(ErrorCode::invalid, fmt::format("there is no field \"{}\"", name), "fields",
                    name_hint(name, known));
    }
    return {};
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
    if (if_none_match.empty() || etag.empty()) return false;
    if (if_none_match == "*") return true;
    while (!if_none_match.empty()) {
        const std::size_t open = if_none_match.find('"');
        if (open == std::string_view::npos) return false;
        const std::size_t close = if_none_match.find('"', open + 1);
        if (close == std::string_view::npos) return false;
        if (if_none_match.substr(open + 1, close - open - 1) == etag) return true;
        if_none_match.remove_prefix(close + 1);
    }
    return false;
}

Result<std::string> read_if_match(std::string_view header) {
    if (header.empty() || header == "*") return std::string(header);
    // A weak tag never matches a change (RFC 9110 §13.1.1): it stays as it is and equals no version.
    if (header.starts_with("W/")) return std::string(header);
    const bool is_one = header.size() >= 2 && header.front() == '"' && header.find('"', 1) == header.size() - 1;
    if (!is_one)
        return fail(ErrorCode::invalid, "If-Match must name one version in double quotes", "If-Match",
                    "send the ETag of the object as you read it");
    return std::string(header.substr(1, header.size() - 2));
}

net::HttpResponse respond(Answer answer, const net::HttpRequest& request,
                          const std::vector<std::string>& fields_wanted) {
    net::HttpResponse response;
    response.status = answer.status;
    const bool is_read = request.method == net::Method::get || request.method == net::Method::head;
    if (!answer.etag.empty()) {
        // What is pruned is another representation.
        const std::string tag = fields_wanted.empty() ? answer.etag : answer.etag + "-fields";
        response.headers.add("ETag", in_quotes(tag));
        if (is_read && names_etag(request.headers.get("If-None-Match"), tag)) {
            response.status = 304;
            response.headers.add("Cache-Control", "no-cache");
            return response;
        }
    }
    if (!answer.cookie.empty()) response.headers.add("Set-Cookie", std::move(answer.cookie));
    if (!answer.location.empty()) response.headers.add("Location", std::move(answer.location));
    response.headers.add("Cache-Control", answer.etag.empty() ? "no-store" : "no-cache");
    if (auto* document = std::get_if<Document>(&answer.body)) {
        response.headers.add("Content-Type", std::move(document->media_type));
        if (!document->file_name.empty())
            response.headers.add("Content-Disposition", attachment_named(document->file_name));
        if (document->file)
            response.body = net::FileBody{.path = {}, .file = std::move(document->file)};
        else
            response.body = std::move(document->text);
        return response;
    }
    if (std::holds_alternative<std::monostate>(answer.body)) {
        if (response.status == 200) response.status = 204;
        return response;
    }
    response.headers.add("Content-Type", "application/json");
    if (!fields_wanted.empty())
        response.body = prune_json(text_of(answer), fields_wanted);
    else if (auto* text = std::get_if<std::string>(&answer.body))
        response.body = std::move(*text);
    else
        response.body = std::move(std::get<std::shared_ptr<const std::string>>(answer.body));
    return response;
}

}  // namespace quipu::platform
