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
    const auto kept = files->keep("../hola.txt", "hello");
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->name, "hola.txt");
    EXPECT_EQ(kept->media_type, "text/plain");
    EXPECT_EQ(kept->size.octets, 5);
    EXPECT_EQ(kept->sha256, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    EXPECT_EQ(files->keep("x", "hello").value().sha256, kept->sha256);
    EXPECT_EQ(files->read(kept->sha256).value(), "hello");
    EXPECT_EQ(files->read(std::string(64, 'a')).error().code, ErrorCode::corrupt);
    std::ofstream(folder / ("a/b/2c/" + kept->sha256)) << "hullo";
    EXPECT_EQ(files->read(kept->sha256).error().code, ErrorCode::corrupt);
}

TEST(Files, OrphansAreSweptOnceTheyAreOld) {
    using namespace std::chrono_literals;
    const data::TestFolder folder;
    const auto files = Files::open(folder.path());
    ASSERT_TRUE(files);
    const std::string named = files->keep("a", "named").value().sha256;
    const std::string orphan = files->keep("b", "orphan").value().sha256;
    std::ofstream(folder / (orphan.substr(0, 2) + "/" + orphan + ".77.0x1")) << "half writt";
    const auto is_named = [&](std::string_view sha256) -> Result<bool> { return sha256 == named; };
    const Time now = SystemClock().now();
    EXPECT_EQ(files->sweep(is_named, now + 23h).value(), 0U) << "its row may come yet";
    EXPECT_EQ(
        files->sweep([](std::string_view) -> Result<bool> { return fail(ErrorCode::unavailable, "no"); }, now + 25h)
            .error()
            .code,
        ErrorCode::unavailable)
        << "what is not known to be an orphan stays";
    EXPECT_EQ(files->read(named).value(), "named");
    (void)files->sweep(is_named, now + 25h);
    EXPECT_EQ(files->read(named).value(), "named");
    EXPECT_FALSE(files->read(orphan));
    EXPECT_EQ(files->sweep(is_named, now + 25h).value(), 0U);
    EXPECT_EQ(files->keep("c", "orphan").value().sha256, orphan) << "it may be kept again";
    EXPECT_EQ(files->read(orphan).value(), "orphan");
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
