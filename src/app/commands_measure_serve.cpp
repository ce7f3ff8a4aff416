// `quipu measure serve`: the servers of the measurement protocols (OWAMP, TWAMP, STAMP) without a hub.

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "app/commands.h"
#include "app/signals.h"
#include "net/address.h"

namespace quipu::app {
namespace {

struct MeasureServeOptions {
    std::optional<std::uint16_t> owamp_port, twamp_port;
    std::string keys;
    std::vector<std::string> listen;
};

/// The addresses on which every server listens: those that were named, else all of both families.
Result<std::vector<net::IpAddress>> listening_addresses(const MeasureServeOptions& options) {
    std::vector<net::IpAddress> out;
    for (const std::string& text : options.listen)
        out.push_back(TRY(net::IpAddress::parse(text)));
    return out;
}

Result<void> serve_measurements(const MeasureServeOptions& options) {
    StopSignals signals;
    const auto addresses = TRY(listening_addresses(options));
    if (!options.owamp_port && !options.twamp_port)
        return fail(ErrorCode::invalid, "there is nothing to serve", "--owamp-port",
                    "quipu measure serve --owamp-port 861 …");
    // Each server is started here and prints where it listens: "owamp ADDRESS:PORT".
    return fail(ErrorCode::unsupported, "this build serves no measurement protocol yet");
}

}  // namespace

void add_measure_serve_command(CLI::App& measure, Context& context) {
    auto options = std::make_shared<MeasureServeOptions>();
    CLI::App* serve = measure.add_subcommand("serve", "Serves OWAMP and TWAMP to whoever measures to here");
    serve
        ->add_option("--owamp-port", options->owamp_port,
                     "TCP port of OWAMP-Control (RFC 4656: 861); 0 takes a free one")
        ->type_name("PORT");
    serve
        ->add_option("--twamp-port", options->twamp_port,
                     "TCP port of TWAMP-Control (RFC 5357: 862); 0 takes a free one")
        ->type_name("PORT");
    serve->add_option("--listen", options->listen, "Serve at this address alone; may be given again")
        ->type_name("ADDRESS")
        ->allow_extra_args(false);
    serve->add_option("--keys", options->keys, "Who may use the authenticated and encrypted modes: lines of USER KEY")
        ->type_name("FILE");
    serve->callback([options, &context] { context.command = [options] { return serve_measurements(*options); }; });
}

}  // namespace quipu::app
