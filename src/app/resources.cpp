#include "app/resources.h"

#include <array>
#include <filesystem>
#include <fmt/format.h>

namespace quipu::app {
namespace {

namespace fs = std::filesystem;

/// bin/quipu stands in PREFIX (with share/quipu beside it) or in SOURCE/build/release.
std::string find(std::string_view installed, std::string_view in_source) {
    const fs::path prefix = fs::path(program_path()).parent_path().parent_path();
    const std::array candidates = {prefix / "share/quipu" / installed, prefix.parent_path().parent_path() / in_source};
    for (const fs::path& candidate : candidates)
        if (std::error_code ignored; fs::exists(candidate, ignored)) return candidate.string();
    return {};
}

}  // namespace

std::string program_path() {
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error).string();
}

std::string portal_folder() {
    return find("web", "build/web");
}

Result<std::string> network_file(std::string_view name) {
    std::string path = find(fmt::format("networks/{}", name), fmt::format("networks/{}", name));
    if (path.empty())
        return fail(ErrorCode::not_found, fmt::format("the network file {} is not beside the program", name),
                    program_path(), "name one with --network FILE");
    return path;
}

}  // namespace quipu::app
