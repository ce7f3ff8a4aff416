#pragma once
// The only way out. A route is declared with typed request and response structs and a permission; from the declaration
// come parsing, errors, OpenAPI 3.1, pagination, fields=, ETag and problem details.
//
//     api.get<SiteQuery, registry::Site>({"/api/v1/sites/{id}", "One site", "registry", Permission::see_public},
//         [this](const Call& call, SiteQuery query) -> Task<Result<Reply<registry::Site>>> { … });
//
// The request struct's fields are filled from the path ({id}), the query string and, for a field named "body", from the
// JSON body; a body field of type std::string takes the body's text as it is. An unknown query parameter is an error.
// Scalars in the query string are read by the same rules as in JSON; a list is given by repeating or by commas.
//
// A handler answers Task<Result<A>> or, when it never waits, Result<A>, where A is R, Page<…>, Reply of either,
// SharedJson, Document or Nothing. Added routes live as long as the Api; what they capture must live as long as their
// owner is open.

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/describe.h"
#include "base/result.h"
#include "base/task.h"
#include "net/http.h"

namespace quipu::platform {

/// What a caller must be allowed to do. Every route names one; there is no default, and a route that names none is
/// refused by Api::add.
enum class Permission : std::uint8_t {
    see_public = 1,  ///< anybody
    report,          ///< may send in: problem reports
    own,             ///< whoever is signed in: what is about themselves
    see_members,     ///< people of connected organisations
    see_private,     ///< private contact details, private notes
    work_cases,      ///< open, answer, own and close cases
    publish,         ///< articles, meetings, announcements
    operate,         ///< change what runs: lab links, tests, maintenance windows
    edit_registry,   ///< change registry objects
    manage_people,   ///< accounts and roles
    administer,      ///< everything else that changes the house
    agent,           ///< an enrolled agent, by its client certificate
};
constexpr auto describe_enum(Permission) {
    return names<Permission>({{Permission::see_public, "see-public"},
                              {Permission::report, "report"},
                              {Permission::own, "own"},
                              {Permission::see_members, "see-members"},
                              {Permission::see_private, "see-private"},
                              {Permission::work_cases, "work-cases"},
                              {Permission::publish, "publish"},
                              {Permission::operate, "operate"},
                              {Permission::edit_registry, "edit-registry"},
                              {Permission::manage_people, "manage-people"},
                              {Permission::administer, "administer"},
                              {Permission::agent, "agent"}});
}

/// The house itself rather than one organisation: Grants::may at this place asks for a role that is held everywhere.
inline constexpr std::string_view kEverywhere = "*";

/// What somebody may do, and where.
class Grants {
  public:
    virtual ~Grants() = default;
    /// `organisation` empty: at any organisation at all; kEverywhere: at all of them, and what belongs to none.
    /// `service` is the route's tag; roles may be limited to some. Permission::administer is only ever held everywhere.
    [[nodiscard]] virtual bool may(Permission permission, std::string_view organisation,
                                   std::string_view service) const = 0;
};

/// Id of a caller whom nobody knows.
inline constexpr std::string_view kAnonymous = "anonymous";

/// Who calls. Without grants it is the house itself ("local"), which may do everything.
struct Caller {
    std::string id = "local";   ///< "local", "person:ID", "token:ID", "agent:ID", "anonymous"
    std::string agent = {};     ///< agent's id when Permission::agent
    std::string name = {};      ///< as shown to others; empty: the id
    std::string language = {};  ///< es, pt, en; empty: not known
    std::shared_ptr<const Grants> grants = {};
    std::string session = {};  ///< id of the session or token by which it came; empty for none
    std::string hint = {};     ///< what to do when refused; empty: ask for a role
    /// True once the session has ended or the token was taken back: event streams end with it. Null: never.
    std::shared_ptr<const std::atomic<bool>> ended = {};
    /// Whether the caller may do this at this organisation, or at any when it is empty.
    [[nodiscard]] bool may(Permission permission, std::string_view organisation = {},
                           std::string_view service = {}) const {
        return grants == nullptr || grants->may(permission, organisation, service);
    }
};

struct Call {
    const net::HttpRequest& request;
    Caller caller;
    std::string if_match;  ///< If-Match without quotes; empty when absent
};

/// A response with what HTTP says around it.
template <class T>
struct Reply {
    T value{};
    int status = 200;
    std::string etag = {};  ///< without quotes; a matching If-None-Match answers 304
    std::string location = {};
    std::string cookie = {};  ///< Set-Cookie
    Reply() = default;
    Reply(T v) : value(std::move(v)) {}
    Reply(T v, int s, std::string tag = {}, std::string place = {}, std::string set_cookie = {})
        : value(std::move(v)),
          status(s),
          etag(std::move(tag)),
          location(std::move(place)),
          cookie(std::move(set_cookie)) {}
};
/// No content.
struct Nothing {
    static constexpr auto describe() { return fields(); }
};
/// A request that has neither parameters nor a body.
struct NoInput {
    static constexpr auto describe() { return fields(); }
};
/// A body that is made already: exports, CSV. Declared with its media type in RouteInfo::media_type.
struct Document {
    std::string text;
    std::string media_type = "application/json";
    std::string file_name = {};  ///< offered as download when set
    /// Instead of the text: what is too large to be held.
    std::shared_ptr<const net::OpenFile> file = {};
};
/// JSON that is serialised already and shared by many calls.
struct SharedJson {
    std::shared_ptr<const std::string> json;
    std::string etag;
};

/// A page of a list: {"items": […], "next": CURSOR or null}.
template <class T>
struct Page {
    std::vector<T> items;
    std::optional<std::string> next;  ///< always written, null at the end
};

/// Fields that every list route takes; inherit and put `PageQuery::describe()` first with std::tuple_cat.
struct PageQuery {
    std::int64_t limit = 100;
    std::string cursor;
    std::string fields_wanted;
    static constexpr auto describe() {
        return fields(field<&PageQuery::limit>("limit", "Items a page").between(1, 10000),
                      field<&PageQuery::cursor>("cursor", "`next` of the page before"),
                      field<&PageQuery::fields_wanted>("fields", "Only these fields, comma separated"));
    }
};
/// An opaque cursor from a position, and back (`invalid` when it was not made by us).
[[nodiscard]] std::string make_cursor(std::string_view position);
[[nodiscard]] Result<std::string> read_cursor(std::string_view cursor);
/// The same for a list that is numbered: the position of the first item wanted, 0 for an empty cursor.
[[nodiscard]] Result<std::size_t> read_position(std::string_view cursor);
/// One page of a list that is at hand whole and does not change its order.
template <class T>
[[nodiscard]] Result<Page<T>> page_of(std::vector<T> all, const PageQuery& query) {
    const std::size_t first = std::min(TRY(read_position(query.cursor)), all.size());
    const std::size_t last = std::min(first + static_cast<std::size_t>(query.limit), all.size());
    Page<T> page;
    if (last < all.size()) page.next = make_cursor(std::to_string(last));
    page.items.assign(std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(first)),
                      std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(last)));
    return page;
}

/// The same of those rows alone that are wanted, each as `shown` makes it: only the page's own are made. A cursor is a
/// position among all rows.
template <class Row, class Wanted, class Shown = std::identity>
[[nodiscard]] auto page_where(const std::vector<Row>& rows, const PageQuery& query, const Wanted& wanted,
                              const Shown& shown = {})
    -> Result<Page<std::remove_cvref_t<std::invoke_result_t<const Shown&, const Row&>>>> {
    Page<std::remove_cvref_t<std::invoke_result_t<const Shown&, const Row&>>> page;
    for (std::size_t i = TRY(read_position(query.cursor)); i < rows.size(); ++i) {
        if (!wanted(rows[i])) continue;
        if (page.items.size() == static_cast<std::size_t>(query.limit)) {
            page.next = make_cursor(std::to_string(i));
            break;
        }
        page.items.push_back(shown(rows[i]));
    }
    return page;
}

struct RouteInfo {
    std::string_view path;     ///< "/api/v1/sites/{id}"; the Api keeps a copy of all texts here
    std::string_view summary;  ///< one line for OpenAPI and the API page
    std::string_view tag;      ///< the room: "registry", "measure"
    Permission permission;
    std::string_view media_type = "application/json";
    bool needs_if_match = false;    ///< 428 without If-Match
    std::string_view command = {};  ///< the command that gives the same: "quipu registry list sites"
    int success = 200;              ///< status that the document announces; Nothing announces 204
    bool from_elsewhere = false;    ///< pages of other places send it: an identity provider's answer
    bool open_on_loopback = false;  ///< whoever calls from this machine needs no permission: /metrics
};

/// One field of a request struct as the router and the document need it.
struct Parameter {
    std::string name;
    std::string doc;
    Value schema;
    bool required = false;
    bool in_path = false;
};

/// What a handler answered, without its type. The body is one of `json`, `shared` and `document`, or nothing.
struct Answer {
    int status = 200;
    std::string etag, location, cookie;
    std::variant<std::monostate, std::string, std::shared_ptr<const std::string>, Document> body;
};

/// A type as the document shows it; `name` is empty for what has none of its own.
struct TypeShape {
    std::string name;
    Value schema;
    bool page = false;   ///< {"items": [this], "next"}
    bool empty = false;  ///< no content
};

using EventHandler = std::function<Result<net::EventBody>(const Call&, const net::HttpRequest&)>;
using RawHandler = std::function<Task<Result<net::HttpResponse>>(const Call&, const net::HttpRequest&)>;
/// Reads the request struct from the input and calls the typed handler; made by add_typed.
using TypedHandler = std::move_only_function<Task<Result<Answer>>(const Call&, const Value& input) const>;

/// The type-erased route.
struct Route {
    net::Method method = net::Method::get;
    RouteInfo info;
    std::vector<Parameter> parameters;  ///< of path and query
    std::optional<Parameter> body;
    std::string body_name;
    TypeShape response;
    std::variant<TypedHandler, RawHandler, EventHandler> run;
};

/// Turns a request into its caller, and is told of who was refused. One for the whole Api. Called on the connection's
/// loop for every request: it may not wait.
class Gatekeeper {
  public:
    virtual ~Gatekeeper() = default;
    /// No credential at all is the caller "anonymous". `unauthenticated` for one that is wrong or over, `forbidden` for
    /// a change that a page of another site may have sent, `limited` for an address that has tried too often.
    [[nodiscard]] virtual Result<Caller> identify(const net::HttpRequest& request) = 0;
    /// A known caller was refused: by the route's permission or by its handler.
    virtual void refused(const Caller& caller, const RouteInfo& route, const net::HttpRequest& request) = 0;
};
/// Whoever calls may do what anybody may and nothing else.
[[nodiscard]] std::shared_ptr<Gatekeeper> admit_nobody();
/// Whoever calls is the house itself: for programs that have no strangers before the door, such as tests.
[[nodiscard]] std::shared_ptr<Gatekeeper> admit_all();
/// What an anonymous caller holds: see_public and report.
[[nodiscard]] Caller anonymous_caller();

class Api {
  public:
    /// A bare Api is the program's own: its callers are the house. The hub sets a gatekeeper before it listens.
    Api();
    ~Api();

    template <Described Q, class R, class H>
    void get(RouteInfo info, H handler) {
        add_typed<Q, R>(net::Method::get, info, std::move(handler));
    }
    template <Described Q, class R, class H>
    void post(RouteInfo info, H handler) {
        add_typed<Q, R>(net::Method::post, info, std::move(handler));
    }
    template <Described Q, class R, class H>
    void put(RouteInfo info, H handler) {
        add_typed<Q, R>(net::Method::put, info, std::move(handler));
    }
    template <Described Q, class R, class H>
    void patch(RouteInfo info, H handler) {
        add_typed<Q, R>(net::Method::patch, info, std::move(handler));
    }
    template <Described Q, class R, class H>
    void remove(RouteInfo info, H handler) {
        add_typed<Q, R>(net::Method::delete_, info, std::move(handler));
    }
    /// Server-sent events; the handler answers the body that writes them.
    using StreamHandler = EventHandler;
    void stream(RouteInfo info, StreamHandler handler);
    /// A route that takes the request as it is (agents' binary batches).
    using RawHandler = platform::RawHandler;
    void raw(net::Method method, RouteInfo info, RawHandler handler);

    /// Who decides from now on. Never null.
    void set_gatekeeper(std::shared_ptr<Gatekeeper> gatekeeper);

    /// Whether a route, of any method, stands at this path.
    [[nodiscard]] bool has(std::string_view path) const;
    /// Whether the request's route takes what pages of other places send (RouteInfo::from_elsewhere).
    [[nodiscard]] bool takes_from_elsewhere(const net::HttpRequest& request) const;

    /// In the order in which they were added. A route that is added again replaces the one before.
    [[nodiscard]] std::vector<std::shared_ptr<const Route>> routes() const;
    /// OpenAPI 3.1 of all routes.
    [[nodiscard]] std::string openapi(std::string_view version = "0") const;
    /// Finds the route and answers; every failure becomes problem details (RFC 9457) with the request id. Paths that no
    /// route knows answer 404, known paths with another method 405 with Allow.
    [[nodiscard]] Task<net::HttpResponse> handle(net::HttpRequest& request) const;

    /// Routes added from now on belong to this owner: a service's name, empty for the house itself.
    void set_owner(std::string_view owner);
    /// The owner's routes answer 503 with this reason until open(); calls that run go on, `running` counts them.
    void close(std::string_view owner, std::string reason);
    void open(std::string_view owner);
    [[nodiscard]] std::size_t running(std::string_view owner) const;

  private:
    template <Described Q, class R, class H>
    void add_typed(net::Method method, RouteInfo info, H handler);
    void add(Route route);

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// RFC 9457 body for an error; `status_of` maps ErrorCode to HTTP.
[[nodiscard]] int status_of(ErrorCode code);
[[nodiscard]] net::HttpResponse problem(const Error& error, std::string_view request_id, std::string_view path = {});
/// The same with a status that the code alone does not say: 405, 415, 421.
[[nodiscard]] net::HttpResponse problem(const Error& error, int status, std::string_view request_id,
                                        std::string_view path = {});

}  // namespace quipu::platform

#include "platform/api_typed.h"  // add_typed
