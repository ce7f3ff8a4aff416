#include "net/prefix_table.h"

#include <gtest/gtest.h>
#include <map>

#include "base/random.h"

namespace quipu::net {
namespace {

Prefix prefix(std::string_view text) {
    return *Prefix::parse(text);
}
IpAddress address(std::string_view text) {
    return *IpAddress::parse(text);
}

std::vector<std::string> texts(const std::vector<PrefixTable<int>::Match>& matches) {
    std::vector<std::string> out;
    for (const auto& match : matches)
        out.push_back(match.prefix.text());
    return out;
}

TEST(PrefixTable, LongestPrefixWins) {
    PrefixTable<int> table;
    EXPECT_EQ(table.lookup(address("10.0.0.1")), nullptr);
    EXPECT_TRUE(table.insert(prefix("10.0.0.0/8"), 8));
    EXPECT_TRUE(table.insert(prefix("10.1.0.0/16"), 16));
    EXPECT_TRUE(table.insert(prefix("10.1.2.3/32"), 32));
    EXPECT_TRUE(table.insert(prefix("2001:db8::/32"), 6));
    EXPECT_EQ(*table.lookup(address("10.9.0.1")), 8);
    EXPECT_EQ(*table.lookup(address("10.1.2.2")), 16);
    EXPECT_EQ(*table.lookup(address("10.1.2.3")), 32);
    EXPECT_EQ(table.lookup(address("11.0.0.0")), nullptr);
    EXPECT_EQ(*table.lookup(address("2001:db8:ffff::1")), 6);
    EXPECT_EQ(table.lookup(address("a01:203::")), nullptr);  // the bits of 10.1.2.3, the other family
    EXPECT_EQ(table.match(address("10.1.7.7"))->prefix, prefix("10.1.0.0/16"));
    EXPECT_TRUE(table.insert(prefix("0.0.0.0/0"), 0));
    EXPECT_EQ(*table.lookup(address("11.0.0.0")), 0);
    EXPECT_FALSE(table.insert(prefix("10.1.0.0/16"), 17));
    EXPECT_EQ(*table.find(prefix("10.1.0.0/16")), 17);
    EXPECT_EQ(table.find(prefix("10.1.0.0/17")), nullptr);
    EXPECT_EQ(table.size(), 5U);
}

TEST(PrefixTable, TellsWhatCoversAndWhatIsCovered) {
    PrefixTable<int> table;
    for (const char* text :
         {"10.1.0.0/16", "0.0.0.0/0", "10.0.0.0/8", "10.1.2.0/24", "10.1.128.0/17", "10.2.0.0/16", "11.0.0.0/8"})
        table.insert(prefix(text), 0);
    EXPECT_EQ(texts(table.covering(prefix("10.1.2.0/24"))),
              (std::vector<std::string>{"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"}));
    EXPECT_EQ(texts(table.covering(prefix("10.0.0.0/9"))), (std::vector<std::string>{"0.0.0.0/0", "10.0.0.0/8"}));
    EXPECT_EQ(texts(table.covered(prefix("10.0.0.0/8"))),
              (std::vector<std::string>{"10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.128.0/17", "10.2.0.0/16"}));
    EXPECT_TRUE(table.covered(prefix("12.0.0.0/8")).empty());
    EXPECT_EQ(table.covered(prefix("0.0.0.0/0")).size(), 7U);
}

TEST(PrefixTable, CopiesAreIndependent) {
    PrefixTable<std::string> table;
    table.insert(prefix("10.0.0.0/8"), "ten");
    const PrefixTable<std::string> snapshot = table;
    table.erase(prefix("10.0.0.0/8"));
    EXPECT_EQ(*snapshot.lookup(address("10.0.0.1")), "ten");
    EXPECT_TRUE(table.empty());
}

/// Prefixes crowded together, so that they nest, share nodes and become leaves again.
Prefix random_prefix(Rng& rng) {
    std::array<std::uint8_t, 16> octets{};
    for (auto& octet : octets)
        octet = rng.below(3) == 0 ? static_cast<std::uint8_t>(rng.next()) : 0xa5;
    if (rng.below(2) == 0) {
        const auto bits = static_cast<std::uint32_t>(octets[0]) << 24U | static_cast<std::uint32_t>(octets[1]) << 16U |
                          static_cast<std::uint32_t>(octets[2]) << 8U | octets[3];
        return *Prefix::create(IpAddress::v4(bits), static_cast<int>(rng.below(33)));
    }
    return *Prefix::create(IpAddress::v6(octets), static_cast<int>(rng.below(129)));
}

void expect_same(const PrefixTable<int>& table, const std::map<Prefix, int>& naive, const Prefix& probe) {
    const int* longest = nullptr;
    std::vector<std::string> covering;
    std::vector<std::string> covered;
    for (const auto& [held, value] : naive) {  // a map holds shorter prefixes of one address first
        if (held.contains(probe.address()) &&
            (longest == nullptr || held.length() >= table.match(probe.address())->prefix.length()))
            longest = &value;
        if (held.contains(probe)) covering.push_back(held.text());
        if (probe.contains(held)) covered.push_back(held.text());
    }
    const int* found = table.lookup(probe.address());
    ASSERT_EQ(found == nullptr, longest == nullptr) << probe.text();
    if (found != nullptr) ASSERT_EQ(*found, *longest) << probe.text();
    const auto exact = naive.find(probe);
    const int* at = table.find(probe);
    ASSERT_EQ(at == nullptr, exact == naive.end()) << probe.text();
    if (at != nullptr) ASSERT_EQ(*at, exact->second);
    ASSERT_EQ(texts(table.covering(probe)), covering) << probe.text();
    ASSERT_EQ(texts(table.covered(probe)), covered) << probe.text();
}

TEST(PrefixTable, ManyAddressesAtOnceFindTheSame) {
    Rng rng(99);
    PrefixTable<int> table;
    for (int i = 0; i < 3000; ++i)
        table.insert(random_prefix(rng), i);
    for (const std::size_t count : {0U, 1U, 31U, 32U, 33U, 1000U}) {
        std::vector<IpAddress> addresses;
        for (std::size_t i = 0; i < count; ++i)
            addresses.push_back(random_prefix(rng).address());
        std::vector<const int*> found(count);
        table.lookup(addresses, found);
        for (std::size_t i = 0; i < count; ++i)
            ASSERT_EQ(found[i], table.lookup(addresses[i]));
    }
}

TEST(PrefixTable, AgreesWithANaiveOneWhateverIsDone) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Rng rng(seed);
        PrefixTable<int> table;
        std::map<Prefix, int> naive;
        std::vector<Prefix> seen;
        for (int step = 0; step < 400; ++step) {
            const bool known = !seen.empty() && rng.below(2) == 0;
            const Prefix chosen = known ? seen[rng.below(seen.size())] : random_prefix(rng);
            if (!known) seen.push_back(chosen);
            if (rng.below(5) < (step < 250 ? 4U : 1U))
                ASSERT_EQ(table.insert(chosen, step), naive.insert_or_assign(chosen, step).second);
            else
                ASSERT_EQ(table.erase(chosen), naive.erase(chosen) == 1);
            ASSERT_EQ(table.size(), naive.size());
            for (int i = 0; i < 2; ++i)
                ASSERT_NO_FATAL_FAILURE(expect_same(table, naive, random_prefix(rng)));
            ASSERT_NO_FATAL_FAILURE(expect_same(table, naive, seen[rng.below(seen.size())]));
        }
        // To nothing and back: freed places are used again.
        const std::size_t memory = table.memory();
        for (const auto& [held, unused] : naive)
            ASSERT_TRUE(table.erase(held));
        EXPECT_TRUE(table.empty());
        for (const Prefix& held : seen)
            EXPECT_EQ(table.lookup(held.address()), nullptr);
        for (const auto& [held, value] : naive)
            table.insert(held, value);
        EXPECT_LE(table.memory(), memory * 2);
    }
}

}  // namespace
}  // namespace quipu::net
