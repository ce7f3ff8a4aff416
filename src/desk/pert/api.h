#pragma once
// What travels on the routes of eduPERT. All under /api/v1/pert; permissions in brackets, tag "pert". What depends on
// an organisation is asked again of the caller with that organisation.
//
//   GET    teams                          ?organisation= standing= q=                              [see-public]
//   POST   teams                          register: at its organisation                            [work-cases]
//   GET    teams/{id}                     contacts that the caller may see                         [see-public]
//   PUT    teams/{id}                     (If-Match)                                               [work-cases]
//   DELETE teams/{id}                     (If-Match); not while it is accredited                   [work-cases]
//   GET    criteria                       ?language=                                               [see-public]
//   GET    accreditations                 ?team= state=: own ones; all for coordinators            [work-cases]
//   POST   accreditations                 {team, evidence, renews}: a draft                        [work-cases]
//   GET    accreditations/{number}                                                                 [work-cases]
//   PUT    accreditations/{number}/evidence   {evidence} of a draft (If-Match)                     [work-cases]
//   POST   accreditations/{number}/steps  {step, note, organisation}: see AccreditationStep        [work-cases]
//   GET    requests                       ?team= state= overdue= case=: of teams that one works for [work-cases]
//   POST   requests                       {from, to, subject, question, due, performance_case}     [work-cases]
//   GET    requests/{number}                                                                       [work-cases]
//   POST   requests/{number}/steps        {step, note}: see RequestStep                            [work-cases]
//   GET    meetings                       ?since= until= state=                                    [see-public]
//   POST   meetings                                                                                [publish]
//   GET    meetings/{number}              with agenda_html and minutes_html                        [see-public]
//   PUT    meetings/{number}              (If-Match)                                               [publish]
//   GET    meetings/{number}/calendar     iCalendar (RFC 5545)                                     [see-public]
//   GET    calendar                       iCalendar of all meetings that the caller may see        [see-public]

#include "desk/pert/model.h"
#include "platform/api.h"

namespace quipu::pert {

/// What can be done with an accreditation. `submit` and `withdraw` are the team's; `approve` and `refuse` a reviewer's,
/// of another organisation; the others the coordinators' (publish, everywhere).
enum class AccreditationStep : std::uint8_t { submit, withdraw, approve, refuse, accredit, reject, suspend, resume };
constexpr auto describe_enum(AccreditationStep) {
    using S = AccreditationStep;
    return names<S>({{S::submit, "submit"},
                     {S::withdraw, "withdraw"},
                     {S::approve, "approve"},
                     {S::refuse, "refuse"},
                     {S::accredit, "accredit"},
                     {S::reject, "reject"},
                     {S::suspend, "suspend"},
                     {S::resume, "resume"}});
}
struct AccreditationStepInput {
    AccreditationStep step = AccreditationStep::submit;
    std::string note;                         ///< must be there for refuse, reject and suspend
    std::optional<std::string> organisation;  ///< for which a reviewer reviews; their own if left out
    static constexpr auto describe() {
        using T = AccreditationStepInput;
        return fields(field<&T::step>("step", "What is done").required(),
                      field<&T::note>("note", "Why; must be told for refuse, reject and suspend").at_most_long(4000),
                      field<&T::organisation>("organisation", "For which a reviewer reviews; their own if left out")
                          .references("organisations")
                          .at_most_long(63));
    }
};

/// `accept`, `answer` and `decline` are the asked team's; `close` and `reopen` the asking one's.
enum class RequestStep : std::uint8_t { accept, answer, decline, close, reopen };
constexpr auto describe_enum(RequestStep) {
    return names<RequestStep>({{RequestStep::accept, "accept"},
                               {RequestStep::answer, "answer"},
                               {RequestStep::decline, "decline"},
                               {RequestStep::close, "close"},
                               {RequestStep::reopen, "reopen"}});
}
struct RequestStepInput {
    RequestStep step = RequestStep::accept;
    std::string note;  ///< the answer itself for answer; must be there for decline and reopen
    static constexpr auto describe() {
        using T = RequestStepInput;
        return fields(field<&T::step>("step", "What is done").required(),
                      field<&T::note>("note", "The answer; why, for decline and reopen").at_most_long(50'000));
    }
};

struct NewAccreditation {
    std::string team;
    std::map<std::string, std::string> evidence;
    static constexpr auto describe() {
        using T = NewAccreditation;
        return fields(field<&T::team>("team", "Who applies").required().references("teams").at_most_long(63),
                      field<&T::evidence>("evidence", "What the team shows, by criterion"));
    }
};
struct NewTechnicalRequest {
    std::string from, to;
    std::string subject, question;
    std::optional<Time> due;
    std::optional<std::int64_t> performance_case;
    static constexpr auto describe() {
        using T = NewTechnicalRequest;
        return fields(field<&T::from>("from", "The team that asks").required().references("teams").at_most_long(63),
                      field<&T::to>("to", "The team that is asked").required().references("teams").at_most_long(63),
                      field<&T::subject>("subject", "In one line").required().at_most_long(200),
                      field<&T::question>("question", "What is asked for").required().at_most_long(20'000),
                      field<&T::due>("due", "When an answer is hoped for; a week from now if left out"),
                      field<&T::performance_case>("performance_case", "The case that it belongs to").at_least(1));
    }
};
/// A meeting as it is read: agenda and minutes also as safe HTML.
struct MeetingPage : Meeting {
    std::string agenda_html, minutes_html;
    static constexpr auto describe() {
        using T = MeetingPage;
        return std::tuple_cat(Meeting::describe(),
                              fields(field<&T::agenda_html>("agenda_html", "The agenda as safe HTML").read_only(),
                                     field<&T::minutes_html>("minutes_html", "The minutes as safe HTML").read_only()));
    }
};

}  // namespace quipu::pert
