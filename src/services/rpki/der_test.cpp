#include "services/rpki/der.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "services/rpki/der_writer.h"

namespace quipu::rpki {
namespace {

using write::Octets;

/// Whether these octets are one well-formed element that `read` takes whole.
template <class Read>
bool takes(const Octets& octets, Read read) {
    DerFault fault;
    DerReader in(octets, fault);
    static_cast<void>(read(in));
    in.end();
    return !fault.failed;
}
constexpr auto kAny = [](DerReader& in) { return in.any().tag; };
constexpr auto kU32 = [](DerReader& in) { return in.u32(); };
constexpr auto kTime = [](DerReader& in) { return in.x509_time(); };

TEST(DerReader, WantsTheShortestLength) {
    EXPECT_TRUE(takes({0x04, 0x00}, kAny));
    EXPECT_FALSE(takes({0x04, 0x81, 0x01, 0xaa}, kAny));
    EXPECT_FALSE(takes({0x04, 0x80, 0x00, 0x00}, kAny)) << "the indefinite form";
    Octets longer(128 + 3, 0);
    longer[0] = 0x04, longer[1] = 0x81, longer[2] = 0x80;
    EXPECT_TRUE(takes(longer, kAny));
    longer.insert(longer.begin() + 2, 0);
    longer[1] = 0x82;
    EXPECT_FALSE(takes(longer, kAny));
}

TEST(DerReader, RefusesWhatEndsTooEarlyOrTooLate) {
    const Octets whole = write::sequence({write::integer(5), write::integer(6)});
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(takes(Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), kAny)) << size;
    Octets more = whole;
    more.push_back(0);
    EXPECT_FALSE(takes(more, kAny));
}

TEST(DerReader, TakesMinimalNonNegativeIntegersOnly) {
    EXPECT_TRUE(takes({0x02, 0x01, 0x7f}, kU32));
    EXPECT_TRUE(takes({0x02, 0x05, 0x00, 0xff, 0xff, 0xff, 0xff}, kU32));
    EXPECT_FALSE(takes({0x02, 0x01, 0xff}, kU32)) << "-1";
    EXPECT_FALSE(takes({0x02, 0x02, 0x00, 0x01}, kU32)) << "a needless zero";
    EXPECT_FALSE(takes({0x02, 0x05, 0x01, 0, 0, 0, 0}, kU32)) << "2^32";
    EXPECT_FALSE(takes({0x02, 0x00}, kU32));
}

TEST(DerReader, ReadsWhatTheWriterWrote) {
    Rng rng(1);
    for (int i = 0; i < 2'000; ++i) {
        const auto value = static_cast<std::uint32_t>(rng.next() >> rng.below(32));
        const auto seconds = static_cast<std::int64_t>(rng.below(4'102'444'800));  // to 2100
        Octets filling(rng.below(300));
        rng.fill(filling);
        const Octets octets =
            write::sequence({write::integer(value), write::x509_time(seconds), write::octet_string(filling)});
        DerFault fault;
        DerReader in(octets, fault);
        DerReader sequence = in.enter(tag::kSequence);
        ASSERT_EQ(sequence.u32(), value);
        ASSERT_EQ(sequence.x509_time(), seconds);
        ASSERT_TRUE(same(sequence.octet_string(), ByteSpan(filling)));
        sequence.end();
        ASSERT_FALSE(fault.failed);
    }
}

TEST(DerReader, WantsTimesAsRfc5280WritesThem) {
    EXPECT_TRUE(takes(write::text(tag::kUtcTime, "491231235959Z"), kTime));
    EXPECT_FALSE(takes(write::text(tag::kUtcTime, "4912312359Z"), kTime)) << "without seconds";
    EXPECT_FALSE(takes(write::text(tag::kUtcTime, "490231235959Z"), kTime)) << "30 February";
    EXPECT_FALSE(takes(write::text(tag::kGeneralizedTime, "20491231235959Z"), kTime)) << "before 2050";
    EXPECT_TRUE(takes(write::text(tag::kGeneralizedTime, "20500101000000Z"), kTime));
}

TEST(DerReader, AFaultStaysAndIsSeenFromOutside) {
    const Octets octets = write::sequence({write::sequence({write::null()}), write::integer(7)});
    DerFault fault;
    DerReader in(octets, fault);
    DerReader outer = in.enter(tag::kSequence);
    DerReader inner = outer.enter(tag::kSequence);
    static_cast<void>(inner.u32());  // it is NULL
    EXPECT_TRUE(fault.failed);
    EXPECT_EQ(outer.u32(), 0U);
    EXPECT_TRUE(outer.at_end());
}

TEST(DerReader, WantsZeroInBitsThatDoNotCount) {
    EXPECT_TRUE(takes({0x03, 0x02, 0x04, 0xf0}, [](DerReader& in) { return in.bit_string().bits(); }));
    EXPECT_FALSE(takes({0x03, 0x02, 0x04, 0xf8}, [](DerReader& in) { return in.bit_string().bits(); }));
    EXPECT_FALSE(takes({0x03, 0x01, 0x01}, [](DerReader& in) { return in.bit_string().bits(); }));
}

}  // namespace
}  // namespace quipu::rpki
