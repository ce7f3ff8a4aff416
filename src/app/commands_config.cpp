#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/catalogue.h"
#include "app/commands.h"
#include "platform/hub.h"

namespace quipu::app {
namespace {

Result<void> check(const std::string& file) {
    const Catalogue catalogue = make_catalogue();
    const auto config = TRY(platform::Config::load(file, platform::sections_of(catalogue.services)));
    TRY(config.hub(platform::environment_variable));
    std::vector<platform::Service*> services;
    for (const auto& service : catalogue.services)
        services.push_back(service.get());
    TRY(platform::parse_sections(config, services));
    return print(fmt::format("{} is a good configuration.\n", file));
}

Result<void> reference() {
    return print(platform::settings_reference(platform::sections_of(make_catalogue().services)));
}

}  // namespace

void add_config_commands(CLI::App& app, Context& context) {
    CLI::App* config = app.add_subcommand("config", "The configuration file")->require_subcommand(1);
    CLI::App* check_command = config->add_subcommand("check", "Finds every fault in a configuration file");
    auto file = std::make_shared<std::string>();
    check_command->add_option("file", *file, "Configuration file (TOML)")->required()->type_name("FILE");
    check_command->callback([file, &context] { context.command = [file] { return check(*file); }; });
    config->add_subcommand("reference", "Every setting with its default, as Markdown")->callback([&context] {
        context.command = reference;
    });
}

}  // namespace quipu::app
