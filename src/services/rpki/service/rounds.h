#pragma once
// The relying party at work: fetches, validates, asks the guard, applies local exceptions, serves. One thread of its
// own; what it found is a State that everybody shares.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/guarded.h"
#include "net/tls.h"
#include "registry/registry.h"
#include "services/rpki/rtr/server.h"
#include "services/rpki/service/published.h"
#include "services/rpki/service/route_files.h"
#include "services/rpki/service/served_file.h"
#include "services/rpki/service/settings.h"
#include "services/rpki/service/state.h"
#include "services/rpki/transport/fetcher.h"
#include "services/rpki/transport/folder_changes.h"
#include "services/rpki/transport/point_archive.h"
#include "services/rpki/transport/round.h"

namespace quipu::rpki {

/// How a change that was held came to its end.
enum class HeldEnd : std::uint8_t { person, time, gone };
constexpr auto describe_enum(HeldEnd) {
    return names<HeldEnd>({{HeldEnd::person, "person"}, {HeldEnd::time, "time"}, {HeldEnd::gone, "gone"}});
}

/// How the guard stands after a round or a release.
struct GuardTurn {
    std::optional<HeldChange> held;
    struct Ended {
        HeldChange change;
        HeldEnd how = HeldEnd::gone;
        std::string by = "system";
    };
    std::optional<Ended> ended;  ///< just now
};

class Rounds {
  public:
    /// What is told of; from the thread of the rounds, or of whoever releases. May be empty.
    struct Listener {
        std::function<void(const GuardTurn& turn)> guard{};                 ///< after every round and release
        std::function<void(std::shared_ptr<const Published>)> published{};  ///< each time, changed or not
    };
    /// `folder` for what is fetched and kept; `rtr` may be nullptr. All of it outlives the rounds.
    static Result<std::unique_ptr<Rounds>> create(const RpkiSettings& settings, std::string folder, const Clock& clock,
                                                  registry::Registry& registry, RtrServer* rtr, Listener listener);
    ~Rounds();
    Rounds(const Rounds&) = delete;
    Rounds& operator=(const Rounds&) = delete;

    void start();
    void stop();
    /// The next round begins now, or right after the one that runs.
    void hurry();

    /// Of the last round; nullptr before the first.
    [[nodiscard]] std::shared_ptr<const State> state() const {
        return state_.with([](auto& s) { return s; });
    }
    struct Progress {
        bool validating = false;
        std::optional<Time> next;
        std::string error;  ///< why the last round could not be made
    };
    [[nodiscard]] Progress progress() const {
        return progress_.with([](auto& p) { return p; });
    }
    [[nodiscard]] std::vector<RepositoryStatus> repositories() const;
    [[nodiscard]] std::vector<SlurmRow> slurm();
    [[nodiscard]] bool offline() const { return !settings_.offline.empty(); }

    /// A person lets the held change pass: routers get it before this returns. Blocks. `conflict` if another one, or
    /// none, is held.
    [[nodiscard]] Result<void> release(std::int64_t id, std::string_view by);

    /// One round here and now, for commands and tests.
    [[nodiscard]] Result<void> round();

  private:
    Rounds(const RpkiSettings& settings, std::string folder, const Clock& clock, registry::Registry& registry,
           RtrServer* rtr, Listener listener);
    [[nodiscard]] Result<void> open();
    [[nodiscard]] Result<void> validate(Time now);
    [[nodiscard]] Result<void> serve();
    void tell_guard(const std::optional<HeldChange>& before, HeldEnd how, std::string_view by);
    [[nodiscard]] Nanoseconds pause();
    void tell(const State& state, std::shared_ptr<const AnchoredPayloads> payloads);
    void work(const std::stop_token& stop);

    const RpkiSettings settings_;
    const std::string folder_;
    const Clock& clock_;
    registry::Registry& registry_;
    RtrServer* rtr_;
    const Listener listener_;

    std::unique_ptr<PackArchive> archive_;
    std::unique_ptr<CacheFolder> cache_;  // offline
    std::unique_ptr<FolderWatch> watch_;
    std::unique_ptr<Store> store_;  // or over the network
    std::unique_ptr<Fetcher> fetcher_;
    std::unique_ptr<Validator> validator_;
    std::unique_ptr<RelyingParty> party_;
    std::vector<TrustAnchorLocator> locators_;  // of the last round: their order numbers the trust anchors

    std::mutex turn_;  // guard, exceptions, serving: a round and a release one after the other
    Guard guard_;
    std::optional<SlurmFiles> slurm_;
    std::optional<ServedFile> served_;
    RouteFiles route_files_;
    std::shared_ptr<const Tree> tree_;
    std::shared_ptr<const Outcomes> found_;
    std::shared_ptr<const Published> published_;
    std::shared_ptr<const Members> members_;
    std::shared_ptr<const MemberPoints> member_points_;
    std::shared_ptr<const registry::Picture> picture_;
    Time validated_{};
    double seconds_ = 0;
    std::size_t examined_ = 0;

    Guarded<std::shared_ptr<const State>> state_;
    Guarded<Progress> progress_;
    std::mutex bell_mutex_;
    std::condition_variable_any bell_;
    bool hurried_ = false;
    std::jthread thread_;
};

}  // namespace quipu::rpki
