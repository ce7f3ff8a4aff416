#include "platform/input.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "base/number.h"
#include "platform/nearest.h"
#include "platform/respond.h"

namespace quipu::platform {
namespace {

std::string_view type_of(const Value& schema) {
    const Value* type = schema.find("type");
    const std::string* name = type != nullptr ? type->if_string() : nullptr;
    return name != nullptr ? std::string_view(*name) : std::string_view();
}

/// Schemas of query and path parameters are scalars or lists of them.
const Value& items_of(const Value& schema) {
    const Value* items = schema.find("items");
    return items != nullptr ? *items : schema;
}

Error unknown_parameter(const Route& route, std::string_view name) {
    std::vector<std::string> known;
    for (const Parameter& parameter : route.parameters)
        if (!parameter.in_path) known.push_back(parameter.name);
    return {ErrorCode::invalid,
            "unknown query parameter",
            std::string(name),
            known.empty() ? "this address takes no parameters" : name_hint(name, known),
            {}};
}

Result<void> gather_query(Value& out, const Route& route, const net::HttpRequest& request) {
    for (const auto& [name, text] : request.query) {
        const auto parameter =
            std::ranges::find_if(route.parameters, [&](const Parameter& p) { return p.name == name && !p.in_path; });
        if (parameter == route.parameters.end()) return std::unexpected(unknown_parameter(route, name));
        if (type_of(parameter->schema) == "array") {
            const Value* before = out.find(name);
            Value list = before != nullptr ? *before : Value(Value::Array{});
            for (const std::string& element : split_names(text))
                list.push(value_from_text(element, items_of(parameter->schema)));
            out.set(name, std::move(list));
        } else if (out.find(name) != nullptr) {
            return fail(ErrorCode::invalid, "is given more than once", name);
        } else {
            out.set(name, value_from_text(text, parameter->schema));
        }
    }
    return {};
}

bool is_json(std::string_view content_type) {
    std::string type(content_type.substr(0, content_type.find(';')));
    while (type.ends_with(' '))
        type.pop_back();
    std::ranges::transform(type, type.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return type == "application/json" || type.ends_with("+json");
}

Result<Value> gather_body(const Parameter& body, const net::HttpRequest& request) {
    if (type_of(body.schema) == "string") return Value(request.body);
    if (request.body.empty()) return Value();
    const std::string_view type = request.headers.get("Content-Type");
    if (!is_json(type))
        return fail(
            ErrorCode::unsupported,
            type.empty() ? "the body's Content-Type is not given" : fmt::format("the body's Content-Type is {}", type),
            "Content-Type", "send JSON with Content-Type: application/json");
    return parse_json(request.body, "body");
}

}  // namespace

Value value_from_text(std::string_view text, const Value& schema) {
    const std::string_view type = type_of(schema);
    if (type == "integer") {
        if (const auto number = parse_number<std::int64_t>(text)) return *number;
    } else if (type == "number") {
        if (const auto whole = parse_number<std::int64_t>(text)) return *whole;
        if (const auto number = parse_number<double>(text)) return *number;
    } else if (type == "boolean") {
        if (text == "true") return true;
        if (text == "false") return false;
    }
    return text;
}

Result<Value> gather_input(const Placed& placed, std::span<const std::string_view> path_values,
                           const net::HttpRequest& request) {
    const Route& route = *placed.route;
    Value::Object members;
    members.reserve(placed.names.size() + request.query.size() + 1);
    for (std::size_t i = 0; i < placed.names.size(); ++i) {
        const auto parameter = std::ranges::find(route.parameters, placed.names[i], &Parameter::name);
        members.emplace_back(placed.names[i], value_from_text(path_values[i], parameter->schema));
    }
    Value out(std::move(members));
    if (!request.query.empty()) TRY(gather_query(out, route, request));
    if (route.body) {
        Value body = TRY(gather_body(*route.body, request));
        if (!body.is_null()) out.set("body", std::move(body));
    }
    return out;
}

}  // namespace quipu::platform
