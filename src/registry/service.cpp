#include "registry/service.h"

#include <atomic>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "base/log.h"
#include "platform/config.h"
#include "registry/api.h"
#include "registry/exchange.h"

namespace quipu::registry {
namespace {

using namespace std::chrono_literals;

/// How long a change that another process made in the same database may stay unseen.
constexpr auto kLookEvery = 2s;

constexpr LogEvent kLoaded{LogLevel::info, "REGISTRY_LOADED", "The empty registry was filled from the network file."};
constexpr LogEvent kRefreshFailed{LogLevel::warning, "REGISTRY_REFRESH_FAILED",
                                  "The registry could not look for changes of other processes; it tries again.",
                                  "See the error; check the database. What is known goes on being served."};

struct Settings {
    std::string load;
    static constexpr auto describe() {
        return fields(field<&Settings::load>("load",
                                             "Network file that fills the registry when it is empty, such as "
                                             "networks/redclara-2011.toml; nothing when left out"));
    }
};

Result<std::string> text_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail_errno(errno, "open the network file", path);
    std::ostringstream text;
    text << file.rdbuf();
    if (file.bad()) return fail_errno(errno, "read the network file", path);
    return std::move(text).str();
}

class Running final : public RegistryService {
  public:
    [[nodiscard]] std::string_view name() const override { return "registry"; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kRegistryMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }

    Result<void> parse(const Value& section, const std::string& file) override {
        if (!section.is_null()) settings_ = TRY(read<Settings>(section, file));
        return {};
    }

    Result<void> provision(platform::House& house) override {
        house_ = &house;
        if (registry_ == nullptr) {
            registry_ = TRY(Registry::open(house.database, house.journal, house.clock));
            desk_ = std::make_unique<Desk>(*registry_);
            desk_->accredited = accredited_.load();
        } else {
            TRY(registry_->refresh());  // started again: others hold on to what is there
        }
        if (!settings_.load.empty() && registry_->now()->revision() == 0) TRY(load());
        add_object_routes(house.api, *desk_);
        add_exchange_routes(house.api, *desk_);
        add_question_routes(house.api, *desk_);
        for (const Kind kind : {Kind::organisations, Kind::sites, Kind::links})
            gauges_.push_back(house.metrics.gauge("quipu_registry_objects", "Objects of the registry today",
                                                  {{"kind", std::string(enum_name(kind))}},
                                                  [this, kind] { return count(kind); }));
        return {};
    }

    Result<void> start() override {
        watching_ = std::make_shared<std::atomic<bool>>(true);
        house_->loops.at(0).spawn(watch(*registry_, house_->loops.at(0), watching_));
        return {};
    }

    void drain() override { stop_watching(); }
    void stop() override {
        stop_watching();
        gauges_.clear();
    }

    [[nodiscard]] Registry& registry() override { return *registry_; }
    void accredit_by(Accredited accredited) override {
        accredited_ = std::make_shared<const Accredited>(std::move(accredited));
        if (desk_ != nullptr) desk_->accredited = accredited_.load();
    }

  private:
    Result<void> load() {
        const auto format = format_of_file(settings_.load);
        if (!format)
            return fail(ErrorCode::invalid,
                        fmt::format("\"{}\" does not end in .toml, .json, .csv or .graphml", settings_.load),
                        "registry.load");
        ChangeSet set;
        set.changes = TRY(
            read_registry(*format, TRY(text_of_file(settings_.load)), settings_.load, kind_of_file(settings_.load)));
        set.who = "system";
        set.why = "first start";
        set.source = settings_.load;
        const auto differences = TRY(registry_->apply(set));
        log(kLoaded, {{"file", settings_.load}, {"objects", differences.size()}});
        return {};
    }

    [[nodiscard]] double count(Kind kind) const {
        const auto now = registry_->now();
        const std::size_t size = kind == Kind::organisations ? now->all<Organisation>().size()
                                 : kind == Kind::sites       ? now->all<Site>().size()
                                                             : now->all<Link>().size();
        return static_cast<double>(size);
    }

    static Task<void> watch(Registry& registry, net::EventLoop& loop, std::shared_ptr<std::atomic<bool>> going) {
        while (*going) {
            co_await loop.sleep(kLookEvery);
            if (!*going) break;
            const auto refreshed = co_await loop.blocking([&registry] { return registry.refresh(); });
            if (!refreshed) log(kRefreshFailed, {{"error", refreshed.error().text()}});
        }
    }

    void stop_watching() {
        if (watching_ != nullptr) *watching_ = false;
    }

    Settings settings_;
    platform::House* house_ = nullptr;
    std::unique_ptr<Registry> registry_;
    std::unique_ptr<Desk> desk_;
    std::atomic<std::shared_ptr<const Accredited>> accredited_;
    std::vector<std::shared_ptr<void>> gauges_;
    std::shared_ptr<std::atomic<bool>> watching_;
};

}  // namespace

std::unique_ptr<RegistryService> make_registry_service() {
    return std::make_unique<Running>();
}

}  // namespace quipu::registry
