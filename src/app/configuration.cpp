#include "app/configuration.h"

#include "app/version.h"

namespace quipu::app {

Result<platform::HubOptions> hub_options(const HubFlags& flags,
                                         std::vector<std::unique_ptr<platform::Service>> services) {
    const auto sections = platform::sections_of(services);
    platform::HubOptions options;
    options.config = TRY(flags.config.empty() ? platform::Config::parse("", "the defaults", sections)
                                              : platform::Config::load(flags.config, sections));
    options.settings = TRY(options.config.hub(platform::environment_variable));
    if (flags.port) options.settings.port = *flags.port;
    if (!flags.data.empty()) options.settings.data = flags.data;
    if (!flags.web.empty()) options.settings.web = flags.web;
    options.only = flags.only;
    options.services = std::move(services);
    options.version = kVersion;
    return options;
}

}  // namespace quipu::app
