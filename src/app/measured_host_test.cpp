#include "app/measured_host.h"

#include <gtest/gtest.h>

namespace quipu::app {
namespace {

TEST(MeasuredHost, ReadsDscps) {
    const std::pair<std::string, int> known[] = {{"", 0},      {"0", 0},       {"46", 46}, {"63", 63}, {"0x2e", 46},
                                                 {"0X2E", 46}, {"EF", 46},     {"ef", 46}, {"VA", 44}, {"le", 1},
                                                 {"none", 0},  {"Default", 0}, {"BE", 0},  {"cs0", 0}, {"CS7", 56},
                                                 {"AF11", 10}, {"af43", 38}};
    for (const auto& [text, number] : known) {
        const auto read = dscp_of(text);
        ASSERT_TRUE(read) << text;
        EXPECT_EQ(*read, number) << text;
    }
    for (const std::string text :
         {"64", "-1", "4x", "0x", "0x40", "CS8", "CS", "AF10", "AF51", "AF1", "AF444", "blue", " 4"})
        EXPECT_FALSE(dscp_of(text)) << text;
}

}  // namespace
}  // namespace quipu::app
