#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <sys/resource.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/version.h"

namespace {

using namespace quipu;
using namespace quipu::app;

constexpr const char* kFooter =
    "Commands talk to a hub by HTTP (--hub, or QUIPU_HUB in the environment), as whoever signed in by `quipu login`, "
    "as\n"
    "the owner of QUIPU_TOKEN, or on the hub's own machine as whoever runs it.\n"
    "Exit codes: 0 done, 1 failed, 2 the command line is wrong.";

void add_global_options(CLI::App& app, Context& context) {
    static const std::map<std::string, OutputFormat> kFormats = {
        {"table", OutputFormat::table}, {"json", OutputFormat::json}, {"csv", OutputFormat::csv}};
    CLI::Option* output = app.add_option("--output", context.output, "table, json or csv")
                              ->transform(CLI::CheckedTransformer(kFormats).description(""))
                              ->type_name("FORMAT");
    app.add_flag_callback(
           "--json", [&context] { context.output = OutputFormat::json; }, "As --output json")
        ->excludes(output);
    app.add_option("--hub", context.hub, "Address of the hub")
        ->envname("QUIPU_HUB")
        ->capture_default_str()
        ->type_name("URL");
}

void add_version_command(CLI::App& app, Context& context) {
    app.add_subcommand("version", "The program's version")->callback([&context] {
        context.command = [&context] {
            if (context.output == OutputFormat::table) return print(fmt::format("quipu {}\n", kVersion));
            Value version;
            version.set("version", kVersion);
            return print(format_object(version, context.output));
        };
    });
}

/// One sentence, what to do, and every fault on a line of its own.
void tell(const Error& error) {
    std::string out = "quipu: ";
    if (!error.where.empty()) out += error.where + ": ";
    out += error.what + "\n";
    // A single fault is most often the error itself.
    const bool said = error.faults.size() == 1 && error.faults.front().what == error.what;
    for (const Fault& fault : said ? std::vector<Fault>{} : error.faults)
        out += fmt::format("  {}{}{}\n", fault.where, fault.where.empty() ? "" : ": ", fault.what);
    if (!error.hint.empty()) out += fmt::format("  → {}\n", error.hint);
    std::fputs(out.c_str(), stderr);
}

/// A login's or systemd's limit of 1,024 is for programs with select(): a hub's connections and a test of hundreds of
/// streams are more.
void allow_many_descriptors() {
    constexpr rlim_t kEnough = 65'536;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnough) return;
    limit.rlim_cur = std::min(kEnough, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(int argc, char** argv) {
    allow_many_descriptors();
    CLI::App app{"The technical platform of a research and education network"};
    app.name("quipu");
    app.footer(kFooter);
    app.fallthrough();
    app.require_subcommand(1);

    Context context;
    context.terminal = isatty(STDERR_FILENO) == 1;
    context.colour = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
    add_global_options(app, context);
    add_serve_command(app, context);
    add_access_commands(app, context);
    add_registry_commands(app, context);
    add_measure_commands(app, context);
    add_owping_command(app, context);
    add_stamp_command(app, context);
    add_path_command(app, context);
    add_cases_commands(app, context);
    add_operations_commands(app, context);
    add_pert_commands(app, context);
    add_knowledge_commands(app, context);
    add_search_command(app, context);
    add_agent_command(app, context);
    add_agent_commands(app, context);
    add_mail_commands(app, context);
    add_lab_commands(app, context);
    add_rpki_commands(app, context);
    add_run_command(app, context);
    add_house_commands(app, context);
    add_config_commands(app, context);
    add_completion_command(app, context);
    add_version_command(app, context);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kSuccess : kUsage;
    }
    const Result<void> outcome = context.command ? context.command() : Result<void>();
    if (outcome) return kSuccess;
    tell(outcome.error());
    return kFailure;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& exception) {
        std::fprintf(stderr, "quipu: %s\n", exception.what());
        return kFailure;
    }
}
