// Who one is, accounts, tokens.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <termios.h>
#include <unistd.h>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

struct Options {
    std::string id, name, mail, role, organisation, service, language, life, type, query;
    std::vector<std::string> permissions, organisations;
    std::size_t limit = 50;
    bool take = false, open = false, close = false;
};

std::string member_text(const Value& object, std::string_view key) {
    const Value* found = object.find(key);
    return found != nullptr && found->if_string() != nullptr ? *found->if_string() : std::string();
}

Result<void> show_list(const Context& context, const Value& items, std::vector<std::string> columns) {
    if (context.output != OutputFormat::table) columns.clear();
    return print(format_list(items, context.output, {.columns = std::move(columns), .colour = context.colour}));
}

Result<void> show_object(const Context& context, const Value& object) {
    return print(format_object(object, context.output, {.columns = {}, .colour = context.colour}));
}

/// A line that is not shown while it is typed; from a pipe it is read as it comes.
Result<std::string> ask_secretly(std::string_view question) {
    const bool terminal = ::isatty(STDIN_FILENO) == 1;
    termios before{};
    if (terminal) {
        fmt::print(stderr, "{}", question);
        ::tcgetattr(STDIN_FILENO, &before);
        termios quiet = before;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
    }
    std::string line;
    const bool got = static_cast<bool>(std::getline(std::cin, line));
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
        fmt::print(stderr, "\n");
    }
    if (!got) return fail(ErrorCode::invalid, "no password was given", {}, "type it, or send it by a pipe");
    return line;
}

// ---- login

Result<void> log_in(const Context& context, const Options& options) {
    const Client client(context.hub, "");
    Value credentials;
    credentials.set("login", options.id);
    credentials.set("password", TRY(ask_secretly(fmt::format("Password of {}: ", options.id))));
    const auto session =
        TRY(client.send({.method = net::Method::post, .target = "/api/v1/session", .body = to_json(credentials)}));
    const Value answer = TRY(parse_json(session.text, "the hub's answer"));
    if (answer.find("pending") != nullptr && !answer.find("pending")->is_null())
        return fail(ErrorCode::unsupported, "this account has a second factor, which a command can't ask for", {},
                    "make a token on the portal's profile page and put it into QUIPU_TOKEN");
    Value wish;
    std::string machine(256, '\0');
    ::gethostname(machine.data(), machine.size() - 1);
    wish.set("name", fmt::format("quipu login on {}", machine.c_str()));
    const auto made = TRY(client.send(
        {.method = net::Method::post, .target = "/api/v1/tokens", .body = to_json(wish), .cookie = session.cookie}));
    const Value token = TRY(parse_json(made.text, "the hub's answer"));
    TRY(kept_tokens::put(context.hub, member_text(token, "token")));
    (void)client.send({.method = net::Method::delete_, .target = "/api/v1/session", .cookie = session.cookie});
    return print(fmt::format("Commands to {} are {}'s until {}.\n", context.hub, options.id,
                             member_text(token, "until").substr(0, 10)));
}

Result<void> log_out(const Context& context) {
    const std::string token = kept_tokens::find(context.hub);
    if (token.empty()) return print(fmt::format("No token is kept for {}.\n", context.hub));
    const Client client(context.hub, token);
    const auto session = client.get("/api/v1/session");
    if (session) {
        const std::string id = member_text(*session, "session");
        if (!id.empty()) (void)client.send({.method = net::Method::delete_, .target = "/api/v1/tokens/" + id});
    }
    TRY(kept_tokens::put(context.hub, ""));
    return print(fmt::format("The token for {} is ended and forgotten.\n", context.hub));
}

Result<void> who_am_i(const Context& context) {
    const Value session = TRY(Client(context.hub).get("/api/v1/session"));
    if (context.output != OutputFormat::table) return show_object(context, session);
    std::string out = member_text(session, "caller");
    if (const Value* account = session.find("account"); account != nullptr && account->if_object() != nullptr)
        out += fmt::format(" ({})", member_text(*account, "name"));
    out += "\n";
    if (const Value* standings = session.find("standings"); standings != nullptr && standings->if_array() != nullptr)
        for (const Value& standing : *standings->if_array()) {
            const std::string place = member_text(standing, "organisation"), service = member_text(standing, "service");
            out += fmt::format("  {} {}{}\n", member_text(standing, "role"),
                               place.empty() ? "everywhere" : "at " + place, service.empty() ? "" : " for " + service);
        }
    if (const Value* needed = session.find("factor_needed"); needed != nullptr && needed->if_bool() != nullptr)
        if (*needed->if_bool())
            out += "  Your roles wait for a second factor: set one up on the portal's profile page.\n";
    return print(out);
}

// ---- accounts

std::string account_path(const Options& options) {
    return "/api/v1/accounts/" + net::percent_encode(options.id);
}

Result<void> list_accounts(const Context& context, const Options& options) {
    const Value accounts = TRY(
        Client(context.hub).list("/api/v1/accounts", {{"organisation", options.organisation}, {"q", options.query}}));
    return show_list(context, accounts, {"id", "name", "login", "state", "organisation", "seen"});
}

Result<void> show_account(const Context& context, const Options& options) {
    return show_object(context, TRY(Client(context.hub).get(account_path(options))));
}

Result<void> invite(const Context& context, const Options& options) {
    Value wish;
    wish.set("mail", options.mail);
    wish.set("role", options.role);
    for (const auto& [key, value] :
         std::initializer_list<std::pair<const char*, const std::string&>>{{"name", options.name},
                                                                           {"organisation", options.organisation},
                                                                           {"service", options.service},
                                                                           {"language", options.language}})
        if (!value.empty()) wish.set(key, value);
    const Value made =
        TRY(Client(context.hub)
                .change({.method = net::Method::post, .target = "/api/v1/invitations", .body = to_json(wish)}));
    if (context.output != OutputFormat::table) return show_object(context, made);
    const std::string link = member_text(made, "link");
    if (link.empty()) return print(fmt::format("A letter with a link goes to {}.\n", options.mail));
    return print(fmt::format("Hand this link over; it works once, until {}:\n{}\n",
                             member_text(made, "until").substr(0, 10), link));
}

/// Reads, changes the list of roles, and sends it back with the version that was read.
Result<void> set_role(const Context& context, const Options& options) {
    const Client client(context.hub);
    const auto known = TRY(client.send({.target = account_path(options)}));
    const Value account = TRY(parse_json(known.text, "the hub's answer"));
    Value role;
    role.set("role", options.role);
    role.set("organisation", options.organisation);
    role.set("service", options.service);
    Value::Array roles;
    if (const Value* before = account.find("roles"); before != nullptr && before->if_array() != nullptr)
        for (const Value& each : *before->if_array())
            if (!(each == role)) roles.push_back(each);
    if (!options.take) roles.push_back(role);
    Value body;
    body.set("roles", std::move(roles));
    return show_object(context, TRY(client.change({.method = net::Method::put,
                                                   .target = account_path(options) + "/roles",
                                                   .body = to_json(body),
                                                   .if_match = known.etag})));
}

Result<void> set_state(const Context& context, const Options& options, std::string_view state) {
    const Client client(context.hub);
    const auto known = TRY(client.send({.target = account_path(options)}));
    Value body;
    body.set("state", state);
    TRY(client.change({.method = net::Method::patch,
                       .target = account_path(options),
                       .body = to_json(body),
                       .if_match = known.etag}));
    return print(fmt::format("The account {} is {}.\n", options.id, state));
}

Result<void> reset_factors(const Context& context, const Options& options) {
    TRY(Client(context.hub).send({.method = net::Method::delete_, .target = account_path(options) + "/factors"}));
    return print(fmt::format("The account {} has no second factor, and is signed out everywhere.\n", options.id));
}

Result<void> show_audit(const Context& context, const Options& options) {
    const Value entries = TRY(
        Client(context.hub).list("/api/v1/audit", {{"account", options.id}, {"type", options.type}}, options.limit));
    return show_list(context, entries, {"time", "type", "account", "actor", "detail"});
}

Result<void> show_roles(const Context& context) {
    return show_list(context, TRY(Client(context.hub).list("/api/v1/roles", {})), {"role", "permissions"});
}

// ---- tokens

Result<void> list_tokens(const Context& context, const Options& options) {
    return show_list(context, TRY(Client(context.hub).list("/api/v1/tokens", {{"account", options.id}})),
                     {"id", "name", "created", "until", "used"});
}

Value list_of(const std::vector<std::string>& texts) {
    Value::Array out;
    for (const std::string& text : texts)
        out.emplace_back(text);
    return out;
}

Result<void> make_token(const Context& context, const Options& options) {
    Value wish;
    wish.set("name", options.name);
    wish.set("permissions", list_of(options.permissions));
    wish.set("organisations", list_of(options.organisations));
    if (!options.life.empty()) wish.set("until", options.life);
    const Value made = TRY(
        Client(context.hub).change({.method = net::Method::post, .target = "/api/v1/tokens", .body = to_json(wish)}));
    // The token alone, so that it can go straight into a file or a variable.
    if (context.output == OutputFormat::table) return print(member_text(made, "token") + "\n");
    return show_object(context, made);
}

Result<void> end_token(const Context& context, const Options& options) {
    TRY(Client(context.hub)
            .send({.method = net::Method::delete_, .target = "/api/v1/tokens/" + net::percent_encode(options.id)}));
    return print(fmt::format("The token {} is ended.\n", options.id));
}

void add_account_commands(CLI::App& app, Context& context, const std::shared_ptr<Options>& options) {
    CLI::App* accounts = app.add_subcommand("accounts", "Who may do what")->require_subcommand(1);
    const auto command = [&](CLI::App* sub, auto run) {
        sub->callback([run, options, &context] {
            context.command = [run, options, &context] { return run(context, *options); };
        });
        return sub;
    };
    const auto id = [&](CLI::App* sub) {
        sub->add_option("id", options->id, "The account")->required()->type_name("ID");
        return sub;
    };
    CLI::App* list = command(accounts->add_subcommand("list", "Accounts of the people whom you manage"), list_accounts);
    list->add_option("--organisation", options->organisation, "With this home, or a role there")->type_name("ORG");
    list->add_option("--search", options->query, "Whose name or login holds this")->type_name("TEXT");
    command(id(accounts->add_subcommand("show", "One account, with its roles")), show_account);

    CLI::App* invitation = command(accounts->add_subcommand("invite", "Invites somebody by mail"), invite);
    invitation->add_option("mail", options->mail, "Whom")->required()->type_name("MAIL");
    CLI::App* role = command(
        id(accounts->add_subcommand("role", "Gives a role: quipu accounts role ana operator --at rnp")), set_role);
    role->add_option("role", options->role, "viewer, member, operator, manager or administrator")
        ->required()
        ->type_name("ROLE");
    role->add_flag("--take", options->take, "Takes it away instead");
    invitation->add_option("--role", options->role, "What they will be")->required()->type_name("ROLE");
    invitation->add_option("--name", options->name, "Full name")->type_name("NAME");
    invitation->add_option("--language", options->language, "Of the letter: es, pt, en")->type_name("LANG");
    for (CLI::App* sub : {role, invitation}) {
        sub->add_option("--at", options->organisation, "At this organisation and below; everywhere if left out")
            ->type_name("ORG");
        sub->add_option("--for", options->service, "Only in this service")->type_name("SERVICE");
    }
    command(id(accounts->add_subcommand("lock", "Locks an account and ends its sessions and tokens")),
            [](const Context& c, const Options& o) { return set_state(c, o, "locked"); });
    command(id(accounts->add_subcommand("open", "Opens an account that was locked")),
            [](const Context& c, const Options& o) { return set_state(c, o, "active"); });
    command(id(accounts->add_subcommand("close", "Closes the account of somebody who has left")),
            [](const Context& c, const Options& o) { return set_state(c, o, "closed"); });
    command(id(accounts->add_subcommand("reset-factors", "Takes all second factors away: for who has lost them")),
            reset_factors);
    command(accounts->add_subcommand("roles", "Which role may do what"),
            [](const Context& c, const Options&) { return show_roles(c); });
    CLI::App* audit = command(accounts->add_subcommand("audit", "Sign-ins, refusals and changes of roles"), show_audit);
    audit->add_option("--account", options->id, "Only about this account")->type_name("ID");
    audit->add_option("--type", options->type, "Only this: SignedIn, RolesChanged…")->type_name("TYPE");
    audit->add_option("--limit", options->limit, "How many of the last")->capture_default_str()->type_name("N");
}

void add_token_commands(CLI::App& app, Context& context, const std::shared_ptr<Options>& options) {
    CLI::App* tokens = app.add_subcommand("tokens", "What programs sign in with")->require_subcommand(1);
    const auto command = [&](CLI::App* sub, auto run) {
        sub->callback([run, options, &context] {
            context.command = [run, options, &context] { return run(context, *options); };
        });
        return sub;
    };
    CLI::App* list = command(tokens->add_subcommand("list", "Your tokens"), list_tokens);
    list->add_option("--account", options->id, "Of somebody whom you manage")->type_name("ID");
    CLI::App* make = command(tokens->add_subcommand("make", "Makes a token and prints it, this once"), make_token);
    make->add_option("name", options->name, "What it is for")->required()->type_name("NAME");
    make->add_option("--permission", options->permissions, "Only this; may be repeated")->type_name("PERMISSION");
    make->add_option("--at", options->organisations, "Only at this organisation and below; may be repeated")
        ->type_name("ORG");
    make->add_option("--until", options->life, "When it ends; 90 days from now if left out")->type_name("TIME");
    CLI::App* end = command(tokens->add_subcommand("end", "Ends a token"), end_token);
    end->add_option("id", options->id, "Its number")->required()->type_name("ID");
}

}  // namespace

void add_access_commands(CLI::App& app, Context& context) {
    const auto options = std::make_shared<Options>();
    CLI::App* login = app.add_subcommand("login", "Signs in for the commands to come: quipu login ana@rnp.example");
    login->add_option("login", options->id, "Mail address or name")->required()->type_name("LOGIN");
    login->callback([=, &context] { context.command = [=, &context] { return log_in(context, *options); }; });
    app.add_subcommand("logout", "Ends and forgets what login has kept")->callback([&context] {
        context.command = [&context] { return log_out(context); };
    });
    app.add_subcommand("whoami", "Who the hub takes you for, and what you may do")->callback([&context] {
        context.command = [&context] { return who_am_i(context); };
    });
    add_account_commands(app, context, options);
    add_token_commands(app, context, options);
}

}  // namespace quipu::app
