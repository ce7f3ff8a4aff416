#pragma once
// Access in memory: accounts, sign-ins that wait, credentials. As strict as the real one where this floor relies on it.

#include <map>
#include <string>
#include <vector>

#include "net/tls.h"
#include "platform/access/access.h"

namespace quipu::signin {

class TestAccess final : public access::Access {
  public:
    std::map<std::string, access::Account> people;
    std::vector<access::Credential> credentials;
    std::map<std::string, std::string> waiting;  ///< pending → account
    std::vector<access::ExternalIdentity> arrived;
    std::vector<std::string> ended;  ///< "ACCOUNT but SESSION"
    int failures = 0;
    std::string failed_by = {};
    std::string pending_for = {};  ///< the next external sign-in waits for its second factor

    access::Account& add(const std::string& id) {
        access::Account account;
        account.id = id;
        account.login = id + "@example.org";
        account.name = id;
        return people[id] = account;
    }
    std::string wait(const std::string& account) {
        const std::string pending = net::random_token(16);
        waiting[pending] = account;
        return pending;
    }

    void use_tree(std::shared_ptr<const access::OrganisationTree>) override {}
    void send_letters_by(access::SendLetter) override {}
    void find_scopes_by(std::function<std::optional<std::string>(std::string_view)>) override {}
    [[nodiscard]] bool ready() const override { return true; }
    Result<access::SessionStart> sign_in(std::string_view, std::string_view, const access::Origin&) override {
        return fail(ErrorCode::unsupported, "not here");
    }
    Result<access::SessionStart> sign_in_external(const access::ExternalIdentity& identity,
                                                  const access::Origin&) override {
        arrived.push_back(identity);
        access::SessionStart out;
        out.account.id = "person";
        if (pending_for.empty())
            out.cookie = "quipu_session=opened; Path=/; HttpOnly";
        else
            out.pending = wait(pending_for), out.factors = {"totp"};
        return out;
    }
    Result<access::SessionStart> sign_in_verified(std::string_view account, std::string_view,
                                                  const access::Origin&) override {
        return opened(std::string(account));
    }
    Result<access::Account> pending_account(std::string_view pending) const override {
        const auto found = waiting.find(std::string(pending));
        if (found == waiting.end()) return fail(ErrorCode::unauthenticated, "this sign-in is over");
        return people.at(found->second);
    }
    Result<access::SessionStart> complete_second_factor(std::string_view pending, std::string_view,
                                                        const access::Origin&) override {
        const auto node = waiting.extract(std::string(pending));
        if (node.empty()) return fail(ErrorCode::unauthenticated, "this sign-in is over");
        return opened(node.mapped());
    }
    Error fail_second_factor(std::string_view, std::string_view method, const access::Origin&) override {
        ++failures;
        failed_by = method;
        return {ErrorCode::unauthenticated, "the code is wrong", {}, {}, {}};
    }
    Result<access::Account> account(std::string_view id) const override { return people.at(std::string(id)); }
    Result<access::Account> account_of(const platform::Caller& caller) const override {
        const auto found = people.find(caller.id.starts_with("person:") ? caller.id.substr(7) : "");
        if (found == people.end()) return fail(ErrorCode::unauthenticated, "not a person");
        return found->second;
    }
    std::vector<access::Account> accounts() const override { return {}; }
    std::shared_ptr<const platform::Grants> grants_of_account(std::string_view) const override { return {}; }
    Result<void> keep_credential(const access::Credential& credential, std::string_view) override {
        std::erase_if(credentials, [&](const auto& c) { return c.kind == credential.kind && c.id == credential.id; });
        credentials.push_back(credential);
        return {};
    }
    Result<std::vector<access::Credential>> credentials_of(std::string_view account,
                                                           std::string_view kind) const override {
        std::vector<access::Credential> out;
        for (const auto& each : credentials)
            if (each.account == account && each.kind == kind) out.push_back(each);
        return out;
    }
    Result<std::optional<access::Credential>> find_credential(std::string_view kind,
                                                              std::string_view id) const override {
        for (const auto& each : credentials)
            if (each.kind == kind && each.id == id) return std::optional(each);
        return std::nullopt;
    }
    Result<bool> use_credential(std::string_view account, std::string_view kind, std::string_view id,
                                std::int64_t counter) override {
        for (auto& each : credentials) {
            if (each.account != account || each.kind != kind || each.id != id || each.counter >= counter) continue;
            each.counter = counter;
            return true;
        }
        return false;
    }
    Result<void> drop_credential(std::string_view account, std::string_view kind, std::string_view id,
                                 std::string_view) override {
        std::erase_if(credentials, [&](const auto& c) { return c.account == account && c.kind == kind && c.id == id; });
        return {};
    }
    Result<void> end_other_sessions(std::string_view account, std::string_view current, std::string_view) override {
        ended.emplace_back(std::string(account) + " but " + std::string(current));
        return {};
    }
    Result<void> may_try(const access::Origin&) override { return {}; }
    void note_failure(const access::Origin&, std::string_view) override { ++failures; }
    Result<std::string> first_link() override { return std::string(); }
    Result<void> demonstrate(std::vector<access::Account>) override { return {}; }

  private:
    Result<access::SessionStart> opened(const std::string& account) {
        access::SessionStart out;
        out.account = people.at(account);
        out.cookie = "quipu_session=opened; Path=/; HttpOnly";
        return out;
    }
};

}  // namespace quipu::signin
