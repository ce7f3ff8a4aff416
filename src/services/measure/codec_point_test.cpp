#include "services/measure/codec_point.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu::measure {
namespace {

PointRecord any_point(Rng& rng) {
    PointRecord r;
    r.minute = Time(std::chrono::minutes(static_cast<std::int64_t>(rng.below(50'000'000))));
    r.covered = static_cast<std::int64_t>(rng.below(60'000'000'001));
    r.clock = static_cast<ClockSource>(rng.below(3));
    r.clock_status = static_cast<std::uint32_t>(rng.below(0x10000));
    r.clock_offset = static_cast<std::int64_t>(rng.next());
    r.clock_estimated = static_cast<std::int64_t>(rng.below(1'000'000));
    r.clock_bound = static_cast<std::int64_t>(rng.below(16'000'000'000));
    r.clock_frequency = static_cast<std::int64_t>(rng.below(1'000'000)) - 500'000;
    r.clock_step = -static_cast<std::int64_t>(rng.below(1'000'000'000));
    r.clock_steps = static_cast<std::int64_t>(rng.below(3));
    r.sent = static_cast<std::int64_t>(rng.below(100'000));
    r.late_median = static_cast<std::int64_t>(rng.below(100'000));
    r.late_worst = r.late_p99 = static_cast<std::int64_t>(rng.below(1'000'000'000));
    r.own_drops = static_cast<std::int64_t>(rng.below(1000));
    r.processor = static_cast<std::int64_t>(rng.below(60'000'000'000));
    r.memory = static_cast<std::int64_t>(rng.below(1'000'000'000));
    return r;
}

TEST(PointCodec, RoundTripsAndEveryCutIsAnError) {
    Rng rng(7);
    for (int i = 0; i < 200; ++i) {
        const PointRecord record = any_point(rng);
        ByteWriter out;
        write_point(out, record);
        ByteReader in(out.span());
        const auto read = parse_point(in);
        ASSERT_TRUE(read) << read.error().text();
        ASSERT_EQ(*read, record);
        for (std::size_t n = 0; n < out.size(); ++n) {
            ByteReader cut(out.span().first(n));
            ASSERT_FALSE(parse_point(cut)) << n;
        }
    }
}

TEST(PointCodec, RefusesWhatCannotBe) {
    PointRecord record;
    record.covered = 60'000'000'001;
    ByteWriter out;
    write_point(out, record);
    ByteReader in(out.span());
    EXPECT_FALSE(parse_point(in));
    ByteWriter octets;
    write_point(octets, {});
    auto bytes = octets.take();
    bytes[2] = 3;  // the clock's source
    ByteReader unknown(bytes);
    EXPECT_FALSE(parse_point(unknown));
    bytes[0] = 9;
    ByteReader later(bytes);
    EXPECT_FALSE(parse_point(later));
}

}  // namespace
}  // namespace quipu::measure
