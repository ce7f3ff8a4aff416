#pragma once
// What access asks of the registry: the tree of organisations, and whose a realm or domain is. A small service of its
// own, for it stands between two that do not know each other.

#include <functional>
#include <memory>

#include "platform/access/access.h"
#include "registry/registry.h"

namespace quipu::app {

/// The tree as of this picture.
[[nodiscard]] std::shared_ptr<const access::OrganisationTree> tree_of(std::shared_ptr<const registry::Picture> picture);
/// The organisation whose realm, or else whose domain, covers this scope: "fis.uchile.cl" is uchile.cl's.
[[nodiscard]] std::optional<std::string> organisation_of_scope(const registry::Picture& picture,
                                                               std::string_view scope);

/// Gives access the tree anew after each change of the registry.
[[nodiscard]] std::unique_ptr<platform::Service> make_organisations_service(
    access::Access& access, std::function<registry::Registry&()> registry);

}  // namespace quipu::app
