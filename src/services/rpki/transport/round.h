#pragma once
// The relying party's round over the network: fetch what is known, validate, fetch what the validation came upon, and
// so on until there is nothing new. Only its end is a result: what lies between must not reach routers.

#include "services/rpki/transport/fetcher.h"
#include "services/rpki/transport/point_archive.h"

namespace quipu::rpki {

/// A point whose manifest has been stale for so long is forgotten by the archive; so is the copy of a repository that
/// no certificate names any more.
inline constexpr Nanoseconds kForgetAfter = std::chrono::days(30);

struct RoundReport {
    std::size_t passes = 0;  ///< runs of the validator
    std::size_t repositories = 0;
    std::size_t attempts = 0;
    std::size_t failures = 0;
    std::uint64_t octets = 0;
    std::size_t points_examined = 0;
    bool whole = true;  ///< false: the bound on passes ended it
};

class RelyingParty {
  public:
    /// What it is given outlives it. `archive` is the validator's, or nullptr.
    RelyingParty(Store& store, Fetcher& fetcher, Validator& validator, PackArchive* archive,
                 Nanoseconds forget_after = kForgetAfter)
        : store_(store), fetcher_(fetcher), validator_(validator), archive_(archive), forget_after_(forget_after) {}

    /// The validator then holds the result. The first round looks at everything, later ones at what changed.
    /// Blocks, for minutes perhaps; an error is the disk's.
    [[nodiscard]] Result<RoundReport> run(std::span<const TrustAnchorLocator> locators, std::int64_t time);

  private:
    [[nodiscard]] std::set<Source> discovered() const;

    Store& store_;
    Fetcher& fetcher_;
    Validator& validator_;
    PackArchive* archive_;
    Nanoseconds forget_after_;
    std::set<Source> known_;
    bool ran_ = false;
};

}  // namespace quipu::rpki
