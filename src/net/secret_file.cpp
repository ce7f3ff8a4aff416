#include "net/secret_file.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#include "net/socket.h"
#include "net/tls.h"

namespace quipu::net {
namespace {

constexpr std::size_t kSecretOctets = 32;

}  // namespace

Result<std::string> read_secret_file(const std::string& path) {
    struct stat there{};
    if (::stat(path.c_str(), &there) != 0) return fail_errno(errno, "look at the secret's file", path);
    if ((there.st_mode & 077U) != 0) return fail(ErrorCode::invalid, "others may read this file", path, "chmod 600 it");
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail_errno(errno, "open the secret's file", path);
    std::string text(std::istreambuf_iterator<char>(file), {});
    while (text.ends_with('\n') || text.ends_with('\r'))
        text.pop_back();
    return text;
}

Result<std::string> own_secret(const std::string& path) {
    if (std::filesystem::exists(path)) return read_secret_file(path);
    std::string secret = random_token(kSecretOctets);
    const std::string fresh = path + ".new";
    const Descriptor fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd.is_open()) return fail_errno(errno, "make the secret's file", fresh);
    if (::write(fd.get(), secret.data(), secret.size()) != static_cast<ssize_t>(secret.size()) ||
        ::fsync(fd.get()) != 0)
        return fail_errno(errno, "write the secret's file", fresh);
    if (::rename(fresh.c_str(), path.c_str()) != 0) return fail_errno(errno, "keep the secret's file", path);
    return secret;
}

}  // namespace quipu::net
