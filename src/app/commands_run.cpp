// quipu run: a whole network on this machine, from one command.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <thread>

#include "app/catalogue.h"
#include "app/commands.h"
#include "app/configuration.h"
#include "app/first_start.h"
#include "app/lab_validation.h"
#include "app/resources.h"
#include "app/run_agents.h"
#include "app/run_network.h"
#include "app/run_rpki.h"
#include "app/signals.h"
#include "lab/lab.h"
#include "lab/netns.h"
#include "lab/service.h"
#include "platform/hub.h"

namespace quipu::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr Nanoseconds kPatience = 30s;
constexpr std::uint16_t kRtrPort = 323;  // RFC 6810 §12
constexpr const char* kDefaultNetwork = "redclara-2011.toml";

struct RunFlags {
    HubFlags hub;
    std::string network;
    bool hub_only = false;
    bool bgp = false;
    bool verbose = false;
};

/// "Lab: namespaces 14/14" on one line that is written over on a terminal; steps alone otherwise.
class Steps {
  public:
    explicit Steps(bool terminal) : terminal_(terminal) {}
    ~Steps() { end_line(); }
    Steps(const Steps&) = delete;
    Steps& operator=(const Steps&) = delete;

    void step(std::string_view text) {
        end_line();
        fmt::print(stderr, "  {}\n", text);
    }
    void part(std::string_view step, std::size_t done, std::size_t total) {
        if (!terminal_) {
            if (done == total) fmt::print(stderr, "  {} {}\n", step, total);
            return;
        }
        if (!open_.empty() && open_ != step) end_line();
        open_ = step;
        fmt::print(stderr, "\r  {} {}/{}\033[K", step, done, total);
        if (done == total) end_line();
        std::fflush(stderr);
    }

  private:
    void end_line() {
        if (!open_.empty()) fmt::print(stderr, "\n");
        open_.clear();
    }
    bool terminal_;
    std::string open_;
};

/// Everything that runs, in the order in which it is made; taken down in the opposite order.
class Run {
  public:
    Run(RunFlags flags, bool terminal) : flags_(std::move(flags)), steps_(terminal) {}

    Result<void> up() {
        TRY(make_hub());
        const NetworkFile file = TRY(read_network_file(network_path_));
        network_ = TRY(prepare_registry(*hub_, data_, file));
        if (own_rpki_) TRY(write_rpki_demonstration(*hub_, data_));
        if (!flags_.hub_only) TRY(make_lab());
        steps_.step("Hub: starting the services");
        TRY(hub_->start());
        TRY(access_->demonstrate(demonstration_accounts()));
        if (lab_) {
            TRY(start_lab_agents());
            if (flags_.bgp) TRY(validate_origins());
        } else if (!flags_.hub_only) {
            TRY(start_loopback_agents());
        }
        return {};
    }

    [[nodiscard]] std::string summary() const {
        std::string what = fmt::format("{} is up: {}", network_.name, hub_->url());
        if (lab_)
            what += fmt::format(" ({} points of presence, {} links, all measured{}). Ctrl-C takes it down.",
                                lab_->plan().nodes.size(), lab_->plan().wires.size(), flags_.bgp ? "; BGP" : "");
        else
            what +=
                flags_.hub_only ? " (the hub alone). Ctrl-C stops it." : " (two points on loopback). Ctrl-C stops it.";
        return what;
    }

    void tell_how_to_sign_in() const {
        std::string names;
        for (const access::Account& account : demonstration_accounts())
            names += (names.empty() ? "" : ", ") + account.id;
        fmt::print(stderr, "Sign in without password, on this machine only, as {}.\n", names);
        if (own_rpki_)
            fmt::print(stderr,
                       "Its RPKI and the routes in view are a demonstration, made here; nobody else trusts it.\n");
        tell_first_link(*access_);
    }

    Result<void> down() {
        steps_.step("Taking the network down");
        loopback_.reset();
        if (lab_)
            for (const lab::Node& node : lab_->plan().nodes)
                lab_->end(node.site);
        hub_->stop();
        if (lab_) TRY(lab_->down());
        return {};
    }

  private:
    Result<void> make_hub() {
        data_ = fs::absolute(flags_.hub.data.empty() ? "quipu-data" : flags_.hub.data).lexically_normal().string();
        flags_.hub.data = data_;
        if (flags_.hub.web.empty()) flags_.hub.web = portal_folder();
        TRY(choose_network());
        Catalogue catalogue = make_catalogue([this] { return lab_.get(); });
        agents_ = catalogue.agents;
        access_ = catalogue.access;
        rpki_ = catalogue.rpki;
        platform::HubOptions options = TRY(hub_options(flags_.hub, std::move(catalogue.services)));
        TRY(add_own_rpki(options));
        const auto lab = TRY(read<lab::LabSettings>(options.config.section("lab"), options.config.file()));
        flags_.bgp = flags_.bgp || lab.bgp;
        with_commodity_ = lab.commodity;
        options.settings.network = TRY(read_network_file(network_path_))
        .name;
        configure_log(flags_.verbose ? options.settings.log_level : LogLevel::warning, options.settings.log_format);
        hub_ = TRY(platform::Hub::create(std::move(options)));
        return {};
    }

    /// Where the configuration says nothing of an RPKI, one is made to look at.
    Result<void> add_own_rpki(platform::HubOptions& options) {
        const bool known = std::ranges::any_of(options.services, [](const auto& one) { return one->name() == "rpki"; });
        own_rpki_ = known && !options.config.has("rpki");
        if (!own_rpki_) return {};
        TRY(prepare_rpki_demonstration(data_));
        const auto sections = platform::sections_of(options.services);
        options.config.supplement(
            TRY(platform::Config::parse(rpki_demonstration_section(data_), "demonstration", sections)));
        return {};
    }

    /// The network that the data folder holds, or the one that was asked for.
    Result<void> choose_network() {
        const auto held = remembered_network(data_);
        if (!held) {
            network_path_ = flags_.network.empty() ? TRY(network_file(kDefaultNetwork)) : flags_.network;
            return {};
        }
        network_path_ = *held;
        if (!flags_.network.empty() && fs::absolute(flags_.network).lexically_normal() != *held)
            return fail(ErrorCode::conflict, fmt::format("this folder holds another network, from {}", *held), data_,
                        "give another folder with --data, or leave --network out");
        // The file may have gone; the registry has what it said.
        if (!fs::exists(network_path_)) network_path_ = TRY(network_file(kDefaultNetwork));
        return {};
    }

    Result<void> make_lab() {
        if (const auto possible = lab::can_make_namespaces(); !possible) {
            steps_.step(
                fmt::format("No lab here: {}; the hub runs with two points on loopback.", possible.error().text()));
            return {};
        }
        lab_ = TRY(lab::Lab::up(network_, {.runtime = data_ + "/lab",
                                           .progress = [this](std::string_view step, std::size_t done,
                                                              std::size_t total) { steps_.part(step, done, total); },
                                           .bgp = flags_.bgp,
                                           .commodity = with_commodity_}));
        if (flags_.bgp) rpki_->listen_also({.address = lab_->plan().hub4, .port = kRtrPort});
        agents_->listen_also({.address = lab_->plan().hub4, .port = 8443});
        return {};
    }

    Result<void> start_lab_agents() {
        const AgentStarter starter(*agents_, data_);
        const auto& nodes = lab_->plan().nodes;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            std::vector<std::string> argv = TRY(starter.command(nodes[i].site, {nodes[i].loopback4}));
            if (lab_->commodity())
                argv.insert(argv.end(), {"--commodity-address", lab_->commodity()->accesses[i].point4.text()});
            TRY(lab_->spawn(nodes[i].site, std::move(argv), starter.log_file(nodes[i].site)));
            steps_.part("Agents", i + 1, nodes.size());
        }
        if (auto routed = lab_->wait_for_routing(kPatience); !routed)
            steps_.step("Routing has not settled yet: " + routed.error().text());
        wait_for_agents(nodes.size());
        return {};
    }

    /// By the hub's own RTR server. A router that is told "no data" asks again after 90 s: so they begin when there is
    /// something to ask for.
    Result<void> validate_origins() {
        const auto services = hub_->services();
        const auto rpki = std::ranges::find(services, std::string_view("rpki"), &platform::ServiceStatus::name);
        if (rpki->state == platform::ServiceState::running && !rpki_->told()) {
            steps_.step(
                "BGP: routers take every route, since the service rpki validates nothing. Name trust anchors with tals "
                "in the section [rpki], or leave it out for a demonstration.");
            return {};
        }
        const SystemClock clock;
        const Monotonic deadline = clock.monotonic() + kPatience;
        auto told = rpki_->told();
        for (; told && !told->serving && clock.monotonic() < deadline; told = rpki_->told())
            std::this_thread::sleep_for(100ms);
        TRY(lab_->validate_origins(validation_by(kRtrPort)));
        if (told && told->serving)
            steps_.step(fmt::format("BGP: routers validate origins by {} VRPs of this hub", told->vrps));
        else
            steps_.step(
                fmt::format("BGP: routers take every route until {}; they ask every 90 s.",
                            told ? "the first validation of the RPKI has ended"
                                 : "the service rpki runs, which fails: " + rpki->reason.value_or("see its log")));
        return {};
    }

    Result<void> start_loopback_agents() {
        if (network_.links.empty()) return {};
        const AgentStarter starter(*agents_, data_);
        loopback_ = std::make_unique<lab::Supervisor>([] {});
        std::uint32_t host = 0x7f000002;  // 127.0.0.2 and 127.0.0.3
        for (const std::string& site : {network_.links.front().a, network_.links.front().b}) {
            TRY(loopback_->start({.name = "agent " + site,
                                  .command = {.argv = TRY(starter.command(site, {net::IpAddress::v4(host++)})),
                                              .output_file = starter.log_file(site)}}));
        }
        wait_for_agents(2);
        return {};
    }

    void wait_for_agents(std::size_t wanted) {
        const SystemClock clock;
        const Monotonic deadline = clock.monotonic() + kPatience;
        std::size_t seen = 0;
        while (seen < wanted && clock.monotonic() < deadline) {
            seen = connected(*agents_);
            steps_.part("Agents connected", std::min(seen, wanted), wanted);
            if (seen < wanted) std::this_thread::sleep_for(100ms);
        }
    }

    RunFlags flags_;
    Steps steps_;
    std::string data_;
    std::string network_path_;
    bool own_rpki_ = false;
    bool with_commodity_ = true;
    lab::Network network_;
    agent::Agents* agents_ = nullptr;
    access::Access* access_ = nullptr;
    rpki::RpkiService* rpki_ = nullptr;
    std::unique_ptr<lab::Lab> lab_;
    std::unique_ptr<platform::Hub> hub_;  // after the lab: the lab's service lives in the hub
    std::unique_ptr<lab::Supervisor> loopback_;
};

Result<void> run(const RunFlags& flags, bool terminal) {
    StopSignals signals;
    Run network(flags, terminal);
    TRY(network.up());
    TRY(print(network.summary() + "\n"));
    network.tell_how_to_sign_in();
    signals.wait();
    return network.down();
}

}  // namespace

void add_run_command(CLI::App& app, Context& context) {
    CLI::App* command = app.add_subcommand("run", "A whole network on this machine: hub, lab and agents");
    auto flags = std::make_shared<RunFlags>();
    command
        ->add_option("--network", flags->network,
                     "Network file: TOML, JSON or GraphML (default: RedCLARA of November 2011)")
        ->type_name("FILE");
    command->add_option("--port", flags->hub.port, "TCP port of portal and API; 0 takes a free one (default: 8080)")
        ->check(CLI::Range(0, 65535))
        ->type_name("N");
    command->add_option("--data", flags->hub.data, "Folder that keeps everything (default: quipu-data)")
        ->type_name("DIR");
    command->add_option("--config", flags->hub.config, "Configuration file (TOML)")->type_name("FILE");
    command->add_option("--web", flags->hub.web, "Folder of the portal's files")->type_name("DIR");
    CLI::Option* alone = command->add_flag("--hub-only", flags->hub_only, "No lab and no agents: the hub alone");
    command
        ->add_flag("--bgp", flags->bgp,
                   "The lab's routers speak BGP, and validate origins by the service rpki; as [lab] bgp = true")
        ->excludes(alone);
    command->add_flag("--verbose", flags->verbose, "Log everything, not warnings alone");
    command->callback(
        [flags, &context] { context.command = [flags, &context] { return run(*flags, context.terminal); }; });
}

}  // namespace quipu::app
