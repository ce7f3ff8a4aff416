#include "desk/operations/service.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/guarded.h"
#include "base/log.h"
#include "desk/operations/api.h"
#include "desk/operations/keeper.h"
#include "desk/operations/rooms.h"
#include "desk/operations/texts.h"
#include "platform/config.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;

constexpr LogEvent kFound{LogLevel::info, "OPERATIONS_OUTAGE", "An outage has begun, goes on or is over"};
constexpr LogEvent kNotKept{LogLevel::error, "OPERATIONS_NOT_KEPT",
                            "What was found out about an outage could not be kept; it is tried again",
                            "See the error; check the database and the disk."};
constexpr LogEvent kNotTended{LogLevel::error, "OPERATIONS_NOT_TENDED",
                              "Maintenance windows could not be looked after; it is tried again",
                              "See the error; check the database and the disk."};
constexpr LogEvent kNoTopology{LogLevel::warning, "OPERATIONS_NO_TOPOLOGY",
                               "The network can't be looked at whole: outages are not correlated", "See the error."};

constexpr Nanoseconds kLookEvery = 1s, kTendEvery = 10s;

struct Settings {
    std::int64_t gather_s = 20, heal_after_s = 120, flap_window_s = 900;
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::gather_s>("gather_s", "Seconds from the first sign of an outage until its part is named")
                .between(5, 60)
                .format("s"),
            field<&T::heal_after_s>("heal_after_s", "Seconds that it has to work before an outage is over")
                .between(10, 3600)
                .format("s"),
            field<&T::flap_window_s>("flap_window_s", "Seconds after that in which a failure is the same outage")
                .between(0, 86'400)
                .format("s"));
    }
};

class Running final : public OperationsService {
  public:
    explicit Running(Neighbours neighbours) : neighbours_(std::move(neighbours)) {}
    ~Running() override { end_watch(); }

    [[nodiscard]] std::string_view name() const override { return "operations"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override {
        std::vector<std::string_view> out{"registry"};
        if (neighbours_.desk) out.emplace_back("desk");
        if (neighbours_.notifier) out.emplace_back("notify");
        return out;
    }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kOperationsMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }

    Result<void> parse(const Value& section, const std::string& file) override {
        settings_ = {};
        if (!section.is_null()) settings_ = TRY(read<Settings>(section, file));
        return {};
    }

    Result<void> provision(platform::House& house) override {
        house_ = &house;
        registry_ = &neighbours_.registry();
        notify::Notifier* notifier = neighbours_.notifier ? neighbours_.notifier() : nullptr;
        if (notifier != nullptr) TRY(notifier->add_texts(kTexts));
        store_ = std::make_unique<Store>(house.database);
        keeper_ =
            std::make_unique<Keeper>(house.database, house.journal, *store_, *registry_, neighbours_.desk(), notifier);
        rooms_ = std::make_unique<Rooms>(house.clock, *store_, *keeper_, *registry_);
        add_outage_routes(house.api, *rooms_);
        add_maintenance_routes(house.api, *rooms_);
        add_on_call_routes(house.api, *rooms_);
        gauges_.push_back(house.metrics.gauge("quipu_operations_down", "Links, sites and points that are down", {},
                                              [this] { return down_.load(); }));
        return {};
    }

    Result<void> start() override {
        engine_.with([&](OutageEngine& engine) {
            engine = OutageEngine({.gather = std::chrono::seconds(settings_.gather_s),
                                   .heal_after = std::chrono::seconds(settings_.heal_after_s),
                                   .flap_window = std::chrono::seconds(settings_.flap_window_s)});
        });
        picture_ = nullptr;
        look_at_network();
        const Time now = house_->clock.now();
        const auto recent =
            TRY(store_->outages({.since = now - std::chrono::seconds(settings_.flap_window_s), .limit = 1000}));
        engine_.with([&](OutageEngine& engine) {
            for (auto outage = recent.rbegin(); outage != recent.rend(); ++outage)
                engine.resume(outage->part, outage->object, outage->state, outage->began, outage->ended);
        });
        // From its own place in the journal: what was escalated while the hub was away is told as well.
        escalations_ = TRY(house_->journal.subscribe("operations.on-call", false,
                                                     [this](const data::Event& event) { return tell_on_call(event); }));
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

    void observe(const PairReport& report) override {
        if (!open_) return;
        engine_.with([&](OutageEngine& engine) { engine.add(report, house_->clock.now()); });
    }

  private:
    Result<void> tell_on_call(const data::Event& event) {
        if (event.type != events::CaseEscalated::kType) return {};
        const auto escalated = read<events::CaseEscalated>(event.body);
        if (!escalated) return {};  // of another version: it can't be understood later either
        return keeper_->tell_on_call(*escalated, event.id, house_->clock.now());
    }

    void watch(const std::stop_token& stop) {
        std::mutex mutex;
        Time next_tend{};
        while (!stop.stop_requested()) {
            look_at_network();
            const Time now = house_->clock.now();
            look_at_points();
            auto findings = engine_.with([&](OutageEngine& engine) {
                auto found = engine.tick(now);
                down_ = static_cast<double>(engine.down().size());
                return found;
            });
            for (Finding& finding : findings)
                pending_.push_back(std::move(finding));
            keep_pending(now);
            if (now >= next_tend) {
                next_tend = now + kTendEvery;
                if (const auto tended = keeper_->tend(now); !tended)
                    log(kNotTended, {{"error", tended.error().text()}});
            }
            std::unique_lock lock(mutex);
            bell_.wait_for(lock, stop, kLookEvery, [] { return false; });
        }
    }

    /// In order: what could not be kept is tried again before what came after it.
    void keep_pending(Time now) {
        while (!pending_.empty()) {
            const Finding& finding = pending_.front();
            if (const auto kept = keeper_->take(finding, now); !kept) {
                log(kNotKept, {{"cause", finding.cause}, {"error", kept.error().text()}});
                return;
            }
            static constexpr std::string_view kWords[] = {"failed", "failed again", "works", "over"};
            log(kFound,
                {{"cause", finding.cause}, {"what", std::string(kWords[static_cast<std::size_t>(finding.what)])}});
            pending_.pop_front();
        }
    }

    void look_at_network() {
        auto picture = registry_->now();
        if (picture == picture_) return;
        picture_ = picture;
        const auto what_if = registry::WhatIf::create(picture);
        if (!what_if) {
            log(kNoTopology, {{"error", what_if.error().text()}});
            return;
        }
        auto topology = std::make_shared<const Topology>(**what_if);
        engine_.with([&](OutageEngine& engine) { engine.set_topology(std::move(topology)); });
    }

    void look_at_points() {
        if (!neighbours_.points) return;
        const auto points = neighbours_.points();
        engine_.with([&](OutageEngine& engine) {
            for (const auto& [site, connected] : points)
                engine.set_agent(site, connected);
        });
    }

    void end_watch() {
        escalations_.reset();
        if (!watch_.joinable()) return;
        watch_.request_stop();
        watch_.join();
    }

    const Neighbours neighbours_;
    Settings settings_;
    platform::House* house_ = nullptr;
    registry::Registry* registry_ = nullptr;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Keeper> keeper_;
    std::unique_ptr<Rooms> rooms_;
    std::vector<std::shared_ptr<void>> gauges_;
    std::atomic<bool> open_{false};
    std::atomic<double> down_{0};
    Guarded<OutageEngine> engine_;
    Picture picture_;              // of the watch's thread, once started
    std::deque<Finding> pending_;  // the same
    std::condition_variable_any bell_;
    std::unique_ptr<data::Journal::Subscription> escalations_;
    std::jthread watch_;
};

}  // namespace

std::unique_ptr<OperationsService> make_service(Neighbours neighbours) {
    return std::make_unique<Running>(std::move(neighbours));
}

}  // namespace quipu::operations
