#include "registry/exchange.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "registry/csv.h"
#include "registry/graphml.h"
#include "registry/object.h"
#include "registry/topology_zoo.h"

namespace quipu::registry {
namespace {

std::string_view base_name(std::string_view path) {
    return path.substr(path.find_last_of('/') + 1);
}

Result<std::vector<Change>> changes_from_tree(const Value& tree, std::string_view name) {
    ReadContext context{std::string(name)};
    std::vector<Change> changes;
    const auto* kinds = tree.if_object();
    if (kinds == nullptr)
        return fail(ErrorCode::invalid, "expected a table of collections such as sites and links", std::string(name));
    for (const auto& [key, list] : *kinds) {
        const ReadContext::Step step(context, key);
        const auto kind = enum_value<Kind>(key);
        if (!kind) {
            std::string known;
            for (const Kind k : kKinds)
                known += fmt::format("{}{}", known.empty() ? "" : ", ", enum_name(k));
            context.fault(list, "is no collection; there are " + known);
            continue;
        }
        const auto* objects = list.if_array();
        if (objects == nullptr) {
            context.fault(list, fmt::format("expected a list of tables, [[{}]]", key));
            continue;
        }
        for (std::size_t i = 0; i < objects->size(); ++i) {
            const Value& object = (*objects)[i];
            const ReadContext::Step inner(context, i);
            if (object.if_object() == nullptr)
                context.fault(object, "expected a table, found " + std::string(object.type_name()));
            else
                changes.push_back({*kind, {}, object, std::nullopt, object.line()});
        }
    }
    if (!context.ok()) return std::unexpected(context.error());
    return changes;
}

// ---- CSV: cells as the described field wants them

template <class Number>
bool is_number(std::string_view text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

Value number_or_text(const std::string& cell) {
    std::int64_t whole = 0;
    if (is_number(cell, whole)) return whole;
    double real = 0;
    if (is_number(cell, real)) return real;
    return cell;
}

template <class T>
Result<Value> value_of_cell(const std::string& cell) {
    if constexpr (detail::IsOptional<T>::value) {
        return value_of_cell<typename T::value_type>(cell);
    } else if constexpr (detail::IsVector<T>::value) {
        return parse_json(cell);
    } else if constexpr (std::same_as<T, bool>) {
        if (cell == "true" || cell == "false") return Value(cell == "true");
        return Value(cell);
    } else if constexpr (HasNumberForm<T> || std::is_arithmetic_v<T>) {
        return number_or_text(cell);
    } else {
        return Value(cell);
    }
}

template <Described T>
Result<Value> object_of_row(const CsvRow& header, const CsvRow& row, std::string_view name) {
    Value object{Value::Object{}};
    object.set_line(row.line);
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
        if (row.cells[i].empty()) continue;
        Result<Value> value = Value(row.cells[i]);  // an unknown column is told when the object is read
        for_each_field<T>([&](const auto& f) {
            if (f.name == header.cells[i])
                value = value_of_cell<typename std::remove_cvref_t<decltype(f)>::Type>(row.cells[i]);
        });
        if (!value)
            return fail(ErrorCode::invalid, "expected a list as JSON: " + value.error().what,
                        fmt::format("{}:{} {}", name, row.line, header.cells[i]));
        value->set_line(row.line);
        object.set(header.cells[i], std::move(*value));
    }
    return object;
}

Result<std::vector<Change>> changes_from_csv(std::string_view text, std::string_view name, Kind kind) {
    const std::vector<CsvRow> rows = TRY(parse_csv(text, name));
    if (rows.empty()) return fail(ErrorCode::invalid, "is empty; its first line names the fields", std::string(name));
    const CsvRow& header = rows.front();
    for (std::size_t i = 0; i < header.cells.size(); ++i)
        if (std::ranges::count(header.cells, header.cells[i]) > 1)
            return fail(ErrorCode::invalid, fmt::format("the column \"{}\" is there twice", header.cells[i]),
                        fmt::format("{}:{}", name, header.line));
    std::vector<Change> changes;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        Value object = TRY(with_type(kind, [&]<class T>() { return object_of_row<T>(header, rows[i], name); }));
        changes.push_back({kind, {}, std::move(object), std::nullopt, rows[i].line});
    }
    return changes;
}

std::string cell_of(const Value& value) {
    if (value.is_null()) return {};
    if (const auto* text = value.if_string()) return *text;
    return to_json(value);
}

// ---- writing

template <class T>
Value exported(const Entry<T>& entry, const ExportOptions& options) {
    if constexpr (std::same_as<T, Person>)
        return to_value(options.sight
                            ? visible_part(visible_part(entry.object, options.up_to), options.sight(entry.object))
                            : visible_part(entry.object, options.up_to));
    else
        return to_value(entry.object);
}

Value::Array objects_of(const Picture& picture, Kind kind, const ExportOptions& options) {
    return with_type(kind, [&]<class T>() {
        Value::Array out;
        if constexpr (std::same_as<T, Resource>) {
            for (const auto& entry : picture.resources(kind))
                out.push_back(exported(entry, options));
        } else {
            for (const auto& entry : picture.all<T>())
                out.push_back(exported(entry, options));
        }
        return out;
    });
}

std::string csv_of(const Picture& picture, Kind kind, const ExportOptions& options) {
    std::vector<std::string> names;
    with_type(kind, [&]<class T>() { for_each_field<T>([&](const auto& f) { names.emplace_back(f.name); }); });
    std::string out;
    append_csv(out, names);
    for (const Value& object : objects_of(picture, kind, options)) {
        std::vector<std::string> cells;
        for (const std::string& name : names) {
            const Value* member = object.find(name);
            cells.push_back(member == nullptr ? std::string() : cell_of(*member));
        }
        append_csv(out, cells);
    }
    return out;
}

}  // namespace

std::optional<Format> format_of_file(std::string_view name) {
    const auto dot = name.rfind('.');
    return dot == std::string_view::npos ? std::nullopt : enum_value<Format>(name.substr(dot + 1));
}

std::optional<Kind> kind_of_file(std::string_view name) {
    name = base_name(name);
    return enum_value<Kind>(name.substr(0, name.find_first_of(".-")));
}

Result<std::vector<Change>> read_registry(Format format, std::string_view text, std::string_view name,
                                          std::optional<Kind> kind) {
    switch (format) {
        case Format::toml: return changes_from_tree(TRY(parse_toml(text, name)), name);
        case Format::json: return changes_from_tree(TRY(parse_json(text, name)), name);
        case Format::graphml: return changes_from_graph(TRY(parse_graphml(text, name)), name);
        case Format::csv: break;
    }
    if (!kind)
        return fail(ErrorCode::invalid, "a CSV file holds one kind, and neither its name nor the request says which",
                    std::string(name), "name it after the collection, such as sites.csv, or give the kind");
    return changes_from_csv(text, name, *kind);
}

Result<std::string> write_registry(Format format, const Picture& picture, const ExportOptions& options) {
    if (format == Format::graphml)
        return fail(ErrorCode::unsupported, "GraphML is read, not written", "format", "take toml, json or csv");
    if (format == Format::csv) {
        if (!options.kind) return fail(ErrorCode::invalid, "CSV holds one kind a file: say which", "kind");
        return csv_of(picture, *options.kind, options);
    }
    Value tree{Value::Object{}};
    for (const Kind kind : kKinds) {
        if (options.kind && *options.kind != kind) continue;
        Value::Array objects = objects_of(picture, kind, options);
        if (!objects.empty()) tree.set(enum_name(kind), Value(std::move(objects)));
    }
    return format == Format::toml ? to_toml(tree) : to_json(tree, 2) + "\n";
}

Person visible_part(Person person, const Sight& sight) {
    std::erase_if(person.contacts, [&](const ContactDetail& contact) { return !sight.sees(contact.visibility); });
    return person;
}

Person visible_part(Person person, Visibility up_to) {
    std::erase_if(person.contacts, [&](const ContactDetail& contact) { return contact.visibility > up_to; });
    return person;
}

}  // namespace quipu::registry
