// Federated sign-in at the size of eduGAIN: a signed aggregate of 5,000 identity providers verified and read, and
// assertions verified and read a second on one core.

#include <benchmark/benchmark.h>
#include <cstdio>
#include <fmt/format.h>
#include <sys/resource.h>

#include "platform/signin/test_metadata.h"

namespace {

using namespace quipu;
using namespace quipu::signin;

const Time kNow = *parse_time("2026-11-28T14:01:00Z");

long most_memory_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

void read_aggregate(benchmark::State& state) {
    const TestKeyPtr key = make_rsa();
    const std::vector<VerifyingKey> keys = {*VerifyingKey::of_certificate(self_signed_der(key.get()))};
    const SignatureShape shape;
    const std::string certificate = xml::base64_encode(self_signed_der(make_rsa().get()));
    const std::string text =
        sign_xml(aggregate_text(static_cast<std::size_t>(state.range(0)), certificate, &shape), key.get());
    const bool believed = state.range(1) == 0;
    for (auto _ : state) {
        const auto aggregate = read_metadata(text, believed ? std::span<const VerifyingKey>() : keys, kNow);
        if (!aggregate) return state.SkipWithError(aggregate.error().text().c_str());
        benchmark::DoNotOptimize(aggregate->providers.size());
    }
    state.counters["MB"] = static_cast<double>(text.size()) / 1e6;
    state.counters["peak_MiB"] = static_cast<double>(most_memory_mib());
}
BENCHMARK(read_aggregate)
    ->Args({5000, 0})
    ->Args({5000, 1})
    ->Unit(benchmark::kMillisecond)
    ->ArgNames({"entities", "signed"});

void accept_assertion(benchmark::State& state) {
    const TestProvider idp(state.range(0) == 0 ? make_rsa() : make_p256());
    const OwnKey own = *OwnKey::make("bench", kNow);
    const TestResponse made;
    SignatureShape shape;
    if (state.range(0) != 0) shape.method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    const std::string text = made.with_signed_assertion(idp, shape);
    for (auto _ : state) {
        const auto accepted = accept_response(text, {.provider = idp.provider,
                                                     .key = own,
                                                     .entity_id = made.entity_id,
                                                     .consumer = made.consumer,
                                                     .request_id = "_q1",
                                                     .now = kNow});
        if (!accepted) return state.SkipWithError(accepted.error().text().c_str());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(accept_assertion)->Arg(0)->Arg(1)->ArgName("ecdsa");

}  // namespace

BENCHMARK_MAIN();
