#pragma once
// The desk's things as described structs: cases and what belongs to them. What the API shows and the store keeps.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"
#include "data/journal.h"
#include "registry/model.h"

namespace quipu::desk {

using registry::Visibility;

/// Who takes care of it.
enum class Queue : std::uint8_t {
    operations,   ///< the network itself: links, sites, maintenance
    performance,  ///< eduPERT
    help,         ///< what people ask: the problem link, mail
    security,     ///< incidents; seen by the security team alone
};
constexpr auto describe_enum(Queue) {
    return names<Queue>({{Queue::operations, "operations"},
                         {Queue::performance, "performance"},
                         {Queue::help, "help"},
                         {Queue::security, "security"}});
}

/// Where it stands. Which steps there are in a queue: engine_case.h.
enum class State : std::uint8_t {
    new_,       ///< nobody has answered yet
    working,    ///< somebody is at it
    waiting,    ///< for the one who asked: service clocks stand still
    watching,   ///< mended; one looks whether it stays so
    contained,  ///< security: it spreads no further
    solved,     ///< done, as we see it
    closed,     ///< done
    merged,     ///< gone into another case
};
constexpr auto describe_enum(State) {
    return names<State>({{State::new_, "new"},
                         {State::working, "working"},
                         {State::waiting, "waiting"},
                         {State::watching, "watching"},
                         {State::contained, "contained"},
                         {State::solved, "solved"},
                         {State::closed, "closed"},
                         {State::merged, "merged"}});
}
/// Solved, closed and merged cases are nobody's work any more.
[[nodiscard]] constexpr bool is_open(State state) {
    return state < State::solved;
}

enum class Priority : std::uint8_t { low, normal, high, urgent };
constexpr auto describe_enum(Priority) {
    return names<Priority>(
        {{Priority::low, "low"}, {Priority::normal, "normal"}, {Priority::high, "high"}, {Priority::urgent, "urgent"}});
}

/// How one of a case's two service clocks stands.
struct ServiceClock {
    std::optional<Time> due;   ///< absent: no promise, or it stands still
    std::optional<Time> done;  ///< when it was answered or solved
    bool paused = false;
    bool late = false;  ///< done after it was due, or due and not done
    static constexpr auto describe() {
        using T = ServiceClock;
        return fields(field<&T::due>("due", "Until when; absent when nothing is promised or the clock stands still"),
                      field<&T::done>("done", "When it was done"),
                      field<&T::paused>("paused", "Stands still: the one who asked has to answer").required(),
                      field<&T::late>("late", "Due and not done, or done after it was due").required());
    }
};

struct Case {
    std::int64_t number = 0;
    std::int64_t version = 0;
    Queue queue = Queue::help;
    State state = State::new_;
    Priority priority = Priority::normal;
    std::string title;
    std::string description;
    std::string language;  ///< es, pt, en: of the one who asked
    Visibility visibility = Visibility::members;
    std::optional<std::string> owner;        ///< account: "person:ana"
    std::vector<std::string> teams;          ///< ids of teams that work on it
    std::vector<std::string> organisations;  ///< concerned
    std::vector<std::string> objects;        ///< KIND:ID: "link:santiago-panama", "pair:santiago/panama", "case:41"
    std::optional<std::string> country;      ///< whose working hours and holidays count
    std::optional<std::string> cause;        ///< what opened it, if it opened by itself
    Time opened{};
    std::string opened_by;
    Time changed{};
    ServiceClock answer, solution;
    std::optional<Time> closed;
    std::int64_t escalation = 0;  ///< steps taken
    std::int64_t reopened = 0;    ///< times
    std::optional<std::int64_t> merged_into;
    std::int64_t notes = 0, evidence = 0, attachments = 0, watchers = 0;  ///< how many

    static constexpr auto describe() {
        using T = Case;
        return fields(field<&T::number>("number", "Its number").required().read_only(),
                      field<&T::version>("version", "Rises by one with each change; the ETag").required().read_only(),
                      field<&T::queue>("queue", "Who takes care of it").required(),
                      field<&T::state>("state", "Where it stands").required(),
                      field<&T::priority>("priority", "How soon").required(),
                      field<&T::title>("title", "What it is, in a line").required().at_most_long(200),
                      field<&T::description>("description", "What it is").required().at_most_long(20'000),
                      field<&T::language>("language", "es, pt, en: of the one who asked").required().at_most_long(8),
                      field<&T::visibility>("visibility", "Who may see it").required(),
                      field<&T::owner>("owner", "Account that takes care of it").at_most_long(100),
                      field<&T::teams>("teams", "Teams that work on it").required().at_most_long(50),
                      field<&T::organisations>("organisations", "Organisations concerned")
                          .required()
                          .references("organisations")
                          .at_most_long(200),
                      field<&T::objects>("objects", "What it is about, KIND:ID").required().at_most_long(200),
                      field<&T::country>("country", "Whose working hours and holidays count").at_most_long(2),
                      field<&T::cause>("cause", "What opened it, if it opened by itself").read_only(),
                      field<&T::opened>("opened", "When it was opened").required().read_only(),
                      field<&T::opened_by>("opened_by", "Who opened it").required().read_only(),
                      field<&T::changed>("changed", "When something was last said or done").required().read_only(),
                      field<&T::answer>("answer", "The clock of the first answer").required().read_only(),
                      field<&T::solution>("solution", "The clock of the solution").required().read_only(),
                      field<&T::closed>("closed", "When it was closed").read_only(),
                      field<&T::escalation>("escalation", "Steps of escalation taken").required().read_only(),
                      field<&T::reopened>("reopened", "How often it was opened again").required().read_only(),
                      field<&T::merged_into>("merged_into", "The case that it has gone into").read_only(),
                      field<&T::notes>("notes", "Notes that the caller may see").required().read_only(),
                      field<&T::evidence>("evidence", "Pieces of evidence").required().read_only(),
                      field<&T::attachments>("attachments", "Files").required().read_only(),
                      field<&T::watchers>("watchers", "People who follow it").required().read_only());
    }
};

// ---- its time line

enum class EntryKind : std::uint8_t {
    opened,
    note,
    moved,      ///< another state
    changed,    ///< other fields: `changes` says which
    evidence,   ///< frozen later than at the opening
    attached,   ///< a file
    watched,    ///< a watcher came or went
    joined,     ///< its cause showed again
    escalated,  ///< a service clock
    merged,     ///< another case came in, or it went into another
    split,      ///< a part of it became another case, or it was such a part
};
constexpr auto describe_enum(EntryKind) {
    return names<EntryKind>({{EntryKind::opened, "opened"},
                             {EntryKind::note, "note"},
                             {EntryKind::moved, "moved"},
                             {EntryKind::changed, "changed"},
                             {EntryKind::evidence, "evidence"},
                             {EntryKind::attached, "attached"},
                             {EntryKind::watched, "watched"},
                             {EntryKind::joined, "joined"},
                             {EntryKind::escalated, "escalated"},
                             {EntryKind::merged, "merged"},
                             {EntryKind::split, "split"}});
}

struct FieldChange {
    std::string name;
    Value before, after;
    static constexpr auto describe() {
        using T = FieldChange;
        return fields(field<&T::name>("field", "Which").required(), field<&T::before>("before", "What it was"),
                      field<&T::after>("after", "What it is"));
    }
};

/// One line of the time line; of kind `note`, a note.
struct Entry {
    std::int64_t id = 0;
    Time time{};
    EntryKind kind = EntryKind::note;
    std::string who;       ///< Caller::id, "system", "mail:ADDRESS"
    std::string who_name;  ///< as shown; empty: the id
    Visibility visibility = Visibility::public_;
    std::string text;
    std::vector<FieldChange> changes;
    bool unverified = false;                   ///< came by mail: nobody has proved who wrote it
    std::optional<std::int64_t> origin;        ///< the case that it came from by merging or splitting
    std::vector<std::int64_t> attachment_ids;  ///< files that came with it
    static constexpr auto describe() {
        using T = Entry;
        return fields(
            field<&T::id>("id", "Its number").required(), field<&T::time>("time", "When").required(),
            field<&T::kind>("kind", "What happened").required(), field<&T::who>("who", "Who did it").required(),
            field<&T::who_name>("who_name", "Their name as shown").required(),
            field<&T::visibility>("visibility", "public: whoever sees the case; members; private: the team").required(),
            field<&T::text>("text", "What was said").required(), field<&T::changes>("changes", "Fields that changed"),
            field<&T::unverified>("unverified", "Came by mail: the sender is not verified").required(),
            field<&T::origin>("origin", "The case that it came from by merging or splitting"),
            field<&T::attachment_ids>("attachments", "Files that came with it"));
    }
};

// ---- what was known when it opened

enum class EvidenceKind : std::uint8_t { series, path, events };
constexpr auto describe_enum(EvidenceKind) {
    return names<EvidenceKind>(
        {{EvidenceKind::series, "series"}, {EvidenceKind::path, "path"}, {EvidenceKind::events, "events"}});
}

/// What is to be frozen. A series is named by its archive stream and key, a path by its two sites, events by their
/// subject (all subjects when empty).
struct EvidenceWish {
    EvidenceKind kind = EvidenceKind::series;
    std::string stream;                ///< series: "measure.minute"
    std::string key;                   ///< series: "santiago/panama"; path: the same; events: "link:santiago-panama"
    std::optional<Time> since, until;  ///< the hour before now if left out; a week at most
    static constexpr auto describe() {
        using T = EvidenceWish;
        return fields(
            field<&T::kind>("kind", "series, path or events").required(),
            field<&T::stream>("stream", "Of a series: the archive's stream").at_most_long(100),
            field<&T::key>("key", "Of a series and a path FROM/TO; of events their subject KIND:ID").at_most_long(300),
            field<&T::since>("since", "From when; an hour before `until` if left out"),
            field<&T::until>("until", "Until when; now if left out"));
    }
};

/// A column of a chart; all columns of a series are as long as its `time` column. Null: nothing known.
struct EvidenceColumn {
    std::string name;
    std::string unit;  ///< "s" (since 1970) of `time`; "us", "packets", "fraction"…
    std::vector<std::optional<double>> values;
    static constexpr auto describe() {
        using T = EvidenceColumn;
        return fields(field<&T::name>("name", "What it is: time, delay_median…").required(),
                      field<&T::unit>("unit", "Its unit").required(),
                      field<&T::values>("values", "One value a point, null where nothing is known")
                          .required()
                          .at_most_long(20'000));
    }
};
struct Hop {
    std::string site;
    std::optional<std::string> link;  ///< by which one goes on; none at the end
    double metres = 0;                ///< of that link
    static constexpr auto describe() {
        return fields(field<&Hop::site>("site", "Where").required().references("sites"),
                      field<&Hop::link>("link", "The link on from there").references("links"),
                      field<&Hop::metres>("metres", "Its length").format("m"));
    }
};

struct Evidence {
    std::int64_t id = 0;
    EvidenceKind kind = EvidenceKind::series;
    std::string object;       ///< KIND:ID
    std::string title;        ///< "measure.minute santiago/panama"
    std::string description;  ///< a sentence with the figures that matter, in English
    std::optional<Time> since, until;
    Time frozen{};
    std::vector<EvidenceColumn> columns;  ///< of a series
    std::vector<Hop> hops;                ///< of a path
    std::vector<data::Event> events;
    static constexpr auto describe() {
        using T = Evidence;
        return fields(
            field<&T::id>("id", "Its number").required(), field<&T::kind>("kind", "What it is").required(),
            field<&T::object>("object", "What it is about, KIND:ID; nothing where it is the whole network"),
            field<&T::title>("title", "What it is, in words").required(),
            field<&T::description>("description", "What it shows").required(), field<&T::since>("since", "From when"),
            field<&T::until>("until", "Until when"), field<&T::frozen>("frozen", "When it was kept").required(),
            field<&T::columns>("columns", "Of a series: columns of equal length, `time` first"),
            field<&T::hops>("hops", "Of a path: sites in order"), field<&T::events>("events", "What the journal told"));
    }
};

// ---- files, watchers and candidates

struct Attachment {
    std::int64_t id = 0;
    std::string name;
    std::string media_type;  ///< by its first octets, never as the sender called it
    ByteCount size{};
    std::string sha256;
    Time time{};
    std::string who;
    Visibility visibility = Visibility::public_;
    static constexpr auto describe() {
        using T = Attachment;
        return fields(field<&T::id>("id", "Its number").required(), field<&T::name>("name", "File name").required(),
                      field<&T::media_type>("media_type", "By its content").required(),
                      field<&T::size>("size", "Octets").required(),
                      field<&T::sha256>("sha256", "Of its content, hexadecimal").required(),
                      field<&T::time>("time", "When it came").required(),
                      field<&T::who>("who", "Who sent it").required(),
                      field<&T::visibility>("visibility", "Who may see it").required());
    }
};

/// Somebody who could take care of a case.
struct Candidate {
    std::string id;  ///< "person:ana"
    std::string name;
    static constexpr auto describe() {
        return fields(field<&Candidate::id>("id", "Account").required(),
                      field<&Candidate::name>("name", "Their name").required());
    }
};
struct Watcher {
    std::string id;        ///< account "person:ana", or "mail:ana@uchile.cl" of somebody without one
    std::string language;  ///< es, pt, en; empty: not known
    Time since{};
    static constexpr auto describe() {
        using T = Watcher;
        return fields(field<&T::id>("id", "Account, or mail:ADDRESS").required().at_most_long(330),
                      field<&T::language>("language", "es, pt, en").at_most_long(8),
                      field<&T::since>("since", "When it began").read_only());
    }
};

// ---- what one asks for

struct NewCase {
    Queue queue = Queue::help;
    std::string title;
    std::string description;
    Priority priority = Priority::normal;
    std::string language;                  ///< of the caller or the first organisation when empty
    std::optional<Visibility> visibility;  ///< members; private in the security queue whatever is said
    std::optional<std::string> owner;
    std::vector<std::string> teams, organisations, objects;
    std::vector<std::string> watchers;  ///< accounts, or "mail:ADDRESS"
    std::vector<EvidenceWish> freeze;   ///< frozen before the case is opened
    static constexpr auto describe() {
        using T = NewCase;
        return fields(field<&T::queue>("queue", "Who is to take care of it").required(),
                      field<&T::title>("title", "What it is, in a line").required().at_most_long(200),
                      field<&T::description>("description", "What it is").at_most_long(20'000),
                      field<&T::priority>("priority", "How soon"),
                      field<&T::language>("language", "es, pt, en; the caller's if left out").at_most_long(8),
                      field<&T::visibility>("visibility", "Who may see it: members if left out"),
                      field<&T::owner>("owner", "Account that takes care of it").at_most_long(100),
                      field<&T::teams>("teams", "Teams that work on it").at_most_long(50),
                      field<&T::organisations>("organisations", "Organisations concerned")
                          .references("organisations")
                          .at_most_long(200),
                      field<&T::objects>("objects", "What it is about, KIND:ID").at_most_long(200),
                      field<&T::watchers>("watchers", "Accounts or mail:ADDRESS that follow it").at_most_long(100),
                      field<&T::freeze>("freeze", "Evidence to be kept as it is now").at_most_long(50));
    }
};

/// What is to be other; what is left out stays. A state that the queue has no step to is `conflict`.
struct CaseEdit {
    std::optional<Queue> queue;
    std::optional<State> state;
    std::optional<Priority> priority;
    std::optional<std::string> title, description, language;
    std::optional<Visibility> visibility;
    std::optional<std::string> owner;  ///< empty text: nobody
    std::optional<std::vector<std::string>> teams, organisations, objects;
    std::optional<std::string> country;
    std::optional<std::string> note;  ///< said with it, public
    static constexpr auto describe() {
        using T = CaseEdit;
        return fields(field<&T::queue>("queue", "Who is to take care of it"),
                      field<&T::state>("state", "Where it is to stand"), field<&T::priority>("priority", "How soon"),
                      field<&T::title>("title", "What it is, in a line").at_most_long(200),
                      field<&T::description>("description", "What it is").at_most_long(20'000),
                      field<&T::language>("language", "es, pt, en").at_most_long(8),
                      field<&T::visibility>("visibility", "Who may see it"),
                      field<&T::owner>("owner", "Account that takes care of it; empty: nobody").at_most_long(100),
                      field<&T::teams>("teams", "All teams that are to work on it").at_most_long(50),
                      field<&T::organisations>("organisations", "All organisations concerned").at_most_long(200),
                      field<&T::objects>("objects", "All that it is about, KIND:ID").at_most_long(200),
                      field<&T::country>("country", "Whose working hours and holidays count").at_most_long(2),
                      field<&T::note>("note", "Said with it").at_most_long(20'000));
    }
};

struct NewNote {
    std::string text;
    Visibility visibility = Visibility::public_;
    std::optional<State> state;  ///< moved to it in the same step: "answer and wait"
    static constexpr auto describe() {
        using T = NewNote;
        return fields(field<&T::text>("text", "What is said").required().at_most_long(50'000),
                      field<&T::visibility>("visibility", "public: whoever sees the case; members; private: the team"),
                      field<&T::state>("state", "Where the case is to stand after it"));
    }
};

enum class CaseOrder : std::uint8_t { newest, changed, due };
constexpr auto describe_enum(CaseOrder) {
    return names<CaseOrder>({{CaseOrder::newest, "newest"}, {CaseOrder::changed, "changed"}, {CaseOrder::due, "due"}});
}

struct CaseFilter {
    std::optional<Queue> queue;
    std::optional<State> state;
    std::optional<bool> open;
    std::optional<Priority> priority;
    std::optional<bool> late;
    std::string owner, organisation, team, object, cause;
    std::string text;   ///< words of title and description, each as a beginning; a number finds that case
    bool mine = false;  ///< what the caller owns, opened or watches
    std::optional<Time> since, until;  ///< opened
    CaseOrder order = CaseOrder::newest;
    static constexpr auto describe() {
        using T = CaseFilter;
        return fields(field<&T::queue>("queue", "Only this queue"), field<&T::state>("state", "Only in this state"),
                      field<&T::open>("open", "Only what is open, or only what is not"),
                      field<&T::priority>("priority", "Only this priority"),
                      field<&T::late>("late", "Only what is open and late, or only what is not"),
                      field<&T::owner>("owner", "Only this account's; `none`: nobody's").at_most_long(100),
                      field<&T::organisation>("organisation", "Only what concerns it").at_most_long(63),
                      field<&T::team>("team", "Only this team's").at_most_long(63),
                      field<&T::object>("object", "Only what is about it, KIND:ID").at_most_long(300),
                      field<&T::cause>("cause", "Only what this cause opened").at_most_long(300),
                      field<&T::text>("text", "Words of title and description, or a number").at_most_long(200),
                      field<&T::mine>("mine", "Only what I own, opened or watch"),
                      field<&T::since>("since", "Opened not before this time"),
                      field<&T::until>("until", "Opened before this time"),
                      field<&T::order>("order", "newest first, changed last first, or due first"));
    }
};

// ---- figures

/// What became of the cases that were opened in one month, at one organisation, in one queue.
struct Statistic {
    std::string month;  ///< "2011-11"
    Queue queue = Queue::help;
    std::string organisation;  ///< empty: all together
    std::int64_t opened = 0, answered = 0, answered_in_time = 0, solved = 0, solved_in_time = 0, still_open = 0;
    std::optional<std::int64_t> median_answer_s, median_solution_s;  ///< by the wall clock
    static constexpr auto describe() {
        using T = Statistic;
        return fields(field<&T::month>("month", "Of the opening, UTC").required(),
                      field<&T::queue>("queue", "The queue").required(),
                      field<&T::organisation>("organisation", "Concerned; empty: all together").required(),
                      field<&T::opened>("opened", "Cases opened").required(),
                      field<&T::answered>("answered", "Of these, answered").required(),
                      field<&T::answered_in_time>("answered_in_time", "Answered as promised").required(),
                      field<&T::solved>("solved", "Of these, solved").required(),
                      field<&T::solved_in_time>("solved_in_time", "Solved as promised").required(),
                      field<&T::still_open>("still_open", "Of these, not solved yet").required(),
                      field<&T::median_answer_s>("median_answer_s", "Median time to the first answer").format("s"),
                      field<&T::median_solution_s>("median_solution_s", "Median time to the solution").format("s"));
    }
};
struct StatisticFilter {
    std::optional<Queue> queue;
    std::string organisation;
    std::optional<Date> since, until;
    bool by_organisation = false;
    static constexpr auto describe() {
        using T = StatisticFilter;
        return fields(field<&T::queue>("queue", "Only this queue"),
                      field<&T::organisation>("organisation", "Only what concerns it").at_most_long(63),
                      field<&T::since>("since", "Opened from this day; twelve months ago if left out"),
                      field<&T::until>("until", "Opened before this day"),
                      field<&T::by_organisation>("by_organisation", "One row for each organisation concerned too"));
    }
};

/// One queue as it stands now, of what the caller may see.
struct QueueState {
    Queue queue = Queue::help;
    std::int64_t open = 0, unanswered = 0, late = 0, unowned = 0, waiting = 0;
    bool may_work = false;
    std::vector<std::string> states;                        ///< that its cases can be in
    std::map<std::string, std::vector<std::string>> steps;  ///< from each state, those that one may move to
    std::vector<std::string> promises;                      ///< in words: "normal: answered within 2 h of working time"
    static constexpr auto describe() {
        using T = QueueState;
        return fields(field<&T::queue>("queue", "The queue").required(),
                      field<&T::open>("open", "Open cases").required(),
                      field<&T::unanswered>("unanswered", "Of these, without an answer").required(),
                      field<&T::late>("late", "Of these, late").required(),
                      field<&T::unowned>("unowned", "Of these, nobody's").required(),
                      field<&T::waiting>("waiting", "Of these, waiting for the one who asked").required(),
                      field<&T::may_work>("may_work", "The caller may work here").required(),
                      field<&T::states>("states", "States of its cases").required(),
                      field<&T::steps>("steps", "From each state, those that one may move to").required(),
                      field<&T::promises>("promises", "What is promised, for each priority").required());
    }
};

}  // namespace quipu::desk
