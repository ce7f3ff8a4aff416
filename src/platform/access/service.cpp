// Access as a service of the hub: wires the core, its routes, the gatekeeper and the local administrator together.

#include <atomic>
#include <fmt/format.h>

#include "base/log.h"
#include "platform/access/core.h"
#include "platform/access/gatekeeper.h"
#include "platform/access/local.h"
#include "platform/access/routes.h"
#include "platform/config.h"

namespace quipu::access {
namespace {

using namespace std::chrono_literals;

constexpr auto kSweepEvery = 10s;

constexpr LogEvent kSweepFailed{LogLevel::warning, "ACCESS_SWEEP_FAILED",
                                "When sessions were used last could not be written; it is tried again.",
                                "see the error; check the database"};
constexpr LogEvent kNoLocal{
    LogLevel::warning, "ACCESS_NO_LOCAL_SECRET",
    "Commands on this machine have to sign in: the local administrator's file can't be written.",
    "see the error; or use `quipu login`, or QUIPU_TOKEN"};

class Running final : public AccessService {
  public:
    [[nodiscard]] std::string_view name() const override { return "access"; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kAccessMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }
    [[nodiscard]] bool indispensable() const override { return true; }

    Result<void> parse(const Value& section, const std::string& file) override {
        settings_ = {};
        if (!section.is_null()) settings_ = TRY(read<Settings>(section, file));
        if (settings_.session_idle <= 0s || settings_.session_life < settings_.session_idle)
            return fail(ErrorCode::invalid, "a session lives longer than it may stay unused", "access.session_life");
        return {};
    }

    Result<void> provision(platform::House& house) override {
        house_ = &house;
        TRY(core_->open(house, settings_));
        house.api.set_gatekeeper(make_gatekeeper(core_));
        add_session_routes(house.api, core_);
        add_account_routes(house.api, core_);
        return {};
    }

    Result<void> start() override {
        if (house_->loopback_only) admit_local();
        sweeping_ = std::make_shared<std::atomic<bool>>(true);
        house_->loops.at(0).spawn(sweep(core_, house_->loops.at(0), sweeping_));
        return {};
    }

    void drain() override { end(); }
    void stop() override {
        end();
        local_.reset();
        core_->set_local_secret({});
        core_->close();
    }

    [[nodiscard]] Access& access() override { return *core_; }

  private:
    void admit_local() {
        auto local = LocalSecret::open(house_->data_folder, house_->url ? house_->url() : std::string());
        if (!local) return log(kNoLocal, {{"error", local.error().text()}});
        local_ = std::move(*local);
        core_->set_local_secret(hash_of(local_->secret()));
    }

    static Task<void> sweep(std::shared_ptr<Core> core, net::EventLoop& loop,
                            std::shared_ptr<std::atomic<bool>> going) {
        while (*going) {
            co_await loop.sleep(kSweepEvery);
            if (!*going) break;
            const auto swept = co_await loop.blocking([&core] { return core->sweep(); });
            if (!swept) log(kSweepFailed, {{"error", swept.error().text()}});
        }
    }

    void end() {
        if (sweeping_ == nullptr) return;
        *sweeping_ = false;
        sweeping_.reset();
        // What was used within the last seconds is kept too.
        if (const auto swept = core_->sweep(); !swept) log(kSweepFailed, {{"error", swept.error().text()}});
    }

    Settings settings_;
    platform::House* house_ = nullptr;
    std::shared_ptr<Core> core_ = std::make_shared<Core>();
    std::unique_ptr<LocalSecret> local_;
    std::shared_ptr<std::atomic<bool>> sweeping_;
};

}  // namespace

std::unique_ptr<AccessService> make_access_service() {
    return std::make_unique<Running>();
}

}  // namespace quipu::access
