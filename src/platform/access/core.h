#pragma once
// Access itself: what the routes and the gatekeeper work on. Its parts stand in core_sign_in.cpp (passwords, sessions,
// second factor), core_accounts.cpp (accounts, roles, authenticators), core_links.cpp (invitations, recovery, the first
// start) and core_tokens.cpp.

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "events/access.h"
#include "platform/access/access.h"
#include "platform/access/api.h"
#include "platform/access/breached.h"
#include "platform/access/directory.h"
#include "platform/access/engine_limits.h"
#include "platform/access/seal.h"
#include "platform/access/store.h"

namespace quipu::access {

/// Roles may be limited to this service as to any other.
inline constexpr std::string_view kTag = "access";

struct Settings {
    Nanoseconds session_idle = std::chrono::minutes(30);
    Nanoseconds session_life = std::chrono::hours(12);
    Nanoseconds invitation_life = std::chrono::days(7);
    std::string breached_passwords;  ///< file; empty: none
    SecondFactor second_factor = SecondFactor::administrators;
    static constexpr auto describe() {
        using T = Settings;
        return fields(field<&T::session_idle>("session_idle", "A session that nobody uses for so long ends"),
                      field<&T::session_life>("session_life", "A session ends after so long, used or not"),
                      field<&T::invitation_life>("invitation_life", "An invitation holds for so long"),
                      field<&T::breached_passwords>("breached_passwords",
                                                    "File of passwords that are not taken: one a line, or sorted "
                                                    "SHA-1 as Have I Been Pwned offers it"),
                      field<&T::second_factor>("second_factor",
                                               "Whose roles hold only with a second factor: nobody, administrators "
                                               "or everyone"));
    }
};

class Core final : public Access, public std::enable_shared_from_this<Core> {
  public:
    Core() = default;

    Result<void> open(platform::House& house, const Settings& settings);
    void close();
    /// Every few seconds: when things were last used, what is over, addresses that are no longer slowed.
    Result<void> sweep();

    // ---- Access (access.h)

    void use_tree(std::shared_ptr<const OrganisationTree> tree) override { directory_.use_tree(std::move(tree)); }
    void send_letters_by(SendLetter send) override;
    void find_scopes_by(std::function<std::optional<std::string>(std::string_view)> find) override;
    [[nodiscard]] bool ready() const override { return ready_.load(); }
    Result<SessionStart> sign_in(std::string_view login, std::string_view password, const Origin& from) override;
    Result<SessionStart> sign_in_external(const ExternalIdentity& identity, const Origin& from) override;
    Result<SessionStart> sign_in_verified(std::string_view account, std::string_view method,
                                          const Origin& from) override;
    [[nodiscard]] Result<Account> pending_account(std::string_view pending) const override;
    Result<SessionStart> complete_second_factor(std::string_view pending, std::string_view method,
                                                const Origin& from) override;
    Error fail_second_factor(std::string_view pending, std::string_view method, const Origin& from) override;
    [[nodiscard]] Result<Account> account(std::string_view id) const override;
    [[nodiscard]] Result<Account> account_of(const platform::Caller& caller) const override;
    [[nodiscard]] std::vector<Account> accounts() const override;
    [[nodiscard]] std::shared_ptr<const platform::Grants> grants_of_account(std::string_view id) const override;
    Result<void> keep_credential(const Credential& credential, std::string_view who) override;
    [[nodiscard]] Result<std::vector<Credential>> credentials_of(std::string_view account,
                                                                 std::string_view kind) const override;
    [[nodiscard]] Result<std::optional<Credential>> find_credential(std::string_view kind,
                                                                    std::string_view id) const override;
    Result<bool> use_credential(std::string_view account, std::string_view kind, std::string_view id,
                                std::int64_t counter) override;
    Result<void> drop_credential(std::string_view account, std::string_view kind, std::string_view id,
                                 std::string_view who) override;
    Result<void> end_other_sessions(std::string_view account, std::string_view current, std::string_view who) override;
    Result<void> may_try(const Origin& from) override;
    void note_failure(const Origin& from, std::string_view method) override;
    Result<std::string> first_link() override;
    Result<void> demonstrate(std::vector<Account> accounts) override;

    // ---- what the routes ask besides

    [[nodiscard]] SessionInfo session_of(const platform::Caller& caller, const Origin& from) const;
    Result<void> sign_out(const platform::Caller& caller);
    [[nodiscard]] std::vector<SessionEntry> sessions_of(std::string_view account, std::string_view current) const;
    Result<void> end_session(std::string_view account, std::string_view id, std::string_view who);
    Result<void> change_password(const platform::Caller& caller, const PasswordChange& change, const Origin& from);

    /// Accounts of the people whom the caller manages.
    [[nodiscard]] std::vector<Account> managed_by(const platform::Caller& caller) const;
    /// One's own, or one of those; `not_found` else.
    [[nodiscard]] Result<Account> seen_by(const platform::Caller& caller, std::string_view id) const;
    Result<Account> change(const platform::Caller& caller, std::string_view id, const AccountChange& change,
                           std::string_view if_match);
    Result<Account> set_roles(const platform::Caller& caller, std::string_view id, std::vector<RoleGrant> roles,
                              std::string_view if_match);

    /// For whoever has lost them: all of somebody whom the caller manages, whose sessions end.
    Result<void> remove_factors(const platform::Caller& caller, std::string_view id);

    [[nodiscard]] Result<std::vector<Invitation>> invitations(const platform::Caller& caller) const;
    Result<Invitation> invite(const platform::Caller& caller, const Invitation& wanted);
    Result<void> withdraw(const platform::Caller& caller, std::string_view id);
    Result<LinkInfo> look(std::string_view token, const Origin& from);
    Result<SessionStart> accept(const Acceptance& acceptance, const Origin& from);
    Result<void> ask_recovery(std::string_view login, const Origin& from);
    Result<SessionStart> recover(const Recovery& recovery, const Origin& from);

    [[nodiscard]] std::vector<Token> tokens_of(std::string_view account) const;
    Result<Token> make_token(const platform::Caller& caller, const TokenWish& wish);
    Result<void> end_token(const platform::Caller& caller, std::string_view id);

    [[nodiscard]] bool manages(const platform::Caller& caller, const Account& account) const;
    [[nodiscard]] data::Journal& journal() const { return house_->journal; }

    // ---- what the gatekeeper asks

    [[nodiscard]] const Directory& directory() const { return directory_; }
    [[nodiscard]] const Settings& settings() const { return settings_; }
    [[nodiscard]] const Clock& clock() const { return house_->clock; }
    [[nodiscard]] std::string_view cookie_name() const;
    /// Whether the account's roles wait until it has a second factor, or signs in with one elsewhere.
    [[nodiscard]] bool lacks_factor(const Account& account, const Opening& opening) const;
    /// Whether this is the secret of the local administrator's file (local.h).
    [[nodiscard]] bool is_local_secret(std::string_view hash) const;
    void set_local_secret(std::string hash);
    /// Counted against the address; `limited` once there were too many. Writes nothing here: it is called on a loop.
    [[nodiscard]] Error wrong_token(const Origin& from);
    void note_refused(const platform::Caller& caller, std::string_view permission, std::string_view path,
                      std::string address);

  private:
    using Attempt = Result<void>;
    struct Pending {
        std::string account, method;
        int tries = 0;
        Time until{};
        bool told = false;  ///< its owner, of a code that came twice
    };

    Result<void> open_data();
    Result<void> load_openings();
    Result<void> load_locks();
    Result<void> tell_of_tokens_that_end();

    // sign-in
    Result<void> begin_attempt(const Origin& from, std::string_view method);
    void attempt_succeeded(const Origin& from);
    Result<std::string> account_by_password(std::string_view login, std::string_view password, const Origin& from);
    Result<SessionStart> began(const Account& account, std::string_view method, bool strong, const Origin& from);
    Result<SessionStart> start_session(const Account& account, std::string_view method, const Origin& from);
    SessionStart start_pending(const Account& account, std::string_view method);
    Result<Account> may_enter(std::string_view id) const;
    Error wrong_password(std::string_view account, std::string_view key, const Origin& from);
    void count_failure(std::string_view account, std::string_view key, std::string_view method, const Origin& from);
    void forgive(std::string_view key);
    void tell_of_lock(std::string_view account, const Origin& from);
    void tell_of_used_code(std::string_view account, const Origin& from);
    Result<void> check_new_password(std::string_view password, std::string_view login, std::string_view name) const;
    [[nodiscard]] bool has_been_seen(std::string_view account, const Origin& from) const;
    Result<Account> attach(const ExternalIdentity& identity, const Origin& from);
    [[nodiscard]] std::string set_cookie(std::string_view value, Nanoseconds life) const;

    // accounts
    Result<Account> reload(std::string_view id);
    [[nodiscard]] std::vector<RoleGrant> roles_of(const platform::Caller& caller) const;
    [[nodiscard]] bool outranks(const platform::Caller& caller, const Account& account) const;
    void tell_of_factors(const Account& owner);
    [[nodiscard]] bool is_last_administrator(const Account& account) const;
    [[nodiscard]] bool has_administrator() const;
    void close_openings(std::string_view account, std::string_view except = {});

    // links
    struct MadeLink {
        LinkRow row;
        std::string url;
        std::string hash;
    };
    MadeLink make_link(LinkRow row, std::string_view page) const;
    Result<bool> send(const Letter& letter);

    template <class E>
    [[nodiscard]] Result<void> tell(data::Transaction& transaction, std::string_view account, std::string detail,
                                    std::string address, std::string_view who) const {
        const E event{{std::string(account), std::move(detail), std::move(address)}};
        return house_->journal.append(transaction, "account:" + std::string(account), event, who);
    }
    /// In a transaction of its own; what cannot be written is logged.
    template <class E>
    void tell(std::string_view account, std::string detail, std::string address, std::string_view who) const {
        const E event{{std::string(account), std::move(detail), std::move(address)}};
        not_told(house_->journal.append("account:" + std::string(account), event, who));
    }
    static void not_told(const Result<void>& outcome);
    static void not_kept(const Result<void>& outcome);

    platform::House* house_ = nullptr;
    Settings settings_;
    std::optional<Store> store_;
    std::optional<Seal> seal_;
    std::optional<BreachedPasswords> breached_;
    std::string decoy_;  ///< hash of a password that nobody has: an unknown account costs what a known one costs
    std::atomic<bool> ready_{false};
    Directory directory_;
    Guarded<AddressLimits> limits_{AddressLimits(AddressLimits::Rules{})};
    Guarded<AccountLocks> locks_{AccountLocks(AccountLocks::Rules{})};
    std::atomic<int> hashing_{0};
    Guarded<std::map<std::string, Pending>> pending_;
    Guarded<std::map<std::string, std::set<std::string>, std::less<>>> seen_from_;
    Guarded<std::map<std::string, Time>> refusals_;  ///< told lately
    Guarded<SendLetter> send_;
    Guarded<std::function<std::optional<std::string>(std::string_view)>> find_scope_;
    Guarded<std::string> local_secret_;
};

/// "account" of "person:account"; empty for any other caller.
[[nodiscard]] std::string_view person_in(std::string_view caller);
/// A slug for a new account, from an address or a name.
[[nodiscard]] std::string id_from(std::string_view login);
/// The hash under which cookies, tokens and links are kept.
[[nodiscard]] std::string hash_of(std::string_view secret);
[[nodiscard]] Result<std::int64_t> version_in(std::string_view if_match);

}  // namespace quipu::access
