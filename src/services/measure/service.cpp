#include "services/measure/service.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <fmt/format.h>
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
#include "services/measure/clock_journal.h"
#include "services/measure/engine_mesh.h"
#include "services/measure/engine_retrace.h"
#include "services/measure/evidence.h"
#include "services/measure/pair_news.h"
#include "services/measure/path/codec_record.h"
#include "services/measure/path_history.h"
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
constexpr Nanoseconds kClocksLookedAt = std::chrono::minutes(30);
constexpr Nanoseconds kPast = std::chrono::days(14);
// A decision that is older than this was told before, or is no news any more.
constexpr Nanoseconds kNews = std::chrono::minutes(10);
// What is shown again after a start: enough to know how a pair was and is.
constexpr Nanoseconds kShownAgain = std::chrono::minutes(20);
// An agent that was away for longer leaves the mesh until it is back.
constexpr Nanoseconds kPatience = std::chrono::minutes(30);

struct Settings {
    Spacing spacing = Spacing::poisson;
    std::int64_t packets_per_minute = 90;
    std::int64_t padding = 27;
    std::int64_t trace_every_s = 300;
    Profiles profiles;
    std::string keep_minutes = "366d";
    std::string keep_hours = "3653d";
    std::string keep_days = "36525d";
    std::string keep_points = "3653d";
    std::string keep_evidence = "3653d";
    bool raw = false;
    std::int64_t raw_octets = 1LL << 30U;
    std::string keep_raw = "7d";
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::trace_every_s>("trace_every_s", "Between two traces of a pair's way; 0: none are made")
                .between(0, 86'400)
                .format("s"),
            field<&T::spacing>("spacing", "When packets leave: poisson (RFC 2330 §11.1.1) or periodic (RFC 3432)"),
            field<&T::packets_per_minute>("packets_per_minute", "Of each session").between(1, 60'000),
            field<&T::padding>("padding", "Octets after the test packet's 14").between(0, 1400),
            field<&T::profiles>("profiles", "What counts as good, fair and poor, by what the network is used for"),
            field<&T::keep_minutes>("keep_minutes",
                                    "How long minutes are kept, at least 32d; what is older is there by the hour"),
            field<&T::keep_hours>("keep_hours", "How long hours are kept; what is older is there by the day"),
            field<&T::keep_days>("keep_days", "How long days are kept"),
            field<&T::keep_points>("keep_points",
                                   "How long it is kept how points were and when their clocks were wrong, at least as "
                                   "long as minutes"),
            field<&T::keep_evidence>("keep_evidence", "How long the evidence of events is kept, at least 32d"),
            field<&T::raw>("raw", "Keep every packet that was received, not only its minute"),
            field<&T::raw_octets>("raw_octets", "Room on disk for them; the oldest go beyond it")
                .between(1 << 20U, 1LL << 44U)
                .format("octets"),
            field<&T::keep_raw>("keep_raw", "How long they are kept where there is room"));
    }
};

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
        const auto kept = [&](const std::string& text, std::string_view key, Nanoseconds least) -> Result<Nanoseconds> {
            const Nanoseconds out = TRY(parse_duration(text));
            TRY(check_between(fmt::format("{}: {}", file, key), out, least, Kept().days));
            return out;
        };
        kept_.minutes = TRY(kept(settings_.keep_minutes, "keep_minutes", kLeastKept));
        kept_.hours = TRY(kept(settings_.keep_hours, "keep_hours", kept_.minutes));
        kept_.days = TRY(kept(settings_.keep_days, "keep_days", kept_.hours));
        kept_.points = TRY(kept(settings_.keep_points, "keep_points", kept_.minutes));
        kept_.evidence = TRY(kept(settings_.keep_evidence, "keep_evidence", kLeastKept));
        raw_limits_ = {
            .octets = static_cast<std::uint64_t>(settings_.raw_octets),
            .age = TRY(kept(settings_.keep_raw, "keep_raw", kHour))
        };
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
        add_path_routes(house.api, {.clock = house.clock, .history = *paths_, .registry = *registry_, .sites = [this] {
                                        return sites_.with([](const auto& sites) { return sites; });
                                    }});
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
            if (auto kept = judge_clocks(); !kept) log(kNotTold, {{"error", kept.error().text()}});
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
            if (agent.revoked || (!agent.connected && now - agent.seen > kPatience)) continue;
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

    [[nodiscard]] Value work_of(const agent::AgentInfo& agent) const {
        const auto mesh = mesh_.with([](const auto& current) { return current; });
        if (!mesh || agent.revoked) return {};
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
        if (auto kept = judge_clocks(); !kept) log(kNotTold, {{"error", kept.error().text()}});
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
        if (auto kept = judge_clocks(); !kept) log(kNotTold, {{"error", kept.error().text()}});
        return {};
    }

    /// Looks at what has come, tells whose clock went wrong or is right again, and marks those minutes.
    [[nodiscard]] Result<void> judge_clocks() {
        const std::scoped_lock lock(judging_);  // what is told of one point is told in order
        auto judged = points_->judge(house_->clock.now());
        if (!judged.changes.empty()) live_->set_wrong_clocks(points_->wrong());
        for (ClockChange& change : judged.changes) {
            if (change.what == ClockChange::What::corrected)
                live_->clock_corrected(change.site, change.fault.by.value_or(0));
            else
                untold_.push_back(std::move(change));
        }
        std::ranges::move(judged.minutes, std::back_inserter(unmarked_));
        // What can't be written now, on a full disk, is written with the next.
        while (!untold_.empty()) {
            if (!TRY(clock_was_told(untold_.front()))) TRY(tell(untold_.front()));
            untold_.pop_front();
        }
        while (!unmarked_.empty()) {
            TRY(point_store_->mark(unmarked_.front()));
            unmarked_.pop_front();
        }
        return {};
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

    [[nodiscard]] Result<void> tell(const ClockChange& change) {
        const auto changed = [&](auto what) {
            what.site = change.site;
            what.since = change.fault.since;
            for (const auto& [cause, text] : describe_enum(ClockCause{}))
                if (cause == change.fault.cause) what.cause = text;
            if (change.fault.by) what.by_us = rounded_us(*change.fault.by, 1);
            return house_->journal.append("site:" + change.site, what);
        };
        return change.what == ClockChange::What::went_wrong ? changed(events::ClockWentWrong{})
                                                            : changed(events::ClockRightAgain{});
    }

    /// A wrong clock is told once, and that it is right again only after that.
    [[nodiscard]] Result<bool> clock_was_told(const ClockChange& change) const {
        const auto last = TRY(last_of_clock(house_->journal, change.site));
        const bool wrong = last && last->type == events::ClockWentWrong::kType;
        return (change.what == ClockChange::What::went_wrong) == wrong;
    }

    // ---- after a restart

    /// Whose clock was wrong, and what is usual between each two points.
    [[nodiscard]] Result<void> rebuild_clocks(Time now) {
        const Time since = now - kClocksLookedAt;
        for (const auto& point : TRY(point_store_->latest(now - kPast))) {
            if (const auto last = TRY(last_of_clock(house_->journal, point.site));
                last && last->type == events::ClockWentWrong::kType) {
                const auto wrong = TRY(read<events::ClockChanged>(last->body, "ClockWentWrong"));
                ClockFault fault{.since = wrong.since, .cause = ClockCause::step, .by = std::nullopt};
                for (const auto& [cause, text] : describe_enum(ClockCause{}))
                    if (text == wrong.cause) fault.cause = cause;
                if (wrong.by_us) fault.by = *wrong.by_us * 1000;
                // One that began within what is looked at now is found again.
                if (fault.since < since || fault.cause == ClockCause::kernel) points_->set_fault(point.site, fault);
            }
            points_->told(point);
            // Whether it saw itself stepped decides between two points.
            for (const auto& minute : TRY(point_store_->read(point.site, since, now + kMinute, 1000)))
                points_->stepped(minute);
        }
        for (const auto& key : TRY(store_->keys())) {
            const auto [from, to] = ends_of(key);
            for (auto& record : TRY(store_->read(from, to, since, now + kMinute, 10'000)))
                points_->add({std::string(from), std::string(to), std::move(record)}, since);
        }
        TRY(judge_clocks());
        live_->set_wrong_clocks(points_->wrong());
        return {};
    }

    /// Feeds the detectors with the last hours. What they decide of the last minutes and the journal does not know was
    /// cut short between archive and journal: it is told now.
    [[nodiscard]] Result<void> rebuild() {
        const Time now = house_->clock.now();
        TRY(rebuild_clocks(now));
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
    std::mutex judging_;
    std::deque<ClockChange> untold_;  // with judging_
    std::deque<JudgedMinute> unmarked_;
    std::unique_ptr<RawStore> raw_;
    RawLimits raw_limits_;
    std::unique_ptr<EvidenceStore> evidence_;
    std::unique_ptr<PairNews> news_;
    Time evidence_looked_at_{};  // of the watch's thread alone
    std::shared_ptr<Live> live_;
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
