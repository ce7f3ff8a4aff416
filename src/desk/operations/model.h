#pragma once
// What network operations keep and answer: outages, maintenance windows, availability, who is on call.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"

namespace quipu::operations {

// ---- outages
// --------------------------------------------------------------------------------------------------------

/// What can be at fault. A measurement point that falls silent says nothing of its site's traffic.
enum class Part : std::uint8_t { link, site, point };
constexpr auto describe_enum(Part) {
    return names<Part>({{Part::link, "link"}, {Part::site, "site"}, {Part::point, "point"}});
}

/// recovering: it works again, and has to go on doing so for a while before the outage is over.
enum class OutageState : std::uint8_t { open, recovering, closed };
constexpr auto describe_enum(OutageState) {
    return names<OutageState>(
        {{OutageState::open, "open"}, {OutageState::recovering, "recovering"}, {OutageState::closed, "closed"}});
}

/// minor: measurement alone; major: traffic takes another way; critical: somebody is cut off.
enum class Severity : std::uint8_t { minor, major, critical };
constexpr auto describe_enum(Severity) {
    return names<Severity>({{Severity::minor, "minor"}, {Severity::major, "major"}, {Severity::critical, "critical"}});
}

/// What may be at fault, and how likely it is what is.
struct Suspect {
    Part part = Part::link;
    std::string id;
    double likelihood = 1;
    bool operator==(const Suspect&) const = default;
    static constexpr auto describe() {
        using T = Suspect;
        return fields(
            field<&T::part>("part", "link; site; point: its measurement point alone").required(),
            field<&T::id>("id", "The link or the site").required(),
            field<&T::likelihood>("likelihood", "Among those named, from what the pairs say").between(0, 1).required());
    }
};

/// One ordered pair that suffers of an outage.
struct AffectedPair {
    std::string from, to;
    std::int64_t lost = 0;
    std::vector<std::string> before;
    std::optional<std::vector<std::string>> after;
    std::optional<std::int64_t> before_us, after_us;
    static constexpr auto describe() {
        using T = AffectedPair;
        return fields(field<&T::from>("from", "Sending site").required().references("sites"),
                      field<&T::to>("to", "Receiving site").required().references("sites"),
                      field<&T::lost>("lost", "Packets lost until the outage was named").required(),
                      field<&T::before>("before", "Sites on its way before").required(),
                      field<&T::after>("after", "Sites on its way since; absent if there is none"),
                      field<&T::before_us>("before_us", "One-way delay before").format("us"),
                      field<&T::after_us>("after_us", "One-way delay since").format("us"));
    }
};

struct Outage {
    std::int64_t id = 0;
    std::string cause;  ///< "link:santiago-panama": also the case's
    Part part = Part::link;
    std::string object;
    OutageState state = OutageState::open;
    Severity severity = Severity::major;
    Time began{};               ///< within some seconds: the last report before that saw nothing
    std::optional<Time> ended;  ///< when it worked again
    Time named{};               ///< when it was known which part it is
    std::int64_t flaps = 0;     ///< times that it failed again after it had worked
    std::int64_t down_s = 0;    ///< of the whole duration, seconds in which it did not work
    std::vector<Suspect> suspects;
    std::int64_t pairs_affected = 0, pairs_cut = 0, pairs_rerouted = 0;
    std::vector<std::string> organisations;          ///< whose traffic is affected, and the link's provider
    std::vector<std::string> organisations_cut_off;  ///< of them
    std::optional<std::int64_t> case_number;
    std::optional<std::int64_t> maintenance;  ///< the window that explains it
    bool overran = false;                     ///< that window was over, and it was not
    std::vector<AffectedPair> pairs;          ///< those that suffer most
    static constexpr auto describe() {
        using T = Outage;
        return fields(
            field<&T::id>("id", "Its number").required(),
            field<&T::cause>("cause", "KIND:ID of what failed; also the case's cause").required(),
            field<&T::part>("part", "link; site; point: a measurement point alone").required(),
            field<&T::object>("object", "The link or the site").required(),
            field<&T::state>("state", "open; recovering: works again, watched for a while; closed").required(),
            field<&T::severity>("severity", "minor, major: traffic takes another way, critical: somebody is cut off")
                .required(),
            field<&T::began>("began", "When it failed").required(),
            field<&T::ended>("ended", "When it worked again; absent while it does not"),
            field<&T::named>("named", "When it was known what had failed").required(),
            field<&T::flaps>("flaps", "Times that it failed again").required(),
            field<&T::down_s>("down_s", "Seconds in which it did not work, until now").required().format("s"),
            field<&T::suspects>("suspects", "What may be at fault, the likeliest first").required(),
            field<&T::pairs_affected>("pairs_affected", "Ordered pairs that lost packets or changed their way")
                .required(),
            field<&T::pairs_cut>("pairs_cut", "Pairs of sites without a way, by what-if").required(),
            field<&T::pairs_rerouted>("pairs_rerouted", "Pairs whose way is longer, by what-if").required(),
            field<&T::organisations>("organisations", "Whose traffic is affected, and the provider")
                .required()
                .references("organisations"),
            field<&T::organisations_cut_off>("organisations_cut_off", "Who has no way left")
                .required()
                .references("organisations"),
            field<&T::case_number>("case", "The desk's case; none while a maintenance window explains it"),
            field<&T::maintenance>("maintenance", "The window that explains it"),
            field<&T::overran>("overran", "That window was over, and it was not").required(),
            field<&T::pairs>("pairs", "The pairs that suffer most").required());
    }
};

// ---- maintenance
// ----------------------------------------------------------------------------------------------------

enum class WindowState : std::uint8_t { planned, running, over, cancelled };
constexpr auto describe_enum(WindowState) {
    return names<WindowState>({{WindowState::planned, "planned"},
                               {WindowState::running, "running"},
                               {WindowState::over, "over"},
                               {WindowState::cancelled, "cancelled"}});
}

/// What what-if says that a window will do.
struct ExpectedEffect {
    std::int64_t pairs_cut = 0, pairs_rerouted = 0;
    double worst_stretch = 1;
    std::vector<std::string> sites_cut_off, organisations_cut_off;
    std::vector<std::string> affected;  ///< organisations whose traffic takes another way or none
    static constexpr auto describe() {
        using T = ExpectedEffect;
        return fields(
            field<&T::pairs_cut>("pairs_cut", "Pairs of sites without a way").required(),
            field<&T::pairs_rerouted>("pairs_rerouted", "Pairs whose way is longer").required(),
            field<&T::worst_stretch>("worst_stretch", "The largest ratio of a way's length then and now").required(),
            field<&T::sites_cut_off>("sites_cut_off", "Sites left without the network").required().references("sites"),
            field<&T::organisations_cut_off>("organisations_cut_off", "Organisations left without it")
                .required()
                .references("organisations"),
            field<&T::affected>("affected", "Organisations whose traffic takes another way or none")
                .required()
                .references("organisations"));
    }
};

/// What was planned beside what was seen.
struct MaintenanceReport {
    std::optional<Time> actual_begin, actual_end;  ///< of what failed while it ran; none if nothing did
    std::int64_t early_s = 0, late_s = 0;          ///< how far the effect stood out of the window
    std::vector<std::int64_t> outages;
    std::vector<std::string> unexpected;  ///< objects that failed and were not announced
    std::vector<std::string> unaffected;  ///< objects that were announced and did not fail
    std::int64_t pairs_expected = 0, pairs_seen = 0;
    std::vector<std::string> organisations_expected, organisations_seen;
    static constexpr auto describe() {
        using T = MaintenanceReport;
        return fields(
            field<&T::actual_begin>("actual_begin", "When the first thing failed; absent if nothing did"),
            field<&T::actual_end>("actual_end", "When the last one worked again"),
            field<&T::early_s>("early_s", "Seconds that it began before its time").required().format("s"),
            field<&T::late_s>("late_s", "Seconds that it ended after its time").required().format("s"),
            field<&T::outages>("outages", "What was seen").required(),
            field<&T::unexpected>("unexpected", "What failed and was not announced, KIND:ID").required(),
            field<&T::unaffected>("unaffected", "What was announced and did not fail, KIND:ID").required(),
            field<&T::pairs_expected>("pairs_expected", "Pairs (not ordered) that what-if named").required(),
            field<&T::pairs_seen>("pairs_seen", "Pairs (not ordered) that were seen to suffer").required(),
            field<&T::organisations_expected>("organisations_expected", "Whose traffic was to be affected").required(),
            field<&T::organisations_seen>("organisations_seen", "Whose traffic was").required());
    }
};

struct Window {
    std::int64_t id = 0;
    std::string title;
    std::string description;
    std::string organisation;  ///< who does the work; empty: the network itself
    std::vector<std::string> links, sites;
    Time begin{}, end{};
    std::vector<std::int64_t> notices_s = {864'000, 172'800, 3600};  ///< how long ahead it is announced
    WindowState state = WindowState::planned;
    std::string planned_by;
    std::int64_t version = 1;
    std::optional<ExpectedEffect> expected;
    std::optional<MaintenanceReport> report;
    static constexpr auto describe() {
        using T = Window;
        return fields(
            field<&T::id>("id", "Its number").read_only(),
            field<&T::title>("title", "What is done").required().at_most_long(200),
            field<&T::description>("description", "Why and how").at_most_long(10'000),
            field<&T::organisation>("organisation", "Who does it; the network itself if left out")
                .references("organisations"),
            field<&T::links>("links", "Links that it takes down").references("links").at_most_long(200),
            field<&T::sites>("sites", "Sites that it takes down").references("sites").at_most_long(200),
            field<&T::begin>("begin", "From").required(), field<&T::end>("end", "To").required(),
            field<&T::notices_s>("notices_s", "How long ahead it is announced; 10 days, 2 days, 1 hour if left out")
                .between(60, 90.0 * 86'400)
                .at_most_long(10)
                .format("s"),
            field<&T::state>("state", "planned, running, over, cancelled").read_only(),
            field<&T::planned_by>("planned_by", "Who wrote it").read_only(),
            field<&T::version>("version", "Rises with each change").read_only(),
            field<&T::expected>("expected", "What it will do, by what-if").read_only(),
            field<&T::report>("report", "What it did; once it is over").read_only());
    }
};

// ---- availability
// ---------------------------------------------------------------------------------------------------

enum class By : std::uint8_t { link, site, organisation };
constexpr auto describe_enum(By) {
    return names<By>({{By::link, "link"}, {By::site, "site"}, {By::organisation, "organisation"}});
}

struct Availability {
    std::string id;
    std::string name;
    double availability = 1;  ///< without what was planned
    double measured = 1;      ///< with it
    std::int64_t in_service_s = 0, down_s = 0, planned_s = 0;
    std::int64_t outages = 0;
    std::optional<std::int64_t> mtbf_s, mttr_s;
    static constexpr auto describe() {
        using T = Availability;
        return fields(
            field<&T::id>("id", "The link, site or organisation").required(),
            field<&T::name>("name", "Its name").required(),
            field<&T::availability>("availability", "Fraction of the time, planned work left out").required(),
            field<&T::measured>("measured", "The same with planned work counted").required(),
            field<&T::in_service_s>("in_service_s", "Seconds of the period in which it was in service")
                .required()
                .format("s"),
            field<&T::down_s>("down_s", "Of these, down unplanned").required().format("s"),
            field<&T::planned_s>("planned_s", "Of these, down in a maintenance window").required().format("s"),
            field<&T::outages>("outages", "Unplanned outages that began in the period").required(),
            field<&T::mtbf_s>("mtbf_s", "Mean time between failures: time up / outages").format("s"),
            field<&T::mttr_s>("mttr_s", "Mean time to repair: time down / outages").format("s"));
    }
};

// ---- on call
// --------------------------------------------------------------------------------------------------------

/// People take turns in the order of the list. A turn lasts `days` and is handed over at `handover` of the zone's
/// clock.
struct Rota {
    std::string id;
    std::string name;
    std::string organisation;         ///< whose it is; empty: the network itself
    std::vector<std::string> people;  ///< the registry's
    std::string zone = "UTC";         ///< IANA name
    Date first{};                     ///< day on which the first one begins
    std::int64_t days = 7;
    std::string handover = "09:00";  ///< local time
    std::int64_t version = 1;
    static constexpr auto describe() {
        using T = Rota;
        return fields(field<&T::id>("id", "Short stable name").required().pattern(kSlug),
                      field<&T::name>("name", "What it is called").required().at_most_long(200),
                      field<&T::organisation>("organisation", "Whose it is; the network itself if left out")
                          .references("organisations"),
                      field<&T::people>("people", "Who takes turns, in this order")
                          .required()
                          .references("people")
                          .at_most_long(200),
                      field<&T::zone>("zone", "IANA time zone: America/Santiago").at_most_long(64),
                      field<&T::first>("first", "Day on which the first one begins").required(),
                      field<&T::days>("days", "Length of a turn").between(1, 366),
                      field<&T::handover>("handover", "Local time of the hand-over: 09:00").at_most_long(5),
                      field<&T::version>("version", "Rises with each change").read_only());
    }
};

/// Somebody takes over for a while; a later one goes before an earlier one.
struct Override {
    std::int64_t id = 0;
    std::string rota;
    std::string person;
    Time begin{}, end{};
    std::string why;
    static constexpr auto describe() {
        using T = Override;
        return fields(field<&T::id>("id", "Its number").read_only(), field<&T::rota>("rota", "Of this rota").required(),
                      field<&T::person>("person", "Who takes over").required().references("people"),
                      field<&T::begin>("begin", "From").required(), field<&T::end>("end", "To").required(),
                      field<&T::why>("why", "Why").at_most_long(400));
    }
};

struct Shift {
    std::string rota;
    std::string person;
    std::string name;  ///< the person's
    Time begin{}, end{};
    bool overridden = false;
    bool operator==(const Shift&) const = default;
    static constexpr auto describe() {
        using T = Shift;
        return fields(field<&T::rota>("rota", "Of this rota").required(),
                      field<&T::person>("person", "Who").required().references("people"),
                      field<&T::name>("name", "Their name").required(), field<&T::begin>("begin", "From").required(),
                      field<&T::end>("end", "To").required(),
                      field<&T::overridden>("overridden", "Instead of whose turn it was").required());
    }
};

/// A calendar's address that needs no sign-in: its token is in it. Only the answer that makes it shows the token.
struct Feed {
    std::string id;
    std::string rota;    ///< empty: all
    std::string person;  ///< empty: everybody
    std::string made_by;
    Time made{};
    std::optional<std::string> address;
    static constexpr auto describe() {
        using T = Feed;
        return fields(
            field<&T::id>("id", "Its name").read_only(), field<&T::rota>("rota", "Only this rota; all if left out"),
            field<&T::person>("person", "Only this person's turns; all if left out").references("people"),
            field<&T::made_by>("made_by", "Whose it is").read_only(), field<&T::made>("made", "Since when").read_only(),
            field<&T::address>("address", "Where calendars read it; shown once").read_only());
    }
};

}  // namespace quipu::operations
