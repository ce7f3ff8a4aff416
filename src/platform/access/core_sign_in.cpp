// Signing in: by password, through another place, with a second factor; sessions and their end.

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/log.h"
#include "net/tls.h"
#include "platform/access/core.h"
#include "platform/access/letters.h"
#include "platform/access/password.h"

namespace quipu::access {
namespace {

constexpr LogEvent kSlowed{
    LogLevel::warning, "ACCESS_ADDRESS_SLOWED",
    "An address has failed to sign in too often and is slowed; its further failures are counted.",
    "look whether somebody guesses; nobody at other addresses is affected"};

/// Each of these takes 64 MiB for a tenth of a second.
constexpr int kHashesAtOnce = 4;
constexpr std::size_t kSessionsOfOne = 20;
constexpr std::size_t kSeenFrom = 16;
constexpr Nanoseconds kPendingLife = std::chrono::minutes(5);
constexpr int kPendingTries = 5;
/// "saml+mfa": the other place has asked for the second factor.
constexpr std::string_view kElsewhere = "+mfa";

std::chrono::seconds rounded_up(Nanoseconds wait) {
    return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(wait));
}

Error limited(Nanoseconds wait, std::string what) {
    const auto seconds = rounded_up(wait);
    Error error{ErrorCode::limited, std::move(what), {}, fmt::format("try again in {}", format_duration(seconds)), {}};
    error.retry_after = seconds;
    return error;
}

/// One of the few places in which a password is hashed.
class Turn {
  public:
    explicit Turn(std::atomic<int>& taken) : taken_(taken), got_(taken.fetch_add(1) < kHashesAtOnce) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { taken_.fetch_sub(1); }
    [[nodiscard]] bool got() const { return got_; }

  private:
    std::atomic<int>& taken_;
    bool got_;
};

}  // namespace

// ---- attempts and how they are slowed

Result<void> Core::begin_attempt(const Origin& from, std::string_view method) {
    const std::string source = source_of(from.address);
    const auto answer =
        limits_.with([&](AddressLimits& limits) { return limits.begin(source, house_->clock.monotonic()); });
    if (!answer.wait) return {};
    if (answer.began) {
        log(kSlowed, {{"address", source}, {"method", method}});
        tell<events::AddressSlowed>("", fmt::format("too many failures, the last by {}", method), source, "system");
    }
    return std::unexpected(limited(*answer.wait, "this address has failed to sign in too often"));
}

Error Core::wrong_token(const Origin& from) {
    const std::string source = source_of(from.address);
    const auto answer =
        limits_.with([&](AddressLimits& limits) { return limits.begin(source, house_->clock.monotonic()); });
    if (!answer.wait)
        return {ErrorCode::unauthenticated,
                "this token is not known, or is over",
                "Authorization",
                "make a new one: `quipu tokens make`",
                {}};
    // The journal has it once the row of them has ended.
    if (answer.began) log(kSlowed, {{"address", source}, {"method", "token"}});
    return limited(*answer.wait, "this address has failed to sign in too often");
}

void Core::attempt_succeeded(const Origin& from) {
    limits_.with([&](AddressLimits& limits) { limits.succeeded(source_of(from.address), house_->clock.monotonic()); });
}

Result<void> Core::may_try(const Origin& from) {
    TRY(begin_attempt(from, "another place"));
    attempt_succeeded(from);  // only looked: note_failure takes it
    return {};
}

void Core::note_failure(const Origin& from, std::string_view method) {
    if (begin_attempt(from, method))
        tell<events::SignInFailed>("", std::string(method), from.address.text(), "anonymous");
}

bool Core::has_been_seen(std::string_view account, const Origin& from) const {
    return seen_from_.with([&](const auto& seen) {
        const auto found = seen.find(account);
        return found != seen.end() && found->second.contains(from.address.text());
    });
}

/// Counts it against the account. A lock outlives a restart; addresses begin anew, with what a minute gives them back
/// anyway.
void Core::count_failure(std::string_view account, std::string_view key, std::string_view method, const Origin& from) {
    const bool locks = locks_.with(
        [&](AccountLocks& all) { return all.failed(key, source_of(from.address), house_->clock.monotonic()); });
    tell<events::SignInFailed>(account, std::string(method), from.address.text(), "anonymous");
    if (!locks) return;
    const Time until = house_->clock.now() + AccountLocks::Rules{}.locked_for;
    not_kept(house_->database.write([&](data::Transaction& t) { return Store::put(t, {std::string(key), until}); }));
    if (!account.empty()) tell_of_lock(account, from);
}

void Core::forgive(std::string_view key) {
    if (locks_.with([&](AccountLocks& all) { return all.succeeded(key, house_->clock.monotonic()); }))
        not_kept(house_->database.write([&](data::Transaction& t) { return Store::remove_lock(t, key); }));
}

Error Core::wrong_password(std::string_view account, std::string_view key, const Origin& from) {
    count_failure(account, key, "password", from);
    return {ErrorCode::unauthenticated, "the name or the password is wrong", {}, "", {}};
}

void Core::tell_of_lock(std::string_view account, const Origin& from) {
    const Nanoseconds life = AccountLocks::Rules{}.locked_for;
    tell<events::AccountLocked>(account, "wrong passwords from several addresses, for " + format_duration(life),
                                from.address.text(), "system");
    const auto known = this->account(account);
    if (known && known->mail)
        (void)send(lock_letter({*known->mail, known->name, known->language.value_or("")}, house_->network,
                               house_->clock.now() + life));
}

/// Somebody has the password and a code that its owner typed: OWASP ASVS 2.8.5.
void Core::tell_of_used_code(std::string_view account, const Origin& from) {
    const auto known = this->account(account);
    if (known && known->mail) (void)send(used_code_letter(addressee_of(*known), house_->network, from.address.text()));
}

// ---- by password

/// The account whose password this is. Whether there is such an account shows neither in the answer nor in its time.
Result<std::string> Core::account_by_password(std::string_view login, std::string_view password, const Origin& from) {
    TRY(begin_attempt(from, "password"));
    const Turn turn(hashing_);
    if (!turn.got()) {
        attempt_succeeded(from);
        return std::unexpected(limited(std::chrono::seconds(1), "many people sign in at this moment"));
    }
    const auto known = TRY(store_->by_login(login));
    std::string id = known ? known->account : std::string();
    const std::string key = known ? known->account : "unknown " + hash_of(login);  // what was typed is never kept
    const auto locked = locks_.with([&](AccountLocks& all) { return all.locked(key, house_->clock.monotonic()); });
    if (locked && !has_been_seen(id, from))
        return std::unexpected(limited(*locked, "this account is locked for a while after wrong passwords"));

    const bool has_password = known && !known->password.empty();
    const bool right = verify_password(has_password ? known->password : decoy_, password) && has_password;
    if (!right) return std::unexpected(wrong_password(id, key, from));
    attempt_succeeded(from);
    forgive(key);
    if (needs_rehash(known->password)) {
        const std::string hash = TRY(hash_password(password));
        TRY(house_->database.write([&](data::Transaction& t) { return Store::set_password(t, id, hash); }));
    }
    return id;
}

Result<Account> Core::may_enter(std::string_view id) const {
    Account known = TRY(account(id));
    switch (known.state) {
        case AccountState::active:
        case AccountState::pending: return known;
        case AccountState::locked:
            return fail(ErrorCode::forbidden, "this account is locked", {}, "ask whoever manages your accounts");
        case AccountState::closed: break;
    }
    return fail(ErrorCode::forbidden, "this account is closed", {}, "ask whoever manages your accounts");
}

Result<SessionStart> Core::sign_in(std::string_view login, std::string_view password, const Origin& from) {
    if (!ready_) return fail(ErrorCode::unavailable, "sign-in is starting", {}, "try again in a moment");
    const auto demonstrated = directory_.person(login);
    if (demonstrated != nullptr && demonstrated->account.demonstration && from.address.is_loopback())
        return start_session(demonstrated->account, "demonstration", from);
    const std::string id = TRY(account_by_password(login, password, from));
    return began(TRY(may_enter(id)), "password", false, from);
}

/// The session, or the wait for the second factor.
Result<SessionStart> Core::began(const Account& account, std::string_view method, bool strong, const Origin& from) {
    if (strong || account.factors.empty()) return start_session(account, method, from);
    return start_pending(account, method);
}

Result<SessionStart> Core::sign_in_verified(std::string_view id, std::string_view method, const Origin& from) {
    return began(TRY(may_enter(id)), method, true, from);
}

// ---- through another place

Result<SessionStart> Core::sign_in_external(const ExternalIdentity& identity, const Origin& from) {
    if (!ready_) return fail(ErrorCode::unavailable, "sign-in is starting", {}, "try again in a moment");
    if (identity.issuer.empty() || identity.subject.empty())
        return fail(ErrorCode::invalid, "the identity names no issuer or no subject");
    const auto known = TRY(store_->by_identity(identity.issuer, identity.subject));
    const Account account = known ? TRY(may_enter(*known)) : TRY(attach(identity, from));
    const std::string_view method = identity.method.empty() ? "external" : std::string_view(identity.method);
    return began(account, fmt::format("{}{}", method, identity.strong ? kElsewhere : ""), identity.strong, from);
}

/// A first sign-in makes an account of its own. It is never joined to one that happens to have the same address:
/// whoever vouches for the one need not be believed of the other.
Result<Account> Core::attach(const ExternalIdentity& identity, const Origin& from) {
    const auto find = find_scope_.with([](const auto& kept) { return kept; });
    const auto home = find && !identity.scope.empty() ? find(identity.scope) : std::nullopt;
    Account account;
    const std::string& shown = !identity.eppn.empty() ? identity.eppn : identity.mail;
    account.login = !shown.empty() ? shown : identity.subject + "@" + identity.issuer;
    account.login.resize(std::min<std::size_t>(account.login.size(), 254));
    account.id = id_from(shown.empty() ? "person" : shown);
    account.name = identity.name.empty() ? shown : identity.name;
    if (!identity.mail.empty()) account.mail = identity.mail;
    if (!identity.language.empty()) account.language = identity.language;
    account.organisation = home;
    account.state = home ? AccountState::active : AccountState::pending;
    account.created = house_->clock.now();
    if (home) account.roles.push_back({Role::member, *home, {}});
    const std::string wanted_login = account.login, wanted_id = account.id;
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        account.login = wanted_login;
        account.id = wanted_id;
        auto inserted = Store::insert(transaction, account, {});
        if (!inserted && inserted.error().code == ErrorCode::conflict) {
            account.login = (wanted_login + " (" + identity.issuer).substr(0, 253) + ")";
            inserted = Store::insert(transaction, account, {});
        }
        TRY(std::move(inserted));
        TRY(Store::bind(transaction, account.id, identity, account.created));
        TRY(Store::set_roles(transaction, account.id, account.roles, "system", account.created));
        return tell<events::AccountMade>(transaction, account.id,
                                         home
                                             ? fmt::format("by {}, a member of {} by its scope", identity.method, *home)
                                             : fmt::format("by {}; waits for a role", identity.method),
                                         from.address.text(), "person:" + account.id);
    }));
    return reload(account.id);
}

// ---- the second factor

SessionStart Core::start_pending(const Account& account, std::string_view method) {
    SessionStart out{.account = account,
                     .cookie = {},
                     .pending = net::random_token(32),
                     .factors = account.factors,
                     .until = house_->clock.now() + kPendingLife};
    pending_.with([&](auto& all) { all[hash_of(out.pending)] = {account.id, std::string(method), 0, out.until}; });
    return out;
}

Result<Account> Core::pending_account(std::string_view pending) const {
    const std::string key = hash_of(pending);
    const auto found = pending_.with([&](const auto& all) -> std::optional<Pending> {
        const auto at = all.find(key);
        if (at == all.end() || at->second.until <= house_->clock.now()) return std::nullopt;
        return at->second;
    });
    if (!found)
        return fail(ErrorCode::unauthenticated, "this sign-in is over", "pending", "begin again with the password");
    return may_enter(found->account);
}

Result<SessionStart> Core::complete_second_factor(std::string_view pending, std::string_view method,
                                                  const Origin& from) {
    const Account account = TRY(pending_account(pending));
    const auto taken = pending_.with([&](auto& all) { return all.extract(hash_of(pending)); });
    if (taken.empty()) return fail(ErrorCode::unauthenticated, "this sign-in is over", "pending");
    forgive(account.id);
    return start_session(account, fmt::format("{}+{}", taken.mapped().method, method), from);
}

Error Core::fail_second_factor(std::string_view pending, std::string_view method, const Origin& from) {
    std::string account;
    bool to_tell = false;
    const std::string key = hash_of(pending);
    const bool over = pending_.with([&](auto& all) {
        const auto at = all.find(key);
        if (at == all.end()) return true;
        account = at->second.account;
        to_tell = method == kUsedCode && !std::exchange(at->second.told, true);
        if (++at->second.tries < kPendingTries) return false;
        all.erase(at);
        return true;
    });
    if (const auto slowed = begin_attempt(from, method); !slowed) return slowed.error();
    if (!account.empty()) count_failure(account, account, method, from);
    if (to_tell) tell_of_used_code(account, from);
    if (over) return {ErrorCode::unauthenticated, "this sign-in is over", {}, "begin again with the password", {}};
    return {ErrorCode::unauthenticated, "the code is wrong", {}, "", {}};
}

bool Core::lacks_factor(const Account& account, const Opening& opening) const {
    if (account.demonstration || !account.factors.empty()) return false;
    const bool demanded =
        settings_.second_factor == SecondFactor::everyone ||
        (settings_.second_factor == SecondFactor::administrators &&
         std::ranges::find(account.roles, Role::administrator, &RoleGrant::role) != account.roles.end());
    return demanded && (opening.kind == Opening::Kind::token || !opening.session.method.ends_with(kElsewhere));
}

// ---- sessions

std::string Core::set_cookie(std::string_view value, Nanoseconds life) const {
    return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", cookie_name(), value,
                       std::chrono::duration_cast<std::chrono::seconds>(life).count(),
                       house_->secure ? "; Secure" : "");
}

Result<SessionStart> Core::start_session(const Account& account, std::string_view method, const Origin& from) {
    const Time now = house_->clock.now();
    const std::string secret = net::random_token(32);
    SessionRow row{.hash = hash_of(secret),
                   .id = net::random_token(9),
                   .account = account.id,
                   .started = now,
                   .seen = now,
                   .until = now + settings_.session_life,
                   .address = from.address.text(),
                   .client = from.client.substr(0, 80),
                   .method = std::string(method)};
    auto others = directory_.openings(Opening::Kind::session, account.id);
    std::ranges::sort(others, {}, [](const auto& opening) { return opening->session.started; });
    const std::size_t too_many = others.size() >= kSessionsOfOne ? others.size() - kSessionsOfOne + 1 : 0;
    if (!account.demonstration) {
        TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
            for (std::size_t i = 0; i < too_many; ++i)
                TRY(Store::remove_session(transaction, others[i]->id));
            TRY(Store::insert(transaction, row));
            TRY(Store::set_seen(transaction, account.id, now));
            return tell<events::SignedIn>(transaction, account.id, std::string(method), from.address.text(),
                                          "person:" + account.id);
        }));
    } else {
        tell<events::SignedIn>(account.id, std::string(method), from.address.text(), "person:" + account.id);
    }
    for (std::size_t i = 0; i < too_many; ++i)
        directory_.close(others[i]->id);
    seen_from_.with([&](auto& seen) {
        auto& places = seen[account.id];
        if (places.size() >= kSeenFrom) places.erase(places.begin());
        places.insert(row.address);
    });
    SessionStart out{.account = account,
                     .cookie = set_cookie(secret, settings_.session_life),
                     .pending = {},
                     .factors = {},
                     .until = row.until};
    out.account.seen = now;
    auto opening = std::make_shared<Opening>();
    opening->hash = row.hash;
    opening->id = row.id;
    opening->account = row.account;
    opening->until = row.until;
    opening->used = opening->used_saved = now.time_since_epoch().count();
    opening->session = std::move(row);
    directory_.open(std::move(opening));
    return out;
}

Result<void> Core::sign_out(const platform::Caller& caller) {
    const std::string_view account = person_in(caller.id);
    if (account.empty()) return fail(ErrorCode::invalid, "only a person's session can be ended so");
    return end_session(account, caller.session, caller.id);
}

std::vector<SessionEntry> Core::sessions_of(std::string_view account, std::string_view current) const {
    std::vector<SessionEntry> out;
    const Time now = house_->clock.now();
    for (const auto& opening : directory_.openings(Opening::Kind::session, account)) {
        const Time seen{Nanoseconds(opening->used.load())};
        if (opening->until <= now || now - seen > settings_.session_idle) continue;
        const SessionRow& row = opening->session;
        out.push_back({.id = row.id,
                       .current = row.id == current,
                       .started = row.started,
                       .seen = seen,
                       .until = row.until,
                       .address = row.address,
                       .client = row.client,
                       .method = row.method});
    }
    std::ranges::sort(out, std::ranges::greater(), &SessionEntry::seen);
    return out;
}

Result<void> Core::end_session(std::string_view account, std::string_view id, std::string_view who) {
    const auto opening = directory_.by_id(id);
    if (opening == nullptr || opening->kind != Opening::Kind::session || opening->account != account)
        return fail(ErrorCode::not_found, "there is no such session", "id");
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::remove_session(transaction, id));
        return tell<events::SignedOut>(transaction, account, "session ended", opening->session.address, who);
    }));
    directory_.close(id);
    return {};
}

void Core::close_openings(std::string_view account, std::string_view except) {
    for (const auto& opening : directory_.openings())
        if (opening->account == account && opening->id != except) directory_.close(opening->id);
}

Result<void> Core::end_other_sessions(std::string_view account, std::string_view current, std::string_view who) {
    const auto sessions = directory_.openings(Opening::Kind::session, account);
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        for (const auto& session : sessions)
            if (session->id != current) TRY(Store::remove_session(transaction, session->id));
        return tell<events::SignedOut>(transaction, account, "all other sessions ended", {}, who);
    }));
    for (const auto& session : sessions)
        if (session->id != current) directory_.close(session->id);
    return {};
}

Result<void> Core::change_password(const platform::Caller& caller, const PasswordChange& change, const Origin& from) {
    const Account account = TRY(account_of(caller));
    if (person_in(caller.id).empty() || account.demonstration)
        return fail(ErrorCode::forbidden, "a password is changed by its owner, signed in", {}, "sign in as a person");
    TRY(check_new_password(change.password, account.login, account.name));
    TRY(begin_attempt(from, "password"));
    const Turn turn(hashing_);
    if (!turn.got()) {
        attempt_succeeded(from);
        return std::unexpected(limited(std::chrono::seconds(1), "many people sign in at this moment"));
    }
    const std::string kept = TRY(store_->password_of(account.id));
    if (!kept.empty() && !verify_password(kept, change.current)) {
        tell<events::SignInFailed>(account.id, "change of password", from.address.text(), caller.id);
        return fail(ErrorCode::invalid, "the password that holds now is another", "body.current");
    }
    attempt_succeeded(from);
    const std::string hash = TRY(hash_password(change.password));
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::set_password(transaction, account.id, hash));
        return tell<events::PasswordChanged>(transaction, account.id, "by its owner", from.address.text(), caller.id);
    }));
    TRY(end_other_sessions(account.id, caller.session, caller.id));
    TRY(reload(account.id));
    if (account.mail)
        (void)send(password_letter({*account.mail, account.name, account.language.value_or("")}, house_->network,
                                   from.address.text()));
    return {};
}

}  // namespace quipu::access
