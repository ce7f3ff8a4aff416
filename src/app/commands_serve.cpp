#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/catalogue.h"
#include "app/commands.h"
#include "app/configuration.h"
#include "app/first_start.h"
#include "app/signals.h"
#include "platform/hub.h"

namespace quipu::app {
namespace {

Result<void> serve(const HubFlags& flags) {
    StopSignals signals;
    Catalogue catalogue = make_catalogue();
    access::Access& access = *catalogue.access;
    platform::HubOptions options = TRY(hub_options(flags, std::move(catalogue.services)));
    const bool loopback = options.settings.listen.starts_with("127.") || options.settings.listen == "::1";
    configure_log(options.settings.log_level, options.settings.log_format);
    const auto hub = TRY(platform::Hub::create(std::move(options)));
    TRY(hub->start());
    TRY(print(
        fmt::format("Quipu serves at {}{}. Ctrl-C stops it.\n", hub->url(), loopback ? " (this machine only)" : "")));
    tell_first_link(access);
    signals.wait();
    hub->stop();
    return {};
}

}  // namespace

void add_serve_command(CLI::App& app, Context& context) {
    CLI::App* serve_command = app.add_subcommand("serve", "Runs the hub: services, API and portal");
    auto flags = std::make_shared<HubFlags>();
    serve_command->add_option("--config", flags->config, "Configuration file (TOML)")->type_name("FILE");
    serve_command->add_option("--port", flags->port, "TCP port; 0 takes a free one")
        ->check(CLI::Range(0, 65535))
        ->type_name("N");
    serve_command->add_option("--data", flags->data, "Folder that holds everything the hub keeps")->type_name("DIR");
    serve_command->add_option("--web", flags->web, "Folder of the portal's files")->type_name("DIR");
    serve_command->add_option("--only", flags->only, "Start only these services, and what they need")
        ->delimiter(',')
        ->type_name("NAME,…");
    serve_command->callback([flags, &context] { context.command = [flags] { return serve(*flags); }; });
}

}  // namespace quipu::app
