#include "platform/access/password.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "data/test_folder.h"
#include "platform/access/breached.h"
#include "platform/access/local.h"
#include "platform/access/seal.h"

namespace quipu::access {
namespace {

using testing::HasSubstr;

class Password : public testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(start_sodium()); }
};

TEST_F(Password, IsArgon2idAtTheInteractiveProfile) {
    const auto hash = hash_password("cuerda y nudo sobre el mar");
    ASSERT_TRUE(hash);
    EXPECT_THAT(*hash, testing::StartsWith("$argon2id$v=19$m=65536,t=2,p=1$"));
    EXPECT_TRUE(verify_password(*hash, "cuerda y nudo sobre el mar"));
    EXPECT_FALSE(verify_password(*hash, "cuerda y nudo sobre el mas"));
    EXPECT_FALSE(verify_password("", ""));
    EXPECT_FALSE(verify_password(std::string(300, 'x'), "x"));
    EXPECT_FALSE(needs_rehash(*hash));
    EXPECT_TRUE(needs_rehash("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo"));
}

TEST_F(Password, WhatIsTakenAndWhatIsNot) {
    const auto taken = [](std::string_view text) {
        return check_password(text, "ana.silva@rnp.example", "Ana Silva").has_value();
    };
    EXPECT_TRUE(taken("cuerda y nudo sobre el mar"));
    EXPECT_TRUE(taken("ñandú, quipu y 3 llamas"));
    EXPECT_TRUE(taken("kT9#vLq2!xWz"));
    EXPECT_FALSE(taken("short"));
    EXPECT_FALSE(taken("kT9#vLq2!xW"));
    EXPECT_FALSE(taken(std::string(129, 'a') + "kT9#vLq2!xWz"));
    EXPECT_FALSE(taken("aaaaaaaaaaaaaaaa"));
    EXPECT_FALSE(taken("1234567890123456"));
    EXPECT_FALSE(taken("Password1234"));
    EXPECT_FALSE(taken("P4ssw0rd!2026"));
    EXPECT_FALSE(taken("QuipuQuipu2026!"));
    // What many people have thought of: among the most common passwords of twelve characters and more.
    for (const char* known : {"1qaz2wsx3edc", "1q2w3e4r5t6y", "qazwsxedcrfv", "123qweasdzxc", "qwerty123456",
                              "zxcasdqwe123", "password12345", "temppassword", "gfhjkmgfhjkm", "159753159753"})
        EXPECT_FALSE(taken(known)) << known;
    EXPECT_TRUE(taken("8492#1937-55A")) << "hardly a letter";
    EXPECT_TRUE(taken("the tester of roots"));
    EXPECT_FALSE(taken("ana.silva2026"));
    EXPECT_THAT(check_password("short", "", "").error().what, HasSubstr("at least 12"));
}

/// A list as people have it: a password a line, or sorted hashes.
TEST_F(Password, WhatWasStolenElsewhereIsNotTaken) {
    const data::TestFolder folder;
    const std::string path = folder / "breached";
    const auto write = [&](const std::string& text) { std::ofstream(path, std::ios::binary) << text; };
    write("short\r\nChickenwing101\r\ncuerda y nudo sobre el mar");
    auto list = BreachedPasswords::open(path);
    ASSERT_TRUE(list) << list.error().text();
    EXPECT_TRUE(*list->holds("chickenWing101"));
    EXPECT_TRUE(*list->holds("cuerda y nudo sobre el mar"));
    EXPECT_FALSE(*list->holds("chickenwing102"));

    std::vector<std::string> hashes;
    for (int i = 0; i < 1000; ++i)
        hashes.push_back(fmt::format("{}:{}\r\n", sha1_hex(fmt::format("stolen {}", i)), 1 + i * i * i));
    std::ranges::sort(hashes);
    for (const std::size_t many : {std::size_t{1}, std::size_t{2}, std::size_t{3}, hashes.size()}) {
        write(fmt::format("{}", fmt::join(hashes.begin(), hashes.begin() + static_cast<std::ptrdiff_t>(many), "")));
        list = BreachedPasswords::open(path);
        ASSERT_TRUE(list) << list.error().text();
        std::size_t held = 0;
        for (int i = 0; i < 1000; ++i)
            held += *list->holds(fmt::format("stolen {}", i)) ? 1 : 0;
        EXPECT_EQ(held, many);
        EXPECT_FALSE(*list->holds("stolen 1000"));
    }
    std::ranges::reverse(hashes);
    write(fmt::format("{}", fmt::join(hashes, "")));
    EXPECT_EQ(BreachedPasswords::open(path).error().code, ErrorCode::invalid) << "not sorted";
    EXPECT_EQ(BreachedPasswords::open(folder / "none").error().code, ErrorCode::not_found);
    write("");
    EXPECT_FALSE(*BreachedPasswords::open(path)->holds("anything at all"));
}

TEST_F(Password, SealedSecretsOpenOnlyWhereTheyBelong) {
    const data::TestFolder folder;
    const auto seal = Seal::open(folder.path());
    ASSERT_TRUE(seal) << seal.error().text();
    const std::string sealed = seal->close("JBSWY3DPEHPK3PXP", "ana/totp/1");
    EXPECT_THAT(sealed, testing::Not(HasSubstr("JBSWY3DPEHPK3PXP")));
    EXPECT_NE(sealed, seal->close("JBSWY3DPEHPK3PXP", "ana/totp/1")) << "a nonce of its own each time";
    EXPECT_EQ(*seal->reveal(sealed, "ana/totp/1"), "JBSWY3DPEHPK3PXP");
    EXPECT_EQ(*Seal::open(folder.path())->reveal(sealed, "ana/totp/1"), "JBSWY3DPEHPK3PXP") << "after a restart";
    EXPECT_EQ(seal->reveal(sealed, "eva/totp/1").error().code, ErrorCode::corrupt);
    EXPECT_EQ(seal->reveal("AAAA", "ana/totp/1").error().code, ErrorCode::corrupt);
    ASSERT_EQ(::system(("chmod 644 " + folder.path() + "/access.key").c_str()), 0);
    EXPECT_EQ(Seal::open(folder.path()).error().code, ErrorCode::corrupt);
}

TEST_F(Password, TheLocalAdministratorReadsAFileOfTheirOwn) {
    const data::TestFolder folder;
    const std::string url = "http://127.0.0.1:59999";
    EXPECT_EQ(local_secret_for(url), "");
    {
        const auto local = LocalSecret::open(folder.path(), url);
        ASSERT_TRUE(local) << local.error().text();
        EXPECT_EQ(local_secret_for(url), (*local)->secret());
        EXPECT_EQ(local_secret_for("http://localhost:59999"), (*local)->secret());
        EXPECT_EQ(local_secret_for("http://127.0.0.1:59998"), "");
        ASSERT_EQ(::system(("chmod 644 " + folder.path() + "/local.token").c_str()), 0);
        EXPECT_EQ(local_secret_for(url), "") << "a secret that others can read is none";
    }
    EXPECT_EQ(local_secret_for(url), "") << "it goes with the hub";
}

}  // namespace
}  // namespace quipu::access
