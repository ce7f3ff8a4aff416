#include "services/rpki/service/service.h"

#include <algorithm>

#include "base/guarded.h"
#include "base/log.h"
#include "platform/config.h"
#include "platform/listener.h"
#include "services/rpki/rtr/store.h"
#include "services/rpki/service/api.h"
#include "services/rpki/service/guard_record.h"
#include "services/rpki/service/routinator.h"

namespace quipu::rpki {
namespace {

constexpr LogEvent kNotTold{LogLevel::error, "RPKI_NOT_TOLD",
                            "That the guard holds or releases a change could not be told", "See the error."};

class Running final : public RpkiService {
  public:
    explicit Running(Neighbours neighbours) : neighbours_(std::move(neighbours)) {}

    [[nodiscard]] std::string_view name() const override { return "rpki"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override {
        std::vector<std::string_view> out{"registry"};
        if (neighbours_.desk) out.emplace_back("desk");
        return out;
    }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kRtrMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<RpkiSettings>(); }

    Result<void> parse(const Value& section, const std::string& file) override {
        settings_ = {};
        if (!section.is_null()) settings_ = TRY(read<RpkiSettings>(section, file));
        return settings_.check();
    }

    Result<void> provision(platform::House& house) override {
        house_ = &house;
        Rooms rooms;
        if (neighbours_.desk) {
            rooms.desk = &neighbours_.desk();
            cases_.emplace(house.database, neighbours_.registry(), *rooms.desk);
        }
        if (!settings_.tals.empty()) {
            RtrSettings rtr = settings_.rtr;
            for (const net::Endpoint& address : more_addresses_)
                if (!listens_at(rtr, address)) rtr.listen.emplace_back(address);
            // Without an address it keeps the serials that the outputs tell of.
            rtr_ = TRY(RtrServer::start(rtr, TRY(identity_of(house)), house.database, house.clock));
            rounds_ = TRY(
                Rounds::create(settings_, house.data_folder + "/rpki", house.clock, neighbours_.registry(), rtr_.get(),
                               {.guard = [this](const GuardTurn& turn) { note(record(house_->journal, turn)); },
                                .published = [this](auto published) { publisher_.publish(std::move(published)); }}));
            told_by_.with([this](RtrServer*& server) { server = rtr_.get(); });
            rooms.rounds = rounds_.get();
            if (serves_routers()) rooms.rtr = rtr_.get();
            add_metrics(house.metrics);
        }
        const RoutinatorSource source{.publisher = &publisher_,
                                      .rtr = rtr_.get(),
                                      .clock = &house.clock,
                                      .version = neighbours_.version,
                                      .validates = rounds_ != nullptr};
        add_routinator_routes(house.api, source);
        gauges_.push_back(house.metrics.text_from([source] { return routinator_metrics(source); }));
        if (!settings_.routinator_listen.empty())
            routinator_ = TRY(RoutinatorServer::listen(house.loops, settings_.routinator_listen, source));
        add_state_routes(house.api, rooms);
        add_validity_routes(house.api, rooms);
        add_guard_routes(house.api, rooms);
        add_member_routes(house.api, rooms);
        return {};
    }

    Result<void> start() override {
        // From its own place in the journal: what was held while the desk was away is raised as well.
        if (cases_)
            held_ = TRY(house_->journal.subscribe("rpki.guard-cases", false,
                                                  [this](const data::Event& event) { return cases_->take(event); }));
        if (rounds_) rounds_->start();
        return {};
    }
    void drain() override {
        if (rounds_) rounds_->stop();
        held_.reset();
        publisher_.close();
    }
    void stop() override {
        drain();
        routinator_.reset();
        gauges_.clear();
        told_by_.with([](RtrServer*& server) { server = nullptr; });
        rounds_.reset();
        rtr_.reset();
    }

    void listen_also(const net::Endpoint& address) override { more_addresses_.push_back(address); }
    [[nodiscard]] std::optional<RtrState> told() const override {
        return told_by_.with(
            [](RtrServer* server) { return server == nullptr ? std::optional<RtrState>() : server->state(); });
    }

  private:
    /// What is presented to routers over TLS: a certificate of the operator's choice, else the portal's.
    Result<std::optional<net::KeyPair>> identity_of(const platform::House& house) const {
        const RtrSettings& rtr = settings_.rtr;
        if (rtr.listen_tls.empty()) return std::nullopt;
        if (!rtr.tls_certificate.empty()) {
            platform::HubSettings named;
            named.tls_certificate = rtr.tls_certificate;
            named.tls_key = rtr.tls_key;
            return TRY(platform::hub_identity(named, house.clock.now()));
        }
        if (house.identity) return TRY(house.identity());
        return std::nullopt;
    }
    /// 0.0.0.0 with the same port takes it in.
    static bool listens_at(const RtrSettings& rtr, const net::Endpoint& address) {
        return std::ranges::any_of(rtr.listen, [&](const net::Endpoint& one) {
            const bool any = one.address == net::IpAddress::v4(0);
            return one.port == address.port && (any || one.address == address.address);
        });
    }

    void add_metrics(platform::Metrics& metrics) {
        const auto gauge = [&](std::string_view name, std::string_view help, auto value) {
            gauges_.push_back(metrics.gauge(name, help, {}, [this, value] {
                const auto state = rounds_->state();
                return state ? static_cast<double>(value(*state)) : 0.0;
            }));
        };
        gauge("quipu_rpki_vrps", "Validated ROA payloads", [](const State& s) { return s.tree->totals.vrps; });
        gauge("quipu_rpki_vrps_served", "What routers get", [](const State& s) { return s.served->vrps.size(); });
        gauge("quipu_rpki_points", "Publication points", [](const State& s) { return s.tree->totals.points; });
        gauge("quipu_rpki_points_stored", "Publication points on their last valid version",
              [](const State& s) { return s.tree->totals.points_stored; });
        gauge("quipu_rpki_objects_refused", "Objects refused", [](const State& s) { return s.tree->totals.refused; });
        gauge("quipu_rpki_validation_seconds", "How long the last validation took",
              [](const State& s) { return s.seconds; });
        gauge("quipu_rpki_validated_timestamp_seconds", "Time of the last validation",
              [](const State& s) { return std::chrono::duration<double>(s.validated.time_since_epoch()).count(); });
        gauge("quipu_rpki_held", "1 while the guard holds a change", [](const State& s) { return s.held ? 1 : 0; });
        if (serves_routers())
            gauges_.push_back(metrics.gauge("quipu_rpki_rtr_clients", "Routers connected", {},
                                            [this] { return static_cast<double>(rtr_->state().clients); }));
    }

    bool serves_routers() const { return settings_.serves_routers() || !more_addresses_.empty(); }

    static void note(const Result<void>& done) {
        if (!done) log(kNotTold, {{"error", done.error().text()}});
    }

    const Neighbours neighbours_;
    RpkiSettings settings_;
    platform::House* house_ = nullptr;
    std::vector<net::Endpoint> more_addresses_;
    std::unique_ptr<RtrServer> rtr_;
    Guarded<RtrServer*> told_by_{nullptr};  // rtr_ while it stands, for told()
    std::unique_ptr<Rounds> rounds_;
    std::optional<GuardCases> cases_;
    std::unique_ptr<data::Journal::Subscription> held_;
    Publisher publisher_;
    std::unique_ptr<RoutinatorServer> routinator_;
    std::vector<std::shared_ptr<void>> gauges_;
};

}  // namespace

std::unique_ptr<RpkiService> make_rpki_service(Neighbours neighbours) {
    return std::make_unique<Running>(std::move(neighbours));
}

}  // namespace quipu::rpki
