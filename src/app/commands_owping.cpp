// `quipu owping`: one-way delay and loss to and from an OWAMP server (RFC 4656), with the reference's options and
// words.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <sstream>

#include "app/commands.h"
#include "app/measured_host.h"
#include "base/number.h"
#include "services/measure/owamp/ping.h"
#include "services/measure/owamp/summary.h"
#include "services/measure/owamp/twamp_ping.h"
#include "services/measure/stamp/summary.h"

namespace quipu::app {
namespace {

constexpr std::uint16_t kOwampPort = 861;
constexpr std::uint16_t kTwampPort = 862;

struct OwpingOptions {
    std::string host;
    std::uint32_t count = 100;
    std::string interval = "0.1e";
    std::uint32_t padding = 0;
    double timeout = 2.0;
    double delay = 1.0;
    std::string modes;
    std::string user, keys, source;
    std::vector<double> percentiles;
    unsigned dscp = 0;
    bool to_only = false, from_only = false, verbose = false, ipv4 = false, ipv6 = false;
    std::optional<bool> by_name;
};

Nanoseconds seconds_of(double seconds) {
    return Nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

/// "0.1", "0.1e", "0.5f", and lists of them: mean gap in seconds, exponential unless "f".
Result<std::vector<owamp::Slot>> slots_of(const std::string& text) {
    std::vector<owamp::Slot> out;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, ',');) {
        const bool fixed = part.ends_with('f');
        if (fixed || part.ends_with('e')) part.pop_back();
        const auto seconds = parse_number<double>(part);
        if (!seconds || !(*seconds > 0) || *seconds > 86'400)
            return fail(ErrorCode::invalid, fmt::format("\"{}\" is no interval", text), "-i",
                        "seconds between packets, then e (exponential) or f (fixed): 0.1e, 1f, 0.1e,0.5f");
        out.push_back(
            {fixed ? owamp::Slot::Type::fixed : owamp::Slot::Type::exponential, owamp::to_fixed(seconds_of(*seconds))});
    }
    if (out.empty()) return fail(ErrorCode::invalid, "an interval is missing", "-i");
    return out;
}

Result<std::uint32_t> modes_of(const OwpingOptions& options) {
    std::uint32_t out = 0;
    const std::string letters = !options.modes.empty() ? options.modes : options.user.empty() ? "O" : "AEO";
    for (const char letter : letters) {
        switch (letter) {
            case 'O': out |= owamp::mode::kOpen; break;
            case 'A': out |= owamp::mode::kAuthenticated; break;
            case 'E': out |= owamp::mode::kEncrypted; break;
            case 'M': out |= owamp::mode::kMixed; break;
            default:
                return fail(ErrorCode::invalid, fmt::format("\"{}\" is no mode", letter), "-A",
                            "O open, A authenticated, E encrypted, M mixed (TWAMP), or several of them");
        }
    }
    if (options.user.empty() && (out & owamp::mode::kOpen) == 0)
        return fail(ErrorCode::invalid, "authenticated and encrypted mode need a user and a key", "-A",
                    "give -u USER -k KEYFILE");
    return options.user.empty() ? owamp::mode::kOpen : out;
}

Result<std::string> pass_phrase_of(const OwpingOptions& options) {
    if (options.user.empty()) return std::string();
    if (options.keys.empty())
        return fail(ErrorCode::invalid, "a user needs a key", "-k", "give the file of lines USER KEY");
    return measuring_key_of(options.user, options.keys);
}

Result<void> owping(const Context& context, const OwpingOptions& options) {
    block_interrupts();
    owamp::PingSettings settings;
    settings.server = TRY(measured_host(options.host, kOwampPort, options.ipv4, options.ipv6));
    settings.client.modes = TRY(modes_of(options));
    settings.client.user = options.user;
    settings.client.pass_phrase = TRY(pass_phrase_of(options));
    settings.client.start_delay = seconds_of(options.delay);
    const auto slots = TRY(slots_of(options.interval));
    for (const bool to_server : {true, false}) {
        if (to_server ? options.from_only && !options.to_only : options.to_only && !options.from_only) continue;
        settings.client.sessions.push_back({.to_server = to_server,
                                            .packets = options.count,
                                            .slots = slots,
                                            .padding = options.padding,
                                            .timeout = seconds_of(options.timeout),
                                            .dscp = static_cast<std::uint8_t>(options.dscp)});
    }
    if (context.output == OutputFormat::table)
        settings.running = [](Nanoseconds left) {
            fmt::print(stderr, "Approximately {:.1f} seconds until results available\n",
                       std::chrono::duration<double>(left).count());
        };
    settings.interrupted = was_interrupted;
    const SystemClock clock;
    const auto [results, own_loss] = TRY(owamp::ping(settings, clock));
    if (own_loss != 0)
        fmt::print(stderr, "{} packets found this machine's socket full: they are lost, but not by the network\n",
                   own_loss);
    Value::Array list;
    for (const auto& result : results) {
        if (result.accept != owamp::Accept::ok) {
            fmt::print(stderr, "the session {} the server was refused: {}\n", result.to_server ? "to" : "from",
                       enum_name(result.accept));
            continue;
        }
        const auto summary = owamp::summary_of(result, options.percentiles);
        if (context.output == OutputFormat::table) {
            TRY(print(owamp::text_of(summary) + (options.verbose ? owamp::packet_lines(result) : "") + "\n"));
        } else {
            list.push_back(to_value(summary));
        }
    }
    if (context.output == OutputFormat::table) return {};
    return print(format_list(Value(std::move(list)), context.output));
}

Result<void> twping(const Context& context, const OwpingOptions& options) {
    block_interrupts();
    owamp::TwampSettings settings;
    settings.modes = TRY(modes_of(options));
    settings.user = options.user;
    settings.pass_phrase = TRY(pass_phrase_of(options));
    settings.by_name = options.by_name;
    settings.padding = options.padding;
    settings.timeout = seconds_of(options.timeout);
    settings.dscp = static_cast<std::uint8_t>(options.dscp);
    const auto slots = TRY(slots_of(options.interval));
    if (slots.size() != 1) return fail(ErrorCode::invalid, "a two-way session has one interval", "-i");
    stamp::ClientSettings session;
    session.plan = {.packets = options.count,
                    .interval = owamp::to_duration(slots[0].parameter),
                    .exponential = slots[0].type == owamp::Slot::Type::exponential,
                    .timeout = seconds_of(options.timeout),
                    .stateful_reflector = true};
    session.dscp = settings.dscp;
    session.interrupted = was_interrupted;
    const SystemClock clock;
    const auto result = TRY(owamp::twamp_ping(TRY(measured_host(options.host, kTwampPort, options.ipv4, options.ipv6)),
                                              settings, std::move(session), clock));
    const auto summary = stamp::summary_of(result.session);
    if (context.output != OutputFormat::table)
        TRY(print(format_object(to_value(summary), context.output)));
    else
        TRY(print((options.verbose ? stamp::packet_lines(result.session) : "") + stamp::text_of(summary, "twping")));
    if (result.stop_fault) return std::unexpected(*result.stop_fault);
    return {};
}

/// What both commands have.
std::shared_ptr<OwpingOptions> add_ping_options(CLI::App& command) {
    auto options = std::make_shared<OwpingOptions>();
    command.add_option("host", options->host, "The server")->required()->type_name("HOST[:PORT]");
    command.add_option("-c,--count", options->count, "Packets of each session")
        ->capture_default_str()
        ->check(CLI::Range(1U, 100'000'000U));
    command
        .add_option("-i,--interval", options->interval,
                    "Mean seconds between packets; e: exponential gaps, f: fixed ones; several go round")
        ->capture_default_str()
        ->type_name("SECONDS[e|f][,…]");
    command.add_option("-s,--padding", options->padding, "Octets of padding")
        ->capture_default_str()
        ->check(CLI::Range(0U, 65'000U));
    command.add_option("-L,--timeout", options->timeout, "Seconds after which a packet is lost")
        ->capture_default_str()
        ->check(CLI::Range(0.001, 3600.0));
    command
        .add_option("-A,--auth-mode", options->modes,
                    "Modes that would do: O open, A authenticated, E encrypted; the strictest on offer is taken")
        ->type_name("[O][A][E]");
    command.add_option("-u,--user", options->user, "User of authenticated and encrypted mode");
    command.add_option("-k,--keys", options->keys, "Lines of USER KEY, as measure serve reads them")->type_name("FILE");
    command.add_option("-D,--dscp", options->dscp, "DSCP of the packets")->check(CLI::Range(0U, 63U));
    command.add_flag("-v,--verbose", options->verbose, "A line for each packet");
    command.add_flag("-4", options->ipv4, "IPv4 only");
    command.add_flag("-6", options->ipv6, "IPv6 only");
    return options;
}

}  // namespace

void add_owping_command(CLI::App& app, Context& context) {
    CLI::App* command = app.add_subcommand("owping", "One-way delay and loss to and from an OWAMP server");
    const auto options = add_ping_options(*command);
    command->add_option("-z,--delay", options->delay, "Seconds until the schedule begins")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 86'400.0));
    command->add_option("-a,--percentile", options->percentiles, "Prints this percentile; may be given again")
        ->check(CLI::Range(0.0, 100.0))
        ->allow_extra_args(false);
    command->add_flag("-t,--to", options->to_only, "Only to the server");
    command->add_flag("-f,--from", options->from_only, "Only from the server");
    command->callback(
        [options, &context] { context.command = [options, &context] { return owping(context, *options); }; });

    CLI::App* two_way = app.add_subcommand("twping", "Round trip, one-way delay and loss to a TWAMP server");
    const auto two_way_options = add_ping_options(*two_way);
    const auto by_name = [two_way_options](bool wanted) { return [=] { two_way_options->by_name = wanted; }; };
    CLI::Option* always = two_way->add_flag_callback("--individual", by_name(true),
                                                     "Only where the session is started and stopped by its name "
                                                     "(RFC 5938); else wherever the server offers it");
    two_way->add_flag_callback("--no-individual", by_name(false), "Never by its name")->excludes(always);
    two_way->callback([two_way_options, &context] {
        context.command = [two_way_options, &context] { return twping(context, *two_way_options); };
    });
}

}  // namespace quipu::app
