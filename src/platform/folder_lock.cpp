#include "platform/folder_lock.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include "base/units.h"

namespace quipu::platform {
namespace {

constexpr std::uintmax_t kLeastRoom = 16'000'000;

Result<void> make_folder(const std::string& folder) {
    namespace fs = std::filesystem;
    std::error_code error;
    if (fs::exists(folder, error)) {
        if (fs::is_directory(folder, error)) return {};
        return fail(ErrorCode::invalid, "is no folder", folder, "name another data folder with --data");
    }
    fs::create_directories(folder, error);
    if (error) return fail_errno(error.value(), "the data folder can't be made", folder);
    fs::permissions(folder, fs::perms::owner_all, error);
    return {};
}

/// A database that is opened on a full disk fails in many ways; this one says it.
Result<void> check_room(const std::string& folder) {
    std::error_code error;
    const auto space = std::filesystem::space(folder, error);
    if (error || space.available >= kLeastRoom) return {};
    return fail(
        ErrorCode::exhausted,
        fmt::format("the disk is full: {} are left", format_bytes({static_cast<std::int64_t>(space.available)})),
        folder, "make room on that disk, or name a folder on another with --data");
}

/// The number that the holder wrote into its lock.
std::string holder(int fd) {
    std::array<char, 32> text{};
    const ssize_t size = pread(fd, text.data(), text.size(), 0);
    if (size <= 0) return "another process";
    std::string number(text.data(), static_cast<std::size_t>(size));
    number.resize(std::min(number.find_first_not_of("0123456789"), number.size()));
    return number.empty() ? "another process" : fmt::format("process {}", number);
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::string& folder) {
    TRY(make_folder(folder));
    TRY(check_room(folder));
    const std::string path = folder + "/lock";
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return fail_errno(errno, "the data folder can't be written", path);
    FolderLock lock(fd);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return fail_errno(errno, "the data folder can't be locked", path);
        return fail(ErrorCode::conflict, fmt::format("{} uses this data folder already", holder(fd)), folder,
                    "stop it, or name another folder with --data");
    }
    const std::string number = fmt::format("{}\n", getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, number.data(), number.size(), 0) != static_cast<ssize_t>(number.size()))
        return fail_errno(errno, "the data folder can't be written", path);
    return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

FolderLock::~FolderLock() {
    // The file stays: removing it would let two processes lock two files of one name.
    if (fd_ >= 0) close(fd_);
}

}  // namespace quipu::platform
