#include "services/measure/owamp/keys.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quipu::owamp {
namespace {

TEST(OwampKeys, AreUsersAndHexadecimalPassPhrases) {
    EXPECT_EQ(*parse_keys("# ours\npanama 6C6f73206e75646f73\n\n  lima\t00ff\n", "keys"),
              (Keys{{"lima", std::string("\0\xff", 2)}, {"panama", "los nudos"}}));
    EXPECT_TRUE(parse_keys("", "keys")->empty());
}

TEST(OwampKeys, TellTheLineThatIsWrong) {
    for (const char* line : {"panama", "panama 6", "panama 6x", "panama 61 62", "panama 61\npanama 62"}) {
        const auto keys = parse_keys(std::string("lima 61\n") + line + "\n", "keys");
        ASSERT_FALSE(keys) << line;
        EXPECT_TRUE(keys.error().where.starts_with("keys:")) << keys.error().where;
        EXPECT_NE(keys.error().where, "keys:1");
    }
    EXPECT_FALSE(parse_keys(std::string(81, 'a') + " 61", "keys"));
}

TEST(OwampKeys, ThatEverybodyMayReadAreRefused) {
    const auto path = std::filesystem::temp_directory_path() / ("quipu-owamp-keys-" + std::to_string(::getpid()));
    std::ofstream(path) << "panama 61\n";
    ::chmod(path.c_str(), 0644);
    EXPECT_EQ(read_keys(path).error().code, ErrorCode::forbidden);
    ::chmod(path.c_str(), 0640);
    EXPECT_TRUE(read_keys(path));
    std::filesystem::remove(path);
    EXPECT_EQ(read_keys(path).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace quipu::owamp
