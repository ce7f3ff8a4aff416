#pragma once
// Evidence of each event of a pair, frozen: the minutes around it in both directions and how its points were, kept with
// the event so that they can be read when the archive has forgotten them.

#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "data/database.h"
#include "platform/api.h"
#include "services/measure/points.h"
#include "services/measure/store.h"

namespace quipu::measure {

/// What is kept: an hour before the minute that decided, and half an hour after it.
inline constexpr Nanoseconds kEvidenceBefore = std::chrono::hours(1);
inline constexpr Nanoseconds kEvidenceAfter = std::chrono::minutes(30);

struct PairEvidence {
    std::string id;  ///< FROM.TO.TYPE.SECONDS
    std::string from, to, type;
    Time minute{};
    bool complete = false;
    std::vector<Figures> forward, backward;
    std::vector<PointFigures> from_point, to_point;
    static constexpr auto describe() {
        using T = PairEvidence;
        return fields(field<&T::id>("id", "Its name, as the event gives it").required(),
                      field<&T::from>("from", "Sending site").required().references("sites"),
                      field<&T::to>("to", "Receiving site").required().references("sites"),
                      field<&T::type>("type", "The event: DelayRose, LossBegan…").required(),
                      field<&T::minute>("minute", "The minute that decided it").required(),
                      field<&T::complete>("complete", "The half hour after it is there, too").required(),
                      field<&T::forward>("forward", "Minutes from `from` to `to`"),
                      field<&T::backward>("backward", "Minutes from `to` to `from`"),
                      field<&T::from_point>("from_point", "How the sending point was"),
                      field<&T::to_point>("to_point", "How the receiving point was"));
    }
};
[[nodiscard]] std::string evidence_id(std::string_view from, std::string_view to, std::string_view type, Time minute);

/// A piece of evidence in a list.
struct KeptEvidence {
    std::string id, from, to, type;
    Time minute{};
    bool complete = false;
    static constexpr auto describe() {
        using T = KeptEvidence;
        return fields(field<&T::id>("id", "Its name, as the event gives it").required(),
                      field<&T::from>("from", "Sending site").required().references("sites"),
                      field<&T::to>("to", "Receiving site").required().references("sites"),
                      field<&T::type>("type", "The event: DelayRose, LossBegan…").required(),
                      field<&T::minute>("minute", "The minute that decided it").required(),
                      field<&T::complete>("complete", "The half hour after it is there, too").required());
    }
};
/// What its name says; nothing if it is none.
[[nodiscard]] std::optional<KeptEvidence> evidence_named(std::string_view id);

class EvidenceStore {
  public:
    EvidenceStore(data::Database& database, const Store& minutes, const PointStore& points)
        : database_(database), minutes_(minutes), points_(points) {}

    /// Freezes what is there now; once for each event, however often it is told.
    [[nodiscard]] Result<PairEvidence> gather(std::string_view from, std::string_view to, std::string_view type,
                                              Time minute) const;
    [[nodiscard]] static Result<void> keep(data::Transaction& transaction, const PairEvidence& evidence);
    /// Adds what came after to those whose half hour is over; a few at a time. One that can't be completed keeps none
    /// of the others waiting; after a day it stays as it was frozen.
    [[nodiscard]] Result<void> complete(Time now);
    /// Gives up that of events before this time.
    [[nodiscard]] Result<void> forget(Time before);
    [[nodiscard]] Result<PairEvidence> find(const std::string& id) const;
    /// The latest first; those before `before` (minute and name of the last one of the page before), if given.
    struct Position {
        Time minute{};
        std::string id;
    };
    [[nodiscard]] Result<std::vector<KeptEvidence>> list(const std::optional<Position>& before,
                                                         std::size_t limit) const;

  private:
    [[nodiscard]] Result<PairEvidence> completed(const std::string& body) const;

    data::Database& database_;
    const Store& minutes_;
    const PointStore& points_;
};

void add_evidence_routes(platform::Api& api, const EvidenceStore& store);

extern const std::vector<data::Migration> kEvidenceMigrations;

}  // namespace quipu::measure
