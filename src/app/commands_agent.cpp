// `quipu agent`: the program's other face, at a point of presence.

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <fmt/format.h>
#include <iostream>
#include <malloc.h>
#include <memory>
#include <thread>
#include <unistd.h>

#include "agent/files.h"
#include "agent/runtime.h"
#include "app/commands.h"
#include "app/signals.h"
#include "base/units.h"
#include "services/measure/agent.h"
#include "services/measure/compare/agent.h"
#include "services/measure/servers/agent.h"
#include "services/measure/throughput/agent.h"

namespace quipu::app {
namespace {

struct AgentFlags {
    std::string data = "agent-data";
    std::string ticket;
    std::vector<std::string> addresses;
    std::string clock_error, clock_shift;
    std::string spool;
    std::uint16_t measure_port = measure::kTestPort;
    std::uint16_t reflector_port = compare::kReflectorPort;
    std::string commodity_address;
    std::uint16_t throughput_port = throughput::kIperfPort;
    std::string servers;
};

/// The ticket's text, or the file that holds it; `-` is standard input's first line.
Result<std::string> ticket_text(const std::string& given) {
    if (given.empty() || given.starts_with("quipu-ticket-")) return given;
    std::string text;
    if (given == "-")
        std::getline(std::cin, text);
    else
        text = TRY(agent::read_file(given));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.pop_back();
    return text;
}

Result<agent::RuntimeOptions> runtime_options(const AgentFlags& flags) {
    agent::RuntimeOptions options;
    options.folder = flags.data;
    options.ticket = TRY(ticket_text(flags.ticket));
    for (const std::string& address : flags.addresses)
        options.addresses.push_back(TRY(net::IpAddress::parse(address)));
    if (!flags.clock_error.empty()) options.clock_error = TRY(parse_duration(flags.clock_error));
    if (!flags.clock_shift.empty()) options.clock_shift = TRY(parse_duration(flags.clock_shift));
    if (!flags.spool.empty()) options.spool.octets = static_cast<std::uint64_t>(TRY(parse_bytes(flags.spool)).octets);
    return options;
}

Result<void> run_agent(const AgentFlags& flags) {
    // A dozen threads that allocate little: one heap for each of them would be most of an agent's memory.
    ::mallopt(M_ARENA_MAX, 2);
    StopSignals signals;
    const SystemClock clock;
    const auto runtime = TRY(agent::Runtime::create(TRY(runtime_options(flags)), clock));
    runtime->add_part(measure::make_point({.port = flags.measure_port}));
    compare::PointSettings comparing{.port = flags.reflector_port, .commodity = {}};
    if (!flags.commodity_address.empty()) comparing.commodity = TRY(net::IpAddress::parse(flags.commodity_address));
    runtime->add_part(compare::make_point(comparing));
    runtime->add_part(throughput::make_point({.port = flags.throughput_port}));
    if (!flags.servers.empty()) runtime->add_part(servers::make_point(TRY(servers::read_settings(flags.servers))));
    std::atomic<bool> told = false;
    std::thread waiter([&] {
        signals.wait();
        told = true;
        runtime->stop();
    });
    const auto ended = runtime->run();
    // It ended by itself: the waiter still waits for a signal, and gets one.
    if (!told) ::kill(::getpid(), SIGTERM);
    waiter.join();
    return ended;
}

}  // namespace

void add_agent_command(CLI::App& app, Context& context) {
    CLI::App* command = app.add_subcommand("agent", "Runs an agent at a point of presence: measures and delivers");
    auto flags = std::make_shared<AgentFlags>();
    command->add_option("--data", flags->data, "Folder of identity, spool and parts")
        ->capture_default_str()
        ->type_name("DIR");
    command->add_option("--ticket", flags->ticket, "The ticket to enrol with, or the file that holds it; needed once")
        ->type_name("TICKET");
    command
        ->add_option("--address", flags->addresses,
                     "Address to measure from; may be repeated. The one that reaches the hub when left out")
        ->type_name("IP");
    command
        ->add_option("--clock-error", flags->clock_error,
                     "Known bound of this clock's error, such as 1us; the kernel is asked when left out")
        ->type_name("DURATION");
    command
        ->add_option("--clock-shift", flags->clock_shift,
                     "For a lab: this point's clock is off by so much (20ms, -20ms), and does not know it")
        ->type_name("DURATION");
    command->add_option("--spool", flags->spool, "Bound of the spool, such as 256MB")->type_name("SIZE");
    command->add_option("--measure-port", flags->measure_port, "UDP port of measurement")
        ->capture_default_str()
        ->type_name("N");
    command->add_option("--reflector-port", flags->reflector_port, "UDP port of the STAMP reflector for other points")
        ->capture_default_str()
        ->type_name("N");
    command
        ->add_option("--commodity-address", flags->commodity_address,
                     "This machine's address of another provider, so that `quipu compare` can hold both ways together")
        ->type_name("IP");
    command->add_option("--throughput-port", flags->throughput_port, "TCP and UDP port of throughput tests")
        ->capture_default_str()
        ->type_name("N");
    command
        ->add_option("--servers", flags->servers,
                     "Serve OWAMP, TWAMP and STAMP as this file's section [measure_servers] has it")
        ->type_name("FILE");
    command->callback([flags, &context] { context.command = [flags] { return run_agent(*flags); }; });
}

}  // namespace quipu::app
