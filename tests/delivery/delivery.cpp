// Delivery under murder: hub and agents are killed (SIGKILL) at random while records flow; afterwards every record that
// an agent's spool had accepted is in the archive, once, with its content.
//
//     delivery [KILLS_OF_THE_HUB 10] [AGENTS 3] [RECORDS_PER_SECOND 200] [SEED]
//
// The hub is the real one (database, archive, agents' service, measurement service, mutual TLS), the agent is the real
// runtime with its spool; only the part that measures is replaced by one that makes up minute records at a rate that
// real minutes never reach, and writes down which ones the spool has accepted. All three run as processes of this same
// program.

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "agent/files.h"
#include "agent/hub.h"
#include "agent/runtime.h"
#include "base/log.h"
#include "base/random.h"
#include "data/archive.h"
#include "platform/hub.h"
#include "registry/exchange.h"
#include "registry/service.h"
#include "services/measure/codec_record.h"
#include "services/measure/figures.h"
#include "services/measure/schedule.h"
#include "services/measure/service.h"

namespace {

using namespace quipu;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::uint16_t kAgentsPort = 18743;
const Time kFirstMinute = *parse_time("2011-01-01T00:00:00Z");
constexpr int kSenders = 20;  // a record's pair is sender-K/AGENT

std::string agent_id(int number) {
    return fmt::format("point-{}", number);
}

/// A record that can be told from any other by what it says.
measure::MinuteRecord made_up(std::uint64_t number) {
    measure::MinuteRecord r;
    r.from = fmt::format("sender-{}", number % kSenders);
    r.minute = kFirstMinute + measure::kMinute * (number / kSenders);
    r.scheduled = 90;
    r.received = 90;
    r.delay_min = r.delay_median = r.delay_max = static_cast<std::int64_t>(number * 1000 + 7);
    r.delays.add(r.delay_median, 90);
    return r;
}

void wait_for_signal() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    int number = 0;
    sigwait(&set, &number);
}

// ---- the hub

Result<void> run_hub(const std::string& folder, int agents) {
    std::vector<std::unique_ptr<platform::Service>> services;
    auto registry = registry::make_registry_service();
    auto* registry_service = registry.get();
    auto agents_service = agent::Agents::create();
    auto* agents_hub = agents_service.get();
    services.push_back(std::move(registry));
    services.push_back(std::move(agents_service));
    services.push_back(measure::make_service(
        *agents_hub, [registry_service]() -> registry::Registry& { return registry_service->registry(); }));
    platform::HubOptions options;
    const auto sections = platform::sections_of(services);
    options.config = TRY(platform::Config::parse(fmt::format("[agents]\nlisten = [\"127.0.0.1:{}\"]\n", kAgentsPort),
                                                 "delivery", sections));
    options.settings.port = 0;
    options.settings.data = folder + "/hub";
    options.settings.loops = 1;
    options.services = std::move(services);
    const auto hub = TRY(platform::Hub::create(std::move(options)));
    TRY(hub->start());
    for (int i = 0; i < agents; ++i) {
        const std::string ticket = folder + "/" + agent_id(i) + ".ticket";
        if (fs::exists(ticket)) continue;
        TRY(agent::write_file(ticket, TRY(agents_hub->make_ticket(agent_id(i), 1h)), 0600));
    }
    wait_for_signal();
    hub->stop();
    return {};
}

// ---- an agent

/// Makes up records and writes down, after the spool has accepted one, its number.
class Inventor final : public agent::Part {
  public:
    Inventor(std::string log, int per_second) : log_path_(std::move(log)), per_second_(per_second) {}
    [[nodiscard]] std::string_view name() const override { return "inventor"; }
    [[nodiscard]] Result<void> start(const agent::PartContext& context) override {
        std::uint64_t number = 0;
        {
            // The last one may have been accepted and not written down: its number is not used again.
            std::ifstream in(log_path_);
            for (std::uint64_t known = 0; in >> known;)
                number = known + 2;
        }
        log_ = TRY(agent::Descriptor::open(log_path_, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC));
        thread_ = std::jthread(
            [this, number, &records = context.records](const std::stop_token& stop) { invent(stop, number, records); });
        return {};
    }
    [[nodiscard]] Result<void> assign(const Value&) override { return {}; }
    void stop() override {
        thread_.request_stop();
        if (thread_.joinable()) thread_.join();
    }

  private:
    void invent(const std::stop_token& stop, std::uint64_t number, agent::RecordSink& records) {
        for (; !stop.stop_requested(); ++number) {
            ByteWriter out;
            measure::write_record(out, made_up(number));
            if (records.append(measure::kMinuteStream, out.span())) {
                const std::string line = fmt::format("{}\n", number);
                if (::write(log_.get(), line.data(), line.size()) < 0) return;
            }
            std::this_thread::sleep_for(Nanoseconds(1s) / per_second_);
        }
    }

    const std::string log_path_;
    const int per_second_;
    agent::Descriptor log_;
    std::jthread thread_;
};

/// With `per_second` 0 it only delivers what its spool holds, and ends when that is nothing.
Result<void> run_agent(const std::string& folder, int number, int per_second) {
    const std::string id = agent_id(number);
    const SystemClock clock;
    agent::RuntimeOptions options;
    options.folder = folder + "/" + id;
    while (!fs::exists(folder + "/" + id + ".ticket"))
        std::this_thread::sleep_for(50ms);
    options.ticket = TRY(agent::read_file(folder + "/" + id + ".ticket"));
    options.addresses = {net::IpAddress::v4(127U << 24U | 1U)};
    options.upload_every = 100ms;
    std::unique_ptr<agent::Runtime> runtime;
    // The hub may be dead just now: enrolling needs it.
    for (;;) {
        auto made = agent::Runtime::create(options, clock);
        if (made) {
            runtime = std::move(*made);
            break;
        }
        std::this_thread::sleep_for(100ms);
    }
    if (per_second > 0) runtime->add_part(std::make_unique<Inventor>(folder + "/" + id + ".accepted", per_second));
    std::jthread ender([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(100ms);
            if (per_second == 0 && runtime->spool_state().waiting == 0) runtime->stop();
        }
    });
    return runtime->run();
}

// ---- the murderer

pid_t spawn(const std::vector<std::string>& words) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<char*> argv;
    for (const auto& word : words)
        argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
}

void kill_and_wait(pid_t pid, int signal) {
    ::kill(pid, signal);
    ::waitpid(pid, nullptr, 0);
}

/// Every accepted record is in the archive, once, as it was made. Answers the number of faults.
Result<std::uint64_t> compare(const std::string& folder, int agents) {
    const SystemClock clock;
    const std::vector<data::StreamSchema> schemas{measure::minute_schema(), measure::skips_schema()};
    const auto archive = TRY(data::Archive::open(folder + "/hub/archive", schemas, clock));
    std::uint64_t faults = 0, accepted = 0, kept = 0;
    for (int agent = 0; agent < agents; ++agent) {
        std::set<std::uint64_t> wanted;
        std::ifstream in(folder + "/" + agent_id(agent) + ".accepted");
        for (std::uint64_t number = 0; in >> number;)
            wanted.insert(number);
        accepted += wanted.size();
        std::set<std::uint64_t> found;
        for (int sender = 0; sender < kSenders; ++sender) {
            const std::string key = measure::pair_key(fmt::format("sender-{}", sender), agent_id(agent));
            Time before{};
            for (const auto& record :
                 TRY(archive->read(measure::kMinuteStream, key, kFirstMinute, clock.now(), 10'000'000))) {
                const auto number =
                    static_cast<std::uint64_t>((record.time - kFirstMinute) / measure::kMinute) * kSenders +
                    static_cast<std::uint64_t>(sender);
                const auto columns = measure::columns_of(record);
                const bool whole = columns.delay_median == made_up(number).delay_median &&
                                   record.histograms.at(0) == made_up(number).delays;
                if (record.time <= before || !whole || !found.insert(number).second) {
                    ++faults;
                    fmt::print("{}: record {} is double or damaged\n", agent_id(agent), number);
                }
                before = record.time;
            }
        }
        kept += found.size();
        for (const std::uint64_t number : wanted)
            if (!found.contains(number)) {
                if (++faults < 20) fmt::print("{}: record {} is missing\n", agent_id(agent), number);
            }
    }
    fmt::print("accepted by spools {}, in the archive {} (more by at most one a kill), missing or double {}\n",
               accepted, kept, faults);
    return faults;
}

struct Plan {
    int kills = 10;
    int agents = 3;
    int per_second = 200;
    std::uint64_t seed = 1;
};

int murder(const char* self, const Plan& plan) {
    std::string folder = (fs::temp_directory_path() / "quipu-delivery-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return 1;
    fmt::print("seed {}, folder {}\n", plan.seed, folder);
    std::fflush(stdout);
    const auto hub_words = std::vector<std::string>{self, "hub", folder, std::to_string(plan.agents)};
    const auto agent_words = [&](int i, int rate) {
        return std::vector<std::string>{self, "agent", folder, std::to_string(i), std::to_string(rate)};
    };
    Rng rng(plan.seed);
    pid_t hub = spawn(hub_words);
    std::vector<pid_t> agents;
    for (int i = 0; i < plan.agents; ++i)
        agents.push_back(spawn(agent_words(i, plan.per_second)));
    std::this_thread::sleep_for(3s);
    int agent_kills = 0;
    for (int kill = 0; kill < plan.kills; ++kill) {
        // Long enough that something flows again, at a point that nobody chose.
        std::this_thread::sleep_for(1500ms + std::chrono::milliseconds(rng.below(2000)));
        if (rng.below(2) == 0) {
            const auto victim = static_cast<std::size_t>(rng.below(agents.size()));
            kill_and_wait(agents[victim], SIGKILL);
            agents[victim] = spawn(agent_words(static_cast<int>(victim), plan.per_second));
            ++agent_kills;
        }
        kill_and_wait(hub, SIGKILL);
        std::this_thread::sleep_for(std::chrono::milliseconds(rng.below(700)));
        hub = spawn(hub_words);
    }
    std::this_thread::sleep_for(2s);
    for (const pid_t agent : agents)
        kill_and_wait(agent, SIGKILL);
    agent_kills += plan.agents;
    // What is in the spools goes out now; each ends when it has nothing left.
    agents.clear();
    for (int i = 0; i < plan.agents; ++i)
        agents.push_back(spawn(agent_words(i, 0)));
    for (const pid_t agent : agents)
        ::waitpid(agent, nullptr, 0);
    kill_and_wait(hub, SIGTERM);
    fmt::print("killed the hub {} times, agents {} times\n", plan.kills, agent_kills);
    const auto faults = compare(folder, plan.agents);
    if (!faults) {
        fmt::print("{}\n", faults.error().text());
        return 1;
    }
    if (*faults == 0) fs::remove_all(folder);
    return *faults == 0 ? 0 : 1;
}

template <class T>
void number(T& out, const char* text) {
    std::from_chars(text, text + std::strlen(text), out);
}

}  // namespace

int main(int argc, char** argv) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    const std::string_view role = argc > 1 ? argv[1] : "";
    if (role == "hub" || role == "agent") {
        pthread_sigmask(SIG_BLOCK, &set, nullptr);
        std::signal(SIGPIPE, SIG_IGN);
        configure_log(LogLevel::error, LogFormat::text);
        int first = 0;
        int second = 0;
        number(first, argv[3]);
        if (argc > 4) number(second, argv[4]);
        const auto done = role == "hub" ? run_hub(argv[2], first) : run_agent(argv[2], first, second);
        if (!done) fmt::print(stderr, "{}: {}\n", role, done.error().text());
        return done ? 0 : 1;
    }
    Plan plan;
    plan.seed = Rng::from_system().next() % 100'000;
    if (argc > 1) number(plan.kills, argv[1]);
    if (argc > 2) number(plan.agents, argv[2]);
    if (argc > 3) number(plan.per_second, argv[3]);
    if (argc > 4) number(plan.seed, argv[4]);
    return murder(argv[0], plan);
}
