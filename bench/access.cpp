// What signing in and being known cost. Sign-in by password beside bare argon2id at the interactive profile; a call
// that anybody may make, made by nobody, by a session and by a token: the difference is what access costs. The target:
// a sign-in costs what argon2id does, an authenticated call less than 20 µs more than an open one. At last ten thousand
// wrong passwords, tokens and assertions from one address, while somebody honest signs in from another.
//   ninja -C build/release bench_access && build/release/bin/bench_access

#include <algorithm>
#include <atomic>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/log.h"
#include "platform/access/core.h"
#include "platform/access/gatekeeper.h"
#include "platform/access/password.h"
#include "platform/access/routes.h"

namespace quipu {
namespace {

constexpr const char* kPassword = "cuerda y nudo sobre el mar";

template <class T>
T run(Task<T> task) {
    task.await_suspend(std::noop_coroutine()).resume();
    return task.await_resume();
}

template <class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().text().c_str());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

struct NoInput {
    static constexpr auto describe() { return fields(); }
};

/// A house with a thousand people, each signed in.
struct House {
    House() {
        std::filesystem::create_directories(folder);
        configure_log(LogLevel::error, LogFormat::text);
        database = must(data::Database::open("sqlite:" + folder + "/access.db"));
        must(database->migrate(data::kJournalMigrations));
        must(database->migrate(access::kAccessMigrations));
        journal.emplace(*database, clock);
        archive = must(data::Archive::open(folder + "/archive", {}, clock));
        house.emplace(platform::House{clock, loops, *database, *journal, *archive, api, metrics, folder});
        core = std::make_shared<access::Core>();
        must(core->open(*house, {.second_factor = access::SecondFactor::nobody}));
        api.set_gatekeeper(access::make_gatekeeper(core));
        access::add_session_routes(api, core);
        access::add_account_routes(api, core);
        api.get<NoInput, platform::Nothing>(
            {"/open", "Nothing", "bench", platform::Permission::see_public},
            [](const platform::Call&, NoInput) -> Result<platform::Nothing> { return platform::Nothing{}; });
        api.get<NoInput, platform::Nothing>(
            {"/members", "Nothing", "bench", platform::Permission::see_members},
            [](const platform::Call&, NoInput) -> Result<platform::Nothing> { return platform::Nothing{}; });
        std::vector<access::Account> crowd(1000);
        for (std::size_t i = 0; i < crowd.size(); ++i) {
            crowd[i].id = "demo-" + std::to_string(i);
            crowd[i].name = crowd[i].id;
            crowd[i].roles.push_back({access::Role::member, "rnp", ""});
        }
        must(core->demonstrate(std::move(crowd)));
        for (int i = 0; i < 1000; ++i)
            cookie = must(core->sign_in("demo-" + std::to_string(i), "", here)).cookie;
        const std::string link = must(core->first_link());
        access::Acceptance first;
        first.token = link.substr(link.find('#') + 1);
        first.login = "ana";
        first.password = kPassword;
        const auto start = must(core->accept(first, here));
        platform::Caller ana;
        ana.id = "person:ana";
        access::TokenWish wish;
        wish.name = "bench";
        wish.organisations = {"rnp"};
        token = *must(core->make_token(ana, wish)).token;
    }
    ~House() { std::filesystem::remove_all(folder); }
    House(const House&) = delete;
    House& operator=(const House&) = delete;

    int ask(const char* path, const char* header = nullptr, const std::string& value = {},
            const char* address = "127.0.0.1") {
        net::HttpRequest request;
        request.path = path;
        request.peer.address = *net::IpAddress::parse(address);
        if (header != nullptr) request.headers.add(header, value);
        return run(api.handle(request)).status;
    }

    const std::string folder = "/tmp/quipu-bench-access-" + std::to_string(::getpid());
    access::Origin here{*net::IpAddress::parse("127.0.0.1"), "bench"};
    SystemClock clock;
    net::LoopPool loops{1};
    std::unique_ptr<data::Database> database;
    std::optional<data::Journal> journal;
    std::unique_ptr<data::Archive> archive;
    platform::Metrics metrics;
    platform::Api api;
    std::optional<platform::House> house;
    std::shared_ptr<access::Core> core;
    std::string cookie, token;
};

House& house() {
    static House one;
    return one;
}

void argon2id(benchmark::State& state) {
    (void)house();
    const std::string hash = must(access::hash_password(kPassword));
    for (auto _ : state)
        benchmark::DoNotOptimize(access::verify_password(hash, kPassword));
}
BENCHMARK(argon2id)->Unit(benchmark::kMillisecond);

void sign_in(benchmark::State& state) {
    House& h = house();
    for (auto _ : state)
        must(h.core->sign_in("ana", kPassword, h.here));
}
BENCHMARK(sign_in)->Unit(benchmark::kMillisecond);

void call(benchmark::State& state, const char* path, const char* header, const std::string& value) {
    for (auto _ : state) {
        const int status = house().ask(path, header, value);
        if (status != 204) state.SkipWithError("not let in");
    }
}
void open_call(benchmark::State& state) {
    call(state, "/open", nullptr, {});
}
BENCHMARK(open_call)->Unit(benchmark::kMicrosecond);
void session_call(benchmark::State& state) {
    call(state, "/members", "Cookie", house().cookie.substr(0, house().cookie.find(';')));
}
BENCHMARK(session_call)->Unit(benchmark::kMicrosecond);
void token_call(benchmark::State& state) {
    call(state, "/members", "Authorization", "Bearer " + house().token);
}
BENCHMARK(token_call)->Unit(benchmark::kMicrosecond);

double median_sign_in(House& h, int times) {
    std::vector<double> took;
    for (int i = 0; i < times; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        must(h.core->sign_in("ana", kPassword, h.here));
        took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    }
    std::ranges::sort(took);
    return took[took.size() / 2];
}

/// `attempt` answers whether it was looked at; each kind comes from an address of its own.
template <class F>
void ten_thousand(House& h, const char* what, F attempt) {
    constexpr int kTimes = 10'000, kHonest = 10;
    const double quiet = median_sign_in(h, kHonest);
    std::atomic<int> looked_at{0};
    std::atomic<bool> honest_wait{true};
    std::jthread guesser([&] {
        for (int i = 0; i < kTimes; ++i) {
            if (i == 2 * kHonest) honest_wait = false;
            looked_at += attempt(i) ? 1 : 0;
        }
    });
    while (honest_wait)
        std::this_thread::yield();
    const double during = median_sign_in(h, kHonest);
    guesser.join();
    std::printf(
        "%d wrong %-10s from one address: %3d looked at, %d slowed; somebody at another address signs in after "
        "%.0f ms, before %.0f ms\n",
        kTimes, what, looked_at.load(), kTimes - looked_at.load(), during, quiet);
}

void who_tries_many() {
    House& h = house();
    const auto from = [](const char* address) { return access::Origin{*net::IpAddress::parse(address), "bench"}; };
    ten_thousand(h, "passwords", [&, at = from("203.0.113.7")](int i) {
        const auto answer = h.core->sign_in("ana", "wrong password " + std::to_string(i), at);
        return answer.error().code != ErrorCode::limited;
    });
    ten_thousand(h, "tokens", [&](int i) {
        return h.ask("/members", "Authorization", "Bearer qp_" + std::to_string(i), "203.0.113.8") != 429;
    });
    ten_thousand(h, "assertions", [&, at = from("203.0.113.9")](int) {
        if (!h.core->may_try(at)) return false;
        h.core->note_failure(at, "saml");
        return true;
    });
    data::EventFilter slowed;
    slowed.type = "AddressSlowed";
    std::printf("told in the audit: %zu slowed addresses\n", must(h.journal->events(slowed)).size());
}

}  // namespace
}  // namespace quipu

int main(int count, char** arguments) {
    benchmark::Initialize(&count, arguments);
    benchmark::RunSpecifiedBenchmarks();
    quipu::who_tries_many();
    benchmark::Shutdown();
}
