#pragma once
// The hub's side of the agents without any network, for tests of services that have an agent part: the test makes
// agents join and speak.

#include <atomic>
#include <map>
#include <utility>

#include "agent/hub.h"
#include "base/guarded.h"

namespace quipu::agent {

class TestAgents final : public Agents {
  public:
    /// `part`: the one that the service under test has.
    explicit TestAgents(std::string part) : part_(std::move(part)) {}

    [[nodiscard]] std::string_view name() const override { return "agents"; }
    [[nodiscard]] Result<void> parse(const Value&, const std::string&) override { return {}; }
    [[nodiscard]] Result<void> provision(platform::House&) override { return {}; }
    [[nodiscard]] Result<void> start() override { return {}; }
    void add_part(std::string, Assign assign) override { assign_ = std::move(assign); }
    void add_stream(std::string stream, std::function<Result<void>(const StreamBatch&)> take) override {
        streams_[std::move(stream)] = std::move(take);
    }
    void invalidate() override { ++invalidated; }
    [[nodiscard]] std::vector<AgentInfo> agents() const override {
        return infos_.with([](const auto& all) { return all; });
    }
    [[nodiscard]] Result<std::string> make_ticket(std::string_view, Nanoseconds) override {
        return fail(ErrorCode::unsupported, "no");
    }
    [[nodiscard]] Result<void> revoke(std::string_view, std::string_view) override { return {}; }
    void listen_also(const net::Endpoint&) override {}
    [[nodiscard]] net::Endpoint address() const override { return {}; }

    /// An agent that is connected from now on; `facts`: what its part says of itself.
    void join(std::string site, Value facts) {
        AgentInfo info{.id = std::move(site), .connected = true};
        info.facts.set(part_, std::move(facts));
        infos_.with([&](auto& all) { all.push_back(std::move(info)); });
    }
    /// It was heard last at `seen`.
    void leave(std::string_view site, Time seen) {
        infos_.with([&](auto& all) {
            for (AgentInfo& info : all) {
                if (info.id != site) continue;
                info.connected = false;
                info.seen = seen;
            }
        });
    }
    /// What the part of this agent is to do; null: nothing, or not known yet.
    [[nodiscard]] Value work(const std::string& site) const { return assign_({.id = site}).value_or(Value()); }
    /// What an agent sends of a stream, as the hub hands it on.
    [[nodiscard]] Result<void> deliver(const std::string& agent, std::string_view stream, std::uint64_t first,
                                       const std::vector<std::vector<std::uint8_t>>& payloads) {
        StreamBatch batch{
            .agent = agent, .spool = "s", .stream = std::string(stream), .first_sequence = first, .payloads = {}};
        for (const auto& payload : payloads)
            batch.payloads.emplace_back(payload);
        return streams_.at(batch.stream)(batch);
    }

    std::atomic<int> invalidated = 0;

  private:
    const std::string part_;
    Guarded<std::vector<AgentInfo>> infos_;
    Assign assign_;
    std::map<std::string, std::function<Result<void>(const StreamBatch&)>> streams_;
};

}  // namespace quipu::agent
