// `quipu owping`: one-way delay and loss to and from an OWAMP server (RFC 4656), with the reference's options and
// words.

#include <CLI/CLI.hpp>
#include <cctype>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <sstream>

#include "app/commands.h"
#include "app/measured_host.h"
#include "base/number.h"
#include "services/measure/owamp/ping.h"
#include "services/measure/owamp/words.h"
#include "services/measure/stamp/summary.h"

namespace quipu::app {
namespace {

constexpr std::uint16_t kOwampPort = 861;
constexpr std::uint16_t kTwampPort = 862;

struct OwpingOptions {
    std::string host, server, source, ports = "8760-9960";
    std::uint32_t count = 100;
    std::string interval = "0.1e";
    std::uint32_t padding = 0;
    double timeout = 2.0;
    double delay = 1.0, end_delay = 1.0;
    std::string modes;
    std::string user, keys;
    std::string dscp, unit = "m";
    owamp::Style style;
    double bucket = 0;  // seconds
    bool to_only = false, from_only = false, ipv4 = false, ipv6 = false;
    bool verbose = false, raw = false, machine = false, quiet = false;
    owamp::UnnamedEnds unnamed;
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
        const bool fixed = part.ends_with('f') || part.ends_with('F');
        if (fixed || part.ends_with('e') || part.ends_with('E')) part.pop_back();
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
        switch (std::toupper(static_cast<unsigned char>(letter))) {
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

/// Where it is asked and where it is tested; most often the same.
struct Ends {
    net::Endpoint server;
    std::optional<net::IpAddress> test;
    std::optional<net::IpAddress> source;
    net::PortRange ports;
};

Result<Ends> ends_of(const OwpingOptions& options, std::uint16_t port) {
    Ends out;
    if (!options.source.empty()) out.source = TRY(net::IpAddress::parse(options.source));
    if (options.ports != "0") out.ports = TRY(net::PortRange::parse(options.ports));
    const bool ipv4 = options.ipv4 || (out.source && !out.source->is_v6());
    const bool ipv6 = options.ipv6 || (out.source && out.source->is_v6());
    out.server = TRY(measured_host(options.server.empty() ? options.host : options.server, port, ipv4, ipv6));
    if (options.server.empty()) return out;
    const bool v6 = out.server.address.is_v6();
    const net::Endpoint test = TRY(measured_host(options.host, 0, !v6, v6));
    if (test.port != 0)
        return fail(ErrorCode::invalid, "the server says which port is tested with", options.host,
                    "give a port to the second host, which is asked");
    out.test = test.address;
    return out;
}

owamp::Style style_of(const OwpingOptions& options) {
    owamp::Style out = options.style;
    out.unit = static_cast<char>(std::tolower(static_cast<unsigned char>(options.unit[0])));
    out.bucket = options.bucket * 1e3;
    return out;
}

/// One session, in the words that were asked for.
Result<void> tell(const OwpingOptions& options, const owamp::ClientResult& result) {
    const owamp::Style style = style_of(options);
    if (options.raw) return print(owamp::raw_lines(result));
    std::string out;
    if (options.verbose && !options.machine) out += owamp::packet_lines(result, style);
    out += options.machine ? owamp::machine_text(result, style) : owamp::summary_text(result, style);
    return print(out);
}

std::function<void(Nanoseconds)> telling_how_long(const Context& context, const OwpingOptions& options) {
    if (context.output != OutputFormat::table || options.raw || options.quiet || options.machine)
        return [](Nanoseconds) {};
    return [](Nanoseconds left) {
        fmt::print("Approximately {:.1f} seconds until results available\n",
                   std::chrono::duration<double>(left).count());
        std::fflush(stdout);
    };
}

Result<owamp::PingSettings> owping_settings(const Context& context, const OwpingOptions& options) {
    owamp::PingSettings out;
    const Ends ends = TRY(ends_of(options, kOwampPort));
    out.server = ends.server;
    out.source = ends.source;
    out.plane.ports = ends.ports;
    out.client.test_address = ends.test;
    out.client.unnamed = options.unnamed;
    out.client.modes = TRY(modes_of(options));
    out.client.user = options.user;
    out.client.pass_phrase = TRY(pass_phrase_of(options));
    out.client.start_delay = seconds_of(options.delay);
    out.client.end_delay = seconds_of(options.end_delay);
    const auto slots = TRY(slots_of(options.interval));
    const std::uint8_t dscp = TRY(dscp_of(options.dscp));
    for (const bool to_server : {true, false}) {
        if (to_server ? options.from_only && !options.to_only : options.to_only && !options.from_only) continue;
        out.client.sessions.push_back({.to_server = to_server,
                                       .packets = options.count,
                                       .slots = slots,
                                       .padding = options.padding,
                                       .timeout = seconds_of(options.timeout),
                                       .dscp = dscp});
    }
    out.running = telling_how_long(context, options);
    out.interrupted = was_interrupted;
    return out;
}

/// Why a session is not what was asked for.
std::optional<Error> fault_of(const owamp::ClientResult& result, const std::string& host) {
    const std::string_view which = result.to_server ? "to" : "from";
    if (result.accept != owamp::Accept::ok)
        return Error(ErrorCode::unavailable,
                     fmt::format("the session {} the server was refused: {}", which, enum_name(result.accept)), host);
    if (result.fetch_refused) return result.fetch_refused;
    if (result.finished != 1)
        return Error(ErrorCode::unavailable, fmt::format("the session {} the server did not end as it should", which),
                     host);
    return std::nullopt;
}

Result<void> owping(const Context& context, const OwpingOptions& options) {
    block_interrupts();
    const SystemClock clock;
    const auto [results, own_loss] = TRY(owamp::ping(TRY(owping_settings(context, options)), clock));
    if (own_loss != 0)
        fmt::print(stderr, "{} packets found this machine's socket full: they are lost, but not by the network\n",
                   own_loss);
    Value::Array list;
    std::optional<Error> fault;
    for (const auto& result : results) {
        if (auto found = fault_of(result, options.host)) fault = std::move(found);
        if (result.accept != owamp::Accept::ok || result.fetch_refused || (options.quiet && !options.raw)) continue;
        if (context.output == OutputFormat::table)
            TRY(tell(options, result));
        else
            list.push_back(to_value(owamp::summary_of(result, options.style.percentiles, style_of(options).bucket)));
    }
    if (context.output != OutputFormat::table && !options.quiet)
        TRY(print(format_list(Value(std::move(list)), context.output)));
    if (fault) return std::unexpected(*fault);
    return {};
}

Result<void> tell(const Context& context, const OwpingOptions& options, const owamp::TwampPingResult& result) {
    if (options.quiet && !options.raw) return {};
    if (context.output != OutputFormat::table)
        return print(format_object(to_value(stamp::summary_of(result.session)), context.output));
    if (options.raw) return print(owamp::raw_lines(result));
    const owamp::Style style = style_of(options);
    return print((options.verbose ? owamp::packet_lines(result, style) : "") + owamp::summary_text(result, style));
}

Result<owamp::TwampPingSettings> twping_settings(const Context& context, const OwpingOptions& options) {
    const Ends ends = TRY(ends_of(options, kTwampPort));
    const auto slots = TRY(slots_of(options.interval));
    if (slots.size() != 1) return fail(ErrorCode::invalid, "a two-way session has one interval", "-i");
    owamp::TwampPingSettings out{.server = ends.server, .source = ends.source, .ports = ends.ports};
    out.control = {
        .modes = TRY(modes_of(options)),
        .user = options.user,
        .pass_phrase = TRY(pass_phrase_of(options)),
        .by_name = options.by_name,
        .padding = options.padding,
        .timeout = seconds_of(options.timeout),
        .dscp = TRY(dscp_of(options.dscp)),
        .test_address = ends.test,
        .unnamed = options.unnamed
    };
    out.session.plan = {.packets = options.count,
                        .interval = owamp::to_duration(slots[0].parameter),
                        .exponential = slots[0].type == owamp::Slot::Type::exponential,
                        .timeout = seconds_of(options.timeout),
                        .stateful_reflector = true};
    out.session.dscp = out.control.dscp;
    out.session.start_delay = seconds_of(options.delay);
    out.session.interrupted = was_interrupted;
    out.running = telling_how_long(context, options);
    return out;
}

Result<void> twping(const Context& context, const OwpingOptions& options) {
    block_interrupts();
    const SystemClock clock;
    const auto result = TRY(owamp::twamp_ping(TRY(twping_settings(context, options)), clock));
    if (result.session.overflowed != 0)
        fmt::print(stderr, "{} answers found this machine's socket full: they are lost, but not by the network\n",
                   result.session.overflowed);
    if (result.session.wrong != 0) fmt::print(stderr, "{} answers had a wrong HMAC or form\n", result.session.wrong);
    TRY(tell(context, options, result));
    if (result.stop_fault) return std::unexpected(*result.stop_fault);
    return {};
}

/// What both commands have.
std::shared_ptr<OwpingOptions> add_ping_options(CLI::App& command) {
    auto options = std::make_shared<OwpingOptions>();
    command.add_option("host", options->host, "Whom to test with")->required()->type_name("HOST[:PORT]");
    command.add_option("server", options->server, "Whom to ask for it, if that is another")->type_name("HOST[:PORT]");
    command.add_option("-S,--source", options->source, "Our own address")->type_name("ADDRESS");
    command.add_option("-P,--ports", options->ports, "Our UDP ports; 0: any that is free")
        ->capture_default_str()
        ->type_name("FIRST-LAST");
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
    command.add_option("-D,--dscp", options->dscp, "DSCP of the packets: 0 to 63, or a name as EF, AF41, CS1")
        ->check(a_dscp());
    command.add_option("-z,--delay", options->delay, "Seconds until the first packet is due")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 86'400.0));
    command
        .add_option("-a,--percentile", options->style.percentiles,
                    "Prints this percentile; several with commas, or given again")
        ->check(CLI::Range(0.0, 100.0))
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option("-b,--bucket", options->bucket, "Seconds to whose multiples median and percentiles are rounded")
        ->check(CLI::Range(1e-9, 10.0));
    command.add_option("-n,--units", options->unit, "Unit: n, u, m or s, of a second")
        ->capture_default_str()
        ->check(CLI::IsMember({"n", "u", "m", "s"}, CLI::ignore_case));
    command.add_flag("-v,--verbose", options->verbose, "A line for each packet");
    command.add_flag("-U,--unix-times", options->style.unix_times, "With -v: both stamps, in seconds since 1970");
    command.add_flag("-R,--raw", options->raw, "Only the stamps of each packet, as the wire has them");
    command.add_flag("-Q,--quiet", options->quiet, "Print nothing: the exit code tells");
    command.add_flag("-X,--unnamed-sender", options->unnamed.sender,
                     "Leave the sender's address to the server: behind a translator of addresses it sees another");
    command.add_flag("-Y,--unnamed-receiver", options->unnamed.receiver, "Likewise the receiver's, or the reflector's");
    command.add_flag("-4", options->ipv4, "IPv4 only");
    command.add_flag("-6", options->ipv6, "IPv6 only");
    return options;
}

}  // namespace

void add_owping_command(CLI::App& app, Context& context) {
    CLI::App* command = app.add_subcommand("owping", "One-way delay and loss to and from an OWAMP server");
    const auto options = add_ping_options(*command);
    command
        ->add_option("-E,--end-delay", options->end_delay,
                     "Seconds from the last packet's timeout to the session's end")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 3600.0));
    command->add_flag("-M,--machine", options->machine, "The summary for programs");
    command->add_flag("-t,--to", options->to_only, "Only to the server");
    command->add_flag("-f,--from", options->from_only, "Only from the server");
    command->callback(
        [options, &context] { context.command = [options, &context] { return owping(context, *options); }; });

    CLI::App* two_way = app.add_subcommand("twping", "Round trip, one-way delay and loss to a TWAMP server");
    const auto two_way_options = add_ping_options(*two_way);
    two_way_options->delay = 0;
    two_way->add_flag_callback(
        "-Z,--unnamed", [two_way_options] { two_way_options->unnamed = {.sender = true, .receiver = true}; },
        "-X and -Y");
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
