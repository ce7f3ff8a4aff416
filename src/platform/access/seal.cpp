#include "platform/access/seal.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64url.h"

namespace quipu::access {
namespace {

constexpr std::size_t kNonceOctets = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagOctets = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kLongestFile = 64UL * 1024;

const unsigned char* octets(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

class File {
  public:
    explicit File(int fd) : fd_(fd) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_;
};

}  // namespace

Result<Seal> Seal::open(const std::string& folder) {
    const std::string path = folder + "/access.key";
    Seal seal;
    auto kept = read_secret(path);
    if (!kept && kept.error().code == ErrorCode::not_found) {
        randombytes_buf(seal.key_.data(), seal.key_.size());
        TRY(write_secret(path, base64url_encode(std::span(seal.key_))));
        return seal;
    }
    const std::string key = TRY(base64url_decode(TRY(std::move(kept))));
    if (key.size() != seal.key_.size())
        return fail(ErrorCode::corrupt, "is not a key of 32 octets", path,
                    "take it from the backup; without it every second factor has to be set up anew");
    std::ranges::copy(key, seal.key_.begin());
    return seal;
}

std::string Seal::close(std::string_view clear, std::string_view context) const {
    std::string out(kNonceOctets + clear.size() + kTagOctets, '\0');
    auto* const at = reinterpret_cast<unsigned char*>(out.data());
    randombytes_buf(at, kNonceOctets);
    crypto_aead_xchacha20poly1305_ietf_encrypt(at + kNonceOctets, nullptr, octets(clear), clear.size(), octets(context),
                                               context.size(), nullptr, at, key_.data());
    return base64url_encode(std::span(reinterpret_cast<const std::uint8_t*>(out.data()), out.size()));
}

Result<std::string> Seal::reveal(std::string_view sealed, std::string_view context) const {
    const std::string all = TRY(base64url_decode(sealed));
    const auto broken = [&] {
        return fail(ErrorCode::corrupt, "a sealed secret does not open with the key in access.key",
                    std::string(context), "take access.key from the same backup as the database");
    };
    if (all.size() < kNonceOctets + kTagOctets) return broken();
    std::string clear(all.size() - kNonceOctets - kTagOctets, '\0');
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(clear.data()), nullptr, nullptr,
                                                   octets(all) + kNonceOctets, all.size() - kNonceOctets,
                                                   octets(context), context.size(), octets(all), key_.data()) != 0)
        return broken();
    return clear;
}

Result<void> write_secret(const std::string& path, std::string_view text) {
    const std::string part = path + ".part";
    const File file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) return fail_errno(errno, "a secret can't be written", part);
    if (::fchmod(file.get(), 0600) != 0) return fail_errno(errno, "a secret can't be written", part);
    while (!text.empty()) {
        const ssize_t written = ::write(file.get(), text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_errno(errno, "a secret can't be written", part);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.get()) != 0 || ::rename(part.c_str(), path.c_str()) != 0)
        return fail_errno(errno, "a secret can't be written", path);
    return {};
}

Result<std::string> read_secret(const std::string& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.get() < 0) {
        if (errno == ENOENT) return fail(ErrorCode::not_found, "is not there", path);
        return fail_errno(errno, "a secret can't be read", path);
    }
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return fail_errno(errno, "a secret can't be read", path);
    if (status.st_uid != ::geteuid() || (status.st_mode & 077U) != 0)
        return fail(ErrorCode::corrupt, "belongs to somebody else, or others can read it", path,
                    "see who read it; then chmod 600, or remove it");
    std::string text;
    std::array<char, 4096> part{};
    for (;;) {
        const ssize_t got = ::read(file.get(), part.data(), part.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(errno, "a secret can't be read", path);
        if (got == 0) return text;
        text.append(part.data(), static_cast<std::size_t>(got));
        if (text.size() > kLongestFile) return fail(ErrorCode::too_large, "is no secret of ours", path);
    }
}

}  // namespace quipu::access
