#pragma once
// eduPERT's things as described structs: performance response teams, their accreditation, requests for technical
// information between teams, meetings. What the API shows and the store keeps.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"

namespace quipu::pert {

// ---- teams

/// Who may see one contact detail of a team.
enum class ContactSight : std::uint8_t {
    public_,     ///< anybody
    members,     ///< people of connected organisations
    accredited,  ///< people of teams whose accreditation holds, and the team itself
};
constexpr auto describe_enum(ContactSight) {
    return names<ContactSight>({{ContactSight::public_, "public"},
                                {ContactSight::members, "members"},
                                {ContactSight::accredited, "accredited"}});
}

struct TeamContact {
    std::string kind;  ///< email, phone, sip, chat
    std::string value;
    std::optional<std::string> note;
    ContactSight sight = ContactSight::accredited;
    static constexpr auto describe() {
        using T = TeamContact;
        return fields(field<&T::kind>("kind", "email, phone, sip, chat").required().at_most_long(20),
                      field<&T::value>("value", "The address or number").required().at_most_long(400),
                      field<&T::note>("note", "When, for what").at_most_long(400),
                      field<&T::sight>("sight", "Who may see it: public, members, accredited teams"));
    }
};

/// Where a team stands in accreditation.
enum class Standing : std::uint8_t { registered, applying, accredited, suspended, expired };
constexpr auto describe_enum(Standing) {
    return names<Standing>({{Standing::registered, "registered"},
                            {Standing::applying, "applying"},
                            {Standing::accredited, "accredited"},
                            {Standing::suspended, "suspended"},
                            {Standing::expired, "expired"}});
}

struct Team {
    std::string id;
    std::string organisation;
    std::string name;
    std::string constituency;  ///< whom it serves, in its own words
    std::optional<std::string> hours;
    std::optional<std::string> time_zone;
    std::vector<std::string> languages;
    std::optional<std::string> website;
    std::vector<TeamContact> contacts;
    std::optional<std::string> pgp_fingerprint;
    std::optional<std::string> pgp_key;
    std::vector<std::string> members;  ///< people of the registry
    std::optional<std::string> note;
    Standing standing = Standing::registered;
    std::optional<Date> accredited_until;
    std::int64_t version = 0;
    Time changed{};
    std::string changed_by;
    static constexpr auto describe() {
        using T = Team;
        return fields(
            field<&T::id>("id", "Short stable name").required().pattern(kSlug),
            field<&T::organisation>("organisation", "Whose team it is")
                .required()
                .references("organisations")
                .at_most_long(63),
            field<&T::name>("name", "Name in use").required().at_most_long(200),
            field<&T::constituency>("constituency", "Whom it serves").required().at_most_long(2000),
            field<&T::hours>("hours", "When it answers").at_most_long(400),
            field<&T::time_zone>("time_zone", "Of its hours: America/Santiago").at_most_long(64),
            field<&T::languages>("languages", "es, pt, en").at_most_long(8),
            field<&T::website>("website", "Address of its site").format("uri").at_most_long(400),
            field<&T::contacts>("contacts", "How to reach it: those that the caller may see").at_most_long(50),
            field<&T::pgp_fingerprint>("pgp_fingerprint", "40 or 64 hexadecimal digits").at_most_long(100),
            field<&T::pgp_key>("pgp_key", "The public key, ASCII armoured").at_most_long(20'000),
            field<&T::members>("members", "Its people, as the registry names them")
                .references("people")
                .at_most_long(100),
            field<&T::note>("note", "What else is to be known").at_most_long(4000),
            field<&T::standing>("standing", "registered, applying, accredited, suspended or expired").read_only(),
            field<&T::accredited_until>("accredited_until", "Last day of its accreditation").read_only(),
            field<&T::version>("version", "Rises by one with each change; the ETag").read_only(),
            field<&T::changed>("changed", "When it was changed last").read_only(),
            field<&T::changed_by>("changed_by", "Who changed it").read_only());
    }
};

// ---- accreditation

/// What a team shows to be accredited. The texts in es, pt and en are in criteria.cpp.
struct Criterion {
    std::string id;
    std::string text;  ///< in the language that was asked for
    bool mandatory = true;
    static constexpr auto describe() {
        using T = Criterion;
        return fields(field<&T::id>("id", "Its name in the evidence").required(),
                      field<&T::text>("text", "What is to be shown").required(),
                      field<&T::mandatory>("mandatory", "Without its evidence nothing is submitted").required());
    }
};

/// draft ─submit▶ submitted ─two approvals▶ reviewed ─decide▶ accredited ⇄ suspended; accredited ─term over▶ expired.
/// One refusal of a reviewer sends it back to draft. `refused`, `withdrawn`, `expired` and `renewed` are ends.
enum class AccreditationState : std::uint8_t {
    draft,
    submitted,
    reviewed,
    accredited,
    suspended,
    refused,
    withdrawn,
    expired,
    renewed
};
constexpr auto describe_enum(AccreditationState) {
    using S = AccreditationState;
    return names<S>({{S::draft, "draft"},
                     {S::submitted, "submitted"},
                     {S::reviewed, "reviewed"},
                     {S::accredited, "accredited"},
                     {S::suspended, "suspended"},
                     {S::refused, "refused"},
                     {S::withdrawn, "withdrawn"},
                     {S::expired, "expired"},
                     {S::renewed, "renewed"}});
}

struct Review {
    std::string reviewer;
    std::string organisation;  ///< for which they review; never the applicant's
    bool approves = false;
    std::string note;
    Time time{};
    static constexpr auto describe() {
        using T = Review;
        return fields(field<&T::reviewer>("reviewer", "Who").required(),
                      field<&T::organisation>("organisation", "For which organisation").required(),
                      field<&T::approves>("approves", "Whether they approve").required(),
                      field<&T::note>("note", "Why"), field<&T::time>("time", "When").required());
    }
};
/// One step of the workflow, never changed.
struct HistoryStep {
    Time time{};
    std::string who;
    std::string action;
    std::string note;
    static constexpr auto describe() {
        using T = HistoryStep;
        return fields(field<&T::time>("time", "When").required(), field<&T::who>("who", "Who did it").required(),
                      field<&T::action>("action", "What was done").required(), field<&T::note>("note", "Why"));
    }
};

struct Accreditation {
    std::int64_t number = 0;
    std::string team;
    std::string organisation;
    AccreditationState state = AccreditationState::draft;
    std::map<std::string, std::string> evidence;  ///< of each criterion
    std::vector<Review> reviews;                  ///< of the submission that stands
    std::optional<std::int64_t> renews;           ///< the accreditation that this one follows
    std::optional<Time> decided;
    std::optional<Date> until;       ///< last day
    std::int64_t reminded_days = 0;  ///< the last reminder was sent so many days ahead; 0: none yet
    std::vector<HistoryStep> history;
    std::int64_t version = 0;
    static constexpr auto describe() {
        using T = Accreditation;
        return fields(
            field<&T::number>("number", "Its number").required(),
            field<&T::team>("team", "Who applies").required().references("teams"),
            field<&T::organisation>("organisation", "Whose team it is").required().references("organisations"),
            field<&T::state>("state", "Where it stands").required(),
            field<&T::evidence>("evidence", "What the team shows, by criterion"),
            field<&T::reviews>("reviews", "Of the submission that stands"),
            field<&T::renews>("renews", "The accreditation that this one follows"),
            field<&T::decided>("decided", "When it was decided"), field<&T::until>("until", "Last day"),
            field<&T::reminded_days>("reminded_days", "Days ahead of the last reminder; 0: none yet"),
            field<&T::history>("history", "Every step, oldest first"),
            field<&T::version>("version", "Rises by one with each step; the ETag").required());
    }
};

// ---- requests for technical information

enum class RequestState : std::uint8_t { asked, accepted, answered, closed, declined };
constexpr auto describe_enum(RequestState) {
    return names<RequestState>({{RequestState::asked, "asked"},
                                {RequestState::accepted, "accepted"},
                                {RequestState::answered, "answered"},
                                {RequestState::closed, "closed"},
                                {RequestState::declined, "declined"}});
}

struct TechnicalRequest {
    std::int64_t number = 0;
    std::string from, to;  ///< teams
    std::string subject;
    std::string question;
    std::optional<std::string> answer;
    std::optional<std::int64_t> performance_case;
    RequestState state = RequestState::asked;
    Time asked{};
    Time due{};
    bool reminded = false, overdue = false;
    std::vector<HistoryStep> history;
    std::int64_t version = 0;
    static constexpr auto describe() {
        using T = TechnicalRequest;
        return fields(field<&T::number>("number", "Its number").required().read_only(),
                      field<&T::from>("from", "The team that asks").required().references("teams"),
                      field<&T::to>("to", "The team that is asked").required().references("teams"),
                      field<&T::subject>("subject", "In one line").required().at_most_long(200),
                      field<&T::question>("question", "What is asked for").required().at_most_long(20'000),
                      field<&T::answer>("answer", "What was answered").at_most_long(50'000),
                      field<&T::performance_case>("performance_case", "The case that it belongs to").at_least(1),
                      field<&T::state>("state", "asked, accepted, answered, closed or declined").required(),
                      field<&T::asked>("asked", "When it was asked").required(),
                      field<&T::due>("due", "When an answer is hoped for").required(),
                      field<&T::reminded>("reminded", "The asked team was reminded ahead of the due time").required(),
                      field<&T::overdue>("overdue", "The due time passed without an answer").required(),
                      field<&T::history>("history", "Every step, oldest first"),
                      field<&T::version>("version", "Rises by one with each step; the ETag").required());
    }
};

// ---- meetings

enum class MeetingState : std::uint8_t { planned, held, cancelled };
constexpr auto describe_enum(MeetingState) {
    return names<MeetingState>(
        {{MeetingState::planned, "planned"}, {MeetingState::held, "held"}, {MeetingState::cancelled, "cancelled"}});
}

struct Meeting {
    std::int64_t number = 0;
    std::string title;
    Time begins{}, ends{};
    std::optional<std::string> place;
    std::optional<std::string> url;
    std::string agenda;                     ///< Markdown
    std::string minutes;                    ///< Markdown
    std::vector<std::string> teams;         ///< invited; all when empty
    std::vector<std::string> participants;  ///< names, as they are to be read
    MeetingState state = MeetingState::planned;
    bool public_ = false;  ///< else for accredited teams
    std::string organiser;
    std::int64_t version = 0;
    Time changed{};
    static constexpr auto describe() {
        using T = Meeting;
        return fields(
            field<&T::number>("number", "Its number").read_only(),
            field<&T::title>("title", "In one line").required().at_most_long(200),
            field<&T::begins>("begins", "When it begins").required(),
            field<&T::ends>("ends", "When it ends").required(), field<&T::place>("place", "Where").at_most_long(400),
            field<&T::url>("url", "Where it is joined or read of").format("uri").at_most_long(1000),
            field<&T::agenda>("agenda", "What is to be spoken of, in Markdown").at_most_long(65'536),
            field<&T::minutes>("minutes", "What was said and agreed, in Markdown").at_most_long(65'536),
            field<&T::teams>("teams", "Teams that are invited; all when empty").references("teams").at_most_long(200),
            field<&T::participants>("participants", "Who took part").at_most_long(500),
            field<&T::state>("state", "planned, held or cancelled"),
            field<&T::public_>("public", "Seen by everybody; else by accredited teams"),
            field<&T::organiser>("organiser", "Who called it").read_only(),
            field<&T::version>("version", "Rises by one with each change; the ETag").read_only(),
            field<&T::changed>("changed", "When it was changed last").read_only());
    }
};

}  // namespace quipu::pert
