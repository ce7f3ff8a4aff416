#include "services/measure/throughput/service.h"

#include <atomic>
#include <condition_variable>
#include <fmt/format.h>
#include <set>
#include <thread>

#include "base/log.h"
#include "platform/config.h"
#include "services/measure/throughput/api.h"
#include "services/measure/throughput/keeper.h"
#include "services/measure/throughput/paths.h"

namespace quipu::throughput {
namespace {

using namespace std::chrono_literals;

constexpr LogEvent kCalendarFailed{LogLevel::error, "THROUGHPUT_CALENDAR",
                                   "The calendar of throughput tests could not be written; it is tried again",
                                   "See the error; free space if the disk is full."};
constexpr LogEvent kFactsOdd{LogLevel::warning, "THROUGHPUT_FACTS",
                             "What a throughput point says of itself can't be read",
                             "See that agent and hub are of the same version."};

constexpr Nanoseconds kRefusalsKept = std::chrono::days(31);

struct Settings {
    bool enabled = true;
    Nanoseconds interval = 6h;
    Nanoseconds duration = 10s;
    Protocol protocol = Protocol::tcp;
    std::int64_t streams = 1;
    Bandwidth rate{};
    double share_per_day = 0.05;
    std::vector<std::string> pairs;
    std::int64_t keep_days = 730;
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::enabled>("enabled", "Regular tests between the points; tests on demand are possible without"),
            field<&T::interval>("interval", "Each ordered pair is tested once in it, at a minute by chance"),
            field<&T::duration>("duration", "How long a regular test sends, in whole seconds"),
            field<&T::protocol>("protocol", "Of regular tests: tcp or udp; udp needs a rate"),
            field<&T::streams>("streams", "Connections of a regular test")
                .between(1, static_cast<double>(kMostStreams)),
            field<&T::rate>("rate", "Of a regular test's streams together; 0: as fast as it goes").at_least(0),
            field<&T::share_per_day>("share_per_day", "What all tests of a day may take of each link's capacity")
                .between(0, 1),
            field<&T::pairs>("pairs", "Only these are tested regularly, each \"FROM/TO\"; all when empty")
                .at_most_long(100'000),
            field<&T::keep_days>("keep_days", "Days for which tests and results are kept").between(1, 36'500));
    }
};

class ThroughputService final : public platform::Service {
  public:
    ThroughputService(agent::Agents& agents, std::function<registry::Registry&()> registry, TracedWays traced)
        : agents_(agents), registry_of_(std::move(registry)), paths_(std::move(traced)) {}
    ~ThroughputService() override { end_watch(); }

    [[nodiscard]] std::string_view name() const override { return "throughput"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return {"registry", "agents"}; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kThroughputMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }

    [[nodiscard]] Result<void> parse(const Value& section, const std::string& file) override {
        Settings settings;
        if (!section.is_null()) settings = TRY(read<Settings>(section, file));
        TRY(check_between("throughput.interval", settings.interval, 10min, 7 * 24h));
        CalendarRules rules{.regular = settings.enabled,
                            .interval = settings.interval,
                            .shape = {.protocol = settings.protocol,
                                      .duration = settings.duration,
                                      .streams = settings.streams,
                                      .rate = settings.rate},
                            .share = settings.share_per_day,
                            .pairs = {}};
        TRY(check_shape(rules.shape, "throughput."));
        for (const std::string& pair : settings.pairs) {
            const auto slash = pair.find('/');
            if (slash == std::string::npos || slash == 0 || slash + 1 == pair.size())
                return fail(ErrorCode::invalid, fmt::format("\"{}\" is not FROM/TO", pair), "throughput.pairs");
            rules.pairs.emplace_back(pair.substr(0, slash), pair.substr(slash + 1));
        }
        rules_ = std::move(rules);
        kept_ = std::chrono::days(settings.keep_days);
        return {};
    }

    [[nodiscard]] Result<void> provision(platform::House& house) override {
        house_ = &house;
        registry_ = &registry_of_();
        store_ = std::make_unique<Store>(house.database);
        keeper_ = std::make_unique<Keeper>(
            house.clock, house.database, house.journal, rules_,
            [this](std::string_view from, std::string_view to) { return paths_.path(from, to); });
        add_routes(
            house.api,
            {.clock = house.clock, .store = *store_, .keeper = *keeper_, .registry = *registry_, .changed = [this] {
                 agents_.invalidate();
             }});
        agents_.add_part("throughput", [this](const agent::AgentInfo& agent) { return work_of(agent); });
        agents_.add_stream(std::string(kThroughputStream), [this](const auto& batch) -> Result<void> {
            if (!open_) return fail(ErrorCode::unavailable, "the service throughput is not running");
            return keeper_->take(batch);
        });
        add_metrics(house.metrics);
        return {};
    }

    [[nodiscard]] Result<void> start() override {
        // As the agents said last: a test that runs while the hub starts anew stays assigned to its ends.
        keeper_->set_points(points(*registry_->now()));
        TRY(keeper_->load());
        // What was planned before stands where the paths were then.
        static_cast<void>(TRY(keeper_->revise([this] { return paths_.look_at(registry_->now()); })));
        open_ = true;
        watch_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
        return {};
    }

    void drain() override { end_watch(); }
    void stop() override {
        open_ = false;
        end_watch();
        gauges_.clear();
    }

  private:
    [[nodiscard]] std::optional<Value> work_of(const agent::AgentInfo& agent) const {
        if (agent.revoked) return Value();
        if (!open_) return std::nullopt;
        const Assignment work = keeper_->assignment_of(agent.id);
        return work.tests.empty() ? Value() : to_value(work);
    }

    // ---- the watch

    void watch(const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any bell;
        Time pruned{};
        while (!stop.stop_requested()) {
            if (auto done = look(); !done) log(kCalendarFailed, {{"error", done.error().text()}});
            if (const Time now = house_->clock.now(); now - pruned > 24h) {
                pruned = now;
                if (auto done = store_->prune(now - kept_, now - kRefusalsKept); !done)
                    log(kCalendarFailed, {{"error", done.error().text()}});
            }
            std::unique_lock lock(mutex);
            bell.wait_for(lock, stop, 1s, [] { return false; });
        }
    }

    [[nodiscard]] Result<void> look() {
        const auto picture = registry_->now();
        keeper_->set_points(points(*picture));
        const bool moved = TRY(keeper_->revise([&] { return paths_.look_at(picture); }));
        if (const bool changed = TRY(keeper_->advance()); changed || moved) agents_.invalidate();
        return {};
    }

    void end_watch() {
        if (!watch_.joinable()) return;
        watch_.request_stop();
        watch_.join();
    }

    [[nodiscard]] std::vector<MeshPoint> points(const registry::Picture& picture) {
        std::vector<MeshPoint> out;
        for (const auto& agent : agents_.agents()) {
            if (agent.revoked) continue;
            const Value* facts = agent.facts.find("throughput");
            if (facts == nullptr || facts->is_null()) continue;
            MeshPoint point{.site = agent.id, .problem = {}, .iperf3 = {}, .addresses = {}};
            const auto says = read<PointFacts>(*facts, "facts of " + agent.id);
            if (!says) {
                if (complained_.insert(agent.id).second)
                    log(kFactsOdd, {{"agent", agent.id}, {"error", says.error().text()}});
                continue;
            }
            point.iperf3 = says->iperf3;
            point.addresses = says->addresses;
            point.port = says->port;
            const auto not_able = [&](PointState state, std::string problem) {
                point.state = state;
                point.problem = std::move(problem);
            };
            if (picture.find<registry::Site>(agent.id) == nullptr)
                not_able(PointState::no_site, "it is no site of the registry");
            else if (!agent.connected)
                not_able(PointState::away, "its agent is away");
            else if (says->iperf3.empty())
                not_able(PointState::without_iperf, says->problem.empty() ? "it has no iperf3" : says->problem);
            else if (says->addresses.empty())
                not_able(PointState::without_address, "it has no address to test from: start its agent with --address");
            out.push_back(std::move(point));
        }
        std::ranges::sort(out, {}, &MeshPoint::site);
        return out;
    }

    void add_metrics(platform::Metrics& metrics) {
        const auto counter = [&](std::string_view metric, std::string_view help, const platform::Labels& labels,
                                 std::uint64_t KeeperCounters::* member) {
            gauges_.push_back(metrics.counter_from(
                metric, help, labels, [this, member] { return static_cast<double>(keeper_->counters().*member); }));
        };
        constexpr std::string_view kTests = "quipu_throughput_tests_total";
        constexpr std::string_view kTestsHelp = "Throughput tests that have ended, by how";
        counter(kTests, kTestsHelp, {{"outcome", "done"}}, &KeeperCounters::done);
        counter(kTests, kTestsHelp, {{"outcome", "failed"}}, &KeeperCounters::failed);
        counter(kTests, kTestsHelp, {{"outcome", "expired"}}, &KeeperCounters::expired);
        counter("quipu_throughput_refused_total", "Throughput tests that found no place in the calendar", {},
                &KeeperCounters::refused);
        counter("quipu_throughput_records_total", "Records of tests kept", {}, &KeeperCounters::records);
        counter("quipu_throughput_repeats_total", "Records that came again and were dropped", {},
                &KeeperCounters::repeats);
        counter("quipu_throughput_malformed_total", "Records that could not be read or were of no test of the agent's",
                {}, &KeeperCounters::malformed);
    }

    agent::Agents& agents_;
    const std::function<registry::Registry&()> registry_of_;
    TestPaths paths_;  // with the calendar's turn
    CalendarRules rules_;
    Nanoseconds kept_{};
    platform::House* house_ = nullptr;
    registry::Registry* registry_ = nullptr;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Keeper> keeper_;
    std::vector<std::shared_ptr<void>> gauges_;
    std::atomic<bool> open_{false};
    std::set<std::string> complained_;  // of the watch's thread alone
    std::jthread watch_;
};

}  // namespace

std::unique_ptr<platform::Service> make_throughput_service(agent::Agents& agents,
                                                           std::function<registry::Registry&()> registry,
                                                           TracedWays traced) {
    return std::make_unique<ThroughputService>(agents, std::move(registry), std::move(traced));
}

}  // namespace quipu::throughput
