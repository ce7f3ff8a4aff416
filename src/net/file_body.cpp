#include "net/file_body.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <optional>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/number.h"
#include "net/ascii.h"
#include "net/http_writer.h"

namespace quipu::net {
namespace {

/// RFC 9110 §8.8.3.2, both comparisons: a list of tags or "*".
bool any_tag_matches(std::string_view list, std::string_view etag, bool weak) {
    if (trim(list) == "*") return true;
    while (!list.empty()) {
        std::string_view tag = trim(take_until(list, ','));
        if (weak && tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag == etag) return true;
    }
    return false;
}

bool modified_since(const OpenFile& file, Time since) {
    return std::chrono::floor<std::chrono::seconds>(file.modified) > since;
}

/// The status that a failed condition gives, in the order of RFC 9110 §13.2.2.
std::optional<int> failed_condition(const HttpRequest& request, const OpenFile& file) {
    if (const std::string* match = request.headers.find("If-Match")) {
        if (!any_tag_matches(*match, file.etag, false)) return 412;
    } else if (const auto since = parse_http_date(request.headers.get("If-Unmodified-Since"))) {
        if (modified_since(file, *since)) return 412;
    }
    if (const std::string* none = request.headers.find("If-None-Match")) {
        if (any_tag_matches(*none, file.etag, true)) return 304;
    } else if (const auto since = parse_http_date(request.headers.get("If-Modified-Since"))) {
        if (!modified_since(file, *since)) return 304;
    }
    return std::nullopt;
}

struct Range {
    std::uint64_t first;
    std::uint64_t length;
};
enum class RangeState : std::uint8_t { none, good, unsatisfiable };

/// One range of octets. Several, or what is not understood, is as if there were none (RFC 9110 §14.2).
RangeState read_range(std::string_view text, std::uint64_t size, Range& out) {
    constexpr std::string_view unit = "bytes=";
    if (!text.starts_with(unit) || text.find(',') != std::string_view::npos) return RangeState::none;
    text.remove_prefix(unit.size());
    if (text.find('-') == std::string_view::npos) return RangeState::none;
    const std::string_view from = trim(take_until(text, '-'));
    const std::string_view to = trim(text);
    if (from.empty()) {  // the last so many
        const auto count = parse_number<std::uint64_t>(to);
        if (!count) return RangeState::none;
        if (*count == 0 || size == 0) return RangeState::unsatisfiable;
        out.length = std::min(*count, size);
        out.first = size - out.length;
        return RangeState::good;
    }
    const auto first = parse_number<std::uint64_t>(from);
    const auto last = to.empty() ? std::optional(UINT64_MAX) : parse_number<std::uint64_t>(to);
    if (!first || !last || *last < *first) return RangeState::none;
    if (*first >= size) return RangeState::unsatisfiable;
    out.first = *first;
    out.length = std::min(*last, size - 1) - *first + 1;
    return RangeState::good;
}

bool range_is_current(const HttpRequest& request, const OpenFile& file) {
    const std::string* condition = request.headers.find("If-Range");
    if (condition == nullptr) return true;
    if (condition->starts_with('"')) return *condition == file.etag;
    const auto date = parse_http_date(*condition);
    return date && std::chrono::floor<std::chrono::seconds>(file.modified) == *date;
}

}  // namespace

Result<std::shared_ptr<const OpenFile>> OpenFile::open(int below, const std::string& path) {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    how.resolve = below == AT_FDCWD ? 0 : RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    auto file = std::make_shared<OpenFile>();
    file->fd.reset(static_cast<int>(::syscall(SYS_openat2, below, path.c_str(), &how, sizeof how)));
    if (!file->fd.is_open()) {
        if (errno == ENOENT || errno == ENOTDIR || errno == EXDEV || errno == ELOOP || errno == ENAMETOOLONG ||
            errno == ENXIO)
            return fail(ErrorCode::not_found, "there is no such file", path);
        return fail_errno(errno, "open", path);
    }
    struct stat facts{};
    if (::fstat(file->fd.get(), &facts) != 0) return fail_errno(errno, "look at", path);
    if (!S_ISREG(facts.st_mode)) return fail(ErrorCode::not_found, "there is no such file", path);
    file->size = static_cast<std::uint64_t>(facts.st_size);
    file->modified = Time(std::chrono::seconds(facts.st_mtim.tv_sec) + Nanoseconds(facts.st_mtim.tv_nsec));
    file->etag =
        fmt::format("\"{:x}-{:x}-{:x}\"", facts.st_ino, facts.st_size, file->modified.time_since_epoch().count());
    return file;
}

FilePart choose_part(const HttpRequest& request, const OpenFile& file, int status, Headers& headers) {
    headers.set("ETag", file.etag);
    headers.set("Last-Modified", format_http_date(file.modified));
    FilePart part{status, 0, file.size};
    if (status != 200) return part;
    headers.set("Accept-Ranges", "bytes");
    if (const auto failed = failed_condition(request, file)) return {*failed, 0, 0};
    const std::string* text = request.headers.find("Range");
    if (text == nullptr || request.method != Method::get || !range_is_current(request, file)) return part;
    Range range{};
    switch (read_range(*text, file.size, range)) {
        case RangeState::none: return part;
        case RangeState::unsatisfiable:
            headers.set("Content-Range", fmt::format("bytes */{}", file.size));
            return {416, 0, 0};
        case RangeState::good: break;
    }
    headers.set("Content-Range", fmt::format("bytes {}-{}/{}", range.first, range.first + range.length - 1, file.size));
    return {206, range.first, range.length};
}

}  // namespace quipu::net
