#include "platform/access/gatekeeper.h"

#include <fmt/format.h>

#include "platform/access/roles.h"
#include "platform/off_loop.h"

namespace quipu::access {
namespace {

using platform::Caller;

constexpr std::size_t kLongestSecret = 200;

bool is_read(net::Method method) {
    return method == net::Method::get || method == net::Method::head || method == net::Method::options;
}

class TheGatekeeper final : public platform::Gatekeeper {
  public:
    explicit TheGatekeeper(std::shared_ptr<Core> core) : core_(std::move(core)) {}

    Result<Caller> identify(const net::HttpRequest& request) override {
        if (const std::string* header = request.headers.find("Authorization")) {
            const std::string_view token = bearer_in(*header);
            if (token.empty())
                return fail(ErrorCode::unauthenticated, "only tokens are taken here", "Authorization",
                            "send it as \"Bearer qp_…\"");
            return by_token(token, request);
        }
        if (const std::string* header = request.headers.find("Cookie"))
            if (const std::string_view cookie = cookie_in(*header, core_->cookie_name()); !cookie.empty())
                return by_cookie(cookie, request);
        return platform::anonymous_caller();
    }

    void refused(const Caller& caller, const platform::RouteInfo& route, const net::HttpRequest& request) override {
        net::EventLoop* const loop = net::EventLoop::current();
        if (loop == nullptr) return;
        loop->spawn(
            tell(core_, caller, std::string(enum_name(route.permission)), request.path, request.peer.address.text()));
    }

  private:
    static Task<void> tell(std::shared_ptr<Core> core, Caller caller, std::string permission, std::string path,
                           std::string address) {
        (void)co_await platform::off_loop([&]() -> Result<void> {
            core->note_refused(caller, permission, path, std::move(address));
            return {};
        });
    }

    [[nodiscard]] std::shared_ptr<Opening> opening_of(std::string_view secret, Opening::Kind kind) const {
        if (secret.size() > kLongestSecret) return nullptr;
        auto opening = core_->directory().find(hash_of(secret));
        if (opening == nullptr || opening->kind != kind) return nullptr;
        const Time now = core_->clock().now();
        const Time used{Nanoseconds(opening->used.load(std::memory_order_relaxed))};
        const bool idle = kind == Opening::Kind::session && now - used > core_->settings().session_idle;
        if (opening->until <= now || idle) return nullptr;
        opening->used.store(now.time_since_epoch().count(), std::memory_order_relaxed);
        return opening;
    }

    [[nodiscard]] Result<Caller> by_token(std::string_view token, const net::HttpRequest& request) const {
        if (token.starts_with("qpl_") && request.peer.address.is_loopback() && token.size() <= kLongestSecret &&
            core_->is_local_secret(hash_of(token)))
            return Caller{};
        const auto opening = opening_of(token, Opening::Kind::token);
        const auto people = core_->directory().people();
        const auto person = opening != nullptr ? people->by_id.find(opening->account) : people->by_id.end();
        if (person == people->by_id.end() || person->second->account.state != AccountState::active)
            return std::unexpected(core_->wrong_token(origin_of(request)));
        Caller caller = caller_of(*person->second, "token:" + opening->id, *opening);
        const Token& scope = opening->token;
        if (!scope.permissions.empty() || !scope.organisations.empty())
            caller.grants = within(caller.grants, scope.permissions, scope.organisations, people->tree);
        return caller;
    }

    [[nodiscard]] Result<Caller> by_cookie(std::string_view cookie, const net::HttpRequest& request) const {
        const auto opening = opening_of(cookie, Opening::Kind::session);
        if (opening == nullptr) return platform::anonymous_caller();
        const auto people = core_->directory().people();
        const auto person = people->by_id.find(opening->account);
        if (person == people->by_id.end()) return platform::anonymous_caller();
        const Account& account = person->second->account;
        if (account.state == AccountState::locked || account.state == AccountState::closed)
            return platform::anonymous_caller();
        if (!is_read(request.method)) TRY(of_own_page(request));
        return caller_of(*person->second, "person:" + account.id, *opening);
    }

    /// A browser sends the cookie whoever made it send the request. The door has refused foreign Origins; what comes
    /// without any must show that a page of ours, or no page, has sent it: another site's cannot set this header.
    static Result<void> of_own_page(const net::HttpRequest& request) {
        if (request.headers.find("Origin") != nullptr || request.headers.find("X-Quipu-Request") != nullptr ||
            request.headers.get("Sec-Fetch-Site") == "same-origin")
            return {};
        return fail(ErrorCode::forbidden, "it does not show that a page of this hub has sent this change",
                    "X-Quipu-Request", "send the header X-Quipu-Request: 1, or use a token");
    }

    [[nodiscard]] Caller caller_of(const Person& person, std::string id, const Opening& opening) const {
        const Account& account = person.account;
        Caller caller;
        caller.id = std::move(id);
        caller.name = account.name;
        caller.language = account.language.value_or(std::string());
        caller.session = opening.id;
        caller.ended = opening.ended.load();
        caller.grants = person.grants;
        if (core_->lacks_factor(account, opening)) {
            caller.grants = without_role_;
            caller.hint = "set up a second factor on your profile page: your roles hold from then on";
        }
        return caller;
    }

    std::shared_ptr<Core> core_;
    std::shared_ptr<const platform::Grants> without_role_ = grants_of({}, nullptr);
};

}  // namespace

std::shared_ptr<platform::Gatekeeper> make_gatekeeper(std::shared_ptr<Core> core) {
    return std::make_shared<TheGatekeeper>(std::move(core));
}

std::string_view cookie_in(std::string_view header, std::string_view name) {
    while (!header.empty()) {
        const auto end = std::min(header.find(';'), header.size());
        std::string_view pair = header.substr(0, end);
        header.remove_prefix(std::min(end + 1, header.size()));
        while (pair.starts_with(' '))
            pair.remove_prefix(1);
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
            return pair.substr(name.size() + 1);
    }
    return {};
}

std::string_view bearer_in(std::string_view header) {
    constexpr std::string_view kScheme = "bearer ";
    if (header.size() <= kScheme.size()) return {};
    for (std::size_t i = 0; i < kScheme.size(); ++i) {
        const char c = header[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != kScheme[i]) return {};
    }
    header.remove_prefix(kScheme.size());
    while (header.starts_with(' '))
        header.remove_prefix(1);
    return header;
}

}  // namespace quipu::access
