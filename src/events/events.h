#pragma once
// The journal's vocabulary, one small struct per thing that can happen, named in the past tense. Services meet here.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/describe.h"

namespace quipu::events {

/// An object of the registry was made, changed or removed. Subject: KIND:ID.
struct ObjectChanged {
    static constexpr std::string_view kType = "ObjectChanged";
    std::string kind;
    std::string id;
    std::string action;  // created, changed, removed
    std::int64_t version = 0;
    std::string why;
    static constexpr auto describe() {
        return fields(field<&ObjectChanged::kind>("kind", "Collection: sites, links…").required(),
                      field<&ObjectChanged::id>("id", "The object").required(),
                      field<&ObjectChanged::action>("action", "created, changed or removed").required(),
                      field<&ObjectChanged::version>("version", "Its version now"),
                      field<&ObjectChanged::why>("why", "The reason given"));
    }
};

/// A file was imported. Subject: import:NAME.
struct RegistryImported {
    static constexpr std::string_view kType = "RegistryImported";
    std::string source;
    std::int64_t created = 0, changed = 0, removed = 0;
    static constexpr auto describe() {
        return fields(field<&RegistryImported::source>("source", "File or caller").required(),
                      field<&RegistryImported::created>("created", "Objects made"),
                      field<&RegistryImported::changed>("changed", "Objects changed"),
                      field<&RegistryImported::removed>("removed", "Objects removed"));
    }
};

/// The lab's link was taken down, brought up or given other properties. Subject: link:ID.
struct LabLinkSet {
    static constexpr std::string_view kType = "LabLinkSet";
    std::string link;
    std::string state;       // up, down
    std::string impairment;  // text of delay, jitter, loss… when changed
    static constexpr auto describe() {
        return fields(field<&LabLinkSet::link>("link", "The link").required(),
                      field<&LabLinkSet::state>("state", "up or down").required(),
                      field<&LabLinkSet::impairment>("impairment", "What was imposed"));
    }
};

/// A member's router in the lab announced another's prefix, or ended it. Subject: site:ID.
struct LabHijackSet {
    static constexpr std::string_view kType = "LabHijackSet";
    std::string prefix, site;
    std::string state;  // announced, stopped
    static constexpr auto describe() {
        return fields(field<&LabHijackSet::prefix>("prefix", "What was announced").required(),
                      field<&LabHijackSet::site>("site", "Where").required(),
                      field<&LabHijackSet::state>("state", "announced or stopped").required());
    }
};

/// A pair's one-way delay changed for good (both ways of change). Subject: pair:FROM/TO.
struct DelayChanged {
    std::string from, to;
    std::int64_t before_us = 0, after_us = 0;
    bool rerouted = false;
    std::string evidence;
    static constexpr auto describe() {
        return fields(field<&DelayChanged::from>("from", "Sending site").required(),
                      field<&DelayChanged::to>("to", "Receiving site").required(),
                      field<&DelayChanged::before_us>("before_us", "Median before").format("us"),
                      field<&DelayChanged::after_us>("after_us", "Median after").format("us"),
                      field<&DelayChanged::rerouted>("rerouted", "The packets take another way since"),
                      field<&DelayChanged::evidence>("evidence", "See /api/v1/measure/evidence/{id}"));
    }
};
struct DelayRose : DelayChanged {
    static constexpr std::string_view kType = "DelayRose";
};
struct DelayFell : DelayChanged {
    static constexpr std::string_view kType = "DelayFell";
};

/// Two networks' ways were compared. Subject: site:FROM.
struct WaysCompared {
    static constexpr std::string_view kType = "WaysCompared";
    std::int64_t comparison = 0;
    std::string from, to, verdict;
    static constexpr auto describe() {
        using T = WaysCompared;
        return fields(field<&T::comparison>("comparison", "Its number").required(),
                      field<&T::from>("from", "The point that compared").required(),
                      field<&T::to>("to", "To which host or site").required(),
                      field<&T::verdict>("verdict", "What came out").required());
    }
};

/// A pair began to lose packets beyond its threshold, or stopped losing. Subject: pair:FROM/TO.
struct LossChanged {
    std::string from, to;
    double before = 0, after = 0;  // fractions
    std::string evidence;
    static constexpr auto describe() {
        return fields(field<&LossChanged::from>("from", "Sending site").required(),
                      field<&LossChanged::to>("to", "Receiving site").required(),
                      field<&LossChanged::before>("before", "Fraction lost before"),
                      field<&LossChanged::after>("after", "Fraction lost after"),
                      field<&LossChanged::evidence>("evidence", "See /api/v1/measure/evidence/{id}"));
    }
};
struct LossBegan : LossChanged {
    static constexpr std::string_view kType = "LossBegan";
};
struct LossEnded : LossChanged {
    static constexpr std::string_view kType = "LossEnded";
};

/// Packets take another way from one site to another. Subject: pair:FROM/TO.
struct PathChanged {
    static constexpr std::string_view kType = "PathChanged";
    std::string from, to;
    std::string before, after;                         // the ways' identifiers
    std::vector<std::string> hops_before, hops_after;  // addresses; "*": silent
    static constexpr auto describe() {
        return fields(field<&PathChanged::from>("from", "Sending site").required(),
                      field<&PathChanged::to>("to", "Receiving site").required(),
                      field<&PathChanged::before>("before", "The way's identifier before").required(),
                      field<&PathChanged::after>("after", "The way's identifier now").required(),
                      field<&PathChanged::hops_before>("hops_before", "Hop by hop before; *: silent").required(),
                      field<&PathChanged::hops_after>("hops_after", "Hop by hop now; *: silent").required());
    }
};

/// It was found out what has failed, or it works again for good. Subject: the cause, KIND:ID.
struct OutageChanged {
    std::int64_t outage = 0;
    std::string cause;
    std::string severity;  // minor, major, critical
    static constexpr auto describe() {
        return fields(field<&OutageChanged::outage>("outage", "Its number").required(),
                      field<&OutageChanged::cause>("cause", "What failed: link:ID, site:ID, point:ID").required(),
                      field<&OutageChanged::severity>("severity", "minor, major, critical").required());
    }
};
struct OutageBegan : OutageChanged {
    static constexpr std::string_view kType = "OutageBegan";
};
struct OutageEnded : OutageChanged {
    static constexpr std::string_view kType = "OutageEnded";
};

/// A measurement point's clock is wrong, or is right again. Subject: site:ID.
struct ClockChanged {
    std::string site;
    Time since{};
    std::string cause;  // kernel, step, negative
    std::optional<std::int64_t> by_us;
    static constexpr auto describe() {
        return fields(
            field<&ClockChanged::site>("site", "The point's site").required(),
            field<&ClockChanged::since>("since", "The first minute in which it was wrong").required(),
            field<&ClockChanged::cause>("cause",
                                        "kernel: nothing disciplines it; step: all its delays moved, one way up, the "
                                        "other down; negative: packets arrive before they were sent")
                .required(),
            field<&ClockChanged::by_us>("by_us", "How far ahead it is or was; absent when unknown").format("us"));
    }
};
struct ClockWentWrong : ClockChanged {
    static constexpr std::string_view kType = "ClockWentWrong";
};
struct ClockRightAgain : ClockChanged {
    static constexpr std::string_view kType = "ClockRightAgain";
};

/// Subject: agent:ID.
struct AgentState {
    std::string agent;
    std::string detail;
    static constexpr auto describe() {
        return fields(field<&AgentState::agent>("agent", "The agent").required(),
                      field<&AgentState::detail>("detail", "Why, or from where"));
    }
};
struct AgentEnrolled : AgentState {
    static constexpr std::string_view kType = "AgentEnrolled";
};
struct AgentConnected : AgentState {
    static constexpr std::string_view kType = "AgentConnected";
};
struct AgentLost : AgentState {
    static constexpr std::string_view kType = "AgentLost";
};
struct AgentRevoked : AgentState {
    static constexpr std::string_view kType = "AgentRevoked";
};

/// A service failed and is restarted after a pause. Subject: service:NAME.
struct ServiceFailed {
    static constexpr std::string_view kType = "ServiceFailed";
    std::string service;
    std::string reason;
    static constexpr auto describe() {
        return fields(field<&ServiceFailed::service>("service", "The service").required(),
                      field<&ServiceFailed::reason>("reason", "The error"));
    }
};

/// Somebody used the link at the foot of a page. Subject: report:ID. How to answer stays with the report.
struct ProblemReported {
    static constexpr std::string_view kType = "ProblemReported";
    std::string page;
    std::string request_id;
    std::string text;
    static constexpr auto describe() {
        return fields(field<&ProblemReported::page>("page", "Address of the page").required(),
                      field<&ProblemReported::request_id>("request_id", "Request that failed, if one did"),
                      field<&ProblemReported::text>("text", "What the person wrote").required());
    }
};

/// Something about a case. Subject: case:NUMBER. Where `visibility` is not public the journal shows the event only to
/// those who may see such cases, and the title is left out.
struct CaseEvent {
    std::int64_t number = 0;
    std::string queue;       // operations, performance, help, security
    std::string state;       // new, working, waiting…
    std::string priority;    // low, normal, high, urgent
    std::string visibility;  // public, members, private
    std::string title;
    std::vector<std::string> organisations;  // concerned
    static constexpr auto describe() {
        using T = CaseEvent;
        return fields(field<&T::number>("number", "The case").required(), field<&T::queue>("queue", "Its queue"),
                      field<&T::state>("state", "Where it stands now"), field<&T::priority>("priority", "How soon"),
                      field<&T::visibility>("visibility", "public, members or private").required(),
                      field<&T::title>("title", "Its title, if it is public"),
                      field<&T::organisations>("organisations", "Organisations concerned"));
    }
};
struct CaseOpened : CaseEvent {
    static constexpr std::string_view kType = "CaseOpened";
    std::string cause;                 // what opened it by itself; empty: a person
    std::vector<std::string> objects;  // KIND:ID
    static constexpr auto describe() {
        using T = CaseOpened;
        return std::tuple_cat(CaseEvent::describe(),
                              fields(field<&T::cause>("cause", "What opened it, if it opened by itself"),
                                     field<&T::objects>("objects", "What it is about, KIND:ID")));
    }
};
/// Its fields or its state changed, or it was opened again.
struct CaseChanged : CaseEvent {
    static constexpr std::string_view kType = "CaseChanged";
    std::vector<std::string> changed;  // names of fields; "reopened" among them when it was closed
    std::string owner;                 // now
    static constexpr auto describe() {
        using T = CaseChanged;
        return std::tuple_cat(CaseEvent::describe(), fields(field<&T::changed>("changed", "Names of the fields"),
                                                            field<&T::owner>("owner", "Who takes care of it now")));
    }
};
struct CaseNoteAdded : CaseEvent {
    static constexpr std::string_view kType = "CaseNoteAdded";
    std::int64_t entry = 0;
    std::string note_visibility;  // public, members, private
    bool by_mail = false;
    static constexpr auto describe() {
        using T = CaseNoteAdded;
        return std::tuple_cat(CaseEvent::describe(),
                              fields(field<&T::entry>("entry", "The entry of the time line").required(),
                                     field<&T::note_visibility>("note_visibility", "Who may read it").required(),
                                     field<&T::by_mail>("by_mail", "From somebody who is not signed in")));
    }
};
struct CaseClosed : CaseEvent {
    static constexpr std::string_view kType = "CaseClosed";
    std::string cause;
    static constexpr auto describe() {
        return std::tuple_cat(CaseEvent::describe(),
                              fields(field<&CaseClosed::cause>("cause", "What had opened it, if it opened by itself")));
    }
};
/// A service clock runs out or has run out.
struct CaseEscalated : CaseEvent {
    static constexpr std::string_view kType = "CaseEscalated";
    std::string clock;      // answer, solution
    std::int64_t step = 0;  // 1: soon due; 2: late; 3: twice the time
    std::string owner;
    std::vector<std::string> teams;
    static constexpr auto describe() {
        using T = CaseEscalated;
        return std::tuple_cat(
            CaseEvent::describe(),
            fields(field<&T::clock>("clock", "answer or solution").required(),
                   field<&T::step>("step", "1: soon due; 2: late; 3: as late again").required(),
                   field<&T::owner>("owner", "Who takes care of it"), field<&T::teams>("teams", "Who works on it")));
    }
};
/// Subject: the case that is no more; `number` too.
struct CaseMerged : CaseEvent {
    static constexpr std::string_view kType = "CaseMerged";
    std::int64_t into = 0;
    static constexpr auto describe() {
        return std::tuple_cat(CaseEvent::describe(),
                              fields(field<&CaseMerged::into>("into", "The case that it has gone into").required()));
    }
};

/// An article of the knowledge base was made, changed, published, withdrawn, restored or removed. Subject: article:ID.
struct ArticleChanged {
    static constexpr std::string_view kType = "ArticleChanged";
    std::string id;
    std::string action;  // created, changed, withdrawn, restored, removed; published in ArticlePublished
    std::int64_t version = 0;
    std::string state;  // draft, published
    std::string title;  // of what everybody may read
    static constexpr auto describe() {
        using T = ArticleChanged;
        return fields(
            field<&T::id>("id", "The article").required(),
            field<&T::action>("action", "created, changed, published, withdrawn, restored or removed").required(),
            field<&T::version>("version", "Its version now").required(),
            field<&T::state>("state", "draft or published").required(),
            field<&T::title>("title", "Its title, if everybody may read it"));
    }
};
struct ArticlePublished : ArticleChanged {
    static constexpr std::string_view kType = "ArticlePublished";
};

/// A performance response team was registered, changed or removed. Subject: team:ID.
struct TeamChanged {
    static constexpr std::string_view kType = "TeamChanged";
    std::string team;
    std::string organisation;
    std::string action;  // registered, changed, removed
    std::int64_t version = 0;
    static constexpr auto describe() {
        using T = TeamChanged;
        return fields(field<&T::team>("team", "The team").required(),
                      field<&T::organisation>("organisation", "Whose team it is").required(),
                      field<&T::action>("action", "registered, changed or removed").required(),
                      field<&T::version>("version", "Its version now"));
    }
};
/// A step of a team's accreditation. Subject: team:ID.
struct AccreditationChanged {
    static constexpr std::string_view kType = "AccreditationChanged";
    std::int64_t number = 0;
    std::string team;
    std::string organisation;
    std::string step;   // submit, approve, accredit, expire…
    std::string state;  // after it
    static constexpr auto describe() {
        using T = AccreditationChanged;
        return fields(field<&T::number>("number", "The accreditation").required(),
                      field<&T::team>("team", "The team").required(),
                      field<&T::organisation>("organisation", "Whose team it is").required(),
                      field<&T::step>("step", "What was done").required(),
                      field<&T::state>("state", "Where it stands after it").required());
    }
};
/// An accreditation will end soon: its team is to renew it. Subject: team:ID.
struct AccreditationExpiring {
    static constexpr std::string_view kType = "AccreditationExpiring";
    std::int64_t number = 0;
    std::string team;
    std::string organisation;
    std::int64_t days = 0;
    static constexpr auto describe() {
        using T = AccreditationExpiring;
        return fields(field<&T::number>("number", "The accreditation").required(),
                      field<&T::team>("team", "The team").required(),
                      field<&T::organisation>("organisation", "Whose team it is").required(),
                      field<&T::days>("days", "Days until it ends").required());
    }
};
/// A step of a request for technical information between two teams. Subject: request:NUMBER. What is asked stays out.
struct TechnicalRequestChanged {
    static constexpr std::string_view kType = "TechnicalRequestChanged";
    std::int64_t number = 0;
    std::string from, to;  // teams
    std::string from_organisation, to_organisation;
    std::string step;   // ask, accept, answer, decline, close, reopen; remind, overdue by the clock
    std::string state;  // after it
    static constexpr auto describe() {
        using T = TechnicalRequestChanged;
        return fields(field<&T::number>("number", "The request").required(),
                      field<&T::from>("from", "The team that asks").required(),
                      field<&T::to>("to", "The team that is asked").required(),
                      field<&T::from_organisation>("from_organisation", "Whose team asks").required(),
                      field<&T::to_organisation>("to_organisation", "Whose team is asked").required(),
                      field<&T::step>("step", "What was done").required(),
                      field<&T::state>("state", "Where it stands after it").required());
    }
};
/// A meeting of the teams was called, changed or cancelled. Subject: meeting:NUMBER.
struct MeetingChanged {
    static constexpr std::string_view kType = "MeetingChanged";
    std::int64_t number = 0;
    std::string action;  // called, changed
    std::string state;   // planned, held, cancelled
    static constexpr auto describe() {
        using T = MeetingChanged;
        return fields(field<&T::number>("number", "The meeting").required(),
                      field<&T::action>("action", "called or changed").required(),
                      field<&T::state>("state", "planned, held or cancelled").required());
    }
};

/// What a held change takes from all VRPs, from one trust anchor's or from one member's.
struct RpkiLoss {
    std::string scope;  // whole, anchor, member
    std::string name;   // of the trust anchor, or the member's id
    std::int64_t before = 0, lost = 0;
    std::vector<std::string> examples;  // "200.0.204.0/22-24 AS27750", at most 20
    static constexpr auto describe() {
        return fields(field<&RpkiLoss::scope>("scope", "whole, anchor or member").required(),
                      field<&RpkiLoss::name>("name", "Trust anchor's name, or member's id; empty: of the whole"),
                      field<&RpkiLoss::before>("before", "VRPs that it has now").required(),
                      field<&RpkiLoss::lost>("lost", "VRPs that would go").required(),
                      field<&RpkiLoss::examples>("examples", "Some of those that would go").required());
    }
};
/// The guard keeps from routers what would drop too many VRPs. Subject: rpki:guard.
struct RpkiChangeHeld {
    static constexpr std::string_view kType = "RpkiChangeHeld";
    std::int64_t id = 0;
    Time since{};
    std::optional<Time> release_at;
    std::int64_t lost = 0, added = 0;
    std::vector<RpkiLoss> losses;  // those that are too much, at most 20
    static constexpr auto describe() {
        return fields(field<&RpkiChangeHeld::id>("id", "Number of the held change").required(),
                      field<&RpkiChangeHeld::since>("since", "Held since").required(),
                      field<&RpkiChangeHeld::release_at>("release_at", "Passes by itself at"),
                      field<&RpkiChangeHeld::lost>("lost", "VRPs that would go").required(),
                      field<&RpkiChangeHeld::added>("added", "VRPs that would come").required(),
                      field<&RpkiChangeHeld::losses>("losses", "Where more would go than is let pass").required());
    }
};
/// It reached routers, or became small again by itself. Subject: rpki:guard.
struct RpkiChangeReleased {
    static constexpr std::string_view kType = "RpkiChangeReleased";
    std::int64_t id = 0;
    std::int64_t lost = 0;
    std::string how;  // person, time, gone; empty: found out only after a restart
    static constexpr auto describe() {
        return fields(field<&RpkiChangeReleased::id>("id", "Number of the held change").required(),
                      field<&RpkiChangeReleased::lost>("lost", "VRPs that it drops").required(),
                      field<&RpkiChangeReleased::how>("how", "person, time, or gone: it became small"));
    }
};

/// A test of throughput found no place in the calendar. Subject: pair:FROM/TO.
struct ThroughputTestRefused {
    static constexpr std::string_view kType = "ThroughputTestRefused";
    std::string from, to;
    Time wanted{};
    std::string reason;  // end-busy, link-busy, path-busy, link-share, too-much, too-early, too-late
    std::string object;  // the site or link
    std::string what;
    static constexpr auto describe() {
        using T = ThroughputTestRefused;
        return fields(field<&T::from>("from", "Sending site").required(),
                      field<&T::to>("to", "Receiving site").required(),
                      field<&T::wanted>("wanted", "The start that was wanted").required(),
                      field<&T::reason>("reason", "What stood against it").required(),
                      field<&T::object>("object", "The site or link that is taken"),
                      field<&T::what>("what", "The same in words"));
    }
};
/// A test of throughput failed, the first of its pair or one that a person asked for. Subject: pair:FROM/TO.
struct ThroughputTestFailed {
    static constexpr std::string_view kType = "ThroughputTestFailed";
    std::int64_t test = 0;
    std::string from, to;
    Time start{};
    std::string why;
    static constexpr auto describe() {
        using T = ThroughputTestFailed;
        return fields(
            field<&T::test>("test", "Its number").required(), field<&T::from>("from", "Sending site").required(),
            field<&T::to>("to", "Receiving site").required(), field<&T::start>("start", "When it was due").required(),
            field<&T::why>("why", "What its ends say"));
    }
};

/// What a pair's throughput tests carry changed for good (both ways of change). Subject: pair:FROM/TO.
struct ThroughputChanged {
    std::string from, to;
    std::int64_t before_bps = 0, after_bps = 0;
    Time since{};
    std::int64_t test = 0;
    static constexpr auto describe() {
        using T = ThroughputChanged;
        return fields(field<&T::from>("from", "Sending site").required(),
                      field<&T::to>("to", "Receiving site").required(),
                      field<&T::before_bps>("before_bps", "What tests carried before").required().format("b/s"),
                      field<&T::after_bps>("after_bps", "What they carry since").required().format("b/s"),
                      field<&T::since>("since", "Start of the first test that was so").required(),
                      field<&T::test>("test", "Number of the test that decided it").required());
    }
};
struct ThroughputRose : ThroughputChanged {
    static constexpr std::string_view kType = "ThroughputRose";
};
struct ThroughputFell : ThroughputChanged {
    static constexpr std::string_view kType = "ThroughputFell";
};

}  // namespace quipu::events
