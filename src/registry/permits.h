#pragma once
// Whose an object is, and who may therefore change it or see what is private of it. The one place where the registry
// asks for permissions at an organisation.

#include <functional>
#include <string>
#include <vector>

#include "platform/api.h"
#include "registry/exchange.h"
#include "registry/registry.h"

namespace quipu::registry {

/// Whether the caller belongs to an accredited performance response team; asked of whoever knows.
using Accredited = std::function<bool(const platform::Caller&)>;

/// `forbidden`, with every object that the caller may not change. An object is changed by whoever may edit the registry
/// at its organisation, before and after the change:
///   organisation   itself; its parent too when it is made, removed or connected through another
///   person         one of those at which they have a role, and each at which a role is given or taken
///   site, resource its organisation
///   equipment      its site's
///   link           those of both its ends
/// What belongs to nobody is the house's.
[[nodiscard]] Result<void> may_change(const platform::Caller& caller, const std::vector<Difference>& differences,
                                      const Picture& everything);

/// What the caller may see of a person.
[[nodiscard]] Sight sight_of(const platform::Caller& caller, const Person& person, const Accredited& accredited);

/// "person:ana" is "person" to the public: it learns what was changed, not by whom.
[[nodiscard]] std::string shown_actor(const platform::Caller& caller, const std::string& who);

/// The organisations of a link's ends, each once; empty when it is not known or an end is nobody's.
[[nodiscard]] std::vector<std::string> organisations_of_link(const Picture& everything, std::string_view link);

}  // namespace quipu::registry
