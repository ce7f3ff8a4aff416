#pragma once
// Where the groups of sub-commands are put together. Each group is one function in a file of its own,
// commands_NAME.cpp:
//
//     void add_registry_commands(CLI::App& app, Context& context) {
//         CLI::App* registry = app.add_subcommand("registry", "Who is connected, where, by what");
//         CLI::App* show = registry->add_subcommand("show", "One object");
//         auto options = std::make_shared<ShowOptions>();
//         show->add_option("kind", options->kind, "Collection")->required();
//         show->callback([=, &context] { context.command = [=, &context] { return show_object(context, *options); };
//         });
//     }
//
// A command answers Result<void>; main prints the error and gives the exit code. It reaches the hub through client.h
// and prints through output.h only, so that --hub and --output work everywhere. Add the function here and in main.cpp's
// list.

#include "app/context.h"

namespace quipu::app {

void add_serve_command(CLI::App& app, Context& context);            ///< serve
void add_config_commands(CLI::App& app, Context& context);          ///< config check, config reference
void add_house_commands(CLI::App& app, Context& context);           ///< api, journal, services
void add_agent_commands(CLI::App& app, Context& context);           ///< agents list, ticket, revoke
void add_access_commands(CLI::App& app, Context& context);          ///< login, logout, whoami, accounts, tokens
void add_registry_commands(CLI::App& app, Context& context);        ///< registry import, export, list, show…
void add_agent_command(CLI::App& app, Context& context);            ///< agent: what runs at a point of presence
void add_measure_commands(CLI::App& app, Context& context);         ///< measure pairs, records, links…
void add_measure_serve_command(CLI::App& app, Context& context);    ///< measure serve
void add_measure_export_commands(CLI::App& app, Context& context);  ///< measure export, lookup-record
void add_owping_command(CLI::App& app, Context& context);           ///< owping, twping
void add_stamp_command(CLI::App& app, Context& context);            ///< stamp
void add_path_command(CLI::App& app, Context& context);             ///< path
void add_compare_commands(CLI::App& app, CLI::App& measure, Context& context);  ///< compare; measure comparisons
void add_cases_commands(CLI::App& app, Context& context);                       ///< cases list, show, open, note…
void add_operations_commands(CLI::App& app, Context& context);    ///< outages, maintenance, availability, on-call
void add_knowledge_commands(CLI::App& app, Context& context);     ///< articles list, show, publish
void add_pert_commands(CLI::App& app, Context& context);          ///< pert teams, requests
void add_search_command(CLI::App& app, Context& context);         ///< search
void add_run_command(CLI::App& app, Context& context);            ///< run: hub, lab and agents from one command
void add_mail_commands(CLI::App& app, Context& context);          ///< mail queue, show, retry, drop; notify rules, test
void add_lab_commands(CLI::App& app, Context& context);           ///< lab up, down, status, exec, link
void add_rpki_commands(CLI::App& app, Context& context);          ///< rpki validate, lab
void add_rpki_hub_commands(CLI::App& rpki, Context& context);     ///< rpki status, anchors, guard… of the hub
void add_rpki_origin_commands(CLI::App& rpki, Context& context);  ///< rpki validity, what-if, router-config
void add_rpki_serve_commands(CLI::App& rpki, Context& context);   ///< rpki serve, rtr-stdio
void add_completion_command(CLI::App& app, Context& context);     ///< completion bash

/// measure throughput, calendar, test
void add_throughput_commands(CLI::App& measure, Context& context);

}  // namespace quipu::app
