#pragma once
// Who is slowed. Two engines without clock or socket of their own:
//   AddressLimits  attempts that failed, by source address: a burst, then one every few seconds
//   AccountLocks   wrong passwords, by account: locked for a while once several addresses have failed. One address
//   alone
//                  cannot lock an account: it is slowed long before, and its owner elsewhere is not harmed.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "net/address.h"

namespace quipu::access {

/// An IPv4 address, or the /64 of an IPv6 address: what one person holds.
[[nodiscard]] std::string source_of(const net::IpAddress& address);

class AddressLimits {
  public:
    struct Rules {
        double burst = 10;
        Nanoseconds refill = std::chrono::seconds(6);  ///< one more attempt
        std::size_t at_most = 100'000;                 ///< addresses held; beyond, all new ones share one
    };
    explicit AddressLimits(Rules rules) : rules_(rules) {}

    struct Answer {
        std::optional<Nanoseconds> wait;  ///< refused for so long
        bool began = false;               ///< this refusal is the first of a row: to be told
    };
    /// Takes one attempt, so that many at once count as many. `succeeded` gives it back.
    [[nodiscard]] Answer begin(std::string_view source, Monotonic now);
    void succeeded(std::string_view source, Monotonic now);

    /// A row of refusals that has ended.
    struct Ended {
        std::string source;
        std::uint64_t refused = 0;
        Nanoseconds lasted{};
    };
    /// Rows without a refusal for a minute; forgets addresses that have all their attempts again.
    [[nodiscard]] std::vector<Ended> sweep(Monotonic now);
    [[nodiscard]] std::size_t size() const { return sources_.size(); }

  private:
    struct Source {
        double left = 0;
        Monotonic at{};
        std::uint64_t refused = 0;
        Monotonic first_refused{}, last_refused{};
    };
    Source& source(std::string_view name, Monotonic now);
    void refill(Source& source, Monotonic now) const;

    Rules rules_;
    std::unordered_map<std::string, Source> sources_;
};

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
    void succeeded(std::string_view account);
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
