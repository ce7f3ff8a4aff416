// The journal's events that everybody may read (events/audience.h): what is not one of them is not found, whoever
// looks.

#include <charconv>

#include "desk/search/source.h"
#include "events/audience.h"

namespace quipu::search {
namespace {

bool is_open(std::string_view type) {
    return events::audience_of(type) == events::Audience::everybody;
}

/// Every text and number of the event, by name.
std::string words_of(const Value& body) {
    std::string out;
    const auto* object = body.if_object();
    if (object == nullptr) return out;
    for (const auto& [name, value] : *object) {
        if (!out.empty()) out += ", ";
        out += name + " ";
        if (const auto* text = value.if_string())
            out += *text;
        else
            out += to_json(value);
    }
    return out;
}

class JournalSource final : public Source {
  public:
    void open(data::Journal& journal) override { journal_ = &journal; }

    [[nodiscard]] std::vector<std::string_view> kinds() const override { return {"journal"}; }

    void changed(std::span<const data::Event> events, std::set<ObjectId>& out) override {
        for (const data::Event& event : events)
            if (is_open(event.type)) out.insert({"journal", std::to_string(event.id)});
    }

    Result<std::vector<Document>> documents(const ObjectId& object) override {
        std::vector<Document> out;
        std::int64_t id = 0;
        std::from_chars(object.id.data(), object.id.data() + object.id.size(), id);
        data::EventFilter filter;
        filter.after = id - 1;
        filter.before = id + 1;
        filter.limit = 1;
        for (const data::Event& event : TRY(journal_->events(filter)))
            if (is_open(event.type))
                out.push_back({.name = event.type + " " + event.subject,
                               .detail = event.actor.starts_with("person:") ? std::string() : event.actor,
                               .text = words_of(event.body),
                               .keywords = {},
                               .time = event.time,
                               .readers = {Rule{}}});
        return out;
    }

    Result<void> every(const std::function<Result<void>(ObjectId)>& take) override {
        constexpr std::size_t kEventsAtOnce = 1000;
        data::EventFilter filter;
        filter.limit = kEventsAtOnce;
        for (;;) {
            const auto events = TRY(journal_->events(filter));
            for (const data::Event& event : events)
                if (is_open(event.type)) TRY(take({"journal", std::to_string(event.id)}));
            if (events.size() < kEventsAtOnce) return {};
            filter.after = events.back().id;
        }
    }

  private:
    data::Journal* journal_ = nullptr;
};

}  // namespace

std::unique_ptr<Source> journal_source() {
    return std::make_unique<JournalSource>();
}

}  // namespace quipu::search
