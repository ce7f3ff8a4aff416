#include "lab/runtime_folder.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <net/if.h>
#include <optional>
#include <sys/file.h>
#include <sys/stat.h>

#include "lab/netns.h"

namespace quipu::lab {

namespace {

std::string record_file(const std::string& folder) {
    return folder + "/lab.json";
}
std::string lock_file(const std::string& folder) {
    return folder + "/lab.lock";
}

// A lock on a file that its owner has removed meanwhile locks nothing.
bool is_still(const Descriptor& file, const std::string& path) {
    struct stat opened{}, named{};
    return ::fstat(file.get(), &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino;
}

Result<std::optional<Record>> read_record(const std::string& file) {
    std::ifstream in(file);
    if (!in) return std::nullopt;
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const Value value = TRY(parse_json(text, file));
    return TRY(read<Record>(value, file));
}

}  // namespace

std::string boot_id() {
    std::ifstream in("/proc/sys/kernel/random/boot_id");
    std::string id;
    std::getline(in, id);
    return id;
}

Result<RuntimeFolder> RuntimeFolder::open(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return fail_errno(error.value(), "making the lab's folder", path);
    if (::chmod(path.c_str(), 0700) != 0) return fail_errno(errno, "protecting the lab's folder", path);
    const std::string lock = lock_file(path);
    for (;;) {
        Descriptor file = TRY(Descriptor::open(lock, O_RDWR | O_CREAT, 0600));
        if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
            return fail(ErrorCode::conflict, "a lab is running here already", path,
                        "stop it with `quipu lab down`, or use another data folder");
        if (is_still(file, lock)) return RuntimeFolder(std::filesystem::absolute(path).string(), std::move(file));
    }
}

Result<void> RuntimeFolder::write(const Record& record) const {
    const std::string file = record_file(path_), fresh = file + ".new";
    {
        std::ofstream out(fresh, std::ios::trunc);
        out << json_text(record) << '\n';
        if (!out.flush()) return fail_errno(errno, "writing the lab's record", fresh);
    }
    if (std::rename(fresh.c_str(), file.c_str()) != 0) return fail_errno(errno, "writing the lab's record", file);
    return {};
}

Result<void> RuntimeFolder::remove_recorded() const {
    const std::string file = record_file(path_);
    const std::optional<Record> record = TRY(read_record(file));
    if (!record) return {};
    Result<void> answer;
    const auto attempt = [&](Result<void> result) {
        if (!result && answer) answer = std::move(result);
    };
    if (record->boot == boot_id()) {
        for (const ProcessId& process : record->processes)
            attempt(end_process(process, std::chrono::seconds(2)));
        for (const std::string& interface : record->interfaces)
            if (::if_nametoindex(interface.c_str()) != 0)
                attempt(ip_batch("", fmt::format("link delete {}\n", interface)));
        for (const std::string& netns : record->namespaces)
            if (netns_exists(netns)) attempt(ip_batch("", fmt::format("netns delete {}\n", netns)));
    }
    if (answer) std::filesystem::remove(file);
    return answer;
}

void RuntimeFolder::remove() {
    std::error_code ignored;
    std::filesystem::remove_all(routers(), ignored);
    for (const char* name : {"/lab.json.new", "/control.sock", "/lab.lock"})
        std::filesystem::remove(path_ + name, ignored);
    std::filesystem::remove(path_, ignored);  // only if it is empty: an agent's output may stand here
    lock_.close();
}

}  // namespace quipu::lab
