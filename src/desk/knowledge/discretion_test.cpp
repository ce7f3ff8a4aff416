#include "desk/knowledge/discretion.h"

#include <gtest/gtest.h>

namespace quipu::knowledge {
namespace {

std::string cleaned(std::string_view text, bool addresses = true) {
    return Discretion({"Ana María Pérez Rojas", "NOC of RNP", "Rosa Luz"}, {"João da Silva"}, addresses, "en")
        .cleaned(text);
}

TEST(Discretion, MailAddressesGo) {
    EXPECT_EQ(cleaned("write to a.b+c@uchile.cl."), "write to [e-mail]");
    EXPECT_EQ(cleaned("<ana@uchile.cl>, mailto:ana@x.org"), "<[e-mail]>, [e-mail]");
    EXPECT_EQ(cleaned("ana (arroba) uchile.cl or ana＠uchile.cl"), "[e-mail] or [e-mail]");
    EXPECT_EQ(cleaned("\"ana p\"@uchile.cl"), "[e-mail]");
    EXPECT_EQ(cleaned("100 packets @ 5 Mb/s"), "100 packets @ 5 Mb/s");
    EXPECT_EQ(cleaned("look at it. Or ana at uchile.cl"), "look at it. Or [e-mail]");
}

TEST(Discretion, NumbersGoAndDatesStay) {
    EXPECT_EQ(cleaned("call +56 2 2978-3000 or (02) 2978 3000"), "call [number] or [number]");
    EXPECT_EQ(cleaned("RUT 12.345.678-K, CPF 123.456.789-09"), "RUT [number], CPF [number]");
    EXPECT_EQ(cleaned("–56 2 29783000"), "–[number]");
    EXPECT_EQ(cleaned("on 2011-10-28 14:03:05 and 2011-10-28T14:03Z"), "on 2011-10-28 14:03:05 and 2011-10-28T14:03Z");
    EXPECT_EQ(cleaned("MTU 1500, 622 Mb/s, 0.5 % of 90 packets"), "MTU 1500, 622 Mb/s, 0.5 % of 90 packets");
    EXPECT_EQ(cleaned("since 2011-10-28 +56 9 8765 4321"), "since 2011-10-28 [number]");
}

TEST(Discretion, AddressesGoWhereThatIsWanted) {
    EXPECT_EQ(cleaned("from 200.0.204.17 to 2001:db8::1/64, port [2001:db8::2]:443"),
              "from [address] to [address], port [[address]]:443");
    EXPECT_EQ(cleaned("from 200.0.204.17 to 2001:db8::1/64", false), "from 200.0.204.17 to 2001:db8::1/64");
    EXPECT_EQ(cleaned("card 00:1b:44:11:3a:b7", false), "card [address]");
    EXPECT_EQ(cleaned("fe80::1%eth0 is"), "[address] is");
    EXPECT_EQ(cleaned("at 14:03:05, ratio 3:4, version 1.2"), "at 14:03:05, ratio 3:4, version 1.2");
}

TEST(Discretion, NamesGoInAnyWriting) {
    EXPECT_EQ(cleaned("ANA MARIA PEREZ ROJAS and Ana Pérez said"), "[person] and [person] said");
    EXPECT_EQ(cleaned("Saludos,\n«João»"), "Saludos,\n«[person]»");
    EXPECT_EQ(cleaned("joao.silva came"), "[person] came");
    EXPECT_EQ(cleaned("the NOC of RNP; la rosa; Rosa Luz"), "the [person]; la rosa; [person]");
    EXPECT_EQ(cleaned("Anatomía de una Ana"), "Anatomía de una Ana") << "she is not present: her first name is a word";
}

TEST(Discretion, LettersLoseQuotationsAndSignatures) {
    EXPECT_EQ(cleaned("It works.\n> Juan wrote\nThanks\n-- \nJuan\nHead of everything"), "It works.\nThanks");
}

TEST(Discretion, WebAddressesLoseTheirSecrets) {
    EXPECT_EQ(cleaned("see https://ana:secret@x.org/a?token=1#me and http://y.org/b. Done"),
              "see https://x.org/a and http://y.org/b. Done");
}

TEST(Discretion, SpeaksThreeLanguages) {
    EXPECT_EQ(Discretion({}, {}, true, "pt").cleaned("a@b.c 10.0.0.1"), "[e-mail] [endereço]");
    EXPECT_EQ(Discretion({}, {}, true, "es").cleaned("a@b.c 10.0.0.1"), "[correo] [dirección]");
}

}  // namespace
}  // namespace quipu::knowledge
