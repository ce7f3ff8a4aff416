#include "services/rpki/rtr/delta.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "services/rpki/rtr/snapshot.h"
#include "services/rpki/rtr/store.h"
#include "services/rpki/rtr/test_payloads.h"

namespace quipu::rpki::rtr {
namespace {

TEST(RtrDelta, LeadsFromOneSetToTheOther) {
    Rng rng(1);
    for (int i = 0; i < 300; ++i) {
        const PayloadSet a = random_set(rng), b = random_set(rng);
        const Delta delta = difference(a, b);
        EXPECT_EQ(apply(a, delta), b);
        EXPECT_EQ(apply(b, inverse(delta)), a);
        EXPECT_TRUE(difference(a, a).empty());
    }
}

TEST(RtrDelta, JoinedIsTheDifferenceOfTheEnds) {
    Rng rng(2);
    for (int i = 0; i < 300; ++i) {
        const PayloadSet first = random_set(rng);
        PayloadSet last = first;
        Delta joined;
        for (int step = 0; step < 6; ++step) {
            // Now and then back to where it was: all must cancel.
            PayloadSet next = rng.below(4) == 0 ? first : random_set(rng);
            joined = join(joined, difference(last, next));
            last = std::move(next);
            EXPECT_EQ(joined, difference(first, last));
        }
    }
}

TEST(RtrDelta, ThatDoesNotFitIsRefused) {
    const PayloadSet set = payloads("10.0.0.0/8-8 AS1, aspa 1 2 3");
    const auto fails = [&](std::string_view from, std::string_view to) {
        const auto out = apply(set, difference(payloads(from), payloads(to)));
        return !out && out.error().code == ErrorCode::corrupt;
    };
    EXPECT_TRUE(fails("", "10.0.0.0/8-8 AS1"));
    EXPECT_TRUE(fails("10.0.0.0/8-8 AS2", ""));
    EXPECT_TRUE(fails("aspa 1 2", "aspa 1 4"));
    EXPECT_TRUE(fails("", "aspa 1 4"));
    EXPECT_TRUE(fails("key 1 AS1", ""));
}

TEST(RtrDelta, PayloadsThatNoPduCarriesAreLeftOut) {
    PayloadSet set;
    set.vrps = {payloads("10.0.0.0/8-8 AS2").vrps[0], payloads("10.0.0.0/8-8 AS1").vrps[0],
                payloads("10.0.0.0/8-8 AS2").vrps[0]};
    set.aspas = {{1, {0}}, {2, {0, 5}}, {3, {}}, {4, std::vector<Asn>(16'381, 7)}};
    for (Asn i = 0; i < 16'381; ++i)
        set.aspas[3].providers[i] = i + 1;
    set.router_keys = {{.as = {1, 3}, .key_id = {1}, .key_info = {9}},
                       {.as = {2, 2}, .key_id = {1}, .key_info = {9}},
                       {.as = {0, 0xffffffff}, .key_id = {2}, .key_info = {9}},
                       {.as = {0xffffffff, 0xffffffff}, .key_id = {3}, .key_info = {9}}};
    std::size_t left_out = 0;
    const PayloadSet out = for_routers(set, left_out);
    EXPECT_EQ(left_out, 3U);
    EXPECT_EQ(out.vrps.size(), 2U);
    EXPECT_EQ(out.aspas, (std::vector<Aspa>{{1, {0}}, {2, {5}}}));
    ASSERT_EQ(out.router_keys.size(), 4U);
    EXPECT_EQ(out.router_keys[2].as.low, 3U);
    EXPECT_EQ(out.router_keys[3].as.low, 0xffffffffU);
}

TEST(RtrStore, KeepsSetsAndDeltasAsPdus) {
    Rng rng(3);
    for (int i = 0; i < 100; ++i) {
        const PayloadSet a = random_set(rng), b = random_set(rng);
        const auto unpacked = unpack(pack(canonical(a)));
        ASSERT_TRUE(unpacked);
        EXPECT_EQ(parse_set(*unpacked), a);
        ByteWriter out;
        write_delta(out, kHighestVersion, difference(a, b));
        EXPECT_EQ(parse_delta(out.span(), a), difference(a, b));
    }
    EXPECT_FALSE(unpack(std::vector<std::uint8_t>{1, 2, 3}));
    ByteWriter query;
    write(query, {2, ResetQuery{}});
    EXPECT_FALSE(parse_set(query.span()));
    EXPECT_FALSE(parse_delta(query.span(), {}));
}

}  // namespace
}  // namespace quipu::rpki::rtr
