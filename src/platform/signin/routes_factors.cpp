#include "platform/access/api.h"
#include "platform/off_loop.h"
#include "platform/signin/routes.h"

namespace quipu::signin {
namespace {

using access::SessionReply;
using platform::Call;
using platform::Nothing;
using platform::off_loop;
using platform::Permission;
using platform::Reply;

struct ById {
    std::string id;
    static constexpr auto describe() { return fields(field<&ById::id>("id", "The passkey").required()); }
};
template <Described Body>
struct With {
    Body body;
    static constexpr auto describe() { return fields(field<&With::body>("body", "What is sent").required()); }
};

Reply<SessionReply> reply_of(access::SessionStart&& start) {
    SessionReply out;
    out.signed_in = start.pending.empty();
    if (out.signed_in)
        out.account = std::move(start.account);
    else
        out.pending = std::move(start.pending);
    out.factors = std::move(start.factors);
    out.until = start.until;
    return {std::move(out), 200, {}, {}, std::move(start.cookie)};
}

class FactorRoutes {
  public:
    FactorRoutes(access::Access& access, FactorDesk& desk) : access_(access), desk_(desk) {}

    /// Calls `work` with the caller's own account, where it may block.
    template <class F>
    auto for_caller(const Call& call, F work) const -> Task<std::invoke_result_t<F, const access::Account&>> {
        using R = std::invoke_result_t<F, const access::Account&>;
        co_return co_await off_loop([&]() -> R { return work(TRY(access_.account_of(call.caller))); });
    }
    /// The same for a change: whoever holds a token may act for a person, not sign in as them from then on.
    template <class F>
    auto for_person(const Call& call, F work) const -> Task<std::invoke_result_t<F, const access::Account&>> {
        using R = std::invoke_result_t<F, const access::Account&>;
        co_return co_await off_loop([&]() -> R {
            if (call.caller.id.starts_with("token:"))
                return fail(ErrorCode::forbidden, "a token changes no second factor", {}, "sign in as a person");
            return work(TRY(access_.account_of(call.caller)));
        });
    }
    /// With the first factor other sessions end: they began without it.
    Result<void> first_kept(const access::Account& before, const platform::Caller& caller) const {
        if (!before.factors.empty()) return {};
        return access_.end_other_sessions(before.id, caller.session, caller.id);
    }
    Task<Result<Reply<SessionReply>>> by_code(const Call& call, SecondStep step) const {
        const access::Origin from = access::origin_of(call.request);
        auto start = co_await off_loop([&] { return desk_.finish_by_code(step, from); });
        if (!start) co_return std::unexpected(start.error());
        co_return reply_of(std::move(*start));
    }
    Task<Result<Reply<SessionReply>>> by_passkey(const Call& call, PasskeyAnswer answer) const {
        const access::Origin from = access::origin_of(call.request);
        auto start = co_await off_loop([&] { return desk_.finish_by_passkey(answer, from); });
        if (!start) co_return std::unexpected(start.error());
        co_return reply_of(std::move(*start));
    }
    Task<Result<Ceremony>> ask(PasskeyWish wish) const {
        co_return co_await off_loop([&] { return desk_.ask_passkey(wish.pending); });
    }
    Task<Result<Factors>> list(const Call& call) const {
        return for_caller(call, [this](const access::Account& account) { return desk_.of(account); });
    }
    Task<Result<TotpEnrolment>> begin_totp(const Call& call) const {
        return for_person(call, [this](const access::Account& account) { return desk_.begin_totp(account); });
    }
    Task<Result<RecoveryCodes>> confirm_totp(const Call& call, CodeInput input) const {
        co_return co_await for_person(call, [&](const access::Account& account) -> Result<RecoveryCodes> {
            RecoveryCodes codes = TRY(desk_.confirm_totp(account, input.code, call.caller.id));
            TRY(first_kept(account, call.caller));
            return codes;
        });
    }
    Task<Result<RecoveryCodes>> renew_codes(const Call& call) const {
        co_return co_await for_person(
            call, [&](const access::Account& account) { return desk_.renew_codes(account, call.caller.id); });
    }
    Task<Result<Nothing>> remove_totp(const Call& call) const {
        co_return co_await for_person(call, [&](const access::Account& account) -> Result<Nothing> {
            TRY(desk_.remove_totp(account, call.caller.id));
            return Nothing{};
        });
    }
    Task<Result<Ceremony>> begin_passkey(const Call& call) const {
        return for_person(call, [this](const access::Account& account) { return desk_.begin_passkey(account); });
    }
    Task<Result<Reply<Passkey>>> add_passkey(const Call& call, PasskeyInput input) const {
        auto added = co_await for_person(call, [&](const access::Account& account) -> Result<Passkey> {
            Passkey passkey = TRY(desk_.add_passkey(account, input, call.caller.id));
            TRY(first_kept(account, call.caller));
            return passkey;
        });
        if (!added) co_return std::unexpected(added.error());
        std::string place = "/api/v1/factors/passkeys/" + added->id;
        co_return Reply<Passkey>(std::move(*added), 201, {}, std::move(place));
    }
    Task<Result<Nothing>> remove_passkey(const Call& call, ById which) const {
        co_return co_await for_person(call, [&](const access::Account& account) -> Result<Nothing> {
            TRY(desk_.remove_passkey(account, which.id, call.caller.id));
            return Nothing{};
        });
    }

  private:
    access::Access& access_;
    FactorDesk& desk_;
};

}  // namespace

void add_factor_routes(platform::House& house, access::Access& access, FactorDesk& desk) {
    const auto routes = std::make_shared<const FactorRoutes>(access, desk);
    platform::Api& api = house.api;
    api.get<platform::NoInput, Factors>(
        {"/api/v1/factors", "My authenticator, passkeys and recovery codes", "signin", Permission::own},
        [routes](const Call& call, platform::NoInput) { return routes->list(call); });
    api.post<platform::NoInput, TotpEnrolment>(
        {"/api/v1/factors/totp", "Begins to set up an authenticator app", "signin", Permission::own},
        [routes](const Call& call, platform::NoInput) { return routes->begin_totp(call); });
    api.post<With<CodeInput>, RecoveryCodes>(
        {"/api/v1/factors/totp/confirm", "Sets it up, by a code that it shows", "signin", Permission::own},
        [routes](const Call& call, With<CodeInput> in) { return routes->confirm_totp(call, std::move(in.body)); });
    api.remove<platform::NoInput, Nothing>(
        {"/api/v1/factors/totp", "Removes the authenticator app", "signin", Permission::own},
        [routes](const Call& call, platform::NoInput) { return routes->remove_totp(call); });
    api.post<platform::NoInput, RecoveryCodes>(
        {"/api/v1/factors/recovery-codes", "New recovery codes in place of the old", "signin", Permission::own},
        [routes](const Call& call, platform::NoInput) { return routes->renew_codes(call); });
    api.post<platform::NoInput, Ceremony>(
        {"/api/v1/factors/passkeys/options", "Begins to register a passkey", "signin", Permission::own},
        [routes](const Call& call, platform::NoInput) { return routes->begin_passkey(call); });
    api.post<With<PasskeyInput>, Passkey>(
        {.path = "/api/v1/factors/passkeys",
         .summary = "Registers a passkey",
         .tag = "signin",
         .permission = Permission::own,
         .success = 201},
        [routes](const Call& call, With<PasskeyInput> in) { return routes->add_passkey(call, std::move(in.body)); });
    api.remove<ById, Nothing>(
        {"/api/v1/factors/passkeys/{id}", "Removes a passkey", "signin", Permission::own},
        [routes](const Call& call, ById which) { return routes->remove_passkey(call, std::move(which)); });
    api.post<With<SecondStep>, SessionReply>(
        {"/api/v1/signin/code", "The second step, by a code", "signin", Permission::see_public},
        [routes](const Call& call, With<SecondStep> in) { return routes->by_code(call, std::move(in.body)); });
    api.post<With<PasskeyWish>, Ceremony>(
        {"/api/v1/signin/passkey/options", "Begins the second step, or a sign-in, by passkey", "signin",
         Permission::see_public},
        [routes](const Call&, With<PasskeyWish> in) { return routes->ask(std::move(in.body)); });
    api.post<With<PasskeyAnswer>, SessionReply>(
        {"/api/v1/signin/passkey", "The second step, or a sign-in, by passkey", "signin", Permission::see_public},
        [routes](const Call& call, With<PasskeyAnswer> in) { return routes->by_passkey(call, std::move(in.body)); });
}

}  // namespace quipu::signin
