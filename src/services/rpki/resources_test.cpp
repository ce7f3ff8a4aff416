#include "services/rpki/resources.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "services/rpki/lab_objects.h"

namespace quipu::rpki {
namespace {

/// Random ranges in canonical form.
template <class T>
Block<T> random_block(Rng& rng) {
    Block<T> out{Block<T>::Kind::ranges, {}};
    T at = 0;
    for (std::uint64_t n = 1 + rng.below(6); n > 0; --n) {
        const T low = static_cast<T>(at + 2 + rng.below(1'000'000));
        T high = static_cast<T>(low + rng.below(500'000));
        if (std::is_same_v<T, Asn> && rng.below(3) == 0) high = low;
        out.ranges.push_back({low, high});
        at = high;
    }
    return out;
}

Resources random_resources(Rng& rng) {
    return {random_block<Ipv4>(rng), random_block<Ipv6>(rng), random_block<Asn>(rng)};
}

TEST(Resources, ReadWhatWasWritten) {
    Rng rng(4);
    for (int i = 0; i < 3'000; ++i) {
        const Resources made = random_resources(rng);
        Resources read;
        const auto ip = parse_ip_blocks(encode_ip_blocks(made), read);
        ASSERT_TRUE(ip) << ip.error().detail;
        ASSERT_TRUE(parse_as_identifiers(encode_as_identifiers(made), read));
        ASSERT_EQ(read, made);
    }
}

TEST(Resources, HoldWhatIsCommonAndNothingElse) {
    Rng rng(9);
    for (int i = 0; i < 2'000; ++i) {
        const Block<Ipv4> a = random_block<Ipv4>(rng);
        const Block<Ipv4> b = random_block<Ipv4>(rng);
        const Block<Ipv4> both{Block<Ipv4>::Kind::ranges, a.common(b)};
        ASSERT_TRUE(a.holds(both));
        ASSERT_TRUE(b.holds(both));
        for (int probe = 0; probe < 20; ++probe) {
            const auto address = static_cast<Ipv4>(rng.below(6'000'000));
            const Range<Ipv4> one{address, address};
            ASSERT_EQ(both.holds(one), a.holds(one) && b.holds(one));
        }
    }
}

TEST(Resources, InheritAndTrimBelowAnIssuer) {
    Resources issuer;
    issuer.ipv4 = {Block<Ipv4>::Kind::ranges, {{100, 199}}};
    issuer.as = {Block<Asn>::Kind::ranges, {{7, 7}}};
    Resources own;
    own.ipv4 = {Block<Ipv4>::Kind::ranges, {{150, 250}}};
    own.as = {Block<Asn>::Kind::inherit, {}};
    EXPECT_EQ(own.outside_of(issuer), "0.0.0.150-0.0.0.250");
    const Resources trimmed = own.below(issuer, true);
    EXPECT_EQ(trimmed.ipv4.ranges, (std::vector<Range<Ipv4>>{{150, 199}}));
    EXPECT_EQ(trimmed.as.ranges, (std::vector<Range<Asn>>{{7, 7}}));
    EXPECT_EQ(own.below(issuer, false).ipv4, own.ipv4);
}

TEST(Resources, KnowTheEndsOfTheAddressSpace) {
    Resources all;
    all.ipv4 = {Block<Ipv4>::Kind::ranges, {{0, ~Ipv4{0}}}};
    all.ipv6 = {Block<Ipv6>::Kind::ranges, {{0, ~Ipv6{0}}}};
    all.as = {Block<Asn>::Kind::ranges, {{0, ~Asn{0}}}};
    Resources read;
    ASSERT_TRUE(parse_ip_blocks(encode_ip_blocks(all), read));
    ASSERT_TRUE(parse_as_identifiers(encode_as_identifiers(all), read));
    EXPECT_EQ(read, all);
}

}  // namespace
}  // namespace quipu::rpki
