#include "platform/mail/maildir.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/log.h"

namespace quipu::mail {
namespace {

namespace fs = std::filesystem;

constexpr LogEvent kRefused{LogLevel::warning, "MAIL_MAILDIR_REFUSED",
                            "A letter in the maildir can't be taken; it was moved to cur/ and flagged",
                            "Look at the file: it is no letter, or too large."};
constexpr std::size_t kAtOnce = 1000;

Result<std::string> read_file(const fs::path& path, std::size_t largest) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error) return fail_errno(error.value(), "look at the letter", path.string());
    if (size > largest) return fail(ErrorCode::too_large, "the letter is too large", path.string());
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail_errno(errno, "open the letter", path.string());
    return std::string(std::istreambuf_iterator<char>(file), {});
}

bool is_for_good(ErrorCode code) {
    return code == ErrorCode::invalid || code == ErrorCode::too_large || code == ErrorCode::forbidden ||
           code == ErrorCode::unsupported;
}

}  // namespace

Result<Maildir> Maildir::open(std::string folder, std::size_t largest) {
    for (const char* part : {"new", "cur", "tmp"}) {
        std::error_code error;
        fs::create_directories(fs::path(folder) / part, error);
        if (error) return fail_errno(error.value(), "make the maildir", folder + "/" + part);
    }
    return Maildir(std::move(folder), largest);
}

Result<Maildir::Taken> Maildir::look(const TakeLetter& take) const {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator at(fs::path(folder_) / "new", error), end;
         !error && at != end && files.size() < kAtOnce; at.increment(error)) {
        std::error_code ignored;
        if (!at->path().filename().string().starts_with('.') &&
            fs::is_regular_file(fs::symlink_status(at->path(), ignored)))
            files.push_back(at->path());
    }
    if (error) return fail_errno(error.value(), "read the maildir", folder_ + "/new");
    std::ranges::sort(files);  // names begin with the time of delivery
    Taken out;
    for (const fs::path& file : files) {
        auto message = read_file(file, largest_);
        const Result<void> done = message ? take({}, *message) : Result<void>(std::unexpected(message.error()));
        if (!done && !is_for_good(done.error().code)) {
            if (!fs::exists(file, error)) continue;  // another reader had it
            out.left = files.size() - out.taken - out.refused;
            return std::unexpected(done.error());
        }
        if (!done) log(kRefused, {{"file", file.filename().string()}, {"error", done.error().text()}});
        const std::string name = file.filename().string();
        fs::rename(file, fs::path(folder_) / "cur" / (name.substr(0, name.find(":2,")) + (done ? ":2,S" : ":2,F")),
                   error);
        if (error) return fail_errno(error.value(), "move the letter", file.string());
        ++(done ? out.taken : out.refused);
    }
    return out;
}

}  // namespace quipu::mail
