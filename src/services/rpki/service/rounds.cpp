#include "services/rpki/service/rounds.h"

#include <filesystem>

#include "base/log.h"

namespace quipu::rpki {
namespace {

using namespace std::chrono_literals;

constexpr LogEvent kValidated{LogLevel::info, "RPKI_VALIDATED", "A validation is done"};
constexpr LogEvent kNotValidated{LogLevel::error, "RPKI_NOT_VALIDATED",
                                 "A validation could not be made; routers keep what they have until it is too old",
                                 "See the error; check the disk, and the folder of trust anchor locators."};
constexpr LogEvent kHeld{LogLevel::warning, "RPKI_CHANGE_HELD",
                         "A validation would drop more VRPs than the guard lets pass; routers keep what they have",
                         "Look at what would go, and release it if it is right."};
constexpr LogEvent kReleased{LogLevel::info, "RPKI_CHANGE_RELEASED", "A held change reaches routers, or is no more"};
constexpr LogEvent kSlurmBroken{LogLevel::warning, "RPKI_SLURM_BROKEN",
                                "A file of local exceptions is broken; its last good version stays in use",
                                "Mend the file; the next validation takes it."};

constexpr LogEvent kRoutesBroken{LogLevel::warning, "RPKI_ROUTES_BROKEN",
                                 "A file of routes can't be read; those that were read before stay in view",
                                 "See the error."};

}  // namespace

Result<void> RpkiSettings::check() const {
    if (interval < 10s || interval > 24h)
        return fail(ErrorCode::invalid, "is from 10s to 24h", "rpki.interval", "10m is usual");
    if (forget_after < 1h || forget_after > 365 * 24h)
        return fail(ErrorCode::invalid, "is from 1h to 365d", "rpki.forget_after", "30d is usual");
    if (guard.release_after < 0s)
        return fail(ErrorCode::invalid, "is not below 0s", "rpki.guard.release_after", "0s: only a person releases");
    TRY(transport.check());
    return rtr.check();
}

Limits LimitSettings::limits() const {
    return {.max_object_size = static_cast<std::size_t>(max_object_size.octets),
            .max_files = static_cast<std::size_t>(max_files),
            .max_point_size = static_cast<std::size_t>(max_point_size.octets),
            .max_depth = static_cast<unsigned>(max_depth),
            .max_authorities = static_cast<std::size_t>(max_authorities)};
}

Rounds::Rounds(const RpkiSettings& settings, std::string folder, const Clock& clock, registry::Registry& registry,
               RtrServer* rtr, Listener listener)
    : settings_(settings),
      folder_(std::move(folder)),
      clock_(clock),
      registry_(registry),
      rtr_(rtr),
      listener_(std::move(listener)),
      guard_(settings.guard),
      route_files_(settings.routes) {}

Rounds::~Rounds() {
    stop();
}

Result<std::unique_ptr<Rounds>> Rounds::create(const RpkiSettings& settings, std::string folder, const Clock& clock,
                                               registry::Registry& registry, RtrServer* rtr, Listener listener) {
    std::unique_ptr<Rounds> out(new Rounds(settings, std::move(folder), clock, registry, rtr, std::move(listener)));
    TRY(out->open());
    return out;
}

Result<void> Rounds::open() {
    std::error_code fault;
    std::filesystem::create_directories(folder_, fault);
    if (fault) return fail(ErrorCode::io, "the folder can't be made: " + fault.message(), folder_);
    archive_ = TRY(PackArchive::open(folder_ + "/points.pack"));
    validator_ = std::make_unique<Validator>(
        Validator::Settings{
            .point = {.limits = settings_.limits.limits(), .profile = {.strict_names = settings_.strict_names}},
            .threads = static_cast<unsigned>(settings_.threads)},
        archive_.get());
    if (offline()) {
        cache_ = TRY(CacheFolder::open(settings_.offline));
        watch_ = std::make_unique<FolderWatch>(settings_.offline, static_cast<unsigned>(settings_.threads));
    } else {
        store_ = TRY(Store::open(folder_ + "/fetched"));
        Fetcher::Settings fetching{.transport = settings_.transport};
        fetching.transport.max_object_size = settings_.limits.max_object_size;
        fetcher_ = TRY(Fetcher::create(std::move(fetching), *store_, clock_, Rng::from_system()));
        party_ =
            std::make_unique<RelyingParty>(*store_, *fetcher_, *validator_, archive_.get(), settings_.forget_after);
    }
    slurm_ = TRY(SlurmFiles::open(settings_.slurm, folder_ + "/slurm", clock_.now()));
    served_ = TRY(ServedFile::open(folder_ + "/served.pack"));
    if (auto before = TRY(served_->load()))
        guard_.restore(std::make_shared<const AnchoredPayloads>(std::move(before->served)), std::move(before->held),
                       before->last_id);
    return {};
}

Result<void> Rounds::validate(Time now) {
    locators_ = TRY(read_tals(settings_.tals));
    const std::int64_t time = unix_seconds(now);
    if (party_) {
        const RoundReport report = TRY(party_->run(locators_, time));
        examined_ = report.points_examined;
        return {};
    }
    cache_->set_locators(locators_);
    validator_->run(locators_, *cache_, time, TRY(watch_->look()));
    examined_ = validator_->points_examined();
    return archive_->flush(time - std::chrono::floor<std::chrono::seconds>(settings_.forget_after).count());
}

Result<void> Rounds::round() {
    const Time now = clock_.now();
    const Monotonic begin = clock_.monotonic();
    TRY(validate(now));
    auto tree = tree_of(*validator_, locators_);
    auto found = std::make_shared<const AnchoredPayloads>(anchored_payloads_of(*validator_, locators_));

    const std::scoped_lock turn(turn_);
    if (auto picture = registry_.now(); picture != picture_) {
        picture_ = std::move(picture);
        members_ = std::make_shared<const Members>(*picture_);
    }
    tree_ = std::move(tree);
    found_ = std::make_shared<const Outcomes>(validator_->outcomes());
    member_points_ = std::make_shared<const MemberPoints>(member_points_of(*validator_, *members_));
    validated_ = now;
    seconds_ = std::chrono::duration<double>(clock_.monotonic() - begin).count();
    const auto served = guard_.served();
    const auto held = guard_.held();
    const Guard::Outcome outcome = guard_.offer(std::move(found), *members_, now);
    if (guard_.served() != served || guard_.held().has_value() != held.has_value() || outcome == Guard::Outcome::held)
        TRY(served_->keep(*guard_.served(), guard_.held(), guard_.last_id()));
    TRY(slurm_->refresh(now));
    for (const auto& file : slurm_->exceptions().status())
        if (file.error) log(kSlurmBroken, {{"file", file.name}, {"error", file.error->text()}});
    if (const auto read = route_files_.refresh(); !read) log(kRoutesBroken, {{"error", read.error().text()}});
    TRY(serve());
    log(kValidated, {{"seconds", fmt::format("{:.3f}", seconds_)},
                     {"examined", std::to_string(examined_)},
                     {"vrps", std::to_string(tree_->totals.vrps)}});
    tell_guard(held, outcome == Guard::Outcome::time_passed ? HeldEnd::time : HeldEnd::gone, "system");
    return {};
}

void Rounds::tell_guard(const std::optional<HeldChange>& before, HeldEnd how, std::string_view by) {
    GuardTurn turn{.held = guard_.held(), .ended = {}};
    if (turn.held && !before)
        log(kHeld, {{"change", std::to_string(turn.held->id)}, {"lost", std::to_string(turn.held->lost)}});
    if (before && !turn.held) {
        log(kReleased, {{"change", std::to_string(before->id)}, {"by", std::string(by)}});
        turn.ended = GuardTurn::Ended{.change = *before, .how = how, .by = std::string(by)};
    }
    if (listener_.guard) listener_.guard(turn);
}

/// What the guard let pass, with local exceptions, to routers and to whoever asks. In its turn.
Result<void> Rounds::serve() {
    auto state = std::make_shared<State>();
    const auto payloads = std::make_shared<AnchoredPayloads>(*guard_.served());
    state->slurm = apply_slurm(slurm_->exceptions().in_use(), *payloads);
    const std::shared_ptr<const PayloadSet> set(payloads, &payloads->set);
    const auto before = this->state();
    if (before && *before->served == *set) {
        state->served = before->served;
        state->validity = before->validity;
    } else {
        state->served = set;
        state->validity = std::make_shared<const ValidityIndex>(set->vrps);
    }
    state->validated = validated_;
    state->seconds = seconds_;
    state->points_examined = examined_;
    state->tree = tree_;
    state->passed = guard_.served();
    state->members = members_;
    state->member_points = member_points_;
    const auto routes = route_files_.routes();
    if (before && before->validity == state->validity && before->members == members_ &&
        before->routes->routes == routes)
        state->routes = before->routes;
    else
        state->routes = view_of(routes, *members_, *state->validity);
    state->held = guard_.held();
    auto shared = std::shared_ptr<const State>(std::move(state));
    state_.with([&](auto& current) { current = shared; });
    const auto told = rtr_ == nullptr ? Result<void>() : rtr_->publish(*shared->served);
    tell(*shared, payloads);
    return told;
}

void Rounds::tell(const State& state, std::shared_ptr<const AnchoredPayloads> payloads) {
    published_ = Published::create({.began = state.validated,
                                    .took = std::chrono::nanoseconds(static_cast<std::int64_t>(state.seconds * 1e9)),
                                    .payloads = std::move(payloads),
                                    .found = found_,
                                    .validity = state.validity,
                                    .snapshot = rtr_ == nullptr ? nullptr : rtr_->snapshot(),
                                    .repositories = repositories()},
                                   published_.get());
    static_cast<void>(published_->counts());  // before somebody's loop has to
    if (listener_.published) listener_.published(published_);
}

Result<void> Rounds::release(std::int64_t id, std::string_view by) {
    const std::scoped_lock turn(turn_);
    const auto held = guard_.held();
    TRY(guard_.release(id));
    TRY(served_->keep(*guard_.served(), guard_.held(), guard_.last_id()));
    TRY(serve());
    tell_guard(held, HeldEnd::person, by);
    return {};
}

std::vector<RepositoryStatus> Rounds::repositories() const {
    return fetcher_ ? fetcher_->statuses() : std::vector<RepositoryStatus>();
}

std::vector<SlurmRow> Rounds::slurm() {
    const std::scoped_lock turn(turn_);
    std::vector<SlurmRow> out;
    for (const auto& file : slurm_->exceptions().status())
        out.push_back({.name = file.name,
                       .since = file.since,
                       .error = file.error ? file.error->text() : std::string(),
                       .filters = static_cast<std::int64_t>(file.filters),
                       .assertions = static_cast<std::int64_t>(file.assertions)});
    return out;
}

void Rounds::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void Rounds::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    if (fetcher_) fetcher_->cancel();
    thread_.join();
}

void Rounds::hurry() {
    {
        const std::scoped_lock lock(bell_mutex_);
        hurried_ = true;
    }
    bell_.notify_all();
}

/// Until the next round: the interval, or less when the time of what is held is over before.
Nanoseconds Rounds::pause() {
    const auto now = state();
    if (!now || !now->held || !now->held->release_at) return settings_.interval;
    return std::clamp<Nanoseconds>(*now->held->release_at - clock_.now(), 1s, settings_.interval);
}

void Rounds::work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        progress_.with([](Progress& progress) {
            progress.validating = true;
            progress.next.reset();
        });
        const auto done = round();
        if (!done) log(kNotValidated, {{"error", done.error().text()}});
        const Nanoseconds pause = this->pause();
        progress_.with([&](Progress& progress) {
            progress.validating = false;
            progress.error = done ? std::string() : done.error().text();
            progress.next = clock_.now() + pause;
        });
        std::unique_lock lock(bell_mutex_);
        bell_.wait_for(lock, stop, pause, [this] { return hurried_; });
        hurried_ = false;
    }
}

}  // namespace quipu::rpki
