#include "platform/notify/engine_compose.h"

#include <fmt/format.h>

#include "platform/notify/pages.h"

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

Result<Rendered> render_notice(const TextSet& texts, std::string_view text, mail::Language language,
                               const Values& values, std::string_view about, std::string_view portal) {
    const std::string page = page_of(portal, about);
    if (page.empty()) return texts.render(text, language, values);
    Values with_link = values;
    with_link.try_emplace("link", page);
    Rendered out = TRY(texts.render(text, language, with_link));
    if (!texts.used(text).contains("link")) out.body += "\n\n" + page;
    return out;
}

Result<Rendered> compose(const TextSet& texts, const std::vector<Kept>& notices, mail::Language language, bool digest,
                         const Zone& zone, std::string_view portal) {
    if (notices.empty()) return fail(ErrorCode::internal, "a message holds no notice");
    const Kept* worst = &notices.front();
    for (const Kept& each : notices)
        if (each.severity > worst->severity) worst = &each;
    Rendered head = TRY(render_notice(texts, worst->text, language, worst->values, worst->about, portal));
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
        if (const std::string page = page_of(portal, each.about); !page.empty()) list += fmt::format("    {}\n", page);
    }
    list += "\n" + head.body;
    return texts.render(digest ? "digest" : "several", language,
                        {{"first", head.subject},
                         {"count", std::to_string(digest ? notices.size() : notices.size() - 1)},
                         {"list", std::move(list)}});
}

Result<std::string> compose_webhook(const TextSet& texts, const Message& message, const std::vector<Kept>& notices,
                                    std::string_view portal) {
    Value list{Value::Array{}};
    for (const Kept& each : notices) {
        const Rendered text = TRY(render_notice(texts, each.text, mail::Language::en, each.values, each.about, portal));
        Value item;
        item.set("id", each.id);
        item.set("time", format_time(each.time));
        item.set("topic", each.topic);
        item.set("severity", enum_name(each.severity));
        item.set("about", each.about);
        if (std::string page = page_of(portal, each.about); !page.empty()) item.set("link", std::move(page));
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
