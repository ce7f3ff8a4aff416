#include "app/completion.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

#include "app/commands.h"

namespace quipu::app {
namespace {

/// Words that may follow a command: its sub-commands and long options, those of the whole program too.
std::vector<std::string> words_after(const CLI::App& command) {
    std::vector<std::string> words;
    for (const CLI::App* child : command.get_subcommands({}))
        words.push_back(child->get_name());
    for (const CLI::App* each = &command; each != nullptr; each = each->get_parent())
        for (const CLI::Option* option : each->get_options())
            for (const std::string& name : option->get_lnames())
                words.push_back("--" + name);
    return words;
}

void append_cases(std::string& out, const CLI::App& command, const std::string& path) {
    out += fmt::format("        \"{}\") words=\"{}\" ;;\n", path, fmt::join(words_after(command), " "));
    for (const CLI::App* child : command.get_subcommands({}))
        append_cases(out, *child, path.empty() ? child->get_name() : path + " " + child->get_name());
}

void append_commands(std::string& out, const CLI::App& command, const std::string& path) {
    for (const CLI::App* child : command.get_subcommands({})) {
        const std::string name = path.empty() ? child->get_name() : path + " " + child->get_name();
        out += fmt::format("|{}", name);
        append_commands(out, *child, name);
    }
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
    std::string commands;
    append_commands(commands, app, {});
    std::string cases;
    append_cases(cases, app, {});
    return fmt::format(R"(# bash completion for quipu, made by `quipu completion bash`
_quipu() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" path="" words="" i
    local known="{}|"
    for ((i = 1; i < COMP_CWORD; i++)); do
        local next="${{path:+$path }}${{COMP_WORDS[i]}}"
        [[ $known == *"|$next|"* ]] && path="$next"
    done
    case "$before" in
        --output) COMPREPLY=($(compgen -W "table json csv" -- "$word")); return ;;
        --config|--data|--web|--file) COMPREPLY=($(compgen -f -- "$word")); return ;;
    esac
    case "$path" in
{}    esac
    if [[ $path == "registry import" || $path == "config check" ]] && [[ $word != -* ]]; then
        COMPREPLY=($(compgen -f -- "$word")); return
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o filenames -F _quipu quipu
)",
                       commands, cases);
}

void add_completion_command(CLI::App& app, Context& context) {
    CLI::App* completion = app.add_subcommand("completion", "Completion for the shell")->require_subcommand(1);
    completion->add_subcommand("bash", "A script for bash: eval \"$(quipu completion bash)\"")
        ->callback([&app, &context] { context.command = [&app] { return print(bash_completion(app)); }; });
}

}  // namespace quipu::app
