// `quipu path`: the way to a host, with what a traceroute's user expects, the way's identifier, and whose each hop is.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <memory>

#include "app/client.h"
#include "app/commands.h"
#include "app/measured_host.h"
#include "services/measure/path/trace.h"

namespace quipu::app {
namespace {

struct PathOptions {
    std::string host, source;
    bool udp = false, icmp = false, ipv4 = false, ipv6 = false, mtu = false, nameless = false;
    std::uint16_t tcp = 0, port = 0, source_port = 0;
    int most_hops = 30, probes = 3, silent = 5;
    double patience = 2.0;
    unsigned dscp = 0;
};

Result<path::TraceSettings> settings_of(const PathOptions& options) {
    path::TraceSettings out;
    const auto target = TRY(measured_host(options.host, path::kUdpTarget, options.ipv4, options.ipv6));
    out.target = target.address;
    if (!options.source.empty()) out.source = TRY(net::IpAddress::parse(options.source));
    out.protocol = options.icmp ? path::Protocol::icmp : options.tcp != 0 ? path::Protocol::tcp : path::Protocol::udp;
    out.source_port = options.source_port;
    out.target_port = options.tcp != 0 ? options.tcp : options.icmp ? std::uint16_t{0} : options.port;
    out.last_ttl = options.most_hops;
    out.probes = options.probes;
    out.most_silent = options.silent;
    out.mtu = options.mtu;
    out.dscp = static_cast<std::uint8_t>(options.dscp);
    out.patience = Nanoseconds(static_cast<std::int64_t>(options.patience * 1e9));
    out.interrupted = was_interrupted;
    return out;
}

/// Whose addresses these are, as the hub has it; nothing without a hub.
Value owners_of(const Context& context, const std::vector<path::Hop>& hops) {
    std::string list;
    for (const path::Hop& hop : hops)
        for (const net::IpAddress& address : hop.addresses)
            list += (list.empty() ? "" : ",") + address.text();
    if (list.empty()) return {};
    auto found = Client(context.hub).items("/api/v1/measure/addresses", {{"addresses", list}});
    return found ? std::move(*found) : Value();
}

const Value* owner_of(const Value& owners, const std::string& address) {
    if (const auto* list = owners.if_array())
        for (const Value& owner : *list)
            if (const Value* at = owner.find("address");
                at != nullptr && at->if_string() && *at->if_string() == address)
                return &owner;
    return nullptr;
}

std::string text_at(const Value& object, std::string_view key) {
    const Value* at = object.find(key);
    return at != nullptr && at->if_string() != nullptr ? *at->if_string() : std::string();
}

/// "Santiago, REUNA, AS27678", "DNS: core1.example.net": what is known of it.
std::string shown_owner(const Value& owner) {
    std::string out = text_at(owner, "site_name");
    for (const std::string& part : {text_at(owner, "organisation_name"), text_at(owner, "as")})
        if (!part.empty()) out += (out.empty() ? "" : ", ") + part;
    if (const std::string name = text_at(owner, "dns_name"); !name.empty())
        out += (out.empty() ? "DNS: " : ", DNS: ") + name;
    return out;
}

std::string times_of(const path::Hop& hop) {
    std::string out;
    for (const std::int64_t rtt : hop.rtts_us)
        out += fmt::format("  {:.3f} ms", static_cast<double>(rtt) / 1000);
    for (std::int64_t lost = hop.received; lost < hop.sent; ++lost)
        out += "  *";
    return out;
}

std::string line_of(const path::Hop& hop, const Value& owners) {
    std::string out = fmt::format("{:2}", hop.ttl);
    for (const net::IpAddress& address : hop.addresses) {
        out += "  " + address.text();
        const Value* owner = owner_of(owners, address.text());
        if (const std::string shown = owner != nullptr ? shown_owner(*owner) : ""; !shown.empty())
            out += " [" + shown + "]";
    }
    for (const path::Label& label : hop.labels)
        out += fmt::format("  <MPLS:L={},E={},S={},T={}>", label.value, label.traffic_class, label.bottom ? 1 : 0,
                           label.ttl);
    out += times_of(hop);
    if (!hop.refused.empty()) out += " " + hop.refused;
    if (hop.mtu) out += fmt::format("  next link's MTU {}", *hop.mtu);
    return out + "\n";
}

std::string foot_of(const path::PathRecord& record) {
    std::string out = "path " + record.id;
    if (!record.reached) out += ", target not reached";
    if (record.mtu) out += fmt::format(", MTU {}", *record.mtu);
    return out + "\n";
}

Result<void> trace_path(const Context& context, const PathOptions& options) {
    block_interrupts();
    const auto settings = TRY(settings_of(options));
    const SystemClock clock;
    const bool table = context.output == OutputFormat::table;
    if (table && context.terminal)
        fmt::print(stderr, "path to {} ({}), {} hops at most, {}\n", options.host, settings.target.text(),
                   settings.last_ttl, enum_name(settings.protocol));
    const auto record = TRY(path::trace(settings, clock));
    const Value owners = options.nameless ? Value() : owners_of(context, record.hops);
    if (!table) {
        Value out = to_value(record);
        if (!owners.is_null()) out.set("owners", owners);
        return print(format_object(out, context.output));
    }
    std::string text;
    for (const path::Hop& hop : record.hops)
        text += line_of(hop, owners);
    return print(text + foot_of(record));
}

}  // namespace

void add_path_command(CLI::App& app, Context& context) {
    CLI::App* command = app.add_subcommand("path", "The way to a host, hop by hop: all probes on one flow");
    auto options = std::make_shared<PathOptions>();
    command->add_option("host", options->host, "Where to")->required()->type_name("HOST");
    auto* udp = command->add_flag("--udp", options->udp, "UDP datagrams (the default)");
    auto* icmp = command->add_flag("-I,--icmp", options->icmp, "ICMP echo requests");
    auto* tcp = command->add_option("-T,--tcp", options->tcp, "TCP SYNs to this port")
                    ->type_name("PORT")
                    ->check(CLI::Range(1U, 65'535U));
    icmp->excludes(udp)->excludes(tcp);
    tcp->excludes(udp);
    command->add_option("-p,--port", options->port, "UDP port; all probes go to it")
        ->type_name("PORT")
        ->check(CLI::Range(1U, 65'535U))
        ->excludes(icmp)
        ->excludes(tcp);
    command->add_option("--sport", options->source_port, "Source port; another one may show another of equal ways")
        ->type_name("PORT")
        ->check(CLI::Range(1U, 65'535U));
    auto* ipv4 = command->add_flag("-4", options->ipv4, "IPv4 only");
    command->add_flag("-6", options->ipv6, "IPv6 only")->excludes(ipv4);
    command->add_option("-m,--max-hops", options->most_hops, "Hops at most")
        ->capture_default_str()
        ->check(CLI::Range(1, 255));
    command->add_option("-q,--queries", options->probes, "Probes for each hop")
        ->capture_default_str()
        ->check(CLI::Range(1, 10));
    command->add_option("-w,--wait", options->patience, "Seconds until a probe counts as lost")
        ->capture_default_str()
        ->check(CLI::Range(0.01, 60.0));
    command->add_option("--silent", options->silent, "Silent hops in a row after which it ends")
        ->capture_default_str()
        ->check(CLI::Range(1, 255));
    command->add_flag("--mtu", options->mtu, "Looks for the path MTU and where it falls");
    command->add_option("-s,--source", options->source, "Source address, one of this machine's")->type_name("ADDRESS");
    command->add_option("-D,--dscp", options->dscp, "DSCP of the probes")->check(CLI::Range(0U, 63U));
    command->add_flag("-n", options->nameless, "Asks no hub whose the addresses are");
    command->callback(
        [options, &context] { context.command = [options, &context] { return trace_path(context, *options); }; });
}

}  // namespace quipu::app
