// A hub and its agents over real sockets and real TLS.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <sys/stat.h>
#include <thread>

#include "agent/files.h"
#include "agent/hub.h"
#include "agent/identity.h"
#include "agent/runtime.h"
#include "data/test_folder.h"
#include "net/http_client.h"
#include "platform/hub.h"

namespace quipu::agent {
namespace {

using namespace std::chrono_literals;
using platform::Hub;
using platform::HubOptions;

/// A service with an agent part: it keeps what it is sent as the archive would, each record once.
class Collector final : public platform::Service {
  public:
    /// What is kept outlives the hub, as the archive does.
    struct Kept {
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<std::string> records;
        std::map<std::string, std::uint64_t> last;
        std::string told;
    };
    Collector(Agents& agents, Kept& kept) : agents_(agents), kept_(kept) {}
    [[nodiscard]] std::string_view name() const override { return "collector"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return {"agents"}; }
    [[nodiscard]] Value settings_schema() const override { return schema_of<platform::Nothing>(); }
    Result<void> parse(const Value&, const std::string&) override { return {}; }
    Result<void> provision(platform::House&) override {
        agents_.add_part("counter", [](const AgentInfo& agent) { return Value("work of " + agent.id); });
        agents_.add_stream("counter.kept", [this](const StreamBatch& batch) { return take(batch); });
        agents_.add_stream("counter.told", [this](const StreamBatch& batch) { return take(batch); });
        return {};
    }
    Result<void> start() override { return {}; }

    std::vector<std::string> wait_for(std::size_t count) {
        std::unique_lock lock(kept_.mutex);
        kept_.changed.wait_for(lock, 30s, [&] { return kept_.records.size() >= count; });
        return kept_.records;
    }
    std::string wait_for_told() {
        std::unique_lock lock(kept_.mutex);
        kept_.changed.wait_for(lock, 30s, [&] { return !kept_.told.empty(); });
        return kept_.told;
    }
    std::atomic<int> failures_to_come{0};

  private:
    Result<void> take(const StreamBatch& batch) {
        if (failures_to_come > 0) {
            --failures_to_come;
            return fail(ErrorCode::exhausted, "no space left");
        }
        const std::scoped_lock lock(kept_.mutex);
        std::uint64_t sequence = batch.first_sequence;
        for (const ByteSpan payload : batch.payloads) {
            if (batch.first_sequence == 0) {
                kept_.told = as_text(payload);
            } else if (std::uint64_t& last = kept_.last[batch.agent + "/" + batch.spool]; sequence++ == last + 1) {
                ++last;
                kept_.records.push_back(fmt::format("{} {}", batch.agent, as_text(payload)));
            }
        }
        kept_.changed.notify_all();
        return {};
    }

    Agents& agents_;
    Kept& kept_;
};

/// The agent's side: hands the sink to the test and remembers its work.
class Counter final : public Part {
  public:
    struct Seen {
        std::mutex mutex;
        std::condition_variable changed;
        RecordSink* sink = nullptr;
        std::string work;
    };
    explicit Counter(Seen& seen) : seen_(seen) {}
    [[nodiscard]] std::string_view name() const override { return "counter"; }
    Result<void> start(const PartContext& context) override {
        const std::scoped_lock lock(seen_.mutex);
        seen_.sink = &context.records;
        seen_.changed.notify_all();
        return {};
    }
    [[nodiscard]] Value facts() const override { return Value("here"); }
    Result<void> assign(const Value& assignment) override {
        const std::scoped_lock lock(seen_.mutex);
        seen_.work = assignment.if_string() == nullptr ? "" : *assignment.if_string();
        seen_.changed.notify_all();
        return {};
    }
    void stop() override {}

  private:
    Seen& seen_;
};

class RunningAgent {
  public:
    RunningAgent(const std::string& folder, const std::string& ticket, const Clock& clock) {
        auto made = Runtime::create({.folder = folder, .ticket = ticket, .upload_every = 1ms}, clock);
        EXPECT_TRUE(made) << made.error().text();
        runtime_ = std::move(*made);
        runtime_->add_part(std::make_unique<Counter>(seen_));
        thread_ = std::jthread([this] { EXPECT_TRUE(runtime_->run()); });
        std::unique_lock lock(seen_.mutex);
        seen_.changed.wait_for(lock, 30s, [&] { return seen_.sink != nullptr; });
    }
    ~RunningAgent() { runtime_->stop(); }
    RunningAgent(const RunningAgent&) = delete;
    RunningAgent& operator=(const RunningAgent&) = delete;

    void put(const std::string& text) { EXPECT_TRUE(seen_.sink->append("counter.kept", as_bytes(text))); }
    void tell(const std::string& text) { seen_.sink->tell("counter.told", as_bytes(text)); }
    std::string wait_for_work() {
        std::unique_lock lock(seen_.mutex);
        seen_.changed.wait_for(lock, 30s, [&] { return !seen_.work.empty(); });
        return seen_.work;
    }
    [[nodiscard]] Spool::State spool() const { return runtime_->spool_state(); }

  private:
    Counter::Seen seen_;
    std::unique_ptr<Runtime> runtime_;
    std::jthread thread_;
};

class AgentsTest : public testing::Test {
  protected:
    /// The same port each time, so that agents find a hub that was started again.
    void start_hub() {
        HubOptions options;
        options.settings.port = 0;
        options.settings.data = folder_.path() + "/hub";
        options.settings.loops = 1;
        auto agents = Agents::create();
        agents_ = agents.get();
        auto collector = std::make_unique<Collector>(*agents_, kept_);
        collector_ = collector.get();
        options.services.push_back(std::move(agents));
        options.services.push_back(std::move(collector));
        auto config = platform::Config::parse(fmt::format("[agents]\nlisten = [\"127.0.0.1:{}\"]\n", port_),
                                              "quipu.toml", platform::sections_of(options.services));
        ASSERT_TRUE(config) << config.error().text();
        options.config = std::move(*config);
        auto hub = Hub::create(std::move(options));
        ASSERT_TRUE(hub) << hub.error().text();
        hub_ = std::move(*hub);
        const auto started = hub_->start();
        ASSERT_TRUE(started) << started.error().text();
        port_ = agents_->address().port;
        ASSERT_NE(port_, 0) << "the agents' service did not start";
    }
    std::string ticket(const std::string& agent) {
        auto made = agents_->make_ticket(agent, 1h);
        EXPECT_TRUE(made) << made.error().text();
        return *made;
    }
    std::string agent_folder(const std::string& agent) const { return folder_.path() + "/" + agent; }

    SystemClock clock_;
    data::TestFolder folder_;
    std::uint16_t port_ = 0;
    Agents* agents_ = nullptr;
    Collector::Kept kept_;
    Collector* collector_ = nullptr;
    std::unique_ptr<Hub> hub_;
};

TEST_F(AgentsTest, EnrolsTakesWorkAndDelivers) {
    start_hub();
    RunningAgent agent(agent_folder("santiago"), ticket("santiago"), clock_);
    EXPECT_EQ(agent.wait_for_work(), "work of santiago");
    for (int i = 0; i < 100; ++i)
        agent.put(fmt::format("{}", i));
    const auto kept = collector_->wait_for(100);
    ASSERT_EQ(kept.size(), 100U);
    EXPECT_EQ(kept.front(), "santiago 0");
    EXPECT_EQ(kept.back(), "santiago 99");
    agent.tell("now");
    EXPECT_EQ(collector_->wait_for_told(), "now");
    const auto list = agents_->agents();
    ASSERT_EQ(list.size(), 1U);
    EXPECT_TRUE(list[0].connected);
    EXPECT_EQ(*list[0].facts.find("counter")->if_string(), "here");
}

TEST_F(AgentsTest, WhatIsMeasuredWhileTheHubIsAwayArrivesLater) {
    start_hub();
    RunningAgent agent(agent_folder("lima"), ticket("lima"), clock_);
    agent.put("before");
    ASSERT_EQ(collector_->wait_for(1).size(), 1U);
    hub_.reset();
    for (int i = 0; i < 50; ++i)
        agent.put(fmt::format("away {}", i));
    start_hub();
    const auto kept = collector_->wait_for(51);
    ASSERT_EQ(kept.size(), 51U);
    EXPECT_EQ(kept.front(), "lima before");
    EXPECT_EQ(kept.back(), "lima away 49");
}

TEST_F(AgentsTest, ASecondStartNeedsNoTicket) {
    start_hub();
    {
        RunningAgent agent(agent_folder("lima"), ticket("lima"), clock_);
    }
    RunningAgent agent(agent_folder("lima"), "", clock_);
    EXPECT_EQ(agent.wait_for_work(), "work of lima");
}

TEST_F(AgentsTest, ATicketHoldsOnce) {
    start_hub();
    const std::string text = ticket("lima");
    const auto parsed = parse_ticket(text);
    ASSERT_TRUE(parsed);
    ASSERT_TRUE(enrol(agent_folder("lima"), *parsed));
    const auto again = enrol(agent_folder("thief"), *parsed);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::unauthenticated);
    EXPECT_NE(again.error().text().find("ticket"), std::string::npos);
}

TEST_F(AgentsTest, WithoutATicketItSaysHowToGetOne) {
    const auto runtime = Runtime::create({.folder = agent_folder("lima"), .ticket = ""}, clock_);
    ASSERT_FALSE(runtime);
    EXPECT_NE(runtime.error().hint.find("quipu agents ticket"), std::string::npos);
    const auto nonsense = Runtime::create({.folder = agent_folder("lima"), .ticket = "quipu-ticket-1.@@"}, clock_);
    EXPECT_EQ(nonsense.error().code, ErrorCode::invalid);
}

TEST_F(AgentsTest, ARevokedCertificateIsRefused) {
    start_hub();
    const auto identity = enrol(agent_folder("lima"), *parse_ticket(ticket("lima")));
    ASSERT_TRUE(identity) << identity.error().text();
    const auto poll = [&] {
        net::ClientRequest request{.method = net::Method::post,
                                   .target = "/agent/v1/poll",
                                   .body = R"({"revision": 0, "version": "1", "facts": {}})"};
        request.headers.add("Content-Type", "application/json");
        return net::fetch(identity->hub, std::move(request), *identity->tls());
    };
    auto before = poll();
    ASSERT_TRUE(before) << before.error().text();
    EXPECT_EQ(before->status, 200);
    ASSERT_TRUE(agents_->revoke("lima", "stolen"));
    auto after = poll();
    ASSERT_TRUE(after) << after.error().text();
    EXPECT_EQ(after->status, 403);
    EXPECT_NE(after->body.find("revoked"), std::string::npos);
}

TEST_F(AgentsTest, ARequestWithoutACertificateIsRefused) {
    start_hub();
    const auto parsed = parse_ticket(ticket("lima"));
    const auto tls = net::TlsContext::client(parsed->authority, {});
    ASSERT_TRUE(tls);
    for (const char* target : {"/agent/v1/poll", "/agent/v1/records", "/agent/v1/renew"}) {
        const auto response =
            net::fetch(parsed->hub, {.method = net::Method::post, .target = target, .body = "{}"}, *tls);
        ASSERT_TRUE(response) << response.error().text();
        EXPECT_EQ(response->status, 401) << target;
    }
}

TEST_F(AgentsTest, WhatAServiceCannotKeepNowIsOfferedAgain) {
    start_hub();
    collector_->failures_to_come = 1;
    RunningAgent agent(agent_folder("lima"), ticket("lima"), clock_);
    agent.put("kept in the end");
    // The refused stream is offered again after the next thing happens.
    agent.tell("something else");
    EXPECT_EQ(collector_->wait_for(1), std::vector<std::string>{"lima kept in the end"});
}

TEST_F(AgentsTest, AKeyThatOthersCanReadKeepsTheServiceDown) {
    start_hub();
    hub_.reset();
    ASSERT_EQ(chmod((folder_.path() + "/hub/authority.key").c_str(), 0644), 0);
    HubOptions options;
    options.settings.port = 0;
    options.settings.data = folder_.path() + "/hub";
    options.settings.loops = 1;
    options.services.push_back(Agents::create());
    auto hub = Hub::create(std::move(options));
    ASSERT_TRUE(hub) << hub.error().text();
    ASSERT_TRUE((*hub)->start());
    const auto services = (*hub)->services();
    const auto it = std::ranges::find_if(services, [](const auto& s) { return s.name == "agents"; });
    ASSERT_NE(it, services.end());
    EXPECT_NE(json_text(*it).find("can be read by others"), std::string::npos) << json_text(*it);
}

}  // namespace
}  // namespace quipu::agent
