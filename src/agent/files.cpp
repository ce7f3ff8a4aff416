#include "agent/files.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace quipu::agent {

Result<std::string> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return fail_errno(errno, "read", path);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<void> write_file(const std::string& path, std::string_view text, unsigned mode) {
    const std::string beside = path + ".new";
    unlink(beside.c_str());
    const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return fail_errno(errno, "create", beside);
    const ssize_t written = ::write(fd, text.data(), text.size());
    const int number =
        written == static_cast<ssize_t>(text.size()) ? (fsync(fd) == 0 ? 0 : errno) : (written < 0 ? errno : ENOSPC);
    close(fd);
    if (number != 0) {
        unlink(beside.c_str());
        return fail_errno(number, "write", path);
    }
    if (rename(beside.c_str(), path.c_str()) != 0) return fail_errno(errno, "rename", path);
    return {};
}

Result<void> make_folder(const std::string& path) {
    std::error_code error;
    const bool made = std::filesystem::create_directories(path, error);
    if (error) return fail_errno(error.value(), "make the folder", path);
    if (made) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
    return {};
}

Result<Descriptor> Descriptor::open(const std::string& path, int flags) {
    Descriptor file;
    file.fd_ = ::open(path.c_str(), flags, 0600);
    if (file.fd_ < 0) return fail_errno(errno, "open", path);
    return file;
}

Descriptor::~Descriptor() {
    if (fd_ >= 0) close(fd_);
}

}  // namespace quipu::agent
