#include "platform/access/store.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "data/instants.h"

namespace quipu::access {
namespace {

data::Cell text_or_null(const std::optional<std::string>& text) {
    return text && !text->empty() ? data::Cell(*text) : data::Cell();
}
std::optional<std::string> text_at(const data::Rows& rows, std::size_t row, std::size_t column) {
    return rows.is_null(row, column) ? std::nullopt : std::optional(rows.text(row, column));
}
std::optional<Time> time_if_any_at(const data::Rows& rows, std::size_t row, std::size_t column) {
    return rows.is_null(row, column) ? std::nullopt : std::optional(data::time_of(rows.integer(row, column)));
}

/// Logins compare without case, and without the spaces around them.
std::string key_of(std::string_view login) {
    while (login.starts_with(' '))
        login.remove_prefix(1);
    while (login.ends_with(' '))
        login.remove_suffix(1);
    std::string out(login);
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

template <class E>
E named(const std::string& text, E fallback) {
    return enum_value<E>(text).value_or(fallback);
}

std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& each : list)
        out += (out.empty() ? "" : " ") + each;
    return out;
}
std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto space = std::min(text.find(' '), text.size());
        out.emplace_back(text.substr(0, space));
        text.remove_prefix(std::min(space + 1, text.size()));
    }
    return out;
}

constexpr std::string_view kAccountColumns =
    "SELECT id, login, name, mail, language, state, organisation, CASE WHEN password IS NULL THEN 0 ELSE 1 END, "
    "created, "
    "seen, version FROM access_accounts ";

Account account_at(const data::Rows& rows, std::size_t row) {
    Account account;
    account.id = rows.text(row, 0);
    account.login = rows.text(row, 1);
    account.name = rows.text(row, 2);
    account.mail = text_at(rows, row, 3);
    account.language = text_at(rows, row, 4);
    account.state = named(rows.text(row, 5), AccountState::locked);
    account.organisation = text_at(rows, row, 6);
    account.has_password = rows.integer(row, 7) != 0;
    account.created = data::time_of(rows.integer(row, 8));
    account.seen = time_if_any_at(rows, row, 9);
    account.version = rows.integer(row, 10);
    return account;
}

/// Roles and kinds of second factor, of one account or of all.
Result<void> complete(data::Transaction& transaction, std::vector<Account>& accounts) {
    std::map<std::string, Account*, std::less<>> by_id;
    for (Account& account : accounts)
        by_id.emplace(account.id, &account);
    const std::string only = accounts.size() == 1 ? accounts.front().id : std::string();
    const data::Rows roles =
        TRY(transaction.run("SELECT account, role, organisation, service FROM access_roles WHERE ? = "
                            "'' OR account = ? ORDER BY account, organisation, service, role",
                            only, only));
    for (std::size_t row = 0; row < roles.size(); ++row)
        if (const auto at = by_id.find(roles.text(row, 0)); at != by_id.end())
            // A role that this program does not know gives the least.
            at->second->roles.push_back(
                {named(roles.text(row, 1), Role::viewer), roles.text(row, 2), roles.text(row, 3)});
    const data::Rows factors = TRY(transaction.run(
        "SELECT DISTINCT account, kind FROM access_credentials WHERE ? = '' OR account = ? ORDER BY account, kind",
        only, only));
    for (std::size_t row = 0; row < factors.size(); ++row)
        if (const auto at = by_id.find(factors.text(row, 0)); at != by_id.end())
            at->second->factors.push_back(factors.text(row, 1));
    return {};
}

LinkRow link_at(const data::Rows& rows, std::size_t row) {
    return {.id = rows.text(row, 0),
            .kind = rows.text(row, 1),
            .account = rows.text(row, 2),
            .mail = rows.text(row, 3),
            .name = rows.text(row, 4),
            .language = rows.text(row, 5),
            .role = {named(rows.text(row, 6), Role::viewer), rows.text(row, 7), rows.text(row, 8)},
            .made_by = rows.text(row, 9),
            .until = data::time_of(rows.integer(row, 10))};
}
constexpr std::string_view kLinkColumns =
    "SELECT id, kind, account, mail, name, language, role, organisation, service, made_by, until_ns FROM access_links ";

Credential credential_at(const data::Rows& rows, std::size_t row) {
    return {.account = rows.text(row, 0),
            .kind = rows.text(row, 1),
            .id = rows.text(row, 2),
            .name = rows.text(row, 3),
            .data = rows.text(row, 4),
            .counter = rows.integer(row, 5),
            .created = data::time_of(rows.integer(row, 6)),
            .used = time_if_any_at(rows, row, 7)};
}
constexpr std::string_view kCredentialColumns =
    "SELECT account, kind, id, name, data, counter, created, used FROM access_credentials ";

}  // namespace

const std::vector<data::Migration> kAccessMigrations = {{.name = "access.001.accounts", .sql = R"(
CREATE TABLE access_accounts (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL,
    login_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    mail TEXT,
    language TEXT,
    state TEXT NOT NULL,
    organisation TEXT,
    password TEXT,
    created BIGINT NOT NULL,
    seen BIGINT,
    version BIGINT NOT NULL
);
CREATE TABLE access_roles (
    account TEXT NOT NULL REFERENCES access_accounts (id),
    role TEXT NOT NULL,
    organisation TEXT NOT NULL,
    service TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted BIGINT NOT NULL,
    PRIMARY KEY (account, organisation, service, role)
);
CREATE TABLE access_identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES access_accounts (id),
    eppn TEXT,
    created BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE TABLE access_credentials (
    account TEXT NOT NULL REFERENCES access_accounts (id),
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    data TEXT NOT NULL,
    counter BIGINT NOT NULL,
    created BIGINT NOT NULL,
    used BIGINT,
    PRIMARY KEY (account, kind, id)
);
CREATE INDEX access_credentials_by_id ON access_credentials (kind, id);
CREATE TABLE access_sessions (
    hash TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES access_accounts (id),
    started BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    until_ns BIGINT NOT NULL,
    address TEXT NOT NULL,
    client TEXT NOT NULL,
    method TEXT NOT NULL
);
CREATE TABLE access_tokens (
    hash TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES access_accounts (id),
    name TEXT NOT NULL,
    permissions TEXT NOT NULL,
    organisations TEXT NOT NULL,
    created BIGINT NOT NULL,
    until_ns BIGINT NOT NULL,
    used BIGINT
);
CREATE TABLE access_links (
    hash TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    mail TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    role TEXT NOT NULL,
    organisation TEXT NOT NULL,
    service TEXT NOT NULL,
    made_by TEXT NOT NULL,
    until_ns BIGINT NOT NULL
);
)"},
                                                        {.name = "access.002.locks", .sql = R"(
CREATE TABLE access_locks (
    account TEXT PRIMARY KEY,
    until_ns BIGINT NOT NULL
);
ALTER TABLE access_tokens ADD COLUMN end_told BIGINT NOT NULL DEFAULT 0;
)"}};

Result<std::vector<Account>> Store::accounts() const {
    std::vector<Account> out;
    TRY(database_.read([&](data::Transaction& transaction) -> Result<void> {
        out.clear();
        const data::Rows rows = TRY(transaction.run(std::string(kAccountColumns) + "ORDER BY id"));
        for (std::size_t row = 0; row < rows.size(); ++row)
            out.push_back(account_at(rows, row));
        return complete(transaction, out);
    }));
    return out;
}

Result<std::optional<Account>> Store::account(std::string_view id) const {
    std::vector<Account> found;
    TRY(database_.read([&](data::Transaction& transaction) -> Result<void> {
        found.clear();
        const data::Rows rows = TRY(transaction.run(std::string(kAccountColumns) + "WHERE id = ?", std::string(id)));
        if (rows.empty()) return {};
        found.push_back(account_at(rows, 0));
        return complete(transaction, found);
    }));
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

Result<std::optional<Store::Known>> Store::by_login(std::string_view login) const {
    const data::Rows rows =
        TRY(database_.query("SELECT id, password FROM access_accounts WHERE login_key = ?", key_of(login)));
    if (rows.empty()) return std::nullopt;
    return Known{rows.text(0, 0), rows.is_null(0, 1) ? std::string() : rows.text(0, 1)};
}

Result<std::string> Store::password_of(std::string_view account) const {
    const data::Rows rows =
        TRY(database_.query("SELECT password FROM access_accounts WHERE id = ?", std::string(account)));
    return rows.empty() || rows.is_null(0, 0) ? std::string() : rows.text(0, 0);
}

Result<std::optional<std::string>> Store::by_identity(std::string_view issuer, std::string_view subject) const {
    const data::Rows rows =
        TRY(database_.query("SELECT account FROM access_identities WHERE issuer = ? AND subject = ?",
                            std::string(issuer), std::string(subject)));
    if (rows.empty()) return std::nullopt;
    return rows.text(0, 0);
}

Result<std::vector<SessionRow>> Store::sessions() const {
    const data::Rows rows = TRY(database_.query(
        "SELECT hash, id, account, started, seen, until_ns, address, client, method FROM access_sessions"));
    std::vector<SessionRow> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back({.hash = rows.text(row, 0),
                       .id = rows.text(row, 1),
                       .account = rows.text(row, 2),
                       .started = data::time_of(rows.integer(row, 3)),
                       .seen = data::time_of(rows.integer(row, 4)),
                       .until = data::time_of(rows.integer(row, 5)),
                       .address = rows.text(row, 6),
                       .client = rows.text(row, 7),
                       .method = rows.text(row, 8)});
    return out;
}

Result<std::vector<TokenRow>> Store::tokens() const {
    const data::Rows rows = TRY(
        database_.query("SELECT hash, id, account, name, permissions, organisations, created, until_ns, used, end_told "
                        "FROM access_tokens"));
    std::vector<TokenRow> out;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        Token token{.id = rows.text(row, 1),
                    .account = rows.text(row, 2),
                    .name = rows.text(row, 3),
                    .permissions = {},
                    .organisations = split(rows.text(row, 5)),
                    .created = data::time_of(rows.integer(row, 6)),
                    .until = data::time_of(rows.integer(row, 7)),
                    .used = time_if_any_at(rows, row, 8),
                    .token = {}};
        for (const std::string& name : split(rows.text(row, 4)))
            token.permissions.push_back(named(name, platform::Permission::see_public));
        out.push_back({rows.text(row, 0), std::move(token), rows.integer(row, 9) != 0});
    }
    return out;
}

Result<std::vector<Store::Lock>> Store::locks(Time now) const {
    const data::Rows rows =
        TRY(database_.query("SELECT account, until_ns FROM access_locks WHERE until_ns > ?", data::count_of(now)));
    std::vector<Lock> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back({rows.text(row, 0), data::time_of(rows.integer(row, 1))});
    return out;
}

Result<std::optional<LinkRow>> Store::link(std::string_view hash, Time now) const {
    const data::Rows rows = TRY(database_.query(std::string(kLinkColumns) + "WHERE hash = ? AND until_ns > ?",
                                                std::string(hash), data::count_of(now)));
    if (rows.empty()) return std::nullopt;
    return link_at(rows, 0);
}

Result<std::vector<LinkRow>> Store::links(std::string_view kind, Time now) const {
    const data::Rows rows =
        TRY(database_.query(std::string(kLinkColumns) + "WHERE kind = ? AND until_ns > ? ORDER BY until_ns, id",
                            std::string(kind), data::count_of(now)));
    std::vector<LinkRow> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back(link_at(rows, row));
    return out;
}

Result<std::vector<Credential>> Store::credentials(std::string_view account, std::string_view kind) const {
    const data::Rows rows = TRY(database_.query(
        std::string(kCredentialColumns) + "WHERE account = ? AND (? = '' OR kind = ?) ORDER BY kind, created, id",
        std::string(account), std::string(kind), std::string(kind)));
    std::vector<Credential> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back(credential_at(rows, row));
    return out;
}

Result<std::optional<Credential>> Store::credential(std::string_view kind, std::string_view id) const {
    const data::Rows rows = TRY(database_.query(std::string(kCredentialColumns) + "WHERE kind = ? AND id = ?",
                                                std::string(kind), std::string(id)));
    if (rows.size() != 1) return std::nullopt;
    return credential_at(rows, 0);
}

Result<void> Store::insert(data::Transaction& transaction, Account& account, std::string_view password) {
    const std::string key = key_of(account.login);
    if (!TRY(transaction.run("SELECT id FROM access_accounts WHERE login_key = ?", key)).empty())
        return fail(ErrorCode::conflict, "there is an account of this name already", "login");
    const std::string wanted = account.id;
    for (int number = 2; !TRY(transaction.run("SELECT id FROM access_accounts WHERE id = ?", account.id)).empty();
         ++number)
        account.id = fmt::format("{}-{}", wanted, number);
    account.version = 1;
    TRY(transaction.run(
        "INSERT INTO access_accounts (id, login, login_key, name, mail, language, state, organisation, "
        "password, created, seen, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
        account.id, account.login, key, account.name, text_or_null(account.mail), text_or_null(account.language),
        std::string(enum_name(account.state)), text_or_null(account.organisation), text_or_null(std::string(password)),
        data::count_of(account.created), data::Cell()));
    return {};
}

Result<void> Store::update(data::Transaction& transaction, const Account& account, std::int64_t expected) {
    const data::Rows rows = TRY(transaction.run(
        "UPDATE access_accounts SET name = ?, mail = ?, language = ?, state = ?, organisation = ?, version = version + "
        "1 "
        "WHERE id = ? AND (? = -1 OR version = ?) RETURNING id",
        account.name, text_or_null(account.mail), text_or_null(account.language), std::string(enum_name(account.state)),
        text_or_null(account.organisation), account.id, expected, expected));
    if (rows.empty())
        return fail(ErrorCode::precondition_failed, "the account has changed since it was read", "If-Match",
                    "read it again, and change what it is now");
    return {};
}

Result<void> Store::set_roles(data::Transaction& transaction, std::string_view account,
                              std::span<const RoleGrant> roles, std::string_view who, Time now) {
    TRY(transaction.run("DELETE FROM access_roles WHERE account = ?", std::string(account)));
    for (const RoleGrant& role : roles)
        TRY(transaction.run(
            "INSERT INTO access_roles (account, role, organisation, service, granted_by, granted) VALUES "
            "(?, ?, ?, ?, ?, ?) ON CONFLICT (account, organisation, service, role) DO NOTHING",
            std::string(account), std::string(enum_name(role.role)), role.organisation, role.service, std::string(who),
            data::count_of(now)));
    return {};
}

Result<void> Store::set_password(data::Transaction& transaction, std::string_view account, std::string_view hash) {
    TRY(transaction.run("UPDATE access_accounts SET password = ?, version = version + 1 WHERE id = ?",
                        text_or_null(std::string(hash)), std::string(account)));
    return {};
}

Result<void> Store::set_seen(data::Transaction& transaction, std::string_view account, Time now) {
    TRY(transaction.run("UPDATE access_accounts SET seen = ? WHERE id = ?", data::count_of(now), std::string(account)));
    return {};
}

Result<void> Store::bind(data::Transaction& transaction, std::string_view account, const ExternalIdentity& identity,
                         Time now) {
    TRY(transaction.run(
        "INSERT INTO access_identities (issuer, subject, account, eppn, created) VALUES (?, ?, ?, ?, ?)",
        identity.issuer, identity.subject, std::string(account), text_or_null(identity.eppn), data::count_of(now)));
    return {};
}

Result<void> Store::put(data::Transaction& transaction, const Credential& credential) {
    TRY(transaction.run(
        "INSERT INTO access_credentials (account, kind, id, name, data, counter, created) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (account, kind, id) DO UPDATE SET name = excluded.name, data = excluded.data, counter = "
        "excluded.counter, created = excluded.created",
        credential.account, credential.kind, credential.id, credential.name, credential.data, credential.counter,
        data::count_of(credential.created)));
    TRY(transaction.run("UPDATE access_accounts SET version = version + 1 WHERE id = ?", credential.account));
    return {};
}

Result<bool> Store::raise_counter(data::Transaction& transaction, std::string_view account, std::string_view kind,
                                  std::string_view id, std::int64_t counter, Time now) {
    const data::Rows rows = TRY(transaction.run(
        "UPDATE access_credentials SET counter = ?, used = ? WHERE account = ? AND "
        "kind = ? AND id = ? AND counter < ? RETURNING id",
        counter, data::count_of(now), std::string(account), std::string(kind), std::string(id), counter));
    return !rows.empty();
}

Result<void> Store::drop(data::Transaction& transaction, std::string_view account, std::string_view kind,
                         std::string_view id) {
    const data::Rows rows =
        TRY(transaction.run("DELETE FROM access_credentials WHERE account = ? AND kind = ? AND id = ? RETURNING id",
                            std::string(account), std::string(kind), std::string(id)));
    if (rows.empty()) return fail(ErrorCode::not_found, "there is no such authenticator", "id");
    TRY(transaction.run("UPDATE access_accounts SET version = version + 1 WHERE id = ?", std::string(account)));
    return {};
}

Result<void> Store::insert(data::Transaction& transaction, const SessionRow& session) {
    TRY(transaction.run(
        "INSERT INTO access_sessions (hash, id, account, started, seen, until_ns, address, client, method) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        session.hash, session.id, session.account, data::count_of(session.started), data::count_of(session.seen),
        data::count_of(session.until), session.address, session.client, session.method));
    return {};
}

Result<void> Store::remove_session(data::Transaction& transaction, std::string_view id) {
    TRY(transaction.run("DELETE FROM access_sessions WHERE id = ?", std::string(id)));
    return {};
}

Result<void> Store::insert(data::Transaction& transaction, const TokenRow& row) {
    std::vector<std::string> permissions;
    for (const platform::Permission permission : row.token.permissions)
        permissions.emplace_back(enum_name(permission));
    TRY(transaction.run(
        "INSERT INTO access_tokens (hash, id, account, name, permissions, organisations, created, until_ns) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row.hash, row.token.id, row.token.account, row.token.name, joined(permissions), joined(row.token.organisations),
        data::count_of(row.token.created), data::count_of(row.token.until)));
    return {};
}

Result<void> Store::remove_token(data::Transaction& transaction, std::string_view id) {
    TRY(transaction.run("DELETE FROM access_tokens WHERE id = ?", std::string(id)));
    return {};
}

Result<void> Store::set_end_told(data::Transaction& transaction, std::string_view id) {
    TRY(transaction.run("UPDATE access_tokens SET end_told = 1 WHERE id = ?", std::string(id)));
    return {};
}

Result<void> Store::put(data::Transaction& transaction, const Lock& lock) {
    TRY(
        transaction.run("INSERT INTO access_locks (account, until_ns) VALUES (?, ?) "
                        "ON CONFLICT (account) DO UPDATE SET until_ns = excluded.until_ns",
                        lock.key, data::count_of(lock.until)));
    return {};
}

Result<void> Store::remove_lock(data::Transaction& transaction, std::string_view key) {
    TRY(transaction.run("DELETE FROM access_locks WHERE account = ?", std::string(key)));
    return {};
}

Result<void> Store::insert(data::Transaction& transaction, const LinkRow& link, std::string_view hash) {
    TRY(
        transaction.run("INSERT INTO access_links (hash, id, kind, account, mail, name, language, role, organisation, "
                        "service, made_by, until_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        std::string(hash), link.id, link.kind, link.account, link.mail, link.name, link.language,
                        std::string(enum_name(link.role.role)), link.role.organisation, link.role.service, link.made_by,
                        data::count_of(link.until)));
    return {};
}

Result<bool> Store::take_link(data::Transaction& transaction, std::string_view hash, Time now) {
    const data::Rows rows = TRY(transaction.run("DELETE FROM access_links WHERE hash = ? AND until_ns > ? RETURNING id",
                                                std::string(hash), data::count_of(now)));
    return !rows.empty();
}

Result<void> Store::remove_links(data::Transaction& transaction, std::string_view kind, std::string_view account) {
    TRY(transaction.run("DELETE FROM access_links WHERE kind = ? AND account = ?", std::string(kind),
                        std::string(account)));
    return {};
}

Result<bool> Store::remove_link(data::Transaction& transaction, std::string_view id) {
    return !TRY(transaction.run("DELETE FROM access_links WHERE id = ? RETURNING id", std::string(id)))
    .empty();
}

Result<void> Store::sweep(std::span<const Touch> sessions, std::span<const Touch> tokens,
                          std::span<const std::string> ended, Time now) {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        for (const Touch& touch : sessions)
            TRY(transaction.run("UPDATE access_sessions SET seen = ? WHERE id = ?", data::count_of(touch.time),
                                touch.id));
        for (const Touch& touch : tokens)
            TRY(transaction.run("UPDATE access_tokens SET used = ? WHERE id = ?", data::count_of(touch.time),
                                touch.id));
        for (const std::string& id : ended)
            TRY(transaction.run("DELETE FROM access_sessions WHERE id = ?", id));
        TRY(transaction.run("DELETE FROM access_sessions WHERE until_ns <= ?", data::count_of(now)));
        TRY(transaction.run("DELETE FROM access_tokens WHERE until_ns <= ?", data::count_of(now)));
        TRY(transaction.run("DELETE FROM access_links WHERE until_ns <= ?", data::count_of(now)));
        TRY(transaction.run("DELETE FROM access_locks WHERE until_ns <= ?", data::count_of(now)));
        return {};
    });
}

}  // namespace quipu::access
