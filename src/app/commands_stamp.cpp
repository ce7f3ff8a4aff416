// `quipu stamp`: round trip, one-way delay and loss by direction to a STAMP reflector (RFC 8762) or a TWAMP Light one.

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/commands.h"
#include "app/measured_host.h"
#include "base/number.h"
#include "services/measure/stamp/summary.h"

namespace quipu::app {
namespace {

struct StampOptions {
    std::string host;
    std::uint32_t count = 100;
    std::string interval = "0.1f";
    std::size_t octets = 0;
    double timeout = 2.0;
    std::string mode = "O";
    std::string user, keys, clock_error;
    std::uint16_t ssid = 0;
    std::string dscp;
    std::optional<unsigned> answers_dscp;
    bool light = false, stateful = false, verbose = false, ipv4 = false, ipv6 = false;
};

Result<stamp::SenderPlan> plan_of(const StampOptions& options) {
    std::string text = options.interval;
    const bool exponential = text.ends_with('e');
    if (exponential || text.ends_with('f')) text.pop_back();
    const auto seconds = parse_number<double>(text);
    if (!seconds || !(*seconds > 0) || *seconds > 3600)
        return fail(ErrorCode::invalid, fmt::format("\"{}\" is no interval", options.interval), "-i",
                    "seconds between packets, then e (exponential) or f (fixed): 0.1e, 1f");
    return stamp::SenderPlan{.packets = options.count,
                             .interval = Nanoseconds(static_cast<std::int64_t>(*seconds * 1e9)),
                             .exponential = exponential,
                             .timeout = Nanoseconds(static_cast<std::int64_t>(options.timeout * 1e9)),
                             .stateful_reflector = options.stateful};
}

Result<std::string> stamp_key_of(const StampOptions& options) {
    if (options.mode != "A") return std::string();
    if (options.user.empty() || options.keys.empty())
        return fail(ErrorCode::invalid, "authenticated mode needs a user and a key", "-A", "give -u USER -k KEYFILE");
    return measuring_key_of(options.user, options.keys);
}

Result<stamp::ClientSettings> stamp_settings(const StampOptions& options) {
    const bool authenticated = options.mode == "A";
    if (options.light && authenticated)
        return fail(ErrorCode::unsupported, "TWAMP Light has open mode only here", "--light", "leave -A out");
    stamp::ClientSettings out;
    out.reflector = TRY(measured_host(options.host, kStampPort, options.ipv4, options.ipv6));
    out.plan = TRY(plan_of(options));
    out.form = {options.light ? stamp::Protocol::twamp : stamp::Protocol::stamp,
                authenticated ? stamp::Mode::authenticated : stamp::Mode::open};
    out.key = TRY(stamp_key_of(options));
    out.ssid = options.ssid;
    out.octets = options.octets;
    out.dscp = TRY(dscp_of(options.dscp));
    if (options.answers_dscp) out.answers_dscp = static_cast<std::uint8_t>(*options.answers_dscp);
    if (!options.clock_error.empty()) out.declared_clock_error = TRY(parse_duration(options.clock_error));
    return out;
}

Result<void> run_stamp(const Context& context, const StampOptions& options) {
    block_interrupts();
    stamp::ClientSettings settings = TRY(stamp_settings(options));
    settings.interrupted = was_interrupted;
    const SystemClock clock;
    const auto result = TRY(stamp::run_session(settings, clock));
    const auto summary = stamp::summary_of(result);
    if (context.output != OutputFormat::table) return print(format_object(to_value(summary), context.output));
    return print((options.verbose ? stamp::packet_lines(result) : "") + stamp::text_of(summary));
}

}  // namespace

void add_stamp_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<StampOptions>();
    CLI::App* command =
        app.add_subcommand("stamp", "Round trip, one-way delay and loss to a STAMP or TWAMP Light reflector");
    command->add_option("host", options->host, "The reflector; port 862 if left out")
        ->required()
        ->type_name("HOST[:PORT]");
    command->add_option("-c,--count", options->count, "Packets")
        ->capture_default_str()
        ->check(CLI::Range(1U, 100'000'000U));
    command
        ->add_option("-i,--interval", options->interval,
                     "Mean seconds between packets; e: exponential gaps, f: fixed ones")
        ->capture_default_str()
        ->type_name("SECONDS[e|f]");
    command->add_option("-s,--size", options->octets, "Octets of a packet, by Extra Padding; at least what it needs")
        ->check(CLI::Range(std::size_t{0}, std::size_t{2048}));
    command->add_option("-L,--timeout", options->timeout, "Seconds after which a packet is lost")
        ->capture_default_str()
        ->check(CLI::Range(0.001, 3600.0));
    command->add_option("-A,--auth-mode", options->mode, "O open, A authenticated")
        ->capture_default_str()
        ->check(CLI::IsMember({"O", "A"}))
        ->type_name("O|A");
    command->add_option("-u,--user", options->user, "User of authenticated mode");
    command->add_option("-k,--keys", options->keys, "Lines of USER KEY, as measure serve reads them")
        ->type_name("FILE");
    command->add_option("--ssid", options->ssid, "Session identifier (RFC 8972); any if left out");
    command->add_option("-D,--dscp", options->dscp, "DSCP of the packets: 0 to 63, or a name as EF, AF41, CS1")
        ->check(a_dscp());
    command->add_option("--answers-dscp", options->answers_dscp, "DSCP that the answers shall have")
        ->check(CLI::Range(0U, 63U));
    command
        ->add_option("--clock-error", options->clock_error,
                     "Bound of this clock's error; what the kernel says if left out")
        ->type_name("DURATION");
    command->add_flag("--light", options->light, "TWAMP Light's packets (RFC 5357, appendix I)");
    command->add_flag("--stateful", options->stateful,
                      "The reflector is known to count: loss by direction in every case");
    command->add_flag("-v,--verbose", options->verbose, "A line for each packet");
    command->add_flag("-4", options->ipv4, "IPv4 only");
    command->add_flag("-6", options->ipv6, "IPv6 only");
    command->callback(
        [options, &context] { context.command = [options, &context] { return run_stamp(context, *options); }; });
}

}  // namespace quipu::app
