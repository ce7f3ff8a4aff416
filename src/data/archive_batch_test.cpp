#include "data/archive_batch.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "data/archive_files.h"

namespace quipu::data {
namespace {

RecordBatch random_batch(Rng& rng, bool tagged) {
    const std::size_t integers = rng.below(4);
    const std::size_t histograms = rng.below(3);
    RecordBatch batch(integers, histograms);
    const std::size_t rows = rng.below(50);
    for (std::size_t row = 0; row < rows; ++row) {
        ArchiveRecord record;
        record.time = Time(Nanoseconds(static_cast<std::int64_t>(rng.next())));
        for (std::size_t i = 0; i < integers; ++i)
            record.integers.push_back(static_cast<std::int64_t>(rng.next() >> rng.below(64)) *
                                      (rng.below(2) == 0 ? 1 : -1));
        for (std::size_t i = 0; i < histograms; ++i) {
            Histogram& histogram = record.histograms.emplace_back();
            for (std::uint64_t n = rng.below(20); n > 0; --n)
                histogram.add(static_cast<std::int64_t>(rng.next() >> (1 + rng.below(60))),
                              1 + (rng.next() >> (1 + rng.below(62))));
        }
        if (tagged)
            batch.add(record, static_cast<std::uint32_t>(rng.next()));
        else
            batch.add(record);
    }
    return batch;
}

TEST(ArchiveBatch, RoundTrip) {
    Rng rng(11);
    for (int i = 0; i < 500; ++i) {
        const RecordBatch batch = random_batch(rng, i % 2 == 0);
        const auto back = unpack(pack(batch, 1 + i % 3));
        ASSERT_TRUE(back) << back.error().text();
        EXPECT_EQ(*back, batch);
    }
}

TEST(ArchiveBatch, DamageIsSeen) {
    Rng rng(12);
    for (int i = 0; i < 300; ++i) {
        auto packed = pack(random_batch(rng, false), 1);
        auto cut = packed;
        cut.resize(rng.below(packed.size()));
        EXPECT_FALSE(unpack(cut));
        // Every bit counts but those that zstd does not read; whatever is read is what was written.
        const auto whole = unpack(packed);
        packed[rng.below(packed.size())] ^= static_cast<std::uint8_t>(1U << rng.below(8));
        if (const auto changed = unpack(packed)) EXPECT_EQ(*changed, *whole);
    }
    EXPECT_EQ(unpack({}).error().code, ErrorCode::corrupt);
}

TEST(ArchiveBatch, ClaimsAreCheckedBeforeMemoryIsTaken) {
    const auto parse = [](std::initializer_list<std::uint8_t> octets) {
        const std::vector<std::uint8_t> bytes(octets);
        ByteReader in(bytes);
        return RecordBatch::parse(in);
    };
    EXPECT_FALSE(parse({}));
    EXPECT_FALSE(parse({2, 0, 0, 0, 0}));  // another version
    EXPECT_TRUE(parse({1, 0, 0, 0, 0}));
    EXPECT_FALSE(parse({1, 0, 0, 0, 0, 9}));                             // more than it says
    EXPECT_FALSE(parse({1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 1}));  // rows
    EXPECT_FALSE(parse({1, 1, 0xff, 0xff, 0xff, 0x7f, 0, 0, 1}));        // columns
    EXPECT_FALSE(parse({1, 1, 0, 1, 0, 2, 0xff, 0x1f, 1, 1}));           // buckets
    EXPECT_FALSE(parse({1, 1, 0, 1, 0, 2, 2, 0, 0xff, 0x1f, 0, 0}));     // a gap over the end
    EXPECT_TRUE(parse({1, 1, 0, 1, 0, 2, 2, 0, 1, 0, 0}));
}

TEST(ArchiveFiles, NamesAndBounds) {
    const auto noon = Time(std::chrono::sys_days(std::chrono::year(2011) / 10 / 31)) + std::chrono::hours(23);
    EXPECT_EQ(month_file(month_of(noon)), "2011-10.sqlite");
    EXPECT_EQ(month_of(noon + std::chrono::hours(1)), month_of(noon) + 1);
    EXPECT_EQ(start_of_month(month_of(noon) + 1), noon + std::chrono::hours(1));
    EXPECT_EQ(month_of_file("2011-10.sqlite"), month_of(noon));
    for (const char* name :
         {"2011-13.sqlite", "2011-00.sqlite", "2011-10.sqlite.corrupt", "2011-10.sqlite-wal", "+011-10.sqlite", "x"})
        EXPECT_FALSE(month_of_file(name)) << name;
}

}  // namespace
}  // namespace quipu::data
