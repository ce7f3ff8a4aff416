#include "platform/notify/engine_compose.h"

#include <fmt/format.h>

namespace quipu::notify {
namespace {

constexpr std::size_t kMostListed = 200;

std::string wall_time(const Zone& zone, Time time) {
    const auto local = std::chrono::floor<std::chrono::minutes>(zone.local(time));
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day date{day};
    const auto minutes = (local - day).count();
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), minutes / 60,
                       minutes % 60);
}

}  // namespace

Result<Rendered> compose(const TextSet& texts, const std::vector<Kept>& notices, mail::Language language, bool digest,
                         const Zone& zone) {
    if (notices.empty()) return fail(ErrorCode::internal, "a message holds no notice");
    const Kept* worst = &notices.front();
    for (const Kept& each : notices)
        if (each.severity > worst->severity) worst = &each;
    Rendered head = TRY(texts.render(worst->text, language, worst->values));
    if (notices.size() == 1) return head;
    std::string list;
    std::size_t listed = 0;
    for (const Kept& each : notices) {
        if (++listed > kMostListed) {
            list += fmt::format("… +{}\n", notices.size() - kMostListed);
            break;
        }
        const Rendered text = TRY(texts.render(each.text, language, each.values));
        list += fmt::format("{}  {}\n", wall_time(zone, each.time), text.subject);
    }
    list += "\n" + head.body;
    return texts.render(digest ? "digest" : "several", language,
                        {{"first", head.subject},
                         {"count", std::to_string(digest ? notices.size() : notices.size() - 1)},
                         {"list", std::move(list)}});
}

Result<std::string> compose_webhook(const TextSet& texts, const Message& message, const std::vector<Kept>& notices) {
    Value list{Value::Array{}};
    for (const Kept& each : notices) {
        const Rendered text = TRY(texts.render(each.text, mail::Language::en, each.values));
        Value item;
        item.set("id", each.id);
        item.set("time", format_time(each.time));
        item.set("topic", each.topic);
        item.set("severity", enum_name(each.severity));
        item.set("about", each.about);
        item.set("subject", text.subject);
        item.set("text", text.body);
        Value values{Value::Object{}};
        for (const auto& [name, value] : each.values)
            values.set(name, value);
        item.set("values", std::move(values));
        list.push(std::move(item));
    }
    Value body;
    body.set("delivery", message.id);
    body.set("notices", std::move(list));
    return to_json(body);
}

}  // namespace quipu::notify
