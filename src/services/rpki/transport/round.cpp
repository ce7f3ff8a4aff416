#include "services/rpki/transport/round.h"

#include <algorithm>

#include "services/rpki/transport/origin.h"

namespace quipu::rpki {
namespace {

constexpr std::size_t kMaxPasses = 32;  // as deep as chains may be

}  // namespace

std::set<Source> RelyingParty::discovered() const {
    std::set<Source> out;
    validator_.for_each_point([&](const Authority& authority, const PointOutcome&) {
        // One of each module is enough: many authorities share it.
        std::string repository = module_of(authority.repository);
        out.insert({authority.notification, std::move(repository)});
    });
    return out;
}

Result<RoundReport> RelyingParty::run(std::span<const TrustAnchorLocator> locators, std::int64_t time) {
    RoundReport report;
    Changes changes;
    if (ran_) changes.emplace();
    const auto take = [&](Fetched fetched) {
        report.attempts += fetched.attempts;
        report.failures += fetched.failures;
        report.octets += fetched.octets;
        if (changes) changes->merge(fetched.changed);
    };
    take(fetcher_.fetch_anchors(locators));
    // Those of the last round at once; what is new shows on the way down.
    std::set<Source> asked = known_;
    std::vector<Source> wanted(asked.begin(), asked.end());
    for (;;) {
        if (!wanted.empty()) take(fetcher_.fetch(wanted));
        validator_.run(locators, store_, time, changes);
        ++report.passes;
        report.points_examined += validator_.points_examined();
        if (archive_ != nullptr)
            TRY(archive_->flush(time - std::chrono::floor<std::chrono::seconds>(forget_after_).count()));
        ran_ = true;
        known_ = discovered();
        wanted.clear();
        std::ranges::set_difference(known_, asked, std::back_inserter(wanted));
        if (wanted.empty()) break;
        if (report.passes == kMaxPasses) {
            report.whole = false;
            break;
        }
        asked.insert(wanted.begin(), wanted.end());
        changes.emplace();
    }
    report.repositories = known_.size();
    if (report.whole) TRY(fetcher_.forget_unnamed(locators, known_, forget_after_));
    TRY(fetcher_.save_statuses());
    return report;
}

}  // namespace quipu::rpki
