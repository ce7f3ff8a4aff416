// A folder of files as an HTTP server shows it.

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

#include "net/ascii.h"
#include "net/file_body.h"
#include "net/http_server.h"
#include "net/http_writer.h"

namespace quipu::net {
namespace {

struct ContentType {
    std::string_view extension;
    std::string_view type;
};
constexpr std::array kContentTypes = std::to_array<ContentType>({
    {"html", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"gif", "image/gif"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
    {"woff", "font/woff"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"xml", "application/xml"},
    {"pdf", "application/pdf"},
    {"wasm", "application/wasm"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
});

std::string_view file_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

bool has_extension(std::string_view path) {
    const std::string_view name = file_name(path);
    const std::size_t dot = name.rfind('.');
    return dot != std::string_view::npos && name.find_first_not_of("0123456789", dot + 1) != std::string_view::npos;
}

std::string_view content_type(std::string_view path) {
    const std::string_view name = file_name(path);
    const std::size_t dot = name.rfind('.');
    if (dot != std::string_view::npos)
        for (const auto& [extension, type] : kContentTypes)
            if (equal_ignoring_case(extension, name.substr(dot + 1))) return type;
    return "application/octet-stream";
}

/// "index-BcD3_f9a.js": the bundler's eight or more characters of hash before the extension. Words of a plain name have
/// no digit and no capital.
bool has_content_hash(std::string_view path) {
    std::string_view name = file_name(path);
    const std::size_t dot = name.rfind('.');
    const std::size_t dash = name.rfind('-', dot);
    if (dot == std::string_view::npos) return false;
    name = name.substr(0, dot);
    std::string_view hash = dash == std::string_view::npos ? name : name.substr(dash + 1);
    // A hash may itself hold a dash: look at its fixed length as well.
    if (hash.size() < 8 && name.size() > 9 && name[name.size() - 9] == '-') hash = name.substr(name.size() - 8);
    if (hash.size() < 8 || hash.size() == name.size()) return false;
    const auto is_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    const auto marks = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
    return std::ranges::all_of(hash, is_word) && std::ranges::any_of(hash, marks);
}

/// RFC 9110 §12.5.3; a weight of zero is a refusal, other weights do not matter here.
bool accepts(std::string_view list, std::string_view coding) {
    while (!list.empty()) {
        std::string_view item = take_until(list, ',');
        const std::string_view name = trim(take_until(item, ';'));
        if (!equal_ignoring_case(name, coding)) continue;
        const std::string_view weight = trim(item);
        return weight.find_first_not_of("q=0.") != std::string_view::npos || weight.empty();
    }
    return false;
}

struct Variant {
    std::string_view coding;
    std::string_view suffix;
};
constexpr std::array<Variant, 2> kVariants = {Variant{"br", ".br"}, Variant{"gzip", ".gz"}};

}  // namespace

struct StaticFiles::Impl {
    Descriptor folder;
};

Result<StaticFiles> StaticFiles::open(const std::string& folder) {
    Descriptor fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd.is_open()) {
        if (errno == ENOENT || errno == ENOTDIR) return fail(ErrorCode::not_found, "there is no such folder", folder);
        return fail_errno(errno, "open a folder", folder);
    }
    return StaticFiles(std::make_shared<const Impl>(std::move(fd)));
}

HttpResponse StaticFiles::serve(const HttpRequest& request) const {
    if (request.method != Method::get && request.method != Method::head) {
        HttpResponse refusal = problem_response(405, "files are only read", request.request_id);
        refusal.headers.add("Allow", "GET, HEAD");
        return refusal;
    }
    std::string path = request.path.substr(std::min<std::size_t>(1, request.path.size()));
    // A path without a file's extension is one of the application's own pages, though an object's name may have dots
    // before a number: its one document answers.
    if (!has_extension(path)) path = "index.html";

    const auto missing = [&] { return problem_response(404, "there is no such page", request.request_id); };
    if (path.starts_with('.') || path.find("/.") != std::string::npos) return missing();  // hidden files

    HttpResponse response;
    std::shared_ptr<const OpenFile> chosen;
    bool varies = false;
    for (const auto& [coding, suffix] : kVariants) {
        auto variant = OpenFile::open(impl_->folder.get(), path + std::string(suffix));
        if (!variant) continue;
        varies = true;
        if (chosen || !accepts(request.headers.get("Accept-Encoding"), coding)) continue;
        chosen = std::move(*variant);
        response.headers.add("Content-Encoding", std::string(coding));
    }
    if (!chosen) {
        auto plain = OpenFile::open(impl_->folder.get(), path);
        if (!plain) return missing();
        chosen = std::move(*plain);
    }
    response.headers.add("Content-Type", std::string(content_type(path)));
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Cache-Control", has_content_hash(path) ? "public, max-age=31536000, immutable" : "no-cache");
    if (varies) response.headers.add("Vary", "Accept-Encoding");
    response.body = FileBody{path, std::move(chosen)};
    return response;
}

}  // namespace quipu::net
