#include "services/measure/servers/service.h"

#include <map>

#include "base/guarded.h"
#include "base/log.h"
#include "platform/api_typed.h"
#include "platform/config.h"
#include "services/measure/pages.h"
#include "services/measure/servers/servers.h"

namespace quipu::servers {
namespace {

constexpr LogEvent kOdd{LogLevel::warning, "MEASURE_SERVERS_ODD", "What an agent says of its servers can't be read",
                        "See that agent and hub are of the same version."};
constexpr std::string_view kHub = "hub";
// An agent tells every ten seconds; one that is silent for longer is away, or serves no more.
constexpr Nanoseconds kSilent = std::chrono::minutes(1);

/// The servers of one place, as the API has them.
struct Place : Figures {
    std::string place;
    Time time{};
    static constexpr auto describe() {
        return std::tuple_cat(fields(field<&Place::place>("place", "\"hub\", or the agent: its site's id").required(),
                                     field<&Place::time>("time", "When it told that").required()),
                              Figures::describe());
    }
};

class ServersService final : public platform::Service {
  public:
    explicit ServersService(agent::Agents& agents) : agents_(agents) {}

    [[nodiscard]] std::string_view name() const override { return "measure_servers"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return {"agents"}; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }

    [[nodiscard]] Result<void> parse(const Value& section, const std::string& file) override {
        settings_ = section.is_null() ? Settings() : TRY(read<Settings>(section, file));
        return settings_.check();
    }

    [[nodiscard]] Result<void> provision(platform::House& house) override {
        house_ = &house;
        agents_.add_stream(std::string(kFiguresStream), [this](const auto& batch) { return take(batch); });
        house.api.get<platform::PageQuery, platform::Page<Place>>(
            {.path = "/api/v1/measure/servers",
             .summary = "Where OWAMP, TWAMP and STAMP are served, and how much",
             .tag = "measure",
             .permission = platform::Permission::see_public,
             .command = "quipu measure servers"},
            [this](const platform::Call&, const platform::PageQuery& query) { return list(query); });
        add_metrics(house.metrics);
        return {};
    }

    /// A port that is taken or a key that can't be read is a failure: the service is shown red and tried again.
    [[nodiscard]] Result<void> start() override {
        if (!settings_.serves_anything()) return {};
        auto started = std::shared_ptr<Servers>(TRY(Servers::start(settings_, house_->clock)));
        own_.with([&](auto& own) { own = std::move(started); });
        return {};
    }

    void stop() override {
        // Its threads end outside of the lock.
        const auto last = own_.with([](auto& own) { return std::exchange(own, nullptr); });
        metrics_.clear();
    }

  private:
    [[nodiscard]] std::shared_ptr<Servers> own() const {
        return own_.with([](const auto& own) { return own; });
    }

    Result<void> take(const agent::StreamBatch& batch) {
        for (const ByteSpan payload : batch.payloads) {
            const auto value = parse_json(as_text(payload), "figures of " + batch.agent);
            auto figures = value ? read<Figures>(*value) : Result<Figures>(std::unexpected(value.error()));
            if (!figures) {
                log(kOdd, {{"agent", batch.agent}, {"error", figures.error().text()}});
                continue;
            }
            Place told;
            static_cast<Figures&>(told) = std::move(*figures);
            told.place = batch.agent;
            told.time = house_->clock.now();
            told_.with([&](auto& all) { all[told.place] = std::move(told); });
        }
        return {};
    }

    /// The hub first, then the agents by name.
    [[nodiscard]] Result<platform::Page<Place>> list(const platform::PageQuery& query) const {
        const Time now = house_->clock.now();
        platform::Page<Place> page;
        if (const auto servers = own()) {
            Place hub;
            static_cast<Figures&>(hub) = servers->figures();
            hub.place = kHub;
            hub.time = now;
            page.items.push_back(std::move(hub));
        }
        told_.with([&](const auto& told) {
            for (const auto& [agent, place] : told)
                if (now - place.time < kSilent) page.items.push_back(place);
        });
        if (!query.cursor.empty()) {
            const std::string after = TRY(platform::read_cursor(query.cursor));
            const auto rank = [](std::string_view place) { return std::pair(place != kHub, place); };
            std::erase_if(page.items, [&](const Place& place) { return rank(place.place) <= rank(after); });
        }
        measure::cut_page(page, query.limit, [](const Place& place) { return place.place; });
        return page;
    }

    void add_metrics(platform::Metrics& metrics) {
        const auto counter = [&](std::string_view metric, std::string_view help, std::int64_t Figures::* member) {
            metrics_.push_back(metrics.counter_from(metric, help, {}, [this, member] {
                const auto servers = own();
                return servers ? static_cast<double>(servers->figures().*member) : 0.0;
            }));
        };
        counter("quipu_measure_server_connections_total", "Control connections of OWAMP and TWAMP",
                &Figures::connections);
        counter("quipu_measure_server_connections_refused_total", "Of those: refused", &Figures::connections_refused);
        counter("quipu_measure_server_sessions_total", "Test sessions accepted", &Figures::sessions);
        counter("quipu_measure_server_sessions_refused_total", "Test sessions refused", &Figures::sessions_refused);
        counter("quipu_measure_server_reflected_total", "TWAMP and STAMP packets answered", &Figures::reflected);
        counter("quipu_measure_server_not_reflected_total", "TWAMP and STAMP packets without an answer",
                &Figures::not_reflected);
        counter("quipu_measure_server_own_loss_total", "Test packets that our own buffers lost", &Figures::own_loss);
    }

    agent::Agents& agents_;
    Settings settings_;
    platform::House* house_ = nullptr;
    Guarded<std::shared_ptr<Servers>> own_;
    Guarded<std::map<std::string, Place>> told_;  // by agent
    std::vector<std::shared_ptr<void>> metrics_;
};

}  // namespace

std::unique_ptr<platform::Service> make_service(agent::Agents& agents) {
    return std::make_unique<ServersService>(agents);
}

}  // namespace quipu::servers
