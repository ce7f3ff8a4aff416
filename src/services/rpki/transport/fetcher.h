#pragma once
// Fetches what trust anchors and authorities name: RRDP first, then rsync; several hosts at a time, one connection to
// each; hosts that fail are left alone for a while. Blocks: not for an event loop's thread.

#include <atomic>

#include "base/random.h"
#include "net/tls.h"
#include "services/rpki/transport/engine_fetch.h"
#include "services/rpki/transport/store.h"

namespace quipu::rpki {

/// Where an authority publishes.
struct Source {
    std::string notification;  ///< may be empty
    std::string repository;    ///< "rsync://HOST/MODULE/…/"
    auto operator<=>(const Source&) const = default;
};

/// What a round changed.
struct Fetched {
    Folders changed;  ///< for the validator's incremental run
    std::size_t attempts = 0;
    std::size_t failures = 0;
    std::uint64_t octets = 0;
};

class Fetcher {
  public:
    struct Settings {
        TransportSettings transport;
        std::string authorities_pem;  ///< trusted for HTTPS; empty: those of the system
        std::string agent = "Quipu";  ///< User-Agent
    };
    static Result<std::unique_ptr<Fetcher>> create(Settings settings, Store& store, const Clock& clock, Rng rng);
    ~Fetcher();
    Fetcher(const Fetcher&) = delete;
    Fetcher& operator=(const Fetcher&) = delete;

    /// Certificates of the trust anchors; one that is not valid does not take the place of one that is.
    [[nodiscard]] Fetched fetch_anchors(std::span<const TrustAnchorLocator> locators);
    /// Each repository of these once. Those that back off are left out.
    [[nodiscard]] Fetched fetch(std::span<const Source> sources);
    /// From another thread: what is under way ends soon, as failed.
    void cancel();

    /// What no certificate names any more, and was not asked for in this time, is gone: the copies and what is known of
    /// them. `sources` and `locators` are all that is named; not while the validator runs.
    [[nodiscard]] Result<void> forget_unnamed(std::span<const TrustAnchorLocator> locators,
                                              const std::set<Source>& sources, Nanoseconds after);

    /// Of every source that is not forgotten, by its name.
    [[nodiscard]] std::vector<RepositoryStatus> statuses() const;
    /// Keeps them in the store.
    [[nodiscard]] Result<void> save_statuses() const;

  private:
    struct Impl;
    explicit Fetcher(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace quipu::rpki
