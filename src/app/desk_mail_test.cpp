// Mail, notifications and the desk together, as the catalogue puts them: a letter opens a case, who wrote it is told in
// their language, their answer is a note, and the one who takes care is told of it.

#include "app/desk_mail.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "app/catalogue.h"
#include "data/test_folder.h"
#include "platform/hub.h"
#include "platform/mail/mime.h"
#include "platform/mail/store.h"

namespace quipu::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view kNetwork = R"(
[[organisations]]
id = "reuna"
name = "REUNA"
type = "nren"
country = "CL"
[[people]]
id = "ana"
name = "Ana"
roles = [{ organisation = "reuna", role = "noc" }]
contacts = [{ kind = "email", value = "ana@reuna.cl", visibility = "public" }]
)";

class DeskMail : public testing::Test {
  protected:
    void SetUp() override {
        std::ofstream(folder_ / "network.toml") << kNetwork;
        Catalogue catalogue = make_catalogue();
        for (const auto& service : catalogue.services)
            if (auto* found = dynamic_cast<desk::DeskService*>(service.get())) desk_ = found;
        platform::HubOptions options;
        options.settings.port = 0;
        options.settings.data = folder_ / "data";
        options.settings.loops = 1;
        options.services = std::move(catalogue.services);
        options.only = {"notify", "mail"};
        const std::string text = fmt::format(
            "[registry]\nload = \"{}\"\n[mail]\nfrom = \"quipu@quipu.test\"\nmaildir = \"{}\"\n[notify]\ngather = "
            "\"1ms\"\n",
            folder_ / "network.toml", folder_ / "maildir");
        auto config = platform::Config::parse(text, "test.toml", platform::sections_of(options.services));
        ASSERT_TRUE(config) << config.error().text();
        options.config = std::move(*config);
        auto hub = platform::Hub::create(std::move(options));
        ASSERT_TRUE(hub) << hub.error().text();
        hub_ = std::move(*hub);
        const auto started = hub_->start();
        ASSERT_TRUE(started) << started.error().text();
        store_ = std::make_unique<mail::Store>(hub_->house().database, clock_);
    }
    void deliver(const std::string& name, const std::string& text) {
        std::ofstream(folder_ / ("maildir/tmp/" + name)) << text;
        std::filesystem::rename(folder_ / ("maildir/tmp/" + name), folder_ / ("maildir/new/" + name));
    }
    template <class F>
    void until(F&& done) {
        for (int i = 0; i < 600 && !done(); ++i)
            std::this_thread::sleep_for(50ms);
        EXPECT_TRUE(done());
    }

    const platform::Caller house_{.id = "system"};
    data::TestFolder folder_;
    SystemClock clock_;
    desk::DeskService* desk_ = nullptr;
    std::unique_ptr<platform::Hub> hub_;
    std::unique_ptr<mail::Store> store_;
};

TEST_F(DeskMail, ALetterIsACaseAndItsAnswersAreNotes) {
    deliver("1",
            "From: Ana <ana@reuna.cl>\r\nTo: help@quipu.test\r\nMessage-ID: <1@reuna.cl>\r\nSubject: No llego a "
            "Lima\r\n\r\nDesde ayer.\r\n");
    until([&] { return desk_->desk().find(house_, 1).has_value(); });
    const auto opened = desk_->desk().find(house_, 1);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->title, "No llego a Lima");
    EXPECT_THAT(opened->organisations, testing::ElementsAre("reuna"));

    // She is told, in Spanish by her organisation's country, and can answer.
    until([&] { return store_->list({})->size() == 1; });
    const auto told = store_->letter(store_->list({})->at(0).id);
    ASSERT_TRUE(told && *told);
    const auto letter = mail::parse_letter(as_bytes((*told)->message));
    ASSERT_TRUE(letter);
    EXPECT_EQ(letter->letter.to.at(0).address, "ana@reuna.cl");
    EXPECT_EQ((*told)->about, "case:1");
    EXPECT_THAT((*told)->message, HasSubstr("Reply-To: help+1."));
    EXPECT_THAT(letter->letter.answers_to, testing::Contains("1@reuna.cl"));

    deliver("2",
            fmt::format("From: ana@reuna.cl\r\nMessage-ID: <2@reuna.cl>\r\nIn-Reply-To: <{}>\r\n\r\nYa funciona.\r\n",
                        (*told)->message_id));
    until([&] { return desk_->desk().timeline(house_, 1, 100, {}, true)->items.size() == 1; });
    const auto notes = desk_->desk().timeline(house_, 1, 100, {}, true);
    EXPECT_EQ(notes->items.at(0).text, "Ya funciona.\n");
    EXPECT_TRUE(notes->items.at(0).unverified);

    // Somebody else who answers opens a case of their own.
    deliver("3", fmt::format("From: eve@example.org\r\nMessage-ID: <3@example.org>\r\nIn-Reply-To: <{}>\r\nSubject: "
                             "Re\r\n\r\nyo también\r\n",
                             (*told)->message_id));
    until([&] { return desk_->desk().find(house_, 2).has_value(); });
    EXPECT_EQ(desk_->desk().timeline(house_, 1, 100, {}, true)->items.size(), 1U);
    EXPECT_THAT(desk_->desk().find(house_, 2)->objects, testing::ElementsAre("case:1"));
}

}  // namespace
}  // namespace quipu::app
