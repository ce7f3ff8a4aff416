#pragma once
// How the network was for an institution over a time, as facts: each way to each other place against what it usually is
// and against what light needs, when it was slower, and what failed. words_statement.h says it in sentences.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/describe.h"
#include "data/archive.h"
#include "data/journal.h"
#include "services/measure/engine_quality.h"

namespace quipu::measure {

/// A stretch of hours in which a way was worse than usual.
struct Stretch {
    Time begin{}, end{};
    std::int64_t delay_median_us = 0;  ///< of its worst hour
    double loss = 0;                   ///< of its worst hour
    static constexpr auto describe() {
        using T = Stretch;
        return fields(field<&T::begin>("begin", "First hour").required(),
                      field<&T::end>("end", "End of the last hour").required(),
                      field<&T::delay_median_us>("delay_median_us", "Median of its slowest hour").format("us"),
                      field<&T::loss>("loss", "Fraction lost in its worst hour"));
    }
};

/// One direction over the whole time.
struct StatedWay : Figures {
    std::string from, to;
    std::optional<std::int64_t> usual_us, above_usual_us, floor_us, above_floor_us;
    Quality quality;
    std::int64_t silent_minutes = 0;  ///< the sender ran and nothing arrived
    std::int64_t slow_hours = 0;
    std::int64_t clock_fault_hours = 0;  ///< whose delays are left out: clock_fault says whose clock was wrong
    std::optional<Stretch> slowest, lossiest;
    static constexpr auto describe() {
        using T = StatedWay;
        return std::tuple_cat(
            fields(field<&T::from>("from", "Sending site").required().references("sites"),
                   field<&T::to>("to", "Receiving site").required().references("sites"),
                   field<&T::usual_us>("usual_us", "Median of the hours of the two weeks before").format("us"),
                   field<&T::above_usual_us>("above_usual_us", "The median above that").format("us"),
                   field<&T::floor_us>("floor_us", "What light needs along the links in service").format("us"),
                   field<&T::above_floor_us>("above_floor_us", "The median above that").format("us"),
                   field<&T::quality>("quality", "By each profile").required(),
                   field<&T::silent_minutes>("silent_minutes", "Minutes in which nothing arrived").required(),
                   field<&T::slow_hours>("slow_hours", "Hours slower than usual").required(),
                   field<&T::clock_fault_hours>("clock_fault_hours",
                                                "Hours in which a clock was wrong: their delays are left out")
                       .required(),
                   field<&T::slowest>("slowest", "When it was slowest, if slower than usual"),
                   field<&T::lossiest>("lossiest", "When most was lost, if more than the profile `usual` allows")),
            Figures::describe());
    }
};

/// What the archive has of a way, by hours: the time itself and the two weeks before.
struct WayHistory {
    std::span<const data::ArchiveRecord> hours, before;
    std::optional<std::int64_t> floor_us;
    std::span<const Time> from_wrong = {}, to_wrong = {};  ///< hours in which that end's clock was wrong, ascending
};
[[nodiscard]] StatedWay state_way(std::string from, std::string to, const WayHistory& history,
                                  const Profiles& profiles);

/// What failed at the institution's sites and links.
struct StatedOutage {
    std::optional<Time> began, ended;  ///< absent: before and after the time
    std::string cause;                 ///< link:ID, site:ID, point:ID
    std::string sentence;
    static constexpr auto describe() {
        using T = StatedOutage;
        return fields(field<&T::began>("began", "Absent: before the time told of"),
                      field<&T::ended>("ended", "Absent: after it"),
                      field<&T::cause>("cause", "What failed: link:ID, site:ID, point:ID").required(),
                      field<&T::sentence>("sentence", "In words").required());
    }
};
/// OutageBegan and OutageEnded, oldest first, put together; only those that `concerns` wants.
[[nodiscard]] std::vector<StatedOutage> outages_of(std::span<const data::Event> events,
                                                   const std::function<bool(std::string_view cause)>& concerns);

/// A way there and back.
struct Destination {
    std::string from, to;         ///< sites
    std::string from_name, name;  ///< theirs
    StatedWay there, back;
    std::vector<std::string> sentences;
    static constexpr auto describe() {
        using T = Destination;
        return fields(field<&T::from>("from", "The institution's site").required().references("sites"),
                      field<&T::to>("to", "The other site").required().references("sites"),
                      field<&T::from_name>("from_name", "Name of the institution's site").required(),
                      field<&T::name>("name", "Name of the other one").required(),
                      field<&T::there>("there", "To it").required(), field<&T::back>("back", "From it").required(),
                      field<&T::sentences>("sentences", "In words").required());
    }
};

struct Statement {
    std::string organisation, name;
    std::optional<std::string> via;  ///< organisation above, whose points were taken for want of own ones
    std::string language, zone;
    Time since{}, until{};
    std::string title;
    std::vector<std::string> summary;
    std::vector<Destination> destinations;
    std::vector<StatedOutage> outages;
    std::string text;
    static constexpr auto describe() {
        using T = Statement;
        return fields(
            field<&T::organisation>("organisation", "Whom it is for").required().references("organisations"),
            field<&T::name>("name", "Its name").required(),
            field<&T::via>("via", "The organisation above it whose points were taken, as it has none of its own")
                .references("organisations"),
            field<&T::language>("language", "es, pt or en").required(),
            field<&T::zone>("zone", "Time zone of the times in the sentences").required(),
            field<&T::since>("since", "Begin of what is told").required(),
            field<&T::until>("until", "Its end").required(), field<&T::title>("title", "Headline").required(),
            field<&T::summary>("summary", "The whole in sentences").required(),
            field<&T::destinations>("destinations", "Each other place").required(),
            field<&T::outages>("outages", "What failed at its sites and links").required(),
            field<&T::text>("text", "All of it as plain text, to be sent or printed").required());
    }
};

}  // namespace quipu::measure
