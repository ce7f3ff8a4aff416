// The hub's service "agents": wires authority, listeners, server and routes together.

#include <fmt/format.h>

#include "agent/api.h"
#include "agent/authority.h"
#include "agent/hub.h"
#include "agent/server.h"
#include "net/http_server.h"
#include "platform/config.h"

namespace quipu::agent {
namespace {

struct Settings {
    std::vector<std::string> listen = {"127.0.0.1:8443"};
    std::vector<std::string> names;
    std::string advertise;
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::listen>("listen", "Addresses, with port, that agents connect to"),
            field<&T::names>("names", "Further DNS names and addresses by which agents know the hub"),
            field<&T::advertise>(
                "advertise", "The address written on tickets, \"https://HOST:PORT\"; the last of `listen` when empty"));
    }
};

class AgentsService final : public Agents {
  public:
    [[nodiscard]] std::string_view name() const override { return "agents"; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kAgentMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }

    Result<void> parse(const Value& section, const std::string& file) override {
        if (!section.is_null()) settings_ = TRY(read<Settings>(section, file));
        if (settings_.listen.empty()) return fail(ErrorCode::invalid, "names no address", "agents.listen");
        addresses_.clear();
        for (const std::string& text : settings_.listen)
            addresses_.push_back(TRY(net::Endpoint::parse(text)));
        return {};
    }

    Result<void> provision(platform::House& house) override {
        house_ = &house;
        net::KeyPair authority = TRY(open_authority(house.data_folder, house.clock.now()));
        std::vector<net::Endpoint> addresses = addresses_;
        addresses.insert(addresses.end(), more_addresses_.begin(), more_addresses_.end());
        std::vector<std::string> names = settings_.names;
        for (const net::Endpoint& address : addresses)
            names.push_back(address.address.text());
        // Made anew at each start: nobody but the authority vouches for it, so nothing is lost with it.
        const net::KeyPair identity =
            TRY(net::pki::make_server(authority, names, house.clock.now(), std::chrono::days(825)));
        const net::TlsContext tls = TRY(net::TlsContext::server(identity, authority.certificate));
        server_ = std::make_shared<Server>(house, std::move(authority));
        for (const auto& [part, assign] : parts_)
            server_->add_part(part, assign);
        for (const auto& [stream, take] : streams_)
            server_->add_stream(stream, take);
        TRY(server_->load());
        for (const net::Endpoint& address : addresses)
            listeners_.push_back(TRY(net::HttpServer::listen(
                house.loops, address, [server = server_](net::HttpRequest& request) { return server->handle(request); },
                tls, {.body_octets = 2UL * 1024 * 1024})));
        connected_ = house.metrics.gauge("quipu_agents_connected", "Agents that are connected", {}, [server = server_] {
            double count = 0;
            for (const AgentInfo& agent : server->agents())
                count += agent.connected ? 1 : 0;
            return count;
        });
        add_routes(house.api, *this);
        return {};
    }

    Result<void> start() override {
        house_->loops.at(0).spawn(server_->clockwork());
        return {};
    }

    void drain() override {
        if (server_) server_->stop();
        for (const auto& listener : listeners_)
            listener->drain(std::chrono::seconds(2));
    }

    void stop() override {
        if (server_) server_->stop();
        connected_.reset();
        listeners_.clear();
        server_.reset();
    }

    void add_part(std::string part, Assign assign) override {
        parts_[part] = assign;
        if (server_) server_->add_part(std::move(part), std::move(assign));
    }
    void add_stream(std::string stream, std::function<Result<void>(const StreamBatch&)> take) override {
        Server::put(streams_, stream, take);
        if (server_) server_->add_stream(stream, std::move(take));
    }
    void invalidate() override {
        if (server_) server_->invalidate();
    }
    [[nodiscard]] std::vector<AgentInfo> agents() const override {
        return server_ ? server_->agents() : std::vector<AgentInfo>{};
    }

    [[nodiscard]] Result<std::string> make_ticket(std::string_view agent, Nanoseconds life) override {
        if (!server_) return fail(ErrorCode::unavailable, "the agents' service is not running");
        const std::string secret = TRY(server_->make_secret(agent, life));
        return format_ticket({.agent = std::string(agent),
                              .hub = settings_.advertise.empty() ? "https://" + address().text() : settings_.advertise,
                              .authority = server_->authority().certificate,
                              .secret = secret});
    }
    [[nodiscard]] Result<void> revoke(std::string_view agent, std::string_view why) override {
        if (!server_) return fail(ErrorCode::unavailable, "the agents' service is not running");
        return server_->revoke(agent, why);
    }
    void listen_also(const net::Endpoint& address) override { more_addresses_.push_back(address); }
    [[nodiscard]] net::Endpoint address() const override {
        return listeners_.empty() ? net::Endpoint{} : listeners_.back()->address();
    }

  private:
    Settings settings_;
    std::vector<net::Endpoint> addresses_;
    std::vector<net::Endpoint> more_addresses_;
    platform::House* house_ = nullptr;
    std::map<std::string, Assign> parts_;
    Server::Streams streams_;
    std::shared_ptr<Server> server_;
    std::vector<std::unique_ptr<net::HttpServer>> listeners_;
    std::shared_ptr<void> connected_;
};

}  // namespace

std::unique_ptr<Agents> Agents::create() {
    return std::make_unique<AgentsService>();
}

}  // namespace quipu::agent
