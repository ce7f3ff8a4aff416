// With Debian's Postfix, both ways: our queue → Postfix → a maildir; Postfix → our LMTP; its bounces; STARTTLS. And
// with Python's smtplib as a client of our LMTP server.

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>
#include <mutex>

#include "data/test_folder.h"
#include "platform/hub.h"
#include "platform/mail/mime.h"
#include "platform/mail/service.h"
#include "platform/mail/store.h"
#include "platform/mail/test_postfix.h"

namespace quipu::mail {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Keeps letters in memory: good enough, since nobody is killed here.
class MemoryInbox final : public Inbox {
  public:
    Result<std::optional<std::int64_t>> case_of_message(std::string_view) override { return std::nullopt; }
    Result<bool> may_write(std::int64_t, std::string_view address) override { return address == "ana@people.test"; }
    Result<void> add_note(data::Transaction&, std::int64_t number, const Received& letter) override {
        const std::scoped_lock lock(mutex);
        notes.emplace_back(number, letter);
        return {};
    }
    Result<std::int64_t> open(data::Transaction&, const Received& letter, std::optional<std::int64_t>) override {
        const std::scoped_lock lock(mutex);
        opened.push_back(letter);
        return static_cast<std::int64_t>(100 + opened.size());
    }
    std::mutex mutex;
    std::vector<std::pair<std::int64_t, Received>> notes;
    std::vector<Received> opened;
};

class Interop : public testing::Test {
  protected:
    void SetUp() override {
        lmtp_ =
            net::local_endpoint(net::listen_on(*net::Endpoint::parse("127.0.0.1:0"), 1).value().front().get())->port;
        auto postfix = TestPostfix::start(lmtp_);
        if (!postfix && postfix.error().code == ErrorCode::not_found) GTEST_SKIP() << postfix.error().text();
        ASSERT_TRUE(postfix) << postfix.error().text();
        postfix_ = std::move(*postfix);
    }
    void start(const std::string& more) {
        auto mail = make_mail_service();
        service_ = mail.get();
        auto inbox = std::make_unique<MemoryInbox>();
        inbox_ = inbox.get();
        mail->use_inbox(std::move(inbox));
        platform::HubOptions options;
        options.settings.port = 0;
        options.settings.data = folder_ / "data";
        options.settings.loops = 1;
        options.services.push_back(std::move(mail));
        const std::string text = fmt::format(
            "[mail]\nsmarthost = \"127.0.0.1\"\nport = {}\nlmtp = \"127.0.0.1:{}\"\nfrom = \"quipu@quipu.test\"\n{}",
            postfix_->port(), lmtp_, more);
        auto config = platform::Config::parse(text, "test.toml", platform::sections_of(options.services));
        ASSERT_TRUE(config) << config.error().text();
        options.config = std::move(*config);
        auto hub = platform::Hub::create(std::move(options));
        ASSERT_TRUE(hub) << hub.error().text();
        hub_ = std::move(*hub);
        ASSERT_TRUE(hub_->start());
        store_ = std::make_unique<Store>(hub_->house().database, clock_);
    }
    template <class F>
    void until(F&& done) {
        for (int i = 0; i < 1200 && !done(); ++i)
            std::this_thread::sleep_for(50ms);
        EXPECT_TRUE(done()) << postfix_->log();
    }
    [[nodiscard]] ParsedLetter delivered() const {
        for (const auto& file : std::filesystem::directory_iterator(postfix_->maildir() + "/new")) {
            std::ifstream in(file.path(), std::ios::binary);
            const std::string text(std::istreambuf_iterator<char>(in), {});
            return parse_letter(as_bytes(text)).value();
        }
        return {};
    }
    /// Hands a letter to somebody as any mail program does.
    [[nodiscard]] static int python(const std::string& code) {
        const std::string file =
            (std::filesystem::temp_directory_path() / fmt::format("quipu-smtplib-{}.py", getpid())).string();
        std::ofstream(file) << code;
        const int status = std::system(("python3 " + file).c_str());
        std::filesystem::remove(file);
        return status;
    }

    data::TestFolder folder_;
    SystemClock clock_;
    std::uint16_t lmtp_ = 0;
    std::unique_ptr<TestPostfix> postfix_;
    MailService* service_ = nullptr;
    MemoryInbox* inbox_ = nullptr;
    std::unique_ptr<platform::Hub> hub_;
    std::unique_ptr<Store> store_;
};

TEST_F(Interop, ALetterGoesOutOverTlsAndItsAnswerIsANote) {
    start(fmt::format("tls = \"required\"\nca = \"{}\"\n", postfix_->ca()));
    Mail& mail = service_->mail();
    const auto id = mail.send({.purpose = "case",
                               .about = "case:41",
                               .to = {{"Ana", "ana@people.test"}},
                               .reply_to = Address{"", mail.case_address(41)},
                               .subject = "[caso 41] El enlace cayó",
                               .text = "Hola Ana:\n\n.punto al comienzo\n",
                               .language = Language::es});
    ASSERT_TRUE(id) << id.error().text();
    until([&] { return postfix_->delivered() == 1; });
    const ParsedLetter got = delivered();
    EXPECT_EQ(got.letter.message_id, *id);
    EXPECT_EQ(got.letter.subject, "[caso 41] El enlace cayó");
    EXPECT_EQ(got.letter.text, "Hola Ana:\n\n.punto al comienzo\n");
    EXPECT_THAT(postfix_->log(), HasSubstr("from=<bounces+1."));
    until([&] { return store_->list({.state = RecipientState::sent})->size() == 1; });

    // Ana's program answers to what it was told to.
    ASSERT_EQ(python(fmt::format("import smtplib\nfrom email.message import EmailMessage\nm = "
                                 "EmailMessage()\nm['From'] = 'Ana <ana@people.test>'\n"
                                 "m['To'] = '{}'\nm['Subject'] = 'Re: [caso 41] El enlace cayó'\nm['In-Reply-To'] = "
                                 "'<{}>'\nm['Message-ID'] = '<r1@people.test>'\n"
                                 "m.set_content('Ya funciona, señor.\\n\\nEl mar Quipu escribió:\\n> Hola Ana\\n')\n"
                                 "s = smtplib.SMTP('127.0.0.1', {})\ns.send_message(m)\ns.quit()\n",
                                 mail.case_address(41), *id, postfix_->port())),
              0);
    until([&] {
        const std::scoped_lock lock(inbox_->mutex);
        return inbox_->notes.size() == 1;
    });
    const std::scoped_lock lock(inbox_->mutex);
    EXPECT_EQ(inbox_->notes[0].first, 41);
    EXPECT_EQ(inbox_->notes[0].second.text, "Ya funciona, señor.\n");
    EXPECT_TRUE(inbox_->opened.empty());
}

TEST_F(Interop, AnUnknownUserIsToldAtOnceOrByABounce) {
    start("");
    std::mutex mutex;
    std::vector<Failure> failures;
    service_->mail().tell_failures([&](data::Transaction&, const Failure& failure) -> Result<void> {
        const std::scoped_lock lock(mutex);
        failures.push_back(failure);
        return {};
    });
    ASSERT_TRUE(service_->mail().send({.purpose = "case",
                                       .to = {{"", "refused@people.test"}, {"", "ana@people.test"}},
                                       .subject = "one",
                                       .text = "x\n"}));
    ASSERT_TRUE(
        service_->mail().send({.purpose = "case", .to = {{"", "someone@gone.test"}}, .subject = "two", .text = "x\n"}));
    until([&] {
        const std::scoped_lock lock(mutex);
        return failures.size() == 2;
    });
    // It is told inside the transaction that makes it so.
    until([&] { return *service_->mail().is_failing("someone@gone.test"); });
    EXPECT_TRUE(*service_->mail().is_failing("refused@people.test"));
    EXPECT_TRUE(*service_->mail().is_failing("someone@gone.test"));
    EXPECT_FALSE(*service_->mail().is_failing("ana@people.test"));
    EXPECT_EQ(store_->list({.address = "someone@gone.test"})->at(0).state, RecipientState::failed);
    EXPECT_EQ(store_->list({.address = "someone@gone.test"})->at(0).status, "5.1.1");
    EXPECT_EQ(store_->list({.address = "ana@people.test"})->at(0).state, RecipientState::sent);
    const std::scoped_lock lock(inbox_->mutex);
    EXPECT_TRUE(inbox_->opened.empty());
}

TEST_F(Interop, SmtplibSpeaksToOurLmtp) {
    start("");
    EXPECT_EQ(python(fmt::format("import smtplib\ns = smtplib.LMTP('127.0.0.1', {})\n"
                                 "r = s.sendmail('eva@people.test', ['help@quipu.test', 'nobody@quipu.test'], 'From: "
                                 "eva@people.test\\r\\nMessage-ID: <p1@x>\\r\\nSubject: "
                                 "hola\\r\\n\\r\\n.x\\r\\n')\nassert list(r) == ['nobody@quipu.test'], r\ns.quit()\n",
                                 lmtp_)),
              0);
    const std::scoped_lock lock(inbox_->mutex);
    ASSERT_EQ(inbox_->opened.size(), 1U);
    EXPECT_EQ(inbox_->opened[0].text, ".x\n");
}

TEST_F(Interop, AThousandLetters) {
    constexpr int kLetters = 1000;
    start("");
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kLetters; ++i)
        ASSERT_TRUE(service_->mail().send({.purpose = "notice",
                                           .to = {{"", fmt::format("user{}@people.test", i)}},
                                           .subject = fmt::format("Aviso {}", i),
                                           .text = "El enlace Santiago–Panamá cayó.\n"}));
    const auto queued = std::chrono::steady_clock::now();
    until([&] { return *store_->count(RecipientState::sent) == kLetters; });
    const auto sent = std::chrono::steady_clock::now();
    until([&] { return postfix_->delivered() == kLetters; });
    const auto seconds = [&](auto end) { return std::chrono::duration<double>(end - begin).count(); };
    std::cout << fmt::format(
        "1,000 letters: queued after {:.1f} s, taken by Postfix after {:.1f} s, in the maildir after {:.1f} s\n",
        seconds(queued), seconds(sent), seconds(std::chrono::steady_clock::now()));
}

}  // namespace
}  // namespace quipu::mail
