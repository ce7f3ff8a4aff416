// Walks every route of the real catalogue with every role, at the callers' own and at a foreign organisation, and holds
// what happens against the table (routes.table).

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <map>
#include <set>
#include <sstream>

#include "app/catalogue.h"
#include "data/test_folder.h"
#include "platform/hub.h"
#include "registry/service.h"

namespace quipu {
namespace {

using access::Role;
using platform::Permission;

constexpr std::size_t kCallers = 7;
constexpr std::array<const char*, kCallers> kNames = {"nobody",  "viewer",        "member", "operator",
                                                      "manager", "administrator", "house"};

struct Line {
    int number = 0;
    std::string method, path, parameters, body;
    std::vector<std::string> own, foreign;
};

std::string trimmed(std::string_view text) {
    while (text.starts_with(' '))
        text.remove_prefix(1);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return std::string(text);
}

std::vector<std::string> words(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string word; in >> word;)
        out.push_back(word);
    return out;
}

std::vector<Line> read_table(const std::string& path) {
    std::ifstream file(path);
    std::vector<Line> lines;
    int number = 0;
    for (std::string text; std::getline(file, text);) {
        ++number;
        if (text.empty() || text.starts_with('#')) continue;
        std::vector<std::string> parts;
        for (std::size_t at = 0; parts.size() < 5;) {
            const std::size_t bar = parts.size() == 4 ? std::string::npos : text.find('|', at);
            parts.push_back(trimmed(std::string_view(text).substr(at, bar == std::string::npos ? bar : bar - at)));
            if (bar == std::string::npos) break;
            at = bar + 1;
        }
        parts.resize(5);
        const auto route = words(parts[0]);
        EXPECT_EQ(route.size(), 2U) << path << ":" << number;
        Line line{number, route.at(0), route.at(1), parts[1], parts[4], words(parts[2]), {}};
        if (parts[3] != "-") line.foreign = words(parts[3]);
        EXPECT_EQ(line.own.size(), kCallers) << path << ":" << number;
        EXPECT_TRUE(line.foreign.empty() || line.foreign.size() == kCallers) << path << ":" << number;
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

std::string placed(std::string text, bool own) {
    text = replaced(std::move(text), "#as", own ? "11340" : "1916");
    text = replaced(std::move(text), "#prefix", own ? "146.83.0.0/16" : "200.143.192.0/18");
    text = replaced(std::move(text), "#domain", own ? "reuna.cl" : "rnp.br");
    text = replaced(std::move(text), "#phone", own ? "+56" : "+55");
    text = replaced(std::move(text), "#n", own ? "2" : "3");
    text = replaced(std::move(text), "~", "\n");
    return replaced(replaced(std::move(text), "$", own ? "own" : "foreign"), "@", own ? "reuna" : "rnp");
}

/// Runs a call on one of the hub's loops, as the listener does.
net::HttpResponse answer(platform::House& house, net::HttpRequest request) {
    std::promise<net::HttpResponse> promise;
    auto future = promise.get_future();
    const auto call = [](platform::House& h, net::HttpRequest r, std::promise<net::HttpResponse>& p) -> Task<void> {
        p.set_value(co_await h.api.handle(r));
    };
    house.loops.at(0).spawn(call(house, std::move(request), promise));
    return future.get();
}

access::Account somebody(std::string id, Role role, std::string organisation) {
    access::Account account;
    account.name = id;
    account.id = std::move(id);
    account.roles.push_back({role, organisation, {}});
    if (!organisation.empty()) account.organisation = std::move(organisation);
    return account;
}

class Routes : public testing::Test {
  protected:
    void SetUp() override {
        app::Catalogue catalogue = app::make_catalogue();
        access_ = catalogue.access;
        for (const auto& service : catalogue.services)
            if (auto* found = dynamic_cast<registry::RegistryService*>(service.get())) registry_ = found;
        platform::HubOptions options;
        const std::string network = std::string(QUIPU_SOURCE_DIR) + "/tests/access/network.toml";
        auto config = platform::Config::parse(
            fmt::format("[agents]\nlisten = [\"127.0.0.1:0\"]\n[registry]\nload = \"{}\"\n", network), "quipu.toml",
            platform::sections_of(catalogue.services));
        ASSERT_TRUE(config) << config.error().text();
        options.config = std::move(*config);
        options.settings.port = 0;
        options.settings.data = folder_.path() + "/hub";
        options.settings.loops = 1;
        options.services = std::move(catalogue.services);
        auto hub = platform::Hub::create(std::move(options));
        ASSERT_TRUE(hub) << hub.error().text();
        hub_ = std::move(*hub);
        const auto started = hub_->start();
        ASSERT_TRUE(started) << started.error().text();
        for (const auto& service : hub_->services())
            ASSERT_EQ(service.state, platform::ServiceState::running) << service.name << ": " << json_text(service);
        ASSERT_TRUE(access_->demonstrate(
            {somebody("demo-viewer", Role::viewer, "reuna"), somebody("demo-member", Role::member, "reuna"),
             somebody("demo-operator", Role::operator_, "reuna"), somebody("demo-manager", Role::manager, "reuna"),
             somebody("demo-administrator", Role::administrator, "reuna"),
             somebody("demo-house", Role::administrator, "")}));
        make_somebody("own", "reuna");
        make_somebody("foreign", "rnp");
    }
    void TearDown() override {
        if (hub_) hub_->stop();
    }

    /// A real account, for the routes that manage people: made by an invitation of the house.
    void make_somebody(const std::string& name, const std::string& organisation) {
        const std::string cookie = cookie_of(kCallers - 1);
        const auto invited =
            call("POST", "/api/v1/invitations", {}, cookie,
                 fmt::format(R"({{"mail":"somebody-{}@x.example","role":"member","organisation":"{}"}})", name,
                             organisation));
        const auto body = parse_json(text_of(invited));
        ASSERT_TRUE(body) << text_of(invited);
        const std::string* link = body->find("link") != nullptr ? body->find("link")->if_string() : nullptr;
        ASSERT_NE(link, nullptr) << text_of(invited);
        const auto made =
            call("POST", "/api/v1/invitations/accept", {}, "",
                 fmt::format(R"({{"token":"{}","name":"Somebody","password":"cuerda y nudo sobre el mar"}})",
                             link->substr(link->find('#') + 1)));
        ASSERT_EQ(made.status, 200) << text_of(made);
    }

    static std::string text_of(const net::HttpResponse& response) {
        if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
        if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body)) return **shared;
        return {};
    }

    std::string cookie_of(std::size_t caller) {
        if (caller == 0) return {};
        const auto start = access_->sign_in(fmt::format("demo-{}", kNames[caller]), "",
                                            {.address = *net::IpAddress::parse("127.0.0.1")});
        EXPECT_TRUE(start) << start.error().text();
        return start ? start->cookie.substr(0, start->cookie.find(';')) : std::string();
    }

    net::HttpResponse call(const std::string& method, const std::string& path,
                           const std::vector<std::pair<std::string, std::string>>& query, const std::string& cookie,
                           const std::string& body) {
        net::HttpRequest request;
        for (const net::Method each :
             {net::Method::get, net::Method::post, net::Method::put, net::Method::patch, net::Method::delete_})
            if (net::name_of(each) == method) request.method = each;
        request.path = path;
        request.query = query;
        request.body = body;
        // A place of its own for each, so that nobody is slowed for another's failures.
        request.peer.address = net::IpAddress::v4(0xc6120000U + ++calls_);
        if (!body.empty())
            request.headers.add("Content-Type", body.starts_with('{') ? "application/json" : "application/toml");
        if (!cookie.empty()) request.headers.add("Cookie", cookie);
        request.headers.add("X-Quipu-Request", "1");
        request.headers.add("If-Match", "*");
        return answer(hub_->house(), std::move(request));
    }

    std::string outcome(const Line& line, std::size_t caller, bool own, std::string* said = nullptr) {
        std::string path = line.path;
        std::vector<std::pair<std::string, std::string>> query;
        for (const std::string& parameter : words(placed(line.parameters, own))) {
            const auto equals = parameter.find('=');
            const std::string place = "{" + parameter.substr(0, equals) + "}", value = parameter.substr(equals + 1);
            if (path.find(place) != std::string::npos)
                path = replaced(path, place, value);
            else
                query.emplace_back(parameter.substr(0, equals), value);
        }
        const auto response = call(line.method, path, query, cookie_of(caller), placed(line.body, own));
        if (said != nullptr) *said = fmt::format("{} {}", response.status, text_of(response).substr(0, 300));
        if (response.status == 401 || response.status == 403) return std::to_string(response.status);
        return response.status == 404 ? "404" : "yes";
    }

    /// What a route without a line does, to begin a line with.
    std::string line_of(const platform::Route& route) {
        Line line;
        line.method = net::name_of(route.method);
        line.path = route.info.path;
        for (auto open = line.path.find('{'); open != std::string::npos; open = line.path.find('{', open + 1)) {
            const std::string name = line.path.substr(open + 1, line.path.find('}', open) - open - 1);
            line.parameters += fmt::format("{}{}={}", line.parameters.empty() ? "" : " ", name,
                                           name == "number" || name == "version" ? "999" : "none");
        }
        if (route.body) line.body = "{}";
        std::string outcomes;
        for (std::size_t caller = 0; caller < kCallers; ++caller)
            outcomes += (outcomes.empty() ? "" : " ") + outcome(line, caller, true);
        return fmt::format("{} {} | {} | {} | - | {}", line.method, line.path, line.parameters, outcomes, line.body);
    }

    void hold(const Line& line, bool own) {
        const auto& expected = own ? line.own : line.foreign;
        for (std::size_t caller = 0; caller < expected.size(); ++caller) {
            std::string said;
            const std::string got = outcome(line, caller, own, &said);
            ++asked_;
            // What somebody before has removed is not there any more: let in all the same.
            if (expected[caller] == "yes" && got == "404") continue;
            EXPECT_EQ(got, expected[caller])
                << "routes.table:" << line.number << ": " << line.method << " " << line.path << " by " << kNames[caller]
                << (own ? " at their own" : " at a foreign") << " organisation\n  " << said;
        }
    }

    data::TestFolder folder_;
    access::Access* access_ = nullptr;
    registry::RegistryService* registry_ = nullptr;
    std::unique_ptr<platform::Hub> hub_;
    std::uint32_t calls_ = 0;
    int asked_ = 0;  ///< answers that were compared with the table
};

/// Permissions that are asked for at the object's organisation.
bool is_local(Permission permission) {
    return permission == Permission::edit_registry || permission == Permission::operate ||
           permission == Permission::manage_people;
}

TEST_F(Routes, EveryRouteEveryRoleOwnAndForeignOrganisation) {
    const auto table = read_table(std::string(QUIPU_SOURCE_DIR) + "/tests/access/routes.table");
    std::map<std::string, const Line*> by_route;
    for (const Line& line : table)
        EXPECT_TRUE(by_route.emplace(line.method + " " + line.path, &line).second)
            << "routes.table:" << line.number << ": a second line for " << line.path;
    std::set<std::string> known;
    for (const auto& route : hub_->house().api.routes()) {
        const std::string name = fmt::format("{} {}", net::name_of(route->method), route->info.path);
        known.insert(name);
        const auto line = by_route.find(name);
        if (line == by_route.end()) {
            ADD_FAILURE() << name << " (" << enum_name(route->info.permission)
                          << ") has no line in tests/access/routes.table: say who may call it. What happens now, with "
                             "nothing behind its names:\n"
                          << line_of(*route);
            continue;
        }
        const bool is_about_one = route->info.path.find('{') != std::string_view::npos || route->body;
        if (is_local(route->info.permission) && is_about_one && line->second->parameters != "id=none")
            EXPECT_FALSE(line->second->foreign.empty()) << name << " needs outcomes for a foreign organisation too";
    }
    for (const Line& line : table)
        EXPECT_TRUE(known.contains(line.method + " " + line.path))
            << "routes.table:" << line.number << ": there is no route " << line.method << " " << line.path;
    for (const Line& line : table) {
        hold(line, true);
        if (!line.foreign.empty()) hold(line, false);
    }
    fmt::print("{} routes, {} in the table; {} answers of a route to a caller at their own or a foreign organisation\n",
               known.size(), table.size(), asked_);
}

/// Contact details by who asks, over every way out that has them.
TEST_F(Routes, ContactDetailsByVisibility) {
    const auto seen = [&](std::size_t caller, const std::string& path) {
        const std::string text = text_of(call("GET", path, {{"contacts", "pert"}}, cookie_of(caller), ""));
        std::string out;
        for (const char* place : {"reuna", "rnp"})
            for (const char* kind : {"public", "members", "private", "pert"})
                if (text.find(fmt::format("{}@{}.example", kind, place)) != std::string::npos)
                    out += fmt::format("{}{}@{}", out.empty() ? "" : " ", kind, place);
        return out;
    };
    const std::string kExport = "/api/v1/registry/export";
    EXPECT_EQ(seen(0, kExport), "public@reuna public@rnp");
    EXPECT_EQ(seen(1, kExport), "public@reuna public@rnp");
    EXPECT_EQ(seen(2, kExport), "public@reuna members@reuna public@rnp members@rnp");
    EXPECT_EQ(seen(3, kExport), "public@reuna members@reuna private@reuna public@rnp members@rnp");
    EXPECT_EQ(seen(4, kExport), "public@reuna members@reuna private@reuna pert@reuna public@rnp members@rnp")
        << "who edits them sees all, or would lose it by editing";
    EXPECT_EQ(seen(6, kExport),
              "public@reuna members@reuna private@reuna pert@reuna public@rnp members@rnp private@rnp pert@rnp");
}

TEST_F(Routes, AccreditedTeamsSeePertContacts) {
    const auto text = [&](std::size_t caller) {
        return text_of(call("GET", "/api/v1/people/foreign", {}, cookie_of(caller), ""));
    };
    EXPECT_THAT(text(2), testing::Not(testing::HasSubstr("pert@rnp.example")));
    registry_->accredit_by([](const platform::Caller& caller) { return caller.id == "person:demo-member"; });
    EXPECT_THAT(text(2), testing::HasSubstr("pert@rnp.example"));
    EXPECT_THAT(text(2), testing::Not(testing::HasSubstr("private@rnp.example")));
    EXPECT_THAT(text(3), testing::Not(testing::HasSubstr("pert@rnp.example"))) << "another team's member";
    EXPECT_THAT(text(0), testing::Not(testing::HasSubstr("pert@rnp.example")));
}

TEST_F(Routes, AnImportIsAskedForEveryObjectThatItTouches) {
    const std::string own = "[[sites]]\nid = \"own\"\nname = \"Imported\"\norganisation = \"reuna\"\n";
    const std::string foreign = "[[sites]]\nid = \"foreign\"\nname = \"Imported\"\norganisation = \"rnp\"\n";
    const std::string unchanged = "[[sites]]\nid = \"foreign\"\nname = \"São Paulo\"\norganisation = \"rnp\"\n";
    const auto import = [&](const std::string& text, bool dry = false) {
        return call("POST", "/api/v1/registry/import", {{"name", "net.toml"}, {"dry_run", dry ? "true" : "false"}},
                    cookie_of(4), text);
    };
    EXPECT_EQ(import(own + foreign, true).status, 403) << "a trial says the same";
    const auto refused = import(own + foreign);
    EXPECT_EQ(refused.status, 403);
    EXPECT_THAT(text_of(refused), testing::HasSubstr("sites/foreign"));
    EXPECT_THAT(text_of(call("GET", "/api/v1/sites/own", {}, "", "")), testing::HasSubstr("Santiago"))
        << "nothing was written";
    EXPECT_EQ(import(own + unchanged).status, 200) << "what stays as it is needs no permission";
    // Nobody takes what is another's, nor gives away what they may not give.
    EXPECT_EQ(import("[[sites]]\nid = \"foreign\"\nname = \"Taken\"\norganisation = \"reuna\"\n").status, 403);
    EXPECT_EQ(import("[[sites]]\nid = \"own\"\nname = \"Given\"\norganisation = \"rnp\"\n").status, 403);
    EXPECT_EQ(import("[[organisations]]\nid = \"reuna\"\nname = \"REUNA\"\ntype = \"nren\"\n").status, 403)
        << "its parent's";
}

TEST_F(Routes, TheJournalTellsTheAuditToAuditorsOnly) {
    const auto journal = [&](std::size_t caller) {
        return text_of(call("GET", "/api/v1/journal/events", {{"limit", "1000"}}, cookie_of(caller), ""));
    };
    EXPECT_THAT(journal(0), testing::HasSubstr("ObjectChanged"));
    for (std::size_t caller = 0; caller < 6; ++caller)
        EXPECT_THAT(journal(caller), testing::Not(testing::HasSubstr("SignedIn"))) << kNames[caller];
    EXPECT_THAT(journal(6), testing::HasSubstr("SignedIn"));
    (void)call("PUT", "/api/v1/sites/own", {}, cookie_of(4), R"({"id":"own","name":"Changed","organisation":"reuna"})");
    EXPECT_THAT(journal(0), testing::Not(testing::HasSubstr("person:demo-manager"))) << "what was done, not by whom";
    EXPECT_THAT(journal(2), testing::HasSubstr("person:demo-manager"));
}

}  // namespace
}  // namespace quipu
