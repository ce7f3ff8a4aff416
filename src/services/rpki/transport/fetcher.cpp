#include "services/rpki/transport/fetcher.h"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "services/rpki/transport/digest.h"
#include "services/rpki/transport/origin.h"
#include "services/rpki/transport/rsync.h"

namespace quipu::rpki {
namespace {

std::size_t octets_of(ByteCount size) {
    return static_cast<std::size_t>(size.octets);
}

constexpr LogEvent kFetchFailed{LogLevel::warning, "RPKI_FETCH_FAILED", "A repository could not be fetched",
                                "Its last good copy stands; it is tried again."};
constexpr LogEvent kDesynchronised{LogLevel::warning, "RPKI_RRDP_DESYNCHRONISED",
                                   "An RRDP session was not kept by its server: the snapshot is taken",
                                   "Tell the repository's operator (RFC 9697)."};
constexpr LogEvent kDeltaFailed{LogLevel::warning, "RPKI_RRDP_DELTA_FAILED",
                                "An RRDP delta could not be applied: the snapshot is taken",
                                "Tell the repository's operator if it happens again."};

constexpr LogEvent kForgotten{LogLevel::info, "RPKI_COPY_FORGOTTEN",
                              "What was fetched of a repository that no certificate names any more is removed"};

/// Failures in a row of a source or of a host.
struct Trouble {
    std::int64_t failures = 0;
    Time next{};
};

bool is_of_host(const Error& error) {
    return error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout;
}

}  // namespace

struct Fetcher::Impl {
    Impl(Settings given, Store& to, const Clock& time, Rng chance, net::TlsContext trust)
        : settings(std::move(given)), store(to), clock(time), rng(chance), tls(std::move(trust)) {
        for (RepositoryStatus& status : store.load_statuses())
            statuses.with([&](auto& all) { all.insert_or_assign(status.source, std::move(status)); });
    }

    /// What one source's fetch did.
    struct Attempt {
        Result<void> done;
        Folders changed;
        std::uint64_t octets = 0;
        std::string step;
        std::size_t objects = 0;
        std::size_t too_large = 0;
        std::string session;
        std::uint64_t serial = 0;
    };
    struct Job {
        std::string source;
        std::function<Attempt()> work;
    };

    using Hosts = std::map<std::string, std::vector<Job>, std::less<>>;
    void run(Hosts hosts, Fetched& out);
    void attempt(const Job& job, Fetched& out);
    void settle(const Job& job, Attempt& attempt, Time start, double seconds);
    [[nodiscard]] bool backs_off(const std::string& source);
    void refuse(const std::string& source);

    Attempt fetch_rrdp(const std::string& notification);
    Result<void> update(Downloads& downloads, RrdpCopy& copy, const std::string& address, Attempt& attempt);
    Result<void> take(Downloads& downloads, RrdpCopy& copy, RrdpFile kind, const std::string& address,
                      const Sha256& hash, const RrdpState& state, Attempt& attempt);
    Attempt fetch_module(const std::string& module);
    void stand_in(const std::string& notification, Folders& changed);
    Attempt fetch_anchor(const TrustAnchorLocator& locator);
    Result<std::vector<std::uint8_t>> fetch_certificate(const std::string& uri, const std::string& name,
                                                        Attempt& attempt);
    [[nodiscard]] Result<std::unique_ptr<Downloads>> connect(std::string_view address) {
        return Downloads::create(split_address(address).first, tls, settings.transport, settings.agent, cancellation);
    }
    [[nodiscard]] RepositoryStatus status_of(const std::string& source) {
        return statuses.with([&](const auto& all) {
            const auto found = all.find(source);
            return found == all.end() ? RepositoryStatus{} : found->second;
        });
    }

    Settings settings;
    Store& store;
    const Clock& clock;
    Rng rng;  // under `troubles`
    net::TlsContext tls;
    Cancellation cancellation;
    Guarded<std::map<std::string, RepositoryStatus, std::less<>>> statuses;
    Guarded<std::map<std::string, Trouble, std::less<>>> troubles;
    std::mutex fetched_mutex;
};

// ---- which, when, how many at a time

bool Fetcher::Impl::backs_off(const std::string& source) {
    const Time now = clock.now();
    return troubles.with([&](const auto& all) {
        for (const std::string& key : {source, std::string(host_of(source))})
            if (const auto found = all.find(key); found != all.end() && now < found->second.next) return true;
        return false;
    });
}

void Fetcher::Impl::refuse(const std::string& source) {
    statuses.with([&](auto& all) {
        RepositoryStatus& status = all[source];
        status.source = source;
        status.host = host_of(source);
        status.error = "is not the name of a host on the Internet: it is not asked (dubious_hosts)";
    });
}

/// Several hosts at a time; the sources of one host one after the other.
void Fetcher::Impl::run(Hosts hosts, Fetched& out) {
    std::mutex mutex;
    std::vector<std::vector<Job>> queue;
    for (auto& [host, jobs] : hosts)
        queue.push_back(std::move(jobs));
    std::ranges::sort(queue, {}, [](const auto& jobs) { return jobs.size(); });  // the longest is taken first
    const auto work = [&] {
        for (;;) {
            std::vector<Job> jobs;
            {
                const std::scoped_lock lock(mutex);
                if (queue.empty()) return;
                jobs = std::move(queue.back());
                queue.pop_back();
            }
            for (const Job& job : jobs)
                if (!cancellation.cancelled() && !backs_off(job.source)) attempt(job, out);
        }
    };
    const std::size_t count = std::min<std::size_t>(
        queue.size(), static_cast<std::size_t>(std::max<std::int64_t>(1, settings.transport.concurrency)));
    std::vector<std::jthread> crew;
    for (std::size_t i = 0; i < count; ++i)
        crew.emplace_back(work);
}

void Fetcher::Impl::attempt(const Job& job, Fetched& out) {
    const Time start = clock.now();
    const Monotonic begin = clock.monotonic();
    Attempt done = job.work();
    settle(job, done, start, std::chrono::duration<double>(clock.monotonic() - begin).count());
    const std::scoped_lock lock(fetched_mutex);
    ++out.attempts;
    out.failures += done.done ? 0 : 1;
    out.octets += done.octets;
    out.changed.merge(done.changed);
}

void Fetcher::Impl::settle(const Job& job, Attempt& attempt, Time start, double seconds) {
    const std::string host(host_of(job.source));
    std::optional<Time> next;
    std::int64_t failures = 0;
    troubles.with([&](auto& all) {
        if (attempt.done) {
            all.erase(job.source);
            all.erase(host);
            return;
        }
        for (const std::string& key : {job.source, host}) {
            if (key == host && !is_of_host(attempt.done.error())) continue;
            Trouble& trouble = all[key];
            trouble.next = clock.now() + back_off(++trouble.failures, settings.transport, rng);
            failures = std::max(failures, trouble.failures);
            next = std::max(next.value_or(trouble.next), trouble.next);
        }
    });
    if (!attempt.done && attempt.done.error().code != ErrorCode::cancelled)
        log(kFetchFailed, {{"source", job.source}, {"error", attempt.done.error().text()}});
    statuses.with([&](auto& all) {
        RepositoryStatus& status = all[job.source];
        status.source = job.source;
        status.host = host;
        status.last_attempt = start;
        status.next_attempt = next;
        status.failures = failures;
        status.octets = static_cast<std::int64_t>(attempt.octets);
        status.seconds = seconds;
        if (!attempt.changed.empty()) status.last_change = start;
        if (!attempt.done) {
            status.error = attempt.done.error().text();
            if (status.state != RepositoryState::never) status.state = RepositoryState::failing;
            return;
        }
        status.error.clear();
        status.state = RepositoryState::fresh;
        status.last_success = start;
        status.way = job.source.starts_with("rsync://") ? Way::rsync : Way::rrdp;
        status.step = std::move(attempt.step);
        status.session = std::move(attempt.session);
        status.serial = static_cast<std::int64_t>(attempt.serial);
        status.objects = static_cast<std::int64_t>(attempt.objects);
        status.refused_objects = static_cast<std::int64_t>(attempt.too_large);
    });
}

// ---- RRDP

Fetcher::Impl::Attempt Fetcher::Impl::fetch_rrdp(const std::string& notification) {
    Attempt out;
    const auto fetch = [&]() -> Result<void> {
        RrdpCopy* copy = TRY(store.rrdp(notification));
        const auto downloads = TRY(connect(notification));
        const Result<void> updated = update(*downloads, *copy, notification, out);
        out.octets = downloads->octets();
        TRY(updated);
        // From another way back to this one: everything may be different.
        if (status_of(notification).way != Way::rrdp) {
            store.set_way(notification, Way::rrdp);
            out.changed.merge(TRY(copy->folders()));
        }
        out.objects = copy->size();
        if (const auto state = copy->state()) {
            out.session = state->session;
            out.serial = state->serial;
        }
        return {};
    };
    out.done = fetch();
    return out;
}

/// RFC 8182 §3.4.
Result<void> Fetcher::Impl::update(Downloads& downloads, RrdpCopy& copy, const std::string& address, Attempt& attempt) {
    const std::optional<RrdpState> before = copy.state();
    Downloads::Wanted wanted{.address = address,
                             .etag = before ? before->etag : "",
                             .last_modified = before ? before->last_modified : "",
                             .octets = octets_of(settings.transport.max_notification_size),
                             .limit = "max_notification_size"};
    std::vector<std::uint8_t> xml;
    const FileAnswer answer = TRY(downloads.get(wanted, [&](ByteSpan octets) -> Result<void> {
        xml.insert(xml.end(), octets.begin(), octets.end());
        return {};
    }));
    if (!answer.modified) {
        attempt.step = "not modified";
        return {};
    }
    auto parsed = parse_notification(xml, address);
    if (!parsed) {
        if (parsed.error().where.empty()) parsed.error().where = address;
        return std::unexpected(std::move(parsed.error()));
    }
    const Notification& notification = *parsed;
    const auto state_at = [&](std::uint64_t serial, bool last) {
        RrdpState state;
        state.session = notification.session;
        state.serial = serial;
        // Short of the end the notification file must be read again: without its tags it will be.
        if (last) {
            state.etag = answer.etag;
            state.last_modified = answer.last_modified;
        }
        for (const RrdpDelta& delta : notification.deltas)
            state.deltas.push_back({delta.serial, delta.hash});
        return state;
    };
    const RrdpPlan plan = plan_update(notification, before, settings.transport);
    std::string why = plan.why;
    if (plan.step == RrdpPlan::Step::nothing) {
        attempt.step = "no change";
        return copy.note(state_at(notification.serial, true));
    }
    if (plan.step == RrdpPlan::Step::deltas) {
        Result<void> applied;
        for (const RrdpDelta& delta : plan.deltas) {
            applied = take(downloads, copy, RrdpFile::delta, delta.uri, delta.hash,
                           state_at(delta.serial, delta.serial == notification.serial), attempt);
            if (!applied) break;
        }
        if (applied) {
            attempt.step = plan.deltas.size() == 1 ? "1 delta" : fmt::format("{} deltas", plan.deltas.size());
            return {};
        }
        // A host that is gone will not give a snapshot either.
        if (is_of_host(applied.error()) || applied.error().code == ErrorCode::cancelled) return applied;
        log(kDeltaFailed, {{"source", address}, {"error", applied.error().text()}});
        why = applied.error().text();
    } else if (before && before->session == notification.session) {
        log(kDesynchronised, {{"source", address}, {"why", why}});
    }
    TRY(take(downloads, copy, RrdpFile::snapshot, notification.snapshot, notification.snapshot_hash,
             state_at(notification.serial, true), attempt));
    attempt.step = "snapshot: " + why;
    return {};
}

/// A snapshot or a delta: parsed as it comes, and standing only once its digest is right.
Result<void> Fetcher::Impl::take(Downloads& downloads, RrdpCopy& copy, RrdpFile kind, const std::string& address,
                                 const Sha256& hash, const RrdpState& state, Attempt& attempt) {
    const TransportSettings& limits = settings.transport;
    const auto change = kind == RrdpFile::delta ? copy.begin_delta() : TRY(copy.begin_snapshot());
    RunningDigest digest;
    std::size_t too_large = 0;
    RrdpReader reader(kind, state.session, state.serial,
                      {octets_of(limits.max_object_size), static_cast<std::size_t>(limits.max_objects)},
                      [&](const RrdpObject& object) -> Result<void> {
                          too_large += object.too_large ? 1 : 0;
                          if (object.withdraw) return change->withdraw(object.uri, *object.hash);
                          return change->publish(object.uri, object.hash ? &*object.hash : nullptr, object.object,
                                                 object.too_large);
                      });
    const bool delta = kind == RrdpFile::delta;
    const auto answer = downloads.get({.address = address,
                                       .octets = octets_of(delta ? limits.max_delta_size : limits.max_snapshot_size),
                                       .limit = delta ? "max_delta_size" : "max_snapshot_size"},
                                      [&](ByteSpan octets) -> Result<void> {
                                          digest.add(octets);
                                          return reader.feed(octets);
                                      });
    const auto place = [&](Error error) {
        error.where = error.where.empty() ? address : fmt::format("{}: {}", address, error.where);
        return std::unexpected(std::move(error));
    };
    if (!answer) return answer.error().where == address ? std::unexpected(answer.error()) : place(answer.error());
    if (digest.finish() != hash)
        return fail(ErrorCode::invalid, "has another hash than the notification file says", address);
    if (auto finished = reader.finish(); !finished) return place(std::move(finished.error()));
    if (auto done = change->commit(state, attempt.changed); !done) return place(std::move(done.error()));
    attempt.too_large += too_large;
    return {};
}

// ---- rsync

Fetcher::Impl::Attempt Fetcher::Impl::fetch_module(const std::string& module) {
    Attempt out;
    RsyncOutcome done = rsync_module(module, store.rsync_folder(), settings.transport, cancellation);
    out.done = std::move(done.done);
    out.changed = std::move(done.changed);
    out.octets = done.octets;
    out.step = "rsync";
    return out;
}

/// rsync's copy is validated from here on; whatever the RRDP copy had may be different there.
void Fetcher::Impl::stand_in(const std::string& notification, Folders& changed) {
    const Way before = status_of(notification).way;
    store.set_way(notification, Way::rsync);
    statuses.with([&](auto& all) { all[notification].way = Way::rsync; });
    if (before != Way::rrdp) return;
    if (const auto copy = store.rrdp(notification))
        if (auto folders = (*copy)->folders()) changed.merge(*folders);
}

// ---- trust anchors

Result<std::vector<std::uint8_t>> Fetcher::Impl::fetch_certificate(const std::string& uri, const std::string& name,
                                                                   Attempt& attempt) {
    if (is_rsync_uri(uri)) {
        if (!settings.transport.rsync) return fail(ErrorCode::unsupported, "rsync is switched off", uri);
        return rsync_file(uri, store.folder() + "/anchor-" + name + ".new", settings.transport, cancellation);
    }
    const auto downloads = TRY(connect(uri));
    std::vector<std::uint8_t> out;
    const auto answer = downloads->get(
        {.address = uri, .octets = octets_of(settings.transport.max_object_size), .limit = "max_object_size"},
        [&](ByteSpan octets) -> Result<void> {
            out.insert(out.end(), octets.begin(), octets.end());
            return {};
        });
    attempt.octets += downloads->octets();
    if (!answer) return std::unexpected(answer.error());
    return out;
}

/// RFC 8630 §3: the addresses in their order, until one gives a good certificate.
Fetcher::Impl::Attempt Fetcher::Impl::fetch_anchor(const TrustAnchorLocator& locator) {
    Attempt out;
    const std::int64_t now = unix_seconds(clock.now());
    for (const std::string& uri : locator.addresses) {
        const auto bytes = fetch_certificate(uri, locator.name, out);
        if (!bytes) {
            out.done = std::unexpected(bytes.error());
            continue;
        }
        Workbench bench;
        if (auto checked = validate_anchor(*bytes, uri, locator, 0, now, {}, bench); !checked) {
            const RuleText& rule = text_of(checked.error().rule);
            out.done = fail(ErrorCode::invalid, std::string(rule.text), uri, std::string(rule.section));
            continue;
        }
        out.done = {};
        out.step = is_rsync_uri(uri) ? "rsync" : "https";
        // Under every address, so that no older copy under another one is found first.
        for (const std::string& address : locator.addresses) {
            std::vector<std::uint8_t> before;
            if (store.read(address, SIZE_MAX, before) == ReadOutcome::read && before == *bytes) continue;
            out.done = store.save_anchor(address, *bytes);
            if (!out.done) return out;
            out.changed.insert(address);
        }
        return out;
    }
    return out;
}

// ---- the door

Fetcher::Fetcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Fetcher::~Fetcher() = default;

Result<std::unique_ptr<Fetcher>> Fetcher::create(Settings settings, Store& store, const Clock& clock, Rng rng) {
    auto tls = settings.authorities_pem.empty() ? TRY(net::TlsContext::public_client())
                                                : TRY(net::TlsContext::client(settings.authorities_pem, {}));
                                                return std::unique_ptr<Fetcher>(new Fetcher(std::make_unique<Impl>(
                                                    std::move(settings), store, clock, rng, std::move(tls))));
}

Fetched Fetcher::fetch_anchors(std::span<const TrustAnchorLocator> locators) {
    Fetched out;
    Impl::Hosts hosts;
    for (const TrustAnchorLocator& locator : locators)
        hosts[std::string(host_of(locator.addresses.front()))].push_back(
            {locator.addresses.front(), [this, &locator] { return impl_->fetch_anchor(locator); }});
    impl_->run(std::move(hosts), out);
    return out;
}

Fetched Fetcher::fetch(std::span<const Source> named) {
    Fetched out;
    const TransportSettings& transport = impl_->settings.transport;
    // Whoever has a certificate chooses these addresses: not any machine that only we can reach is asked.
    std::vector<Source> sources;
    for (const Source& source : named) {
        const std::string& dubious = is_dubious(source.repository) ? source.repository : source.notification;
        if (transport.dubious_hosts || dubious.empty() || !is_dubious(dubious))
            sources.push_back(source);
        else
            impl_->refuse(dubious);
    }
    std::set<std::string> notifications;
    for (const Source& source : sources)
        if (transport.rrdp && !source.notification.empty()) notifications.insert(source.notification);
    Impl::Hosts hosts;
    for (const std::string& notification : notifications)
        hosts[std::string(host_of(notification))].push_back(
            {notification, [this, notification] { return impl_->fetch_rrdp(notification); }});
    impl_->run(std::move(hosts), out);
    if (!transport.rsync) return out;

    // What has no RRDP, and where RRDP has failed for long enough.
    std::map<std::string, std::set<std::string>> modules;  // to the notification files that they stand in for
    const Time now = impl_->clock.now();
    for (const Source& source : sources) {
        if (!transport.rrdp || source.notification.empty()) {
            modules[module_of(source.repository)];
            continue;
        }
        const RepositoryStatus status = impl_->status_of(source.notification);
        const bool failed = !status.error.empty() || status.state == RepositoryState::never;
        if (failed && falls_back(status, now, transport))
            modules[module_of(source.repository)].insert(source.notification);
    }
    hosts.clear();
    for (const auto& [module, covered] : modules)
        hosts[std::string(host_of(module))].push_back({module, [this, module, covered] {
                                                           auto attempt = impl_->fetch_module(module);
                                                           if (attempt.done)
                                                               for (const std::string& notification : covered)
                                                                   impl_->stand_in(notification, attempt.changed);
                                                           return attempt;
                                                       }});
    impl_->run(std::move(hosts), out);
    return out;
}

Result<void> Fetcher::forget_unnamed(std::span<const TrustAnchorLocator> locators, const std::set<Source>& sources,
                                     Nanoseconds after) {
    std::set<std::string, std::less<>> named;
    for (const TrustAnchorLocator& locator : locators)
        named.insert(locator.addresses.begin(), locator.addresses.end());
    for (const Source& source : sources)
        named.insert({source.notification, module_of(source.repository)});
    const Time before = impl_->clock.now() - after;
    for (const RepositoryStatus& status : statuses()) {
        if (named.contains(status.source) || status.last_attempt.value_or(Time{}) >= before) continue;
        TRY(impl_->store.forget(status.source));
        impl_->statuses.with([&](auto& all) { all.erase(status.source); });
        impl_->troubles.with([&](auto& all) { all.erase(status.source); });
        log(kForgotten, {{"source", status.source}});
    }
    return {};
}

void Fetcher::cancel() {
    impl_->cancellation.cancel();
}

std::vector<RepositoryStatus> Fetcher::statuses() const {
    return impl_->statuses.with([](const auto& all) {
        std::vector<RepositoryStatus> out;
        for (const auto& [source, status] : all)
            out.push_back(status);
        return out;
    });
}

Result<void> Fetcher::save_statuses() const {
    return impl_->store.save_statuses(statuses());
}

}  // namespace quipu::rpki
