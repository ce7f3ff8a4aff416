#pragma once
// Registries as files: native TOML and JSON hold many kinds, CSV one kind a file, GraphML a topology of the Zoo.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/registry.h"

namespace quipu::registry {

enum class Format : std::uint8_t { toml, json, csv, graphml };
constexpr auto describe_enum(Format) {
    return names<Format>(
        {{Format::toml, "toml"}, {Format::json, "json"}, {Format::csv, "csv"}, {Format::graphml, "graphml"}});
}

/// Which of a person's contact details somebody may see.
struct Sight {
    bool members = false, private_ = false, pert = false;
    [[nodiscard]] bool sees(Visibility visibility) const {
        switch (visibility) {
            case Visibility::public_: return true;
            case Visibility::members: return members;
            case Visibility::private_: return private_;
            case Visibility::pert: return pert;
        }
        return false;
    }
};

/// By the name's ending.
[[nodiscard]] std::optional<Format> format_of_file(std::string_view name);
/// The kind that a CSV file's name begins with: "sites.csv", "sites-2011.csv".
[[nodiscard]] std::optional<Kind> kind_of_file(std::string_view name);

/// The changes that make the registry hold what the text says. What the text does not name stays as it is. `kind` is
/// needed for CSV. Errors of form only; what the objects say is checked when the changes are applied. Faults are
/// "NAME:LINE FIELD".
[[nodiscard]] Result<std::vector<Change>> read_registry(Format format, std::string_view text, std::string_view name,
                                                        std::optional<Kind> kind);

struct ExportOptions {
    std::optional<Kind> kind;                        ///< only this one; CSV demands it
    Visibility up_to = Visibility::members;          ///< contact details beyond it are left out
    std::function<Sight(const Person&)> sight = {};  ///< and what else may not be seen of somebody; all when empty
};
/// TOML, JSON or CSV; the other way round it gives the same registry.
[[nodiscard]] Result<std::string> write_registry(Format format, const Picture& picture, const ExportOptions& options);

/// A person without the contact details that are more private than `up_to`.
[[nodiscard]] Person visible_part(Person person, Visibility up_to);
[[nodiscard]] Person visible_part(Person person, const Sight& sight);

}  // namespace quipu::registry
