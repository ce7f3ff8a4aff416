// The whole service over a hub's house: notices in, letters in the queue, the portal's list, webhooks.

#include "platform/notify/service.h"

#include <condition_variable>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>

#include "data/test_folder.h"
#include "events/events.h"
#include "net/http_server.h"
#include "platform/hub.h"
#include "platform/mail/mime.h"
#include "platform/mail/store.h"
#include "platform/notify/store.h"
#include "platform/notify/webhook.h"

namespace quipu::notify {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class TestDirectory final : public Directory {
  public:
    std::vector<Recipient> find(const To& to) override {
        if (to.kind == To::Kind::role) return {people.at("person:ana"), people.at("person:rui")};
        const auto found = people.find(to.id);
        return found == people.end() ? std::vector<Recipient>() : std::vector{found->second};
    }
    std::optional<Recipient> recipient(std::string_view id) override {
        const auto found = people.find(id);
        return found == people.end() ? std::nullopt : std::optional(found->second);
    }
    bool may_know(std::string_view id, std::string_view organisation) override {
        return id != "person:rui" || organisation != "reuna";
    }
    std::vector<Recipient> managers_of(std::string_view) override { return {people.at("person:ana")}; }
    std::map<std::string, Recipient, std::less<>> people{{"person:ana",
                                                          {.id = "person:ana",
                                                           .mailbox = {"Ana", "ana@reuna.cl"},
                                                           .language = mail::Language::es,
                                                           .zone = "America/Santiago"}},
                                                         {"person:rui",
                                                          {.id = "person:rui",
                                                           .mailbox = {"Rui", "rui@rnp.br"},
                                                           .language = mail::Language::pt,
                                                           .zone = "America/Sao_Paulo"}}};
};

class NotifyTest : public testing::Test {
  protected:
    void start(const std::string& settings = "[notify]\ngather = \"30s\"\n") {
        auto mail = mail::make_mail_service();
        mail_ = mail.get();
        auto notify = make_notify_service([this]() -> mail::Mail& { return mail_->mail(); });
        notify->use_directory(std::make_unique<TestDirectory>());
        notify_ = notify.get();
        platform::HubOptions options;
        options.settings.port = 0;
        options.settings.data = folder_ / "data";
        options.settings.loops = 1;
        options.settings.address = "https://portal.example";
        options.services.push_back(std::move(mail));
        options.services.push_back(std::move(notify));
        options.clock = &clock_;
        auto config = platform::Config::parse(settings, "test.toml", platform::sections_of(options.services));
        ASSERT_TRUE(config) << config.error().text();
        options.config = std::move(*config);
        auto hub = platform::Hub::create(std::move(options));
        ASSERT_TRUE(hub) << hub.error().text();
        hub_ = std::move(*hub);
        const auto started = hub_->start();
        ASSERT_TRUE(started) << started.error().text();
    }
    [[nodiscard]] std::vector<mail::QueueEntry> letters() {
        auto list = mail::Store(hub_->house().database, clock_).list({});
        EXPECT_TRUE(list);
        return list ? *list : std::vector<mail::QueueEntry>();
    }
    /// The clock is ours; the worker looks once a second of its own.
    template <class F>
    void until(F&& done) {
        for (int i = 0; i < 600 && !done(); ++i)
            std::this_thread::sleep_for(50ms);
        EXPECT_TRUE(done());
    }
    static Notice pair(const std::string& to, const std::string& key = {}) {
        return {.topic = "network.delay.rose",
                .key = key,
                .cause = "link:santiago-panama",
                .severity = Severity::warning,
                .text = "delay-rose",
                .values = {{"from", "santiago"}, {"to", to}, {"before", "60 ms"}, {"after", "90 ms"}},
                .to = {To::account("person:ana")}};
    }

    data::TestFolder folder_;
    ManualClock clock_{Time(std::chrono::hours(400'000))};
    mail::MailService* mail_ = nullptr;
    NotifyService* notify_ = nullptr;
    std::unique_ptr<platform::Hub> hub_;
};

TEST_F(NotifyTest, OneStormMakesOneMessage) {
    start();
    for (int i = 0; i < 500; ++i)
        ASSERT_TRUE(notify_->notifier().send(pair(fmt::format("site-{}", i))));
    EXPECT_TRUE(letters().empty());
    clock_.advance(31s);
    until([&] { return letters().size() == 1; });
    EXPECT_EQ(letters()[0].subject, "El retardo de santiago a site-0 subió (y 499 más)");
    // What the storm still brings is told once more when it has been calm.
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(notify_->notifier().send(pair(fmt::format("late-{}", i))));
    clock_.advance(5min);
    std::this_thread::sleep_for(1500ms);
    EXPECT_EQ(letters().size(), 1U);
    clock_.advance(5min);
    until([&] { return letters().size() == 2; });
}

TEST_F(NotifyTest, ToldOnceAndInEachOnesLanguage) {
    start();
    Notice notice = pair("panama", "event/7");
    notice.to = {To::at("redclara", "noc"), To::account("person:ana")};
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(notify_->notifier().send(notice));
    clock_.advance(31s);
    until([&] { return letters().size() == 2; });
    EXPECT_EQ(letters()[0].subject, "O atraso de santiago a panama subiu");
    EXPECT_EQ(letters()[1].subject, "El retardo de santiago a panama subió");
    Store store(hub_->house().database);
    EXPECT_EQ(*store.unread("person:ana"), 1);
    EXPECT_EQ(store.shown({.recipient = "person:ana"})->size(), 1U);
    EXPECT_EQ(*store.mark_read("person:ana", {}, 1000, clock_.now()), 1);
    EXPECT_EQ(*store.unread("person:ana"), 0);
}

TEST_F(NotifyTest, WhatOneWaitsForGoesAtOnceAndASecretIsNowhere) {
    start();
    ASSERT_TRUE(notify_->notifier().send(Notice{.topic = "account.recovery",
                                                .text = "recovery",
                                                .values = {{"network", "Quipu"}, {"link", "https://q.example/SECRET"}},
                                                .to = {To::address({"Eva", "eva@example.org"}, mail::Language::pt)},
                                                .only_to = true,
                                                .at_once = true,
                                                .secret = true}));
    ASSERT_EQ(letters().size(), 1U);
    EXPECT_EQ(letters()[0].subject, "");
    const auto notices = hub_->house().database.query("SELECT COUNT(*) FROM notify_notices");
    EXPECT_EQ(notices->integer(0, 0), 0);
    const auto letter = mail::Store(hub_->house().database, clock_).letter(letters()[0].id);
    EXPECT_THAT((*letter)->message, HasSubstr("Nova senha"));
    EXPECT_EQ(*mail::Store(hub_->house().database, clock_).drop(letters()[0].id), 1);
    EXPECT_TRUE(mail::Store(hub_->house().database, clock_).letter(letters()[0].id).value()->message.empty());
}

TEST_F(NotifyTest, SaysWhereThePortalShowsIt) {
    start();
    const auto text_of = [&](std::size_t index) {
        const auto letter = mail::Store(hub_->house().database, clock_).letter(letters()[index].id);
        const auto parsed = mail::parse_letter(as_bytes((*letter)->message));
        EXPECT_TRUE(parsed);
        return parsed ? parsed->letter.text : std::string();
    };
    Notice notice = pair("panama");
    notice.about = "pair:santiago/panama";
    ASSERT_TRUE(notify_->notifier().send(notice));
    Notice opened{.topic = "case.opened", .about = "case:41", .text = "case-opened"};
    opened.values = {{"number", "41"}, {"title", "Slow"}, {"text", "Since noon."}};
    opened.to = {To::account("person:ana")};
    opened.at_once = true;
    ASSERT_TRUE(notify_->notifier().send(opened));
    ASSERT_EQ(letters().size(), 1U);
    EXPECT_THAT(text_of(0), HasSubstr("\nhttps://portal.example/cases/41\n")) << "where the text wants it";
    clock_.advance(31s);
    until([&] { return letters().size() == 2; });
    EXPECT_THAT(text_of(0) + text_of(1), HasSubstr("\n\nhttps://portal.example/measure/santiago/panama\n"));
}

TEST_F(NotifyTest, ANoticeThatDoesNotFitIsRefused) {
    start();
    Notice notice = pair("x");
    notice.text = "no-such";
    EXPECT_FALSE(notify_->notifier().send(notice));
    notice = pair("x");
    notice.values.erase("before");
    const auto refused = notify_->notifier().send(notice);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "values.before");
}

TEST_F(NotifyTest, TheJournalsEventsAreToldToWhomRulesSay) {
    start();
    Store store(hub_->house().database);
    ASSERT_TRUE(store.add_rule({.owner = "person:rui", .topics = {"network"}}));
    ASSERT_TRUE(hub_->house().journal.append(
        "pair:a/b", events::DelayRose{{.from = "a", .to = "b", .before_us = 1000, .after_us = 2500}}));
    until([&] { return !store.due(clock_.now() + 1h, 10)->empty(); });
    clock_.advance(31s);
    until([&] { return letters().size() == 1; });
    EXPECT_EQ(letters()[0].address, "rui@rnp.br");
}

TEST_F(NotifyTest, WhoMayNotKnowIsNotTold) {
    start();
    Store store(hub_->house().database);
    ASSERT_TRUE(store.add_rule({.owner = "person:rui"}));
    Notice notice = pair("x");
    notice.to.clear();
    notice.organisations = {"reuna"};
    ASSERT_TRUE(notify_->notifier().send(notice));
    EXPECT_TRUE(store.due(clock_.now() + 1h, 10)->empty());
    notice.organisations = {"reuna", "rnp"};
    ASSERT_TRUE(notify_->notifier().send(notice));
    EXPECT_EQ(store.due(clock_.now() + 1h, 10)->size(), 1U);
}

TEST_F(NotifyTest, AWebhookIsSignedAndTriedAgain) {
    std::mutex mutex;
    std::vector<std::pair<std::string, std::string>> posts;  // signature's timestamp and signature, body
    net::LoopPool loops(1);
    auto server = net::HttpServer::listen(
        loops, *net::Endpoint::parse("127.0.0.1:0"), [&](net::HttpRequest& request) -> Task<net::HttpResponse> {
            const std::scoped_lock lock(mutex);
            posts.emplace_back(std::string(request.headers.get("X-Quipu-Timestamp")) + " " +
                                   std::string(request.headers.get("X-Quipu-Signature")),
                               request.body);
            co_return net::HttpResponse::text(posts.size() == 1 ? 503 : 200, "");
        });
    ASSERT_TRUE(server) << server.error().text();
    start("[notify]\ngather = \"1s\"\nallow_private = true\n");
    Store store(hub_->house().database);
    ASSERT_TRUE(store.add_rule({.owner = "person:rui",
                                .channel = Channel::webhook,
                                .url = fmt::format("http://{}/hook", (*server)->address().text())}));
    Notice rose = pair("x");
    rose.about = "pair:santiago/x";
    ASSERT_TRUE(notify_->notifier().send(rose));
    clock_.advance(2s);
    const auto count = [&] {
        const std::scoped_lock lock(mutex);
        return posts.size();
    };
    until([&] { return count() == 1; });
    until([&] { return store.due(clock_.now(), 10)->empty(); });
    clock_.advance(31s);
    until([&] { return count() == 2; });
    until([&] { return store.due(clock_.now() + 1h, 10)->empty(); });
    const std::scoped_lock lock(mutex);
    EXPECT_EQ(posts[0].second, posts[1].second);
    EXPECT_THAT(posts[0].second, HasSubstr("\"subject\":\"Delay from santiago to x rose\""));
    EXPECT_THAT(posts[0].second, HasSubstr("\"link\":\"https://portal.example/measure/santiago/x\""));
    EXPECT_THAT(posts[0].first, HasSubstr(" v1="));
}

}  // namespace
}  // namespace quipu::notify
