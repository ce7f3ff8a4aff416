#include "platform/mail/api.h"

#include <fmt/format.h>

#include "platform/mail/mime.h"
#include "platform/off_loop.h"

namespace quipu::mail {
namespace {

using platform::Call;
using platform::Nothing;
using platform::off_loop;
using platform::Page;
using platform::PageQuery;
using platform::Permission;

struct NoQuery {
    static constexpr auto describe() { return fields(); }
};

struct QueueQuery : PageQuery {
    std::optional<RecipientState> state;
    std::string purpose;
    std::string address;
    static constexpr auto describe() {
        using T = QueueQuery;
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&T::state>("state", "Only in this state"),
                                     field<&T::purpose>("purpose", "Only letters for this purpose").at_most_long(100),
                                     field<&T::address>("address", "Only to this address").at_most_long(320)));
    }
};

struct LetterQuery {
    std::int64_t id = 0;
    static constexpr auto describe() {
        return fields(field<&LetterQuery::id>("id", "The letter's number").required().at_least(1));
    }
};

struct AddressQuery {
    std::string address;
    static constexpr auto describe() {
        return fields(field<&AddressQuery::address>("address", "Mail address").required().at_most_long(320));
    }
};

struct QueuedLetter {
    std::int64_t id = 0;
    std::string message_id, purpose, about, subject;
    Time created{}, expires{};
    bool secret = false;
    std::optional<std::string> text;
    std::vector<QueueEntry> recipients;
    static constexpr auto describe() {
        using T = QueuedLetter;
        return fields(field<&T::id>("id", "Its number").required(),
                      field<&T::message_id>("message_id", "Its Message-ID, the same at every try").required(),
                      field<&T::purpose>("purpose", "What it is for").required(),
                      field<&T::about>("about", "The object it is about, KIND:ID"),
                      field<&T::subject>("subject", "Its subject; empty for a secret one"),
                      field<&T::created>("created", "When it was accepted").required(),
                      field<&T::expires>("expires", "When it is given up").required(),
                      field<&T::secret>("secret", "It lets somebody in: its text is not shown").required(),
                      field<&T::text>("text", "What it says"),
                      field<&T::recipients>("recipients", "To whom, and how each stands").required());
    }
};

struct QueueCounts {
    std::int64_t queued = 0, sending = 0, sent = 0, failed = 0, expired = 0;
    std::string trouble;
    static constexpr auto describe() {
        using T = QueueCounts;
        return fields(
            field<&T::queued>("queued", "Recipients that wait").required(),
            field<&T::sending>("sending", "Being sent now").required(),
            field<&T::sent>("sent", "Sent and still remembered").required(),
            field<&T::failed>("failed", "Failed for good").required(),
            field<&T::expired>("expired", "Given up").required(),
            field<&T::trouble>("trouble", "Why the smarthost can't be talked to; empty when it can").required());
    }
};

struct Changed {
    std::int64_t recipients = 0;
    static constexpr auto describe() {
        return fields(field<&Changed::recipients>("recipients", "How many recipients it was changed for").required());
    }
};

std::unexpected<Error> no_letter(std::int64_t id) {
    return fail(ErrorCode::not_found, fmt::format("there is no letter {}", id), "id", "see /api/v1/mail/queue");
}

Result<Page<QueueEntry>> list_queue(const Store& store, const QueueQuery& query) {
    QueueFilter filter{.state = query.state, .purpose = query.purpose, .address = query.address};
    filter.before = static_cast<std::int64_t>(TRY(platform::read_position(query.cursor)));
    filter.limit = static_cast<std::size_t>(query.limit) + 1;
    Page<QueueEntry> page;
    page.items = TRY(store.list(filter));
    if (page.items.size() < filter.limit) return page;
    // A page ends between two letters: the cursor is a letter's number. A letter to more people than a page holds is
    // cut; /letters/{id} has them all.
    const std::int64_t last = page.items.back().id;
    page.items.pop_back();
    if (page.items.front().id != last)
        std::erase_if(page.items, [&](const QueueEntry& each) { return each.id == last; });
    page.next = platform::make_cursor(std::to_string(page.items.back().id));
    return page;
}

Result<QueuedLetter> show_letter(const Store& store, std::int64_t id) {
    const auto letter = TRY(store.letter(id));
    if (!letter) return no_letter(id);
    QueuedLetter out{.id = letter->id,
                     .message_id = letter->message_id,
                     .purpose = letter->purpose,
                     .about = letter->about,
                     .subject = letter->subject,
                     .created = letter->created,
                     .expires = letter->expires,
                     .secret = letter->secret};
    if (!letter->secret && !letter->message.empty()) out.text = TRY(parse_letter(as_bytes(letter->message)))
    .letter.text;
    out.recipients = TRY(store.recipients_of(id));
    return out;
}

Result<QueueCounts> counts(const Rooms& rooms) {
    QueueCounts out;
    out.queued = TRY(rooms.store.count(RecipientState::queued));
    out.sending = TRY(rooms.store.count(RecipientState::sending));
    out.sent = TRY(rooms.store.count(RecipientState::sent));
    out.failed = TRY(rooms.store.count(RecipientState::failed));
    out.expired = TRY(rooms.store.count(RecipientState::expired));
    out.trouble = rooms.trouble();
    return out;
}

/// Retry or drop: by whichever of the two the store is asked.
Result<Changed> change(const Rooms& rooms, std::int64_t id, Result<std::int64_t> (Store::*how)(std::int64_t)) {
    if (!TRY(rooms.store.letter(id))) return no_letter(id);
    const Changed out {
        TRY((rooms.store.*how)(id))
    };
    rooms.ring();
    return out;
}

}  // namespace

void add_routes(platform::Api& api, const Rooms& rooms) {
    constexpr std::string_view kTag = "mail";
    api.get<NoQuery, QueueCounts>(
        {.path = "/api/v1/mail", .summary = "The queue in figures", .tag = kTag, .permission = Permission::administer},
        [rooms](const Call&, NoQuery) { return off_loop([rooms] { return counts(rooms); }); });
    api.get<QueueQuery, Page<QueueEntry>>(
        {.path = "/api/v1/mail/queue",
         .summary = "Letters out, by recipient, newest first",
         .tag = kTag,
         .permission = Permission::administer,
         .command = "quipu mail queue"},
        [rooms](const Call&, QueueQuery query) {
            return off_loop([rooms, query = std::move(query)] { return list_queue(rooms.store, query); });
        });
    api.get<LetterQuery, QueuedLetter>(
        {.path = "/api/v1/mail/letters/{id}",
         .summary = "One letter and its recipients",
         .tag = kTag,
         .permission = Permission::administer,
         .command = "quipu mail show"},
        [rooms](const Call&, LetterQuery query) {
            return off_loop([rooms, query] { return show_letter(rooms.store, query.id); });
        });
    api.post<LetterQuery, Changed>(
        {.path = "/api/v1/mail/letters/{id}/retry",
         .summary = "Try what is not sent at once",
         .tag = kTag,
         .permission = Permission::administer,
         .command = "quipu mail retry"},
        [rooms](const Call&, LetterQuery query) {
            return off_loop([rooms, query] { return change(rooms, query.id, &Store::retry); });
        });
    api.post<LetterQuery, Changed>(
        {.path = "/api/v1/mail/letters/{id}/drop",
         .summary = "Give up what is not sent",
         .tag = kTag,
         .permission = Permission::administer,
         .command = "quipu mail drop"},
        [rooms](const Call&, LetterQuery query) {
            return off_loop([rooms, query] { return change(rooms, query.id, &Store::drop); });
        });
    api.get<PageQuery, Page<FailingAddress>>(
        {.path = "/api/v1/mail/failing",
         .summary = "Addresses that mail came back from for good",
         .tag = kTag,
         .permission = Permission::administer,
         .command = "quipu mail failing"},
        [rooms](const Call&, PageQuery query) {
            return off_loop([rooms, query = std::move(query)]() -> Result<Page<FailingAddress>> {
                return platform::page_of(TRY(rooms.store.failing()), query);
            });
        });
    api.remove<AddressQuery, Nothing>({.path = "/api/v1/mail/failing/{address}",
                                       .summary = "The address was mended: write to it again",
                                       .tag = kTag,
                                       .permission = Permission::administer},
                                      [rooms](const Call&, AddressQuery query) {
                                          return off_loop([rooms, query = std::move(query)]() -> Result<Nothing> {
                                              TRY(rooms.database.write([&](data::Transaction& transaction) {
                                                  return rooms.store.clear_failing(transaction, query.address);
                                              }));
                                              return Nothing{};
                                          });
                                      });
}

}  // namespace quipu::mail
