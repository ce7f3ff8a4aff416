#pragma once
// The tables of access: accounts with their roles and authenticators, sessions, tokens and one-time links. Of whatever
// opens a door only the hash is kept.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/database.h"
#include "platform/access/access.h"
#include "platform/access/api.h"

namespace quipu::access {

struct SessionRow {
    std::string hash;  ///< of the cookie
    std::string id, account;
    Time started{}, seen{}, until{};
    std::string address, client, method;
};
struct TokenRow {
    std::string hash;
    Token token;
    bool end_told = false;  ///< its owner has had the letter that it ends soon
};
struct LinkRow {
    std::string id;
    std::string kind;     ///< first, invitation, recovery
    std::string account;  ///< of a recovery
    std::string mail, name, language;
    RoleGrant role;
    std::string made_by;
    Time until{};
};

class Store {
  public:
    explicit Store(data::Database& database) : database_(database) {}

    [[nodiscard]] Result<std::vector<Account>> accounts() const;
    [[nodiscard]] Result<std::optional<Account>> account(std::string_view id) const;
    /// By what was typed, whatever its case.
    struct Known {
        std::string account, password;  ///< password: its hash, empty for none
    };
    [[nodiscard]] Result<std::optional<Known>> by_login(std::string_view login) const;
    [[nodiscard]] Result<std::string> password_of(std::string_view account) const;
    [[nodiscard]] Result<std::optional<std::string>> by_identity(std::string_view issuer,
                                                                 std::string_view subject) const;
    [[nodiscard]] Result<std::vector<SessionRow>> sessions() const;
    [[nodiscard]] Result<std::vector<TokenRow>> tokens() const;
    struct Lock {
        std::string key;
        Time until{};
    };
    [[nodiscard]] Result<std::vector<Lock>> locks(Time now) const;
    [[nodiscard]] Result<std::optional<LinkRow>> link(std::string_view hash, Time now) const;
    [[nodiscard]] Result<std::vector<LinkRow>> links(std::string_view kind, Time now) const;
    [[nodiscard]] Result<std::vector<Credential>> credentials(std::string_view account, std::string_view kind) const;
    [[nodiscard]] Result<std::optional<Credential>> credential(std::string_view kind, std::string_view id) const;

    // Inside a write. Whatever changes an account raises its version.

    /// `conflict` when the login is taken. The id is made unique.
    [[nodiscard]] static Result<void> insert(data::Transaction& transaction, Account& account,
                                             std::string_view password);
    /// `precondition_failed` when `expected` is not its version; -1: whichever it is.
    [[nodiscard]] static Result<void> update(data::Transaction& transaction, const Account& account,
                                             std::int64_t expected);
    [[nodiscard]] static Result<void> set_roles(data::Transaction& transaction, std::string_view account,
                                                std::span<const RoleGrant> roles, std::string_view who, Time now);
    [[nodiscard]] static Result<void> set_password(data::Transaction& transaction, std::string_view account,
                                                   std::string_view hash);
    [[nodiscard]] static Result<void> set_seen(data::Transaction& transaction, std::string_view account, Time now);
    [[nodiscard]] static Result<void> bind(data::Transaction& transaction, std::string_view account,
                                           const ExternalIdentity& identity, Time now);
    [[nodiscard]] static Result<void> put(data::Transaction& transaction, const Credential& credential);
    [[nodiscard]] static Result<bool> raise_counter(data::Transaction& transaction, std::string_view account,
                                                    std::string_view kind, std::string_view id, std::int64_t counter,
                                                    Time now);
    [[nodiscard]] static Result<void> drop(data::Transaction& transaction, std::string_view account,
                                           std::string_view kind, std::string_view id);
    [[nodiscard]] static Result<void> insert(data::Transaction& transaction, const SessionRow& session);
    [[nodiscard]] static Result<void> remove_session(data::Transaction& transaction, std::string_view id);
    [[nodiscard]] static Result<void> insert(data::Transaction& transaction, const TokenRow& token);
    [[nodiscard]] static Result<void> remove_token(data::Transaction& transaction, std::string_view id);
    [[nodiscard]] static Result<void> set_end_told(data::Transaction& transaction, std::string_view id);
    [[nodiscard]] static Result<void> put(data::Transaction& transaction, const Lock& lock);
    [[nodiscard]] static Result<void> remove_lock(data::Transaction& transaction, std::string_view key);
    [[nodiscard]] static Result<void> insert(data::Transaction& transaction, const LinkRow& link,
                                             std::string_view hash);
    /// Takes the link away: false when it was taken before, or is over.
    [[nodiscard]] static Result<bool> take_link(data::Transaction& transaction, std::string_view hash, Time now);
    [[nodiscard]] static Result<void> remove_links(data::Transaction& transaction, std::string_view kind,
                                                   std::string_view account);
    [[nodiscard]] static Result<bool> remove_link(data::Transaction& transaction, std::string_view id);

    struct Touch {
        std::string id;
        Time time;
    };
    /// When sessions and tokens were used last; removes what is over.
    [[nodiscard]] Result<void> sweep(std::span<const Touch> sessions, std::span<const Touch> tokens,
                                     std::span<const std::string> ended, Time now);

  private:
    data::Database& database_;
};

extern const std::vector<data::Migration> kAccessMigrations;

}  // namespace quipu::access
