#include "services/measure/codec_record.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu::measure {
namespace {

MinuteRecord any_record(Rng& rng) {
    MinuteRecord r;
    r.from = "santiago";
    r.minute = Time(std::chrono::minutes(static_cast<std::int64_t>(rng.below(50'000'000))));
    r.scheduled = static_cast<std::uint32_t>(rng.below(600));
    r.received = static_cast<std::uint32_t>(rng.below(r.scheduled + 1));
    r.own_drops = static_cast<std::uint32_t>(rng.below(r.scheduled - r.received + 1));
    r.duplicated = static_cast<std::uint32_t>(rng.below(5));
    r.delay_min = static_cast<std::int64_t>(rng.below(1000)) - 500;
    r.delay_median = r.delay_min + static_cast<std::int64_t>(rng.below(1'000'000));
    r.delay_max = static_cast<std::int64_t>(rng.next());
    r.ipdv_sum = static_cast<std::int64_t>(rng.below(1'000'000'000));
    r.ttl = static_cast<std::int16_t>(rng.below(256));
    r.clock_error = static_cast<std::int64_t>(rng.below(1'000'000));
    for (std::uint32_t i = 0; i < r.received; ++i)
        r.delays.add(static_cast<std::int64_t>(20'000'000 + rng.below(1'000'000)));
    return r;
}

TEST(RecordCodec, RoundTrips) {
    Rng rng(5);
    for (int i = 0; i < 500; ++i) {
        std::vector<MinuteRecord> records;
        for (std::uint64_t n = rng.below(5); n > 0; --n)
            records.push_back(any_record(rng));
        ByteWriter out;
        write_records(out, records);
        ByteReader in(out.span());
        const auto read = parse_records(in);
        ASSERT_TRUE(read) << read.error().text();
        ASSERT_EQ(*read, records);
        ASSERT_TRUE(in.at_end());
    }
}

TEST(RecordCodec, EveryCutIsAnErrorThatNamesTheOctet) {
    Rng rng(6);
    ByteWriter out;
    write_record(out, any_record(rng));
    for (std::size_t n = 0; n < out.size(); ++n) {
        ByteReader in(out.span().first(n));
        const auto read = parse_record(in);
        ASSERT_FALSE(read) << n;
        EXPECT_EQ(read.error().code, ErrorCode::invalid);
    }
}

TEST(RecordCodec, RefusesMoreReceivedThanScheduled) {
    MinuteRecord record;
    record.scheduled = 1;
    record.received = 2;
    ByteWriter out;
    write_record(out, record);
    ByteReader in(out.span());
    EXPECT_FALSE(parse_record(in));
}

// Records that waited in a spool while the agent was renewed.
TEST(RecordCodec, ReadsTheVersionBefore) {
    MinuteRecord record{.from = "santiago", .scheduled = 90, .received = 90};
    ByteWriter out;
    write_record(out, record);
    std::vector<std::uint8_t> octets = out.take();
    // own_drops is the octet before the empty histogram's.
    ByteWriter histogram;
    record.delays.write(histogram);
    octets.erase(octets.end() - static_cast<std::ptrdiff_t>(histogram.size()) - 1);
    octets[0] = 1;
    ByteReader in(octets);
    const auto read = parse_record(in);
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(*read, record);
}

TEST(RecordCodec, RefusesMoreDroppedThanMissing) {
    ByteWriter out;
    write_record(out, {.from = "santiago", .scheduled = 90, .received = 89, .own_drops = 2});
    ByteReader in(out.span());
    EXPECT_FALSE(parse_record(in));
}

TEST(SkipCodec, RoundTripsAndRefusesNonsense) {
    const SkipRange range{.to = "panama", .per_minute = 90, .first = 1'983'000'000, .last = 1'983'000'089};
    ByteWriter out;
    write_skip(out, range);
    ByteReader in(out.span());
    EXPECT_EQ(parse_skip(in).value(), range);
    ByteWriter bad;
    write_skip(bad, {.to = "panama", .per_minute = 0, .first = 1, .last = 1});
    ByteReader bad_in(bad.span());
    EXPECT_FALSE(parse_skip(bad_in));
}

}  // namespace
}  // namespace quipu::measure
