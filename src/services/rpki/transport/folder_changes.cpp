#include "services/rpki/transport/folder_changes.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <dirent.h>
#include <fcntl.h>
#include <mutex>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace quipu::rpki {
namespace {

/// FNV-1a, of one file; files come in no order, so that a folder's are added up.
class FileDigest {
  public:
    void add(std::uint64_t value) {
        for (unsigned i = 0; i < 8; ++i)
            step(static_cast<std::uint8_t>(value >> (8 * i)));
    }
    void add(std::string_view text) {
        for (const char c : text)
            step(static_cast<std::uint8_t>(c));
    }
    [[nodiscard]] std::uint64_t value() const { return value_; }

  private:
    void step(std::uint8_t octet) { value_ = (value_ ^ octet) * 0x100000001b3U; }
    std::uint64_t value_ = 0xcbf29ce484222325U;
};

std::uint64_t digest_of(std::string_view name, const struct stat& about) {
    FileDigest out;
    out.add(name);
    out.add(about.st_ino);
    out.add(static_cast<std::uint64_t>(about.st_size));
    // The inode's own time, too, which nobody can set: a file put back with its old date still shows.
    for (const timespec& time : {about.st_mtim, about.st_ctim}) {
        out.add(static_cast<std::uint64_t>(time.tv_sec));
        out.add(static_cast<std::uint64_t>(time.tv_nsec));
    }
    return out.value();
}

/// Goes through a tree with several threads: most of the time is the kernel's.
class TreeWalk {
  public:
    explicit TreeWalk(int root) : root_(root), waiting_{std::string()} {}

    FolderWatch::Seen run(unsigned threads) {
        {
            std::vector<std::jthread> crew;
            for (unsigned i = 1; i < threads; ++i)
                crew.emplace_back([this] { work(); });
            work();
        }
        std::ranges::sort(seen_);
        return std::move(seen_);
    }
    [[nodiscard]] int error() const { return error_; }

  private:
    void work() {
        FolderWatch::Seen seen;
        std::vector<std::string> below;
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return !waiting_.empty() || busy_ == 0; });
            if (waiting_.empty()) break;
            const std::string folder = std::move(waiting_.back());
            waiting_.pop_back();
            ++busy_;
            lock.unlock();
            const int failed = visit(folder, below, seen);
            lock.lock();
            --busy_;
            if (failed != 0) error_ = failed;
            std::ranges::move(below, std::back_inserter(waiting_));
            if (below.size() > 1 || (busy_ == 0 && waiting_.empty())) changed_.notify_all();
            below.clear();
        }
        std::ranges::move(seen, std::back_inserter(seen_));
    }

    /// `folder` is empty or ends in "/".
    [[nodiscard]] int visit(const std::string& folder, std::vector<std::string>& below, FolderWatch::Seen& seen) const {
        const int file =
            ::openat(root_, folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (file < 0) return errno == ENOENT ? 0 : errno;  // gone meanwhile
        DIR* entries = ::fdopendir(file);
        if (entries == nullptr) {
            const int failed = errno;
            ::close(file);
            return failed;
        }
        std::uint64_t sum = 0;
        bool any = false;
        while (const dirent* entry = ::readdir(entries)) {
            const std::string_view name(entry->d_name);
            if (name == "." || name == "..") continue;
            if (entry->d_type == DT_DIR) {
                below.push_back(folder + std::string(name) + "/");
                continue;
            }
            struct stat about{};
            if (::fstatat(file, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
            if (S_ISDIR(about.st_mode)) below.push_back(folder + std::string(name) + "/");
            if (!S_ISREG(about.st_mode)) continue;
            sum += digest_of(name, about);
            any = true;
        }
        ::closedir(entries);
        if (any && !folder.empty()) seen.emplace_back("rsync://" + folder, sum);
        return 0;
    }

    int root_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> waiting_;
    std::size_t busy_ = 0;
    int error_ = 0;
    FolderWatch::Seen seen_;
};

}  // namespace

Result<Changes> FolderWatch::look() {
    const int root = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return fail_errno(errno, "looking at the cache", folder_);
    TreeWalk walk(root);
    Seen now = walk.run(threads_ != 0 ? threads_ : std::max(1U, std::thread::hardware_concurrency()));
    ::close(root);
    if (walk.error() != 0) return fail_errno(walk.error(), "looking at the cache", folder_);
    Changes out;
    if (known_) {
        out.emplace();
        Seen differences;
        std::ranges::set_symmetric_difference(seen_, now, std::back_inserter(differences));
        for (auto& [folder, digest] : differences)
            out->insert(std::move(folder));
    }
    seen_ = std::move(now);
    known_ = true;
    return out;
}

}  // namespace quipu::rpki
