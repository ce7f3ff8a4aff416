#include "services/measure/exchange/service.h"

#include "platform/config.h"
#include "services/measure/exchange/api.h"

namespace quipu::exchange {
namespace {

struct ExchangeSettings {
    bool nmwg = true;
    std::vector<std::string> communities, domains;
    static constexpr auto describe() {
        using T = ExchangeSettings;
        return fields(field<&T::nmwg>("nmwg", "Answer perfSONAR MDM's clients at /services/MA/HADES"),
                      field<&T::communities>("communities", "Communities that the lookup record names"),
                      field<&T::domains>("domains", "Domains that the lookup record names"));
    }
};

class ExchangeService final : public platform::Service {
  public:
    explicit ExchangeService(std::function<registry::Registry&()> registry) : registry_of_(std::move(registry)) {}

    [[nodiscard]] std::string_view name() const override { return "exchange"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return {"registry", "measure", "throughput"}; }

    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<ExchangeSettings>(); }

    [[nodiscard]] Result<void> parse(const Value& section, const std::string& file) override {
        settings_ = section.is_null() ? ExchangeSettings() : TRY(read<ExchangeSettings>(section, file));
        return {};
    }
    [[nodiscard]] Result<void> provision(platform::House& house) override {
        points_ = std::make_unique<measure::PointStore>(house.archive);
        paths_ = std::make_unique<measure::PathHistory>(house.database, house.journal);
        throughput_ = std::make_unique<throughput::Store>(house.database);
        const Rooms rooms{.clock = house.clock,
                          .archive = house.archive,
                          .registry = registry_of_(),
                          .points = *points_,
                          .paths = *paths_,
                          .throughput = *throughput_,
                          .spool_folder = house.data_folder,
                          .network = house.network,
                          .url = house.url,
                          .communities = settings_.communities,
                          .domains = settings_.domains};
        add_export_route(house.api, rooms);
        add_raw_route(house.api, rooms);
        if (settings_.nmwg) add_nmwg_route(house.api, rooms);
        add_lookup_route(house.api, rooms);
        return {};
    }
    [[nodiscard]] Result<void> start() override { return {}; }

  private:
    const std::function<registry::Registry&()> registry_of_;
    ExchangeSettings settings_;
    std::unique_ptr<measure::PointStore> points_;
    std::unique_ptr<measure::PathHistory> paths_;
    std::unique_ptr<throughput::Store> throughput_;
};

}  // namespace

std::unique_ptr<platform::Service> make_service(std::function<registry::Registry&()> registry) {
    return std::make_unique<ExchangeService>(std::move(registry));
}

}  // namespace quipu::exchange
