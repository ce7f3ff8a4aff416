#include "platform/access/local.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "net/tls.h"
#include "platform/access/seal.h"

namespace quipu::access {
namespace {

struct Owner {
    uid_t user = 0;
    gid_t group = 0;
    bool other = false;  ///< than who runs this
};

std::optional<unsigned> number_in(const char* name) {
    const char* const text = std::getenv(name);
    return text == nullptr ? std::nullopt : parse_number<unsigned>(text);
}

/// Who called, also through sudo.
Owner owner() {
    if (::geteuid() == 0) {
        const auto user = number_in("SUDO_UID"), group = number_in("SUDO_GID");
        if (user && group && *user != 0) return {*user, *group, true};
    }
    return {::geteuid(), ::getegid(), false};
}

std::string folder_of(uid_t user) {
    return fmt::format("{}/quipu-{}", std::filesystem::temp_directory_path().string(), user);
}

/// A folder that is this user's alone: nobody else can have put anything there.
bool is_own(const std::string& folder, uid_t user) {
    struct stat status{};
    return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == user &&
           (status.st_mode & 077U) == 0;
}

/// "http://127.0.0.1:8080" -> "127.0.0.1:8080"; "localhost" is that too.
std::string name_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    std::string out(url.substr(0, url.find('/')));
    if (out.starts_with("localhost:")) out.replace(0, 9, "127.0.0.1");
    return out.find_first_of("/\\") == std::string::npos ? out : std::string();
}

Result<void> write_for(const std::string& path, std::string_view text, const Owner& owner) {
    TRY(write_secret(path, text));
    if (owner.other && ::chown(path.c_str(), owner.user, owner.group) != 0)
        return fail_errno(errno, "a file can't be given to who called sudo", path);
    return {};
}

}  // namespace

Result<std::unique_ptr<LocalSecret>> LocalSecret::open(const std::string& data_folder, const std::string& url) {
    std::unique_ptr<LocalSecret> local(new LocalSecret);
    const Owner who = owner();
    local->secret_ = "qpl_" + net::random_token(32);
    const std::string file = std::filesystem::absolute(data_folder + "/local.token").lexically_normal().string();
    TRY(write_for(file, local->secret_, who));
    local->file_ = file;

    const std::string folder = folder_of(who.user);
    if (::mkdir(folder.c_str(), 0700) == 0 && who.other && ::chown(folder.c_str(), who.user, who.group) != 0)
        return fail_errno(errno, "a folder can't be given to who called sudo", folder);
    // Somebody else's folder of this name is left alone: then commands need QUIPU_TOKEN.
    if (!is_own(folder, who.user)) return local;
    const std::string note = folder + "/" + name_of(url);
    TRY(write_for(note, file, who));
    local->note_ = note;
    return local;
}

LocalSecret::~LocalSecret() {
    for (const std::string& path : {file_, note_})
        if (!path.empty()) ::unlink(path.c_str());
}

std::string local_secret_for(std::string_view url) {
    const std::string folder = folder_of(::geteuid());
    const std::string name = name_of(url);
    if (name.empty() || !is_own(folder, ::geteuid())) return {};
    const auto note = read_secret(folder + "/" + name);
    if (!note) return {};
    return read_secret(*note).value_or(std::string());
}

}  // namespace quipu::access
