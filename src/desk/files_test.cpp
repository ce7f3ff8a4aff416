#include "desk/files.h"

#include <fstream>
#include <gtest/gtest.h>

#include "data/test_folder.h"
#include "desk/words.h"

namespace quipu::desk {
namespace {

TEST(Files, AreKeptOnceAndCheckedWhenRead) {
    const data::TestFolder folder;
    const auto files = Files::open(folder / "a/b");
    ASSERT_TRUE(files) << files.error().text();
    const auto name = files->keep("hello");
    ASSERT_TRUE(name);
    EXPECT_EQ(*name, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    EXPECT_EQ(files->keep("hello").value(), *name);
    EXPECT_EQ(files->read(*name).value(), "hello");
    EXPECT_EQ(files->read(std::string(64, 'a')).error().code, ErrorCode::corrupt);
    std::ofstream(folder / ("a/b/2c/" + *name)) << "hullo";
    EXPECT_EQ(files->read(*name).error().code, ErrorCode::corrupt);
}

TEST(Files, TypesComeFromTheContent) {
    EXPECT_EQ(media_type_of("\x89PNG\r\n\x1a\n"), "image/png");
    EXPECT_EQ(media_type_of("RIFF1234WEBPVP8 "), "image/webp");
    EXPECT_EQ(media_type_of("%PDF-1.7"), "application/pdf");
    EXPECT_EQ(media_type_of("<svg onload=alert(1)>"), "text/plain");
    EXPECT_EQ(media_type_of("olá, ¿qué tal?\n"), "text/plain");
    EXPECT_EQ(media_type_of(""), "text/plain");
    EXPECT_EQ(media_type_of(std::string_view("a\0b", 3)), "application/octet-stream");
    EXPECT_EQ(media_type_of("BM"), "image/bmp");
}

TEST(Files, NamesAreSafe) {
    EXPECT_EQ(safe_file_name("../../etc/passwd"), "passwd");
    EXPECT_EQ(safe_file_name("C:\\temp\\a.txt"), "a.txt");
    EXPECT_EQ(safe_file_name("a\"\r\nSet-Cookie: x"), "a___Set-Cookie_ x");
    EXPECT_EQ(safe_file_name("..."), "file");
    EXPECT_EQ(safe_file_name(""), "file");
    EXPECT_EQ(safe_file_name(".hidden"), "hidden");
    const std::string longest = safe_file_name(std::string(199, 'a') + "ñ");
    EXPECT_EQ(longest.size(), 199U) << "no half of a character";
}

TEST(Words, AreFoldedAndDifferent) {
    EXPECT_EQ(words_of("São Paulo–Panamá: SÃO #41"), (std::vector<std::string>{"41", "panama", "paulo", "sao"}));
    EXPECT_TRUE(words_of(" ,;").empty());
    std::string many;
    for (int i = 0; i < 2000; ++i)
        many += std::to_string(i) + " ";
    EXPECT_EQ(words_of(many).size(), 400U);
}

}  // namespace
}  // namespace quipu::desk
