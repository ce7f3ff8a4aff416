#include "platform/api.h"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <stdexcept>

#include "base/guarded.h"
#include "base/log.h"
#include "platform/input.h"
#include "platform/openapi.h"
#include "platform/respond.h"
#include "platform/route_table.h"

namespace quipu::platform {

struct Gate {
    std::atomic<bool> open{true};
    std::atomic<std::size_t> running{0};
    Guarded<std::string> reason;
};

namespace {

constexpr LogEvent kHandlerThrew{LogLevel::error, "API_HANDLER_THREW", "A handler ended with an exception.",
                                 "report it with the request id: it is a fault of the program"};

/// Counts a call through its owner's gate for as long as it lives.
class Passage {
  public:
    explicit Passage(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) { gate_->running.fetch_add(1); }
    Passage(const Passage&) = delete;
    Passage& operator=(const Passage&) = delete;
    ~Passage() { gate_->running.fetch_sub(1); }
    /// After the count was raised: whoever closes the gate sees either the count or no call.
    [[nodiscard]] bool open() const { return gate_->open.load(); }
    [[nodiscard]] Error refusal() const {
        return {ErrorCode::unavailable,
                gate_->reason.with([](const std::string& reason) { return reason; }),
                {},
                "try again in a moment; /api/v1/services shows the state of each",
                {}};
    }

  private:
    std::shared_ptr<Gate> gate_;
};

std::vector<std::string> parameter_names(std::string_view path) {
    std::vector<std::string> names;
    for (std::size_t open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1))
        names.emplace_back(path.substr(open + 1, path.find('}', open) - open - 1));
    return names;
}

std::vector<std::string> wanted_fields(const net::HttpRequest& request) {
    const std::string* list = request.query_value("fields");
    return list != nullptr ? split_names(*list) : std::vector<std::string>();
}

bool takes_no_parameters(const Route& route) {
    return !std::holds_alternative<TypedHandler>(route.run);
}

}  // namespace

struct Api::Impl {
    struct Content {
        std::vector<std::shared_ptr<const Placed>> placed;
        RouteTable table;
    };

    std::mutex writing;
    std::atomic<std::shared_ptr<const Content>> content = std::make_shared<const Content>();
    std::atomic<std::shared_ptr<Gatekeeper>> gatekeeper = admit_all();
    std::string owner;
    std::map<std::string, std::shared_ptr<Gate>, std::less<>> gates;
    std::vector<std::unique_ptr<const std::string>> texts;  ///< what RouteInfo's views show

    std::string_view keep(std::string_view text) {
        return *texts.emplace_back(std::make_unique<const std::string>(text));
    }
    std::shared_ptr<Gate> gate_of(std::string_view name) {
        const auto found = gates.find(name);
        if (found != gates.end()) return found->second;
        return gates.emplace(std::string(name), std::make_shared<Gate>()).first->second;
    }
};

Api::Api() : impl_(std::make_unique<Impl>()) {}
Api::~Api() = default;

void Api::stream(RouteInfo info, StreamHandler handler) {
    Route route;
    route.method = net::Method::get;
    route.info = info;
    route.info.media_type = "text/event-stream";
    route.run = std::move(handler);
    add(std::move(route));
}

void Api::raw(net::Method method, RouteInfo info, RawHandler handler) {
    Route route;
    route.method = method;
    route.info = info;
    if (info.media_type == "application/json") route.info.media_type = "application/octet-stream";
    route.run = std::move(handler);
    add(std::move(route));
}

void detail::add_parameters(Route& route, std::span<const quipu::detail::FieldCodec> fields) {
    for (const quipu::detail::FieldCodec& field : fields) {
        Parameter parameter{.name = std::string(field.name),
                            .doc = std::string(field.doc),
                            .schema = field.codec->schema(field.rules),
                            .required = field.rules.required,
                            .in_path = false};
        if (field.name == "body")
            route.body = std::move(parameter);
        else
            route.parameters.push_back(std::move(parameter));
    }
}

void Api::add(Route route) {
    const std::scoped_lock lock(impl_->writing);
    RouteInfo& info = route.info;
    if (info.permission == Permission{})
        throw std::logic_error(fmt::format("{} {} declares no permission", net::name_of(route.method), info.path));
    for (std::string_view* text : {&info.path, &info.summary, &info.tag, &info.media_type, &info.command})
        *text = impl_->keep(*text);

    auto placed = std::make_shared<Placed>();
    placed->names = parameter_names(info.path);
    for (const std::string& name : placed->names) {
        const auto parameter = std::ranges::find(route.parameters, name, &Parameter::name);
        if (parameter != route.parameters.end()) {
            parameter->in_path = true;
        } else if (takes_no_parameters(route)) {
            Value schema;
            schema.set("type", "string");
            route.parameters.push_back({name, name, std::move(schema), true, true});
        } else {
            throw std::logic_error(fmt::format("{}: the request struct has no field {}", info.path, name));
        }
    }
    placed->has_fields = std::ranges::find(route.parameters, "fields", &Parameter::name) != route.parameters.end();
    placed->gate = impl_->gate_of(impl_->owner);
    placed->route = std::make_shared<const Route>(std::move(route));

    auto content = std::make_shared<Impl::Content>();
    content->placed = impl_->content.load()->placed;
    const auto before = std::ranges::find_if(content->placed, [&](const auto& other) {
        return other->route->method == placed->route->method && other->route->info.path == placed->route->info.path;
    });
    if (before != content->placed.end())
        *before = std::move(placed);
    else
        content->placed.push_back(std::move(placed));
    for (const auto& each : content->placed)
        content->table.add(each);
    impl_->content.store(std::move(content));
}

std::vector<std::shared_ptr<const Route>> Api::routes() const {
    std::vector<std::shared_ptr<const Route>> out;
    for (const auto& placed : impl_->content.load()->placed)
        out.push_back(placed->route);
    return out;
}

bool Api::has(std::string_view path) const {
    const auto content = impl_->content.load();
    return content->table.find(net::Method::get, path).known_path;
}

bool Api::takes_from_elsewhere(const net::HttpRequest& request) const {
    const auto content = impl_->content.load();
    const RouteTable::Match match = content->table.find(request.method, request.path);
    return match.placed != nullptr && match.placed->route->info.from_elsewhere;
}

std::string Api::openapi(std::string_view version) const {
    return to_json(openapi_document(routes(), version));
}

void Api::set_gatekeeper(std::shared_ptr<Gatekeeper> gatekeeper) {
    impl_->gatekeeper.store(std::move(gatekeeper));
}

void Api::set_owner(std::string_view owner) {
    const std::scoped_lock lock(impl_->writing);
    impl_->owner = owner;
}

void Api::close(std::string_view owner, std::string reason) {
    const std::scoped_lock lock(impl_->writing);
    const auto gate = impl_->gate_of(owner);
    gate->reason.with([&](std::string& kept) { kept = std::move(reason); });
    gate->open.store(false);
}

void Api::open(std::string_view owner) {
    const std::scoped_lock lock(impl_->writing);
    impl_->gate_of(owner)->open.store(true);
}

std::size_t Api::running(std::string_view owner) const {
    const std::scoped_lock lock(impl_->writing);
    return impl_->gate_of(owner)->running.load();
}

namespace {

/// A stream that ends when its caller's session has: a role that was taken back takes the stream with it.
class WatchedStream final : public net::EventStream {
  public:
    WatchedStream(net::EventStream& stream, std::shared_ptr<const std::atomic<bool>> ended)
        : stream_(stream), ended_(std::move(ended)) {}
    Task<Result<void>> send(std::string_view event, std::string_view data, std::string_view id) override {
        if (over()) co_return gone();
        co_return co_await stream_.send(event, data, id);
    }
    Task<Result<void>> keep_alive() override {
        if (over()) co_return gone();
        co_return co_await stream_.keep_alive();
    }
    [[nodiscard]] net::EventLoop& loop() override { return stream_.loop(); }

  private:
    [[nodiscard]] bool over() const { return ended_ != nullptr && ended_->load(); }
    static std::unexpected<Error> gone() { return fail(ErrorCode::unauthenticated, "the session has ended"); }

    net::EventStream& stream_;
    std::shared_ptr<const std::atomic<bool>> ended_;
};

/// An event stream counts as a running call of its owner until it ends.
net::EventBody guarded(net::EventBody body, std::shared_ptr<Passage> passage,
                       std::shared_ptr<const std::atomic<bool>> ended) {
    return [body = std::move(body), passage = std::move(passage),
            ended = std::move(ended)](net::EventStream& stream) -> Task<void> {
        // The closure may go while this waits; what it counts must not.
        // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
        const auto held = passage;
        WatchedStream watched(stream, ended);
        co_await body(watched);
    };
}

constexpr const char* kSignIn = "sign in, or send a token: Authorization: Bearer qp_…";

/// The one place where the route's permission is asked for: pages, API, imports, streams and commands all come by here.
Result<void> check(const Caller& caller, const RouteInfo& route, const net::HttpRequest& request) {
    if (route.open_on_loopback && request.peer.address.is_loopback()) return {};
    // What changes the house is never one organisation's.
    const std::string_view place = route.permission == Permission::administer ? kEverywhere : std::string_view();
    if (caller.may(route.permission, place, route.tag)) return {};
    std::string what = fmt::format("this needs the permission {}", enum_name(route.permission));
    if (caller.id == kAnonymous) return fail(ErrorCode::unauthenticated, std::move(what), {}, kSignIn);
    return fail(ErrorCode::forbidden, std::move(what), {},
                !caller.hint.empty()
                    ? caller.hint
                    : "ask your organisation's manager for a role that permits it; /api/v1/roles lists what each may");
}

/// To a caller whom nobody knows a refusal says first that they may sign in, to another what their caller's hint is;
/// one that says itself what to do stands.
Error refusal_for(const Caller& caller, Error error) {
    if (!error.hint.empty()) return error;
    if (caller.id == kAnonymous) error.code = ErrorCode::unauthenticated;
    error.hint = caller.id == kAnonymous ? kSignIn : caller.hint;
    return error;
}

Task<Result<net::HttpResponse>> run_typed(const Placed& placed, const TypedHandler& handler, const Call& call,
                                          std::span<const std::string_view> path_values) {
    const net::HttpRequest& request = call.request;
    const Value input = CO_TRY(gather_input(placed, path_values, request));
    const auto wanted = placed.has_fields ? wanted_fields(request) : std::vector<std::string>();
    if (!wanted.empty()) CO_TRY(check_fields(placed.route->response, wanted));
    Answer answer = CO_TRY(co_await handler(call, input));
    co_return respond(std::move(answer), request, wanted);
}

Task<Result<net::HttpResponse>> run_call(const Placed& placed, Call& call,
                                         std::span<const std::string_view> path_values,
                                         std::shared_ptr<Passage> passage) {
    const net::HttpRequest& request = call.request;
    const Route& route = *placed.route;
    CO_TRY(check(call.caller, route.info, request));
    if (const std::string* if_match = request.headers.find("If-Match"))
        call.if_match = CO_TRY(read_if_match(*if_match));
    if (route.info.needs_if_match && call.if_match.empty())
        co_return fail(ErrorCode::precondition_required, "this change needs If-Match", "If-Match",
                       "send the ETag of the object as you read it, so that nobody's change is lost");

    if (const auto* typed = std::get_if<TypedHandler>(&route.run))
        co_return co_await run_typed(placed, *typed, call, path_values);
    if (const auto* raw = std::get_if<RawHandler>(&route.run)) co_return co_await (*raw)(call, request);
    net::HttpResponse response;
    response.headers.add("Content-Type", "text/event-stream");
    response.headers.add("Cache-Control", "no-store");
    response.body =
        guarded(CO_TRY(std::get<EventHandler>(route.run)(call, request)), std::move(passage), call.caller.ended);
    co_return response;
}

Task<Result<net::HttpResponse>> run_route(const Placed& placed, const net::HttpRequest& request,
                                          std::span<const std::string_view> path_values, Gatekeeper& gatekeeper) {
    auto passage = std::make_shared<Passage>(placed.gate);
    if (!passage->open()) co_return std::unexpected(passage->refusal());

    Call call {
        .request = request, .caller = CO_TRY(gatekeeper.identify(request))
        , .if_match = {}
    };
    auto response = co_await run_call(placed, call, path_values, std::move(passage));
    if (!response && response.error().code == ErrorCode::forbidden) {
        if (call.caller.id != kAnonymous) gatekeeper.refused(call.caller, placed.route->info, request);
        co_return std::unexpected(refusal_for(call.caller, std::move(response).error()));
    }
    co_return response;
}

/// Statuses that the kind of error alone does not say.
int status_of_error(const Error& error) {
    return error.code == ErrorCode::unsupported && error.where == "Content-Type" ? 415 : status_of(error.code);
}

net::HttpResponse no_such_method(const RouteTable::Match& match, const net::HttpRequest& request) {
    net::HttpResponse response;
    if (request.method == net::Method::options)
        response.status = 204;
    else
        response = problem({ErrorCode::unsupported,
                            fmt::format("{} is not possible here", name_of(request.method)),
                            {},
                            fmt::format("possible are {}", match.allow),
                            {}},
                           405, request.request_id, request.path);
    response.headers.set("Allow", match.allow);
    return response;
}

}  // namespace

Task<net::HttpResponse> Api::handle(net::HttpRequest& request) const {
    const auto content = impl_->content.load();
    const RouteTable::Match match = content->table.find(request.method, request.path);
    if (!match.known_path)
        co_return problem({ErrorCode::not_found,
                           fmt::format("there is nothing at {}", request.path),
                           {},
                           "/api/v1/openapi.json lists what there is",
                           {}},
                          request.request_id, request.path);
    if (match.placed == nullptr) co_return no_such_method(match, request);

    Error error;
    try {
        const auto gatekeeper = impl_->gatekeeper.load();
        auto response = co_await run_route(*match.placed, request, match.values, *gatekeeper);
        if (response) co_return std::move(*response);
        error = std::move(response).error();
    } catch (const std::exception& exception) {
        log(kHandlerThrew, {{"path", request.path}, {"request", request.request_id}, {"what", exception.what()}});
        error = {
            ErrorCode::internal, "the program failed on this request", {}, "report a problem with the request id", {}};
    }
    co_return problem(error, status_of_error(error), request.request_id, request.path);
}

}  // namespace quipu::platform
