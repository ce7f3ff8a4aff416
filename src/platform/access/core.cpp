// Opening and closing, and what all parts share.

#include "platform/access/core.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.h"
#include "base/number.h"
#include "net/tls.h"
#include "platform/access/letters.h"
#include "platform/access/password.h"

namespace quipu::access {
namespace {

constexpr LogEvent kNotTold{LogLevel::error, "ACCESS_NOT_AUDITED",
                            "What happened to an account could not be journalled.",
                            "see the error; the log has this line instead"};
constexpr LogEvent kLockNotKept{LogLevel::warning, "ACCESS_LOCK_NOT_KEPT",
                                "An account's lock, or its end, could not be written: it holds until a restart.",
                                "see the error; check the database"};
constexpr LogEvent kNoList{LogLevel::error, "ACCESS_BREACHED_LIST_UNREADABLE",
                           "No new password is taken: the list of breached ones can't be read.",
                           "see the error, and `[access] breached_passwords`"};
constexpr LogEvent kNoLetter{LogLevel::warning, "ACCESS_LETTER_NOT_SENT",
                             "A letter to an account's owner was not sent.", "see the error, and the settings of mail"};
constexpr LogEvent kSlowEnded{
    LogLevel::warning, "ACCESS_ADDRESS_WAS_SLOWED",
    "An address that was slowed for its wrong passwords, tokens or assertions is quiet again.",
    "the count says how many were refused unseen"};

constexpr Nanoseconds kRemembered = std::chrono::minutes(1);
/// Before a token ends its owner gets a letter, unless it lives hardly longer than that.
constexpr Nanoseconds kTellBefore = std::chrono::days(7);

std::shared_ptr<Opening> opening_of(SessionRow row) {
    auto opening = std::make_shared<Opening>();
    opening->kind = Opening::Kind::session;
    opening->hash = row.hash;
    opening->id = row.id;
    opening->account = row.account;
    opening->until = row.until;
    opening->used = opening->used_saved = row.seen.time_since_epoch().count();
    opening->session = std::move(row);
    return opening;
}

std::shared_ptr<Opening> opening_of(TokenRow row) {
    auto opening = std::make_shared<Opening>();
    opening->kind = Opening::Kind::token;
    opening->hash = row.hash;
    opening->id = row.token.id;
    opening->account = row.token.account;
    opening->until = row.token.until;
    const Time used = row.token.used.value_or(Time());
    opening->used = opening->used_saved = used.time_since_epoch().count();
    opening->end_told = row.end_told;
    opening->token = std::move(row.token);
    return opening;
}

}  // namespace

std::string_view person_in(std::string_view caller) {
    constexpr std::string_view kPerson = "person:";
    return caller.starts_with(kPerson) ? caller.substr(kPerson.size()) : std::string_view();
}

std::string id_from(std::string_view login) {
    std::string out;
    for (char c : login.substr(0, login.find('@'))) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (good)
            out += c;
        else if (!out.empty() && out.back() != '-')
            out += '-';
    }
    out.resize(std::min<std::size_t>(out.size(), 40));
    while (out.ends_with('-'))
        out.pop_back();
    // Names of demonstration accounts are nobody else's.
    if (out.starts_with("demo-")) out.insert(0, "x-");
    return out.empty() ? "account" : out;
}

std::string hash_of(std::string_view secret) {
    return net::sha256_hex(secret);
}

Result<std::int64_t> version_in(std::string_view if_match) {
    if (if_match == "*") return -1;
    const auto version = parse_number<std::int64_t>(if_match);
    if (!version || *version < 1)
        return fail(ErrorCode::precondition_failed, fmt::format("\"{}\" is no version of this account", if_match),
                    "If-Match", "send the ETag that came with it");
    return *version;
}

Origin origin_of(const net::HttpRequest& request) {
    return {.address = request.peer.address, .client = std::string(request.headers.get("User-Agent").substr(0, 80))};
}

Result<void> Core::open(platform::House& house, const Settings& settings) {
    house_ = &house;
    settings_ = settings;
    TRY(start_sodium());
    if (decoy_.empty()) decoy_ = TRY(hash_password(net::random_token(24)));
    seal_ = TRY(Seal::open(house.data_folder));
    breached_.reset();
    if (!settings.breached_passwords.empty()) breached_ = TRY(BreachedPasswords::open(settings.breached_passwords));
    store_.emplace(house.database);
    TRY(open_data());
    ready_ = true;
    return {};
}

Result<void> Core::open_data() {
    std::vector<Account> accounts = TRY(store_->accounts());
    for (const auto& [id, person] : directory_.people()->by_id)
        if (person->account.demonstration) accounts.push_back(person->account);
    directory_.fill(std::move(accounts));
    TRY(load_locks());
    return load_openings();
}

Result<void> Core::load_locks() {
    const Time now = house_->clock.now();
    const Monotonic monotonic = house_->clock.monotonic();
    for (const Store::Lock& lock : TRY(store_->locks(now)))
        locks_.with([&](AccountLocks& all) { all.restore(lock.key, monotonic + (lock.until - now)); });
    return {};
}

Result<void> Core::load_openings() {
    const Time now = house_->clock.now();
    for (SessionRow& row : TRY(store_->sessions())) {
        if (row.until <= now || directory_.by_id(row.id) != nullptr) continue;
        seen_from_.with([&](auto& seen) { seen[row.account].insert(row.address); });
        directory_.open(opening_of(std::move(row)));
    }
    for (TokenRow& row : TRY(store_->tokens()))
        if (row.token.until > now && directory_.by_id(row.token.id) == nullptr)
            directory_.open(opening_of(std::move(row)));
    return {};
}

Result<void> Core::check_new_password(std::string_view password, std::string_view login, std::string_view name) const {
    TRY(check_password(password, login, name));
    if (!breached_) return {};
    const auto held = breached_->holds(password);
    if (!held) {
        log(kNoList, {{"error", held.error().text()}});
        return fail(ErrorCode::unavailable, "the list of stolen passwords cannot be read", {},
                    "tell whoever runs this hub");
    }
    if (*held)
        return fail(ErrorCode::invalid, "this password is in a list of those that were stolen elsewhere",
                    "body.password", "choose one that you use nowhere else");
    return {};
}

void Core::close() {
    ready_ = false;
}

Result<void> Core::sweep() {
    const Time now = house_->clock.now();
    const Monotonic monotonic = house_->clock.monotonic();
    for (const auto& ended : limits_.with([&](AddressLimits& limits) { return limits.sweep(monotonic); })) {
        log(kSlowEnded, {{"address", ended.source},
                         {"refused", std::to_string(ended.refused)},
                         {"for", format_duration(ended.lasted)}});
        tell<events::AddressSlowed>(
            "", fmt::format("{} more were refused within {}", ended.refused, format_duration(ended.lasted)),
            ended.source, "system");
    }
    locks_.with([&](AccountLocks& locks) { locks.sweep(monotonic); });
    refusals_.with(
        [&](auto& told) { std::erase_if(told, [&](const auto& each) { return now - each.second > kRemembered; }); });
    pending_.with([&](auto& all) { std::erase_if(all, [&](const auto& each) { return each.second.until <= now; }); });

    std::vector<Store::Touch> sessions, tokens;
    std::vector<std::string> ended;
    for (const auto& opening : directory_.openings()) {
        const Time used{Nanoseconds(opening->used.load())};
        const bool idle = opening->kind == Opening::Kind::session && now - used > settings_.session_idle;
        if (opening->until <= now || idle) {
            directory_.close(opening->id);
            if (opening->kind == Opening::Kind::session) ended.push_back(opening->id);
            continue;
        }
        if (opening->used.load() - opening->used_saved.load() < Nanoseconds(kRemembered).count()) continue;
        opening->used_saved = opening->used.load();
        (opening->kind == Opening::Kind::session ? sessions : tokens).push_back({opening->id, used});
    }
    TRY(tell_of_tokens_that_end());
    return store_->sweep(sessions, tokens, ended, now);
}

/// What uses a token would otherwise stop one day without a word (OWASP ASVS 2.3.3).
Result<void> Core::tell_of_tokens_that_end() {
    const Time now = house_->clock.now();
    for (const auto& opening : directory_.openings()) {
        if (opening->kind != Opening::Kind::token || opening->until - now > kTellBefore ||
            opening->until - opening->token.created < 2 * kTellBefore || opening->end_told.exchange(true))
            continue;
        TRY(house_->database.write([&](data::Transaction& t) { return Store::set_end_told(t, opening->id); }));
        const auto owner = account(opening->account);
        if (owner && owner->mail && owner->state == AccountState::active)
            TRY(send(token_letter(addressee_of(*owner), house_->network, opening->token.name, opening->until)));
    }
    return {};
}

void Core::send_letters_by(SendLetter send) {
    send_.with([&](SendLetter& kept) { kept = std::move(send); });
}

void Core::find_scopes_by(std::function<std::optional<std::string>(std::string_view)> find) {
    find_scope_.with([&](auto& kept) { kept = std::move(find); });
}

/// False when nobody sends letters here.
Result<bool> Core::send(const Letter& letter) {
    const SendLetter send = send_.with([](const SendLetter& kept) { return kept; });
    if (!send || letter.to.empty()) return false;
    if (const auto sent = send(letter); !sent) {
        log(kNoLetter, {{"error", sent.error().text()}});
        return false;
    }
    return true;
}

void Core::not_kept(const Result<void>& outcome) {
    if (!outcome) log(kLockNotKept, {{"error", outcome.error().text()}});
}

void Core::not_told(const Result<void>& outcome) {
    if (!outcome) log(kNotTold, {{"error", outcome.error().text()}});
}

std::string_view Core::cookie_name() const {
    // A name with this prefix is only taken from a secure page of this host (RFC 6265bis §4.1.3.2).
    return house_->secure ? "__Host-quipu" : "quipu_session";
}

bool Core::is_local_secret(std::string_view hash) const {
    return local_secret_.with([&](const std::string& kept) { return !kept.empty() && same_secret(kept, hash); });
}

void Core::set_local_secret(std::string hash) {
    local_secret_.with([&](std::string& kept) { kept = std::move(hash); });
}

void Core::note_refused(const platform::Caller& caller, std::string_view permission, std::string_view path,
                        std::string address) {
    const Time now = house_->clock.now();
    const std::string key = fmt::format("{} {} {}", caller.id, permission, path);
    const bool told = refusals_.with([&](auto& lately) {
        const auto [at, is_new] = lately.try_emplace(key, now);
        if (!is_new && now - at->second < kRemembered) return true;
        at->second = now;
        return lately.size() > 1000;  // the sweep forgets them
    });
    if (told) return;
    const auto account = account_of(caller);
    tell<events::AccessRefused>(account ? account->id : std::string(), fmt::format("{} for {}", permission, path),
                                std::move(address), caller.id);
}

Result<Account> Core::account(std::string_view id) const {
    const auto person = directory_.person(id);
    if (person == nullptr) return fail(ErrorCode::not_found, fmt::format("there is no account \"{}\"", id), "id");
    return person->account;
}

Result<Account> Core::account_of(const platform::Caller& caller) const {
    if (const std::string_view id = person_in(caller.id); !id.empty()) return account(id);
    if (caller.id.starts_with("token:"))
        if (const auto opening = directory_.by_id(caller.session)) return account(opening->account);
    return fail(ErrorCode::unauthenticated, "this caller has no account", {}, "sign in as a person");
}

std::shared_ptr<const platform::Grants> Core::grants_of_account(std::string_view id) const {
    const auto person = directory_.person(id);
    if (person == nullptr || person->account.state != AccountState::active) return nullptr;
    return person->grants;
}

std::vector<Account> Core::accounts() const {
    std::vector<Account> out;
    for (const auto& [unused, person] : directory_.people()->by_id)
        out.push_back(person->account);
    return out;
}

}  // namespace quipu::access
