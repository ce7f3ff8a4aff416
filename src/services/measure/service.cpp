#include "services/measure/service.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "base/log.h"
#include "events/events.h"
#include "platform/config.h"
#include "services/measure/api.h"
#include "services/measure/api_paths.h"
#include "services/measure/api_points.h"
#include "services/measure/clock_watch.h"
#include "services/measure/engine_mesh.h"
#include "services/measure/engine_retrace.h"
#include "services/measure/evidence.h"
#include "services/measure/pair_news.h"
#include "services/measure/path/codec_record.h"
#include "services/measure/path_history.h"
#include "services/measure/settings.h"
#include "services/measure/store_raw.h"

namespace quipu::measure {
namespace {

constexpr LogEvent kMeshChanged{LogLevel::info, "MEASURE_MESH", "The measurement mesh has changed"};
constexpr LogEvent kNotTold{
    LogLevel::error, "MEASURE_EVENT_NOT_TOLD",
    "A change of a pair or clock could not be written to the journal; it is tried again with the next minutes"};
constexpr LogEvent kNoEvidence{LogLevel::warning, "MEASURE_EVIDENCE",
                               "What came after an event could not be kept with it; it is tried again each minute"};
constexpr LogEvent kFactsMalformed{LogLevel::warning, "MEASURE_FACTS",
                                   "What a measurement point says of itself can't be read",
                                   "See that agent and hub are of the same version."};

constexpr LogEvent kNotSwept{LogLevel::error, "MEASURE_NOT_SWEPT",
                             "Hours and days could not be made of the minutes; it is tried again within the hour",
                             "See the error; minutes are kept until their hours are there."};

constexpr LogEvent kNotForgotten{LogLevel::error, "MEASURE_NOT_FORGOTTEN",
                                 "What is older than it is to be kept could not be given up; it is tried again within "
                                 "the hour",
                                 "See the error."};

constexpr Nanoseconds kFirstSweep = std::chrono::minutes(5);
constexpr Nanoseconds kBetweenSweeps = std::chrono::hours(1);
// How far back a pair is looked at when the service starts.
constexpr Nanoseconds kRecent = std::chrono::hours(3);
constexpr Nanoseconds kPast = std::chrono::days(14);
// A decision that is older than this was told before, or is no news any more.
constexpr Nanoseconds kNews = std::chrono::minutes(10);
// What is shown again after a start: enough to know how a pair was and is.
constexpr Nanoseconds kShownAgain = std::chrono::minutes(20);
// An agent that was away for longer leaves the mesh until it is back. A hub that was away itself begins to wait when it
// starts: its agents have gone on measuring, and work without the others would end their sessions.
constexpr Nanoseconds kPatience = std::chrono::minutes(30);

class MeasureService final : public Service {
  public:
    MeasureService(agent::Agents& agents, std::function<registry::Registry&()> registry, PairObserver observe)
        : agents_(agents), registry_of_(std::move(registry)), observe_(std::move(observe)) {}
    ~MeasureService() override { end_watch(); }

    [[nodiscard]] std::string_view name() const override { return "measure"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return {"registry", "agents"}; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override {
        std::vector<data::Migration> all = kPathMigrations;
        all.insert(all.end(), kEvidenceMigrations.begin(), kEvidenceMigrations.end());
        return all;
    }
    [[nodiscard]] std::vector<data::StreamSchema> streams() const override {
        return {minute_schema(), skips_schema(), point_schema(), hour_schema(), day_schema()};
    }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }

    [[nodiscard]] Result<void> parse(const Value& section, const std::string& file) override {
        settings_ = section.is_null() ? Settings() : TRY(read<Settings>(section, file));
        kept_ = TRY(settings_.kept(file));
        raw_limits_ = TRY(settings_.raw_limits(file));
        return check(settings_.profiles);
    }

    [[nodiscard]] Result<void> provision(platform::House& house) override {
        house_ = &house;
        registry_ = &registry_of_();
        profile_ = {.spacing = settings_.spacing,
                    .per_minute = static_cast<std::uint32_t>(settings_.packets_per_minute),
                    .padding = static_cast<std::uint32_t>(settings_.padding)};
        store_ = std::make_unique<Store>(house.archive, house.clock, kept_);
        paths_ = std::make_unique<PathHistory>(house.database, house.journal);
        point_store_ = std::make_unique<PointStore>(house.archive);
        points_ = std::make_unique<Points>();
        raw_ = TRY(RawStore::open(raw_folder(house.data_folder), raw_limits_, house.clock));
        evidence_ = std::make_unique<EvidenceStore>(house.database, *store_, *point_store_);
        news_ = std::make_unique<PairNews>(house.database, house.journal, *evidence_);
        live_ = std::make_shared<Live>(profile_.per_minute, settings_.profiles);
        live_->judge_clocks_by([this](std::string_view from, std::string_view to, Time minute) {
            return points_->contradicted(from, to, minute);
        });
        clocks_ = std::make_unique<ClockWatch>(house.journal, *store_, *point_store_, *points_, *live_);
        pair_streams_ = std::make_shared<PairStreams>(live_, house.clock);
        add_routes(house.api, {.clock = house.clock,
                               .store = *store_,
                               .live = *live_,
                               .paths = *paths_,
                               .points = *points_,
                               .point_store = *point_store_,
                               .registry = *registry_,
                               .streams = pair_streams_,
                               .journal = &house.journal});
        add_path_routes(house.api, {.clock = house.clock,
                                    .history = *paths_,
                                    .registry = *registry_,
                                    .sites = [this] { return sites_.with([](const auto& sites) { return sites; }); },
                                    .dns = house.dns_names});
        add_evidence_routes(house.api, *evidence_);
        add_point_routes(house.api, {.clock = house.clock, .points = *points_, .store = *point_store_});
        agents_.add_part("measure", [this](const agent::AgentInfo& agent) { return work_of(agent); });
        // What was not sent is known before anybody looks at what did not arrive.
        agents_.add_stream(std::string(kSkipsStream), [this](const auto& batch) { return take_skips(batch); });
        agents_.add_stream(std::string(kMinuteStream), [this](const auto& batch) { return take_minutes(batch); });
        agents_.add_stream(std::string(kPointStream), [this](const auto& batch) { return take_points(batch); });
        agents_.add_stream(std::string(kRawStream), [this](const auto& batch) { return raw_->take(batch); });
        agents_.add_stream(std::string(kProvisionalStream), [this](const auto& batch) { return take_running(batch); });
        agents_.add_stream(std::string(path::kPathStream), [this](const auto& batch) { return take_paths(batch); });
        add_metrics(house.metrics);
        return {};
    }

    [[nodiscard]] Result<void> start() override {
        began_ = house_->clock.now();
        TRY(store_->load());
        TRY(paths_->load());
        TRY(rebuild());
        following_ = registry_->follow([this](const auto&) { bell_.notify_all(); });
        open_ = true;
        watch_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
        sweeper_ = std::jthread([this](const std::stop_token& stop) { sweep(stop); });
        return {};
    }

    [[nodiscard]] std::optional<std::vector<std::string>> sites_on_way(std::string_view from,
                                                                       std::string_view to) const override {
        const auto way = paths_ ? paths_->way_now(from, to) : std::nullopt;
        if (!way) return std::nullopt;
        return sites_between(*way, *sites_.with([](const auto& sites) { return sites; }));
    }
    [[nodiscard]] std::uint64_t ways_revision() const override {
        return (paths_ ? paths_->revision() : 0) + sites_revision_;
    }

    void drain() override {
        if (pair_streams_) pair_streams_->close();
        end_watch();
    }
    void stop() override {
        open_ = false;
        following_.reset();
        if (pair_streams_) pair_streams_->close();
        end_watch();
        gauges_.clear();
    }

  private:
    // ---- the mesh

    /// Looks at agents and registry once a second and when the registry says so; both are small and in memory.
    void watch(const std::stop_token& stop) {
        std::mutex mutex;
        std::shared_ptr<const registry::Picture> weighed;
        while (!stop.stop_requested()) {
            auto mesh = std::make_shared<const std::vector<MeshPoint>>(points());
            const bool changed = mesh_.with([&](auto& current) {
                if (current && *current == *mesh) return false;
                current = mesh;
                return true;
            });
            if (changed) {
                live_->set_mesh(*mesh);
                points_->set_mesh(*mesh);
                log(kMeshChanged, {{"points", mesh->size()}});
                agents_.invalidate();
                pair_streams_->ring();
            }
            if (const Time now = house_->clock.now(); now - evidence_looked_at_ >= kMinute) {
                evidence_looked_at_ = now;
                if (auto kept = evidence_->complete(now); !kept) log(kNoEvidence, {{"error", kept.error().text()}});
            }
            judge_clocks();
            if (auto picture = registry_->now(); changed || picture != weighed) {
                live_->set_floors(floors_of(*picture, sites_of(*mesh)));
                weighed = std::move(picture);
            }
            std::unique_lock lock(mutex);
            bell_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
        }
    }

    /// Hours and days of the minutes, soon after the start and then each hour.
    void sweep(const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any bell;
        Nanoseconds pause = kFirstSweep;
        for (;;) {
            std::unique_lock lock(mutex);
            if (bell.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) return;
            if (stop.stop_requested()) return;
            if (const auto done = store_->sweep(); !done) log(kNotSwept, {{"error", done.error().text()}});
            if (const auto done = forget(house_->clock.now()); !done)
                log(kNotForgotten, {{"error", done.error().text()}});
            pause = kBetweenSweeps;
        }
    }

    /// What is neither minutes nor made of them. A range of skipped packets has done its work after kSkipsKept.
    [[nodiscard]] Result<void> forget(Time now) {
        raw_->sweep();
        TRY(house_->archive.forget(kPointStream, now - kept_.points));
        TRY(house_->archive.forget(kSkipsStream, now - kLeastKept));
        TRY(paths_->forget_before(now - kept_.minutes));
        return evidence_->forget(now - kept_.evidence);
    }

    void end_watch() {
        for (std::jthread* thread : {&watch_, &sweeper_}) {
            if (!thread->joinable()) continue;
            thread->request_stop();
            thread->join();
        }
    }

    [[nodiscard]] std::vector<MeshPoint> points() {
        const auto picture = registry_->now();
        const Time now = house_->clock.now();
        std::vector<MeshPoint> out;
        std::set<std::string> away;
        std::vector<std::pair<std::string, std::vector<net::IpAddress>>> addresses;
        for (const auto& agent : agents_.agents()) {
            if (!agent.connected) away.insert(agent.id);
            if (agent.revoked || (!agent.connected && now - std::max(agent.seen, began_) > kPatience)) continue;
            const Value* facts = agent.facts.find("measure");
            if (facts == nullptr || facts->is_null() || picture->find<registry::Site>(agent.id) == nullptr) continue;
            const auto point = read<PointFacts>(*facts, "facts of " + agent.id);
            if (!point) {
                if (complained_.insert(agent.id).second)
                    log(kFactsMalformed, {{"agent", agent.id}, {"error", point.error().text()}});
                continue;
            }
            out.push_back({.site = agent.id, .addresses = point->addresses, .port = point->port});
            addresses.emplace_back(agent.id, point->addresses);
            auto& all = addresses.back().second;
            all.insert(all.end(), point->interfaces.begin(), point->interfaces.end());
        }
        const auto known = std::make_shared<const SitesByAddress>(sites_by_address(addresses));
        const bool others = sites_.with([&](auto& sites) { return *std::exchange(sites, known) != *known; });
        if (others) ++sites_revision_;
        away_.with([&](auto& current) { current = std::move(away); });
        return mesh_of(std::move(out));
    }

    [[nodiscard]] std::optional<Value> work_of(const agent::AgentInfo& agent) const {
        if (agent.revoked) return Value();
        const auto mesh = mesh_.with([](const auto& current) { return current; });
        if (!mesh) return std::nullopt;
        Assignment work = assignment_for(*mesh, agent.id, profile_);
        work.trace_every_s = settings_.trace_every_s;
        work.raw = settings_.raw;
        if (work.trace_every_s > 0)
            work.trace = retrace_.with([&](const Retrace& retrace) { return retrace.orders_for(agent.id); });
        return work.send.empty() && work.receive.empty() ? Value() : to_value(work);
    }

    [[nodiscard]] bool is_away(std::string_view site) const {
        return away_.with([&](const auto& away) { return away.contains(std::string(site)); });
    }

    // ---- what agents send

    [[nodiscard]] Result<void> take_minutes(const agent::StreamBatch& batch) {
        if (!open_) return fail(ErrorCode::unavailable, "the service measure is not running");
        const auto fresh = TRY(store_->take_minutes(batch, [this](std::string_view from) { return is_away(from); }));
        for (const auto& minute : fresh)
            points_->add(minute, house_->clock.now());
        // The minutes are kept: whatever fails from here on is no reason to send them again.
        judge_clocks();
        std::vector<Told> news;
        bool orders = false;
        for (const auto& minute : fresh) {
            show(minute);
            orders = heard(minute.from, minute.to, columns_of(minute.record).ttl) || orders;
            std::ranges::move(live_->add(minute), std::back_inserter(news));
        }
        if (orders) agents_.invalidate();
        if (auto kept = news_->tell(std::move(news)); !kept) log(kNotTold, {{"error", kept.error().text()}});
        pair_streams_->ring();
        return {};
    }

    [[nodiscard]] Result<void> take_paths(const agent::StreamBatch& batch) {
        if (!open_) return fail(ErrorCode::unavailable, "the service measure is not running");
        for (const auto& change : TRY(paths_->take(batch, house_->clock.now())))
            live_->way_changed(change.from, change.to, change.seen);
        return {};
    }

    /// True if the sender has a new order: to trace the way at once.
    [[nodiscard]] bool heard(const std::string& from, const std::string& to, std::int64_t ttl) {
        const Time now = house_->clock.now();
        return retrace_.with([&](Retrace& retrace) { return retrace.heard(from, to, ttl, now); });
    }

    [[nodiscard]] Result<void> take_points(const agent::StreamBatch& batch) {
        if (!open_) return fail(ErrorCode::unavailable, "the service measure is not running");
        std::uint64_t malformed = 0;
        for (const auto& point : TRY(point_store_->take(batch, malformed)))
            points_->told(point);
        points_malformed_ += malformed;
        judge_clocks();
        return {};
    }

    void judge_clocks() {
        if (auto told = clocks_->judge(house_->clock.now()); !told) log(kNotTold, {{"error", told.error().text()}});
    }

    [[nodiscard]] Result<void> take_skips(const agent::StreamBatch& batch) {
        if (!open_) return fail(ErrorCode::unavailable, "the service measure is not running");
        for (const auto& minute : TRY(store_->take_skips(batch)))
            live_->replace(minute);
        pair_streams_->ring();
        return {};
    }

    [[nodiscard]] Result<void> take_running(const agent::StreamBatch& batch) {
        if (!open_) return {};
        bool orders = false;
        for (const auto payload : batch.payloads) {
            ByteReader in(payload);
            for (const MinuteRecord& record : TRY(parse_records(in))) {
                const std::int64_t skipped = store_->skipped(pair_key(record.from, batch.agent), record.minute);
                live_->add_running(record.from, batch.agent, record, skipped, is_away(record.from));
                show_running(record, batch.agent, skipped);
                orders = heard(record.from, batch.agent, record.ttl) || orders;
            }
        }
        if (orders) agents_.invalidate();
        pair_streams_->ring();
        return {};
    }

    // ---- to whoever looks at all pairs at once

    void show(const StoredMinute& minute) const {
        if (!observe_) return;
        const Columns columns = columns_of(minute.record);
        PairMinute out{.from = minute.from, .to = minute.to, .minute = minute.record.time, .whole = true};
        out.until = out.minute + kMinute;
        out.sent = columns.scheduled - columns.skipped - columns.own_drops;
        out.received = columns.received;
        out.loss_run = columns.loss_run;
        if (columns.received > 0 && !points_->contradicted(minute.from, minute.to, out.minute))
            out.median = Nanoseconds(columns.delay_median);
        out.clock_error = Nanoseconds(columns.clock_error);
        out.ttl = columns.ttl;
        out.absent = columns.absent != 0;
        out.settling = columns.scheduled < profile_.per_minute;
        observe_(out);
    }

    /// It was made a moment ago, of what was due a second before.
    void show_running(const MinuteRecord& record, const std::string& to, std::int64_t skipped) const {
        if (!observe_) return;
        PairMinute out{.from = record.from, .to = to, .minute = record.minute};
        out.until = std::clamp(house_->clock.now() - std::chrono::seconds(1), record.minute, record.minute + kMinute);
        out.received = record.received;
        // What was skipped may still be to come by the schedule: no more is taken off than is missing.
        out.sent =
            record.scheduled - std::min<std::int64_t>(skipped + record.own_drops, record.scheduled - record.received);
        out.loss_run = skipped > 0 ? 0 : record.loss_run;
        if (record.received > 0 && !points_->contradicted(record.from, to, record.minute))
            out.median = Nanoseconds(record.delay_median);
        out.clock_error = Nanoseconds(record.clock_error);
        out.ttl = std::max<std::int64_t>(record.ttl, 0);
        out.absent = is_away(record.from);
        observe_(out);
    }

    // ---- after a restart

    /// Feeds the detectors with the last hours. What they decide of the last minutes and the journal does not know was
    /// cut short between archive and journal: it is told now.
    [[nodiscard]] Result<void> rebuild() {
        const Time now = house_->clock.now();
        TRY(clocks_->rebuild(now));
        std::map<std::string, std::set<Time>, std::less<>> wrong;
        for (const auto& site : TRY(house_->archive.keys(kPointStream)))
            for (const Time time : TRY(point_store_->wrong(site, now - kRecent, now + kMinute, kMinute)))
                wrong[site].insert(time);
        for (const auto& key : TRY(store_->keys())) {
            const auto [from, to] = ends_of(key);
            TRY(look_back(key, now));
            const auto& from_wrong = wrong[std::string(from)];
            const auto& to_wrong = wrong[std::string(to)];
            for (auto& record : TRY(store_->read(from, to, now - kRecent, now + kMinute, 10'000))) {
                const StoredMinute minute{std::string(from), std::string(to), std::move(record)};
                if (now - minute.record.time < kShownAgain) show(minute);
                const bool spoilt = from_wrong.contains(minute.record.time) || to_wrong.contains(minute.record.time);
                for (const Told& told : live_->add(minute, spoilt))
                    if (now - told.event.minute < kNews && !TRY(news_->was_told(told))) TRY(news_->tell({told}));
            }
        }
        return {};
    }

    /// The usual delay is the median of the hours of the last two weeks.
    [[nodiscard]] Result<void> look_back(const std::string& key, Time now) {
        const auto [from, to] = ends_of(key);
        std::vector<std::int64_t> medians;
        std::int64_t best_ttl = 0;
        for (const auto& record : TRY(store_->steps(from, to, now - kPast, now - kRecent, std::chrono::hours(1)))) {
            const Columns columns = columns_of(record);
            if (columns.minutes == 0) continue;
            medians.push_back(columns.delay_median / columns.minutes);
            live_->learn_hour(key, record.time, static_cast<double>(medians.back()));
            best_ttl = std::max(best_ttl, (columns.ttl + columns.minutes / 2) / columns.minutes);
        }
        if (medians.empty()) return {};
        const auto middle = medians.begin() + static_cast<std::ptrdiff_t>(medians.size() / 2);
        std::ranges::nth_element(medians, middle);
        live_->set_past(key, *middle, best_ttl);
        return {};
    }

    void add_metrics(platform::Metrics& metrics) {
        const auto counter = [&](std::string_view metric, std::string_view help, auto member) {
            gauges_.push_back(metrics.counter_from(
                metric, help, {}, [this, member] { return static_cast<double>(store_->counters().*member); }));
        };
        counter("quipu_measure_records_total", "Minute records kept", &StoreCounters::records);
        counter("quipu_measure_repeats_total", "Minute records that came again and were dropped",
                &StoreCounters::repeats);
        counter("quipu_measure_malformed_total", "Records of agents that could not be read", &StoreCounters::malformed);
        gauges_.push_back(metrics.counter_from("quipu_measure_paths_malformed_total",
                                               "Paths of agents that could not be read", {},
                                               [this] { return static_cast<double>(paths_->malformed()); }));
        gauges_.push_back(metrics.counter_from("quipu_measure_points_malformed_total",
                                               "Records of points that could not be read", {},
                                               [this] { return static_cast<double>(points_malformed_); }));
        gauges_.push_back(metrics.gauge("quipu_measure_raw_octets", "Raw records on disk", {},
                                        [this] { return static_cast<double>(raw_->state().octets); }));
        gauges_.push_back(metrics.counter_from("quipu_measure_raw_dropped_octets_total",
                                               "Raw records that went because of their bound or age", {},
                                               [this] { return static_cast<double>(raw_->state().dropped); }));
        gauges_.push_back(metrics.text_from([this] { return point_metrics(points_->health(house_->clock.now())); }));
        for (const auto& [state, text] : describe_enum(PairState{}))
            gauges_.push_back(metrics.gauge(
                "quipu_measure_pairs", "Ordered pairs by state", {{"state", std::string(text)}}, [this, state] {
                    const auto pairs = live_->pairs(house_->clock.now());
                    return static_cast<double>(std::ranges::count(pairs, state, &Pair::state));
                }));
    }

    agent::Agents& agents_;
    const std::function<registry::Registry&()> registry_of_;
    const PairObserver observe_;
    Settings settings_;
    Profile profile_;
    Kept kept_;
    platform::House* house_ = nullptr;
    registry::Registry* registry_ = nullptr;
    std::unique_ptr<Store> store_;
    std::unique_ptr<PathHistory> paths_;
    Guarded<Retrace> retrace_;
    Guarded<std::shared_ptr<const SitesByAddress>> sites_{std::make_shared<const SitesByAddress>()};
    std::atomic<std::uint64_t> sites_revision_ = 0;
    std::unique_ptr<PointStore> point_store_;
    std::unique_ptr<Points> points_;
    std::atomic<std::uint64_t> points_malformed_{0};
    std::unique_ptr<RawStore> raw_;
    RawLimits raw_limits_;
    std::unique_ptr<EvidenceStore> evidence_;
    std::unique_ptr<PairNews> news_;
    Time began_{};
    Time evidence_looked_at_{};  // of the watch's thread alone
    std::shared_ptr<Live> live_;
    std::unique_ptr<ClockWatch> clocks_;
    std::shared_ptr<PairStreams> pair_streams_;
    std::shared_ptr<void> following_;
    std::vector<std::shared_ptr<void>> gauges_;
    std::atomic<bool> open_{false};
    Guarded<std::shared_ptr<const std::vector<MeshPoint>>> mesh_;
    Guarded<std::set<std::string>> away_;
    std::set<std::string> complained_;  // of the watch's thread alone
    std::condition_variable_any bell_;
    std::jthread watch_;
    std::jthread sweeper_;
};

}  // namespace

std::unique_ptr<Service> make_service(agent::Agents& agents, std::function<registry::Registry&()> registry,
                                      PairObserver observe) {
    return std::make_unique<MeasureService>(agents, std::move(registry), std::move(observe));
}

}  // namespace quipu::measure
