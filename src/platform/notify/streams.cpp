#include "platform/notify/streams.h"

#include "platform/off_loop.h"

namespace quipu::notify {
namespace {

constexpr Nanoseconds kKeepAlive = std::chrono::seconds(15);
constexpr std::size_t kBatch = 100;

}  // namespace

Shown shown_of(const TextSet& texts, const Store::ShownNotice& notice, mail::Language language) {
    const Kept& kept = notice.notice;
    // A text may have gone with a newer program: its name is better than nothing.
    const Rendered text = texts.render(kept.text, language, kept.values).value_or(Rendered{kept.text, ""});
    return {.id = kept.id,
            .time = kept.time,
            .topic = kept.topic,
            .severity = kept.severity,
            .about = kept.about,
            .subject = text.subject,
            .text = text.body,
            .read = notice.read};
}

Task<void> Streams::run(net::EventStream& stream, std::string recipient, mail::Language language, std::int64_t after) {
    const auto bell = platform::Bell::create(stream.loop(), kKeepAlive);
    bells_.with([&](auto& bells) {
        std::erase_if(bells, [](const auto& each) { return each.expired(); });
        bells.push_back(bell);
    });
    while (!closed_) {
        auto news =
            co_await platform::off_loop([this, &recipient, &after]() -> Result<std::vector<Store::ShownNotice>> {
                if (after < 0) after = TRY(store_.newest());
                return store_.shown({.recipient = recipient, .after = after, .limit = kBatch});
            });
        if (!news) co_return;
        for (const auto& each : *news) {
            const Shown shown = shown_of(texts_, each, language);
            if (!co_await stream.send("notice", json_text(shown), std::to_string(shown.id))) co_return;
            after = shown.id;
        }
        if (news->size() == kBatch) continue;
        if (news->empty() && !co_await stream.keep_alive()) co_return;
        co_await bell->wait();
    }
}

void Streams::ring() {
    bells_.with([](auto& bells) {
        for (const auto& each : bells)
            if (const auto bell = each.lock()) bell->ring();
    });
}

void Streams::close() {
    closed_ = true;
    ring();
}

}  // namespace quipu::notify
