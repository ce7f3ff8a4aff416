#include "services/rpki/cache_folder.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace quipu::rpki {

Result<std::unique_ptr<CacheFolder>> CacheFolder::open(std::string folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return fail_errno(errno, "opening the cache", folder);
    return std::unique_ptr<CacheFolder>(new CacheFolder(std::move(folder), descriptor));
}

CacheFolder::~CacheFolder() {
    ::close(descriptor_);
}

ReadOutcome CacheFolder::read_path(const char* path, std::size_t limit, std::vector<std::uint8_t>& out) const {
    const int file = ::openat(descriptor_, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return ReadOutcome::missing;
    struct stat about{};
    ReadOutcome outcome = ReadOutcome::missing;
    if (::fstat(file, &about) == 0 && S_ISREG(about.st_mode)) {
        const auto size = static_cast<std::size_t>(about.st_size);
        if (size > limit) {
            outcome = ReadOutcome::too_large;
        } else {
            const std::size_t at = out.size();
            out.resize(at + size);
            std::size_t done = 0;
            while (done < size) {
                const ssize_t got = ::read(file, out.data() + at + done, size - done);
                if (got < 0 && errno == EINTR) continue;
                if (got <= 0) break;
                done += static_cast<std::size_t>(got);
            }
            out.resize(at + done);
            outcome = ReadOutcome::read;
        }
    }
    ::close(file);
    return outcome;
}

ReadOutcome CacheFolder::read(std::string_view uri, std::size_t limit, std::vector<std::uint8_t>& out) const {
    // Without "..", absolute paths and empty segments: the address cannot lead out of the folder.
    if (!is_rsync_uri(uri) && !is_https_uri(uri)) return ReadOutcome::missing;
    thread_local std::string path;
    path.assign(uri.substr(8));
    const ReadOutcome outcome = read_path(path.c_str(), limit, out);
    if (outcome != ReadOutcome::missing || anchors_.empty()) return outcome;
    const auto anchor = anchors_.find(uri);
    return anchor == anchors_.end() ? outcome : read_path(anchor->second.c_str(), limit, out);
}

std::vector<std::string> CacheFolder::all() const {
    std::vector<std::string> out;
    std::error_code error;
    const std::filesystem::path root(folder_);
    for (std::filesystem::recursive_directory_iterator at(root, error), end; !error && at != end; at.increment(error))
        if (at->is_regular_file(error))
            out.push_back("rsync://" + at->path().lexically_relative(root).generic_string());
    return out;
}

void CacheFolder::set_locators(std::span<const TrustAnchorLocator> locators) {
    for (const TrustAnchorLocator& locator : locators)
        for (const std::string& uri : locator.addresses)
            anchors_[uri] = "ta/" + locator.name + uri.substr(uri.rfind('/'));
}

Result<std::vector<TrustAnchorLocator>> read_tals(const std::string& path) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        for (const auto& entry : std::filesystem::directory_iterator(path, error))
            if (entry.path().extension() == ".tal") files.push_back(entry.path());
    } else {
        files.emplace_back(path);
    }
    std::ranges::sort(files);
    std::vector<TrustAnchorLocator> out;
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        if (!in) return fail(ErrorCode::not_found, "cannot be read", file.string());
        auto tal = parse_tal(text.str(), file.stem().string());
        if (!tal) {
            const RuleText& rule = text_of(tal.error().rule);
            return fail(ErrorCode::invalid,
                        std::string(rule.text) + (tal.error().detail.empty() ? "" : ": " + tal.error().detail),
                        file.string(), std::string(rule.section));
        }
        out.push_back(std::move(*tal));
    }
    if (out.empty())
        return fail(ErrorCode::not_found, "there is no trust anchor locator here", path, "files are named NAME.tal");
    return out;
}

}  // namespace quipu::rpki
