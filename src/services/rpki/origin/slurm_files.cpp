// The one part of local exceptions that touches files.
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/files.h"
#include "base/value.h"
#include "services/rpki/origin/slurm.h"

namespace quipu::rpki {
namespace {

std::string kept_path(const std::string& folder) {
    return folder + "/slurm-in-use.json";
}

Result<std::string> read_slurm_file(const std::string& path) {
    // One octet more than parse_slurm takes, so that it is the one to say that a file is too large.
    constexpr std::size_t kMost = (std::size_t{16} << 20U) + 1;
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail_errno(errno, "reading a SLURM file", path);
    std::string text(kMost, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return fail_errno(errno, "reading a SLURM file", path);
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::map<std::string, std::string, std::less<>> kept_texts(const std::string& folder) {
    std::map<std::string, std::string, std::less<>> out;
    std::ifstream file(kept_path(folder), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    // A copy that cannot be read is as none: the files themselves are read next.
    const auto kept = parse_json(text.str(), kept_path(folder));
    if (!kept || kept->if_object() == nullptr) return out;
    for (const auto& [name, value] : *kept->if_object())
        if (value.if_string() != nullptr) out[name] = *value.if_string();
    return out;
}

}  // namespace

Result<SlurmFiles> SlurmFiles::open(std::vector<std::string> paths, std::string folder, Time now) {
    SlurmFiles files(std::move(paths), std::move(folder));
    if (!files.folder_.empty()) {
        std::error_code error;
        std::filesystem::create_directories(files.folder_, error);
        if (error) return fail_errno(error.value(), "making a folder", files.folder_);
        files.exceptions_.restore(kept_texts(files.folder_), now);
    }
    TRY(files.refresh(now));
    return files;
}

Result<bool> SlurmFiles::refresh(Time now) {
    std::vector<LocalExceptions::Found> found;
    for (const std::string& path : paths_)
        found.push_back({path, read_slurm_file(path)});
    const bool changed = exceptions_.update(std::move(found), now);
    if (changed) TRY(keep());
    return changed;
}

Result<void> SlurmFiles::keep() const {
    if (folder_.empty()) return {};
    Value kept{Value::Object{}};
    for (const auto& [name, text] : exceptions_.good())
        kept.set(name, text);
    return agent::write_file(kept_path(folder_), to_json(kept), 0600);
}

}  // namespace quipu::rpki
