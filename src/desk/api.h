#pragma once
// What travels on the desk's routes. All under /api/v1; permissions in brackets. Which cases a caller sees, and what of
// them, is decided by Desk (desk.h).
//
//   GET    cases                          CaseFilter + limit, cursor, fields                        [see-public]
//   POST   cases                          NewCase -> 201, Location                                  [own]
//   GET    cases/statistics               StatisticFilter -> items of Statistic                     [see-members]
//   GET    cases/statistics.csv           the same as CSV                                           [see-members]
//   GET    cases/{number}                 Case, ETag                                                [see-public]
//   PATCH  cases/{number}                 CaseEdit (If-Match) -> Case                               [work-cases]
//   GET    cases/{number}/timeline        Entry, oldest first; ?notes_only                          [see-public]
//   GET    cases/{number}/notes           Entry of kind note                                        [see-public]
//   POST   cases/{number}/notes           NewNote -> Made                                           [own]
//   GET    cases/{number}/evidence        Evidence                                                  [see-public]
//   POST   cases/{number}/evidence        EvidenceWish -> freezes it now                            [work-cases]
//   GET    cases/{number}/attachments     Attachment                                                [see-public]
//   POST   cases/{number}/attachments     ?name= visibility=; the body is the file                  [own]
//   GET    cases/{number}/attachments/{id}  the file, as download                                   [see-public]
//   POST   cases/{number}/merge           MergeInto -> Case that it has gone into                   [work-cases]
//   POST   cases/{number}/split           SplitOff -> Made                                          [work-cases]
//   GET    cases/{number}/watchers        Watcher                                                   [own]
//   PUT    cases/{number}/watchers/{id}   watch; `me` for oneself                                   [own]
//   DELETE cases/{number}/watchers/{id}   watch no more                                             [own]
//   POST   cases/{number}/links           Links: objects KIND:ID                                    [work-cases]
//   GET    desk/queues                    QueueState                                                [see-public]
//   GET    desk/holidays                  ?country= year= -> Holiday                                [see-public]

#include <string>
#include <vector>

#include "base/describe.h"
#include "desk/desk.h"
#include "desk/model.h"
#include "platform/api.h"

namespace quipu::desk {

/// What was made: its number.
struct Made {
    std::int64_t number = 0;
    static constexpr auto describe() { return fields(field<&Made::number>("number", "Its number").required()); }
};
struct MergeInto {
    std::int64_t into = 0;
    static constexpr auto describe() {
        return fields(field<&MergeInto::into>("into", "The case that it goes into").required().at_least(1));
    }
};
struct SplitOff {
    std::string title;
    std::vector<std::int64_t> entries;
    static constexpr auto describe() {
        return fields(field<&SplitOff::title>("title", "Of the new case").required().at_most_long(200),
                      field<&SplitOff::entries>("entries", "Entries of the time line that go into it").required());
    }
};
struct Links {
    std::vector<std::string> objects;
    static constexpr auto describe() {
        return fields(field<&Links::objects>("objects", "KIND:ID").required().at_most_long(200));
    }
};

void add_routes(platform::Api& api, Desk& desk);

}  // namespace quipu::desk
