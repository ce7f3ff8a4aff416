#include "app/run_network.h"

#include <filesystem>
#include <fmt/format.h>

#include "agent/files.h"

namespace quipu::app {
namespace {

std::string memory_of(const std::string& data_folder) {
    return data_folder + "/network";
}

bool is_empty(const registry::Picture& picture) {
    return picture.all<registry::Site>().empty() && picture.all<registry::Organisation>().empty();
}

std::string name_in(const std::vector<registry::Change>& changes, std::string_view type) {
    for (const registry::Change& change : changes) {
        const Value* its_type = change.object.find("type");
        const Value* name = change.object.find("name");
        if (change.kind == registry::Kind::organisations && its_type != nullptr && *its_type == Value(type) &&
            name != nullptr && name->if_string() != nullptr)
            return *name->if_string();
    }
    return {};
}

}  // namespace

Result<NetworkFile> read_network_file(const std::string& path) {
    const auto format = registry::format_of_file(path);
    if (!format || *format == registry::Format::csv)
        return fail(ErrorCode::invalid, "is no network file: .toml, .json and .graphml are", path);
    const std::string text = TRY(agent::read_file(path));
    NetworkFile file {
        .path = std::filesystem::absolute(path).lexically_normal().string(), .name = {},
        .changes = TRY(registry::read_registry(*format, text, path, std::nullopt))
    };
    file.name = name_in(file.changes, "regional");
    if (file.name.empty()) file.name = name_in(file.changes, "nren");
    if (file.name.empty()) file.name = std::filesystem::path(path).stem().string();
    return file;
}

Result<std::string> remembered_network(const std::string& data_folder) {
    return agent::read_file(memory_of(data_folder));
}

Result<lab::Network> prepare_registry(platform::Hub& hub, const std::string& data_folder, const NetworkFile& file) {
    platform::House& house = hub.house();
    const auto registry = TRY(registry::Registry::open(house.database, house.journal, house.clock));
    if (is_empty(*registry->now())) {
        TRY(registry->apply({.changes = file.changes,
                             .who = "local",
                             .why = "first start",
                             .source = std::filesystem::path(file.path).filename().string()}));
        TRY(agent::write_file(memory_of(data_folder), file.path, 0644));
    }
    return lab::network_of(*registry->now(), file.name);
}

}  // namespace quipu::app
