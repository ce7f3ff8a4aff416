#include "services/measure/exchange/spool_file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace quipu::exchange {
namespace {

constexpr std::uint64_t kMost = 2ULL << 30U;

}  // namespace

Result<SpoolFile> SpoolFile::create(const std::string& folder) {
    net::Descriptor fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!fd.is_open()) return fail_errno(errno, "make a file for the export", folder);
    return SpoolFile(std::move(fd));
}

Result<void> SpoolFile::write(std::string_view text) {
    if (size_ + text.size() > kMost)
        return fail(ErrorCode::too_large, "an export has at most 2 GiB", {}, "ask for less time, or for a longer step");
    while (!text.empty()) {
        const ssize_t written = ::write(fd_.get(), text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_errno(errno, "write the export");
        size_ += static_cast<std::uint64_t>(written);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

std::shared_ptr<const net::OpenFile> SpoolFile::finish(Time now) && {
    auto out = std::make_shared<net::OpenFile>();
    out->etag = fmt::format("\"export-{}-{}\"", now.time_since_epoch().count(), size_);
    out->size = size_;
    out->modified = now;
    out->fd = std::move(fd_);
    return out;
}

}  // namespace quipu::exchange
