// Cases, a document for each circle of readers that sees more than the wider ones. Who they are is what desk/desk.h
// says and desk/sight.h decides; a test holds both equal.

#include <fmt/format.h>

#include "base/number.h"
#include "desk/desk.h"
#include "desk/search/source.h"

namespace quipu::search {
namespace {

using desk::Case;
using desk::Entry;
using platform::Permission;
using registry::Visibility;

constexpr std::string_view kDesk = "desk";
constexpr std::string_view kSecurity = "security";
constexpr std::string_view kHouse = "*";

/// The roles that a case is for: at each organisation concerned, and everywhere.
void add_roles(std::vector<Rule>& out, Permission permission, const Case& what, std::string_view service) {
    out.push_back({permission, std::string(kHouse), std::string(service), {}});
    for (const std::string& organisation : what.organisations)
        out.push_back({permission, organisation, std::string(service), {}});
}

std::optional<std::int64_t> number_of(std::string_view text) {
    const auto number = parse_number<std::int64_t>(text);
    return number && *number > 0 ? number : std::nullopt;
}

class CaseSource final : public Source {
  public:
    explicit CaseSource(std::function<desk::Desk&()> desk) : desk_(std::move(desk)) {}

    [[nodiscard]] std::vector<std::string_view> kinds() const override { return {"cases"}; }

    void changed(std::span<const data::Event> events, std::set<ObjectId>& out) override {
        constexpr std::string_view kSubject = "case:";
        for (const data::Event& event : events)
            if (event.subject.starts_with(kSubject)) out.insert({"cases", event.subject.substr(kSubject.size())});
    }

    Result<std::vector<Document>> documents(const ObjectId& object) override {
        std::vector<Document> out;
        const auto number = number_of(object.id);
        if (!number) return out;
        const auto found = desk_().find(house_, *number);
        if (!found && found.error().code == ErrorCode::not_found) return out;
        if (!found) return std::unexpected(found.error());
        return circles_of(*found);
    }

    Result<void> every(const std::function<Result<void>(ObjectId)>& take) override {
        // Numbers rise; the list is read newest first, so it is gone through backwards.
        constexpr std::int64_t kPage = 1000;
        std::vector<std::int64_t> numbers;
        for (std::string cursor;;) {
            const auto page = TRY(desk_().list(house_, {}, kPage, cursor));
            for (const Case& each : page.items)
                numbers.push_back(each.number);
            if (!page.next) break;
            cursor = *page.next;
        }
        for (auto number = numbers.rbegin(); number != numbers.rend(); ++number)
            TRY(take({"cases", std::to_string(*number)}));
        return {};
    }

    std::vector<ObjectId> named(std::string_view typed) override {
        if (typed.starts_with('#')) typed.remove_prefix(1);
        if (const auto number = number_of(typed)) return {{"cases", std::to_string(*number)}};
        return {};
    }

  private:
    Result<std::vector<Document>> circles_of(const Case& what) {
        // What is said, by who may read it.
        std::string of_everybody = what.description;
        std::string of_members;
        std::string of_team;
        for (std::string cursor;;) {
            const auto page = TRY(desk_().timeline(house_, what.number, 1000, cursor, true));
            for (const Entry& entry : page.items)
                (entry.visibility == Visibility::public_   ? of_everybody
                 : entry.visibility == Visibility::members ? of_members
                                                           : of_team)
                    .append("\n")
                    .append(entry.text);
            if (!page.next) break;
            cursor = *page.next;
        }
        Document document{.name = what.title,
                          .detail = fmt::format("{} · {}", enum_name(what.queue), enum_name(what.state)),
                          .text = std::move(of_everybody),
                          .keywords = {},
                          .language = what.language,
                          .time = what.opened,
                          .readers = {}};
        for (const auto* list : {&what.organisations, &what.objects})
            for (const std::string& each : *list)
                document.keywords += each + " ";

        const bool secret = what.queue == desk::Queue::security || what.visibility == Visibility::private_;
        std::vector<Rule> team;
        add_roles(team, Permission::work_cases, what, what.queue == desk::Queue::security ? kSecurity : kDesk);
        std::vector<Rule> members = team;
        if (!secret) add_roles(members, Permission::see_members, what, kDesk);
        std::vector<Rule> readers = members;
        if (!secret) {
            if (what.visibility == Visibility::public_) readers.emplace_back();
            for (const desk::Watcher& watcher : TRY(desk_().watchers(house_, what.number)))
                readers.push_back(Rule::only(watcher.id));
        }
        std::vector<Document> out;
        const auto add = [&](std::vector<Rule> circle) {
            document.readers = std::move(circle);
            out.push_back(document);
        };
        add(std::move(readers));
        if (!of_members.empty()) {
            document.text += of_members;
            add(std::move(members));
        }
        if (!of_team.empty()) {
            document.text += of_team;
            add(std::move(team));
        }
        return out;
    }

    std::function<desk::Desk&()> desk_;
    const platform::Caller house_{.id = "system"};
};

}  // namespace

std::unique_ptr<Source> case_source(std::function<desk::Desk&()> desk) {
    return std::make_unique<CaseSource>(std::move(desk));
}

}  // namespace quipu::search
