#include "app/run_agents.h"

#include <algorithm>

#include "agent/files.h"
#include "app/resources.h"

namespace quipu::app {

Result<std::vector<std::string>> AgentStarter::command(const std::string& site,
                                                       const std::vector<net::IpAddress>& addresses) const {
    TRY(agent::make_folder(folder(site)));
    const std::string ticket_file = folder(site) + "/ticket";
    TRY(agent::write_file(ticket_file, TRY(agents_.make_ticket(site, std::chrono::hours(1))), 0600));
    std::vector<std::string> argv = {program_path(), "agent", "--data", folder(site), "--ticket", ticket_file};
    for (const net::IpAddress& address : addresses) {
        argv.emplace_back("--address");
        argv.push_back(address.text());
    }
    // All of them read this machine's one clock: between two points it is off by no more than reading it takes.
    argv.insert(argv.end(), {"--clock-error", "1us"});
    return argv;
}

std::size_t connected(const agent::Agents& agents) {
    const auto all = agents.agents();
    return static_cast<std::size_t>(std::ranges::count_if(all, &agent::AgentInfo::connected));
}

}  // namespace quipu::app
