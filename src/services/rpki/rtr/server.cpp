#include "services/rpki/rtr/server.h"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <map>
#include <set>
#include <unistd.h>

#include "base/guarded.h"
#include "base/log.h"
#include "net/stream_socket.h"
#include "services/rpki/rtr/engine_session.h"
#include "services/rpki/rtr/serials.h"

namespace quipu::rpki {
namespace {

using rtr::Answer;
using rtr::Octets;
using rtr::Served;

constexpr LogEvent kServing{LogLevel::info, "RPKI_RTR_SERVING", "Routers are served"};
constexpr LogEvent kNewSerial{LogLevel::info, "RPKI_RTR_SERIAL", "Routers are served another set of payloads"};
constexpr LogEvent kLeftOut{LogLevel::warning, "RPKI_RTR_LEFT_OUT", "Some payloads fit into no PDU of the protocol",
                            "They are ASPAs with thousands of providers or router keys of hundreds of ASes: see who "
                            "signed them."};
constexpr LogEvent kRefused{LogLevel::warning, "RPKI_RTR_REFUSED", "A router was refused: too many connections",
                            "Raise most_clients or most_clients_of_address, or see who connects so often."};
constexpr LogEvent kFault{LogLevel::warning, "RPKI_RTR_FAULT", "A router broke the protocol and was told so",
                          "See that router's version of the protocol; most change on its side."};
constexpr LogEvent kTold{LogLevel::warning, "RPKI_RTR_TOLD", "A router reported an error and was left",
                         "See that router's log."};
constexpr LogEvent kTooSlow{LogLevel::warning, "RPKI_RTR_TOO_SLOW", "A router took too long for an answer and was left",
                            "See the way to it, or raise patience."};
constexpr LogEvent kAcceptFailed{LogLevel::error, "RPKI_RTR_ACCEPT_FAILED", "No connection can be accepted",
                                 "Raise the limit of open files."};

/// So much is written at once before others get their turn: the first octets of an answer never wait for the end of
/// another. An answer begins with small pieces, since many routers ask at the same moment: when the cache was
/// restarted.
constexpr std::size_t kFirstPiece = 4 * 1024;
constexpr std::size_t kLargestPiece = 64 * 1024;
constexpr auto kHandshakePatience = std::chrono::seconds(10);
constexpr auto kFirstQueryPatience = std::chrono::minutes(1);
/// Who takes longer for one answer would keep old sets in memory.
constexpr auto kLongestAnswer = std::chrono::minutes(10);
/// No router may wait longer between its queries (RFC 8210 §6: refresh is at most a day).
constexpr auto kLongestRefresh = std::chrono::hours(25);

rtr::Intervals intervals_of(const RtrSettings& settings) {
    const auto seconds = [](Nanoseconds duration) {
        return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(duration).count());
    };
    return {seconds(settings.refresh), seconds(settings.retry), seconds(settings.expire)};
}

struct AtomicCounters {
    std::atomic<std::uint64_t> connections{0}, refused{0}, full_answers{0}, delta_answers{0}, cache_resets{0},
        no_data{0}, notifies{0}, errors_sent{0}, errors_received{0}, too_slow{0}, octets{0}, octets_in{0};
};

/// What the loops and the publisher share.
struct Common {
    explicit Common(RtrSettings given, const Clock& the_clock) : settings(std::move(given)), clock(the_clock) {}

    struct Clients {
        std::map<std::uint64_t, RtrClient> by_id;
        std::map<std::string, std::int64_t> of_address;
        std::uint64_t last_id = 0;
    };
    [[nodiscard]] std::optional<std::uint64_t> admit(const std::string& address, RtrClient client) {
        return clients.with([&](Clients& all) -> std::optional<std::uint64_t> {
            std::int64_t& count = all.of_address[address];
            if (std::ssize(all.by_id) >= settings.most_clients || count >= settings.most_clients_of_address) {
                if (count == 0) all.of_address.erase(address);
                return std::nullopt;
            }
            ++count;
            all.by_id.emplace(++all.last_id, std::move(client));
            return all.last_id;
        });
    }
    void leave(const std::string& address, std::uint64_t id) {
        clients.with([&](Clients& all) {
            all.by_id.erase(id);
            if (--all.of_address[address] <= 0) all.of_address.erase(address);
        });
    }
    [[nodiscard]] Served current() const {
        return served.with([](const Served& now) { return now; });
    }

    const RtrSettings settings;
    const Clock& clock;
    std::optional<net::TlsContext> tls;
    AtomicCounters counters;
    Guarded<Served> served;
    Guarded<Clients> clients;
};

class Shard;

/// One router. It lives in its coroutine's frame.
class Connection {
  public:
    Connection(Common& common, net::EventLoop& loop, std::set<Connection*>& siblings, std::string host,
               std::uint64_t id, std::unique_ptr<net::StreamSocket> socket)
        : common_(common),
          loop_(loop),
          siblings_(siblings),
          host_(std::move(host)),
          id_(id),
          socket_(std::move(socket)),
          session_({.most_age = common.settings.most_age}) {
        siblings_.insert(this);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() {
        siblings_.erase(this);
        common_.leave(host_, id_);
    }

    Task<void> serve(bool tls) {
        if (tls && !co_await socket_->secure_as_server(*common_.tls, kHandshakePatience)) co_return;
        std::vector<char> buffer(4096);
        for (;;) {
            while (auto answer = session_.next(common_.current(), common_.clock.now())) {
                tell(*answer);
                if (answer->octets && !co_await send(std::move(answer->octets))) co_return;
                if (answer->close) co_return;
            }
            if (due() <= common_.clock.monotonic()) {
                common_.counters.notifies.fetch_add(1, std::memory_order_relaxed);
                if (!co_await send(session_.notify(common_.current(), common_.clock.monotonic()))) co_return;
            }
            reading_ = true;
            const auto patience = session_.version() ? Nanoseconds(kLongestRefresh) : Nanoseconds(kFirstQueryPatience);
            auto count = co_await socket_->read_some(std::span(buffer).first(std::min(buffer.size(), session_.room())),
                                                     patience);
            reading_ = false;
            if (!count && count.error().code == ErrorCode::cancelled) continue;
            if (!count || *count == 0) co_return;
            common_.clients.with([&](auto& all) { all.by_id.at(id_).received += static_cast<std::int64_t>(*count); });
            common_.counters.octets_in.fetch_add(*count, std::memory_order_relaxed);
            session_.feed(as_bytes(std::string_view(buffer.data(), *count)));
        }
    }

    /// When it has something to tell its router: the past for "now", the end of time for "nothing".
    [[nodiscard]] Monotonic due() const {
        return session_.notify_at(common_.current(), common_.clock.now()).value_or(Monotonic::max());
    }
    void wake() {
        if (reading_) socket_->interrupt_read();
    }

  private:
    Task<bool> send(Octets octets) {
        std::string_view rest = as_text(*octets);
        const Monotonic end = common_.clock.monotonic() + kLongestAnswer;
        for (std::size_t most = kFirstPiece; !rest.empty(); most = std::min(2 * most, kLargestPiece)) {
            const std::string_view piece = rest.substr(0, most);
            auto done = co_await socket_->write(piece, common_.settings.patience);
            const bool too_slow = done ? common_.clock.monotonic() > end : done.error().code == ErrorCode::timeout;
            if (too_slow) {
                common_.counters.too_slow.fetch_add(1, std::memory_order_relaxed);
                log(kTooSlow, {{"router", host_}, {"octets_left", rest.size()}});
            }
            if (!done || too_slow) co_return false;
            common_.counters.octets.fetch_add(piece.size(), std::memory_order_relaxed);
            rest.remove_prefix(piece.size());
            if (!rest.empty()) co_await loop_.sleep(Nanoseconds::zero());
        }
        common_.clients.with([&](auto& all) {
            RtrClient& client = all.by_id.at(id_);
            client.sent += std::ssize(*octets);
            if (session_.version()) client.version = *session_.version();
            if (session_.serial()) client.serial = *session_.serial();
        });
        co_return true;
    }

    void tell(const Answer& answer) {
        const auto count = [](std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); };
        AtomicCounters& counters = common_.counters;
        switch (answer.what) {
            case Answer::What::none: break;
            case Answer::What::full: count(counters.full_answers); break;
            case Answer::What::delta: count(counters.delta_answers); break;
            case Answer::What::cache_reset: count(counters.cache_resets); break;
            case Answer::What::no_data: count(counters.no_data); break;
            case Answer::What::failed:
                count(counters.errors_sent);
                log(kFault, {{"router", host_}, {"fault", answer.why}});
                break;
            case Answer::What::told_error:
                count(counters.errors_received);
                log(kTold, {{"router", host_}, {"error", answer.why}});
                break;
        }
    }

    Common& common_;
    net::EventLoop& loop_;
    std::set<Connection*>& siblings_;
    std::string host_;
    std::uint64_t id_;
    std::unique_ptr<net::StreamSocket> socket_;
    rtr::Session session_;
    bool reading_ = false;
};

/// One loop and its connections; used on that loop alone once it runs.
class Shard {
  public:
    Shard(Common& common, net::EventLoop& loop) : common_(common), loop_(loop) {}

    void listen(net::Descriptor socket, RtrTransport transport) {
        listeners_.push_back(std::move(socket));
        loop_.spawn(accept(listeners_.back().get(), transport));
    }
    /// From any thread: there is something new.
    void announce() {
        loop_.post([this] { loop_.spawn(notify()); });
    }

  private:
    Task<void> accept(int listening, RtrTransport transport) {
        for (;;) {
            net::Descriptor socket = co_await net::accept_next(loop_, listening, kAcceptFailed);
            common_.counters.connections.fetch_add(1, std::memory_order_relaxed);
            loop_.spawn(serve(std::move(socket), transport));
        }
    }

    Task<void> serve(net::Descriptor socket, RtrTransport transport) {
        std::string host = "local";
        RtrClient client{.address = host, .transport = transport, .version = {}, .serial = {}, .lag = {}};
        if (transport != RtrTransport::local) {
            const auto peer = net::peer_endpoint(socket.get());
            if (!peer) co_return;
            host = peer->address.text();
            client.address = peer->text();
            net::keep_alive(socket.get());
        }
        client.since = common_.clock.now();
        const auto id = common_.admit(host, std::move(client));
        if (!id) {
            // At most a line for each power of two: whoever floods must not fill the disk.
            const auto refused = common_.counters.refused.fetch_add(1, std::memory_order_relaxed) + 1;
            if ((refused & (refused - 1)) == 0) log(kRefused, {{"router", host}, {"refused_so_far", refused}});
            co_return;
        }
        Connection connection(common_, loop_, connections_, std::move(host), *id,
                              net::StreamSocket::over(loop_, std::move(socket)));
        co_await connection.serve(transport == RtrTransport::tls);
    }

    /// Wakes those who may be told now, and comes back for those who must wait for their minute.
    Task<void> notify() {
        const std::uint64_t turn = ++turn_;
        for (;;) {
            const Monotonic now = common_.clock.monotonic();
            Monotonic next = Monotonic::max();
            for (Connection* connection : connections_) {
                const Monotonic due = connection->due();
                if (due <= now)
                    connection->wake();
                else
                    next = std::min(next, due);
            }
            if (next == Monotonic::max()) co_return;
            co_await loop_.sleep(next - now);
            if (turn != turn_) co_return;  // a later publication looks after them
        }
    }

    Common& common_;
    net::EventLoop& loop_;
    std::vector<net::Descriptor> listeners_;
    std::set<Connection*> connections_;
    std::uint64_t turn_ = 0;
};

class Server final : public RtrServer {
  public:
    Server(RtrSettings settings, data::Database& database, const Clock& clock)
        : common_(std::move(settings), clock),
          serials_(database, static_cast<std::size_t>(common_.settings.history), intervals_of(common_.settings),
                   Rng::from_system()),
          loops_(static_cast<std::size_t>(common_.settings.loops)) {
        for (std::size_t i = 0; i < loops_.size(); ++i)
            shards_.push_back(std::make_unique<Shard>(common_, loops_.at(i)));
    }
    ~Server() override {
        loops_.stop();
        if (has_path_) ::unlink(common_.settings.local_socket.c_str());
    }

    Result<void> open(const std::optional<net::KeyPair>& identity) {
        const RtrSettings& settings = common_.settings;
        if (!settings.listen_tls.empty()) {
            if (!identity)
                return fail(ErrorCode::invalid, "TLS needs a certificate", "listen_tls",
                            "name one in tls_certificate and tls_key");
            common_.tls = TRY(net::TlsContext::server(*identity, ""));
        }
        publish_served(TRY(serials_.load()));
        for (const net::Endpoint& address : settings.listen)
            TRY(listen(address, RtrTransport::tcp));
        for (const net::Endpoint& address : settings.listen_tls)
            TRY(listen(address, RtrTransport::tls));
        if (!settings.local_socket.empty()) {
            shards_.front()->listen(TRY(net::listen_on_path(settings.local_socket, 0660)), RtrTransport::local);
            has_path_ = true;
        }
        for (const net::Endpoint& address : listening_)
            log(kServing, {{"address", address.text()}});
        return {};
    }

    Result<void> publish(PayloadSet set) override {
        std::size_t left_out = 0;
        set = rtr::for_routers(std::move(set), left_out);
        if (left_out != 0 && left_out != left_out_) log(kLeftOut, {{"payloads", left_out}});
        left_out_ = left_out;
        publish_served(TRY(serials_.publish(std::move(set), common_.clock.now())));
        return {};
    }

    [[nodiscard]] RtrState state() const override {
        const Served served = common_.current();
        RtrState out;
        out.clients = common_.clients.with([](const auto& all) { return std::ssize(all.by_id); });
        if (!served.snapshot) return out;
        out.serving = common_.clock.now() - served.confirmed <= common_.settings.most_age;
        out.session = served.snapshot->session(1);
        out.serial = served.snapshot->serial();
        out.confirmed = served.confirmed;
        out.vrps = std::ssize(served.snapshot->set().vrps);
        out.aspas = std::ssize(served.snapshot->set().aspas);
        out.router_keys = std::ssize(served.snapshot->set().router_keys);
        out.left_out = static_cast<std::int64_t>(left_out_);
        out.deltas = static_cast<std::int64_t>(served.snapshot->steps());
        return out;
    }

    [[nodiscard]] std::shared_ptr<const rtr::Snapshot> snapshot() const override { return common_.current().snapshot; }

    [[nodiscard]] std::vector<RtrClient> clients() const override {
        const Served served = common_.current();
        std::vector<RtrClient> out;
        common_.clients.with([&](const auto& all) {
            for (const auto& [id, client] : all.by_id)
                out.push_back(client);
        });
        for (RtrClient& client : out) {
            if (client.serial && served.snapshot) {
                const std::uint32_t lag = served.snapshot->serial() - static_cast<std::uint32_t>(*client.serial);
                if (lag < 1U << 31U) client.lag = lag;  // else its serial is of a session that has ended
            }
        }
        return out;
    }

    [[nodiscard]] RtrCounters counters() const override {
        const AtomicCounters& now = common_.counters;
        return {.connections = now.connections,
                .refused = now.refused,
                .full_answers = now.full_answers,
                .delta_answers = now.delta_answers,
                .cache_resets = now.cache_resets,
                .no_data = now.no_data,
                .notifies = now.notifies,
                .errors_sent = now.errors_sent,
                .errors_received = now.errors_received,
                .too_slow = now.too_slow,
                .octets = now.octets,
                .octets_in = now.octets_in};
    }

    [[nodiscard]] std::vector<net::Endpoint> listening() const override { return listening_; }

  private:
    Result<void> listen(const net::Endpoint& address, RtrTransport transport) {
        auto sockets = TRY(net::listen_on(address, shards_.size()));
        listening_.push_back(TRY(net::local_endpoint(sockets.front().get())));
        for (std::size_t i = 0; i < shards_.size(); ++i)
            shards_[i]->listen(std::move(sockets[i]), transport);
        return {};
    }

    [[nodiscard]] bool serves_routers() const {
        const RtrSettings& settings = common_.settings;
        return !settings.listen.empty() || !settings.listen_tls.empty() || !settings.local_socket.empty();
    }

    void publish_served(Served served) {
        if (!served.snapshot) return;
        const bool is_new = common_.served.with([&](Served& now) {
            const bool other = now.snapshot != served.snapshot;
            now = served;
            return other;
        });
        if (is_new)
            log(kNewSerial, {{"serial", served.snapshot->serial()},
                             {"session", served.snapshot->session(1)},
                             {"vrps", served.snapshot->set().vrps.size()}});
        if (!serves_routers()) return;
        // What the routers that are here will ask for is made before they do.
        std::set<std::int64_t> versions;
        common_.clients.with([&](const auto& all) {
            for (const auto& [id, client] : all.by_id)
                if (client.version) versions.insert(*client.version);
        });
        if (versions.empty()) versions.insert(1);
        for (const std::int64_t version : versions)
            static_cast<void>(served.snapshot->full(static_cast<std::uint8_t>(version)));
        // Also when the set is the same: it may have been too old until now.
        for (const auto& shard : shards_)
            shard->announce();
    }

    Common common_;
    rtr::Serials serials_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::vector<net::Endpoint> listening_;
    bool has_path_ = false;
    std::atomic<std::size_t> left_out_ = 0;
    net::LoopPool loops_;  // last: its threads end before anything that they use
};

}  // namespace

Result<void> RtrSettings::check() const {
    using std::chrono::hours;
    using std::chrono::seconds;
    TRY(check_between("refresh", refresh, seconds(1), seconds(86'400)));
    TRY(check_between("retry", retry, seconds(1), seconds(7'200)));
    TRY(check_between("expire", expire, seconds(600), seconds(172'800)));
    TRY(check_between("most_age", most_age, seconds(1), hours(24 * 365)));
    TRY(check_between("patience", patience, seconds(1), hours(1)));
    if (tls_certificate.empty() != tls_key.empty())
        return fail(ErrorCode::invalid, "a certificate and its key are named together", "tls_key");
    if (expire <= refresh || expire <= retry)
        return fail(ErrorCode::invalid, "must be longer than refresh and retry (RFC 8210 §6)", "expire");
    return {};
}

Result<std::unique_ptr<RtrServer>> RtrServer::start(RtrSettings settings, const std::optional<net::KeyPair>& identity,
                                                    data::Database& database, const Clock& clock) {
    TRY(settings.check());
    auto server = std::make_unique<Server>(std::move(settings), database, clock);
    TRY(server->open(identity));
    return std::unique_ptr<RtrServer>(std::move(server));
}

}  // namespace quipu::rpki
