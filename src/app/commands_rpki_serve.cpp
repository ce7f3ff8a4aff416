// `quipu rpki serve`: a validating cache for routers, without a hub. `quipu rpki rtr-stdio`: the same for an SSH
// subsystem.

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <memory>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/rpki_exceptions.h"
#include "app/version.h"
#include "base/log.h"
#include "net/socket.h"
#include "platform/listener.h"
#include "services/rpki/cache_folder.h"
#include "services/rpki/rtr/store.h"
#include "services/rpki/service/routinator.h"
#include "services/rpki/transport/folder_changes.h"

namespace quipu::app {
namespace {

constexpr LogEvent kValidated{LogLevel::info, "RPKI_VALIDATED", "The cache was validated"};
constexpr LogEvent kNotValidated{LogLevel::error, "RPKI_NOT_VALIDATED",
                                 "The cache was not validated or what was found could not be served",
                                 "Routers go on with what they were served last, until it is too old."};

struct ServeOptions {
    std::string cache;
    std::string tals;
    std::string database = "sqlite:rpki.db";
    std::string certificate, key;
    std::vector<std::string> listen, listen_tls, http;
    std::vector<std::string> slurm;
    std::string every = "10m", refresh = "1h", retry = "10m", expire = "2h", most_age = "24h", patience = "30s";
    unsigned threads = 0;
    rpki::RtrSettings rtr;
};

Result<std::vector<net::Endpoint>> endpoints_of(const std::vector<std::string>& texts) {
    std::vector<net::Endpoint> out;
    for (const std::string& text : texts)
        out.push_back(TRY(net::Endpoint::parse(text)));
    return out;
}

Result<rpki::RtrSettings> settings_of(const ServeOptions& options) {
    rpki::RtrSettings out = options.rtr;
    for (const std::string& address : options.listen)
        out.listen.push_back(TRY(rpki::RtrAddress<323>::parse(address)));
    for (const std::string& address : options.listen_tls)
        out.listen_tls.push_back(TRY(rpki::RtrAddress<324>::parse(address)));
    out.refresh = TRY(parse_duration(options.refresh));
    out.retry = TRY(parse_duration(options.retry));
    out.expire = TRY(parse_duration(options.expire));
    out.most_age = TRY(parse_duration(options.most_age));
    out.patience = TRY(parse_duration(options.patience));
    if (out.listen.empty() && out.listen_tls.empty() && out.local_socket.empty() && options.http.empty())
        return fail(ErrorCode::invalid, "there is nothing to listen on", "--rtr",
                    "quipu rpki serve --rtr 127.0.0.1:3323 …");
    return out;
}

Result<std::optional<net::KeyPair>> identity_of(const ServeOptions& options) {
    if (options.listen_tls.empty()) return std::nullopt;
    if (options.certificate.empty() || options.key.empty())
        return fail(ErrorCode::invalid, "TLS needs --tls-certificate and --tls-key", "--rtr-tls");
    platform::HubSettings settings;
    settings.tls = true;
    settings.tls_certificate = options.certificate;
    settings.tls_key = options.key;
    return TRY(platform::hub_identity(settings, SystemClock().now()));
}

/// The signals that end it or ask for another validation; made before any thread, for threads inherit the mask.
class ServeSignals {
  public:
    ServeSignals() {
        std::signal(SIGPIPE, SIG_IGN);
        sigemptyset(&set_);
        for (const int number : {SIGINT, SIGTERM, SIGHUP})
            sigaddset(&set_, number);
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    }
    /// False when it is to end; true after `pause` or at SIGHUP.
    bool wait(Nanoseconds pause) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(pause);
        const timespec most{seconds.count(), (pause - seconds).count()};
        int number = 0;
        do
            number = sigtimedwait(&set_, nullptr, &most);
        while (number < 0 && errno == EINTR);
        return number < 0 || number == SIGHUP;
    }

  private:
    sigset_t set_{};
};

/// Routers are told of what was found, and whoever asks over HTTP.
struct Audience {
    rpki::RtrServer& routers;
    rpki::Publisher& publisher;
};

Result<void> validate_and_publish(const ServeOptions& options, rpki::Validator& validator, rpki::FolderWatch& watch,
                                  const Audience& audience) {
    const auto locators = TRY(rpki::read_tals(options.tals));
    const auto cache = TRY(rpki::CacheFolder::open(options.cache));
    cache->set_locators(locators);
    const SystemClock clock;
    const Time now = clock.now();
    const Monotonic began = clock.monotonic();
    validator.run(locators, *cache, unix_seconds(now), TRY(watch.look()));
    const auto payloads = std::make_shared<rpki::AnchoredPayloads>(anchored_payloads_of(validator, locators));
    if (!options.slurm.empty()) rpki::apply_slurm(TRY(local_exceptions(options.slurm)), *payloads);
    TRY(audience.routers.publish(payloads->set));
    audience.publisher.publish(
        rpki::Published::create({.began = now,
                                 .took = clock.monotonic() - began,
                                 .payloads = payloads,
                                 .found = std::make_shared<const rpki::Outcomes>(validator.outcomes()),
                                 .validity = std::make_shared<const rpki::ValidityIndex>(payloads->set.vrps),
                                 .snapshot = audience.routers.snapshot(),
                                 .repositories = {}},
                                audience.publisher.now().get()));
    log(kValidated, {{"vrps", validator.totals().vrps}, {"refused", validator.totals().refused}});
    return {};
}

Result<void> serve(const ServeOptions& options) {
    ServeSignals signals;
    const SystemClock clock;
    const rpki::RtrSettings settings = TRY(settings_of(options));
    const Nanoseconds every = TRY(parse_duration(options.every));
    const auto identity = TRY(identity_of(options));
    const auto database = TRY(data::Database::open(options.database));
    TRY(database->migrate(rpki::kRtrMigrations));
    const auto server = TRY(rpki::RtrServer::start(settings, identity, *database, clock));
    for (const net::Endpoint& address : server->listening())
        TRY(print(fmt::format("rtr {}\n", address.text())));
    rpki::Publisher publisher;
    net::LoopPool loops(static_cast<std::size_t>(settings.loops));
    const auto http = TRY(rpki::RoutinatorServer::listen(
        loops, TRY(endpoints_of(options.http)),
        {.publisher = &publisher, .rtr = server.get(), .clock = &clock, .version = fmt::format("quipu/{}", kVersion)}));
    for (const net::Endpoint& address : http->listening())
        TRY(print(fmt::format("http {}\n", address.text())));
    rpki::Validator validator({.point = {}, .threads = options.threads}, nullptr);
    rpki::FolderWatch watch(options.cache, options.threads);
    do {
        if (const auto done = validate_and_publish(options, validator, watch, {*server, publisher}); !done)
            log(kNotValidated, {{"error", done.error().text()}});
    } while (signals.wait(every));
    publisher.close();
    return {};
}

/// `open` is false once nothing more comes, or nobody takes it any more.
Result<void> copy(int from, int to, bool& open) {
    std::array<char, 65536> part{};
    const ssize_t got = ::read(from, part.data(), part.size());
    if (got < 0 && errno != EINTR && errno != EAGAIN) return fail_errno(errno, "receiving");
    open = got != 0;
    for (ssize_t sent = 0; sent < got;) {
        const ssize_t count = ::write(to, part.data() + sent, static_cast<std::size_t>(got - sent));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EPIPE) {
            open = false;
            return {};
        }
        if (count < 0) return fail_errno(errno, "sending");
        sent += count;
    }
    return {};
}

/// Until either side ends.
Result<void> join_standard_streams(const std::string& path) {
    std::signal(SIGPIPE, SIG_IGN);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::invalid, "the path of a Unix socket is at most 107 octets long", path);
    path.copy(address.sun_path, path.size());
    const net::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return fail_errno(errno, "open a Unix socket", path);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail_errno(errno, "connecting to the RTR server", path);
    for (bool input = true, output = true; output;) {
        std::array<pollfd, 3> waiting{pollfd{input ? STDIN_FILENO : -1, POLLIN, 0}, pollfd{socket.get(), POLLIN, 0},
                                      pollfd{STDOUT_FILENO, 0, 0}};
        if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return fail_errno(errno, "waiting");
        if ((waiting[2].revents & POLLERR) != 0) break;  // who reads what the server says is gone
        if (waiting[1].revents != 0) TRY(copy(socket.get(), STDOUT_FILENO, output));
        if (waiting[0].revents == 0) continue;
        TRY(copy(STDIN_FILENO, socket.get(), input));
        if (!input) ::shutdown(socket.get(), SHUT_WR);
    }
    return {};
}

}  // namespace

void add_rpki_serve_commands(CLI::App& rpki, Context& context) {
    auto options = std::make_shared<ServeOptions>();
    CLI::App* serve_command = rpki.add_subcommand("serve",
                                                  "Validates a cache again and again, and serves what it finds to "
                                                  "routers (RTR) and over HTTP; SIGHUP validates now");
    serve_command->add_option("--offline", options->cache, "Cache folder, HOST/path/… as rsync leaves it")
        ->required()
        ->type_name("DIR");
    serve_command->add_option("--tals", options->tals, "Trust anchor locators: a folder of NAME.tal, or one file")
        ->required()
        ->type_name("DIR");
    serve_command
        ->add_option("--rtr", options->listen,
                     "Serve routers here over TCP; port 323 if none is named, 0 takes a free one")
        ->type_name("ADDRESS[:PORT]");
    serve_command
        ->add_option("--rtr-tls", options->listen_tls, "Serve routers here over TLS; port 324 if none is named")
        ->type_name("ADDRESS[:PORT]");
    serve_command
        ->add_option("--http", options->http, "Serve Routinator's HTTP paths here; its users' scripts know port 8323")
        ->type_name("ADDRESS:PORT");
    serve_command->add_option("--slurm", options->slurm, "Local exceptions (RFC 8416); read again each time")
        ->type_name("FILE");
    serve_command->add_option("--rtr-socket", options->rtr.local_socket, "Serve rtr-stdio at this local socket")
        ->type_name("PATH");
    serve_command->add_option("--tls-certificate", options->certificate, "PEM file: what TLS presents")
        ->type_name("FILE");
    serve_command->add_option("--tls-key", options->key, "PEM file: its private key")->type_name("FILE");
    serve_command
        ->add_option("--database", options->database,
                     "Where session and serials are kept; the same for all caches of a cluster")
        ->capture_default_str()
        ->type_name("URL");
    const auto duration = [&](const char* name, std::string& value, const char* text) {
        serve_command->add_option(name, value, text)->capture_default_str()->type_name("DURATION");
    };
    duration("--every", options->every, "Time between validations");
    duration("--refresh", options->refresh, "How often routers ask");
    duration("--retry", options->retry, "How long they wait after a failure");
    duration("--expire", options->expire, "How long they use what they have when they can't ask");
    duration("--most-age", options->most_age, "What no validation confirmed for so long is served no more");
    duration("--patience", options->patience, "A router that takes nothing for so long is left");
    const auto number = [&](const char* name, std::int64_t& value, const char* text) {
        serve_command->add_option(name, value, text)->capture_default_str();
    };
    number("--history", options->rtr.history, "Serials for which there is a delta");
    number("--most-clients", options->rtr.most_clients, "Connections in all");
    number("--most-clients-of-address", options->rtr.most_clients_of_address, "Connections of one address");
    number("--loops", options->rtr.loops, "Event loops of the server");
    serve_command->add_option("--threads", options->threads, "Threads of the validation; 0 is one for each core");
    serve_command->callback([options, &context] { context.command = [options] { return serve(*options); }; });

    auto path = std::make_shared<std::string>();
    CLI::App* stdio = rpki.add_subcommand(
        "rtr-stdio",
        "Joins standard input and output to an RTR server's local socket: for OpenSSH's Subsystem rpki-rtr");
    stdio->add_option("socket", *path, "The path that serve --rtr-socket was given")->required()->type_name("PATH");
    stdio->callback([path, &context] { context.command = [path] { return join_standard_streams(*path); }; });
}

}  // namespace quipu::app
