#include "platform/hub.h"

#include <algorithm>
#include <condition_variable>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "events/events.h"
#include "net/dns_names.h"
#include "net/http_server.h"
#include "platform/door.h"
#include "platform/folder_lock.h"
#include "platform/front.h"
#include "platform/house_routes.h"
#include "platform/journal_routes.h"
#include "platform/listener.h"
#include "platform/process_metrics.h"

namespace quipu::platform {
namespace {

constexpr LogEvent kServiceFailed{LogLevel::error, "SERVICE_FAILED",
                                  "A service failed; it is started again after a pause.",
                                  "the reason says what to mend; the other services go on"};
constexpr LogEvent kServiceStarted{LogLevel::info, "SERVICE_STARTED", "A service runs."};
constexpr LogEvent kServiceThrew{LogLevel::error, "SERVICE_THREW", "A service could not be stopped in order.",
                                 "report it: it is a fault of the program"};
constexpr LogEvent kListening{LogLevel::info, "HUB_LISTENING", "The portal and the API listen."};
constexpr LogEvent kStopping{LogLevel::info, "HUB_STOPPING", "The hub drains and stops."};
constexpr Nanoseconds kPatience = std::chrono::seconds(5);

/// Exceptions of libraries become errors at this wall.
template <class F>
Result<void> guarded(F&& step) {
    try {
        return step();
    } catch (const std::exception& exception) {
        return fail(ErrorCode::internal, exception.what());
    }
}

std::string archive_place(const HubSettings& settings) {
    return settings.archive.empty() ? settings.data + "/archive" : settings.archive;
}

std::string database_url(const HubSettings& settings) {
    return settings.database.empty() ? fmt::format("sqlite:{}/quipu.db", settings.data) : settings.database;
}

std::size_t loop_count(const HubSettings& settings) {
    return settings.loops > 0 ? static_cast<std::size_t>(settings.loops)
                              : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

class TheHub final : public Hub {
  public:
    explicit TheHub(HubOptions options)
        : options_(std::move(options)), clock_(options_.clock != nullptr ? *options_.clock : system_clock_) {}
    TheHub(const TheHub&) = delete;
    TheHub& operator=(const TheHub&) = delete;
    ~TheHub() override;

    Result<void> open();
    [[nodiscard]] Result<void> start() override;
    void stop() override;
    [[nodiscard]] net::Endpoint address() const override { return server_ ? server_->address() : net::Endpoint{}; }
    [[nodiscard]] std::string url() const override { return hub_url(options_.settings, address()); }
    [[nodiscard]] std::vector<ServiceStatus> services() const override;
    [[nodiscard]] House& house() override { return *house_; }

  private:
    struct Resident {
        Service* service = nullptr;
        std::unique_ptr<House> house = nullptr;  ///< with its own report_failure
        bool drained = false;
    };
    struct Failure {
        std::string service;
        Error error;
    };

    Result<void> choose_services();
    Result<void> open_data();
    void add_metrics();
    [[nodiscard]] Supervisor::Now now() const { return {clock_.monotonic(), clock_.now()}; }

    void lead();
    void settle();
    Result<void> start_service(const std::string& name);
    Result<void> live(Resident& resident);
    void stop_service(const std::string& name);
    void drain_services();
    static void note_stop(const std::string& name, const Result<void>& outcome);
    void await_calls(const std::string& name);
    void note_failure(const std::string& name, const Error& error);
    void take_failures();

    HubOptions options_;
    SystemClock system_clock_;
    const Clock& clock_;
    std::optional<FolderLock> lock_;
    std::unique_ptr<data::Database> database_;
    std::optional<data::Journal> journal_;
    std::unique_ptr<data::Archive> archive_;
    std::optional<net::LoopPool>
        loops_;  ///< tasks that still wait end with it: after what they use, before the journal
    Metrics metrics_;
    Api api_;
    std::vector<std::shared_ptr<void>> gauges_;
    HouseFront front_;
    std::optional<House> house_;
    std::optional<Reports> reports_;
    std::optional<JournalStreams> streams_;
    std::map<std::string, Resident> residents_;

    mutable std::mutex mutex_;  ///< supervisor_, failures_, stopping_
    std::condition_variable changed_;
    std::optional<Supervisor> supervisor_;
    std::vector<Failure> failures_;
    bool stopping_ = false;
    bool stopped_ = false;

    std::unique_ptr<Front> entrance_;
    std::unique_ptr<net::HttpServer> server_;
    std::thread leader_;
};

Result<void> TheHub::open() {
    TRY(listen_address(options_.settings));
    api_.set_gatekeeper(options_.gatekeeper ? options_.gatekeeper : admit_nobody());
    TRY(choose_services());
    std::vector<Service*> chosen;
    for (const auto& [name, resident] : residents_)
        chosen.push_back(resident.service);
    TRY(parse_sections(options_.config, chosen));
    lock_ = TRY(FolderLock::take(options_.settings.data));
    TRY(open_data());
    loops_.emplace(loop_count(options_.settings));
    house_.emplace(
        House{clock_, *loops_, *database_, *journal_, *archive_, api_, metrics_, options_.settings.data, {}});
    house_->url = [this] { return public_url(options_.settings, address()); };
    house_->network = options_.settings.network;
    house_->secure = is_secure(options_.settings);
    house_->identity = [this] { return hub_identity(options_.settings, clock_.now()); };
    house_->loopback_only = TRY(listen_address(options_.settings))
    .address.is_loopback();
    if (options_.settings.dns_names) house_->dns_names = std::make_shared<net::DnsNames>(clock_);

    front_.version = options_.version;
    front_.network = options_.settings.network;
    front_.loopback_only = house_->loopback_only;
    front_.started = clock_.now();
    front_.services = [this] { return services(); };
    reports_.emplace(*database_, *journal_, clock_);
    streams_.emplace(*journal_);
    add_house_routes(*house_, *reports_, front_);
    add_journal_routes(*house_, *streams_);
    add_metrics();
    return {};
}

Result<void> TheHub::choose_services() {
    const auto& all = options_.services;
    const auto by_name = [&all](std::string_view name) {
        const auto found = std::ranges::find_if(all, [&](const auto& each) { return each->name() == name; });
        return found == all.end() ? nullptr : found->get();
    };
    std::vector<std::string> wanted = options_.only;
    for (const auto& service : all)
        if (options_.only.empty() || service->indispensable()) wanted.emplace_back(service->name());
    std::vector<Supervisor::Member> members;
    for (std::size_t i = 0; i < wanted.size(); ++i) {  // grows by what is needed
        const std::string name = wanted[i];
        Service* service = by_name(name);
        if (service == nullptr)
            return fail(ErrorCode::invalid, fmt::format("there is no service {}", name), "--only",
                        "`quipu config reference` names them all");
        if (!residents_.emplace(name, Resident{.service = service}).second) continue;
        Supervisor::Member member{name, {}};
        for (const std::string_view need : service->needs()) {
            member.needs.emplace_back(need);
            wanted.emplace_back(need);
        }
        members.push_back(std::move(member));
    }
    supervisor_.emplace(TRY(Supervisor::create(std::move(members), Rng::from_system(), now())));
    return {};
}

Result<void> TheHub::open_data() {
    std::vector<data::Migration> migrations = data::kJournalMigrations;
    migrations.insert(migrations.end(), kPlatformMigrations.begin(), kPlatformMigrations.end());
    std::vector<data::StreamSchema> streams;
    for (const auto& service : options_.services) {
        std::ranges::copy(service->migrations(), std::back_inserter(migrations));
        std::ranges::copy(service->streams(), std::back_inserter(streams));
    }
    database_ = TRY(data::Database::open(database_url(options_.settings)));
    TRY(database_->migrate(migrations));
    journal_.emplace(*database_, clock_);
    archive_ = TRY(data::Archive::open(archive_place(options_.settings), streams, clock_));
    return {};
}

void TheHub::add_metrics() {
    gauges_ = add_process_metrics(metrics_);
    for (const auto& [name, resident] : residents_)
        gauges_.push_back(
            metrics_.gauge("quipu_service_up", "1 while the service runs", {{"service", name}}, [this, name] {
                for (const ServiceStatus& status : services())
                    if (status.name == name) return status.state == ServiceState::running ? 1.0 : 0.0;
                return 0.0;
            }));
    const auto archive = [this](std::string_view name, std::string_view help,
                                std::uint64_t data::Archive::Counters::* member) {
        gauges_.push_back(metrics_.counter_from(
            name, help, {}, [this, member] { return static_cast<double>(archive_->counters().*member); }));
    };
    archive("quipu_archive_records_total", "Records kept", &data::Archive::Counters::records);
    archive("quipu_archive_repeats_total", "Records that had come before", &data::Archive::Counters::repeats);
    const auto http = [this](std::string_view name, std::string_view help, std::uint64_t net::HttpCounters::* member) {
        gauges_.push_back(metrics_.counter_from(name, help, {}, [this, member] {
            return server_ ? static_cast<double>(server_->counters().*member) : 0.0;
        }));
    };
    http("quipu_http_requests_total", "Requests answered", &net::HttpCounters::requests);
    http("quipu_http_refused_total", "Connections and requests refused for a limit", &net::HttpCounters::refused);
    http("quipu_http_received_bytes_total", "Octets received", &net::HttpCounters::octets_in);
    http("quipu_http_sent_bytes_total", "Octets sent", &net::HttpCounters::octets_out);
    gauges_.push_back(metrics_.gauge("quipu_http_connections", "Connections that are open", {},
                                     [this] { return server_ ? static_cast<double>(server_->counters().open) : 0.0; }));
}

Result<void> TheHub::start() {
    const net::Endpoint wanted = TRY(listen_address(options_.settings));
    entrance_ = TRY(Front::open(api_, metrics_, clock_, options_.settings.web));
    std::optional<net::TlsContext> tls;
    if (is_secure(options_.settings))
        tls = TRY(net::TlsContext::server(TRY(hub_identity(options_.settings, clock_.now())), {}));
    server_ = TRY(net::HttpServer::listen(
        *loops_, wanted, [this](net::HttpRequest& request) { return entrance_->answer(request); }, std::move(tls)));
    entrance_->set_door(Door(server_->address().port, known_hosts(options_.settings), is_secure(options_.settings)));
    log(kListening, {{"url", url()}});
    settle();
    front_.serving = true;
    leader_ = std::thread([this] { lead(); });
    return {};
}

TheHub::~TheHub() {
    stop();
    server_.reset();
    // The house outlives the services, and what a service holds on to stands before it in the catalogue.
    while (!options_.services.empty())
        options_.services.pop_back();
}

void TheHub::stop() {
    if (std::exchange(stopped_, true)) return;
    if (server_) log(kStopping);
    front_.serving = false;
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (leader_.joinable()) leader_.join();
    if (streams_) streams_->close();
    drain_services();
    if (server_) server_->drain(kPatience);
    {
        const std::scoped_lock lock(mutex_);
        if (supervisor_) supervisor_->shut_down(now());
    }
    settle();
    if (loops_) loops_->stop();
}

/// All of them before the listener is drained: event streams end here.
void TheHub::drain_services() {
    const std::vector<ServiceStatus> all = services();
    for (auto status = all.rbegin(); status != all.rend(); ++status) {
        if (status->state != ServiceState::running) continue;
        Resident& resident = residents_.at(status->name);
        resident.drained = true;
        note_stop(status->name, guarded([&]() -> Result<void> { return resident.service->drain(), Result<void>(); }));
    }
}

std::vector<ServiceStatus> TheHub::services() const {
    const std::scoped_lock lock(mutex_);
    return supervisor_ ? supervisor_->services() : std::vector<ServiceStatus>();
}

/// The leader's thread: waits for failures and for the end of pauses.
void TheHub::lead() {
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            const auto woken = [this] { return stopping_ || !failures_.empty(); };
            if (const auto wake = supervisor_->wake())
                changed_.wait_for(lock, std::max(*wake - clock_.monotonic(), Nanoseconds(0)), woken);
            else
                changed_.wait(lock, woken);
            if (stopping_) return;
        }
        take_failures();
        settle();
    }
}

void TheHub::take_failures() {
    std::vector<Failure> taken;
    {
        const std::scoped_lock lock(mutex_);
        taken.swap(failures_);
        std::erase_if(taken, [&](const Failure& f) { return !supervisor_->failed(f.service, f.error, now()); });
    }
    for (const Failure& failure : taken)
        note_failure(failure.service, failure.error);
}

/// Does what the supervisor asks for until it asks for nothing.
void TheHub::settle() {
    for (;;) {
        std::optional<Supervisor::Action> action;
        {
            const std::scoped_lock lock(mutex_);
            if (supervisor_) action = supervisor_->next(now());
        }
        if (!action) return;
        if (action->what == Supervisor::Action::What::stop) {
            stop_service(action->service);
            const std::scoped_lock lock(mutex_);
            supervisor_->stopped(action->service, now());
            continue;
        }
        const Result<void> outcome = start_service(action->service);
        if (!outcome) note_failure(action->service, outcome.error());
        const std::scoped_lock lock(mutex_);
        supervisor_->started(action->service, outcome, now());
    }
}

Result<void> TheHub::start_service(const std::string& name) {
    Resident& resident = residents_.at(name);
    if (!resident.house) resident.house = std::make_unique<House>(*house_);
    resident.house->report_failure = [this, name](Error error) {
        {
            const std::scoped_lock lock(mutex_);
            failures_.push_back({name, std::move(error)});
        }
        changed_.notify_all();
    };
    api_.close(name, fmt::format("the service {} is starting", name));
    api_.set_owner(name);
    const Result<void> outcome = guarded([&] { return live(resident); });
    api_.set_owner({});
    if (!outcome) return outcome;
    api_.open(name);
    log(kServiceStarted, {{"service", name}});
    return {};
}

Result<void> TheHub::live(Resident& resident) {
    Service& service = *resident.service;
    TRY(service.parse(options_.config.section(service.name()), options_.config.file()));
    TRY(service.provision(*resident.house));
    TRY(service.validate());
    return service.start();
}

void TheHub::stop_service(const std::string& name) {
    Resident& resident = residents_.at(name);
    api_.close(name, fmt::format("the service {} is being restarted", name));
    note_stop(name, guarded([&]() -> Result<void> {
                  if (!resident.drained) resident.service->drain();
                  await_calls(name);
                  resident.service->stop();
                  return {};
              }));
}

void TheHub::note_stop(const std::string& name, const Result<void>& outcome) {
    if (!outcome) log(kServiceThrew, {{"service", name}, {"reason", outcome.error().text()}});
}

/// None of the service's handlers may run when it is stopped. While the hub itself stops, the listener has ended them.
void TheHub::await_calls(const std::string& name) {
    while (api_.running(name) > 0) {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, std::chrono::milliseconds(50), [this] { return stopping_; })) return;
    }
}

void TheHub::note_failure(const std::string& name, const Error& error) {
    log(kServiceFailed, {{"service", name}, {"reason", error.text()}});
    // The journal may be what fails: then the log has it.
    (void)journal_->append(fmt::format("service:{}", name), events::ServiceFailed{name, error.text()});
}

}  // namespace

Result<std::unique_ptr<Hub>> Hub::create(HubOptions options) {
    auto hub = std::make_unique<TheHub>(std::move(options));
    TRY(hub->open());
    return hub;
}

Result<void> parse_sections(const Config& config, std::span<Service* const> services) {
    Error all{ErrorCode::invalid, "the configuration has faults", config.file(), {}, {}};
    for (Service* service : services) {
        const auto parsed = service->parse(config.section(service->name()), config.file());
        if (parsed) continue;
        // "quipu.toml:4 text" becomes "quipu.toml:4 rope.text": a service reads its section alone.
        const auto placed = [&](const std::string& where) {
            const std::size_t space = where.find(' ');
            if (space == std::string::npos) return where;
            return fmt::format("{} {}.{}", where.substr(0, space), service->name(), where.substr(space + 1));
        };
        if (parsed.error().faults.empty()) all.faults.push_back({placed(parsed.error().where), parsed.error().what});
        for (const Fault& fault : parsed.error().faults)
            all.faults.push_back({placed(fault.where), fault.what});
    }
    if (all.faults.empty()) return {};
    return std::unexpected(std::move(all));
}

std::vector<Section> sections_of(const std::vector<std::unique_ptr<Service>>& services) {
    std::vector<Section> sections = {{"hub", settings_schema_of<HubSettings>()}};
    for (const auto& service : services) {
        Value schema = service->settings_schema();
        if (schema.is_null()) schema = schema_of<Nothing>();
        sections.push_back({std::string(service->name()), std::move(schema)});
    }
    return sections;
}

}  // namespace quipu::platform
