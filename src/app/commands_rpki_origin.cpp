// `quipu rpki validity`: is a route, a list or a whole routing table valid. `quipu rpki what-if`: what a ROA would
// change. `quipu rpki router-config`: what a router needs to act on it.

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>

#include "app/commands.h"
#include "app/rpki_exceptions.h"
#include "base/describe.h"
#include "services/rpki/cache_folder.h"
#include "services/rpki/origin/config.h"
#include "services/rpki/origin/mrt.h"
#include "services/rpki/origin/routing.h"

namespace quipu::app {
namespace {

/// Where the VRPs come from.
struct VrpOptions {
    std::string cache;
    std::string tals;
    std::string time;
    std::string file;
    std::vector<std::string> slurm;
    unsigned threads = 0;
};

void add_vrp_options(CLI::App& command, VrpOptions& options) {
    command.add_option("--offline", options.cache, "Validate this cache folder first")->type_name("DIR");
    command.add_option("--tals", options.tals, "Its trust anchor locators")->type_name("DIR");
    command.add_option("--at", options.time, "Validate it as of this time; now if left out")->type_name("TIME");
    command
        .add_option("--vrps", options.file, "Or take the VRPs that a validator wrote, csv or json; - is standard input")
        ->type_name("FILE");
    command.add_option("--slurm", options.slurm, "Local exceptions (RFC 8416); may be given again")
        ->type_name("FILE")
        ->allow_extra_args(false);
    command.add_option("--threads", options.threads, "Threads; 0 is one for each core")->type_name("N");
}

Result<std::string> whole_text(const std::string& path) {
    std::ostringstream text;
    if (path == "-") {
        text << std::cin.rdbuf();
        return std::move(text).str();
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail_errno(errno, "reading a file", path);
    text << file.rdbuf();
    if (file.bad()) return fail_errno(errno, "reading a file", path);
    return std::move(text).str();
}

Result<rpki::ValidityIndex> index_of(const VrpOptions& options) {
    rpki::PayloadSet set;
    if (!options.file.empty()) {
        set.vrps = TRY(rpki::parse_vrps(TRY(whole_text(options.file)), options.file));
    } else {
        if (options.cache.empty() || options.tals.empty())
            return fail(ErrorCode::invalid, "it is not said where the VRPs come from", {},
                        "give --offline DIR and --tals DIR, or --vrps FILE");
        const Time time = options.time.empty() ? SystemClock().now() : TRY(parse_time(options.time));
        const auto locators = TRY(rpki::read_tals(options.tals));
        const auto cache = TRY(rpki::CacheFolder::open(options.cache));
        cache->set_locators(locators);
        rpki::Validator validator({.point = {}, .threads = options.threads}, nullptr);
        validator.run(locators, *cache, unix_seconds(time));
        set = payloads_of(validator);
    }
    const std::vector<rpki::Slurm> exceptions = TRY(local_exceptions(options.slurm));
    rpki::apply_slurm(exceptions, set);
    return rpki::ValidityIndex(std::move(set.vrps));
}

/// Where the routes come from.
struct RouteOptions {
    std::string file;
    std::vector<std::string> tables;
};

void add_route_options(CLI::App& command, RouteOptions& options) {
    command
        .add_option("--file", options.file, "Routes: lines PREFIX => AS, or JSON as Routinator's; - is standard input")
        ->type_name("FILE");
    command
        .add_option(
            "--mrt", options.tables,
            "Routing tables or updates (RFC 6396), plain, gzip or bzip2; - is standard input; may be given again")
        ->type_name("FILE")
        ->allow_extra_args(false);
}

Result<std::vector<rpki::Route>> routes_of(const RouteOptions& options) {
    rpki::RouteGatherer gatherer;
    if (!options.file.empty())
        for (const rpki::Route& route : TRY(rpki::parse_routes(TRY(whole_text(options.file)), options.file)))
            gatherer.add(route);
    for (const std::string& path : options.tables) {
        const rpki::MrtReader::Counts counts = TRY(rpki::read_mrt_file(path, [&](const rpki::MrtRoute& found) {
            if (found.kind != rpki::MrtRoute::Kind::withdrawn) gatherer.add(found.route);
        }));
        if (counts.malformed > 0)
            fmt::print(stderr, "{}: {} of {} records are malformed and left out, the first at {}\n", path,
                       counts.malformed, counts.records, counts.first_malformed);
    }
    return gatherer.take();
}

struct ValidityOptions {
    VrpOptions vrps;
    RouteOptions routes;
    std::string as, prefix;
    std::vector<std::string> states;
};

std::string origin_text(const std::optional<rpki::Asn>& origin) {
    return origin ? fmt::format("AS{}", *origin) : std::string();
}

/// The columns of one route in tables and CSV.
struct RouteRow {
    std::string prefix, origin, validity, reason, remedy, needed;
    static constexpr auto describe() {
        using T = RouteRow;
        return fields(field<&T::prefix>("prefix", "").required(), field<&T::origin>("origin", "").required(),
                      field<&T::validity>("validity", "").required(), field<&T::reason>("reason", "").required(),
                      field<&T::remedy>("remedy", "").required(), field<&T::needed>("needed", "").required());
    }
};

RouteRow row_of(const rpki::Route& route, rpki::Validity validity, const rpki::ValidityIndex& index) {
    RouteRow row{route.prefix.text(), origin_text(route.origin), std::string(enum_name(validity)), {}, {}, {}};
    if (validity != rpki::Validity::invalid) return row;
    const rpki::Explanation explanation = index.explain(route);
    const rpki::Remedy remedy = rpki::remedy_of(explanation);
    row.reason = explanation.reason();
    row.remedy = enum_name(remedy.kind);
    if (remedy.needed) row.needed = fmt::format("{} AS{}", remedy.needed->prefix().text(), remedy.needed->as);
    return row;
}

Result<void> print_one(const Context& context, const rpki::ValidityIndex& index, const rpki::Route& route) {
    const rpki::Explanation found = index.explain(route);
    if (context.output == OutputFormat::json) return print(rpki::validity_json(found, SystemClock().now()));
    if (context.output == OutputFormat::csv)
        return print(format_object(to_value(row_of(route, found.validity, index)), context.output));
    std::string out = fmt::format("{} from {}: {}\n{}.\n", route.prefix.text(), origin_text(route.origin),
                                  enum_name(found.validity), found.description());
    const auto list = [&](std::string_view what, const std::vector<rpki::Vrp>& vrps) {
        for (const rpki::Vrp& vrp : vrps)
            out += fmt::format("  {:<16} {}-{} AS{}\n", what, vrp.prefix().text(), vrp.max_length, vrp.as);
    };
    list("matched", found.matched);
    list("unmatched AS", found.unmatched_as);
    list("unmatched length", found.unmatched_length);
    if (const rpki::Remedy remedy = rpki::remedy_of(found); remedy.needed)
        out += fmt::format("Valid with a ROA for {} AS{}.\n", remedy.needed->prefix().text(), remedy.needed->as);
    return print(out);
}

Result<std::vector<rpki::Validity>> wanted_states(const Context& context, const std::vector<std::string>& names) {
    std::vector<rpki::Validity> out;
    for (const std::string& name : names) {
        const auto state = enum_value<rpki::Validity>(name);
        if (!state) return fail(ErrorCode::invalid, "is no state", name, "states are valid, invalid and not-found");
        out.push_back(*state);
    }
    // A person wants to see what is wrong; a script gets everything.
    if (out.empty() && context.output == OutputFormat::table) out = {rpki::Validity::invalid};
    if (out.empty()) out = {rpki::Validity::valid, rpki::Validity::invalid, rpki::Validity::not_found};
    return out;
}

/// A table of routes may have a million rows: they are written in pieces.
Result<void> print_many(const Context& context, const std::vector<std::string>& states,
                        const rpki::ValidityIndex& index, const std::vector<rpki::Route>& routes) {
    const auto wanted = TRY(wanted_states(context, states));
    std::vector<rpki::Validity> validity(routes.size());
    index.validity(routes, validity);
    std::array<std::size_t, 3> counts{};
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < routes.size(); ++i) {
        ++counts[static_cast<std::size_t>(validity[i])];
        if (std::ranges::find(wanted, validity[i]) != wanted.end()) chosen.push_back(i);
    }
    if (context.output == OutputFormat::json) {
        std::vector<rpki::Explanation> explanations;
        for (const std::size_t i : chosen)
            explanations.push_back(index.explain(routes[i]));
        return print(rpki::validity_json(explanations, SystemClock().now()));
    }
    if (context.output == OutputFormat::csv) {
        constexpr std::size_t kPiece = 65'536;
        std::string out = "prefix,origin,validity,reason,remedy,needed\n";
        for (const std::size_t i : chosen) {
            const RouteRow row = row_of(routes[i], validity[i], index);
            fmt::format_to(std::back_inserter(out), "{},{},{},{},{},{}\n", row.prefix, row.origin, row.validity,
                           row.reason, row.remedy, row.needed);
            if (out.size() < kPiece) continue;
            TRY(print(out));
            out.clear();
        }
        return print(out);
    }
    Value::Array rows;
    for (const std::size_t i : chosen)
        rows.push_back(to_value(row_of(routes[i], validity[i], index)));
    if (!rows.empty())
        TRY(print(format_list(Value(std::move(rows)), context.output, {.columns = {}, .colour = context.colour})));
    return print(fmt::format("{} routes: {} valid, {} invalid, {} not found.\n", routes.size(),
                             counts[static_cast<std::size_t>(rpki::Validity::valid)],
                             counts[static_cast<std::size_t>(rpki::Validity::invalid)],
                             counts[static_cast<std::size_t>(rpki::Validity::not_found)]));
}

Result<void> show_validity(const Context& context, const ValidityOptions& options) {
    const bool one = !options.as.empty();
    if (one == !(options.routes.file.empty() && options.routes.tables.empty()))
        return fail(ErrorCode::invalid, "it is not said which routes", {},
                    "name one by AS and PREFIX, or give --file FILE or --mrt FILE");
    std::optional<rpki::Route> route;
    if (one) route = rpki::Route {
            TRY(net::Prefix::parse(options.prefix))
            , TRY(rpki::parse_asn(options.as))
        };
    const rpki::ValidityIndex index = TRY(index_of(options.vrps));
    if (route) return print_one(context, index, *route);
    return print_many(context, options.states, index, TRY(routes_of(options.routes)));
}

struct WhatIfOptions {
    VrpOptions vrps;
    RouteOptions routes;
    std::vector<std::string> add, remove;
};

/// "10.0.0.0/8-24=AS64500"; without "-24" the maximal length is the prefix's own.
Result<rpki::Vrp> parse_roa_argument(const std::string& text) {
    const std::size_t equals = text.rfind('=');
    const std::size_t dash = text.find('-');
    if (equals == std::string::npos)
        return fail(ErrorCode::invalid, "a ROA is written PREFIX[-LENGTH]=AS", text,
                    "for example 192.0.2.0/24-26=AS64496");
    const rpki::Asn as = TRY(rpki::parse_asn(std::string_view(text).substr(equals + 1)));
    const net::Prefix prefix = TRY(net::Prefix::parse(std::string_view(text).substr(0, std::min(dash, equals))));
    int longest = prefix.length();
    if (dash != std::string::npos) {
        const std::string digits = text.substr(dash + 1, equals - dash - 1);
        longest = digits.empty() || digits.size() > 3 || digits.find_first_not_of("0123456789") != std::string::npos
                      ? -1
                      : std::stoi(digits);
    }
    if (longest < prefix.length() || longest > prefix.address().width())
        return fail(ErrorCode::invalid, "the maximal length does not fit the prefix", text);
    return rpki::vrp_of(prefix, as, longest);
}

Result<void> show_what_if(const Context& context, const WhatIfOptions& options) {
    rpki::RoaChange change;
    for (const std::string& text : options.add)
        change.add.push_back(TRY(parse_roa_argument(text)));
    for (const std::string& text : options.remove)
        change.remove.push_back(TRY(parse_roa_argument(text)));
    if (change.add.empty() && change.remove.empty())
        return fail(ErrorCode::invalid, "nothing is changed", {}, "say --add or --remove PREFIX[-LENGTH]=AS");
    const rpki::ValidityIndex index = TRY(index_of(options.vrps));
    const rpki::RoaWhatIf found = rpki::roa_what_if(TRY(routes_of(options.routes)), index, change);
    if (context.output == OutputFormat::json) return print(format_object(to_value(found), context.output));
    Value::Array rows;
    for (const rpki::StateChange& one : found.changes) {
        Value row;
        row.set("prefix", one.prefix.text());
        row.set("origin", origin_text(one.origin));
        row.set("before", enum_name(one.before));
        row.set("after", enum_name(one.after));
        rows.push_back(std::move(row));
    }
    if (!rows.empty() || context.output == OutputFormat::csv)
        TRY(print(format_list(Value(std::move(rows)), context.output, {.columns = {}, .colour = context.colour})));
    if (context.output == OutputFormat::csv) return {};
    std::string out = fmt::format("{} routes inside: {} become valid, {} invalid, {} not found.\n", found.touched,
                                  found.become_valid, found.become_invalid, found.become_not_found);
    for (const rpki::LooseVrp& loose : found.loose)
        out += fmt::format("{}-{} AS{} allows more than is announced ({} prefixes): see RFC 9319.\n",
                           loose.prefix.text(), loose.max_length, loose.as, loose.announced.size());
    return print(out);
}

struct RouterOptions {
    std::string file;
    std::string name = "router", system = "bird", id, as, invalid = "reject";
    std::vector<std::string> caches, neighbours;
};

Result<rpki::RouterDescription> described_router(const RouterOptions& options) {
    if (!options.file.empty()) {
        const std::string text = TRY(whole_text(options.file));
        const bool json = options.file.ends_with(".json");
        return read<rpki::RouterDescription>(
            TRY(json ? parse_json(text, options.file) : parse_toml(text, options.file)), options.file);
    }
    rpki::RouterDescription out;
    out.name = options.name;
    const auto system = enum_value<rpki::RouterSystem>(options.system);
    if (!system)
        return fail(ErrorCode::invalid, "is no system", options.system,
                    "systems are ios-xr, junos, frr, bird, openbgpd");
    out.system = *system;
    const auto invalid = enum_value<rpki::InvalidRoutes>(options.invalid);
    if (!invalid) return fail(ErrorCode::invalid, "is not known", options.invalid, "say reject or depreference");
    out.invalid = *invalid;
    if (!options.id.empty()) out.id = TRY(net::IpAddress::parse(options.id));
    if (!options.as.empty()) out.as = TRY(rpki::parse_asn(options.as));
    for (const std::string& text : options.caches)
        out.caches.push_back({
            TRY(net::Endpoint::parse(text))
            , static_cast<int>(out.caches.size() + 1)
        });
    for (const std::string& text : options.neighbours) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos)
            return fail(ErrorCode::invalid, "a neighbour is written ADDRESS=AS", text,
                        "for example 198.51.100.1=64501");
        out.neighbours.push_back({
            TRY(net::IpAddress::parse(std::string_view(text).substr(0, equals)))
            , TRY(rpki::parse_asn(std::string_view(text).substr(equals + 1)))
            , {}
        });
    }
    return out;
}

Result<void> show_router_config(const RouterOptions& options) {
    return print(TRY(rpki::router_configuration(TRY(described_router(options)))));
}

void add_validity_command(CLI::App& rpki, Context& context) {
    auto options = std::make_shared<ValidityOptions>();
    CLI::App* command = rpki.add_subcommand("validity", "Is a route valid, and why (RFC 6811)");
    CLI::Option* as = command->add_option("AS", options->as, "Who originates it");
    CLI::Option* prefix = command->add_option("PREFIX", options->prefix, "What is announced");
    as->needs(prefix);
    add_route_options(*command, options->routes);
    add_vrp_options(*command, options->vrps);
    command
        ->add_option("--state", options->states,
                     "Of many routes only those: valid, invalid, not-found; a table shows the invalid ones if left out")
        ->type_name("STATE")
        ->allow_extra_args(false);
    command->callback(
        [options, &context] { context.command = [options, &context] { return show_validity(context, *options); }; });
}

void add_what_if_command(CLI::App& rpki, Context& context) {
    auto options = std::make_shared<WhatIfOptions>();
    CLI::App* command = rpki.add_subcommand("what-if", "Which routes would change state with a ROA made or withdrawn");
    command->add_option("--add", options->add, "PREFIX[-LENGTH]=AS")->type_name("ROA")->allow_extra_args(false);
    command->add_option("--remove", options->remove, "PREFIX[-LENGTH]=AS")->type_name("ROA")->allow_extra_args(false);
    add_route_options(*command, options->routes);
    add_vrp_options(*command, options->vrps);
    command->callback(
        [options, &context] { context.command = [options, &context] { return show_what_if(context, *options); }; });
}

void add_router_config_command(CLI::App& rpki, Context& context) {
    auto options = std::make_shared<RouterOptions>();
    CLI::App* command = rpki.add_subcommand("router-config", "Writes a router's configuration of origin validation");
    command->add_option("--file", options->file, "The router's description, TOML or .json, instead of what follows")
        ->type_name("FILE");
    command->add_option("--name", options->name, "The router's name")->capture_default_str();
    command->add_option("--system", options->system, "ios-xr, junos, frr, bird or openbgpd")->capture_default_str();
    command->add_option("--id", options->id, "BGP identifier")->type_name("ADDRESS");
    command->add_option("--as", options->as, "Its AS number")->type_name("AS");
    command->add_option("--cache", options->caches, "RTR cache; may be given again")
        ->type_name("ADDRESS:PORT")
        ->allow_extra_args(false);
    command->add_option("--neighbour", options->neighbours, "BGP neighbour; may be given again")
        ->type_name("ADDRESS=AS")
        ->allow_extra_args(false);
    command->add_option("--invalid", options->invalid, "What becomes of invalid routes: reject or depreference")
        ->capture_default_str();
    command->callback([options, &context] { context.command = [options] { return show_router_config(*options); }; });
}

}  // namespace

Result<std::vector<rpki::Slurm>> local_exceptions(const std::vector<std::string>& paths) {
    std::vector<rpki::Slurm> out;
    for (const std::string& path : paths)
        out.push_back(TRY(rpki::parse_slurm(TRY(whole_text(path)), path)));
    TRY(rpki::check_conflicts(out));
    return out;
}

void add_rpki_origin_commands(CLI::App& rpki, Context& context) {
    add_validity_command(rpki, context);
    add_what_if_command(rpki, context);
    add_router_config_command(rpki, context);
}

}  // namespace quipu::app
