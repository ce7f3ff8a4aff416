#include <atomic>

#include "base/log.h"
#include "desk/pert/pert.h"
#include "platform/config.h"

namespace quipu::pert {
namespace {

using namespace std::chrono_literals;

/// How late an end, a reminder or a due time may be noticed.
constexpr auto kTickEvery = 30s;

constexpr LogEvent kTickFailed{LogLevel::warning, "PERT_TICK_FAILED",
                               "Accreditations and requests could not be looked at; it is tried again.",
                               "See the error; check the database."};

struct Settings {
    std::int64_t accreditation_days = 730;
    std::vector<std::int64_t> remind_days = {60, 30, 7};
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::accreditation_days>("accreditation_days", "Days that an accreditation holds").between(30, 3660),
            field<&T::remind_days>("remind_days", "Days ahead of its end on which the team is reminded")
                .between(1, 365)
                .at_most_long(10));
    }
};

class Running final : public PertService {
  public:
    Running(std::function<registry::Registry&()> registry, HomeOf home_of)
        : registry_of_(std::move(registry)), home_of_(std::move(home_of)) {}

    [[nodiscard]] std::string_view name() const override { return kTag; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return {"registry"}; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kPertMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }

    Result<void> parse(const Value& section, const std::string& file) override {
        settings_ = {};
        if (!section.is_null()) settings_ = TRY(read<Settings>(section, file));
        return {};
    }
    Result<void> provision(platform::House& house) override {
        house_ = &house;
        if (pert_ == nullptr) {
            AccreditationTerms terms;
            terms.term = std::chrono::days(settings_.accreditation_days);
            terms.remind_days.assign(settings_.remind_days.begin(), settings_.remind_days.end());
            std::ranges::sort(terms.remind_days, std::greater{});
            pert_ = std::make_unique<Pert>(house.database, house.journal, registry_of_(), house.clock, std::move(terms),
                                           home_of_);
        }
        add_routes(house.api, *pert_, house.clock);
        return {};
    }
    Result<void> start() override {
        TRY(pert_->load());
        going_ = std::make_shared<std::atomic<bool>>(true);
        house_->loops.at(0).spawn(watch(*pert_, house_->loops.at(0), going_));
        return {};
    }
    void drain() override { end(); }
    void stop() override { end(); }

    [[nodiscard]] Pert& pert() override { return *pert_; }
    [[nodiscard]] bool provisioned() const override { return pert_ != nullptr; }

  private:
    static Task<void> watch(Pert& pert, net::EventLoop& loop, std::shared_ptr<std::atomic<bool>> going) {
        while (*going) {
            const auto ticked = co_await loop.blocking([&pert] { return pert.tick(); });
            if (!ticked) log(kTickFailed, {{"error", ticked.error().text()}});
            co_await loop.sleep(kTickEvery);
        }
    }
    void end() {
        if (going_ != nullptr) *going_ = false;
    }

    const std::function<registry::Registry&()> registry_of_;
    const HomeOf home_of_;
    Settings settings_;
    platform::House* house_ = nullptr;
    std::unique_ptr<Pert> pert_;
    std::shared_ptr<std::atomic<bool>> going_;
};

}  // namespace

std::unique_ptr<PertService> make_pert_service(std::function<registry::Registry&()> registry, HomeOf home_of) {
    return std::make_unique<Running>(std::move(registry), std::move(home_of));
}

}  // namespace quipu::pert
