#include "app/desk_mail.h"

#include <algorithm>
#include <fmt/format.h>

#include "events/events.h"
#include "net/ascii.h"

namespace quipu::app {
namespace {

using registry::Person;

constexpr std::size_t kLongestTitle = 200;
constexpr std::int64_t kEntriesAtOnce = 1000;

const platform::Caller& house() {
    static const platform::Caller caller{.id = "system"};
    return caller;
}

/// At most `longest` octets, not in the middle of a letter.
std::string cut(std::string text, std::size_t longest) {
    if (text.size() <= longest) return text;
    while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0U) == 0x80U)
        --longest;
    text.resize(longest);
    return text;
}

std::string first_line(std::string_view text) {
    while (!text.empty()) {
        const std::string_view line = net::trim(net::take_until(text, '\n'));
        if (!line.empty()) return std::string(line);
    }
    return "—";
}

/// The registry's person of this mail address.
const Person* person_of(const registry::Picture& picture, std::string_view address) {
    for (const auto& entry : picture.all<Person>())
        for (const auto& contact : entry.object.contacts)
            if (contact.kind == "email" && net::equal_ignoring_case(contact.value, address)) return &entry.object;
    return nullptr;
}

// ---- letters in

class CaseInbox final : public mail::Inbox {
  public:
    CaseInbox(std::function<desk::Desk&()> desk, std::function<registry::Registry&()> registry)
        : desk_(std::move(desk)), registry_(std::move(registry)) {}

    Result<std::optional<std::int64_t>> case_of_message(std::string_view message_id) override {
        return desk_().case_of_message(message_id);
    }

    /// Its followers, and the contacts of the organisations that it concerns.
    Result<bool> may_write(std::int64_t number, std::string_view address) override {
        if (TRY(desk_().is_watching(number, fmt::format("mail:{}", address)))) return true;
        const auto found = desk_().find(house(), number);
        if (!found)
            return found.error().code == ErrorCode::not_found ? Result<bool>(false) : std::unexpected(found.error());
        const auto picture = registry_().now();
        const Person* const person = person_of(*picture, address);
        return person != nullptr && std::ranges::any_of(person->roles, [&](const auto& role) {
                   return std::ranges::find(found->organisations, role.organisation) != found->organisations.end();
               });
    }

    Result<void> prepare(const mail::Received& letter) override {
        TRY(kept(letter));
        return {};
    }

    Result<void> add_note(data::Transaction& transaction, std::int64_t number, const mail::Received& letter) override {
        TRY(desk_().add_outside_note(transaction, number, TRY(note_of(letter, text_of(letter)))));
        return desk_().remember_message(transaction, number, letter.message_id);
    }

    Result<std::int64_t> open(data::Transaction& transaction, const mail::Received& letter,
                              std::optional<std::int64_t> related) override {
        const std::string& address = letter.from->address;
        const platform::Caller sender{.id = "mail:" + address, .name = letter.from->name};
        desk::NewCase wanted;
        wanted.title = cut(letter.subject.empty() ? first_line(letter.text) : letter.subject, kLongestTitle);
        wanted.description = cut(text_of(letter), 20'000);
        const auto picture = registry_().now();
        std::string language = letter.language;
        if (const Person* const person = person_of(*picture, address)) {
            for (const auto& role : person->roles)
                if (std::ranges::find(wanted.organisations, role.organisation) == wanted.organisations.end())
                    wanted.organisations.push_back(role.organisation);
            if (person->language) language = *person->language;
        }
        if (const auto known = mail::language_of(language)) wanted.language = enum_name(*known);
        if (related) wanted.objects.push_back(fmt::format("case:{}", *related));
        if (!letter.automatic) wanted.watchers.push_back(sender.id);
        const std::int64_t number = TRY(desk_().open(transaction, sender, wanted, {}));
        if (!letter.attachments.empty())
            TRY(desk_().add_outside_note(transaction, number, TRY(note_of(letter, letter.subject))));
        TRY(desk_().remember_message(transaction, number, letter.message_id));
        return number;
    }

  private:
    static std::string text_of(const mail::Received& letter) {
        std::string out = letter.text;
        for (const std::string& name : letter.dropped)
            out += fmt::format("\n[{}: > 10 MB]", name);
        return out;
    }
    /// Written once: what was prepared is found again by its content.
    Result<std::vector<desk::KeptFile>> kept(const mail::Received& letter) const {
        std::vector<desk::KeptFile> out;
        for (const mail::Attachment& attachment : letter.attachments)
            out.push_back(TRY(desk_().keep({attachment.name, attachment.octets})));
        return out;
    }
    Result<desk::OutsideNote> note_of(const mail::Received& letter, std::string text) const {
        return desk::OutsideNote {
            .who = "mail:" + letter.from->address, .who_name = letter.from->name, .text = cut(std::move(text), 50'000),
            .attachments = TRY(kept(letter))
        };
    }

    const std::function<desk::Desk&()> desk_;
    const std::function<registry::Registry&()> registry_;
};

// ---- cases out

class CaseSource {
  public:
    CaseSource(std::function<desk::Desk&()> desk, std::function<registry::Registry&()> registry)
        : desk_(std::move(desk)), registry_(std::move(registry)) {}

    Result<std::vector<notify::Notice>> operator()(const data::Event& event) const {
        static constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
            {events::CaseOpened::kType, "case-opened"},
            {events::CaseNoteAdded::kType, "case-note"},
            {events::CaseClosed::kType, "case-closed"},
            {events::CaseEscalated::kType, "case-escalated"}};
        const auto text = std::ranges::find(kTexts, event.type, [](const auto& each) { return each.first; });
        if (text == std::end(kTexts)) return std::vector<notify::Notice>();
        const auto about = read<events::CaseEvent>(only_of(event.body));
        if (!about) return std::vector<notify::Notice>();
        const auto found = desk_().find(house(), about->number);
        if (!found && found.error().code == ErrorCode::not_found) return std::vector<notify::Notice>();
        const desk::Case what = TRY(found);
        notify::Notice notice;
        notice.topic = fmt::format("case.{}", text->second.substr(5));
        notice.text = is_soon_due(event) ? "case-due" : text->second;
        notice.cause = notice.about = fmt::format("case:{}", what.number);
        notice.organisations = what.organisations;
        notice.severity = what.priority == desk::Priority::urgent ? notify::Severity::critical
                          : what.priority == desk::Priority::high ? notify::Severity::warning
                                                                  : notify::Severity::info;
        notice.only_to = what.visibility == desk::Visibility::private_ || what.queue == desk::Queue::security;
        notice.values = {{"number", std::to_string(what.number)},
                         {"title", what.title},
                         {"queue", std::string(enum_name(what.queue))}};
        notice.references = TRY(desk_().messages_of(what.number));
        auto visibility = desk::Visibility::public_;
        if (event.type == events::CaseOpened::kType) notice.values["text"] = what.description;
        if (event.type == events::CaseNoteAdded::kType) {
            const auto entry = TRY(entry_of(event, what.number));
            if (!entry) return std::vector<notify::Notice>();
            notice.values["text"] = entry->text;
            notice.values["who"] = entry->who_name.empty() ? entry->who : entry->who_name;
            visibility = entry->visibility;
        }
        notice.to = TRY(followers(what, visibility, event.actor));
        if (event.type == events::CaseOpened::kType && what.queue == desk::Queue::operations && !is_outage(what))
            add_contacts(what, notice.to);
        if (visibility != desk::Visibility::public_) notice.only_to = true;
        return std::vector{std::move(notice)};
    }

  private:
    /// The first step of an escalation: the time is not over yet.
    static bool is_soon_due(const data::Event& event) {
        const auto escalated = read<events::CaseEscalated>(event.body);
        return event.type == events::CaseEscalated::kType && escalated && escalated->step < 2;
    }

    /// The fields that every event of a case has, without those of its kind.
    static Value only_of(const Value& body) {
        Value out{Value::Object{}};
        for_each_field<events::CaseEvent>([&](const auto& field) {
            if (const Value* value = body.find(field.name)) out.set(field.name, *value);
        });
        return out;
    }

    Result<std::optional<desk::Entry>> entry_of(const data::Event& event, std::int64_t number) const {
        const Value* const id = event.body.find("entry");
        if (id == nullptr || id->if_integer() == nullptr) return std::nullopt;
        std::string cursor;
        for (;;) {
            auto page = TRY(desk_().timeline(house(), number, kEntriesAtOnce, cursor));
            const auto entry = std::ranges::find(page.items, *id->if_integer(), &desk::Entry::id);
            if (entry != page.items.end()) return *entry;
            if (!page.next) return std::nullopt;
            cursor = *page.next;
        }
    }

    /// Not the one who did it. Somebody without an account reads what is public alone; what is private is the owner's.
    Result<std::vector<notify::To>> followers(const desk::Case& what, desk::Visibility visibility,
                                              std::string_view actor) const {
        std::vector<notify::To> out;
        if (what.owner && *what.owner != actor) out.push_back(notify::To::account(*what.owner));
        if (visibility == desk::Visibility::private_) return out;
        for (const desk::Watcher& watcher : TRY(desk_().watchers(house(), what.number))) {
            if (watcher.id == actor && !actor.starts_with("mail:")) continue;
            if (!watcher.id.starts_with("mail:")) {
                out.push_back(notify::To::account(watcher.id));
                continue;
            }
            if (visibility != desk::Visibility::public_) continue;
            const auto language = mail::language_of(watcher.language.empty() ? what.language : watcher.language);
            out.push_back(notify::To::address({"", watcher.id.substr(5)}, language));
        }
        return out;
    }

    /// Of an outage the contacts are told by network operations, in words of its own in each one's language.
    static bool is_outage(const desk::Case& what) {
        return what.cause && (what.cause->starts_with("link:") || what.cause->starts_with("site:") ||
                              what.cause->starts_with("point:"));
    }

    /// Who answers at an organisation for the network: its NOC, else its technical contact, else whoever is there.
    void add_contacts(const desk::Case& what, std::vector<notify::To>& to) const {
        const auto picture = registry_().now();
        for (const std::string& organisation : what.organisations) {
            for (const char* role : {"noc", "technical", "administrative"}) {
                const bool there = std::ranges::any_of(picture->all<Person>(), [&](const auto& entry) {
                    return std::ranges::any_of(entry.object.roles, [&](const auto& each) {
                        return each.organisation == organisation && each.role == role;
                    });
                });
                if (!there) continue;
                to.push_back(notify::To::at(organisation, role));
                break;
            }
        }
    }

    std::function<desk::Desk&()> desk_;
    std::function<registry::Registry&()> registry_;
};

}  // namespace

std::unique_ptr<mail::Inbox> make_case_inbox(std::function<desk::Desk&()> desk,
                                             std::function<registry::Registry&()> registry) {
    return std::make_unique<CaseInbox>(std::move(desk), std::move(registry));
}

notify::Notifier::Source make_case_source(std::function<desk::Desk&()> desk,
                                          std::function<registry::Registry&()> registry) {
    return CaseSource(std::move(desk), std::move(registry));
}

}  // namespace quipu::app
