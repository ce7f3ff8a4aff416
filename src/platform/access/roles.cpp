#include "platform/access/roles.h"

#include <algorithm>
#include <array>

namespace quipu::access {
namespace {

using platform::kEverywhere;
using platform::Permission;

constexpr int kDeepestTree = 32;

using Set = std::uint32_t;
constexpr Set bit(Permission permission) {
    return Set{1} << static_cast<unsigned>(permission);
}
template <class... P>
constexpr Set set_of(P... permissions) {
    return (bit(permissions) | ...);
}

// Each role may what those before it may. `agent` is no person's.
constexpr Set kViewer = set_of(Permission::see_public, Permission::report, Permission::own);
constexpr Set kMember = kViewer | set_of(Permission::see_members);
constexpr Set kOperator =
    kMember | set_of(Permission::see_private, Permission::work_cases, Permission::publish, Permission::operate);
constexpr Set kManager = kOperator | set_of(Permission::edit_registry, Permission::manage_people);
constexpr std::array<Set, 5> kSets = {kViewer, kMember, kOperator, kManager, kManager};
constexpr Set kAdministrator = set_of(Permission::administer);
constexpr Set kWithoutRole = kViewer;

Set set_of_role(Role role, bool everywhere) {
    const Set set = kSets[static_cast<std::size_t>(role)];
    return role == Role::administrator && everywhere ? set | kAdministrator : set;
}

class RoleGrants final : public platform::Grants {
  public:
    RoleGrants(std::vector<RoleGrant> roles, std::shared_ptr<const OrganisationTree> tree)
        : roles_(std::move(roles)), tree_(std::move(tree)) {}

    [[nodiscard]] bool may(Permission permission, std::string_view organisation,
                           std::string_view service) const override {
        if ((kWithoutRole & bit(permission)) != 0) return true;
        return std::ranges::any_of(roles_, [&](const RoleGrant& role) {
            return permits(role.role, permission, role.organisation.empty()) &&
                   (role.service.empty() || role.service == service) && holds_at(role, organisation);
        });
    }

  private:
    [[nodiscard]] bool holds_at(const RoleGrant& role, std::string_view organisation) const {
        if (role.organisation.empty() || organisation.empty()) return true;
        return organisation != kEverywhere && is_within(tree_.get(), organisation, role.organisation);
    }

    std::vector<RoleGrant> roles_;
    std::shared_ptr<const OrganisationTree> tree_;
};

class ScopedGrants final : public platform::Grants {
  public:
    ScopedGrants(std::shared_ptr<const platform::Grants> grants, std::vector<Permission> permissions,
                 std::vector<std::string> organisations, std::shared_ptr<const OrganisationTree> tree)
        : grants_(std::move(grants)),
          permissions_(std::move(permissions)),
          organisations_(std::move(organisations)),
          tree_(std::move(tree)) {}

    [[nodiscard]] bool may(Permission permission, std::string_view organisation,
                           std::string_view service) const override {
        if (permission == Permission::see_public) return true;
        if (!permissions_.empty() && std::ranges::find(permissions_, permission) == permissions_.end()) return false;
        if (organisations_.empty()) return grants_->may(permission, organisation, service);
        if (organisation.empty())  // at any: at one of those that the scope names
            return std::ranges::any_of(
                organisations_, [&](const std::string& each) { return grants_->may(permission, each, service); });
        return organisation != kEverywhere && grants_->may(permission, organisation, service) &&
               std::ranges::any_of(organisations_,
                                   [&](const std::string& each) { return is_within(tree_.get(), organisation, each); });
    }

  private:
    std::shared_ptr<const platform::Grants> grants_;
    std::vector<Permission> permissions_;
    std::vector<std::string> organisations_;
    std::shared_ptr<const OrganisationTree> tree_;
};

}  // namespace

bool permits(Role role, Permission permission, bool everywhere) {
    return (set_of_role(role, everywhere) & bit(permission)) != 0;
}

std::vector<Permission> permissions_of(Role role, bool everywhere) {
    std::vector<Permission> out;
    for (const auto& [permission, unused] : describe_enum(Permission{}))
        if (permits(role, permission, everywhere)) out.push_back(permission);
    return out;
}

std::shared_ptr<const platform::Grants> grants_of(std::vector<RoleGrant> roles,
                                                  std::shared_ptr<const OrganisationTree> tree) {
    return std::make_shared<const RoleGrants>(std::move(roles), std::move(tree));
}

std::shared_ptr<const platform::Grants> within(std::shared_ptr<const platform::Grants> grants,
                                               std::vector<Permission> permissions,
                                               std::vector<std::string> organisations,
                                               std::shared_ptr<const OrganisationTree> tree) {
    return std::make_shared<const ScopedGrants>(std::move(grants), std::move(permissions), std::move(organisations),
                                                std::move(tree));
}

bool is_within(const OrganisationTree* tree, std::string_view organisation, std::string_view above) {
    for (int step = 0; step < kDeepestTree && !organisation.empty(); ++step) {
        if (organisation == above) return true;
        if (tree == nullptr) return false;
        organisation = tree->parent_of(organisation);
    }
    return false;
}

bool covers(std::span<const RoleGrant> roles, const RoleGrant& wanted, const OrganisationTree* tree) {
    return std::ranges::any_of(roles, [&](const RoleGrant& held) {
        if (!held.service.empty() && held.service != wanted.service) return false;
        if (held.role < wanted.role) return false;
        if (held.organisation.empty()) return true;
        return !wanted.organisation.empty() && is_within(tree, wanted.organisation, held.organisation);
    });
}

}  // namespace quipu::access
