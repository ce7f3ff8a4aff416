#include "platform/mail/reception.h"

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "data/test_database.h"
#include "platform/mail/maildir.h"

namespace quipu::mail {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

/// A desk of one table.
class TestInbox final : public Inbox {
  public:
    explicit TestInbox(data::Database& database) : database_(database) {}
    Result<std::optional<std::int64_t>> case_of_message(std::string_view) override { return std::nullopt; }
    Result<bool> may_write(std::int64_t number, std::string_view address) override {
        return watchers.contains({number, std::string(address)});
    }
    Result<void> add_note(data::Transaction& transaction, std::int64_t number, const Received& letter) override {
        TRY(transaction.run("INSERT INTO notes (number, message_id, note) VALUES (?, ?, ?)", number, letter.message_id,
                            letter.text));
        if (fail_after) return fail(ErrorCode::unavailable, "the disk is gone");
        return {};
    }
    Result<std::int64_t> open(data::Transaction& transaction, const Received& letter,
                              std::optional<std::int64_t>) override {
        const std::int64_t number = ++last;
        TRY(add_note(transaction, number, letter));
        if (letter.from && !letter.automatic) watchers.insert({number, letter.from->address});
        return number;
    }
    [[nodiscard]] std::vector<std::string> notes(std::int64_t number) const {
        std::vector<std::string> out;
        const auto rows = database_.query("SELECT note FROM notes WHERE number = ? ORDER BY message_id", number);
        for (std::size_t i = 0; rows && i < rows->size(); ++i)
            out.push_back(rows->text(i, 0));
        return out;
    }
    std::set<std::pair<std::int64_t, std::string>> watchers;
    std::int64_t last = 40;
    bool fail_after = false;

  private:
    data::Database& database_;
};

class ReceptionTest : public data::BothDatabases {
  protected:
    void SetUp() override {
        BothDatabases::SetUp();
        if (IsSkipped()) return;
        std::vector<data::Migration> migrations = kMailMigrations;
        migrations.push_back(
            {"test.001",
             "CREATE TABLE notes (number BIGINT NOT NULL, message_id TEXT NOT NULL, note TEXT NOT NULL);\n"});
        ASSERT_TRUE(database_->migrate(migrations));
        inbox_ = std::make_unique<TestInbox>(*database_);
        store_ = std::make_unique<Store>(*database_, clock_);
        reception_ = std::make_unique<Reception>(*database_, *store_, clock_, addresses_,
                                                 OurNames{.from = "quipu@quipu.example", .loop = "mark@quipu.example"});
        reception_->deliver_to(inbox_.get());
        reception_->tell_failures([this](data::Transaction&, const Failure& failure) -> Result<void> {
            failures_.push_back(failure);
            return {};
        });
    }
    Result<void> take(const std::string& to, const std::string& head, const std::string& text = "hola\r\n",
                      const std::string& sender = "ana@reuna.cl") {
        return reception_->take({sender, {to}}, head + "\r\n" + text);
    }
    std::int64_t add_letter(const std::string& to) {
        std::int64_t id = 0;
        EXPECT_TRUE(database_->write([&](data::Transaction& transaction) -> Result<void> {
            id = TRY(store_->add(transaction, {.message_id = "out" + to,
                                               .once = {},
                                               .purpose = "case",
                                               .about = "case:7",
                                               .subject = "s",
                                               .created = clock_.now(),
                                               .expires = clock_.now() + 24h,
                                               .message = "x",
                                               .recipients = {to}}));
            return {};
        }));
        return id;
    }

    ManualClock clock_{Time(std::chrono::hours(400'000))};
    NumberedAddresses addresses_{"secret", "quipu.example"};
    std::unique_ptr<Store> store_;
    std::unique_ptr<TestInbox> inbox_;
    std::unique_ptr<Reception> reception_;
    std::vector<Failure> failures_;
};

INSTANTIATE_TEST_SUITE_P(Databases, ReceptionTest, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(ReceptionTest, ALetterOpensACaseAndAnswersAreItsNotes) {
    ASSERT_TRUE(take("help@quipu.example", "From: ana@reuna.cl\r\nMessage-ID: <1@reuna.cl>\r\nSubject: caída\r\n"));
    EXPECT_THAT(inbox_->notes(41), ElementsAre("hola\n"));
    // By what it answers to.
    ASSERT_TRUE(take("help@quipu.example",
                     "From: ana@reuna.cl\r\nMessage-ID: <2@reuna.cl>\r\nIn-Reply-To: <1@reuna.cl>\r\n", "sigue\r\n"));
    // By the address.
    ASSERT_TRUE(
        take(addresses_.address("help", 41), "From: ana@reuna.cl\r\nMessage-ID: <3@reuna.cl>\r\n", "ya no\r\n"));
    EXPECT_THAT(inbox_->notes(41), ElementsAre("hola\n", "sigue\n", "ya no\n"));
    EXPECT_EQ(reception_->counters().opened, 1U);
}

TEST_P(ReceptionTest, ARepeatIsDropped) {
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(take("help@quipu.example", "From: ana@reuna.cl\r\nMessage-ID: <1@reuna.cl>\r\n"));
    EXPECT_EQ(inbox_->last, 41);
    EXPECT_EQ(reception_->counters().repeats, 2U);
}

TEST_P(ReceptionTest, AStrangerOpensACaseOfTheirOwn) {
    ASSERT_TRUE(take("help@quipu.example", "From: ana@reuna.cl\r\nMessage-ID: <1@reuna.cl>\r\n"));
    ASSERT_TRUE(take(addresses_.address("help", 41),
                     "From: eve@example.org\r\nMessage-ID: <2@e>\r\nIn-Reply-To: <1@reuna.cl>\r\n"));
    EXPECT_EQ(inbox_->notes(41).size(), 1U);
    EXPECT_EQ(inbox_->notes(42).size(), 1U);
    // A guessed address leads nowhere.
    ASSERT_TRUE(take("help+41.0000000000@quipu.example", "From: ana@reuna.cl\r\nMessage-ID: <3@reuna.cl>\r\n"));
    EXPECT_EQ(inbox_->notes(41).size(), 1U);
}

TEST_P(ReceptionTest, NothingIsKeptHalf) {
    inbox_->fail_after = true;
    const auto refused = take("help@quipu.example", "From: ana@reuna.cl\r\nMessage-ID: <1@reuna.cl>\r\n");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_TRUE(inbox_->notes(41).empty());
    inbox_->fail_after = false;
    ASSERT_TRUE(take("help@quipu.example", "From: ana@reuna.cl\r\nMessage-ID: <1@reuna.cl>\r\n"));
    EXPECT_EQ(inbox_->notes(42).size(), 1U);
    reception_->deliver_to(nullptr);
    EXPECT_EQ(take("help@quipu.example", "From: ana@reuna.cl\r\nMessage-ID: <9@reuna.cl>\r\n").error().code,
              ErrorCode::unavailable);
}

TEST_P(ReceptionTest, MachinesAreNotAnswered) {
    const std::string from = "From: ana@reuna.cl\r\n";
    ASSERT_TRUE(take("help@quipu.example", from + "Message-ID: <1@x>\r\nAuto-Submitted: auto-replied (vacation)\r\n"));
    ASSERT_TRUE(take("help@quipu.example", from + "Message-ID: <2@x>\r\n", "x", ""));
    ASSERT_TRUE(take("help@quipu.example", from + "Message-ID: <3@x>\r\nX-Loop: mark@quipu.example\r\n"));
    ASSERT_TRUE(take("help@quipu.example", "From: quipu@quipu.example\r\nMessage-ID: <4@x>\r\n"));
    EXPECT_EQ(inbox_->last, 40);
    EXPECT_EQ(reception_->counters().automatic, 4U);
    // What a machine generates may open a case, and its address is told nothing.
    ASSERT_TRUE(take("help@quipu.example", from + "Message-ID: <5@x>\r\nAuto-Submitted: auto-generated\r\n"));
    EXPECT_EQ(inbox_->last, 41);
    EXPECT_TRUE(inbox_->watchers.empty());
}

TEST_P(ReceptionTest, ABounceMarksTheAddressOnce) {
    const std::int64_t id = add_letter("x@y.org");
    const auto bounce = [&](int number) {
        return take(addresses_.address("bounces", id),
                    fmt::format("From: MAILER-DAEMON@mx\r\nMessage-ID: <b{}@mx>\r\nContent-Type: multipart/report; "
                                "report-type=delivery-status; boundary=b\r\n",
                                number),
                    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; "
                    "mx\r\n\r\nFinal-Recipient: rfc822; X@y.org\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n",
                    "");
    };
    ASSERT_TRUE(bounce(1));
    ASSERT_TRUE(bounce(2));
    ASSERT_EQ(failures_.size(), 1U);
    EXPECT_EQ(failures_[0].to.address, "x@y.org");
    EXPECT_EQ(failures_[0].about, "case:7");
    EXPECT_TRUE(*store_->is_failing("x@Y.org"));
    EXPECT_EQ(store_->recipients_of(id)->at(0).state, RecipientState::failed);
    EXPECT_EQ(inbox_->last, 40);
}

TEST_P(ReceptionTest, OneSenderOpensOnlySoMany) {
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(take("help@quipu.example", fmt::format("From: ana@reuna.cl\r\nMessage-ID: <{}@x>\r\n", i)));
    EXPECT_EQ(take("help@quipu.example", "From: Ana@REUNA.cl\r\nMessage-ID: <20@x>\r\n").error().code,
              ErrorCode::unavailable);
    clock_.advance(2h);
    EXPECT_TRUE(take("help@quipu.example", "From: ana@reuna.cl\r\nMessage-ID: <20@x>\r\n"));
}

TEST_P(ReceptionTest, AMaildirIsReadOnce) {
    auto maildir = Maildir::open(folder_ / "maildir", 100'000);
    ASSERT_TRUE(maildir) << maildir.error().text();
    const auto put = [&](const std::string& name, const std::string& text) {
        std::ofstream(folder_ / ("maildir/new/" + name)) << text;
    };
    put("1.a", "From: ana@reuna.cl\r\nDelivered-To: help@quipu.example\r\nMessage-ID: <1@x>\r\n\r\nhola\r\n");
    put("2.b", std::string(200'000, 'x'));
    const TakeLetter take_letter = [this](const Envelope& envelope, std::string_view message) {
        return reception_->take(envelope, message);
    };
    auto looked = maildir->look(take_letter);
    ASSERT_TRUE(looked) << looked.error().text();
    EXPECT_EQ(looked->taken, 1U);
    EXPECT_EQ(looked->refused, 1U);
    EXPECT_TRUE(std::filesystem::exists(folder_ / "maildir/cur/1.a:2,S"));
    EXPECT_TRUE(std::filesystem::exists(folder_ / "maildir/cur/2.b:2,F"));
    // Killed between keeping and moving: it comes again and is known.
    std::filesystem::rename(folder_ / "maildir/cur/1.a:2,S", folder_ / "maildir/new/1.a");
    looked = maildir->look(take_letter);
    ASSERT_TRUE(looked);
    EXPECT_EQ(inbox_->notes(41).size(), 1U);
    // The desk is away: the letter stays.
    put("3.c", "From: ana@reuna.cl\r\nMessage-ID: <3@x>\r\n\r\nhola\r\n");
    reception_->deliver_to(nullptr);
    EXPECT_FALSE(maildir->look(take_letter));
    EXPECT_TRUE(std::filesystem::exists(folder_ / "maildir/new/3.c"));
}

TEST_P(ReceptionTest, TheQueueClaimsAndReleases) {
    const std::int64_t id = add_letter("x@y.org");
    auto claimed = store_->claim("me", 10);
    ASSERT_TRUE(claimed) << claimed.error().text();
    ASSERT_EQ(claimed->size(), 1U);
    EXPECT_EQ(claimed->at(0).recipients.at(0).address, "x@y.org");
    EXPECT_TRUE(store_->claim("other", 10)->empty());
    EXPECT_EQ(*store_->release("other"), 0);
    EXPECT_EQ(*store_->release("me"), 1);
    ASSERT_EQ(store_->claim("me", 10)->size(), 1U);
    ASSERT_TRUE(database_->write([&](data::Transaction& transaction) -> Result<void> {
        const std::array<Store::Settled, 1> settled{
            {{"x@y.org",
              {.kind = Outcome::Kind::later, .code = 451, .status = "4.3.0", .text = "later"},
              {.state = RecipientState::queued, .next = clock_.now() + 1h}}}};
        return store_->settle(transaction, id, settled);
    }));
    EXPECT_TRUE(store_->claim("me", 10)->empty());
    EXPECT_EQ(store_->list({.state = RecipientState::queued})->at(0).attempts, 1);
    EXPECT_EQ(*store_->retry(id), 1);
    EXPECT_EQ(store_->claim("me", 10)->size(), 1U);
    ASSERT_TRUE(store_->release("me"));
    clock_.advance(48h);
    ASSERT_TRUE(database_->write([&](data::Transaction& transaction) -> Result<void> {
        failures_ = TRY(store_->expire(transaction));
        return {};
    }));
    EXPECT_EQ(failures_.size(), 1U);
    EXPECT_EQ(store_->recipients_of(id)->at(0).state, RecipientState::expired);
}

}  // namespace
}  // namespace quipu::mail
