#include "services/measure/servers/servers.h"

#include "services/measure/owamp/keys.h"
#include "services/measure/owamp/server.h"

namespace quipu::servers {
namespace {

owamp::ServerSettings control_settings(const Settings& settings, const owamp::Keys& keys) {
    owamp::ServerSettings out;
    out.keys = keys;
    if (!keys.empty()) out.modes |= owamp::mode::kAuthenticated | owamp::mode::kEncrypted;
    if (settings.keys_only) out.modes &= ~owamp::mode::kOpen;
    out.allowed = settings.allow;
    out.open = settings.open;
    out.keyed = settings.keyed;
    out.servwait = settings.servwait;
    return out;
}

stamp::ReflectorSettings reflector_settings(const Settings& settings, const owamp::Keys& keys) {
    stamp::ReflectorSettings out;
    out.keys = keys;
    out.open = !settings.keys_only;
    out.allowed = settings.allow;
    out.stateful = !settings.stamp.stateless;
    out.packets_per_second_of_client = settings.stamp.packets_per_second;
    out.most_sessions_of_client = settings.stamp.sessions;
    out.refwait = settings.refwait;
    // None of our own reflectors is asked by another one, whatever its port.
    for (const net::Endpoint& at : settings.stamp.listen)
        if (at.port != 0) out.reflector_ports.push_back(at.port);
    return out;
}

class RunningServers final : public Servers {
  public:
    Result<void> serve(const Settings& settings, const Clock& clock) {
        const owamp::Keys keys = settings.keys.empty() ? owamp::Keys{} : TRY(owamp::read_keys(settings.keys));
        if (settings.keys_only && keys.empty())
            return fail(ErrorCode::invalid, "there are no keys, and the open mode is not offered", "keys_only",
                        "name a file of keys");
        const bool twamp = !settings.twamp.listen.empty();
        // Without an address of its own it reflects what TWAMP-Control grants.
        if (twamp || !settings.stamp.listen.empty())
            reflector_ = TRY(stamp::ReflectorServer::start(settings.stamp.listen, reflector_settings(settings, keys),
                                                           settings.clock_error, clock, settings.test_ports));
        if (twamp || !settings.owamp.listen.empty())
            control_ = TRY(owamp::OwampServer::start(
                {.owamp = settings.owamp.listen, .twamp = settings.twamp.listen}, control_settings(settings, keys),
                {.ports = settings.test_ports, .clock_error = settings.clock_error}, reflector_.get(), clock));
        return {};
    }

    [[nodiscard]] Figures figures() const override {
        Figures out;
        if (reflector_) {
            const auto counters = reflector_->counters();
            out.stamp = reflector_->listening();
            out.reflected = static_cast<std::int64_t>(counters.reflected);
            out.not_reflected = static_cast<std::int64_t>(counters.refused);
            out.own_loss = static_cast<std::int64_t>(counters.overflowed + counters.unsent);
        }
        if (!control_) return out;
        out.owamp = control_->listening().owamp;
        out.twamp = control_->listening().twamp;
        const auto counters = control_->counters();
        out.connections = static_cast<std::int64_t>(counters.connections);
        out.connections_refused = static_cast<std::int64_t>(counters.connections_refused + counters.set_ups_refused);
        out.sessions = static_cast<std::int64_t>(counters.sessions);
        out.sessions_refused = static_cast<std::int64_t>(counters.sessions_refused);
        const auto traffic = control_->traffic();
        out.sent = static_cast<std::int64_t>(traffic.sent);
        out.received = static_cast<std::int64_t>(traffic.received);
        out.own_loss += static_cast<std::int64_t>(traffic.overflowed);
        return out;
    }

  private:
    std::unique_ptr<stamp::ReflectorServer> reflector_;  // outlives what grants its sessions
    std::unique_ptr<owamp::OwampServer> control_;
};

}  // namespace

Result<void> Settings::check() const {
    TRY(check_between("servwait", servwait, std::chrono::seconds(1), std::chrono::hours(24)));
    TRY(check_between("refwait", refwait, std::chrono::seconds(1), std::chrono::hours(24)));
    return check_between("clock_error", clock_error, Nanoseconds::zero(), std::chrono::seconds(1));
}

Result<std::unique_ptr<Servers>> Servers::start(const Settings& settings, const Clock& clock) {
    TRY(settings.check());
    auto servers = std::make_unique<RunningServers>();
    TRY(servers->serve(settings, clock));
    return servers;
}

}  // namespace quipu::servers
