#include "services/measure/owamp/server.h"

#include <list>
#include <map>

#include "base/guarded.h"
#include "base/log.h"
#include "services/measure/owamp/control_connection.h"
#include "services/measure/owamp/twamp_reflectors.h"

namespace quipu::owamp {
namespace {

constexpr LogEvent kServing{LogLevel::info, "OWAMP_SERVING", "OWAMP or TWAMP is served"};
constexpr LogEvent kFault{LogLevel::warning, "OWAMP_CLIENT_LEFT", "A client of OWAMP or TWAMP was refused or left",
                          "See who it is; a wrong key and a broken client look alike."};
constexpr LogEvent kRefused{LogLevel::warning, "OWAMP_SESSION_REFUSED", "A test session was refused",
                            "Raise the limit if the client may have it; else see who asks for it."};
constexpr LogEvent kAcceptFailed{LogLevel::error, "OWAMP_ACCEPT_FAILED", "No connection can be accepted",
                                 "Raise the limit of open files."};

/// Whoever floods must not fill the disk, nor hide what somebody else does: in a minute each reason is told a few
/// times, and not too many of them.
class Told {
  public:
    bool tells(const std::string& why, Time now) {
        if (now - since_ >= std::chrono::minutes(1) || now < since_) {
            since_ = now;
            counts_.clear();
        }
        if (counts_.size() >= kReasons && !counts_.contains(why)) return false;
        return ++counts_[why] <= kTimes;
    }

  private:
    static constexpr std::size_t kReasons = 64;
    static constexpr int kTimes = 4;
    std::map<std::string, int> counts_;
    Time since_{};
};

class Server final : public OwampServer {
  public:
    Server(ServerSettings settings, std::unique_ptr<TestPlane> plane, stamp::ReflectorServer* reflector,
           const Clock& clock)
        : clock_(clock),
          plane_(std::move(plane)),
          reflectors_(reflector != nullptr ? std::make_unique<TwampReflectors>(*reflector) : nullptr),
          state_(std::move(settings), *plane_, system_secrets(), clock.now()),
          loops_(1) {}
    ~Server() override { loops_.stop(); }

    Result<void> listen(const Listen& where) {
        TRY(listen_at(where.owamp, listening_.owamp, nullptr));
        if (reflectors_) TRY(listen_at(where.twamp, listening_.twamp, reflectors_.get()));
        loop().spawn(look_after());
        return {};
    }
    [[nodiscard]] const Listen& listening() const override { return listening_; }
    [[nodiscard]] ServerCounters counters() const override {
        return published_.with([](const ServerCounters& counters) { return counters; });
    }
    [[nodiscard]] TrafficCounters traffic() const override { return plane_->counters(); }

  private:
    using Connection = ControlConnection<ServerSession>;

    [[nodiscard]] net::EventLoop& loop() { return loops_.at(0); }

    Result<void> listen_at(const std::vector<net::Endpoint>& addresses, std::vector<net::Endpoint>& out,
                           Reflectors* reflectors) {
        for (const net::Endpoint& address : addresses) {
            auto sockets = TRY(net::listen_on(address, 1));
            out.push_back(TRY(net::local_endpoint(sockets.front().get())));
            listeners_.push_back(std::move(sockets.front()));
            loop().spawn(accept(listeners_.back().get(), reflectors));
            log(kServing, {{"protocol", reflectors == nullptr ? "OWAMP" : "TWAMP"}, {"address", out.back().text()}});
        }
        return {};
    }

    Task<void> accept(int listening, Reflectors* reflectors) {
        for (;;) {
            loop().spawn(serve(co_await net::accept_next(loop(), listening, kAcceptFailed), reflectors));
        }
    }

    Task<void> serve(net::Descriptor socket, Reflectors* reflectors) {
        const auto peer = net::peer_endpoint(socket.get());
        const auto local = net::local_endpoint(socket.get());
        if (!peer || !local) co_return;
        net::keep_alive(socket.get());
        ServerSession session(state_, *peer, *local, clock_.now(), reflectors);
        Connection connection(loop(), session, net::StreamSocket::over(loop(), std::move(socket)), clock_);
        const Entry entry(connections_, connection, session);
        static_cast<void>(co_await connection.run());
        session.hang_up(clock_.now());
        tell_refusals(session);
        tell_fault(session);
    }

    void tell_refusals(ServerSession& session) {
        for (const std::string& why : session.take_refusals())
            if (told_.tells(why, clock_.now()))
                log(kRefused, {{"client", session.client()}, {"address", session.peer().text()}, {"why", why}});
    }

    void tell_fault(const ServerSession& session) {
        if (!session.fault().empty() && told_.tells(session.fault(), clock_.now()))
            log(kFault, {{"address", session.peer().text()}, {"why", session.fault()}});
    }

    /// Wakes the connections whose time has come.
    Task<void> look_after() {
        for (;;) {
            co_await loop().sleep(kControlTick);
            const Time now = clock_.now();
            state_.tick(now);
            published_.with([&](ServerCounters& counters) { counters = state_.counters(); });
            for (const auto& [connection, session] : connections_) {
                if (connection->next() <= now) connection->wake();
                tell_refusals(*session);
            }
        }
    }

    using Connections = std::list<std::pair<Connection*, ServerSession*>>;
    /// In the list for as long as it is served.
    class Entry {
      public:
        Entry(Connections& all, Connection& connection, ServerSession& session)
            : all_(all), at_(all.insert(all.end(), {&connection, &session})) {}
        ~Entry() { all_.erase(at_); }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

      private:
        Connections& all_;
        Connections::iterator at_;
    };

    const Clock& clock_;
    std::unique_ptr<TestPlane> plane_;
    std::unique_ptr<TwampReflectors> reflectors_;
    ServerState state_;
    Guarded<ServerCounters> published_;
    Connections connections_;
    Told told_;
    std::vector<net::Descriptor> listeners_;
    Listen listening_;
    net::LoopPool loops_;
};

}  // namespace

Result<std::unique_ptr<OwampServer>> OwampServer::start(const Listen& listen, ServerSettings settings,
                                                        const TestPlaneSettings& plane,
                                                        stamp::ReflectorServer* reflector, const Clock& clock) {
    auto server = std::make_unique<Server>(std::move(settings), TRY(TestPlane::start(clock, plane)), reflector, clock);
    TRY(server->listen(listen));
    return server;
}

}  // namespace quipu::owamp
