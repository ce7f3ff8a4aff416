#include "platform/mail/mime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quipu::mail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Stamp stamp() {
    return {.message_id = "abc@quipu.example",
            .date = Time(std::chrono::seconds(1'320'000'000)),
            .from = {"Quipu", "quipu@quipu.example"},
            .loop = "mark@quipu.example"};
}

ParsedLetter parsed(std::string_view text) {
    auto letter = parse_letter(as_bytes(text));
    EXPECT_TRUE(letter) << letter.error().text();
    return letter ? std::move(*letter) : ParsedLetter{};
}

TEST(Letter, WrittenAndReadBackIsTheSame) {
    Letter letter{
        .purpose = "case",
        .to = {{"Ana Peñalosa", "ana@reuna.cl"}, {"", "b@rnp.br"}},
        .reply_to = Address{"Ayuda", "help+41.abc@quipu.example"},
        .subject =
            "[caso 41] El enlace Santiago–Panamá cayó: información con una línea bastante más larga que lo usual",
        .text =
            "Hola Ana:\n\nEl enlace cayó a las 14:03. Esta es una línea larga que habrá que doblar porque pasa de las "
            "setenta y dos columnas que admite un correo.\n\n> citado\nFrom aquí\n  dos espacios\n.punto\n",
        .language = Language::es,
        .in_reply_to = "first@reuna.cl",
        .references = {"root@reuna.cl", "first@reuna.cl"},
        .attachments = {{"gráfico.png", "image/png", std::string("\x89PNG\0\r\n", 7)}}};
    const auto wire = write_letter(letter, stamp());
    ASSERT_TRUE(wire) << wire.error().text();
    EXPECT_TRUE(std::ranges::all_of(*wire, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
    std::size_t longest = 0;
    for (std::size_t begin = 0; begin < wire->size();) {
        const std::size_t end = wire->find("\r\n", begin);
        ASSERT_NE(end, std::string::npos);
        EXPECT_EQ(wire->substr(begin, end - begin).find('\n'), std::string::npos);
        longest = std::max(longest, end - begin);
        begin = end + 2;
    }
    EXPECT_LE(longest, 998U);
    EXPECT_THAT(*wire, HasSubstr("Auto-Submitted: auto-generated\r\n"));
    EXPECT_THAT(*wire, HasSubstr("format=flowed"));
    EXPECT_THAT(*wire, HasSubstr("Content-Language: es\r\n"));

    const ParsedLetter back = parsed(*wire);
    EXPECT_EQ(back.letter.message_id, "abc@quipu.example");
    EXPECT_EQ(back.letter.from, (Address{"Quipu", "quipu@quipu.example"}));
    EXPECT_EQ(back.letter.to, letter.to);
    EXPECT_EQ(back.letter.subject, letter.subject);
    EXPECT_EQ(back.letter.text, letter.text);
    EXPECT_THAT(back.letter.answers_to, ElementsAre("first@reuna.cl", "root@reuna.cl"));
    ASSERT_EQ(back.letter.attachments.size(), 1U);
    EXPECT_EQ(back.letter.attachments[0].name, "gráfico.png");
    EXPECT_EQ(back.letter.attachments[0].media_type, "image/png");
    EXPECT_EQ(back.letter.attachments[0].octets, letter.attachments[0].octets);
    EXPECT_EQ(back.origin.auto_submitted, "auto-generated");
    EXPECT_THAT(back.origin.loop, HasSubstr("mark@quipu.example"));
    EXPECT_EQ(back.letter.date, Time(std::chrono::seconds(1'320'000'000)));
}

TEST(Letter, HeaderFieldsCannotBeInjected) {
    Letter letter{.to = {{"Eve\r\nBcc: all@example.org", "eve@example.org"}},
                  .subject = "hi\r\nBcc: all@example.org",
                  .text = "x"};
    const auto wire = write_letter(letter, stamp());
    ASSERT_TRUE(wire);
    EXPECT_THAT(*wire, Not(HasSubstr("\nBcc:")));
    letter.to = {{"", "eve@example.org\r\nBcc: x@y.org"}};
    EXPECT_FALSE(write_letter(letter, stamp()));
    letter.to = {{"", "eve@example.org"}};
    letter.in_reply_to = "x@y>\r\nBcc: <z";
    EXPECT_FALSE(write_letter(letter, stamp()));
}

TEST(Letter, PlainTextIsPreferredAndHtmlIsRead) {
    const std::string_view both =
        "From: Ana <ana@reuna.cl>\r\nSubject: =?utf-8?q?Ca=C3=ADda?=\r\nMessage-ID: <1@x>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; "
        "charset=iso-8859-1\r\n\r\n"
        "Cay\xf3\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>HTML</p>\r\n--b--\r\n";
    EXPECT_EQ(parsed(both).letter.text, "Cayó\n");
    EXPECT_EQ(parsed(both).letter.subject, "Caída");
    const std::string_view html =
        "From: ana@reuna.cl\r\nContent-Type: text/html; "
        "charset=utf-8\r\n\r\n<html><head><title>t</title><style>p{}</style></head>"
        "<body><script>alert(1)</script><p>Uno &amp; dos<br>tres</p><ul><li>a<li>b</ul><img "
        "src=http://x/y></body></html>";
    EXPECT_EQ(parsed(html).letter.text, "Uno & dos\ntres\n\n- a\n- b\n");
}

TEST(Letter, DamageIsTolerated) {
    const ParsedLetter bad = parsed(
        "From: ana@reuna.cl\r\nSubject: =?x-unknown?q?a=FFb?= \xff\xfe\r\nContent-Type: text/plain; "
        "charset=no-such\r\n\r\n\xff\xfe text\r\n");
    EXPECT_TRUE(bad.letter.from.has_value());
    EXPECT_THAT(bad.letter.text, HasSubstr("text"));
    EXPECT_THAT(bad.letter.message_id, HasSubstr("@content.invalid"));
    parsed("From: a@b.c\r\nContent-Type: multipart/mixed\r\n\r\nno boundary");
    parsed(
        "From: a@b.c\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Transfer-Encoding: "
        "base64\r\n\r\n!!!!");
    std::string nested = "From: a@b.c\r\n";
    for (int i = 0; i < 500; ++i)
        nested += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\r\n\r\n--b" + std::to_string(i) +
                  "\r\n";
    parsed(nested);
    EXPECT_TRUE(parse_letter(as_bytes("")) || true);
}

TEST(Letter, AttachmentsHaveHarmlessNames) {
    const ParsedLetter letter = parsed(
        "From: a@b.c\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Disposition: attachment; "
        "filename=\"../../etc/passwd\"\r\n\r\nroot\r\n--x\r\nContent-Disposition: attachment; "
        "filename=\".hidden\"\r\n\r\nh\r\n--x--\r\n");
    ASSERT_EQ(letter.letter.attachments.size(), 2U);
    EXPECT_EQ(letter.letter.attachments[0].name, "passwd");
    EXPECT_EQ(letter.letter.attachments[1].name, "hidden");
}

TEST(Letter, ABounceIsUnderstood) {
    const ParsedLetter bounce = parsed(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\nContent-Type: multipart/report; "
        "report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: "
        "text/plain\r\n\r\nsorry\r\n--b\r\nContent-Type: "
        "message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; x@y.org\r\nAction: "
        "failed\r\nStatus: "
        "5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <ours@quipu.example>\r\nFrom: "
        "q@quipu.example\r\n\r\nhi\r\n--b--\r\n");
    ASSERT_TRUE(bounce.report);
    ASSERT_EQ(bounce.report->recipients.size(), 1U);
    EXPECT_EQ(bounce.report->recipients[0].address, "x@y.org");
    EXPECT_EQ(bounce.report->original_message_id, "ours@quipu.example");
    EXPECT_TRUE(bounce.origin.null_return_path);
}

TEST(Text, QuotationAtTheEndIsCut) {
    EXPECT_EQ(without_quotation("Sí, ya funciona.\n\nEl mar, 1 nov 2011, Quipu escribió:\n> ¿Funciona?\n> \n"),
              "Sí, ya funciona.\n");
    EXPECT_EQ(without_quotation("Answer\n> quoted\nmore\n"), "Answer\n> quoted\nmore\n");
    EXPECT_EQ(without_quotation("> only quoted\n"), "> only quoted\n");
    EXPECT_EQ(without_quotation("ok\n-----Original Message-----\nFrom: x\nlong text\n"), "ok\n");
}

TEST(Text, FlowedLinesAreShort) {
    const std::string flowed = flow_text(std::string(50, 'a') + " " + std::string(50, 'b') + "\n>x\n");
    EXPECT_EQ(flowed, std::string(50, 'a') + " \n" + std::string(50, 'b') + "\n >x\n");
}

}  // namespace
}  // namespace quipu::mail
