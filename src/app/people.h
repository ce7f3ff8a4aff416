#pragma once
// Who people are, for notifications: the registry's persons, their addresses, languages and time zones. Accounts stand
// beside them where somebody has one.

#include <functional>
#include <memory>

#include "platform/notify/directory.h"
#include "registry/registry.h"

namespace quipu::app {

/// Accounts as notifications need them; whoever keeps accounts fills it.
struct AccountPeople {
    /// By account id, without "person:".
    std::function<std::optional<notify::Recipient>(std::string_view account)> find;
    std::function<bool(std::string_view account, std::string_view organisation)> may_know;
    /// Accounts that manage people at an organisation.
    std::function<std::vector<notify::Recipient>(std::string_view organisation)> managers;
};

/// What `registry` answers (asked at each question) outlives it.
[[nodiscard]] std::unique_ptr<notify::Directory> make_people(std::function<registry::Registry&()> registry,
                                                             AccountPeople accounts = {});

/// IANA time zone where most people of a country live; UTC when it is not known.
[[nodiscard]] std::string_view zone_of_country(std::string_view country);

}  // namespace quipu::app
