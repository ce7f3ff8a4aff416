#include "platform/access/roles.h"

#include <gmock/gmock.h>

#include "platform/access/test_access.h"

namespace quipu::access {
namespace {

using platform::kEverywhere;
using platform::Permission;

const auto kTree = std::make_shared<const SmallTree>();

auto holding(std::vector<RoleGrant> roles) {
    return grants_of(std::move(roles), kTree);
}

TEST(Roles, EachMayWhatThoseBeforeItMay) {
    const auto roles = describe_enum(Role{});
    for (std::size_t i = 1; i < roles.size(); ++i)
        for (const Permission permission : permissions_of(roles[i - 1].first, true))
            EXPECT_TRUE(permits(roles[i].first, permission, true))
                << roles[i].second << " lacks " << enum_name(permission);
    EXPECT_FALSE(permits(Role::administrator, Permission::agent, true)) << "that is no person's";
}

TEST(Roles, HoldBelowTheirOrganisationAndNowhereElse) {
    const auto manager = holding({{Role::manager, "rnp", ""}});
    EXPECT_TRUE(manager->may(Permission::edit_registry, "rnp", "registry"));
    EXPECT_TRUE(manager->may(Permission::edit_registry, "usp", "registry"));
    EXPECT_FALSE(manager->may(Permission::edit_registry, "reuna", "registry"));
    EXPECT_FALSE(manager->may(Permission::edit_registry, "redclara", "registry"));
    EXPECT_FALSE(manager->may(Permission::edit_registry, "nobody", "registry"));
    EXPECT_FALSE(manager->may(Permission::edit_registry, kEverywhere, "registry"));
    EXPECT_TRUE(manager->may(Permission::edit_registry, "", "registry")) << "somewhere";
}

TEST(Roles, OneServiceOnly) {
    const auto grants = holding({{Role::operator_, "rnp", "lab"}});
    EXPECT_TRUE(grants->may(Permission::operate, "rnp", "lab"));
    EXPECT_FALSE(grants->may(Permission::operate, "rnp", "measure"));
}

TEST(Roles, TheHouseIsOnlyWhoseRoleIsEverywhere) {
    EXPECT_FALSE(holding({{Role::administrator, "redclara", ""}})->may(Permission::administer, "", ""));
    EXPECT_TRUE(holding({{Role::administrator, "", ""}})->may(Permission::administer, kEverywhere, ""));
    EXPECT_TRUE(holding({{Role::operator_, "", ""}})->may(Permission::operate, kEverywhere, "lab"));
}

TEST(Roles, WhoeverIsKnownHasTheirOwn) {
    EXPECT_TRUE(holding({})->may(Permission::own, "", ""));
    EXPECT_TRUE(holding({})->may(Permission::see_public, "", ""));
    EXPECT_FALSE(holding({})->may(Permission::see_members, "", ""));
}

TEST(Roles, ATreeThatRunsInACircleEnds) {
    class Circle final : public OrganisationTree {
      public:
        [[nodiscard]] std::string_view parent_of(std::string_view o) const override { return o == "a" ? "b" : "a"; }
        [[nodiscard]] bool knows(std::string_view) const override { return true; }
    };
    const Circle circle;
    EXPECT_TRUE(is_within(&circle, "a", "b"));
    EXPECT_FALSE(is_within(&circle, "a", "c"));
}

TEST(Scope, IsNeverMoreThanItsOwner) {
    const auto owner = holding({{Role::manager, "rnp", ""}});
    const auto scoped = within(owner, {Permission::edit_registry, Permission::administer}, {"usp"}, kTree);
    EXPECT_TRUE(scoped->may(Permission::edit_registry, "usp", "registry"));
    EXPECT_FALSE(scoped->may(Permission::edit_registry, "rnp", "registry")) << "not in its scope";
    EXPECT_FALSE(scoped->may(Permission::operate, "usp", "lab")) << "not in its scope";
    EXPECT_FALSE(scoped->may(Permission::administer, kEverywhere, "")) << "not its owner's";
    EXPECT_FALSE(within(owner, {}, {"reuna"}, kTree)->may(Permission::edit_registry, "", ""))
        << "scope beyond the owner";
    EXPECT_TRUE(within(owner, {}, {}, kTree)->may(Permission::edit_registry, "rnp", ""));
}

TEST(Covers, NobodyGivesMoreThanTheyHave) {
    const std::vector<RoleGrant> manager = {{Role::manager, "rnp", ""}};
    EXPECT_TRUE(covers(manager, {Role::manager, "usp", ""}, kTree.get()));
    EXPECT_TRUE(covers(manager, {Role::viewer, "rnp", "voice"}, kTree.get()));
    EXPECT_FALSE(covers(manager, {Role::administrator, "usp", ""}, kTree.get()));
    EXPECT_FALSE(covers(manager, {Role::viewer, "reuna", ""}, kTree.get()));
    EXPECT_FALSE(covers(manager, {Role::viewer, "", ""}, kTree.get()));
    EXPECT_FALSE(covers({{{Role::manager, "rnp", "voice"}}}, {Role::viewer, "rnp", ""}, kTree.get()));
}

}  // namespace
}  // namespace quipu::access
