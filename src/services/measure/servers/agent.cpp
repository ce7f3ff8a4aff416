#include "services/measure/servers/agent.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "platform/config.h"
#include "services/measure/servers/servers.h"

namespace quipu::servers {
namespace {

constexpr LogEvent kNotServed{LogLevel::error, "MEASURE_NOT_SERVED",
                              "The measurement servers can't be started; it is tried again every half minute",
                              "See the error: a port that is taken, a privilege, the file of keys."};
constexpr Nanoseconds kTellEvery = std::chrono::seconds(10);
constexpr Nanoseconds kServeAgain = std::chrono::seconds(30);

class ServersPoint final : public agent::Part {
  public:
    explicit ServersPoint(Settings settings) : settings_(std::move(settings)) {}
    ~ServersPoint() override { halt(); }

    [[nodiscard]] std::string_view name() const override { return "measure_servers"; }

    [[nodiscard]] Result<void> start(const agent::PartContext& context) override {
        context_.emplace(context);
        if (settings_.clock_error == Nanoseconds::zero()) settings_.clock_error = context.clock_error;
        teller_ = std::jthread([this](const std::stop_token& stop) { tell(stop); });
        return {};
    }
    [[nodiscard]] Result<void> assign(const Value&) override { return {}; }
    void stop() override { halt(); }

  private:
    void halt() {
        if (!teller_.joinable()) return;
        teller_.request_stop();
        teller_.join();
        servers_.reset();
    }

    /// That others can't measure to here does not keep the point from its own work.
    void tell(const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any bell;
        std::unique_lock lock(mutex);
        Monotonic serve_at = context_->clock.monotonic();
        Figures figures;
        while (!stop.stop_requested()) {
            if (!servers_ && context_->clock.monotonic() >= serve_at) {
                auto started = Servers::start(settings_, context_->clock);
                serve_at = context_->clock.monotonic() + kServeAgain;
                if (!started) {
                    if (figures.problem != started.error().text()) log(kNotServed, {{"error", started.error().text()}});
                    figures.problem = started.error().text();
                } else {
                    servers_ = std::move(*started);
                }
            }
            if (servers_) figures = servers_->figures();
            context_->records.tell(kFiguresStream, as_bytes(json_text(figures)));
            bell.wait_for(lock, stop, kTellEvery, [] { return false; });
        }
    }

    Settings settings_;
    std::optional<agent::PartContext> context_;
    std::unique_ptr<Servers> servers_;  // of the teller's thread alone
    std::jthread teller_;
};

}  // namespace

Result<Settings> read_settings(const std::string& file) {
    const platform::Section known{"measure_servers", platform::settings_schema_of<Settings>()};
    const auto config = TRY(platform::Config::load(file, std::span(&known, 1)));
    auto settings = TRY(read<Settings>(config.section(known.name), file));
    TRY(settings.check());
    if (!settings.serves_anything())
        return fail(ErrorCode::invalid, "it serves nothing", file,
                    "[measure_servers.stamp] listen = [\"0.0.0.0:862\"]");
    return settings;
}

std::unique_ptr<agent::Part> make_point(Settings settings) {
    return std::make_unique<ServersPoint>(std::move(settings));
}

}  // namespace quipu::servers
