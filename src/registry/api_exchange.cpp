// Many objects at once: bulk changes, files in and out, and the schemas from which forms are made.

#include <fmt/format.h>

#include "platform/off_loop.h"
#include "registry/api.h"
#include "registry/exchange.h"
#include "registry/object.h"

namespace quipu::registry {
namespace {

using platform::Call;
using platform::Permission;

constexpr std::size_t kMaxImport = 64UL << 20;
constexpr std::size_t kMaxBulk = 100'000;

struct Differences {
    std::vector<Difference> differences;
    static constexpr auto describe() {
        return fields(field<&Differences::differences>("differences", "What changed, or would change").required());
    }
};

/// What changes nothing is not worth telling.
Differences told(std::vector<Difference> differences) {
    std::erase_if(differences, [](const Difference& d) { return d.action == "unchanged"; });
    return {std::move(differences)};
}

struct BulkChange {
    Kind kind = Kind::sites;
    std::string id;
    Value object;
    std::optional<std::int64_t> expected_version;
    static constexpr auto describe() {
        using T = BulkChange;
        return fields(
            field<&T::kind>("kind", "Collection").required(),
            field<&T::id>("id", "Object; may be left out if the object says it"),
            field<&T::object>("object", "The whole object as it is to be; null removes it"),
            field<&T::expected_version>("expected_version", "Refuses if it is at another version; 0: it must be new")
                .at_least(0));
    }
};
struct Bulk {
    std::vector<BulkChange> changes;
    std::string why;
    std::optional<Date> effective;
    bool dry_run = false;
    static constexpr auto describe() {
        using T = Bulk;
        return fields(field<&T::changes>("changes", "All of them are made, or none").required().at_most_long(kMaxBulk),
                      field<&T::why>("why", "The reason, kept with the changes").at_most_long(1000),
                      field<&T::effective>("effective", "The day from which they are true; today if left out"),
                      field<&T::dry_run>("dry_run", "Only tells what would change"));
    }
};
struct BulkRequest {
    Bulk body;
    static constexpr auto describe() { return fields(field<&BulkRequest::body>("body", "The changes").required()); }
};

struct ImportRequest {
    std::string body;
    std::optional<Format> format;
    std::optional<Kind> kind;
    std::string name = "import";
    std::string why;
    std::optional<Date> effective;
    bool dry_run = false;
    static constexpr auto describe() {
        using T = ImportRequest;
        return fields(field<&T::body>("body", "The file's text").required().at_most_long(kMaxImport),
                      field<&T::format>("format", "Its format; by the name's ending if left out"),
                      field<&T::kind>("kind", "Collection of a CSV file; by the name's beginning if left out"),
                      field<&T::name>("name", "The file's name, for messages and the journal").at_most_long(200),
                      field<&T::why>("why", "The reason, kept with the changes").at_most_long(1000),
                      field<&T::effective>("effective", "The day from which it is true; today if left out"),
                      field<&T::dry_run>("dry_run", "Only tells what would change"));
    }
};

struct ExportRequest {
    Format format = Format::toml;
    std::optional<Kind> kind;
    std::optional<Date> as_of;
    Visibility contacts = Visibility::members;
    static constexpr auto describe() {
        using T = ExportRequest;
        return fields(
            field<&T::format>("format", "toml, json or csv"),
            field<&T::kind>("kind", "Only this collection; CSV demands it"),
            field<&T::as_of>("as_of", "As it was, or is to be, on this day; everything on record if left out"),
            field<&T::contacts>("contacts",
                                "Contact details up to this visibility, of those that the caller may see: private ones "
                                "only when asked for"));
    }
};

struct NoQuery {
    static constexpr auto describe() { return fields(); }
};

Task<Result<Differences>> bulk(Registry& registry, const platform::Caller& caller, Bulk wanted) {
    ChangeSet set;
    for (BulkChange& change : wanted.changes)
        set.changes.push_back(
            {change.kind, std::move(change.id), std::move(change.object), change.expected_version, 0});
    set.who = caller.id;
    set.permit = permit_of(caller);
    set.why = std::move(wanted.why);
    set.effective = wanted.effective;
    set.dry_run = wanted.dry_run;
    co_return told(CO_TRY(co_await platform::off_loop([&] { return registry.apply(set); })));
}

Result<std::vector<Difference>> import(Registry& registry, const platform::Caller& caller,
                                       const ImportRequest& wanted) {
    const auto format = wanted.format ? wanted.format : format_of_file(wanted.name);
    if (!format)
        return fail(ErrorCode::invalid, "neither the request nor the file's name says which format it is", "format",
                    "toml, json, csv or graphml");
    ChangeSet set;
    set.changes =
        TRY(read_registry(*format, wanted.body, wanted.name, wanted.kind ? wanted.kind : kind_of_file(wanted.name)));
    set.who = caller.id;
    set.permit = permit_of(caller);
    set.why = wanted.why;
    set.source = wanted.name;
    set.effective = wanted.effective;
    set.dry_run = wanted.dry_run;
    return registry.apply(set);
}

Task<Result<Differences>> import_file(Registry& registry, const platform::Caller& caller, ImportRequest wanted) {
    co_return told(CO_TRY(co_await platform::off_loop([&] { return import(registry, caller, wanted); })));
}

std::string_view media_type_of(Format format) {
    switch (format) {
        case Format::toml: return "application/toml";
        case Format::csv: return "text/csv; charset=utf-8";
        default: return "application/json";
    }
}

Result<platform::Document> exported(const Desk& desk, const platform::Caller& caller, const ExportRequest& wanted) {
    const auto picture = TRY(picture_of(desk.registry, wanted.as_of));
    std::string text = TRY(write_registry(
        wanted.format, *picture,
        {wanted.kind, wanted.contacts, [&](const Person& person) { return desk.sight(caller, person); }}));
    return platform::Document{
        std::move(text), std::string(media_type_of(wanted.format)),
        fmt::format("{}.{}", wanted.kind ? enum_name(*wanted.kind) : "registry", enum_name(wanted.format))};
}

Task<Result<platform::Document>> export_file(const Desk& desk, const platform::Caller& caller, ExportRequest wanted) {
    co_return co_await platform::off_loop([&] { return exported(desk, caller, wanted); });
}

std::shared_ptr<const std::string> all_schemas() {
    Value out{Value::Object{}};
    for (const Kind kind : kKinds)
        out.set(enum_name(kind), with_type(kind, []<class T>() { return schema_of<T>(); }));
    return std::make_shared<const std::string>(to_json(out));
}

}  // namespace

void add_exchange_routes(platform::Api& api, Desk& desk) {
    Registry& registry = desk.registry;
    api.post<BulkRequest, Differences>({.path = "/api/v1/registry/bulk",
                                        .summary = "Make many changes, all or none",
                                        .tag = "registry",
                                        .permission = Permission::edit_registry},
                                       [&registry](const Call& call, BulkRequest wanted) {
                                           return bulk(registry, call.caller, std::move(wanted.body));
                                       });
    api.post<ImportRequest, Differences>({.path = "/api/v1/registry/import",
                                          .summary = "Take a file in, all of it or nothing",
                                          .tag = "registry",
                                          .permission = Permission::edit_registry,
                                          .command = "quipu registry import FILE"},
                                         [&registry](const Call& call, ImportRequest wanted) {
                                             return import_file(registry, call.caller, std::move(wanted));
                                         });
    api.get<ExportRequest, platform::Document>(
        {.path = "/api/v1/registry/export",
         .summary = "The registry as a file",
         .tag = "registry",
         .permission = Permission::see_public,
         .command = "quipu registry export"},
        [&desk](const Call& call, ExportRequest wanted) { return export_file(desk, call.caller, wanted); });
    api.get<NoQuery, Value>({.path = "/api/v1/registry/schemas",
                             .summary = "JSON Schema of each collection, from which forms are made",
                             .tag = "registry",
                             .permission = Permission::see_public},
                            [schemas = all_schemas()](const Call&, NoQuery) -> Result<platform::SharedJson> {
                                return platform::SharedJson{schemas, {}};
                            });
}

}  // namespace quipu::registry
