#include "services/rpki/service/routinator.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/number.h"
#include "net/http_writer.h"
#include "platform/off_loop.h"
#include "platform/respond.h"
#include "services/rpki/origin/delta.h"

namespace quipu::rpki {
namespace {

constexpr LogEvent kHttpServing{LogLevel::info, "RPKI_HTTP_SERVING", "Routinator's HTTP paths are served here"};

using net::HttpRequest;
using net::HttpResponse;
using platform::Call;
using platform::Permission;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kPlain = "text/plain;charset=utf-8";
constexpr std::string_view kPrometheus = "text/plain; version=0.0.4";

std::string_view media_type_of(Format format) {
    switch (format) {
        case Format::csv:
        case Format::csvcompat:
        case Format::csvext: return "text/csv;charset=utf-8;header=present";
        case Format::json:
        case Format::jsonext:
        case Format::slurm:
        case Format::slurm2: return kJson;
        default: return kPlain;
    }
}

/// As Routinator: an object with "error" where programs ask, a line elsewhere.
HttpResponse refusal(int status, std::string_view what, bool as_json) {
    if (!as_json) return HttpResponse::text(status, std::string(what), std::string(kPlain));
    std::string body = "{\n  \"error\": ";
    JsonWriter(body).string(what);
    return HttpResponse::text(status, body + "\n}\n", std::string(kJson));
}

HttpResponse nothing_yet(const RoutinatorSource& source, bool as_json) {
    HttpResponse out = source.validates
                           ? refusal(503, "Initial validation ongoing. Please wait.", as_json)
                           : refusal(503, "No trust anchors are validated here: set tals in [rpki].", as_json);
    out.headers.add("Retry-After", "10");
    return out;
}

HttpResponse made(std::string body, std::string_view media_type = kJson) {
    return HttpResponse::text(200, std::move(body), std::string(media_type));
}

/// What is refused is said, never thrown at the caller as the house's problem details.
using Answer = Result<HttpResponse>;
HttpResponse or_refused(Answer answer, bool as_json) {
    return answer ? std::move(*answer) : refusal(400, answer.error().text(), as_json);
}

// ---- the outputs

bool is_not_modified(const HttpRequest& request, const std::string& etag, Time changed) {
    if (const auto* tags = request.headers.find("If-None-Match")) return platform::names_etag(*tags, etag);
    const auto since = net::parse_http_date(request.headers.get("If-Modified-Since"));
    return since && *since >= changed;
}

Result<Selection> selection_of(const HttpRequest& request) {
    Selection out;
    for (const auto& [name, value] : request.query)
        if (!TRY(out.take(name, value)))
            return fail(ErrorCode::invalid, fmt::format("unexpected argument '{}' in query", name));
    return out;
}

Task<Result<HttpResponse>> output(const RoutinatorSource& source, const HttpRequest& request, Format format) {
    const auto now = source.publisher->now();
    if (!now) co_return nothing_yet(source, false);
    const auto selection = selection_of(request);
    if (!selection) co_return refusal(400, selection.error().text(), false);
    HttpResponse out;
    const std::string etag = now->etag(format);
    const Time changed = now->changed(format);
    out.headers.add("ETag", '"' + etag + '"');
    out.headers.add("Last-Modified", net::format_http_date(changed));
    if (is_not_modified(request, etag, changed)) {
        out.status = 304;
        co_return out;
    }
    out.headers.add("Content-Type", std::string(media_type_of(format)));
    if (request.query.empty())
        out.body = CO_TRY(co_await platform::off_loop([&] { return Result<Published::Text>(now->text(format)); }));
    else
        out.body =
            CO_TRY(co_await platform::off_loop([&] { return Result<std::string>(now->text(format, *selection)); }));
    co_return out;
}

// ---- what changed

struct Version {
    std::uint64_t session = 0;
    std::uint32_t serial = 0;
};

template <class Number>
Result<Number> number_of(std::string_view name, std::string_view text) {
    if (const auto number = parse_number<Number>(text)) return *number;
    return fail(ErrorCode::invalid, fmt::format("invalid '{}' argument in query", name));
}

/// Both or none.
Result<std::optional<Version>> version_of(const HttpRequest& request) {
    std::optional<std::uint64_t> session;
    std::optional<std::uint32_t> serial;
    for (const auto& [name, value] : request.query) {
        if (name != "session" && name != "serial")
            return fail(ErrorCode::invalid, fmt::format("unexpected argument '{}' in query", name));
        if (name == "session" ? session.has_value() : serial.has_value())
            return fail(ErrorCode::invalid, fmt::format("duplicate '{}' argument in query", name));
        if (name == "session")
            session = TRY(number_of<std::uint64_t>(name, value));
        else
            serial = TRY(number_of<std::uint32_t>(name, value));
    }
    if (session.has_value() != serial.has_value())
        return fail(ErrorCode::invalid, fmt::format("missing '{}' argument in query", session ? "serial" : "session"));
    if (!session) return std::optional<Version>();
    return std::optional(Version{*session, *serial});
}

/// A delta as two sets. Of an ASPA that changed the new one is announced: it takes the other's place.
std::pair<PayloadSet, PayloadSet> sets_of(const rtr::Delta& delta) {
    std::pair<PayloadSet, PayloadSet> out;
    auto& [announced, withdrawn] = out;
    announced.vrps = delta.announced;
    announced.router_keys = delta.keys_announced;
    withdrawn.vrps = delta.withdrawn;
    withdrawn.router_keys = delta.keys_withdrawn;
    for (const rtr::AspaChange& change : delta.aspas)
        if (change.after.empty())
            withdrawn.aspas.push_back({.customer = change.customer, .providers = change.before});
        else
            announced.aspas.push_back({.customer = change.customer, .providers = change.after});
    return out;
}

std::string delta_text(const Published& now, const std::optional<Version>& from) {
    std::string out;
    const Sink sink = [&](std::string_view part) { out += part; };
    const JsonDeltaHead head{now.session(), now.serial(), now.changed()};
    const auto& snapshot = now.facts().snapshot;
    const auto changes = snapshot && from && from->session == now.session() ? snapshot->changes_since(from->serial)
                                                                            : std::optional<rtr::Delta>();
    if (changes) {
        const auto [announced, withdrawn] = sets_of(*changes);
        write_json_delta(head, from->serial, announced, withdrawn, sink);
    } else {
        write_json_reset(head, snapshot ? snapshot->set() : now.facts().payloads->set, sink);
    }
    return out;
}

Task<Result<HttpResponse>> delta(const RoutinatorSource& source, const HttpRequest& request) {
    const auto now = source.publisher->now();
    if (!now) co_return nothing_yet(source, true);
    const auto from = version_of(request);
    if (!from) co_return refusal(400, from.error().text(), true);
    co_return made(CO_TRY(co_await platform::off_loop([&] { return Result<std::string>(delta_text(*now, *from)); })));
}

/// Answers at once, unless the client names what is there now: then once there is something else.
Task<Result<HttpResponse>> notify(const RoutinatorSource& source, const HttpRequest& request) {
    const auto known = version_of(request);
    if (!known) co_return refusal(400, known.error().text(), true);
    auto now = source.publisher->now();
    if (now && *known) now = co_await source.publisher->other_than((*known)->session, (*known)->serial);
    if (!now) co_return nothing_yet(source, true);
    co_return made(fmt::format("{{\n  \"session\": {},\n  \"serial\": {}\n}}\n", now->session(), now->serial()));
}

// ---- is it valid

/// Bits behind the length are passed over, as in Routinator.
Result<net::Prefix> relaxed_prefix(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return net::Prefix::parse(text);
    const auto length = TRY(number_of<int>("prefix", text.substr(slash + 1)));
    return net::Prefix::create(TRY(net::IpAddress::parse(text.substr(0, slash))), length);
}

Answer validity(const RoutinatorSource& source, std::string_view asn, std::string_view prefix) {
    const auto now = source.publisher->now();
    if (!now) return nothing_yet(source, true);
    const Route route {
        TRY(relaxed_prefix(prefix))
        , TRY(parse_asn(asn))
    };
    return made(validity_json(now->facts().validity->explain(route), now->changed()));
}

Answer validity_of_query(const RoutinatorSource& source, const HttpRequest& request) {
    for (const auto& [name, value] : request.query)
        if (name != "asn" && name != "prefix")
            return fail(ErrorCode::invalid, fmt::format("unexpected argument '{}' in query", name));
    const std::string* asn = request.query_value("asn");
    const std::string* prefix = request.query_value("prefix");
    if (asn == nullptr || prefix == nullptr)
        return fail(ErrorCode::invalid, fmt::format("missing '{}' argument in query", asn ? "prefix" : "asn"));
    return validity(source, *asn, *prefix);
}

/// "/api/v1/validity/AS64496/192.0.2.0/24"
Answer validity_of_path(const RoutinatorSource& source, std::string_view path) {
    path.remove_prefix(std::string_view("/api/v1/validity/").size());
    const std::size_t slash = path.find('/');
    return validity(source, path.substr(0, slash), slash == std::string_view::npos ? "" : path.substr(slash + 1));
}

Answer validity_of_many(const RoutinatorSource& source, const std::string& body) {
    const auto now = source.publisher->now();
    if (!now) return nothing_yet(source, true);
    std::vector<Explanation> explanations;
    for (const Route& route : TRY(parse_routes(body, "body")))
        explanations.push_back(now->facts().validity->explain(route));
    return made(validity_json(explanations, now->changed()));
}

Task<Result<HttpResponse>> post_validity(const RoutinatorSource& source, const HttpRequest& request) {
    auto answer = co_await platform::off_loop([&] { return validity_of_many(source, request.body); });
    co_return or_refused(std::move(answer), true);
}

// ---- how it stands

RepositoryMetrics metrics_of(const RepositoryStatus& status) {
    constexpr int kDone = 200, kUnchanged = 304, kUnreached = -1;
    RepositoryMetrics out{.uri = status.source, .rrdp = status.source.starts_with("https://")};
    if (status.last_attempt) out.duration = std::chrono::nanoseconds(static_cast<std::int64_t>(status.seconds * 1e9));
    const bool failed = status.state != RepositoryState::fresh;
    if (!out.rrdp) {
        out.status = failed ? kUnreached : 0;
        return out;
    }
    const bool unchanged = status.step == "not modified" || status.step == "no change";
    out.status = failed ? kUnreached : status.step == "not modified" ? kUnchanged : kDone;
    out.payload_status = failed ? kUnreached : unchanged ? 0 : kDone;
    out.session = status.session;
    if (!status.session.empty()) out.serial = static_cast<std::uint64_t>(status.serial);
    constexpr std::string_view kSnapshot = "snapshot: ";
    if (status.step.starts_with(kSnapshot)) out.snapshot_reason = status.step.substr(kSnapshot.size());
    return out;
}

RpkiMetrics metrics_of(const RoutinatorSource& source, const std::shared_ptr<const Published>& now) {
    const Published::Facts& facts = now->facts();
    RpkiMetrics out{.version = source.version,
                    .now = source.clock->now(),
                    .update_began = facts.began,
                    .update_ended = facts.began + facts.took,
                    .update_took = facts.took,
                    .serial = now->serial(),
                    .counts = std::shared_ptr<const PublicationCounts>(now, &now->counts())};
    // A trust anchor's certificate is no repository.
    for (const RepositoryStatus& status : facts.repositories)
        if (!status.source.ends_with(".cer")) out.repositories.push_back(metrics_of(status));
    if (source.rtr != nullptr) {
        const RtrCounters counters = source.rtr->counters();
        out.rtr_connections = static_cast<std::uint64_t>(source.rtr->state().clients);
        out.rtr_octets_read = counters.octets_in;
        out.rtr_octets_written = counters.octets;
    }
    if (source.http) {
        const net::HttpCounters http = source.http();
        out.http_connections = http.connections;
        out.http_open = http.open;
        out.http_requests = http.requests;
        out.http_octets_read = http.octets_in;
        out.http_octets_written = http.octets_out;
    }
    return out;
}

using Telling = std::string (*)(const RpkiMetrics&);
Task<Result<HttpResponse>> tell(const RoutinatorSource& source, Telling telling, std::string_view media_type) {
    const auto now = source.publisher->now();
    if (!now) co_return nothing_yet(source, media_type == kJson);
    co_return made(
        CO_TRY(co_await platform::off_loop([&] { return Result<std::string>(telling(metrics_of(source, now))); })),
        media_type);
}

/// In the API's document a raw route's "application/json" would be taken for "nothing said".
constexpr std::string_view kDeclaredJson = "application/json;charset=utf-8";

platform::RouteInfo info(std::string_view path, std::string_view summary, std::string_view media_type = kJson) {
    if (media_type == kJson) media_type = kDeclaredJson;
    return {.path = path,
            .summary = summary,
            .tag = "rpki",
            .permission = Permission::see_public,
            .media_type = media_type};
}

}  // namespace

void add_routinator_routes(platform::Api& api, const RoutinatorSource& source) {
    using net::Method;
    using Handled = Task<Result<HttpResponse>>;
    for (const auto& [name, format] : formats())
        api.raw(
            Method::get,
            info(fmt::format("/{}", name),
                 fmt::format("What routers get as {}; select-asn, select-prefix, include and exclude as in Routinator",
                             name),
                 media_type_of(format)),
            [source, format](const Call&, const HttpRequest& request) { return output(source, request, format); });
    api.raw(Method::get,
            info("/json-delta",
                 "What came and went since session and serial; without them, or from another session, everything"),
            [source](const Call&, const HttpRequest& request) { return delta(source, request); });
    api.raw(Method::get,
            info("/json-delta/notify",
                 "Session and serial; if session and serial of the query are those, once there are others"),
            [source](const Call&, const HttpRequest& request) { return notify(source, request); });
    api.raw(Method::get, info("/validity", "Is the route of asn and prefix valid, and by which VRPs or why not"),
            [source](const Call&, const HttpRequest& request) -> Handled {
                co_return or_refused(validity_of_query(source, request), true);
            });
    api.raw(Method::post,
            info("/validity", "Are the routes of the body valid: {\"routes\": [{\"asn\": …, \"prefix\": …}]}"),
            [source](const Call&, const HttpRequest& request) { return post_validity(source, request); });
    api.raw(Method::get,
            info("/api/v1/validity/{asn}/{address}/{length}", "Is this route valid: Routinator's address of it"),
            [source](const Call&, const HttpRequest& request) -> Handled {
                co_return or_refused(validity_of_path(source, request.path), true);
            });
    api.raw(Method::get, info("/api/v1/status", "How the validation stands, in Routinator's shape"),
            [source](const Call&, const HttpRequest&) { return tell(source, status_json, kJson); });
    api.raw(Method::get, info("/status", "The same for people", kPlain),
            [source](const Call&, const HttpRequest&) { return tell(source, status_text, kPlain); });
    api.raw(Method::get, info("/version", "The program's version", kPlain),
            [source](const Call&, const HttpRequest&) -> Handled { co_return made(source.version, kPlain); });
}

std::string routinator_metrics(const RoutinatorSource& source) {
    const auto now = source.publisher->now();
    return now ? metrics_text(metrics_of(source, now)) : std::string();
}

Result<std::unique_ptr<RoutinatorServer>> RoutinatorServer::listen(net::LoopPool& loops,
                                                                   const std::vector<net::Endpoint>& addresses,
                                                                   RoutinatorSource source) {
    std::unique_ptr<RoutinatorServer> out(new RoutinatorServer);
    out->api_.set_gatekeeper(platform::admit_nobody());
    source.http = [server = out.get()] { return server->counters(); };
    add_routinator_routes(out->api_, source);
    out->api_.raw(net::Method::get, info("/metrics", "For Prometheus, under Routinator's names", kPrometheus),
                  [source](const Call&, const HttpRequest&) { return tell(source, metrics_text, kPrometheus); });
    const auto handle = [server = out.get()](HttpRequest& request) -> Task<HttpResponse> {
        HttpResponse response = co_await server->api_.handle(request);
        // Nothing here is anybody's own: pages of other places may read it, as with Routinator.
        response.headers.set("Access-Control-Allow-Origin", "*");
        co_return response;
    };
    for (const net::Endpoint& address : addresses) {
        auto listening = TRY(net::HttpServer::listen(loops, address, handle, {}, {.connections = 512}));
        log(kHttpServing, {{"address", listening->address().text()}});
        out->servers_.with([&](Servers& servers) { servers.push_back(std::move(listening)); });
    }
    return out;
}

RoutinatorServer::~RoutinatorServer() {
    // Not while its lock is held: a call that ends may count.
    for (const auto& server : servers_.with([](Servers& servers) { return std::exchange(servers, {}); }))
        server->drain(std::chrono::seconds(1));
}

std::vector<net::Endpoint> RoutinatorServer::listening() const {
    return servers_.with([](const Servers& servers) {
        std::vector<net::Endpoint> out;
        for (const auto& server : servers)
            out.push_back(server->address());
        return out;
    });
}

net::HttpCounters RoutinatorServer::counters() const {
    return servers_.with([](const Servers& servers) {
        net::HttpCounters all;
        for (const auto& server : servers) {
            const net::HttpCounters one = server->counters();
            all.connections += one.connections;
            all.open += one.open;
            all.requests += one.requests;
            all.refused += one.refused;
            all.octets_in += one.octets_in;
            all.octets_out += one.octets_out;
        }
        return all;
    });
}

}  // namespace quipu::rpki
