#pragma once
// Whether the calendar has kept its promise, found out from what is stored and by other means than the engine's: one
// sweep over each point and each link.

#include <span>
#include <string>
#include <vector>

#include "services/measure/throughput/model.h"

namespace quipu::throughput {

/// Two tests that had the same point or link at the same time.
struct Overlap {
    std::int64_t first = 0, second = 0;
    std::string kind;    ///< point, link, unknown-path
    std::string object;  ///< the point or link
    Time since{}, until{};
    bool measured = false;  ///< by when the ends' programs ran; else by their places in the calendar
    static constexpr auto describe() {
        using T = Overlap;
        return fields(field<&T::first>("first", "One test").required(),
                      field<&T::second>("second", "The other").required(),
                      field<&T::kind>("kind", "point, link or unknown-path").required(),
                      field<&T::object>("object", "The point or link"),
                      field<&T::since>("since", "From when both had it").required(),
                      field<&T::until>("until", "Until when").required(),
                      field<&T::measured>("measured", "By when their programs ran; else by the calendar").required());
    }
};

struct CalendarProof {
    std::optional<Time> since, until;
    std::int64_t tests = 0, ran = 0, points = 0, links = 0, compared = 0;
    bool kept = true;
    std::vector<Overlap> overlaps;
    static constexpr auto describe() {
        using T = CalendarProof;
        return fields(field<&T::kept>("kept", "No two tests shared a point or a link").required(),
                      field<&T::tests>("tests", "Places that were looked at").required(),
                      field<&T::ran>("ran", "Of them with the times at which their programs ran").required(),
                      field<&T::points>("points", "Points").required(), field<&T::links>("links", "Links").required(),
                      field<&T::compared>("compared", "Neighbours in time that were compared").required(),
                      field<&T::since>("since", "Begin of the first test"),
                      field<&T::until>("until", "End of the last"),
                      field<&T::overlaps>("overlaps", "Tests that were in each other's way, at most 100").required());
    }
};

/// A test as it stands in the history, and when its sender's program ran, if it did.
struct HistoryEntry {
    ThroughputTest test;
    std::optional<Time> began, ended;
};

[[nodiscard]] CalendarProof prove(std::span<const HistoryEntry> history);

}  // namespace quipu::throughput
