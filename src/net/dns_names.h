#pragma once
// Names of addresses as DNS says them (dns_query.h), asked for many at once and kept as long as they hold.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "net/dns_query.h"

namespace quipu::net {

class DnsNames {
  public:
    static constexpr Nanoseconds kPatience = std::chrono::seconds(2);
    using Names = std::map<IpAddress, std::string>;

    /// `ask` is called from several threads; it blocks for a while.
    explicit DnsNames(const Clock& clock, std::function<DnsName(const IpAddress&)> ask = ask_dns);
    DnsNames(const DnsNames&) = delete;
    DnsNames& operator=(const DnsNames&) = delete;
    ~DnsNames();

    /// Names of those that have one; blocks until all are known, at most for `patience`. What is answered later is
    /// known from then on; nobody waits for what was asked for longer ago.
    [[nodiscard]] Names of(std::span<const IpAddress> addresses, Nanoseconds patience = kPatience);
    /// Those that are known already: asks nobody.
    [[nodiscard]] Names known(std::span<const IpAddress> addresses) const;

    static constexpr std::size_t kMostKept = 20'000;
    static constexpr std::size_t kMostWaiting = 2'000;

  private:
    struct Kept {
        std::string name;
        Monotonic until{};
    };
    void serve(const std::stop_token& stopping);
    void keep(const IpAddress& address, DnsName name);
    [[nodiscard]] bool is_known(const IpAddress& address, Monotonic now) const;
    [[nodiscard]] Names names_of(std::span<const IpAddress> addresses, Monotonic now) const;

    const Clock& clock_;
    const std::function<DnsName(const IpAddress&)> ask_;
    mutable std::mutex mutex_;  // of what follows
    std::map<IpAddress, Kept> kept_;
    std::deque<IpAddress> waiting_;
    std::map<IpAddress, Monotonic> asked_;  // that wait, or are being asked for; since when
    std::condition_variable_any work_, answered_;
    std::vector<std::jthread> threads_;  // from the first question on; last: joined before the rest goes
};

}  // namespace quipu::net
