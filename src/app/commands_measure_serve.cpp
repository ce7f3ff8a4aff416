// `quipu measure serve`: the servers of the measurement protocols without a hub.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "app/commands.h"
#include "app/output.h"
#include "app/signals.h"
#include "base/number.h"
#include "services/measure/owamp/server.h"
#include "services/measure/stamp/server_reflector.h"

namespace quipu::app {
namespace {

struct MeasureServeOptions {
    std::optional<std::uint16_t> owamp_port, twamp_port, stamp_port;
    double stamp_rate = 0;
    std::size_t stamp_sessions = stamp::ReflectorSettings{}.most_sessions_of_client;
    bool stamp_stateless = false;
    std::string keys, test_ports, clock_error;
    std::vector<std::string> listen, allow;
    bool keys_only = false;
    double most_rate = owamp::ServerSettings{}.open.packets_per_second;
    std::uint32_t most_packets = owamp::ServerSettings{}.open.packets;
    std::uint32_t most_sessions = owamp::ServerSettings{}.open.sessions;
};

/// Where every server listens: at the addresses that were named, else at all of both families.
Result<std::vector<net::Endpoint>> listening_at(const MeasureServeOptions& options, std::uint16_t port) {
    std::vector<net::Endpoint> out;
    for (const std::string& text : options.listen)
        out.push_back({
            TRY(net::IpAddress::parse(text))
            , port
        });
    if (out.empty()) out = {{TRY(net::IpAddress::parse("0.0.0.0")), port}, {TRY(net::IpAddress::parse("::")), port}};
    return out;
}

Result<void> tell_where(std::string_view protocol, const std::vector<net::Endpoint>& addresses) {
    for (const net::Endpoint& address : addresses)
        TRY(print(fmt::format("{} {}\n", protocol, address.text())));
    return {};
}

Result<owamp::ServerSettings> owamp_settings(const MeasureServeOptions& options) {
    owamp::ServerSettings out;
    if (!options.keys.empty()) {
        out.keys = TRY(owamp::read_keys(options.keys));
        out.modes |= owamp::mode::kAuthenticated | owamp::mode::kEncrypted;
    }
    if (options.keys_only) {
        if (out.keys.empty()) return fail(ErrorCode::invalid, "there are no keys", "--keys-only", "give --keys FILE");
        out.modes &= ~owamp::mode::kOpen;
    }
    for (const std::string& text : options.allow)
        out.allowed.push_back(TRY(net::Prefix::parse(text)));
    out.open.packets_per_second = options.most_rate;
    out.open.packets = options.most_packets;
    out.open.sessions = options.most_sessions;
    return out;
}

Result<owamp::TestPlaneSettings> test_plane_settings(const MeasureServeOptions& options) {
    owamp::TestPlaneSettings out;
    if (!options.clock_error.empty()) out.clock_error = TRY(parse_duration(options.clock_error));
    if (options.test_ports.empty()) return out;
    const std::string_view text = options.test_ports;
    const auto dash = text.find('-');
    const auto first = parse_number<std::uint16_t>(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number<std::uint16_t>(text.substr(dash + 1));
    if (!first || !last || *first == 0 || *last < *first)
        return fail(ErrorCode::invalid, "that is no range of ports", "--test-ports", "for example 8760-9960");
    out.first_port = *first;
    out.last_port = *last;
    return out;
}

Result<std::unique_ptr<stamp::ReflectorServer>> serve_stamp(const MeasureServeOptions& options, const Clock& clock) {
    stamp::ReflectorSettings settings;
    if (!options.keys.empty()) settings.keys = TRY(owamp::read_keys(options.keys));
    settings.open = !options.keys_only;
    for (const std::string& text : options.allow)
        settings.allowed.push_back(TRY(net::Prefix::parse(text)));
    settings.stateful = !options.stamp_stateless;
    settings.packets_per_second_of_client = options.stamp_rate;
    settings.most_sessions_of_client = options.stamp_sessions;
    const Nanoseconds error =
        options.clock_error.empty() ? Nanoseconds::zero() : TRY(parse_duration(options.clock_error));
    // Without a port of its own it reflects what TWAMP-Control grants.
    std::vector<net::Endpoint> listen;
    if (options.stamp_port) listen = TRY(listening_at(options, *options.stamp_port));
    return stamp::ReflectorServer::start(listen, std::move(settings), error, clock);
}

Result<void> serve_measurements(const MeasureServeOptions& options) {
    StopSignals signals;
    const SystemClock clock;
    if (!options.owamp_port && !options.twamp_port && !options.stamp_port)
        return fail(ErrorCode::invalid, "there is nothing to serve", "--owamp-port",
                    "quipu measure serve --owamp-port 861 --twamp-port 862 --stamp-port 862");
    // Each server is started here and prints where it listens.
    std::unique_ptr<stamp::ReflectorServer> reflector;
    if (options.stamp_port || options.twamp_port) {
        reflector = TRY(serve_stamp(options, clock));
        TRY(tell_where("stamp", reflector->listening()));
    }
    std::unique_ptr<owamp::OwampServer> control;
    if (options.owamp_port || options.twamp_port) {
        owamp::OwampServer::Listen listen;
        if (options.owamp_port) listen.owamp = TRY(listening_at(options, *options.owamp_port));
        if (options.twamp_port) listen.twamp = TRY(listening_at(options, *options.twamp_port));
        control = TRY(owamp::OwampServer::start(listen, TRY(owamp_settings(options)), TRY(test_plane_settings(options)),
                                                reflector.get(), clock));
        TRY(tell_where("owamp", control->listening().owamp));
        TRY(tell_where("twamp", control->listening().twamp));
    }
    signals.wait();
    return {};
}

}  // namespace

void add_measure_serve_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<MeasureServeOptions>();
    CLI::App* serve = app.add_subcommand("serve", "Serves the measurement protocols to whoever measures to here");
    serve
        ->add_option("--owamp-port", options->owamp_port,
                     "TCP port of OWAMP-Control (RFC 4656: 861); 0 takes a free one")
        ->type_name("PORT");
    serve
        ->add_option("--twamp-port", options->twamp_port,
                     "TCP port of TWAMP-Control (RFC 5357: 862); 0 takes a free one")
        ->type_name("PORT");
    serve
        ->add_option("--stamp-port", options->stamp_port,
                     "UDP port of the STAMP and TWAMP Light reflector (RFC 8762: 862); 0 takes a free one")
        ->type_name("PORT");
    serve->add_option("--stamp-rate", options->stamp_rate, "STAMP packets a second of one address; 0 is no limit")
        ->capture_default_str();
    serve->add_option("--stamp-sessions", options->stamp_sessions, "STAMP sessions of one address")
        ->capture_default_str();
    serve->add_flag("--stamp-stateless", options->stamp_stateless, "Don't count the packets of STAMP sessions");
    serve->add_option("--listen", options->listen, "Serve at this address alone; may be given again")
        ->type_name("ADDRESS")
        ->allow_extra_args(false);
    serve->add_option("--keys", options->keys, "Who may use the authenticated and encrypted modes: lines of USER KEY")
        ->type_name("FILE");
    serve->add_flag("--keys-only", options->keys_only, "Don't offer the open mode");
    serve->add_option("--allow", options->allow, "Only clients of this prefix; may be given again")
        ->type_name("PREFIX")
        ->allow_extra_args(false);
    serve->add_option("--test-ports", options->test_ports, "UDP ports of test packets; any that is free if left out")
        ->type_name("FIRST-LAST");
    serve
        ->add_option("--clock-error", options->clock_error,
                     "Bound of this clock's error; what the kernel says if left out")
        ->type_name("DURATION");
    serve->add_option("--most-rate", options->most_rate, "Packets a second of one address in open mode")
        ->capture_default_str();
    serve->add_option("--most-packets", options->most_packets, "Packets of one session in open mode")
        ->capture_default_str();
    serve->add_option("--most-sessions", options->most_sessions, "Sessions of one address in open mode")
        ->capture_default_str();
    serve->callback([options, &context] { context.command = [options] { return serve_measurements(*options); }; });
}

}  // namespace quipu::app
