#pragma once
// How every pair is now: its last minute (or the running one, until that is over), its detector, its state.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/guarded.h"
#include "services/measure/engine_events.h"
#include "services/measure/engine_floor.h"
#include "services/measure/engine_mesh.h"
#include "services/measure/engine_quality.h"
#include "services/measure/figures.h"
#include "services/measure/store.h"

namespace quipu::measure {

enum class PairState : std::uint8_t { good, slow, lossy, down, unknown };
constexpr auto describe_enum(PairState) {
    return names<PairState>({{PairState::good, "good"},
                             {PairState::slow, "slow"},
                             {PairState::lossy, "lossy"},
                             {PairState::down, "down"},
                             {PairState::unknown, "unknown"}});
}

/// From this share of lost packets in a minute (or in a longer time that is told of) on a pair is lossy.
inline constexpr double kLossy = 0.05;

/// One ordered pair as the API shows it.
struct Pair : Figures {
    std::string from, to;
    PairState state = PairState::unknown;
    std::optional<std::int64_t> baseline_us;     ///< what the delay usually is
    std::optional<std::int64_t> floor_us;        ///< what light needs along the links
    std::optional<std::int64_t> above_floor_us;  ///< the median above that
    Quality quality;
    std::int64_t sessions = 0;
    bool provisional = false;  ///< of the running minute
    static constexpr auto describe() {
        using T = Pair;
        return std::tuple_cat(
            fields(field<&T::from>("from", "Sending site").required().references("sites"),
                   field<&T::to>("to", "Receiving site").required().references("sites"),
                   field<&T::state>("state",
                                    "down: nothing arrives; lossy; slow: slower than usual; unknown: no record of late")
                       .required(),
                   field<&T::baseline_us>("baseline_us", "The usual one-way delay").format("us"),
                   field<&T::floor_us>("floor_us", "What light needs along the links in service, by the least way")
                       .format("us"),
                   field<&T::above_floor_us>("above_floor_us",
                                             "The median above that; negative where the registry's "
                                             "lengths or the clocks are wrong")
                       .format("us"),
                   field<&T::quality>("quality", "By each profile").required(),
                   field<&T::sessions>("sessions", "Sessions that measure it now").required(),
                   field<&T::provisional>("provisional", "Of the minute that still runs").required()),
            Figures::describe());
    }
};

/// Fills in what follows from the pair's figures and its floor.
void weigh(Pair& pair, std::optional<std::int64_t> floor_us, const Profiles& profiles);

/// An event to be told in the journal.
struct Told {
    std::string from, to;
    PairEvent event;
};

/// Thread-safe; no I/O.
class Live {
  public:
    explicit Live(std::uint32_t per_minute, const Profiles& profiles = {})
        : per_minute_(per_minute), profiles_(profiles) {}

    /// The sites that now take part: their pairs are shown even before anything is known of them, others no more.
    void set_mesh(const std::vector<MeshPoint>& mesh);
    /// What light needs between them.
    void set_floors(Floors floors);
    [[nodiscard]] const Profiles& profiles() const { return profiles_; }
    /// What the archive knows of the longer past.
    void set_past(const std::string& key, std::optional<std::int64_t> usual_delay_ns,
                  std::optional<std::int64_t> best_ttl);
    /// Asked, under the lock of this, whether clocks spoil a pair's delay in a minute.
    void judge_clocks_by(std::function<bool(std::string_view from, std::string_view to, Time minute)> contradicted) {
        contradicted_ = std::move(contradicted);
    }
    /// In order of time for each pair. What a minute says is known once the other direction's has come, too, or none is
    /// to come. `clock_wrong`: whether clocks spoilt it is known already.
    std::vector<Told> add(const StoredMinute& minute, std::optional<bool> clock_wrong = std::nullopt);
    /// The clocks that are wrong now.
    void set_wrong_clocks(std::set<std::string, std::less<>> sites);
    /// The clock of this point was set right by so much.
    void clock_corrected(std::string_view site, std::int64_t by);
    /// Packets of this pair take another way since about this minute.
    void way_changed(std::string_view from, std::string_view to, Time minute);
    /// What the archive knows of an hour of the longer past.
    void learn_hour(const std::string& key, Time hour, double median);
    /// The record of a minute that was shown already has changed.
    void replace(const StoredMinute& minute);
    void add_running(const std::string& from, const std::string& to, const MinuteRecord& record, std::int64_t skipped,
                     bool absent);

    /// All pairs of the mesh by from and to, as of `now`; only those changed after `since` if it is not 0.
    [[nodiscard]] std::vector<Pair> pairs(Time now, std::uint64_t since = 0) const;
    [[nodiscard]] std::optional<Pair> pair(std::string_view from, std::string_view to, Time now) const;
    /// True if the pair's packets go another way than the shortest that was ever seen: their TTL is lower.
    [[nodiscard]] bool detoured(std::string_view from, std::string_view to) const;
    /// Rises with each change of a pair.
    [[nodiscard]] std::uint64_t version() const;
    [[nodiscard]] std::optional<Time> last_record() const;

  private:
    struct One {
        Detector detector;
        std::deque<Sample> waiting;  // for the other direction: not judged yet
        std::optional<Figures> minute, running;
        bool absent = false;
        bool joined = false;  // the minute before was not whole
        std::int64_t best_ttl = 0;
        std::uint64_t version = 0;
        bool in_mesh = false;
    };
    struct State {
        std::map<std::string, One, std::less<>> pairs;
        std::uint64_t version = 0;
        std::optional<Time> last_record;
        std::set<std::string, std::less<>> wrong_clocks;
        Floors floors;
    };
    void judge_waiting(State& state, std::string_view from, std::string_view to, std::vector<Told>& out) const;
    static void name_wrong_clocks(const State& state, Pair& pair);
    [[nodiscard]] static const Figures* shown(const One& one);
    [[nodiscard]] static Pair describe_pair(std::string_view key, const One& one, Time now);
    [[nodiscard]] Pair weighed_pair(std::string_view key, const One& one, const State& state, Time now) const;

    const std::uint32_t per_minute_;
    std::function<bool(std::string_view, std::string_view, Time)> contradicted_;
    const Profiles profiles_;
    Guarded<State> state_;
};

}  // namespace quipu::measure
