// Origin validation of a million routes in one batch, with 800,000 VRPs of today's mixture. Demanded: below 2 s. And of
// one route at a time, of making the index ready, and of an answer with its reasons.

#include <benchmark/benchmark.h>

#include "base/random.h"
#include "services/rpki/origin/validity.h"

namespace {

using namespace quipu;

constexpr std::size_t kVrps = 800'000;
constexpr std::size_t kRoutes = 1'000'000;

/// A prefix of 16 to 24 bits of IPv4, or, one time in four, of 32 to 48 of IPv6.
net::Prefix some_prefix(Rng& rng) {
    if (rng.below(4) != 0)
        return *net::Prefix::create(
            net::IpAddress::v4(static_cast<std::uint32_t>(rng.below(0xDF000000U) + 0x01000000U)),
            16 + static_cast<int>(rng.below(9)));
    std::array<std::uint8_t, 16> octets{0x20, 0x01};
    for (std::size_t i = 2; i < 6; ++i)
        octets[i] = static_cast<std::uint8_t>(rng.below(256));
    return *net::Prefix::create(net::IpAddress::v6(octets), 32 + static_cast<int>(rng.below(17)));
}

struct World {
    std::vector<rpki::Vrp> vrps;
    std::vector<rpki::Route> routes;

    World() {
        Rng rng(4);
        for (std::size_t i = 0; i < kVrps; ++i) {
            const net::Prefix prefix = some_prefix(rng);
            const int most = prefix.address().is_v6() ? 48 : 24;
            const int max_length = rng.below(3) == 0 ? most : prefix.length();
            vrps.push_back(rpki::vrp_of(prefix, static_cast<rpki::Asn>(1 + rng.below(70'000)), max_length));
        }
        // Two of three routes are those of a VRP, some of them of another AS or longer.
        for (std::size_t i = 0; i < kRoutes; ++i) {
            const rpki::Vrp& vrp = vrps[rng.below(kVrps)];
            rpki::Route route{vrp.prefix(), vrp.as};
            switch (rng.below(9)) {
                case 0:
                case 1:
                case 2: route.prefix = some_prefix(rng); break;
                case 3: route.origin = static_cast<rpki::Asn>(rng.below(70'000)); break;
                case 4:
                    route.prefix =
                        *net::Prefix::create(route.prefix.address(), std::min(route.prefix.length() + 2, 48));
                    break;
                default: break;
            }
            routes.push_back(route);
        }
    }
};

const World& world() {
    static const World made;
    return made;
}

const rpki::ValidityIndex& index_of_world() {
    static const rpki::ValidityIndex made(world().vrps);
    return made;
}

void index_800000_vrps(benchmark::State& state) {
    const std::vector<rpki::Vrp>& vrps = world().vrps;
    for (auto _ : state) {
        const rpki::ValidityIndex index(vrps);
        benchmark::DoNotOptimize(index.size());
    }
}
BENCHMARK(index_800000_vrps)->Unit(benchmark::kMillisecond);

void batch_of_1000000_routes(benchmark::State& state) {
    const rpki::ValidityIndex& index = index_of_world();
    std::vector<rpki::Validity> out(kRoutes);
    for (auto _ : state)
        index.validity(world().routes, out);
    std::array<double, 3> counts{};
    for (const rpki::Validity one : out)
        ++counts[static_cast<std::size_t>(one)];
    state.counters["valid"] = counts[1];
    state.counters["invalid"] = counts[2];
    state.counters["not_found"] = counts[0];
}
BENCHMARK(batch_of_1000000_routes)->Unit(benchmark::kMillisecond);

void one_route(benchmark::State& state) {
    const rpki::ValidityIndex& index = index_of_world();
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(index.validity(world().routes[i]));
        i = (i + 1) % kRoutes;
    }
}
BENCHMARK(one_route);

void one_route_with_reasons_as_json(benchmark::State& state) {
    const rpki::ValidityIndex& index = index_of_world();
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(rpki::validity_json(index.explain(world().routes[i]), Time{}));
        i = (i + 1) % kRoutes;
    }
}
BENCHMARK(one_route_with_reasons_as_json);

}  // namespace

BENCHMARK_MAIN();
