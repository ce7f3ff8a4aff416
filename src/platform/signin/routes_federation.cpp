#include <algorithm>
#include <fmt/format.h>

#include "base/log.h"
#include "platform/off_loop.h"
#include "platform/signin/routes.h"

namespace quipu::signin {
namespace {

using platform::Call;
using platform::off_loop;
using platform::Permission;

constexpr LogEvent kRefused{LogLevel::warning, "SIGNIN_REFUSED",
                            "A sign-in through another place was refused; the person was asked to begin again.",
                            "If it is always the same provider, compare its metadata with what it sends"};

constexpr std::string_view kBrowserCookie = "quipu_signin";
constexpr std::string_view kChoiceCookie = "quipu_providers";
constexpr std::size_t kMostRemembered = 3;

std::string cookie(const net::HttpRequest& request, std::string_view name) {
    const std::string_view header = request.headers.get("Cookie");
    for (std::size_t at = 0; at < header.size();) {
        const std::size_t end = std::min(header.find(';', at), header.size());
        std::string_view pair = header.substr(at, end - at);
        while (pair.starts_with(' '))
            pair.remove_prefix(1);
        if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
            return std::string(pair.substr(name.size() + 1));
        at = end + 1;
    }
    return {};
}

std::string set_cookie(const platform::House& house, std::string_view name, std::string_view value,
                       std::chrono::seconds life) {
    // Lax: the browser comes back from another site by a plain visit.
    return fmt::format("{}={}; Path=/api/v1/signin; HttpOnly; SameSite=Lax; Max-Age={}{}", name, value, life.count(),
                       house.secure ? "; Secure" : "");
}

std::vector<std::string> remembered_of(const net::HttpRequest& request) {
    std::vector<std::string> out;
    std::string word;
    for (const char c : cookie(request, kChoiceCookie) + ".") {
        if (c != '.')
            word += c;
        else if (!word.empty() && out.size() < kMostRemembered)
            out.push_back(std::exchange(word, {}));
    }
    return out;
}

net::HttpResponse redirect(std::string to) {
    net::HttpResponse response;
    response.status = 303;
    response.headers.add("Location", std::move(to));
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("Referrer-Policy", "no-referrer");
    return response;
}

Problem problem_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::unauthenticated: return Problem::expired;
        case ErrorCode::forbidden: return Problem::refused;
        case ErrorCode::not_found: return Problem::no_identity;
        case ErrorCode::unavailable:
        case ErrorCode::timeout:
        case ErrorCode::io: return Problem::unavailable;
        default: return Problem::untrusted;
    }
}

net::HttpResponse to_problem(Problem problem, const net::HttpRequest& request) {
    return redirect(fmt::format("/signin?problem={}&request={}", enum_name(problem), request.request_id));
}

net::HttpResponse refused(const Error& error, const net::HttpRequest& request) {
    log(kRefused, {{"error", error.text()}, {"path", request.path}, {"request", request.request_id}});
    return to_problem(problem_of(error.code), request);
}

std::string value_of(const net::HttpRequest& request, std::string_view name) {
    const std::string* value = request.query_value(name);
    return value != nullptr ? *value : std::string();
}

/// The fields of application/x-www-form-urlencoded; the first of a name counts.
Result<std::map<std::string, std::string>> form_of(std::string_view body) {
    std::map<std::string, std::string> out;
    while (!body.empty()) {
        const std::size_t end = std::min(body.find('&'), body.size());
        const std::string_view pair = body.substr(0, end);
        const std::size_t equal = std::min(pair.find('='), pair.size());
        out.emplace(TRY(net::percent_decode(pair.substr(0, equal), true)),
                    TRY(net::percent_decode(pair.substr(std::min(equal + 1, pair.size())), true)));
        body.remove_prefix(std::min(end + 1, body.size()));
    }
    return out;
}

/// The languages of Accept-Language that this hub speaks, the first of them.
std::string language_of(const net::HttpRequest& request, std::string_view asked) {
    for (const std::string_view text : {asked, request.headers.get("Accept-Language")})
        for (std::size_t at = 0; at < text.size(); at = std::min(text.find(',', at), text.size() - 1) + 1) {
            while (at < text.size() && text[at] == ' ')
                ++at;
            const std::string_view two = text.substr(at, 2);
            if (two == "es" || two == "pt" || two == "en") return std::string(two);
        }
    return "en";
}

class FederationRoutes {
  public:
    FederationRoutes(platform::House& house, access::Access& access, Federation& federation)
        : house_(house), access_(access), federation_(federation) {}

    Result<platform::Page<Provider>> providers(const Call& call, const ProviderQuery& query) const {
        const auto discovery = federation_.discovery();
        return platform::page_of(
            discovery->search(query.search, language_of(call.request, query.language), remembered_of(call.request)),
            query);
    }

    Task<Result<net::HttpResponse>> begin(const net::HttpRequest& request, Protocol protocol) const {
        std::string browser = cookie(request, kBrowserCookie);
        if (browser.size() < 20) browser = net::random_token(24);
        const std::string provider = value_of(request, "provider");
        const std::string return_to = value_of(request, "return_to");
        const std::string language = language_of(request, {});
        const auto address = co_await off_loop([&] {
            return protocol == Protocol::saml ? federation_.begin_saml(provider, return_to, browser)
                                              : federation_.begin_openid(provider, return_to, browser, language);
        });
        if (!address) co_return refused(address.error(), request);
        auto response = redirect(*address);
        response.headers.add("Set-Cookie", set_cookie(house_, kBrowserCookie, browser, std::chrono::minutes(10)));
        co_return response;
    }

    /// From another site, so without any cookie: it ends in a ticket, and a visit that has them.
    Task<Result<net::HttpResponse>> consume(const net::HttpRequest& request) const {
        const access::Origin from = access::origin_of(request);
        const auto ticket = co_await off_loop([&]() -> Result<std::string> {
            TRY(access_.may_try(from));
            const auto form = TRY(form_of(request.body));
            const auto response = form.find("SAMLResponse");
            const auto relay = form.find("RelayState");
            if (response == form.end()) return fail(ErrorCode::invalid, "is missing", "SAMLResponse");
            auto accepted = federation_.accept(response->second, relay != form.end() ? relay->second : std::string());
            if (!accepted && accepted.error().code == ErrorCode::invalid) access_.note_failure(from, "saml");
            return accepted;
        });
        if (!ticket) co_return refused(ticket.error(), request);
        co_return redirect("/api/v1/signin/finish?ticket=" + *ticket);
    }

    Task<Result<net::HttpResponse>> finish(const net::HttpRequest& request) const {
        const auto arrival = co_await off_loop(
            [&] { return federation_.arrive(value_of(request, "ticket"), cookie(request, kBrowserCookie)); });
        co_return co_await enter(arrival, request);
    }

    Task<Result<net::HttpResponse>> callback(const net::HttpRequest& request) const {
        const access::Origin from = access::origin_of(request);
        const auto arrival = co_await off_loop([&]() -> Result<Arrival> {
            TRY(access_.may_try(from));
            auto out = federation_.arrive_openid(value_of(request, "code"), value_of(request, "state"),
                                                 value_of(request, "iss"), cookie(request, kBrowserCookie));
            if (!out && out.error().code == ErrorCode::invalid) access_.note_failure(from, "oidc");
            return out;
        });
        co_return co_await enter(arrival, request);
    }

  private:
    Task<Result<net::HttpResponse>> enter(const Result<Arrival>& arrival, const net::HttpRequest& request) const {
        if (!arrival) co_return refused(arrival.error(), request);
        const access::Origin from = access::origin_of(request);
        const auto session = co_await off_loop([&] { return access_.sign_in_external(arrival->identity, from); });
        if (!session) {
            log(kRefused, {{"error", session.error().text()}, {"path", request.path}, {"request", request.request_id}});
            co_return to_problem(session.error().code == ErrorCode::forbidden ? Problem::blocked : Problem::untrusted,
                                 request);
        }
        const bool waits = !session->pending.empty();
        // Behind the #, so that it is in no log on the way.
        std::string to =
            waits ? fmt::format("/signin?return_to={}#pending={}&factors={}", net::percent_encode(arrival->return_to),
                                session->pending, fmt::join(session->factors, ","))
            : session->account.state == access::AccountState::pending
                ? fmt::format("/signin?problem={}", enum_name(Problem::pending))
                : arrival->return_to;
        auto response = redirect(std::move(to));
        if (!session->cookie.empty()) response.headers.add("Set-Cookie", session->cookie);
        response.headers.add("Set-Cookie", set_cookie(house_, kChoiceCookie, remember(request, arrival->provider),
                                                      std::chrono::days(365)));
        co_return response;
    }

    static std::string remember(const net::HttpRequest& request, const std::string& chosen) {
        auto all = remembered_of(request);
        std::erase(all, chosen);
        all.insert(all.begin(), chosen);
        all.resize(std::min(all.size(), kMostRemembered));
        return fmt::format("{}", fmt::join(all, "."));
    }

    platform::House& house_;
    access::Access& access_;
    Federation& federation_;
};

}  // namespace

void add_federation_routes(platform::House& house, access::Access& access, Federation& federation) {
    const auto routes = std::make_shared<const FederationRoutes>(house, access, federation);
    platform::Api& api = house.api;
    api.get<ProviderQuery, platform::Page<Provider>>(
        {"/api/v1/signin/providers", "Institutions and providers that one can sign in through", "signin",
         Permission::see_public},
        [routes](const Call& call, const ProviderQuery& query) { return routes->providers(call, query); });
    api.get<platform::NoInput, platform::Document>(
        {"/api/v1/signin/saml/metadata", "This hub as a SAML service provider, for its federation", "signin",
         Permission::see_public, "application/samlmetadata+xml"},
        [&federation](const Call&, platform::NoInput) -> Result<platform::Document> {
            return platform::Document{federation.metadata(), "application/samlmetadata+xml"};
        });
    const auto visit = [&](std::string_view path, std::string_view summary, auto handler) {
        api.raw(net::Method::get, {path, summary, "signin", Permission::see_public, "text/html"},
                [routes, handler](const Call&, const net::HttpRequest& request) { return handler(*routes, request); });
    };
    visit("/api/v1/signin/saml/start", "Sends the browser to an identity provider",
          [](const FederationRoutes& r, const net::HttpRequest& request) { return r.begin(request, Protocol::saml); });
    visit("/api/v1/signin/oidc/start", "Sends the browser to an OpenID provider",
          [](const FederationRoutes& r, const net::HttpRequest& request) { return r.begin(request, Protocol::oidc); });
    visit("/api/v1/signin/oidc/callback", "An OpenID provider's answer",
          [](const FederationRoutes& r, const net::HttpRequest& request) { return r.callback(request); });
    visit("/api/v1/signin/finish", "Opens the session of a verified identity",
          [](const FederationRoutes& r, const net::HttpRequest& request) { return r.finish(request); });
    api.raw(net::Method::post,
            {.path = "/api/v1/signin/saml/acs",
             .summary = "An identity provider's answer",
             .tag = "signin",
             .permission = Permission::see_public,
             .media_type = "text/html",
             .from_elsewhere = true},
            [routes](const Call&, const net::HttpRequest& request) { return routes->consume(request); });
}

}  // namespace quipu::signin
