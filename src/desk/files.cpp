#include "desk/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <openssl/evp.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace quipu::desk {
namespace {

constexpr std::size_t kSha256Digits = 64;

Result<std::string> sha256_of(std::string_view octets) {
    std::array<unsigned char, 32> digest{};
    unsigned int length = 0;
    if (EVP_Digest(octets.data(), octets.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        return fail(ErrorCode::internal, "SHA-256 can't be computed");
    std::string out;
    for (const unsigned char octet : digest)
        out += fmt::format("{:02x}", octet);
    return out;
}

class OpenFile {
  public:
    OpenFile(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_;
};

Result<void> write_whole(const std::string& path, std::string_view octets) {
    const OpenFile file(path, O_WRONLY | O_CREAT | O_TRUNC);
    if (file.get() < 0) return fail_errno(errno, "keep the attachment", path);
    while (!octets.empty()) {
        const ssize_t written = ::write(file.get(), octets.data(), octets.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_errno(errno, "keep the attachment", path);
        octets.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.get()) != 0) return fail_errno(errno, "sync the attachment", path);
    return {};
}

struct Magic {
    std::size_t at;
    std::string_view octets;
    std::string_view type;
};
using namespace std::string_view_literals;
// WHATWG MIME Sniffing §6 and §7, without what a browser would run.
constexpr std::array kMagic = std::to_array<Magic>({
    {0, "\x89PNG\r\n\x1a\n"sv, "image/png"},
    {0, "\xff\xd8\xff"sv, "image/jpeg"},
    {0, "GIF87a"sv, "image/gif"},
    {0, "GIF89a"sv, "image/gif"},
    {8, "WEBPVP"sv, "image/webp"},
    {0, "BM"sv, "image/bmp"},
    {0, "%PDF-"sv, "application/pdf"},
    {0, "PK\x03\x04"sv, "application/zip"},
    {0, "\x1f\x8b\x08"sv, "application/gzip"},
    {0, "7z\xbc\xaf\x27\x1c"sv, "application/x-7z-compressed"},
    {0, "\xd4\xc3\xb2\xa1"sv, "application/vnd.tcpdump.pcap"},
    {0, "\xa1\xb2\xc3\xd4"sv, "application/vnd.tcpdump.pcap"},
    {0, "\x0a\x0d\x0d\x0a"sv, "application/x-pcapng"},
});

/// Text in UTF-8 or ASCII: no octet that text does not have (WHATWG MIME Sniffing §3, binary data byte).
bool is_text(std::string_view octets) {
    return std::ranges::none_of(octets, [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet <= 0x08 || octet == 0x0b || (octet >= 0x0e && octet <= 0x1a) || (octet >= 0x1c && octet <= 0x1f);
    });
}

}  // namespace

Result<Files> Files::open(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail_errno(error.value(), "make the folder of attachments", folder);
    if (::chmod(folder.c_str(), 0700) != 0) return fail_errno(errno, "close the folder of attachments", folder);
    return Files(folder);
}

std::string Files::path_of(std::string_view sha256) const {
    return fmt::format("{}/{}/{}", folder_, sha256.substr(0, 2), sha256);
}

bool Files::renew(const std::string& path) const {
    const std::scoped_lock lock(*sweeping_);
    return ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) == 0;
}

Result<KeptFile> Files::keep(std::string_view name, std::string_view octets) const {
    KeptFile out {
        .name = safe_file_name(name), .media_type = std::string(media_type_of(octets)),
        .size = {static_cast<std::int64_t>(octets.size())}, .sha256 = TRY(sha256_of(octets))
    };
    const std::string path = path_of(out.sha256);
    if (renew(path)) return out;
    const std::string folder = path.substr(0, path.rfind('/'));
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return fail_errno(errno, "make the folder of attachments", folder);
    // Two that keep the same content at once write the same octets; the name tells them apart.
    const std::string beside = fmt::format("{}.{}.{}", path, ::getpid(), fmt::ptr(&out));
    TRY(write_whole(beside, octets));
    if (::rename(beside.c_str(), path.c_str()) != 0) return fail_errno(errno, "keep the attachment", path);
    for (const std::string& each : {folder, folder_}) {
        const OpenFile opened(each, O_RDONLY | O_DIRECTORY);
        if (opened.get() < 0 || ::fsync(opened.get()) != 0) return fail_errno(errno, "sync the folder", each);
    }
    return out;
}

Result<std::size_t> Files::sweep(data::Database& database,
                                 Result<bool> (&is_named)(data::Transaction& transaction, std::string_view sha256),
                                 Time now) const {
    return sweep(
        [&](std::string_view sha256) -> Result<bool> {
            bool named = false;
            TRY(database.read([&](data::Transaction& transaction) -> Result<void> {
                named = TRY(is_named(transaction, sha256));
                return {};
            }));
            return named;
        },
        now);
}

Result<std::size_t> Files::sweep(const std::function<Result<bool>(std::string_view sha256)>& is_named, Time now) const {
    const Time before = now - std::chrono::hours(24);
    const auto is_old = [&](const std::string& path) {
        struct stat about{};
        return ::stat(path.c_str(), &about) == 0 &&
               Time(std::chrono::seconds(about.st_mtim.tv_sec) + Nanoseconds(about.st_mtim.tv_nsec)) < before;
    };
    std::size_t swept = 0;
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator at(folder_, error), end; !error && at != end;
         at.increment(error)) {
        std::error_code unknown;
        if (!at->is_regular_file(unknown)) continue;
        const std::string path = at->path().string(), name = at->path().filename().string();
        // What is half written has a longer name, and no row.
        if (!is_old(path) || (name.size() == kSha256Digits && TRY(is_named(name)))) continue;
        const std::scoped_lock lock(*sweeping_);
        if (is_old(path) && ::unlink(path.c_str()) == 0) ++swept;
    }
    if (error) return fail_errno(error.value(), "look through the attachments", folder_);
    return swept;
}

Result<std::string> Files::read(std::string_view sha256) const {
    const std::string path = path_of(sha256);
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail(ErrorCode::corrupt, "an attachment's file is missing", path, "restore the data folder's backup");
    std::ostringstream text;
    text << file.rdbuf();
    std::string octets = std::move(text).str();
    if (TRY(sha256_of(octets)) != sha256)
        return fail(ErrorCode::corrupt, "an attachment's content has changed", path,
                    "restore the data folder's backup");
    return octets;
}

std::string_view media_type_of(std::string_view octets) {
    for (const Magic& magic : kMagic)
        if (octets.size() >= magic.at + magic.octets.size() &&
            octets.substr(magic.at, magic.octets.size()) == magic.octets)
            return magic.type;
    constexpr std::size_t kLookedAt = 4096;
    return is_text(octets.substr(0, kLookedAt)) ? "text/plain" : "application/octet-stream";
}

std::string safe_file_name(std::string_view name) {
    constexpr std::size_t kLongest = 200;
    if (const auto slash = name.find_last_of("/\\"); slash != std::string_view::npos) name.remove_prefix(slash + 1);
    std::string out;
    for (const char c : name) {
        const auto octet = static_cast<unsigned char>(c);
        const bool unsafe = octet < 0x20 || octet == 0x7f || c == '"' || c == '\\' || c == ':' || c == '<' ||
                            c == '>' || c == '|' || c == '*' || c == '?';
        out += unsafe ? '_' : c;
    }
    if (out.size() > kLongest) {
        std::size_t end = kLongest;
        while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0U) == 0x80U)
            --end;  // between two characters of UTF-8
        out.resize(end);
    }
    const auto first = out.find_first_not_of(". ");
    out = first == std::string::npos ? std::string() : out.substr(first);
    return out.empty() ? "file" : out;
}

}  // namespace quipu::desk
