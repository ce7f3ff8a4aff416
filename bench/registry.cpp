// The registry at the size of a region's networks: import of 10,000 sites and 20,000 links in one transaction, opening
// it again, one edit, and what-if of all single failures on 1,000 sites.

#include "registry/registry.h"

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <fmt/format.h>

#include "base/random.h"
#include "data/test_folder.h"
#include "registry/whatif.h"

namespace {

using namespace quipu;
using namespace quipu::registry;

/// A connected network with places: each site is joined to an earlier one, further links join any two.
ChangeSet network(std::size_t sites, std::size_t links) {
    Rng rng(1);
    ChangeSet set;
    set.who = "bench";
    set.source = "bench.toml";
    for (std::size_t i = 0; i < sites; ++i) {
        Value site{Value::Object{}};
        site.set("id", Value(fmt::format("site-{}", i)));
        site.set("name", Value(fmt::format("Site number {}", i)));
        site.set("country", Value("CL"));
        site.set("latitude", Value(static_cast<double>(rng.below(9000)) / 100 - 55));
        site.set("longitude", Value(static_cast<double>(rng.below(9000)) / 100 - 120));
        site.set("pop", Value(true));
        set.changes.push_back({Kind::sites, {}, std::move(site), {}, 0});
    }
    for (std::size_t i = 0; i < links; ++i) {
        const std::size_t a = i + 1 < sites ? i + 1 : rng.below(sites);
        std::size_t b = i + 1 < sites ? rng.below(i + 1) : rng.below(sites);
        if (a == b) b = (b + 1) % sites;
        Value link{Value::Object{}};
        link.set("id", Value(fmt::format("link-{}", i)));
        link.set("a", Value(fmt::format("site-{}", a)));
        link.set("b", Value(fmt::format("site-{}", b)));
        link.set("capacity", Value("1 Gb/s"));
        link.set("activated", Value("2010-01-01"));
        set.changes.push_back({Kind::links, {}, std::move(link), {}, 0});
    }
    return set;
}

/// A registry in a folder of its own.
struct Bed {
    data::TestFolder folder;
    SystemClock clock;
    std::unique_ptr<data::Database> database;
    std::unique_ptr<data::Journal> journal;
    std::unique_ptr<Registry> registry;

    Bed() {
        database = must(data::Database::open("sqlite:" + (folder / "bench.db")));
        must(database->migrate(data::kJournalMigrations));
        must(database->migrate(kRegistryMigrations));
        journal = std::make_unique<data::Journal>(*database, clock);
        registry = must(Registry::open(*database, *journal, clock));
    }
    template <class T>
    static T must(Result<T> result) {
        if (!result) {
            fmt::print(stderr, "{}\n", result.error().text());
            std::abort();
        }
        if constexpr (!std::is_void_v<T>) return std::move(*result);
    }
};

void import_10000_sites_20000_links(benchmark::State& state) {
    const ChangeSet set = network(10'000, 20'000);
    for (auto _ : state) {
        state.PauseTiming();
        auto bed = std::make_unique<Bed>();
        state.ResumeTiming();
        Bed::must(bed->registry->apply(set));
        state.PauseTiming();
        bed.reset();
        state.ResumeTiming();
    }
}
BENCHMARK(import_10000_sites_20000_links)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(2);

void open_10000_sites_20000_links(benchmark::State& state) {
    Bed bed;
    Bed::must(bed.registry->apply(network(10'000, 20'000)));
    for (auto _ : state)
        Bed::must(Registry::open(*bed.database, *bed.journal, bed.clock));
}
BENCHMARK(open_10000_sites_20000_links)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(2);

void edit_one_of_30000(benchmark::State& state) {
    Bed bed;
    Bed::must(bed.registry->apply(network(10'000, 20'000)));
    std::int64_t number = 0;
    for (auto _ : state) {
        Value site{Value::Object{}};
        site.set("name", Value(fmt::format("Renamed {}", ++number)));
        Bed::must(
            bed.registry->apply({{{Kind::sites, "site-77", std::move(site), {}, 0}}, "bench", "", "", {}, false}));
    }
}
BENCHMARK(edit_one_of_30000)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(10);

void what_if_singles(benchmark::State& state) {
    Bed bed;
    const auto sites = static_cast<std::size_t>(state.range(0));
    Bed::must(bed.registry->apply(network(sites, static_cast<std::size_t>(state.range(1)))));
    for (auto _ : state)
        benchmark::DoNotOptimize(Bed::must(Bed::must(WhatIf::create(bed.registry->now()))->singles()));
}
BENCHMARK(what_if_singles)
    ->Args({1'000, 1'500})
    ->Args({1'000, 2'000})
    ->Args({1'000, 4'000})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(1);

void what_if_doubles(benchmark::State& state) {
    Bed bed;
    Bed::must(bed.registry->apply(network(100, 150)));
    for (auto _ : state)
        benchmark::DoNotOptimize(Bed::must(Bed::must(WhatIf::create(bed.registry->now()))->doubles()));
}
BENCHMARK(what_if_doubles)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
