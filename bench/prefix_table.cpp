// Random look-ups in a table of a million prefixes, on one core. Demanded: 10 million a second.
// Lengths are spread as in the routing tables of the Internet: for IPv4 mostly /24 and /22, for IPv6 /48 and /32.

#include "net/prefix_table.h"

#include <benchmark/benchmark.h>

#include "base/random.h"

namespace {

using namespace quipu;
using net::IpAddress;
using net::Prefix;

constexpr std::size_t kPrefixes = 1'000'000;

int any_length(Rng& rng, bool v6) {
    constexpr int kFour[] = {24, 24, 24, 24, 24, 24, 23, 22, 22, 21, 20, 19, 18, 16, 14, 12};
    constexpr int kSix[] = {48, 48, 48, 48, 48, 48, 48, 44, 44, 40, 36, 32, 32, 32, 29, 64};
    return v6 ? kSix[rng.below(std::size(kSix))] : kFour[rng.below(std::size(kFour))];
}

IpAddress any_address(Rng& rng, bool v6) {
    if (!v6) return IpAddress::v4(static_cast<std::uint32_t>(rng.below(0xe0000000U)));
    std::array<std::uint8_t, 16> octets{};
    rng.fill(octets);
    octets[0] = static_cast<std::uint8_t>(0x20U | (octets[0] & 0x1fU));  // 2000::/3, global unicast
    return IpAddress::v6(octets);
}

struct Filled {
    net::PrefixTable<std::uint32_t> table;
    std::vector<Prefix> prefixes;
};

const Filled& filled(bool v6) {
    static const auto make = [](bool six) {
        Filled out;
        Rng rng(1);
        while (out.prefixes.size() < kPrefixes) {
            const Prefix prefix = *Prefix::create(any_address(rng, six), any_length(rng, six));
            if (out.table.insert(prefix, static_cast<std::uint32_t>(out.prefixes.size())))
                out.prefixes.push_back(prefix);
        }
        return out;
    };
    static const Filled four = make(false);
    static const Filled six = make(true);
    return v6 ? six : four;
}

/// Addresses inside held prefixes, so that every look-up goes all the way down.
std::vector<IpAddress> inside(const std::vector<Prefix>& prefixes, bool v6) {
    Rng rng(2);
    std::vector<IpAddress> out;
    for (int i = 0; i < (1 << 20); ++i) {
        const Prefix& prefix = prefixes[rng.below(prefixes.size())];
        auto octets = prefix.address().octets();
        for (int bit = prefix.length(); bit < prefix.address().width(); ++bit)
            octets[static_cast<std::size_t>(bit / 8)] ^=
                static_cast<std::uint8_t>(rng.below(2) << static_cast<unsigned>(7 - bit % 8));
        std::uint32_t four = 0;
        for (std::size_t octet = 0; octet < 4; ++octet)
            four = four << 8U | octets[octet];
        out.push_back(v6 ? IpAddress::v6(octets) : IpAddress::v4(four));
    }
    return out;
}

void report(benchmark::State& state, std::uint64_t sum, std::int64_t done, bool v6) {
    benchmark::DoNotOptimize(sum);
    state.SetItemsProcessed(done);
    state.counters["octets/prefix"] = static_cast<double>(filled(v6).table.memory()) / kPrefixes;
}

void one_by_one(benchmark::State& state, bool v6) {
    const auto& [table, prefixes] = filled(v6);
    const auto addresses = inside(prefixes, v6);
    std::size_t i = 0;
    std::uint64_t sum = 0;
    for (auto _ : state)
        sum += *table.lookup(addresses[i++ % addresses.size()]);
    report(state, sum, state.iterations(), v6);
}

void batches(benchmark::State& state, bool v6) {
    const auto& [table, prefixes] = filled(v6);
    const auto addresses = inside(prefixes, v6);
    constexpr std::size_t kBatch = 64;
    std::array<const std::uint32_t*, kBatch> found{};
    std::size_t at = 0;
    std::uint64_t sum = 0;
    for (auto _ : state) {
        table.lookup(std::span(addresses).subspan(at, kBatch), found);
        for (const auto* value : found)
            sum += *value;
        at = (at + kBatch) % addresses.size();
    }
    report(state, sum, state.iterations() * static_cast<std::int64_t>(kBatch), v6);
}

void build(benchmark::State& state, bool v6) {
    const auto& prefixes = filled(v6).prefixes;
    for (auto _ : state) {
        net::PrefixTable<std::uint32_t> table;
        for (std::uint32_t i = 0; i < prefixes.size(); ++i)
            table.insert(prefixes[i], i);
        benchmark::DoNotOptimize(table.size());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(prefixes.size()));
}

}  // namespace

BENCHMARK_CAPTURE(batches, ipv4, false);
BENCHMARK_CAPTURE(batches, ipv6, true);
BENCHMARK_CAPTURE(one_by_one, ipv4, false);
BENCHMARK_CAPTURE(one_by_one, ipv6, true);
BENCHMARK_CAPTURE(build, ipv4, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(build, ipv6, true)->Unit(benchmark::kMillisecond);
BENCHMARK_MAIN();
