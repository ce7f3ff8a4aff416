// `quipu measure serve`: the servers of the measurement protocols without a hub.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "app/commands.h"
#include "app/output.h"
#include "app/signals.h"
#include "services/measure/servers/servers.h"

namespace quipu::app {
namespace {

struct MeasureServeOptions {
    std::optional<std::uint16_t> owamp_port, twamp_port, stamp_port;
    std::string test_ports, clock_error, servwait, refwait;
    std::vector<std::string> listen, allow;
    servers::Settings settings;  ///< what is told by numbers and flags
};

/// Where a server listens: at the addresses that were named, else at all of both families.
Result<std::vector<net::Endpoint>> listening_at(const MeasureServeOptions& options,
                                                const std::optional<std::uint16_t>& port) {
    std::vector<net::Endpoint> out;
    if (!port) return out;
    for (const std::string& text : options.listen)
        out.push_back({
            TRY(net::IpAddress::parse(text))
            , *port
        });
    if (out.empty()) out = {{TRY(net::IpAddress::parse("0.0.0.0")), *port}, {TRY(net::IpAddress::parse("::")), *port}};
    return out;
}

Result<void> tell_where(std::string_view protocol, const std::vector<net::Endpoint>& addresses) {
    for (const net::Endpoint& address : addresses)
        TRY(print(fmt::format("{} {}\n", protocol, address.text())));
    return {};
}

Result<servers::Settings> settings_of(const MeasureServeOptions& options) {
    servers::Settings out = options.settings;
    out.owamp.listen = TRY(listening_at(options, options.owamp_port));
    out.twamp.listen = TRY(listening_at(options, options.twamp_port));
    out.stamp.listen = TRY(listening_at(options, options.stamp_port));
    for (const std::string& text : options.allow)
        out.allow.push_back(TRY(net::Prefix::parse(text)));
    out.test_ports = TRY(net::PortRange::parse(options.test_ports));
    if (!options.clock_error.empty()) out.clock_error = TRY(parse_duration(options.clock_error));
    if (!options.servwait.empty()) out.servwait = TRY(parse_duration(options.servwait));
    if (!options.refwait.empty()) out.refwait = TRY(parse_duration(options.refwait));
    // Whoever has a key may have at least what everybody may.
    out.keyed.packets_per_second = std::max(out.keyed.packets_per_second, out.open.packets_per_second);
    out.keyed.packets = std::max(out.keyed.packets, out.open.packets);
    out.keyed.sessions = std::max(out.keyed.sessions, out.open.sessions);
    return out;
}

Result<void> serve_measurements(const MeasureServeOptions& options) {
    StopSignals signals;
    const SystemClock clock;
    const servers::Settings settings = TRY(settings_of(options));
    if (!settings.serves_anything())
        return fail(ErrorCode::invalid, "there is nothing to serve", "--owamp-port",
                    "quipu measure serve --owamp-port 861 --twamp-port 862 --stamp-port 862");
    const auto running = TRY(servers::Servers::start(settings, clock));
    const servers::Figures where = running->figures();
    TRY(tell_where("stamp", where.stamp));
    TRY(tell_where("owamp", where.owamp));
    TRY(tell_where("twamp", where.twamp));
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
    serve
        ->add_option("--stamp-rate", options->settings.stamp.packets_per_second,
                     "STAMP packets a second of one address; 0 is no limit")
        ->capture_default_str();
    serve->add_option("--stamp-sessions", options->settings.stamp.sessions, "STAMP sessions of one address")
        ->capture_default_str();
    serve->add_flag("--stamp-stateless", options->settings.stamp.stateless,
                    "Don't count the packets of STAMP sessions");
    serve->add_option("--listen", options->listen, "Serve at this address alone; may be given again")
        ->type_name("ADDRESS")
        ->allow_extra_args(false);
    serve
        ->add_option("--keys", options->settings.keys,
                     "Who may use the authenticated and encrypted modes: lines of USER KEY")
        ->type_name("FILE");
    serve->add_flag("--keys-only", options->settings.keys_only, "Don't offer the open mode");
    serve->add_option("--allow", options->allow, "Only clients of this prefix; may be given again")
        ->type_name("PREFIX")
        ->allow_extra_args(false);
    serve->add_option("--test-ports", options->test_ports, "UDP ports of test packets; any that is free if left out")
        ->type_name("FIRST-LAST");
    serve
        ->add_option("--clock-error", options->clock_error,
                     "Bound of this clock's error; what the kernel says if left out")
        ->type_name("DURATION");
    serve
        ->add_option("--most-rate", options->settings.open.packets_per_second,
                     "Packets a second to one address, and from it, in open mode")
        ->capture_default_str();
    serve->add_option("--most-packets", options->settings.open.packets, "Packets of one session in open mode")
        ->capture_default_str();
    serve->add_option("--most-sessions", options->settings.open.sessions, "Sessions of one address in open mode")
        ->capture_default_str();
    serve
        ->add_option("--servwait", options->servwait,
                     "A connection without a session is left after this; 900s if left out")
        ->type_name("DURATION");
    serve
        ->add_option("--refwait", options->refwait,
                     "A TWAMP session without a packet ends after this; 900s if left out")
        ->type_name("DURATION");
    serve->callback([options, &context] { context.command = [options] { return serve_measurements(*options); }; });
}

}  // namespace quipu::app
