#pragma once
// The agents that `quipu run` starts: one a point of presence in the lab, or two on loopback where there is no lab.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/hub.h"
#include "base/result.h"
#include "lab/lab.h"
#include "lab/supervisor.h"

namespace quipu::app {

/// Folder, ticket and command line of the agent of a site.
class AgentStarter {
  public:
    AgentStarter(agent::Agents& agents, std::string data_folder)
        : agents_(agents), data_folder_(std::move(data_folder)) {}

    /// Everything made ready; the command enrols the agent or lets it go on with the identity that it has.
    [[nodiscard]] Result<std::vector<std::string>> command(const std::string& site,
                                                           const std::vector<net::IpAddress>& addresses) const;
    [[nodiscard]] std::string log_file(const std::string& site) const { return folder(site) + "/log"; }

  private:
    [[nodiscard]] std::string folder(const std::string& site) const { return data_folder_ + "/agents/" + site; }
    agent::Agents& agents_;
    std::string data_folder_;
};

/// How many agents are connected now.
[[nodiscard]] std::size_t connected(const agent::Agents& agents);

}  // namespace quipu::app
