#include "agent/runtime.h"

#include <atomic>
#include <fmt/format.h>

#include "agent/backoff.h"
#include "agent/batch.h"
#include "agent/files.h"
#include "agent/identity.h"
#include "agent/waiters.h"
#include "base/log.h"
#include "net/http_client.h"
#include "net/loop.h"

namespace quipu::agent {
namespace {

constexpr std::string_view kVersion = QUIPU_VERSION;
constexpr Nanoseconds kRenewBefore = std::chrono::days(30);
constexpr Nanoseconds kRevokedPause = std::chrono::minutes(5);

constexpr LogEvent kConnected{LogLevel::info, "AGENT_HUB_REACHED", "The hub is reached"};
constexpr LogEvent kAway{LogLevel::warning, "AGENT_HUB_AWAY",
                         "The hub can't be reached; measuring goes on and records are kept",
                         "See whether the hub runs and its port is open from here."};
constexpr LogEvent kRefused{LogLevel::error, "AGENT_REFUSED_BY_HUB", "The hub refuses this agent",
                            "Enrol again with a new ticket: quipu agent --ticket FILE."};
constexpr LogEvent kAssigned{LogLevel::info, "AGENT_ASSIGNED", "New work from the hub"};
constexpr LogEvent kBadWork{LogLevel::error, "AGENT_WORK_REFUSED", "A part can't do what the hub asks",
                            "Agent and hub may be of different versions."};
constexpr LogEvent kStreamRefused{LogLevel::warning, "AGENT_STREAM_REFUSED",
                                  "The hub does not take a stream now; its records are kept"};
constexpr LogEvent kRenewed{LogLevel::info, "AGENT_RENEWED", "The certificate was renewed"};
constexpr LogEvent kSpoolFailed{LogLevel::error, "AGENT_SPOOL_FAILED", "The spool can't be read",
                                "See the error; free space if the disk is full."};

class RuntimeImpl final : public Runtime {
  public:
    RuntimeImpl(RuntimeOptions options, Identity identity, std::unique_ptr<Spool> spool, const Clock& clock)
        : options_(std::move(options)),
          identity_(std::move(identity)),
          spool_(std::move(spool)),
          clock_(clock),
          started_(clock.now()),
          rng_(Rng::from_system()) {}

    void add_part(std::unique_ptr<Part> part) override { parts_.push_back(std::move(part)); }
    [[nodiscard]] const std::string& agent() const override { return identity_.agent; }
    [[nodiscard]] Spool::State spool_state() const override { return spool_->state(); }

    Result<void> run() override {
        TRY(start_parts());
        spool_->on_append([this] { news_.wake_all(); });
        loop_.spawn(poll());
        loop_.spawn(upload());
        loop_.spawn(renew());
        loop_.spawn(tick());
        if (!stopping_) loop_.run();
        for (const auto& part : parts_)
            part->stop();
        spool_->on_append({});
        return {};
    }

    void stop() override {
        stopping_ = true;
        loop_.stop();
    }

  private:
    Result<void> start_parts() {
        for (const auto& part : parts_) {
            const std::string folder = fmt::format("{}/{}", options_.folder, part->name());
            TRY(make_folder(folder));
            TRY(part->start({.clock = clock_,
                             .records = *spool_,
                             .agent = identity_.agent,
                             .folder = folder,
                             .addresses = options_.addresses,
                             .clock_error = options_.clock_error,
                             .clock_shift = options_.clock_shift}));
        }
        return {};
    }

    /// A request with the current certificate; a connection made before a renewal is not used after it.
    Task<Result<net::ClientResponse>> send(std::unique_ptr<net::HttpClient>& client, std::uint64_t& generation,
                                           net::ClientRequest request) {
        if (!client || generation != generation_) {
            generation = generation_;
            client = CO_TRY(net::HttpClient::create(loop_, identity_.hub, CO_TRY(identity_.tls())));
        }
        co_return co_await client->send(std::move(request));
    }

    static net::ClientRequest post(std::string_view target, std::string body,
                                   std::string_view type = "application/json") {
        net::ClientRequest request{.method = net::Method::post, .target = std::string(target), .body = std::move(body)};
        request.headers.add("Content-Type", std::string(type));
        return request;
    }

    // ---- work
    // ---------------------------------------------------------------------------------------------------------

    Task<void> poll() {
        std::unique_ptr<net::HttpClient> client;
        std::uint64_t generation = 0;
        Backoff backoff(std::chrono::milliseconds(500), std::chrono::seconds(20));
        while (!stopping_) {
            Value facts{Value::Object{}};
            for (const auto& part : parts_)
                facts.set(part->name(), part->facts());
            auto response = co_await send(client, generation,
                                          post("/agent/v1/poll", json_text(PollRequest{.revision = revision_,
                                                                                       .version = std::string(kVersion),
                                                                                       .started = started_,
                                                                                       .facts = facts})));
            const Nanoseconds pause = judge(response, backoff);
            if (response && response->status == 200) take_work(response->body);
            if (pause > Nanoseconds::zero()) co_await loop_.sleep(pause);
        }
    }

    /// Tells of changes between reached, away and refused, and answers how long to wait.
    Nanoseconds judge(const Result<net::ClientResponse>& response, Backoff& backoff) {
        if (!response || response->status >= 500) {
            if (reached_ != Reached::away)
                log(kAway,
                    {{"hub", identity_.hub},
                     {"error", response ? fmt::format("status {}", response->status) : response.error().text()}});
            reached_ = Reached::away;
            spool_->forget_told();
            return backoff.wait(rng_);
        }
        if (response->status == 401 || response->status == 403) {
            if (reached_ != Reached::refused) log(kRefused, {{"hub", identity_.hub}, {"answer", response->body}});
            reached_ = Reached::refused;
            return kRevokedPause;
        }
        if (reached_ != Reached::yes) log(kConnected, {{"hub", identity_.hub}});
        reached_ = Reached::yes;
        backoff.reset();
        return response->status == 200 || response->status == 304 ? Nanoseconds::zero() : backoff.wait(rng_);
    }

    void take_work(const std::string& body) {
        const auto parsed = parse_json(body, "hub");
        auto reply = parsed ? read<PollReply>(*parsed, "hub") : Result<PollReply>(std::unexpected(parsed.error()));
        if (!reply) {
            log(kBadWork, {{"error", reply.error().text()}});
            return;
        }
        revision_ = reply->revision;
        log(kAssigned, {{"revision", revision_}});
        for (const auto& part : parts_) {
            const Value* work = reply->parts.find(part->name());
            if (work == nullptr) continue;
            if (const auto it = assigned_.find(part->name()); it != assigned_.end() && it->second == *work) continue;
            assigned_[std::string(part->name())] = *work;
            if (auto done = part->assign(*work); !done)
                log(kBadWork, {{"part", part->name()}, {"error", done.error().text()}});
        }
    }

    // ---- records
    // ------------------------------------------------------------------------------------------------------

    Task<void> upload() {
        std::unique_ptr<net::HttpClient> client;
        std::uint64_t generation = 0;
        Backoff backoff(std::chrono::milliseconds(500), std::chrono::seconds(20));
        while (!stopping_) {
            auto outgoing = spool_->next(kMaxBatchOctets / 2, refused_);
            if (!outgoing) {
                log(kSpoolFailed, {{"error", outgoing.error().text()}});
                co_await loop_.sleep(backoff.wait(rng_));
                continue;
            }
            if (!*outgoing) {
                refused_.clear();
                co_await news_.wait(clock_.monotonic() + std::chrono::seconds(10));
                // Whoever writes one record writes more: let them travel together.
                co_await loop_.sleep(options_.upload_every);
                continue;
            }
            const auto& bytes = (*outgoing)->bytes;
            auto response = co_await send(
                client, generation, post("/agent/v1/records", std::string(as_text(bytes)), "application/octet-stream"));
            const Nanoseconds pause = judge(response, backoff);
            if (response && response->status == 200) acknowledge(response->body);
            if (pause > Nanoseconds::zero()) co_await loop_.sleep(pause);
        }
    }

    void acknowledge(const std::string& body) {
        const auto parsed = parse_json(body, "hub");
        const auto reply =
            parsed ? read<RecordsReply>(*parsed, "hub") : Result<RecordsReply>(std::unexpected(parsed.error()));
        if (!reply) {
            log(kBadWork, {{"error", reply.error().text()}});
            return;
        }
        for (const auto& [stream, sequence] : reply->kept)
            spool_->acknowledge(stream, sequence);
        // A refused stream waits until the others are through, then is offered again.
        for (const auto& [stream, reason] : reply->refused) {
            log(kStreamRefused, {{"stream", stream}, {"reason", reason}});
            refused_.push_back(stream);
        }
    }

    // ---- certificate
    // --------------------------------------------------------------------------------------------------

    Task<void> renew() {
        std::unique_ptr<net::HttpClient> client;
        std::uint64_t generation = 0;
        while (!stopping_) {
            if (identity_.not_after - clock_.now() < kRenewBefore) co_await renew_once(client, generation);
            co_await loop_.sleep(std::chrono::hours(1));
        }
    }

    Task<void> renew_once(std::unique_ptr<net::HttpClient>& client, std::uint64_t& generation) {
        auto made = net::pki::make_request(identity_.agent);
        if (!made) co_return;
        const auto response = co_await send(client, generation,
                                            post("/agent/v1/renew", json_text(RenewRequest{.request = made->request})));
        if (!response || response->status != 200) co_return;
        const auto parsed = parse_json(response->body, "hub");
        const auto reply =
            parsed ? read<CertificateReply>(*parsed, "hub") : Result<CertificateReply>(std::unexpected(parsed.error()));
        if (!reply) co_return;
        Identity fresh = identity_;
        fresh.keys = {.certificate = reply->certificate, .private_key = made->private_key};
        fresh.not_after = reply->not_after;
        if (auto saved = save_identity(options_.folder, fresh); !saved) {
            log(kSpoolFailed, {{"error", saved.error().text()}});
            co_return;
        }
        identity_ = std::move(fresh);
        ++generation_;
        log(kRenewed, {{"until", format_time(identity_.not_after)}});
    }

    Task<void> tick() {
        while (!stopping_) {
            co_await loop_.sleep(std::chrono::seconds(1));
            news_.tick(clock_.monotonic());
        }
    }

    enum class Reached : std::uint8_t { unknown, yes, away, refused };

    RuntimeOptions options_;
    Identity identity_;
    std::unique_ptr<Spool> spool_;
    const Clock& clock_;
    const Time started_;
    Rng rng_;
    std::vector<std::unique_ptr<Part>> parts_;
    std::map<std::string, Value, std::less<>> assigned_;
    std::vector<std::string> refused_;
    std::int64_t revision_ = 0;
    std::uint64_t generation_ = 1;
    Reached reached_ = Reached::unknown;
    std::atomic<bool> stopping_{false};
    Waiters news_;
    net::EventLoop loop_;  // last: its tasks end before what they use
};

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::create(RuntimeOptions options, const Clock& clock) {
    TRY(make_folder(options.folder));
    auto spool = TRY(Spool::open(options.folder + "/spool", options.spool, clock));
    auto identity = load_identity(options.folder);
    if (!options.ticket.empty()) {
        const Ticket ticket = TRY(parse_ticket(options.ticket));
        if (identity && identity->agent == ticket.agent && identity->authority == ticket.authority) {
            // It has enrolled already: the ticket only tells where the hub is now.
            if (identity->hub != ticket.hub) {
                identity->hub = ticket.hub;
                TRY(save_identity(options.folder, *identity));
            }
        } else {
            identity = enrol(options.folder, ticket);
        }
    } else if (!identity && identity.error().code == ErrorCode::not_found) {
        return fail(ErrorCode::unauthenticated, "this agent has not enrolled", options.folder,
                    "start it once with --ticket FILE; make the ticket at the hub with: quipu agents ticket SITE");
    }
    if (!identity) return std::unexpected(identity.error());
    return std::make_unique<RuntimeImpl>(std::move(options), std::move(*identity), std::move(spool), clock);
}

}  // namespace quipu::agent
