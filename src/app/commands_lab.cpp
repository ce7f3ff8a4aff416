// The lab from the command line: a network on this machine, without a hub or beside one.

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <sched.h>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>

#include "app/commands.h"
#include "app/lab_validation.h"
#include "app/progress.h"
#include "app/signals.h"
#include "lab/control.h"
#include "lab/lab.h"
#include "lab/netns.h"

namespace quipu::app {
namespace {

using namespace std::chrono_literals;

struct LabOptions {
    std::string data = "quipu-data";
    std::string network = "networks/redclara-2011.toml";
    std::string day;
    std::string site, link;
    std::vector<std::string> words;
    bool detach = false;
    bool bgp = false;
    bool commodity = false;
    std::uint16_t rtr = 0;
    std::string prefix, stop, shift;
};

std::string runtime(const LabOptions& options) {
    return options.data + "/lab";
}

/// One bar after another, as the lab's steps come.
class Bars {
  public:
    explicit Bars(bool terminal) : terminal_(terminal) {}
    void step(std::string_view name, std::size_t done, std::size_t total) {
        if (name != name_) {
            finish();
            name_ = name;
            bar_.emplace(name_, total, terminal_);
        }
        bar_->advance_to(done);
    }
    void finish() {
        if (bar_) bar_->finish();
        bar_.reset();
    }

  private:
    bool terminal_;
    std::string name_;
    std::optional<Progress> bar_;
};

/// Builds the network and holds it until a signal; `told` is called when it stands.
Result<void> hold(const LabOptions& options, bool terminal, const std::function<void(const std::string&)>& told) {
    StopSignals signals;
    const Date day = options.day.empty() ? date_of(SystemClock().now()) : TRY(parse_date(options.day));
    const lab::Network network = TRY(lab::read_network(options.network, day));
    Bars bars(terminal);
    const auto lab =
        TRY(lab::Lab::up(network, {.runtime = runtime(options),
                                   .progress = [&](auto step, auto done, auto total) { bars.step(step, done, total); },
                                   .bgp = options.bgp || options.rtr != 0,
                                   .commodity = options.commodity,
                                   .validation = options.rtr == 0 ? lab::Validation() : validation_by(options.rtr),
                                   .asked_down = [] { ::kill(::getpid(), SIGTERM); }}));
    TRY(lab->wait_for_routing(60s));
    bars.finish();
    told(fmt::format("The lab {} stands: {} points of presence, {} links. {}\n", network.name, lab->plan().nodes.size(),
                     lab->plan().wires.size(),
                     options.detach ? "`quipu lab down` takes it down." : "Ctrl-C takes it down."));
    signals.wait();
    return lab->down();
}

/// The same in a process of its own that goes on when this one has ended; answers when the lab stands or has failed.
Result<void> hold_detached(const LabOptions& options) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return fail_errno(errno, "making a pipe");
    const lab::Descriptor answer(pipe[0]);
    lab::Descriptor report(pipe[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno(errno, "starting a process");
    if (pid == 0) {
        ::setsid();
        const auto say = [&](std::string_view text) {
            static_cast<void>(!::write(report.get(), text.data(), text.size()));
            report.close();
        };
        const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
            ::dup2(null, standard);
        const auto held = hold(options, false, [&](const std::string& text) { say("+" + text); });
        if (!held) say("-" + held.error().text());
        ::_exit(held ? kSuccess : kFailure);
    }
    report.close();
    std::string text;
    std::array<char, 1024> part{};
    for (ssize_t got = 0; (got = ::read(answer.get(), part.data(), part.size())) > 0;)
        text.append(part.data(), static_cast<std::size_t>(got));
    if (text.starts_with('+')) return print(text.substr(1));
    return fail(ErrorCode::io, text.empty() ? "the lab's process ended without a word" : text.substr(1));
}

Result<void> up(const Context& context, const LabOptions& options) {
    if (options.detach) return hold_detached(options);
    return hold(options, context.terminal, [](const std::string& text) { static_cast<void>(print(text)); });
}

/// A lab that runs is asked to end and waited for; what a dead one left is removed.
Result<void> down(const LabOptions& options) {
    const lab::LabClient client(runtime(options));
    if (const auto asked = client.ask_down(); !asked && asked.error().code != ErrorCode::not_found)
        return std::unexpected(asked.error());
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    for (;;) {
        const auto cleaned = lab::Lab::clean_up_after_crash(runtime(options));
        if (cleaned) return print("No lab is left here.\n");
        // Not found: its folder went while it was being opened.
        const ErrorCode code = cleaned.error().code;
        if ((code != ErrorCode::conflict && code != ErrorCode::not_found) ||
            std::chrono::steady_clock::now() > deadline)
            return std::unexpected(cleaned.error());
        std::this_thread::sleep_for(100ms);  // it is taking itself down
    }
}

Result<Value> as_value(const auto& described) {
    return parse_json(json_text(described));
}

Result<void> status(const Context& context, const LabOptions& options) {
    auto known = lab::LabClient(runtime(options)).status();
    if (!known && known.error().code != ErrorCode::not_found) return std::unexpected(known.error());
    const lab::LabStatus lab = known.value_or(lab::LabStatus{});
    const Value value = TRY(as_value(lab));
    if (context.output == OutputFormat::json) return print(format_object(value, context.output));
    if (!lab.running) return print("No lab is running here.\n");
    TableOptions links{.columns = {"id", "state", "delay_us.forward", "delay_us.backward", "jitter_us", "loss",
                                   "reorder", "duplicate", "rate_bps", "frames", "dropped"},
                       .colour = context.colour};
    if (context.output == OutputFormat::csv) return print(format_list(*value.find("links"), context.output, links));
    TableOptions nodes{.columns = {"site", "state", "agent", "loopback_ipv4", "management_ipv4", "namespace"},
                       .colour = context.colour};
    std::string text =
        fmt::format("{}\n\n{}\n{}", lab.network, format_list(*value.find("nodes"), context.output, nodes),
                    format_list(*value.find("links"), context.output, links));
    if (!lab.commodity.empty()) text += "\n" + format_list(*value.find("commodity"), context.output, links);
    const TableOptions hijacks{.columns = {"prefix", "holder", "site", "as", "state", "taken_at"},
                               .colour = context.colour};
    if (!lab.hijacks.empty()) text += "\n" + format_list(*value.find("hijacks"), context.output, hijacks);
    return print(text);
}

Result<void> set_link(const Context& context, const LabOptions& options) {
    lab::LabClient client(runtime(options));
    const lab::LinkChange change = TRY(lab::parse_change(options.words));
    if (!change.empty()) {
        const lab::LinkStatus link = TRY(client.set_link(options.link, change, "local"));
        return print(format_object(TRY(as_value(link)), context.output, {.columns = {}, .colour = context.colour}));
    }
    const lab::LabStatus lab = TRY(client.status());
    for (const auto* links : {&lab.links, &lab.commodity})
        for (const lab::LinkStatus& link : *links)
            if (link.id == options.link)
                return print(
                    format_object(TRY(as_value(link)), context.output, {.columns = {}, .colour = context.colour}));
    return fail(ErrorCode::not_found, "is not a link of the lab", options.link, "`quipu lab status` lists them");
}

Result<void> hijack(const Context& context, const LabOptions& options) {
    lab::LabClient client(runtime(options));
    const lab::HijackList list = TRY(client.set_hijack(
        {
            TRY(net::Prefix::parse(options.prefix))
            , options.site, !options.stop.empty()
        },
        "local"));
    const Value value = TRY(as_value(list));
    return print(format_list(*value.find("hijacks"), context.output,
                             {.columns = {"prefix", "holder", "site", "as", "state"}, .colour = context.colour}));
}

Result<void> set_clock(const Context& context, const LabOptions& options) {
    lab::LabClient client(runtime(options));
    const Nanoseconds shift = options.shift == "right" ? Nanoseconds{} : TRY(parse_duration(options.shift));
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(shift).count();
    return print(format_object(TRY(as_value(TRY(client.set_clock({options.site, us})))), context.output,
                               {.columns = {}, .colour = context.colour}));
}

/// Becomes the command: its input, output and signals are this terminal's.
Result<void> execute(const LabOptions& options) {
    const lab::LabStatus lab = TRY(lab::LabClient(runtime(options)).status());
    for (const lab::NodeStatus& node : lab.nodes) {
        if (node.site != options.site) continue;
        const lab::Descriptor netns = TRY(lab::Descriptor::open(lab::netns_path(node.netns), O_RDONLY));
        if (::setns(netns.get(), CLONE_NEWNET) != 0) return fail_errno(errno, "entering a namespace", node.netns);
        std::vector<char*> argv;
        for (const std::string& word : options.words)
            argv.push_back(const_cast<char*>(word.c_str()));
        argv.push_back(nullptr);
        ::execvp(argv[0], argv.data());
        return fail_errno(errno, "running", options.words[0]);
    }
    return fail(ErrorCode::not_found, "is not a site of the lab", options.site, "`quipu lab status` lists them");
}

}  // namespace

void add_lab_commands(CLI::App& app, Context& context) {
    CLI::App* lab = app.add_subcommand("lab", "A network on this machine: routers in namespaces, emulated links");
    lab->require_subcommand(1);
    auto options = std::make_shared<LabOptions>();
    lab->add_option("--data", options->data, "Data folder of the lab, or of the `quipu run` that it belongs to")
        ->envname("QUIPU_DATA")
        ->capture_default_str()
        ->type_name("DIR");
    const auto command = [&](CLI::App* sub, auto run) {
        sub->callback([run, options, &context] {
            context.command = [run, options, &context] { return run(context, *options); };
        });
    };

    CLI::App* up_command = lab->add_subcommand("up", "Builds a network and holds it until Ctrl-C");
    up_command->add_option("--network", options->network, "Network file (TOML)")
        ->capture_default_str()
        ->type_name("FILE");
    up_command->add_option("--as-of", options->day, "The network of this day; today's if left out")->type_name("DATE");
    up_command->add_flag("--bgp", options->bgp, "Members' routers announce their prefixes; points speak BGP");
    up_command
        ->add_option(
            "--rtr", options->rtr,
            "Port of an RTR cache on this machine: points validate origins with it, and --bgp is meant as well")
        ->check(CLI::Range(1, 65535))
        ->type_name("PORT");
    up_command->add_flag("--commodity", options->commodity,
                         "A commodity provider joins every point, too: a second way between any two");
    up_command->add_flag("--detach", options->detach, "Leave it running in the background");
    command(up_command, [](const Context& c, const LabOptions& o) { return up(c, o); });

    command(lab->add_subcommand("down", "Takes the lab down, and removes what one that crashed has left"),
            [](const Context&, const LabOptions& o) { return down(o); });
    command(lab->add_subcommand("status", "Points and links, what is imposed on them and what passed"),
            [](const Context& c, const LabOptions& o) { return status(c, o); });

    CLI::App* exec =
        lab->add_subcommand("exec", "Runs a command at a site: quipu lab exec santiago -- ping 10.254.0.2");
    exec->add_option("site", options->site, "Where")->required()->type_name("SITE");
    exec->add_option("command", options->words, "The command and its arguments")->required()->type_name("CMD");
    exec->prefix_command(false);
    command(exec, [](const Context&, const LabOptions& o) { return execute(o); });

    CLI::App* hijacking = lab->add_subcommand(
        "hijack", "A member's router announces another's prefix: quipu lab hijack 200.143.192.0/18 lima [stop]");
    hijacking->add_option("prefix", options->prefix, "A member's prefix, or one inside it")
        ->required()
        ->type_name("PREFIX");
    hijacking->add_option("site", options->site, "The site whose member announces it")->required()->type_name("SITE");
    hijacking->add_option("stop", options->stop, "Withdraws it instead")->check(CLI::IsMember({"stop"}));
    command(hijacking, [](const Context& c, const LabOptions& o) { return hijack(c, o); });

    CLI::App* clock =
        lab->add_subcommand("clock", "A point's clock is wrong and does not know it: quipu lab clock lima 20ms");
    clock->add_option("site", options->site, "Whose agent, which starts again")->required()->type_name("SITE");
    clock->add_option("shift", options->shift, "By how much: 20ms, -5ms; or right")->required()->type_name("DURATION");
    command(clock, [](const Context& c, const LabOptions& o) { return set_clock(c, o); });

    CLI::App* link = lab->add_subcommand("link", "Shows or changes a link: quipu lab link ID loss=1% delay=20ms");
    link->add_option("id", options->link, "The link")->required()->type_name("LINK");
    link->add_option(
            "change", options->words,
            "up, down, forward, backward, delay=20ms, jitter=1ms, loss=1%, reorder=1%, duplicate=1%, rate=100Mb/s")
        ->type_name("WORD…");
    command(link, [](const Context& c, const LabOptions& o) { return set_link(c, o); });
}

}  // namespace quipu::app
