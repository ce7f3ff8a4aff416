#include "lab/lab.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "base/log.h"
#include "lab/bird.h"
#include "lab/control.h"
#include "lab/netns.h"

namespace quipu::lab {

namespace {

constexpr LogEvent kNotRecorded{LogLevel::error, "LAB_NOT_RECORDED",
                                "the lab's record could not be written: after a crash a process might be left",
                                "free space in the data folder"};
constexpr LogEvent kNotRemoved{LogLevel::error, "LAB_NOT_REMOVED", "the lab could not remove all that it made",
                               "start and stop it again: what is left stands in its record"};

std::string instance_of(const std::string& runtime) {
    std::uint32_t hash = 2166136261U;  // FNV-1a
    for (const char c : std::filesystem::absolute(runtime).lexically_normal().string())
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return fmt::format("{:06x}", (hash ^ hash >> 24U) & 0xffffffU);
}

Result<void> check_instance(std::string_view instance) {
    const bool plain =
        std::ranges::all_of(instance, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
    if (plain && !instance.empty() && instance.size() <= 6) return {};
    return fail(ErrorCode::invalid, "an instance's name has 1 to 6 small letters and digits", std::string(instance));
}

constexpr std::string_view kMembersJob = "members";

std::string router_job(const Node& node) {
    return "router " + node.site;
}
std::string agent_job(std::string_view site) {
    return fmt::format("agent {}", site);
}

// Lines of the calling thread's routing table whose destination is another router's loopback.
std::size_t loopback_routes(const char* table, bool (*is_loopback)(const std::string& line)) {
    std::ifstream in(table);
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);)
        count += is_loopback(line) ? 1 : 0;
    return count;
}

// "IFACE  0000FE0A… ": Destination 10.254.x.x in memory order, Mask FFFFFFFF.
bool is_loopback4(const std::string& line) {
    std::istringstream fields(line);
    std::string interface, destination, word, mask;
    fields >> interface >> destination >> word >> word >> word >> word >> word >> mask;
    return destination.size() == 8 && destination.ends_with("FE0A") && mask == "FFFFFFFF" && interface != "lo";
}
// "DESTINATION 80 …": fd51:7569:7075:fe00::N/128, not our own on lo.
bool is_loopback6(const std::string& line) {
    return line.starts_with("fd5175697075fe00") && line.substr(32, 4) == " 80 " && !line.ends_with(" lo");
}

DirectionStatus direction_status(const Impairment& impairment, const DirectionCounters& counters) {
    const auto microseconds = [](Nanoseconds n) {
        return std::chrono::duration_cast<std::chrono::microseconds>(n).count();
    };
    DirectionStatus status;
    status.state = impairment.down ? LinkState::down : LinkState::up;
    status.delay_us = microseconds(impairment.delay);
    status.jitter_us = microseconds(impairment.jitter);
    status.loss = impairment.loss;
    status.reorder = impairment.reorder;
    status.duplicate = impairment.duplicate;
    status.rate_bps = impairment.rate.bits_per_second;
    status.frames = static_cast<std::int64_t>(counters.frames);
    status.octets = static_cast<std::int64_t>(counters.octets);
    status.delivered = static_cast<std::int64_t>(counters.delivered);
    status.duplicated = static_cast<std::int64_t>(counters.duplicated);
    status.dropped = static_cast<std::int64_t>(counters.all_dropped());
    status.lost = static_cast<std::int64_t>(counters.dropped[static_cast<std::size_t>(DropReason::lost)]);
    return status;
}

}  // namespace

Lab::Lab(RuntimeFolder folder, Subnet subnet, Plan plan, Options options)
    : folder_(std::move(folder)), subnet_(std::move(subnet)), plan_(std::move(plan)), options_(std::move(options)) {}

Lab::~Lab() {
    if (auto removed = down(); !removed) log(kNotRemoved, {{"error", removed.error().text()}});
}

Result<std::unique_ptr<Lab>> Lab::up(const Network& network, Options options) {
    TRY(can_make_namespaces());
    if (options.instance.empty()) options.instance = instance_of(options.runtime);
    TRY(check_instance(options.instance));
    RuntimeFolder folder = TRY(RuntimeFolder::open(options.runtime));
    TRY(folder.remove_recorded());
    Subnet subnet = TRY(Subnet::take(static_cast<unsigned>(std::hash<std::string>{}(options.instance) % 254)));
    Plan plan = TRY(make_plan(network, options.instance, subnet.number()));
    for (const Node& node : plan.nodes)
        if (netns_exists(node.netns))
            return fail(ErrorCode::conflict, "is there already and is not this lab's", "namespace " + node.netns,
                        "end the lab that made it, or remove it with `ip netns delete`");
    std::unique_ptr<Lab> lab(new Lab(std::move(folder), std::move(subnet), std::move(plan), std::move(options)));
    if (lab->options_.bgp) lab->bgp_ = make_bgp_plan(network, lab->plan_);
    if (lab->options_.commodity) lab->commodity_ = make_commodity_plan(network, lab->plan_);
    TRY(lab->build());
    return lab;
}

Result<void> Lab::build() {
    TRY(folder_.write(record()));
    TRY(make_namespaces());
    TRY(make_management());
    TRY(make_wires());
    if (commodity_) TRY(set_up_commodity());
    if (bgp_) TRY(make_accesses());
    TRY(start_routers());
    if (bgp_) TRY(start_members());
    control_ = TRY(ControlServer::start(folder_.path(), {*this, [this] {
                                                             if (options_.asked_down) options_.asked_down();
                                                         }}));
    return {};
}

Result<void> Lab::make_namespaces() {
    std::string commands = fmt::format("netns add {}\n", plan_.wires_netns);
    for (const Node& node : plan_.nodes)
        commands += fmt::format("netns add {}\n", node.netns);
    std::vector<std::string> routers;
    for (const Node& node : plan_.nodes)
        routers.push_back(node.netns);
    if (commodity_)
        for (const CommodityRouter& router : commodity_->routers) {
            commands += fmt::format("netns add {}\n", router.netns);
            routers.push_back(router.netns);
        }
    progress("Namespaces", 0, routers.size());
    TRY(ip_batch("", commands));
    // Set before any interface is made: each inherits them.
    TRY(in_namespace(netns_path(plan_.wires_netns),
                     [] { return set_sysctl("net.ipv6.conf.default.disable_ipv6", "1"); }));
    for (std::size_t i = 0; i < routers.size(); ++i) {
        TRY(in_namespace(netns_path(routers[i]), []() -> Result<void> {
            for (const auto& [name, value] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
                     {"net.ipv4.ip_forward", "1"},
                     {"net.ipv4.conf.all.rp_filter", "0"},
                     {"net.ipv4.conf.default.rp_filter", "0"},
                     {"net.ipv4.icmp_ratelimit", "0"},
                     {"net.ipv6.conf.all.disable_ipv6", "0"},
                     {"net.ipv6.conf.default.disable_ipv6", "0"},
                     {"net.ipv6.conf.all.forwarding", "1"},
                     {"net.ipv6.conf.all.accept_dad", "0"},
                     {"net.ipv6.conf.default.accept_dad", "0"},
                     {"net.ipv6.conf.default.accept_ra", "0"},
                     {"net.ipv6.icmp.ratelimit", "0"}})
                TRY(set_sysctl(name, value));
            return {};
        }));
        progress("Namespaces", i + 1, routers.size());
    }
    return {};
}

Result<void> Lab::make_management() {
    std::string commands = fmt::format("link add {0} type bridge mcast_snooping 0\n", plan_.bridge);
    commands += fmt::format("address add {}/{} dev {}\n", plan_.hub4.text(), kManagementLength4, plan_.bridge);
    commands += fmt::format("address add {}/{} dev {} nodad\n", plan_.hub6.text(), kManagementLength6, plan_.bridge);
    commands += fmt::format("link set {} up\n", plan_.bridge);
    for (const Node& node : plan_.nodes) {
        commands +=
            fmt::format("link add {} type veth peer name {} netns {}\n", node.management_veth, kManagement, node.netns);
        // Isolated: a point reaches the hub here and nobody else, so that no packet takes a way round the wires.
        commands += fmt::format("link set {0} master {1} up\nlink set {0} type bridge_slave isolated on\n",
                                node.management_veth, plan_.bridge);
    }
    progress("Management network", 0, plan_.nodes.size());
    TRY(ip_batch("", commands));
    for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
        const Node& node = plan_.nodes[i];
        TRY(ip_batch(node.netns,
                     fmt::format("link set lo up\naddress add {0}/32 dev lo\naddress add {1}/128 dev lo\n"
                                 "address add {2}/{3} dev {6}\naddress add {4}/{5} dev {6} nodad\nlink set {6} up\n",
                                 node.loopback4.text(), node.loopback6.text(), node.management4.text(),
                                 kManagementLength4, node.management6.text(), kManagementLength6, kManagement)));
        progress("Management network", i + 1, plan_.nodes.size());
    }
    return {};
}

Result<void> Lab::make_wires() {
    std::string commands, ends = "link set lo up\n";
    std::vector<std::string> inside(plan_.nodes.size());
    std::vector<std::vector<std::string>> interfaces(plan_.nodes.size());
    std::vector<EmulatedLink> links;
    for (const Wire& wire : plan_.wires) {
        const auto end = [&](const std::string& held, std::size_t node, const net::IpAddress& v4,
                             const net::IpAddress& v6) {
            commands += fmt::format("link add {} netns {} type veth peer name {} netns {}\n", held, plan_.wires_netns,
                                    wire.interface, plan_.nodes[node].netns);
            ends += fmt::format("link set {} up\n", held);
            inside[node] +=
                fmt::format("address add {1}/31 dev {0}\naddress add {2}/127 dev {0} nodad\nlink set {0} up\n",
                            wire.interface, v4.text(), v6.text());
            interfaces[node].push_back(wire.interface);
        };
        end(wire.end_a, wire.a, wire.a4, wire.a6);
        end(wire.end_b, wire.b, wire.b4, wire.b6);
        links.push_back({wire.end_a, wire.end_b, wire.impairment, wire.impairment});
    }
    if (commodity_) {
        commands += commodity_links(*commodity_, plan_);
        for (EmulatedLink& link : commodity_wires(*commodity_)) {
            ends += fmt::format("link set {} up\nlink set {} up\n", link.interface_a, link.interface_b);
            links.push_back(std::move(link));
        }
    }
    progress("Links", 0, plan_.wires.size());
    TRY(ip_batch("", commands));
    TRY(ip_batch(plan_.wires_netns, ends));
    TRY(in_namespace(netns_path(plan_.wires_netns), [&]() -> Result<void> {
        for (const EmulatedLink& link : links) {
            TRY(switch_offloads_off(link.interface_a));
            TRY(switch_offloads_off(link.interface_b));
        }
        return {};
    }));
    emulator_ = TRY(Emulator::start(netns_path(plan_.wires_netns), links, {}));
    for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
        TRY(in_namespace(netns_path(plan_.nodes[i].netns), [&]() -> Result<void> {
            for (const std::string& interface : interfaces[i])
                TRY(switch_offloads_off(interface));
            return {};
        }));
        TRY(ip_batch(plan_.nodes[i].netns, inside[i]));
        progress("Links", (i + 1) * plan_.wires.size() / plan_.nodes.size(), plan_.wires.size());
    }
    return {};
}

Result<void> Lab::set_up_commodity() {
    for (std::size_t i = 0; i < commodity_->routers.size(); ++i) {
        const std::string& netns = commodity_->routers[i].netns;
        TRY(in_namespace(netns_path(netns), [&]() -> Result<void> {
            TRY(switch_offloads_off(std::string(kTrunk)));
            for (const CommodityAccess& access : commodity_->accesses)
                if (access.router == i) TRY(switch_offloads_off(access.interface));
            return {};
        }));
        // Each next hop must be reachable before a route leads to it: the addresses come first.
        TRY(ip_batch(netns, commodity_router_setup(*commodity_, plan_, i)));
    }
    for (const CommodityAccess& access : commodity_->accesses) {
        const std::string& netns = plan_.nodes[access.node].netns;
        TRY(in_namespace(netns_path(netns), [] { return switch_offloads_off(std::string(kCommodity)); }));
        TRY(ip_batch(netns, commodity_point_setup(access)));
        TRY(ip_batch(netns, commodity_point_rule6(access), true));
    }
    return {};
}

Result<void> Lab::make_accesses() {
    TRY(ip_batch("", fmt::format("netns add {}\n", bgp_->netns)));
    std::string commands, inside = "link set lo up\n";
    for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
        const Access& access = bgp_->accesses[i];
        commands += fmt::format("link add {} netns {} type veth peer name {} netns {}\n", access.end, bgp_->netns,
                                kAccess, plan_.nodes[i].netns);
        inside += fmt::format("address add {1}/31 dev {0}\naddress add {2}/127 dev {0} nodad\nlink set {0} up\n",
                              access.end, access.member4.text(), access.member6.text());
    }
    TRY(ip_batch("", commands));
    TRY(ip_batch(bgp_->netns, inside));
    for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
        const Access& access = bgp_->accesses[i];
        TRY(ip_batch(plan_.nodes[i].netns,
                     fmt::format("address add {1}/31 dev {0}\naddress add {2}/127 dev {0} nodad\nlink set {0} up\n",
                                 kAccess, access.point4.text(), access.point6.text())));
    }
    return {};
}

Result<void> Lab::write_router_file(const std::string& name, const std::string& text) const {
    const std::string path = folder_.routers() + "/" + name;
    std::ofstream out(path, std::ios::trunc);
    out << text;
    if (!out.flush()) return fail_errno(errno, "writing a router's configuration", path);
    return {};
}

Result<void> Lab::start_members() {
    TRY(write_router_file("members.conf", members_configuration(*bgp_, {})));
    Command bird;
    bird.argv = {"bird", "-f", "-c", "members.conf", "-s", "members.ctl"};
    bird.netns = netns_path(bgp_->netns);
    bird.folder = folder_.routers();
    bird.output_file = folder_.routers() + "/members.log";
    return supervisor_->start({std::string(kMembersJob), std::move(bird), true, std::chrono::seconds(2)});
}

Result<HijackList> Lab::change_hijack(const HijackChange& change, std::string_view actor) {
    if (!bgp_) return Controls::change_hijack(change, actor);
    if (down_) return fail(ErrorCode::unavailable, "the lab is going down");
    const auto after = TRY(keep_hijacks(change));
    return HijackList{hijack_status(after)};
}

Result<std::vector<Hijack>> Lab::keep_hijacks(const HijackChange& change) {
    const std::scoped_lock lock(changing_);
    std::vector<Hijack> after = TRY(changed(*bgp_, hijacks_, change));
    TRY(write_router_file("members.conf", members_configuration(*bgp_, after)));
    read_again(kMembersJob);
    hijacks_ = after;
    return after;
}

void Lab::read_again(std::string_view job) const {
    const auto bird = supervisor_->state(job);
    // BIRD reads its configuration again at this signal; one that is being started again reads it anyway.
    if (bird && bird->running) ::kill(static_cast<pid_t>(bird->process.pid), SIGHUP);
}

Result<std::vector<std::string>> Lab::ask_router(const Node& node, std::string_view command) const {
    return ask_bird(fmt::format("{}/{}.ctl", folder_.routers(), node.site), command);
}

std::vector<HijackStatus> Lab::hijack_status(const std::vector<Hijack>& hijacks) const {
    std::vector<HijackStatus> out;
    for (const Hijack& hijack : hijacks) {
        const auto at = std::ranges::find(bgp_->accesses, hijack.site, &Access::site);
        const Access* holder = holder_of(*bgp_, hijack.prefix);
        HijackStatus status{hijack.prefix, hijack.site, at->as, holder == nullptr ? "" : holder->member};
        const auto of_stranger = [&](const Node& node, std::string_view which) {
            const auto routes = ask_router(node, fmt::format("show route {} {}", hijack.prefix.text(), which));
            // A router that does not answer is being started again, and has no route.
            return routes && std::ranges::any_of(
                                 *routes, [&](const std::string& line) { return origin_of_route(line) == at->as; });
        };
        for (const Node& node : plan_.nodes)
            if (of_stranger(node, "primary")) status.taken_at.push_back(node.site);
        if (!status.taken_at.empty())
            status.state = HijackState::taken;
        else if (of_stranger(*plan_.find_node(hijack.site), "filtered"))
            status.state = HijackState::dropped;
        out.push_back(std::move(status));
    }
    return out;
}

Result<void> Lab::validate_origins(Validation validation) {
    if (!bgp_) return fail(ErrorCode::unsupported, "this lab's routers do not speak BGP");
    if (down_) return fail(ErrorCode::unavailable, "the lab is going down");
    const std::scoped_lock lock(changing_);
    validation_ = std::move(validation);
    for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
        TRY(write_router(i));
        read_again(router_job(plan_.nodes[i]));
    }
    return {};
}

Result<void> Lab::write_router(std::size_t node) const {
    std::string validation;
    if (bgp_ && validation_) validation = TRY(validation_(plan_, plan_.nodes[node], bgp_->as));
    std::string text = bird_configuration(plan_, node, validation);
    if (bgp_) text += bgp_configuration(plan_, *bgp_, node, !validation.empty());
    return write_router_file(plan_.nodes[node].site + ".conf", text);
}

Result<void> Lab::start_routers() {
    std::error_code error;
    std::filesystem::create_directories(folder_.routers(), error);
    if (error) return fail_errno(error.value(), "making a folder", folder_.routers());
    supervisor_ = std::make_unique<Supervisor>([this] {
        const std::scoped_lock lock(writing_);
        if (auto written = folder_.write(record()); !written) log(kNotRecorded, {{"error", written.error().text()}});
    });
    validation_ = options_.validation;
    progress("Routers", 0, plan_.nodes.size());
    for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
        const Node& node = plan_.nodes[i];
        const std::string base = folder_.routers() + "/" + node.site;
        TRY(write_router(i));
        Command bird;
        bird.argv = {"bird", "-f", "-c", node.site + ".conf", "-s", node.site + ".ctl"};
        bird.netns = netns_path(node.netns);
        bird.folder = folder_.routers();
        bird.output_file = base + ".log";
        TRY(supervisor_->start({router_job(node), std::move(bird), true, std::chrono::seconds(2)}));
        progress("Routers", i + 1, plan_.nodes.size());
    }
    return {};
}

Result<void> Lab::down() {
    if (down_.exchange(true)) return {};
    control_.reset();
    if (supervisor_) supervisor_->stop_all();
    supervisor_.reset();
    emulator_.reset();
    TRY(folder_.remove_recorded());
    folder_.remove();
    return {};
}

Result<void> Lab::clean_up_after_crash(const std::string& runtime) {
    if (!std::filesystem::exists(runtime)) return {};
    RuntimeFolder folder = TRY(RuntimeFolder::open(runtime));
    TRY(folder.remove_recorded());
    folder.remove();
    return {};
}

Record Lab::record() const {
    Record record{boot_id(), {plan_.wires_netns}, {}, {}};
    for (const Node& node : plan_.nodes) {
        record.namespaces.push_back(node.netns);
        record.interfaces.push_back(node.management_veth);
    }
    record.interfaces.push_back(plan_.bridge);
    if (bgp_) record.namespaces.push_back(bgp_->netns);
    if (commodity_)
        for (const CommodityRouter& router : commodity_->routers)
            record.namespaces.push_back(router.netns);
    if (supervisor_) record.processes = supervisor_->processes();
    return record;
}

void Lab::progress(std::string_view step, std::size_t done, std::size_t total) const {
    if (options_.progress) options_.progress(step, done, total);
}

Result<void> Lab::spawn(std::string_view site, std::vector<std::string> argv, std::string output_file) {
    const Node* node = plan_.find_node(site);
    if (node == nullptr) return fail(ErrorCode::not_found, "is not a site of the lab", std::string(site));
    supervisor_->stop(agent_job(site));
    Command command;
    command.argv = std::move(argv);
    command.netns = netns_path(node->netns);
    command.output_file = std::move(output_file);
    agents_.with([&](auto& agents) { agents.insert_or_assign(std::string(site), command); });
    return supervisor_->start({agent_job(site), std::move(command)});
}

Result<ClockChange> Lab::set_clock(const ClockChange& change) {
    if (down_) return fail(ErrorCode::unavailable, "the lab is going down");
    auto command = agents_.with([&](const auto& agents) -> std::optional<Command> {
        const auto at = agents.find(change.site);
        return at == agents.end() ? std::nullopt : std::optional(at->second);
    });
    if (!command)
        return fail(ErrorCode::not_found, "no agent runs there", change.site, "`quipu lab status` lists them");
    if (change.shift_us != 0)
        command->argv.insert(command->argv.end(), {"--clock-shift", fmt::format("{}us", change.shift_us)});
    const std::scoped_lock lock(changing_);
    supervisor_->stop(agent_job(change.site));
    TRY(supervisor_->start({agent_job(change.site), std::move(*command)}));
    return change;
}

void Lab::end(std::string_view site) {
    supervisor_->stop(agent_job(site));
}

std::optional<JobState> Lab::agent_state(std::string_view site) const {
    return supervisor_->state(agent_job(site));
}

Result<LabStatus> Lab::status() const {
    if (down_) return LabStatus{};
    LabStatus status{true, plan_.network, plan_.instance, emulator_->real_time(), {}, {}};
    const auto [hijacks, validated] = [&] {
        const std::scoped_lock lock(changing_);
        return std::pair(hijacks_, static_cast<bool>(validation_));
    }();
    const auto word = [](const std::optional<JobState>& state) {
        return state ? std::string(state->running ? "running" : "failed") : "none";
    };
    for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
        const Node& node = plan_.nodes[i];
        NodeStatus of_node{node.site,
                           node.netns,
                           word(supervisor_->state(router_job(node))),
                           word(agent_state(node.site)),
                           node.loopback4,
                           node.loopback6,
                           node.management4,
                           node.management6};
        if (bgp_) {
            of_node.member = bgp_->accesses[i].member;
            of_node.member_as = bgp_->accesses[i].as;
            of_node.announces = bgp_->accesses[i].prefixes;
        }
        status.nodes.push_back(std::move(of_node));
    }
    for (std::size_t i = 0; i < plan_.wires.size(); ++i)
        status.links.push_back(link_status(i));
    if (commodity_)
        for (std::size_t i = 0; i <= commodity_->accesses.size(); ++i)
            status.commodity.push_back(link_status(plan_.wires.size() + i));
    if (bgp_) {
        status.bgp = validated ? BgpState::validated : BgpState::open;
        status.hijacks = hijack_status(hijacks);
    }
    return status;
}

std::optional<std::size_t> Lab::find_wire(std::string_view id) const {
    if (const auto wire = plan_.find_wire(id)) return wire;
    if (!commodity_) return std::nullopt;
    return find_commodity_wire(*commodity_, id).transform([&](std::size_t i) { return plan_.wires.size() + i; });
}

LinkStatus Lab::link_status(std::size_t wire) const {
    const auto way = [&](Direction d) {
        return direction_status(emulator_->impairment(wire, d), emulator_->counters(wire, d));
    };
    const DirectionStatus f = way(Direction::forward), b = way(Direction::backward);
    LinkStatus status;
    if (wire < plan_.wires.size()) {
        status.id = plan_.wires[wire].id;
        status.a = plan_.nodes[plan_.wires[wire].a].site;
        status.b = plan_.nodes[plan_.wires[wire].b].site;
    } else if (const std::size_t i = wire - plan_.wires.size(); i < commodity_->accesses.size()) {
        const CommodityAccess& access = commodity_->accesses[i];
        status.id = access.id;
        status.a = commodity_->routers[access.router].name;
        status.b = plan_.nodes[access.node].site;
    } else {
        status.id = kTrunkId;
        status.a = commodity_->routers[0].name;
        status.b = commodity_->routers[1].name;
    }
    status.state = f.state == LinkState::up ? b.state : f.state;
    status.delay_us = {f.delay_us, b.delay_us};
    status.jitter_us = std::max(f.jitter_us, b.jitter_us);
    status.loss = std::max(f.loss, b.loss);
    status.reorder = std::max(f.reorder, b.reorder);
    status.duplicate = std::max(f.duplicate, b.duplicate);
    status.rate_bps =
        f.rate_bps == 0 || b.rate_bps == 0 ? std::max(f.rate_bps, b.rate_bps) : std::min(f.rate_bps, b.rate_bps);
    status.frames = f.frames + b.frames;
    status.dropped = f.dropped + b.dropped;
    status.forward = f;
    status.backward = b;
    return status;
}

Result<LinkStatus> Lab::change_link(std::string_view id, const LinkChange& change, std::string_view /*actor*/) {
    if (down_) return fail(ErrorCode::unavailable, "the lab is going down");
    const auto wire = find_wire(id);
    if (!wire)
        return fail(ErrorCode::not_found, "is not a link of the lab", std::string(id), "`quipu lab status` lists them");
    const Directions directions = change.direction.value_or(Directions::both);
    const std::scoped_lock lock(changing_);
    for (const auto& [direction, other] :
         {std::pair(Direction::forward, Directions::backward), std::pair(Direction::backward, Directions::forward)})
        if (directions != other)
            emulator_->set(*wire, direction, changed(emulator_->impairment(*wire, direction), change));
    return link_status(*wire);
}

Result<Lab::Routing> Lab::routing() const {
    std::size_t routes4 = 0, routes6 = 0;
    for (const Node& node : plan_.nodes)
        TRY(in_namespace(netns_path(node.netns), [&]() -> Result<void> {
            routes4 += loopback_routes("/proc/thread-self/net/route", is_loopback4);
            routes6 += loopback_routes("/proc/thread-self/net/ipv6_route", is_loopback6);
            return {};
        }));
    std::vector<bool> up;
    for (std::size_t i = 0; i < plan_.wires.size(); ++i)
        up.push_back(!emulator_->impairment(i, Direction::forward).down &&
                     !emulator_->impairment(i, Direction::backward).down);
    return Routing{std::min(routes4, routes6), plan_.connected_pairs(up)};
}

Result<void> Lab::wait_for_routing(Nanoseconds limit) const {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const Routing now = TRY(routing());
        progress("Routing", now.routed, now.possible);
        if (now.routed >= now.possible) return {};
        if (std::chrono::steady_clock::now() > end)
            return fail(ErrorCode::timeout, fmt::format("only {} of {} pairs are routed", now.routed, now.possible),
                        "lab", "look at the routers' logs in its runtime folder");
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
}

}  // namespace quipu::lab
