#pragma once
// Which role permits what, and the grants that follow from an account's roles and the tree of organisations.

#include <memory>
#include <span>
#include <vector>

#include "platform/access/access.h"
#include "platform/access/model.h"
#include "platform/api.h"

namespace quipu::access {

/// The permissions of a role held at an organisation; `everywhere` adds what only the whole house can give.
[[nodiscard]] std::vector<platform::Permission> permissions_of(Role role, bool everywhere);
[[nodiscard]] bool permits(Role role, platform::Permission permission, bool everywhere);

/// What these roles permit. A role at an organisation holds below it too; `own` is everybody's who is known.
[[nodiscard]] std::shared_ptr<const platform::Grants> grants_of(std::vector<RoleGrant> roles,
                                                                std::shared_ptr<const OrganisationTree> tree);
/// No more than `grants`, and of them only these permissions at these organisations and below; an empty list is no
/// bound.
[[nodiscard]] std::shared_ptr<const platform::Grants> within(std::shared_ptr<const platform::Grants> grants,
                                                             std::vector<platform::Permission> permissions,
                                                             std::vector<std::string> organisations,
                                                             std::shared_ptr<const OrganisationTree> tree);

/// Whether `organisation` is `above` or stands below it. Bounded: a tree that runs in a circle ends too.
[[nodiscard]] bool is_within(const OrganisationTree* tree, std::string_view organisation, std::string_view above);

/// Nobody gives more than they have: `role` at its place is held by these roles, or a greater one is.
[[nodiscard]] bool covers(std::span<const RoleGrant> roles, const RoleGrant& wanted, const OrganisationTree* tree);

}  // namespace quipu::access
