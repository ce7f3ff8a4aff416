#include "services/rpki/service/service.h"

#include "base/log.h"
#include "platform/config.h"
#include "platform/listener.h"
#include "services/rpki/rtr/store.h"
#include "services/rpki/service/api.h"
#include "services/rpki/service/guard_record.h"

namespace quipu::rpki {
namespace {

constexpr LogEvent kNotTold{LogLevel::error, "RPKI_NOT_TOLD",
                            "That the guard holds or releases a change could not be told", "See the error."};

class Running final : public platform::Service {
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
            const RtrSettings& rtr = settings_.rtr;
            if (!rtr.listen.empty() || !rtr.listen_tls.empty() || !rtr.local_socket.empty())
                rtr_ = TRY(RtrServer::start(rtr, TRY(identity_of(house)), house.database, house.clock));
            rounds_ = TRY(
                Rounds::create(settings_, house.data_folder + "/rpki", house.clock, neighbours_.registry(), rtr_.get(),
                               {.guard = [this](const GuardTurn& turn) { note(record(house_->journal, turn)); }}));
            rooms.rounds = rounds_.get();
            rooms.rtr = rtr_.get();
            add_metrics(house.metrics);
        }
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
    }
    void stop() override {
        drain();
        gauges_.clear();
        rounds_.reset();
        rtr_.reset();
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
        if (rtr_)
            gauges_.push_back(metrics.gauge("quipu_rpki_rtr_clients", "Routers connected", {},
                                            [this] { return static_cast<double>(rtr_->state().clients); }));
    }

    static void note(const Result<void>& done) {
        if (!done) log(kNotTold, {{"error", done.error().text()}});
    }

    const Neighbours neighbours_;
    RpkiSettings settings_;
    platform::House* house_ = nullptr;
    std::unique_ptr<RtrServer> rtr_;
    std::unique_ptr<Rounds> rounds_;
    std::optional<GuardCases> cases_;
    std::unique_ptr<data::Journal::Subscription> held_;
    std::vector<std::shared_ptr<void>> gauges_;
};

}  // namespace

std::unique_ptr<platform::Service> make_rpki_service(Neighbours neighbours) {
    return std::make_unique<Running>(std::move(neighbours));
}

}  // namespace quipu::rpki
