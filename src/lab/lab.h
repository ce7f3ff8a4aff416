#pragma once
// A network on one machine: a namespace with a router for each point of presence, a wire through the emulator for each
// link, and a management network that joins them to the hub. It lives as long as its Lab; down() or the destructor
// leaves nothing behind, and after a crash the next start in the same runtime folder removes what was left.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "lab/bgp.h"
#include "lab/commodity.h"
#include "lab/controls.h"
#include "lab/emulator.h"
#include "lab/runtime_folder.h"
#include "lab/subnet.h"
#include "lab/supervisor.h"
#include "lab/topology.h"

namespace quipu::lab {

class ControlServer;

/// A step of the work, for a progress line: "Namespaces", 3 of 14.
using Progress = std::function<void(std::string_view step, std::size_t done, std::size_t total)>;

/// The part of a point's configuration that validates origins: for BIRD, with the filters validated4 and validated6,
/// the router's identifier and the protocol device.
using Validation = std::function<Result<std::string>(const Plan& plan, const Node& node, std::uint32_t as)>;

class Lab final : public Controls {
  public:
    struct Options {
        std::string runtime;        ///< folder of its own, made if absent: lock, record, control socket, routers' files
        std::string instance = {};  ///< at most 6 letters and digits; made from the runtime folder's path if empty
        Progress progress = {};
        bool bgp = false;                       ///< members' routers announce their prefixes (bgp.h)
        bool commodity = false;                 ///< a second provider joins every point (commodity.h)
        Validation validation = {};             ///< from the start on; without it every route is taken
        std::function<void()> asked_down = {};  ///< somebody asked through the control socket; called on its thread
    };
    /// Builds the network and returns when everything runs; routing converges within the next seconds
    /// (wait_for_routing). After an error nothing is left. `forbidden` or `unsupported` where namespaces cannot be
    /// made, with the reason.
    [[nodiscard]] static Result<std::unique_ptr<Lab>> up(const Network& network, Options options);
    ~Lab() override;

    /// Removes what a lab that died in this runtime folder left on the machine. `conflict` if one runs there.
    [[nodiscard]] static Result<void> clean_up_after_crash(const std::string& runtime);

    /// Ends every process, then removes wires, namespaces, management network and files. Answers the first failure.
    [[nodiscard]] Result<void> down();

    [[nodiscard]] const Plan& plan() const { return plan_; }
    [[nodiscard]] const std::optional<CommodityPlan>& commodity() const { return commodity_; }
    [[nodiscard]] Result<LabStatus> status() const override;

    /// Starts a program at a site: in its namespace, output appended to `output_file` (empty: inherited), started again
    /// when it ends unasked, ended with the lab. One agent a site; another one replaces it.
    [[nodiscard]] Result<void> spawn(std::string_view site, std::vector<std::string> argv, std::string output_file);
    /// Ends the site's agent.
    void end(std::string_view site);
    [[nodiscard]] Result<ClockChange> set_clock(const ClockChange& change) override;
    [[nodiscard]] std::optional<JobState> agent_state(std::string_view site) const;

    /// From now on every point's router drops what is invalid, by a cache that was not there when the lab was built.
    /// `unsupported` in a lab without BGP.
    [[nodiscard]] Result<void> validate_origins(Validation validation);

    /// Ordered pairs of nodes whose loopbacks are routed, in IPv4 and in IPv6; and how many the links in use can join.
    struct Routing {
        std::size_t routed = 0, possible = 0;
    };
    [[nodiscard]] Result<Routing> routing() const;
    /// Looks until every possible pair is routed; `timeout` after `limit`.
    [[nodiscard]] Result<void> wait_for_routing(Nanoseconds limit) const;

  protected:
    [[nodiscard]] Result<HijackList> change_hijack(const HijackChange& change, std::string_view actor) override;
    [[nodiscard]] Result<LinkStatus> change_link(std::string_view id, const LinkChange& change,
                                                 std::string_view actor) override;

  private:
    Lab(RuntimeFolder folder, Subnet subnet, Plan plan, Options options);
    Result<void> build();
    Result<void> make_namespaces();
    Result<void> make_management();
    Result<void> make_wires();
    Result<void> make_accesses();
    Result<void> set_up_commodity();
    Result<void> start_routers();
    Result<void> start_members();
    Result<void> write_router(std::size_t node) const;
    void read_again(std::string_view job) const;
    Result<void> write_router_file(const std::string& name, const std::string& text) const;
    [[nodiscard]] Result<std::vector<Hijack>> keep_hijacks(const HijackChange& change);
    [[nodiscard]] std::vector<HijackStatus> hijack_status(const std::vector<Hijack>& hijacks) const;
    [[nodiscard]] Result<std::vector<std::string>> ask_router(const Node& node, std::string_view command) const;
    [[nodiscard]] Record record() const;
    void progress(std::string_view step, std::size_t done, std::size_t total) const;
    [[nodiscard]] std::optional<std::size_t> find_wire(std::string_view id) const;
    [[nodiscard]] LinkStatus link_status(std::size_t wire) const;

    RuntimeFolder folder_;
    Subnet subnet_;
    Plan plan_;
    Options options_;
    std::optional<BgpPlan> bgp_;
    std::optional<CommodityPlan> commodity_;
    mutable std::mutex changing_;  // one change at a time
    std::vector<Hijack> hijacks_;  // by changing_
    Validation validation_;        // by changing_, once the routers run
    std::mutex writing_;           // the record
    Guarded<std::map<std::string, Command, std::less<>>> agents_;
    std::unique_ptr<Emulator> emulator_;
    std::unique_ptr<Supervisor> supervisor_;
    std::unique_ptr<ControlServer> control_;
    std::atomic<bool> down_{false};
};

}  // namespace quipu::lab
