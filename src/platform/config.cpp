#include "platform/config.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "platform/nearest.h"

namespace quipu::platform {
namespace {

const Value kEmptyTable{Value::Object{}};

/// Finds keys that no schema knows, in nested tables and lists of tables too.
class UnknownKeys {
  public:
    explicit UnknownKeys(const std::string& file) : file_(file) {}

    void check(const Value& value, const Value& schema, const std::string& path) {
        if (const auto* list = value.if_array()) {
            const Value* items = schema.find("items");
            for (std::size_t i = 0; items != nullptr && i < list->size(); ++i)
                check((*list)[i], *items, fmt::format("{}[{}]", path, i));
            return;
        }
        const auto* table = value.if_object();
        const Value* properties = schema.find("properties");
        if (table == nullptr || properties == nullptr || properties->if_object() == nullptr) return;
        for (const auto& [key, member] : *table) {
            const std::string place = path.empty() ? key : path + "." + key;
            if (const Value* known = properties->find(key))
                check(member, *known, place);
            else
                fault(member, place, "unknown key", key, *properties);
        }
    }
    void fault(const Value& at, const std::string& path, std::string_view what, std::string_view name,
               const Value& known) {
        std::vector<std::string> names;
        for (const auto& [key, unused] : *known.if_object())
            names.push_back(key);
        faults_.push_back(
            {fmt::format("{}:{} {}", file_, at.line(), path), fmt::format("{}; {}", what, name_hint(name, names))});
    }
    [[nodiscard]] Result<void> result() const {
        if (faults_.empty()) return {};
        Error error{ErrorCode::invalid, {}, {}, "`quipu config reference` lists every setting", faults_};
        if (faults_.size() == 1) {
            error.where = faults_.front().where;
            error.what = faults_.front().what;
            error.faults.clear();
        } else {
            error.where = file_;
            error.what = fmt::format("the configuration has {} unknown names", faults_.size());
        }
        return std::unexpected(std::move(error));
    }

  private:
    const std::string& file_;
    std::vector<Fault> faults_;
};

std::string text_of(const Value* value) {
    return value != nullptr && value->if_string() != nullptr ? *value->if_string() : std::string();
}

/// "whole number, 0 to 65535".
std::string type_text(const Value& schema) {
    const std::string type = text_of(schema.find("type"));
    if (const Value* values = schema.find("enum")) {
        std::string out;
        for (const Value& value : *values->if_array())
            out += (out.empty() ? "`" : ", `") + text_of(&value) + "`";
        return out;
    }
    if (type == "array")
        return schema.find("items") != nullptr ? "list of " + type_text(*schema.find("items")) : "list";
    std::string out = type == "integer"   ? "whole number"
                      : type == "boolean" ? "true or false"
                      : type == "string"  ? "text"
                      : type == "object"  ? "table"
                      : type.empty()      ? "any value"
                                          : type;
    const std::string format = text_of(schema.find("format"));
    if (!format.empty()) out = format == "duration" ? "duration such as `90s`" : format;
    if (schema.find("minimum") != nullptr && schema.find("maximum") != nullptr)
        out += fmt::format(", {} to {}", to_json(*schema.find("minimum")), to_json(*schema.find("maximum")));
    else if (schema.find("minimum") != nullptr)
        out += fmt::format(", at least {}", to_json(*schema.find("minimum")));
    const std::string unit = text_of(schema.find("x-unit"));
    return unit.empty() ? out : out + ", " + unit;
}

void describe_table(std::string& out, const std::string& name, const Value& schema) {
    const Value* properties = schema.find("properties");
    if (properties == nullptr || properties->if_object() == nullptr || properties->if_object()->empty()) {
        out += fmt::format("\n## [{}]\n\nNothing to set.\n", name);
        return;
    }
    out += fmt::format("\n## [{}]\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n", name);
    std::vector<std::pair<std::string, const Value*>> tables;
    for (const auto& [key, property] : *properties->if_object()) {
        if (text_of(property.find("type")) == "object" && property.find("properties") != nullptr) {
            tables.emplace_back(name + "." + key, &property);
            continue;
        }
        const Value* standard = property.find("default");
        out += fmt::format("| `{}` | {} | {} | {} |\n", key, type_text(property),
                           standard != nullptr ? "`" + to_json(*standard) + "`" : "",
                           text_of(property.find("description")));
    }
    for (const auto& [path, table] : tables)
        describe_table(out, path, *table);
}

}  // namespace

Value with_defaults(Value schema, const Value& defaults) {
    Value* properties = nullptr;
    if (auto* members = schema.if_object()) {
        const auto found = std::ranges::find(*members, "properties", &Value::Member::first);
        if (found != members->end()) properties = &found->second;
    }
    if (properties == nullptr) {
        if (defaults.if_object() == nullptr) schema.set("default", defaults);
        return schema;
    }
    for (auto& [key, property] : *properties->if_object())
        if (const Value* standard = defaults.find(key)) property = with_defaults(std::move(property), *standard);
    return schema;
}

Result<Config> Config::parse(std::string_view text, std::string name, std::span<const Section> sections) {
    Config config;
    config.file_ = std::move(name);
    config.root_ = TRY(parse_toml(text, config.file_));

    Value known{Value::Object{}};
    for (const Section& section : sections)
        known.set(section.name, section.schema);
    UnknownKeys unknown(config.file_);
    for (const auto& [key, member] : *config.root_.if_object()) {
        const Value* schema = known.find(key);
        if (schema == nullptr)
            unknown.fault(member, key,
                          member.if_object() != nullptr ? "unknown section" : "unknown key outside a section", key,
                          known);
        else if (member.if_object() == nullptr)
            return fail(ErrorCode::invalid, fmt::format("expected a section [{}], found {}", key, member.type_name()),
                        fmt::format("{}:{} {}", config.file_, member.line(), key));
        else
            unknown.check(member, *schema, key);
    }
    TRY(unknown.result());
    return config;
}

Result<Config> Config::load(const std::string& file, std::span<const Section> sections) {
    std::error_code status;
    if (std::filesystem::is_directory(file, status))
        return fail(ErrorCode::invalid, "is a folder, not a configuration file", file);
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail_errno(errno, "the configuration can't be read", file);
    std::ostringstream text;
    text << in.rdbuf();
    return parse(text.str(), file, sections);
}

void Config::supplement(const Config& other) {
    for (const auto& [name, section] : *other.root_.if_object())
        if (!has(name)) root_.set(name, section);
}

const Value& Config::section(std::string_view name) const {
    const Value* found = root_.find(name);
    return found != nullptr ? *found : kEmptyTable;
}

Result<HubSettings> Config::hub(const Environment& environment) const {
    const Value& section = this->section("hub");
    ReadContext context(file_);
    HubSettings settings;
    {
        const ReadContext::Step step(context, "hub");
        read_into(settings, section, context);
    }
    if (!context.ok()) return std::unexpected(context.error());
    if (const auto data = environment("QUIPU_DATA")) settings.data = *data;
    if (const auto web = environment("QUIPU_WEB")) settings.web = *web;
    if (const auto database = environment("QUIPU_DATABASE")) settings.database = *database;
    if (const auto port = environment("QUIPU_PORT")) {
        const auto [end, error] = std::from_chars(port->data(), port->data() + port->size(), settings.port);
        if (error != std::errc{} || end != port->data() + port->size() || settings.port < 0 || settings.port > 65535)
            return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a port between 0 and 65535", *port),
                        "QUIPU_PORT");
    }
    return settings;
}

std::optional<std::string> environment_variable(std::string_view name) {
    const char* value = std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe): nothing sets it
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

std::string settings_reference(std::span<const Section> sections) {
    std::string out =
        "# Configuration\n\n"
        "<!-- Made by `quipu config reference`; change the descriptions in the code, not this page. -->\n\n"
        "`quipu serve --config FILE` reads a TOML file with a section for the hub and one for each service. Every key "
        "has a\n"
        "default, so that an empty file is a good one. `quipu config check FILE` finds every fault and names file, "
        "line and\n"
        "key. A flag goes before the environment (`QUIPU_PORT`, `QUIPU_DATA`, `QUIPU_WEB`, `QUIPU_DATABASE`), that "
        "before the\n"
        "file.\n";
    for (const Section& section : sections)
        describe_table(out, section.name, section.schema);
    return out;
}

}  // namespace quipu::platform
