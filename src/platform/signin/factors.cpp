#include "platform/signin/factors.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/base64url.h"
#include "platform/signin/digest.h"
#include "platform/signin/totp.h"

namespace quipu::signin {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kTotp = "totp";
constexpr std::string_view kPasskey = "passkey";
constexpr std::string_view kRecovery = "recovery-code";
constexpr std::size_t kRecoveryCodes = 10;
constexpr std::size_t kMostPasskeys = 20;
constexpr Nanoseconds kEnrolment = 15min;

/// What an authenticator knows the account by: nothing that a person could read.
std::string handle_of(std::string_view account) {
    return sha256(as_bytes(fmt::format("quipu passkey:{}", account)));
}

std::string fresh_secret() {
    auto octets = base64url_decode(net::random_token(kTotpSecretOctets));
    return octets ? std::move(*octets) : std::string();
}

}  // namespace

FactorDesk::FactorDesk(const Clock& clock, access::Access& access, std::string network,
                       std::function<RelyingParty()> party)
    : clock_(clock),
      access_(access),
      network_(std::move(network)),
      party_(std::move(party)),
      ceremonies_(20'000, 5min) {}

Result<Factors> FactorDesk::of(const access::Account& account) const {
    Factors out;
    out.totp = !TRY(access_.credentials_of(account.id, kTotp))
    .empty();
    for (const access::Credential& each : TRY(access_.credentials_of(account.id, kPasskey)))
        out.passkeys.push_back({each.id, each.name, each.created, each.used});
    out.recovery_codes = static_cast<std::int64_t>(TRY(access_.credentials_of(account.id, kRecovery)).size());
    return out;
}

// ---- authenticator apps

Result<TotpEnrolment> FactorDesk::begin_totp(const access::Account& account) {
    const std::string secret = fresh_secret();
    const Monotonic now = clock_.monotonic();
    enrolling_.with([&](auto& all) {
        std::erase_if(all, [&](const auto& each) { return each.second.until <= now; });
        all[account.id] = {secret, now + kEnrolment};
    });
    TotpEnrolment out;
    out.uri = otpauth_uri(as_bytes(secret), network_, account.login);
    out.secret = in_groups(base32_encode(as_bytes(secret)), 4);
    out.qr = TRY(qr_svg(out.uri));
    return out;
}

Result<RecoveryCodes> FactorDesk::confirm_totp(const access::Account& account, std::string_view code,
                                               std::string_view who) {
    const Monotonic now = clock_.monotonic();
    const std::string secret = enrolling_.with([&](auto& all) {
        const auto found = all.find(account.id);
        return found != all.end() && found->second.until > now ? found->second.octets : std::string();
    });
    if (secret.empty()) return fail(ErrorCode::conflict, "no authenticator is being set up", {}, "begin again");
    const auto step = accept_totp(as_bytes(secret), code, clock_.now(), 0);
    if (!step)
        return fail(ErrorCode::invalid, "this is not the code that is shown now", "body.code",
                    "wait for the next one; the clock of the device must be right");
    TRY(access_.keep_credential({.account = account.id,
                                 .kind = std::string(kTotp),
                                 .id = account.id,
                                 .name = {},
                                 .data = base64url_encode(as_bytes(secret)),
                                 .counter = *step,
                                 .created = clock_.now()},
                                who));
    enrolling_.with([&](auto& all) { all.erase(account.id); });
    if (!TRY(access_.credentials_of(account.id, kRecovery)).empty()) return RecoveryCodes{};
    return renew_codes(account, who);
}

Result<void> FactorDesk::remove_totp(const access::Account& account, std::string_view who) {
    if (TRY(access_.credentials_of(account.id, kTotp)).empty())
        return fail(ErrorCode::not_found, "no authenticator is set up");
    TRY(drop_all(account.id, kTotp, who));
    return tidy(account.id, who);
}

// ---- passkeys

Result<Ceremony> FactorDesk::begin_passkey(const access::Account& account) {
    std::vector<std::string> known;
    for (const access::Credential& each : TRY(access_.credentials_of(account.id, kPasskey)))
        known.push_back(each.id);
    if (known.size() >= kMostPasskeys)
        return fail(ErrorCode::conflict, fmt::format("there are {} passkeys already", known.size()), {},
                    "remove one that is no longer used");
    Begun begun{.account = account.id, .pending = {}, .challenge = net::random_token(32), .registers = true};
    const PasskeyOwner owner{handle_of(account.id), account.login, account.name};
    Ceremony out;
    out.options = creation_options(party_(), owner, begun.challenge, known);
    out.ticket = ceremonies_.put(std::move(begun), clock_.monotonic());
    return out;
}

Result<Passkey> FactorDesk::add_passkey(const access::Account& account, const PasskeyInput& input,
                                        std::string_view who) {
    const auto begun = ceremonies_.take(input.ticket, clock_.monotonic());
    if (!begun || !begun->registers || begun->account != account.id)
        return fail(ErrorCode::conflict, "this registration is over", "body.ticket", "begin again");
    const PasskeyRecord record = TRY(check_registration(input.credential, party_(), begun->challenge, false));
    // §7.1 step 22: nobody else's.
    if (TRY(access_.find_credential(kPasskey, record.id)))
        return fail(ErrorCode::conflict, "this passkey is registered already", "body.credential");
    const std::string name = input.name.empty() ? format_date(date_of(clock_.now())) : input.name;
    const Time now = clock_.now();
    TRY(access_.keep_credential({.account = account.id,
                                 .kind = std::string(kPasskey),
                                 .id = record.id,
                                 .name = name,
                                 .data = base64url_encode(as_bytes(record.key)),
                                 .counter = record.counter,
                                 .created = now},
                                who));
    return Passkey{record.id, name, now, {}};
}

Result<void> FactorDesk::remove_passkey(const access::Account& account, std::string_view id, std::string_view who) {
    const auto found = TRY(access_.find_credential(kPasskey, id));
    if (!found || found->account != account.id) return fail(ErrorCode::not_found, "there is no such passkey", "id");
    TRY(access_.drop_credential(account.id, kPasskey, id, who));
    return tidy(account.id, who);
}

// ---- recovery codes

Result<RecoveryCodes> FactorDesk::renew_codes(const access::Account& account, std::string_view who) {
    const Factors now = TRY(of(account));
    if (!now.totp && now.passkeys.empty())
        return fail(ErrorCode::conflict, "there is no second factor that they could stand in for", {},
                    "set up an authenticator or a passkey first");
    TRY(drop_all(account.id, kRecovery, who));
    RecoveryCodes out{make_recovery_codes(kRecoveryCodes)};
    for (const std::string& code : out.codes)
        TRY(access_.keep_credential({.account = account.id,
                                     .kind = std::string(kRecovery),
                                     .id = recovery_hash(account.id + "/" + code),
                                     .name = {},
                                     .data = "-",
                                     .counter = 0,
                                     .created = clock_.now()},
                                    who));
    return out;
}

Result<void> FactorDesk::drop_all(std::string_view account, std::string_view kind, std::string_view who) {
    for (const access::Credential& each : TRY(access_.credentials_of(account, kind)))
        TRY(access_.drop_credential(account, kind, each.id, who));
    return {};
}

Result<void> FactorDesk::tidy(std::string_view account, std::string_view who) {
    if (!TRY(access_.credentials_of(account, kTotp)).empty() || !TRY(access_.credentials_of(account, kPasskey)).empty())
        return {};
    return drop_all(account, kRecovery, who);
}

// ---- the second step

/// Whether the code is good now. It is used up by it.
bool FactorDesk::take_code(const access::Account& account, std::string_view code, std::string& method) {
    method = kTotp;
    const auto authenticators = access_.credentials_of(account.id, kTotp);
    if (!authenticators) return false;
    for (const access::Credential& each : *authenticators) {
        const auto secret = base64url_decode(each.data);
        if (!secret) continue;
        const auto step = accept_totp(as_bytes(*secret), code, clock_.now(), each.counter);
        // Two that come with the same code at once: only one of them raises the counter.
        if (step && access_.use_credential(account.id, kTotp, each.id, *step).value_or(false)) return true;
        if (accept_totp(as_bytes(*secret), code, clock_.now(), -1)) method = access::kUsedCode;
    }
    if (method == access::kUsedCode) return false;
    const std::string id = recovery_hash(account.id + "/" + std::string(code));
    const auto recovery = access_.find_credential(kRecovery, id);
    if (!recovery || !*recovery || (*recovery)->account != account.id) return false;
    method = kRecovery;
    return access_.use_credential(account.id, kRecovery, id, 1).value_or(false) &&
           access_.drop_credential(account.id, kRecovery, id, "person:" + account.id).has_value();
}

Result<access::SessionStart> FactorDesk::finish_by_code(const SecondStep& step, const access::Origin& from) {
    TRY(access_.may_try(from));
    const access::Account account = TRY(access_.pending_account(step.pending));
    std::string method;
    if (!take_code(account, step.code, method))
        return std::unexpected(
            access_.fail_second_factor(step.pending, method == access::kUsedCode ? method : "code", from));
    return access_.complete_second_factor(step.pending, method, from);
}

Result<Ceremony> FactorDesk::ask_passkey(std::string_view pending) {
    Begun begun{.account = {}, .pending = std::string(pending), .challenge = net::random_token(32)};
    std::vector<std::string> known;
    if (!pending.empty()) {
        begun.account = TRY(access_.pending_account(pending))
        .id;
        for (const access::Credential& each : TRY(access_.credentials_of(begun.account, kPasskey)))
            known.push_back(each.id);
        if (known.empty()) return fail(ErrorCode::conflict, "this account has no passkey", "body.pending");
    }
    Ceremony out;
    out.options = request_options(party_(), begun.challenge, known, pending.empty());
    out.ticket = ceremonies_.put(std::move(begun), clock_.monotonic());
    return out;
}

/// The account whose passkey has answered.
Result<std::string> FactorDesk::check_passkey(const PasskeyAnswer& answer, const Begun& begun) {
    const std::string id = TRY(credential_id_of(answer.credential));
    const auto known = TRY(access_.find_credential(kPasskey, id));
    if (!known || (!begun.account.empty() && known->account != begun.account))
        return fail(ErrorCode::unauthenticated, "this passkey is not registered here");
    const PasskeyRecord record {
        .id = id, .key = TRY(base64url_decode(known->data))
        , .counter = static_cast<std::uint32_t>(known->counter)
    };
    // Alone it must stand for both factors: what one has, and who one is.
    const std::uint32_t counter = TRY(check_assertion(answer.credential, party_(), begun.challenge, record,
                                                      handle_of(known->account), begun.pending.empty()));
    if (counter != 0 && !TRY(access_.use_credential(known->account, kPasskey, id, counter)))
        return fail(ErrorCode::forbidden, "this passkey was used elsewhere meanwhile");
    return known->account;
}

Result<access::SessionStart> FactorDesk::finish_by_passkey(const PasskeyAnswer& answer, const access::Origin& from) {
    TRY(access_.may_try(from));
    const auto begun = ceremonies_.take(answer.ticket, clock_.monotonic());
    if (!begun || begun->registers)
        return fail(ErrorCode::unauthenticated, "this sign-in is over", "body.ticket", "begin again");
    const auto account = check_passkey(answer, *begun);
    if (!account) {
        if (!begun->pending.empty()) {
            access_.fail_second_factor(begun->pending, kPasskey, from);
        } else {
            access_.note_failure(from, kPasskey);
        }
        return std::unexpected(account.error());
    }
    return begun->pending.empty() ? access_.sign_in_verified(*account, kPasskey, from)
                                  : access_.complete_second_factor(begun->pending, kPasskey, from);
}

}  // namespace quipu::signin
