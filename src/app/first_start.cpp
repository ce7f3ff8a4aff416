#include "app/first_start.h"

#include <cstdio>
#include <fmt/format.h>

namespace quipu::app {
namespace {

access::Account demonstration(std::string id, std::string name, access::Role role, std::string organisation,
                              std::string language) {
    access::Account account;
    account.id = std::move(id);
    account.name = std::move(name);
    account.language = std::move(language);
    account.roles.push_back({role, organisation, {}});
    if (!organisation.empty()) account.organisation = std::move(organisation);
    return account;
}

}  // namespace

void tell_first_link(access::Access& access) {
    const auto link = access.first_link();
    if (!link || link->empty()) return;
    fmt::print(stderr, "There is no administrator yet. This link makes you one; it works once, within a day:\n  {}\n",
               *link);
}

std::vector<access::Account> demonstration_accounts() {
    using access::Role;
    return {demonstration("demo-administrator", "Administrator (demonstration)", Role::administrator, "", "es"),
            demonstration("demo-operator", "NOC of RedCLARA (demonstration)", Role::operator_, "redclara", "es"),
            demonstration("demo-manager", "Manager of REUNA (demonstration)", Role::manager, "reuna", "es"),
            demonstration("demo-member", "Member of RNP (demonstration)", Role::member, "rnp", "pt"),
            demonstration("demo-viewer", "Viewer (demonstration)", Role::viewer, "", "en")};
}

}  // namespace quipu::app
