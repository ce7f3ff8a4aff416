// Is this route valid, and why; in the shapes that Routinator's users know (at its paths: routinator.h).

#include <fmt/format.h>

#include "platform/off_loop.h"
#include "services/rpki/service/api.h"

namespace quipu::rpki {
namespace {

using platform::Call;
using platform::Document;
using platform::Permission;

struct ValidityPath {
    std::string asn;
    std::string address;
    std::int64_t length = 0;
    static constexpr auto describe() {
        using T = ValidityPath;
        return fields(field<&T::asn>("asn", "Origin, \"AS64496\" or the number").required(),
                      field<&T::address>("address", "The prefix's address").required(),
                      field<&T::length>("length", "The prefix's length").required().between(0, 128));
    }
};
struct ValidityQuery {
    std::string asn;
    std::string prefix;
    static constexpr auto describe() {
        using T = ValidityQuery;
        return fields(field<&T::asn>("asn", "Origin, \"AS64496\" or the number").required(),
                      field<&T::prefix>("prefix", "Prefix").required());
    }
};
struct ValidityBatch {
    std::string body;
    static constexpr auto describe() {
        return fields(field<&ValidityBatch::body>(
                          "body", "{\"routes\": [{\"asn\": …, \"prefix\": …}, …]}, or lines \"PREFIX => AS\"")
                          .required());
    }
};

Result<Document> answer(const Rooms& rooms, std::string_view asn, std::string_view prefix) {
    const auto state = TRY(rooms.state());
    const Route route {
        TRY(net::Prefix::parse(prefix))
        , TRY(parse_asn(asn))
    };
    return Document{validity_json(state->validity->explain(route), state->validated)};
}

Result<Document> answer_many(const Rooms& rooms, const std::string& body) {
    const auto state = TRY(rooms.state());
    std::vector<Explanation> explanations;
    for (const Route& route : TRY(parse_routes(body, "body")))
        explanations.push_back(state->validity->explain(route));
    return Document{validity_json(explanations, state->validated)};
}

}  // namespace

void add_validity_routes(platform::Api& api, const Rooms& rooms) {
    const auto by_path = [rooms](const Call&, const ValidityPath& query) {
        return answer(rooms, query.asn, fmt::format("{}/{}", query.address, query.length));
    };
    api.get<ValidityPath, Document>({.path = "/api/v1/rpki/validity/{asn}/{address}/{length}",
                                     .summary = "Is this route valid (RFC 6811), and by which VRPs or why not",
                                     .tag = kTag,
                                     .permission = Permission::see_public,
                                     .command = "quipu rpki validity AS PREFIX"},
                                    by_path);
    api.get<ValidityQuery, Document>(
        {.path = "/api/v1/rpki/validity",
         .summary = "The same by query parameters",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu rpki validity AS PREFIX"},
        [rooms](const Call&, const ValidityQuery& query) { return answer(rooms, query.asn, query.prefix); });
    api.post<ValidityBatch, Document>(
        {.path = "/api/v1/rpki/validity",
         .summary = "Are these routes valid: many at once",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu rpki validity --file ROUTES"},
        [rooms](const Call&, ValidityBatch query) -> Task<Result<Document>> {
            co_return co_await platform::off_loop([&] { return answer_many(rooms, query.body); });
        });
}

}  // namespace quipu::rpki
