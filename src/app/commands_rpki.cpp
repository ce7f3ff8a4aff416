#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include "app/commands.h"
#include "app/rpki_exceptions.h"
#include "base/time.h"
#include "services/rpki/cache_folder.h"
#include "services/rpki/lab_tree.h"
#include "services/rpki/output.h"
#include "services/rpki/transport/lab_rrdp.h"
#include "services/rpki/transport/round.h"

namespace quipu::app {
namespace {

struct ValidateOptions {
    std::string cache;
    std::string store;
    std::string authorities;
    rpki::TransportSettings transport;
    bool no_rrdp = false;
    bool no_rsync = false;
    std::string tals;
    std::string time;
    std::string format = "summary";
    std::string verdicts;
    std::vector<std::string> slurm;
    unsigned threads = 0;
    bool strict_names = false;
    rpki::Limits limits;
};

Result<std::int64_t> seconds_of(const std::string& text) {
    const Time time = text.empty() ? SystemClock().now() : TRY(parse_time(text));
    return unix_seconds(time);
}

/// To a file or, with "-", to standard output; a full disk is told.
Result<void> write_to(const std::string& path, const std::function<void(const rpki::Sink&)>& writes) {
    std::FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "w");
    if (file == nullptr) return fail_errno(errno, "writing a file", path);
    bool good = true;
    writes(
        [&](std::string_view text) { good = good && std::fwrite(text.data(), 1, text.size(), file) == text.size(); });
    good = std::fflush(file) == 0 && good;
    const int error = errno;
    if (file != stdout) std::fclose(file);
    if (!good) return fail_errno(error, "writing a file", path);
    return {};
}

Result<std::string> text_of_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return fail(ErrorCode::not_found, "cannot be read", path);
    return text.str();
}

/// One round over the network into the store; what every repository came to goes to standard error.
Result<void> fetch_and_validate(const ValidateOptions& options, std::span<const rpki::TrustAnchorLocator> locators,
                                std::int64_t time, const rpki::Validator::Settings& settings,
                                const std::function<Result<void>(const rpki::Validator&)>& then) {
    const auto store = TRY(rpki::Store::open(options.store));
    const auto archive = TRY(rpki::PackArchive::open(options.store + "/points.pack"));
    rpki::Fetcher::Settings fetching;
    fetching.transport = options.transport;
    fetching.transport.rrdp = !options.no_rrdp;
    fetching.transport.rsync = !options.no_rsync;
    if (!options.authorities.empty()) fetching.authorities_pem = TRY(text_of_file(options.authorities));
    const SystemClock clock;
    const auto fetcher = TRY(rpki::Fetcher::create(std::move(fetching), *store, clock, Rng::from_system()));
    rpki::Validator validator(settings, archive.get());
    rpki::RelyingParty party(*store, *fetcher, validator, archive.get());
    const auto report = TRY(party.run(locators, time));
    std::fprintf(stderr, "%zu repositories, %zu fetches, %zu of them failed, %llu octets.\n", report.repositories,
                 report.attempts, report.failures, static_cast<unsigned long long>(report.octets));
    return then(validator);
}

Result<void> validate(const ValidateOptions& options) {
    if (options.cache.empty() == options.store.empty())
        return fail(ErrorCode::invalid, "one of the two is wanted: a cache to look at, or a store to fetch into",
                    "--offline, --store");
    const auto format = rpki::format_of(options.format);
    if (!format)
        return fail(ErrorCode::invalid, "is not an output", options.format, "outputs are " + rpki::format_names());
    const std::int64_t time = TRY(seconds_of(options.time));
    const auto exceptions = TRY(local_exceptions(options.slurm));
    const auto locators = TRY(rpki::read_tals(options.tals));
    const rpki::Validator::Settings settings{
        .point = {.limits = options.limits, .profile = {.strict_names = options.strict_names}},
        .threads = options.threads};
    const auto write = [&](const rpki::Validator& validator, const std::vector<std::string>& all) -> Result<void> {
        if (!options.verdicts.empty())
            TRY(write_to(options.verdicts, [&](const rpki::Sink& sink) { write_verdicts(validator, all, sink); }));
        rpki::AnchoredPayloads payloads = anchored_payloads_of(validator, locators);
        if (!exceptions.empty()) rpki::apply_slurm(exceptions, payloads);
        const rpki::Outcomes found = validator.outcomes();
        return write_to("-",
                        [&](const rpki::Sink& sink) { write_payloads(payloads, &found, time, *format, {}, sink); });
    };
    if (!options.store.empty())
        return fetch_and_validate(options, locators, time, settings,
                                  [&](const rpki::Validator& validator) { return write(validator, {}); });
    const auto cache = TRY(rpki::CacheFolder::open(options.cache));
    cache->set_locators(locators);
    rpki::Validator validator(settings, nullptr);
    validator.run(locators, *cache, time);
    return write(validator, options.verdicts.empty() ? std::vector<std::string>{} : cache->all());
}

struct RpkiLabOptions {
    rpki::LabSettings settings;
    std::string time;
    std::string validity = "48h";
    bool list = false;
};

Result<void> make_lab(const Context& context, RpkiLabOptions options) {
    if (options.list) {
        Value::Array faults;
        for (const rpki::LabFault& fault : rpki::lab_faults()) {
            Value row;
            row.set("fault", fault.name);
            row.set("reason", rpki::text_of(fault.rule).name);
            row.set("section", rpki::text_of(fault.rule).section);
            row.set("what", fault.text);
            faults.push_back(std::move(row));
        }
        return print(format_list(Value(std::move(faults)), context.output, {.columns = {}, .colour = context.colour}));
    }
    if (options.settings.folder.empty())
        return fail(ErrorCode::invalid, "the folder is missing", "--folder", "quipu rpki lab --folder DIR");
    options.settings.time = TRY(seconds_of(options.time));
    options.settings.validity = std::chrono::floor<std::chrono::seconds>(TRY(parse_duration(options.validity))).count();
    if (options.settings.threads == 0) options.settings.threads = std::max(1U, std::thread::hardware_concurrency());
    while (options.settings.rrdp.ends_with('/'))
        options.settings.rrdp.pop_back();
    const rpki::LabSummary made = TRY(rpki::write_lab(options.settings));
    if (!options.settings.rrdp.empty()) TRY(rpki::write_lab_rrdp(options.settings, made.repositories));
    return print(fmt::format("{} authorities, {} objects, {} ROAs, {} VRPs, {} planted faults under {}.\n",
                             made.authorities, made.objects, made.roas, made.vrps, made.faults,
                             options.settings.folder));
}

}  // namespace

void add_rpki_commands(CLI::App& app, Context& context) {
    CLI::App* rpki = app.add_subcommand("rpki", "Validate the RPKI: what may be announced by whom");
    rpki->require_subcommand(1);
    add_rpki_hub_commands(*rpki, context);
    add_rpki_serve_commands(*rpki, context);
    add_rpki_origin_commands(*rpki, context);

    auto options = std::make_shared<ValidateOptions>();
    CLI::App* check = rpki->add_subcommand("validate", "Validates a cache of objects from its trust anchors down");
    check->add_option("--offline", options->cache, "Cache folder, HOST/path/… as rsync leaves it; no network is used")
        ->type_name("DIR");
    check->add_option("--store", options->store, "Fetches over the network into this folder, and keeps what it fetched")
        ->type_name("DIR");
    check->add_option("--https-authorities", options->authorities, "Trusted for HTTPS instead of the system's, in PEM")
        ->type_name("FILE");
    check->add_flag("--no-rrdp", options->no_rrdp, "Fetch by rsync alone");
    check->add_flag("--no-rsync", options->no_rsync, "Fetch by RRDP alone");
    check->add_flag("--dubious-hosts", options->transport.dubious_hosts,
                    "Let certificates name localhost, bare addresses and ports, as in a lab");
    check->add_option("--concurrency", options->transport.concurrency, "Hosts to fetch from at a time")
        ->capture_default_str();
    check->add_option("--tals", options->tals, "Trust anchor locators: a folder of NAME.tal, or one file")
        ->required()
        ->type_name("DIR");
    check->add_option("--at", options->time, "Validate as of this time; now if left out")->type_name("TIME");
    check->add_option("--output", options->format, "One of " + rpki::format_names())
        ->capture_default_str()
        ->type_name("FORMAT");
    check
        ->add_option("--verdicts", options->verdicts, "Writes one line for each object: why it was accepted or refused")
        ->type_name("FILE");
    check->add_option("--slurm", options->slurm, "Local exceptions (RFC 8416); may be given again")
        ->type_name("FILE")
        ->allow_extra_args(false);
    check->add_option("--threads", options->threads, "Threads; 0 is one for each core")->type_name("N");
    check->add_flag("--strict-names", options->strict_names, "Refuse names that are not PrintableString");
    check->add_option("--max-depth", options->limits.max_depth, "Certificates above an object")->capture_default_str();
    check->add_option("--max-files", options->limits.max_files, "Files of one manifest")->capture_default_str();
    check->add_option("--max-object-size", options->limits.max_object_size, "Octets of one object")
        ->capture_default_str();
    check->add_option("--max-point-size", options->limits.max_point_size, "Octets of one manifest's files")
        ->capture_default_str();
    check->add_option("--max-authorities", options->limits.max_authorities, "Authorities below one trust anchor")
        ->capture_default_str();
    check->callback([options, &context] {
        if (context.output == OutputFormat::json) options->format = "json";
        context.command = [options] { return validate(*options); };
    });

    auto lab_options = std::make_shared<RpkiLabOptions>();
    lab_options->settings.threads = 0;
    CLI::App* lab = rpki->add_subcommand("lab", "Writes a whole RPKI to disk, with planted faults on demand");
    lab->add_option("--folder", lab_options->settings.folder, "Gets cache/, tals/ and labels.csv")->type_name("DIR");
    lab->add_option("--objects", lab_options->settings.objects, "About so many objects")->capture_default_str();
    lab->add_option("--anchors", lab_options->settings.anchors, "Trust anchors")->capture_default_str();
    lab->add_option("--seed", lab_options->settings.seed, "The same seed and time give the same tree")
        ->capture_default_str();
    lab->add_option("--at", lab_options->time, "Everything is valid at this time; now if left out")->type_name("TIME");
    lab->add_option("--validity", lab_options->validity, "And for so long before and after")
        ->capture_default_str()
        ->type_name("DURATION");
    lab->add_option("--faults", lab_options->settings.faults, "Faults to plant, by name, or all")->type_name("NAME…");
    lab->add_option("--threads", lab_options->settings.threads, "Threads; 0 is one for each core")->type_name("N");
    lab->add_option("--rrdp", lab_options->settings.rrdp, "Writes RRDP files to rrdp/, to be served under this address")
        ->type_name("https://HOST/PATH");
    lab->add_option("--rsync-host", lab_options->settings.rsync_host, "Host of every rsync address")
        ->type_name("HOST[:PORT]");
    lab->add_option("--generation", lab_options->settings.generation,
                    "Above 0: some publication points are issued anew over the tree of the generation before")
        ->type_name("N");
    lab->add_option("--changed", lab_options->settings.changed, "How many points that are")->type_name("N");
    lab->add_flag("--list", lab_options->list, "Lists the faults that can be planted");
    lab->callback([lab_options, &context] {
        context.command = [lab_options, &context] { return make_lab(context, *lab_options); };
    });
}

}  // namespace quipu::app
