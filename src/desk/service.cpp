#include <algorithm>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "desk/api.h"
#include "desk/case_desk.h"
#include "events/events.h"
#include "platform/config.h"

namespace quipu::desk {
namespace {

using namespace std::chrono_literals;

/// How long a service clock that another process started may stay unseen.
constexpr Nanoseconds kLookEvery = 30s;

/// Files that no case names, of uploads that were refused or cut off.
constexpr Nanoseconds kSweepEvery = 6h;

constexpr LogEvent kNotSwept{LogLevel::warning, "DESK_NOT_SWEPT",
                             "Files that no case names could not be removed; it is tried again in some hours",
                             "See the error; check the data folder's attachments."};
constexpr LogEvent kClocksFailed{LogLevel::error, "DESK_CLOCKS",
                                 "The desk could not look after its service clocks; it tries again",
                                 "See the error; check the database."};
constexpr LogEvent kNoZone{LogLevel::warning, "DESK_NO_ZONE",
                           "The desk counts working time in UTC: a country's time zone can't be read",
                           "Install tzdata, and see the setting country in section [desk]."};

struct PromiseSetting {
    Queue queue = Queue::help;
    Priority priority = Priority::normal;
    Nanoseconds answer{}, solution{};
    bool around_the_clock = false;
    static constexpr auto describe() {
        using T = PromiseSetting;
        return fields(
            field<&T::queue>("queue", "The queue").required(),
            field<&T::priority>("priority", "The priority").required(),
            field<&T::answer>("answer", "Working time until the first answer, such as \"2h\"; nothing if left out"),
            field<&T::solution>("solution", "Working time until the solution"),
            field<&T::around_the_clock>("around_the_clock", "Nights, weekends and holidays count too"));
    }
};

/// Section [desk].
struct Settings {
    std::string country;
    std::string language = "en";
    Nanoseconds day_begins = 9h;
    Nanoseconds day_ends = 18h;
    Nanoseconds flapping = 30min;
    ByteCount largest_attachment{10 * 1024 * 1024};
    ByteCount attachments_a_day{200 * 1024 * 1024};
    std::vector<PromiseSetting> promises;
    std::vector<HolidayChange> holidays;
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::country>("country",
                               "Whose working hours and holidays count for a case without an organisation; UTC "
                               "without holidays when empty")
                .at_most_long(2),
            field<&T::language>("language", "Of a case whose language nobody knows: es, pt, en").at_most_long(2),
            field<&T::day_begins>("day_begins", "When people begin to work, Monday to Friday, such as \"9h\""),
            field<&T::day_ends>("day_ends", "When they go home"),
            field<&T::flapping>("flapping", "A cause that is back so soon opens its closed case again"),
            field<&T::largest_attachment>("largest_attachment", "Octets; \"10 MiB\" is read too").at_least(0),
            field<&T::attachments_a_day>("attachments_a_day", "Octets of files that one person may send in a day")
                .at_least(0),
            field<&T::promises>("promises", "Service clocks, instead of the house's own").at_most_long(16),
            field<&T::holidays>("holidays", "Holidays that the list does not have, and days of it on which people work")
                .at_most_long(4000));
    }
};

class RunningDesk final : public DeskService {
  public:
    explicit RunningDesk(std::function<registry::Registry&()> registry) : registry_of_(std::move(registry)) {}
    ~RunningDesk() override { end_watch(); }

    [[nodiscard]] std::string_view name() const override { return "desk"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return {"registry"}; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kDeskMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }
    [[nodiscard]] Desk& desk() override { return *desk_; }
    void ask_people_by(std::function<std::vector<Caller>()> people) override { people_ = std::move(people); }

    [[nodiscard]] Result<void> parse(const Value& section, const std::string& file) override {
        settings_ = section.is_null() ? Settings{} : TRY(read<Settings>(section, file));
        if (settings_.day_begins < 0h || settings_.day_begins >= settings_.day_ends || settings_.day_ends > 24h)
            return fail(ErrorCode::invalid, "a working day begins before it ends, within 24 hours", "desk.day_begins");
        return {};
    }

    [[nodiscard]] Result<void> provision(platform::House& house) override {
        house_ = &house;
        if (desk_ == nullptr) {
            auto files = TRY(Files::open(house.data_folder + "/attachments"));
            desk_ = std::make_unique<CaseDesk>(
                CaseDesk::House{house.database, house.journal, house.archive, registry_of_(), house.clock},
                std::move(files), rules(), [bell = bell_] { bell->ring(); });
            desk_->ask_people_by(people_);
        } else {
            desk_->set_rules(rules());  // started again: others hold on to what is there
        }
        if (const auto zone = Zone::load(zone_of_country(settings_.country)); !zone)
            log(kNoZone, {{"country", settings_.country}, {"error", zone.error().text()}});
        add_routes(house.api, *desk_);
        for (const auto& [queue, name] : describe_enum(Queue{}))
            gauges_.push_back(house.metrics.gauge("quipu_desk_open_cases", "Open cases by queue",
                                                  {{"queue", std::string(name)}},
                                                  [this, q = queue] { return open_cases(q); }));
        return {};
    }

    [[nodiscard]] Result<void> start() override {
        reports_ = TRY(house_->journal.subscribe("desk.reports", false, [this](const data::Event& event) {
            return event.type == events::ProblemReported::kType ? desk_->take_report(event) : Result<void>();
        }));
        watch_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
        return {};
    }

    void drain() override { end_watch(); }
    void stop() override {
        end_watch();
        gauges_.clear();
    }

  private:
    [[nodiscard]] Rules rules() const {
        Rules out;
        out.country = settings_.country;
        out.language = settings_.language;
        out.hours = {settings_.day_begins, settings_.day_ends};
        out.holidays = settings_.holidays;
        out.flapping = settings_.flapping;
        out.largest_attachment = settings_.largest_attachment;
        out.attachments_a_day = settings_.attachments_a_day;
        for (const PromiseSetting& each : settings_.promises)
            out.promises.set(each.queue, each.priority, {each.answer, each.solution, each.around_the_clock});
        return out;
    }

    /// Looks when the next clock runs out, and when a case has changed.
    void watch(const std::stop_token& stop) {
        Time next_sweep{};
        while (!stop.stop_requested()) {
            if (const Time now = house_->clock.now(); now >= next_sweep) {
                next_sweep = now + kSweepEvery;
                if (const auto swept = desk_->sweep_files(); !swept) log(kNotSwept, {{"error", swept.error().text()}});
            }
            const auto next = desk_->escalate();
            if (!next) log(kClocksFailed, {{"error", next.error().text()}});
            Nanoseconds pause = kLookEvery;
            if (next && *next) pause = std::clamp<Nanoseconds>(**next - house_->clock.now(), 0s, kLookEvery);
            bell_->wait(stop, pause);
        }
    }
    void end_watch() {
        reports_.reset();
        if (!watch_.joinable()) return;
        watch_.request_stop();
        watch_.join();
    }

    [[nodiscard]] double open_cases(Queue queue) const {
        const auto rows = house_->database.query("SELECT COUNT(*) FROM desk_cases WHERE queue = ? AND is_open = 1",
                                                 static_cast<std::int64_t>(queue));
        return rows ? static_cast<double>(rows->integer(0, 0)) : 0;
    }

    /// Rung from the writer's thread, which may outlive the service by a moment.
    class LookBell {
      public:
        void ring() {
            {
                const std::scoped_lock lock(mutex_);
                rung_ = true;
            }
            bell_.notify_all();
        }
        void wait(const std::stop_token& stop, Nanoseconds pause) {
            std::unique_lock lock(mutex_);
            bell_.wait_for(lock, stop, pause, [this] { return rung_; });
            rung_ = false;
        }

      private:
        std::mutex mutex_;
        std::condition_variable_any bell_;
        bool rung_ = false;
    };

    const std::function<registry::Registry&()> registry_of_;
    std::function<std::vector<Caller>()> people_;
    Settings settings_;
    platform::House* house_ = nullptr;
    std::shared_ptr<LookBell> bell_ = std::make_shared<LookBell>();
    std::unique_ptr<CaseDesk> desk_;
    std::unique_ptr<data::Journal::Subscription> reports_;
    std::vector<std::shared_ptr<void>> gauges_;
    std::jthread watch_;
};

}  // namespace

std::unique_ptr<DeskService> make_desk_service(std::function<registry::Registry&()> registry) {
    return std::make_unique<RunningDesk>(std::move(registry));
}

}  // namespace quipu::desk
