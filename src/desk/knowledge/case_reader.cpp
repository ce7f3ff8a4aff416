#include "desk/knowledge/case_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace quipu::knowledge {
namespace {

using desk::Case;
using desk::Entry;
using registry::Visibility;

constexpr std::int64_t kPage = 1000;

Result<void> may_become_an_article(const Case& what) {
    if (what.queue == desk::Queue::security || what.visibility == Visibility::private_)
        return fail(ErrorCode::conflict, fmt::format("case {} is private as a whole", what.number), "number",
                    "write the article by hand, of what may be told");
    if (what.state != desk::State::solved && what.state != desk::State::closed)
        return fail(ErrorCode::conflict, fmt::format("case {} is not solved yet", what.number), "number",
                    "it becomes an article when it is solved");
    return {};
}

}  // namespace

FindSolvedCase read_cases_of(std::function<desk::Desk&()> desk, std::function<registry::Registry&()> registry) {
    return [desk = std::move(desk), registry = std::move(registry)](const platform::Caller& caller,
                                                                    std::int64_t number) -> Result<SolvedCase> {
        const Case what = TRY(desk().find(caller, number));
        if (!desk().may_work(caller, what))
            return fail(ErrorCode::forbidden, "only who works on a case makes an article of it", "number");
        TRY(may_become_an_article(what));
        SolvedCase out{.number = what.number,
                       .title = what.title,
                       .description = what.description,
                       .language = what.language,
                       .objects = what.objects,
                       .notes = {},
                       .present = {},
                       .known = {}};
        std::set<std::string> present = {what.opened_by, what.owner.value_or("")};
        for (std::string cursor;;) {
            const auto page = TRY(desk().timeline(caller, number, kPage, cursor));
            for (const Entry& entry : page.items) {
                present.insert(entry.who);
                present.insert(entry.who_name);
                // Whatever this caller may read: public notes alone become public.
                if (entry.kind == desk::EntryKind::note && entry.visibility == Visibility::public_)
                    out.notes.push_back({entry.time, !entry.unverified && entry.who != what.opened_by, entry.text});
            }
            if (!page.next) break;
            cursor = *page.next;
        }
        for (const desk::Watcher& watcher : TRY(desk().watchers(caller, number)))
            present.insert(watcher.id);
        for (const std::string& who : present) {
            if (who == "system" || who == "local" || who.starts_with("agent:")) continue;
            // "person:ana" and "mail:ana@uchile.cl": of the one who, not of where.
            const auto colon = who.find(':');
            std::string name = who.substr(colon == std::string::npos ? 0 : colon + 1);
            name.resize(std::min(name.find('@'), name.size()));
            if (!name.empty()) out.present.push_back(std::move(name));
        }
        for (const auto& entry : registry().everything()->all<registry::Person>())
            out.known.push_back(entry.object.name);
        return out;
    };
}

}  // namespace quipu::knowledge
