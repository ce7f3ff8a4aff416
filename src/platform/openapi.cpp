#include "platform/openapi.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace quipu::platform {
namespace {

Value object(std::initializer_list<std::pair<std::string_view, Value>> members) {
    Value out{Value::Object{}};
    for (const auto& [key, value] : members)
        out.set(key, value);
    return out;
}

Value list(std::initializer_list<Value> elements) {
    return Value::Array(elements);
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return out;
}

/// "get_sites_by_id" of GET /api/v1/sites/{id}.
std::string operation_id(const Route& route) {
    std::string out = route.response.page ? "list" : lower(net::name_of(route.method));
    std::string_view rest = route.info.path;
    if (rest.starts_with("/api/v1"))
        rest.remove_prefix(7);
    else
        out += "_root";  // /status is not /api/v1/status
    while (rest.starts_with('/')) {
        rest.remove_prefix(1);
        const std::size_t slash = std::min(rest.find('/'), rest.size());
        std::string segment(rest.substr(0, slash));
        rest.remove_prefix(slash);
        const bool is_parameter = segment.starts_with('{');
        std::erase_if(segment, [](char c) { return c == '{' || c == '}'; });
        std::ranges::replace_if(segment, [](char c) { return c == '-' || c == '.'; }, '_');
        out += is_parameter ? "_by_" : "_";
        out += segment;
    }
    return out;
}

/// Schemas by name; answers references to them.
class Schemas {
  public:
    Value reference(const std::string& name, const Value& schema) {
        if (name.empty()) return schema.is_null() ? Value(Value::Object{}) : schema;
        std::string unique = name;
        for (int i = 2; schemas_.find(unique) != nullptr && *schemas_.find(unique) != schema; ++i)
            unique = fmt::format("{}{}", name, i);
        schemas_.set(unique, schema);
        return object({{"$ref", "#/components/schemas/" + unique}});
    }
    Value take() { return std::move(schemas_); }

  private:
    Value schemas_{Value::Object{}};
};

Value problem_schema() {
    const auto text = [](std::string_view doc) { return object({{"type", "string"}, {"description", doc}}); };
    return object(
        {{"type", "object"},
         {"description", "RFC 9457 problem details"},
         {"required", list({"type", "title", "status", "detail", "request_id", "code"})},
         {"properties",
          object({{"type", text("URI of the kind of problem")},
                  {"title", text("The status in words")},
                  {"status", object({{"type", "integer"}})},
                  {"detail", text("What happened")},
                  {"instance", text("The address that was asked for")},
                  {"request_id", text("Name it when you report the problem")},
                  {"code", text("The kind of problem in one word")},
                  {"hint", text("What to do")},
                  {"faults",
                   object({{"type", "array"},
                           {"items", object({{"type", "object"},
                                             {"properties", object({{"where", text("Field, or file and line")},
                                                                    {"what", text("What is wrong there")}})}})}})}})}});
}

Value parameter_object(const Parameter& parameter) {
    Value out = object({{"name", parameter.name},
                        {"in", parameter.in_path ? "path" : "query"},
                        {"description", parameter.doc},
                        {"required", parameter.in_path || parameter.required},
                        {"schema", parameter.schema}});
    return out;
}

Value parameters_of(const Route& route) {
    Value out{Value::Array{}};
    for (const Parameter& parameter : route.parameters)
        out.push(parameter_object(parameter));
    if (route.info.needs_if_match)
        out.push(object({{"name", "If-Match"},
                         {"in", "header"},
                         {"description", "ETag of the object as it was read"},
                         {"required", true},
                         {"schema", object({{"type", "string"}})}}));
    return out;
}

Value content(std::string_view media_type, Value schema) {
    return object({{media_type, object({{"schema", std::move(schema)}})}});
}

Value body_of(const Route& route, Schemas& schemas) {
    const Value* type = route.body->schema.find("type");
    const bool is_text = type != nullptr && *type == Value("string");
    return object({{"description", route.body->doc},
                   {"required", route.body->required},
                   {"content", content(is_text ? "text/plain" : "application/json",
                                       schemas.reference(route.body_name, route.body->schema))}});
}

Value success_of(const Route& route, Schemas& schemas) {
    if (route.response.empty) return object({{"204", object({{"description", "Done"}})}});
    Value schema;
    if (!std::holds_alternative<TypedHandler>(route.run)) {
        schema = object({{"type", "string"}});
    } else if (route.response.page) {
        Value items = object({{"type", "array"}});
        items.set("items", schemas.reference(route.response.name, route.response.schema));
        schema = object({{"type", "object"},
                         {"required", list({"items", "next"})},
                         {"properties",
                          object({{"items", std::move(items)},
                                  {"next", object({{"type", list({"string", "null"})},
                                                   {"description", "Cursor of the next page, null at the end"}})}})}});
    } else {
        schema = schemas.reference(route.response.name, route.response.schema);
    }
    return object({{std::to_string(route.info.success),
                    object({{"description", route.info.summary},
                            {"content", content(route.info.media_type, std::move(schema))}})}});
}

Value operation(const Route& route, Schemas& schemas) {
    Value out = object({{"operationId", operation_id(route)},
                        {"summary", route.info.summary},
                        {"tags", list({route.info.tag})},
                        {"x-permission", enum_name(route.info.permission)}});
    if (!route.info.command.empty()) out.set("x-command", route.info.command);
    if (route.info.permission == Permission::agent)
        out.set("security", list({object({{"agent_certificate", Value(Value::Array{})}})}));
    if (Value parameters = parameters_of(route); !parameters.if_array()->empty())
        out.set("parameters", std::move(parameters));
    if (route.body) out.set("requestBody", body_of(route, schemas));
    Value responses = success_of(route, schemas);
    responses.set("4XX", object({{"$ref", "#/components/responses/Problem"}}));
    responses.set("5XX", object({{"$ref", "#/components/responses/Problem"}}));
    out.set("responses", std::move(responses));
    return out;
}

Value tags_of(std::span<const std::shared_ptr<const Route>> routes) {
    std::set<std::string> names;
    for (const auto& route : routes)
        names.emplace(route->info.tag);
    Value out{Value::Array{}};
    for (const std::string& name : names)
        out.push(object({{"name", name}, {"description", fmt::format("The room \"{}\"", name)}}));
    return out;
}

}  // namespace

Value openapi_document(std::span<const std::shared_ptr<const Route>> routes, std::string_view version) {
    Schemas schemas;
    Value paths{Value::Object{}};
    for (const auto& route : routes) {
        const Value* before = paths.find(route->info.path);
        Value path = before != nullptr ? *before : Value(Value::Object{});
        path.set(lower(net::name_of(route->method)), operation(*route, schemas));
        paths.set(route->info.path, std::move(path));
    }
    Value named = schemas.take();
    named.set("Problem", problem_schema());
    Value components = object({{"schemas", std::move(named)}});
    components.set(
        "responses",
        object({{"Problem", object({{"description", "What went wrong"},
                                    {"content", content("application/problem+json",
                                                        object({{"$ref", "#/components/schemas/Problem"}}))}})}}));
    components.set(
        "securitySchemes",
        object({{"agent_certificate",
                 object({{"type", "mutualTLS"}, {"description", "The client certificate of an enrolled agent"}})}}));

    return object(
        {{"openapi", "3.1.0"},
         {"info",
          object({{"title", "Quipu"},
                  {"version", version},
                  {"description",
                   "The technical platform of a research network. Lists answer {items, next}; errors are problem "
                   "details (RFC 9457). Sign in at /api/v1/session, or send a token: Authorization: Bearer qp_…; "
                   "x-permission names what each operation demands."},
                  {"license", object({{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}})}})},
         {"servers", list({object({{"url", "/"}, {"description", "This hub"}})})},
         {"security", Value(Value::Array{})},
         {"tags", tags_of(routes)},
         {"paths", std::move(paths)},
         {"components", std::move(components)}});
}

}  // namespace quipu::platform
