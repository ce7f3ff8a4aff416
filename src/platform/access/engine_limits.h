#pragma once
// Who is slowed. Two engines without clock or socket of their own:
//   AddressLimits  (platform/address_limits.h) attempts that failed, by source address: a burst, then one every few
//                  seconds
//   AccountLocks   wrong passwords, by account: locked for a while once several addresses have failed. One address
//                  alone cannot lock an account: it is slowed long before, and its owner elsewhere is not harmed.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "platform/address_limits.h"

namespace quipu::access {

using platform::AddressLimits;
using platform::source_of;

class AccountLocks {
  public:
    struct Rules {
        int from_one_source = 5;  ///< failures of one address count up to this
        int to_lock = 20;         ///< so at least four addresses have failed
        Nanoseconds memory = std::chrono::hours(1);
        Nanoseconds locked_for = std::chrono::minutes(15);
        std::size_t at_most = 100'000;
    };
    explicit AccountLocks(Rules rules) : rules_(rules) {}

    /// For how long it is locked still.
    [[nodiscard]] std::optional<Nanoseconds> locked(std::string_view account, Monotonic now) const;
    /// Answers whether this failure has locked it.
    [[nodiscard]] bool failed(std::string_view account, std::string_view source, Monotonic now);
    /// Forgets the failures; answers whether that opened a lock.
    bool succeeded(std::string_view account, Monotonic now);
    /// A lock of before a restart.
    void restore(std::string_view account, Monotonic until);
    void sweep(Monotonic now);

  private:
    struct Account {
        std::map<std::string, int> failures;
        Monotonic last{};
        std::optional<Monotonic> locked_until;
    };
    Rules rules_;
    std::unordered_map<std::string, Account> accounts_;
};

}  // namespace quipu::access
