#include "base/units.h"

#include <gtest/gtest.h>

namespace quipu {
namespace {

TEST(Bandwidth, ReadsUnitsAndSdhNames) {
    EXPECT_EQ(parse_bandwidth("622 Mb/s"), Bandwidth{622'000'000});
    EXPECT_EQ(parse_bandwidth("622.08Mb/s"), Bandwidth{622'080'000});
    EXPECT_EQ(parse_bandwidth("10 Gb/s"), Bandwidth{10'000'000'000});
    EXPECT_EQ(parse_bandwidth("155520000 b/s"), Bandwidth{155'520'000});
    EXPECT_EQ(parse_bandwidth("2.5Gbit/s"), Bandwidth{2'500'000'000});
    EXPECT_EQ(parse_bandwidth("100Mbps"), Bandwidth{100'000'000});
    EXPECT_EQ(parse_bandwidth("STM-1"), Bandwidth{155'520'000});
    EXPECT_EQ(parse_bandwidth("STM-4"), Bandwidth{622'080'000});
    EXPECT_EQ(parse_bandwidth("STM-256"), Bandwidth{39'813'120'000});
}

TEST(Bandwidth, RefusesWhatIsNotOne) {
    for (const char* text : {"", "622", "fast", "622 MB/s", "622 mb/s", "-1 Mb/s", "1e3 Mb/s", "STM-5", "STM-",
                             "nan b/s", "inf b/s", "99999999999 Tb/s", "1 Mb/s x"})
        EXPECT_FALSE(parse_bandwidth(text)) << text;
}

TEST(Bandwidth, IsWrittenWithItsPrefix) {
    EXPECT_EQ(format_bandwidth({622'080'000}), "622.08 Mb/s");
    EXPECT_EQ(format_bandwidth({1'000'000'000}), "1 Gb/s");
    EXPECT_EQ(format_bandwidth({2'488'320'000}), "2.488 Gb/s");
    EXPECT_EQ(format_bandwidth({0}), "0 b/s");
    EXPECT_EQ(format_bandwidth({999}), "999 b/s");
    EXPECT_EQ(format_bandwidth({1000}), "1 kb/s");
    EXPECT_EQ(format_bandwidth({999'999'900}), "1 Gb/s");
    EXPECT_EQ(format_bandwidth({2'000'000'000'000'000}), "2000 Tb/s");
}

TEST(ByteCount, ReadsAndWrites) {
    EXPECT_EQ(parse_bytes("64 KiB"), ByteCount{65536});
    EXPECT_EQ(parse_bytes("4.2MB"), ByteCount{4'200'000});
    EXPECT_EQ(parse_bytes("512 B"), ByteCount{512});
    EXPECT_FALSE(parse_bytes("512"));
    EXPECT_FALSE(parse_bytes("512 Mb"));
    EXPECT_EQ(format_bytes({4'200'000}), "4.2 MB");
    EXPECT_EQ(format_bytes({512}), "512 B");
    EXPECT_EQ(format_bytes({999'999}), "1 MB");
}

TEST(Distance, ReadsAndWrites) {
    EXPECT_EQ(parse_distance("3450 km")->metres, 3'450'000);
    EXPECT_EQ(parse_distance("120 m")->metres, 120);
    EXPECT_FALSE(parse_distance("3450"));
    EXPECT_FALSE(parse_distance("10 miles"));
    EXPECT_EQ(format_distance({3'450'000}), "3450 km");
    EXPECT_EQ(format_distance({4'520}), "4.5 km");
    EXPECT_EQ(format_distance({5'000}), "5 km");
    EXPECT_EQ(format_distance({350}), "350 m");
    EXPECT_EQ(format_distance({999.7}), "1 km");
}

TEST(Units, ErrorSaysWhatToWrite) {
    const auto wrong = parse_bandwidth("622");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().what, "\"622\" is not a bandwidth: it has no unit");
    EXPECT_EQ(wrong.error().hint, "write a number and its unit: 622 Mb/s, 10 Gb/s");
}

}  // namespace
}  // namespace quipu
