#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/mail/case_address.h"
#include "platform/mail/codec_dsn.h"
#include "platform/mail/codec_smtp.h"
#include "platform/mail/engine_queue.h"
#include "platform/mail/language.h"

namespace quipu::mail {
namespace {

using testing::ElementsAre;

TEST(Address, IsCheckedBeforeItGoesOnTheWire) {
    for (const char* good : {"ana@reuna.cl", "a.b+c@x.org", "\"a b\"@x.org", "\"a\\\"b\"@x.org", "josé@exämple.org",
                             "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "help+41.abc@quipu.example"})
        EXPECT_TRUE(check_address(good)) << good;
    for (const char* bad :
         {"", "ana", "@x.org", "a@", "a b@x.org", "a@x..org", "a@-x.org", ".a@x.org", "a.@x.org", "a..b@x.org",
          "a@x.org\r\nRCPT TO:<b@x.org>", "a>@x.org", "<a@x.org>", "a@[300.1.1.1]", "\"a@x.org", "\"a\rb\"@x.org"})
        EXPECT_FALSE(check_address(bad)) << bad;
    EXPECT_FALSE(check_address(std::string(65, 'a') + "@x.org"));
    EXPECT_FALSE(check_address("a@" + std::string(63, 'x') + "." + std::string(63, 'x') + "." + std::string(63, 'x') +
                               "." + std::string(63, 'x')));
}

TEST(Dots, WhatIsStuffedIsReadBack) {
    for (const std::string message : {"a\r\n.b\r\n..\r\n", ".", "", "x", "\r\n.\r\n", "a\nb\r.\n", "..\r\n."}) {
        const std::string wire = stuff_dots(message);
        EXPECT_TRUE(wire.ends_with("\r\n.\r\n") || wire == ".\r\n") << message;
        DotReader reader(1000);
        std::string_view rest = wire;
        EXPECT_TRUE(reader.feed(rest));
        EXPECT_TRUE(rest.empty());
        EXPECT_EQ(stuff_dots(reader.take()), wire);
    }
}

TEST(Dots, OnlyCrLfEndsAMessage) {  // SMTP smuggling
    for (const std::string_view trick : {"a\n.\n", "a\n.\r\n", "a\r.\r", "a\r\n.\n", "a\r\n.\rx\r\n", "a\n\n.\n\n"}) {
        DotReader reader(1000);
        std::string_view rest = trick;
        EXPECT_FALSE(reader.feed(rest)) << trick;
    }
}

TEST(Reply, OfSeveralLines) {
    ReplyReader reader;
    reader.feed("250-one\r\n250 2.1.0 two\r\n5");
    auto reply = reader.next();
    ASSERT_TRUE(reply && *reply);
    EXPECT_EQ((*reply)->code, 250);
    EXPECT_EQ((*reply)->status.text(), "2.1.0");
    EXPECT_THAT((*reply)->lines, ElementsAre("one", "two"));
    reply = reader.next();
    ASSERT_TRUE(reply);
    EXPECT_FALSE(*reply);
    reader.feed("50\r\n");
    reply = reader.next();
    ASSERT_TRUE(reply && *reply);
    EXPECT_EQ((*reply)->code, 550);
}

TEST(Reply, RefusesWhatIsNone) {
    for (const std::string_view bad :
         {"hello\r\n", "99 x\r\n", "250x\r\n", "250-a\r\n251 b\r\n", "700 x\r\n", "\r\n"}) {
        ReplyReader reader;
        reader.feed(bad);
        EXPECT_FALSE(reader.next()) << bad;
    }
    ReplyReader endless;
    endless.feed("250 " + std::string(5000, 'x'));
    EXPECT_FALSE(endless.next());
}

TEST(NumberedAddresses, AreKnownAgainAndNotGuessed) {
    const NumberedAddresses addresses("secret", "quipu.example");
    const std::string address = addresses.address("help", 41);
    EXPECT_EQ(addresses.number_of("help", address), 41);
    EXPECT_EQ(addresses.number_of("help", folded_address(address)), 41);
    EXPECT_EQ(addresses.number_of("bounces", address), std::nullopt);
    std::string other = address;
    other.replace(other.find("41"), 2, "42");
    EXPECT_EQ(addresses.number_of("help", other), std::nullopt);
    EXPECT_EQ(NumberedAddresses("other", "quipu.example").number_of("help", address), std::nullopt);
    EXPECT_EQ(addresses.number_of("help", "help@quipu.example"), std::nullopt);
    EXPECT_EQ(addresses.number_of("help", "help+@quipu.example"), std::nullopt);
    EXPECT_EQ(addresses.number_of("help", "help+41@quipu.example"), std::nullopt);
    EXPECT_TRUE(addresses.is_of("help", "Help+41.x@QUIPU.example"));
    EXPECT_FALSE(addresses.is_of("help", "helpdesk@quipu.example"));
    EXPECT_FALSE(addresses.is_of("help", "help@other.example"));
}

TEST(Dsn, NamesWhoWasNotReached) {
    const auto reports = parse_delivery_status(
        "Reporting-MTA: dns; mx.example\r\nArrival-Date: x\r\n\r\n"
        "Original-Recipient: rfc822;ana@reuna.cl\r\nFinal-Recipient: rfc822; a@inner\r\nAction: failed\r\nStatus: "
        "5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1\r\n  no such user\r\n\r\n"
        "Final-Recipient: rfc822;b@x.org\nAction: DELAYED\nStatus: 4.4.1\n");
    ASSERT_TRUE(reports) << reports.error().text();
    ASSERT_EQ(reports->size(), 2U);
    EXPECT_EQ((*reports)[0].address, "ana@reuna.cl");
    EXPECT_TRUE((*reports)[0].is_hard());
    EXPECT_EQ((*reports)[0].diagnostic, "550 5.1.1 no such user");
    EXPECT_EQ((*reports)[1].action, DsnAction::delayed);
    EXPECT_FALSE((*reports)[1].is_hard());
    EXPECT_FALSE(parse_delivery_status("Reporting-MTA: dns; x\n\n"));
    EXPECT_FALSE(parse_delivery_status(""));
}

TEST(MessageIds, AreTakenOutOfAnything) {
    EXPECT_THAT(message_ids_of("<a@b> (comment) <c@d>\r\n <bad id@x> <e@f"), ElementsAre("a@b", "c@d"));
    EXPECT_THAT(message_ids_of(""), ElementsAre());
}

TEST(Queue, TriesAgainUntilItsTimeIsOver) {
    Rng rng(1);
    const Time now(std::chrono::hours(1000));
    const Outcome later{.kind = Outcome::Kind::later, .code = 451};
    Time at = now;
    std::int64_t attempts = 0;
    while (attempts < 1000) {
        const NextStep step = after_attempt(later, ++attempts, at, now + std::chrono::days(5), rng);
        if (step.state == RecipientState::expired) break;
        ASSERT_EQ(step.state, RecipientState::queued);
        EXPECT_GT(step.next, at);
        at = step.next;
    }
    EXPECT_GT(attempts, 25);
    EXPECT_LT(attempts, 60);
    EXPECT_GT(at, now + std::chrono::days(4));
    const Outcome never{.kind = Outcome::Kind::never, .code = 550, .status = "5.1.1"};
    EXPECT_TRUE(after_attempt(never, 1, now, now, rng).bad_address);
    EXPECT_FALSE(says_bad_address(554, "5.7.1"));
    EXPECT_TRUE(says_bad_address(550, ""));
}

TEST(Language, IsThePersonsThenTheOrganisationsThenTheCountrys) {
    EXPECT_EQ(choose_language("pt-BR", "es", "CL"), Language::pt);
    EXPECT_EQ(choose_language("", "es", "BR"), Language::es);
    EXPECT_EQ(choose_language("fr", "", "br"), Language::pt);
    EXPECT_EQ(choose_language("", "", "CL"), Language::es);
    EXPECT_EQ(choose_language("", "", "DE"), Language::en);
}

TEST(Base64, AsAuthWantsIt) {
    EXPECT_EQ(base64_encode("ana"), "YW5h");
    EXPECT_EQ(base64_encode("a"), "YQ==");
    EXPECT_EQ(base64_encode("\xff\xfe\xfd\xfc"), "//79/A==");
}

}  // namespace
}  // namespace quipu::mail
