#include "services/measure/exchange/service.h"

#include "services/measure/exchange/api.h"

namespace quipu::exchange {
namespace {

class ExchangeService final : public platform::Service {
  public:
    explicit ExchangeService(std::function<registry::Registry&()> registry) : registry_of_(std::move(registry)) {}

    [[nodiscard]] std::string_view name() const override { return "exchange"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return {"registry", "measure"}; }

    [[nodiscard]] Result<void> parse(const Value&, const std::string&) override { return {}; }
    [[nodiscard]] Result<void> provision(platform::House& house) override {
        const Rooms rooms{.clock = house.clock,
                          .archive = house.archive,
                          .registry = registry_of_(),
                          .spool_folder = house.data_folder};
        add_export_route(house.api, rooms);
        return {};
    }
    [[nodiscard]] Result<void> start() override { return {}; }

  private:
    const std::function<registry::Registry&()> registry_of_;
};

}  // namespace

std::unique_ptr<platform::Service> make_service(std::function<registry::Registry&()> registry) {
    return std::make_unique<ExchangeService>(std::move(registry));
}

}  // namespace quipu::exchange
