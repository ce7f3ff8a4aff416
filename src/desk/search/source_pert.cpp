// Teams and meetings. Contacts are not looked through; a meeting that is not public is for those whom the teams'
// directory is for.

#include <charconv>
#include <fmt/format.h>

#include "desk/search/source.h"

namespace quipu::search {
namespace {

using platform::Permission;

class PertSource final : public Source {
  public:
    explicit PertSource(std::function<pert::Pert&()> pert) : pert_(std::move(pert)) {}

    [[nodiscard]] std::vector<std::string_view> kinds() const override { return {"teams", "meetings"}; }

    void changed(std::span<const data::Event> events, std::set<ObjectId>& out) override {
        constexpr std::string_view kTeam = "team:";
        constexpr std::string_view kMeeting = "meeting:";
        for (const data::Event& event : events) {
            if (event.subject.starts_with(kTeam)) {
                out.insert({"teams", event.subject.substr(kTeam.size())});
                // Who is accredited decides who may see the meetings.
                if (event.type == "AccreditationChanged") all_meetings(out);
            }
            if (event.subject.starts_with(kMeeting)) out.insert({"meetings", event.subject.substr(kMeeting.size())});
        }
    }

    Result<std::vector<Document>> documents(const ObjectId& object) override {
        return object.kind == "teams" ? team(object.id) : meeting(object.id);
    }

    Result<void> every(const std::function<Result<void>(ObjectId)>& take) override {
        for (const pert::Team& team : TRY(pert_().teams(house_)))
            TRY(take({"teams", team.id}));
        for (const pert::Meeting& meeting : TRY(pert_().meetings(house_, {}, {})))
            TRY(take({"meetings", std::to_string(meeting.number)}));
        return {};
    }

  private:
    Result<std::vector<Document>> team(const std::string& id) {
        std::vector<Document> out;
        const auto found = pert_().team(house_, id);
        if (!found && found.error().code == ErrorCode::not_found) return out;
        if (!found) return std::unexpected(found.error());
        out.push_back({.name = found->name,
                       .detail = fmt::format("{} · {}", found->organisation, enum_name(found->standing)),
                       .text = found->constituency,
                       .keywords = {},
                       .readers = {Rule{}}});
        return out;
    }

    Result<std::vector<Document>> meeting(const std::string& id) {
        std::vector<Document> out;
        std::int64_t number = 0;
        std::from_chars(id.data(), id.data() + id.size(), number);
        const auto found = pert_().meeting(house_, number);
        if (!found && found.error().code == ErrorCode::not_found) return out;
        if (!found) return std::unexpected(found.error());
        std::vector<Rule> readers;
        const std::string tag(pert::kTag);
        if (found->public_) {
            readers.emplace_back();
        } else {
            // As Pert decides it: who may publish, and who works for an accredited team.
            readers.push_back({Permission::publish, {}, tag, {}});
            for (const std::string& organisation : pert_().accredited())
                readers.push_back({Permission::work_cases, organisation, tag, {}});
        }
        out.push_back({.name = found->title,
                       .detail = format_date(date_of(found->begins)),
                       .text = found->agenda + "\n" + found->minutes,
                       .keywords = found->place.value_or(""),
                       .time = found->begins,
                       .readers = std::move(readers)});
        return out;
    }

    void all_meetings(std::set<ObjectId>& out) {
        if (const auto meetings = pert_().meetings(house_, {}, {}))
            for (const pert::Meeting& meeting : *meetings)
                out.insert({"meetings", std::to_string(meeting.number)});
    }

    std::function<pert::Pert&()> pert_;
    const platform::Caller house_{.id = "system"};
};

}  // namespace

std::unique_ptr<Source> pert_source(std::function<pert::Pert&()> pert) {
    return std::make_unique<PertSource>(std::move(pert));
}

}  // namespace quipu::search
