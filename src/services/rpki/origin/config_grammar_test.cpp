// IOS XR's and Junos' configurations, which no daemon here loads, held statement by statement against what their makers
// publish: where each stands, which words follow it, and between which bounds its numbers are.
//
//     IOS XR  Routing Configuration Guide for ASR 9000, "Configuring RPKI Cache-server", "Configuring RPKI Prefix
//             Validation", and its route-policy language
//     Junos   CLI Reference: group, session, hold-time, record-lifetime, validation [edit routing-options],
//             validation-database, validation-state; "Example: Configuring Origin Validation for BGP"

#include <charconv>
#include <gtest/gtest.h>
#include <sstream>

#include "services/rpki/origin/config.h"

namespace quipu::rpki {
namespace {

/// A statement: the one that it stands in, and its words. "A" is an address, "N-M" a number within, "*" any word, "…"
/// the rest.
struct Statement {
    std::string_view within, words;
};

std::vector<std::string> words_of(std::string_view text) {
    std::istringstream in{std::string(text)};
    std::vector<std::string> out;
    for (std::string word; in >> word;)
        out.push_back(word);
    return out;
}

bool word_fits(std::string_view pattern, std::string_view word) {
    if (pattern == "*") return true;
    if (pattern == "A") return net::IpAddress::parse(word).has_value();
    const auto dash = pattern.find('-');
    const auto number = [](std::string_view text) -> std::optional<std::uint64_t> {
        std::uint64_t value = 0;
        const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
        return fault == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
    };
    if (dash != std::string_view::npos)
        if (const auto low = number(pattern.substr(0, dash)), high = number(pattern.substr(dash + 1)); low && high) {
            const auto value = number(word);
            return value && *value >= *low && *value <= *high;
        }
    return pattern == word;
}

bool fits(const Statement& statement, const std::vector<std::string>& words) {
    const auto pattern = words_of(statement.words);
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == "…") return true;
        if (i >= words.size() || !word_fits(pattern[i], words[i])) return false;
    }
    return pattern.size() == words.size();
}

/// The statement's place, "router bgp / rpki server": what it is, without its values.
std::string place_of(const Statement& statement) {
    std::string name;
    for (const std::string& word : words_of(statement.words)) {
        if (word == "A" || word == "*" || word == "…" || word.find_first_of("0123456789") != std::string::npos) break;
        name += (name.empty() ? "" : " ") + word;
    }
    return statement.within.empty() ? name : std::string(statement.within) + " / " + name;
}

/// The place of these words within `within`; a failure names what is not in the grammar.
std::string step(const std::vector<Statement>& grammar, const std::string& within, const std::string& text) {
    for (const Statement& statement : grammar)
        if (statement.within == within && fits(statement, words_of(text))) return place_of(statement);
    ADD_FAILURE() << "\"" << text << "\" is no statement of [" << within << "]";
    return within + " / ?";
}

// A four-octet AS number; XR takes 1 to 4294967295.
const std::vector<Statement> kIosXr = {
    {"", "route-policy *"},
    {"route-policy", "if validation-state is invalid then"},
    {"route-policy", "drop"},
    {"route-policy", "else"},
    {"route-policy", "pass"},
    {"route-policy", "set local-preference 0-4294967295"},
    {"route-policy", "endif"},
    {"", "router bgp 1-4294967295"},
    {"router bgp", "bgp router-id A"},
    {"router bgp", "rpki server A"},
    {"router bgp / rpki server", "transport tcp port 1-65535"},
    {"router bgp / rpki server", "preference 1-10"},
    {"router bgp / rpki server", "purge-time 30-360"},
    {"router bgp / rpki server", "refresh-time 15-3600"},
    {"router bgp / rpki server", "response-time 15-3600"},  // these bounds from memory: no page with them was found
    {"router bgp", "address-family ipv4 unicast"},
    {"router bgp", "address-family ipv6 unicast"},
    {"router bgp / address-family", "bgp origin-as validation enable"},
    {"router bgp / address-family", "bgp bestpath origin-as use validity"},
    {"router bgp / address-family", "bgp bestpath origin-as allow invalid"},
    {"router bgp", "neighbor A"},
    {"router bgp / neighbor", "remote-as 1-4294967295"},
    {"router bgp / neighbor", "description …"},
    {"router bgp / neighbor", "address-family ipv4 unicast"},
    {"router bgp / neighbor", "address-family ipv6 unicast"},
    {"router bgp / neighbor / address-family", "route-policy * in"},
    {"router bgp / neighbor / address-family", "soft-reconfiguration inbound always"},
};

/// Lines that are deeper by a space stand in the one above; "!" and "end-policy" end what is open.
void check_ios_xr(const std::string& configuration) {
    std::istringstream in(configuration);
    std::vector<std::pair<std::size_t, std::string>> open;  // depth and place
    std::size_t ifs = 0, endifs = 0;
    for (std::string line; std::getline(in, line);) {
        const std::size_t depth = line.find_first_not_of(' ');
        ASSERT_NE(depth, std::string::npos) << "an empty line";
        const std::string text = line.substr(depth);
        if (text.starts_with("! ")) continue;  // a comment
        // A route policy's lines are indented for the reader alone.
        const bool in_policy = !open.empty() && open.front().second == "route-policy";
        if (in_policy) {
            if (text == "end-policy") {
                open.clear();
                continue;
            }
            ifs += text.starts_with("if ") ? 1 : 0;
            endifs += text == "endif" ? 1 : 0;
            step(kIosXr, "route-policy", text);
            continue;
        }
        while (!open.empty() && open.back().first >= depth)
            open.pop_back();
        if (text == "!") continue;
        std::string place = step(kIosXr, open.empty() ? "" : open.back().second, text);
        open.emplace_back(depth, std::move(place));
    }
    EXPECT_EQ(ifs, endifs);
}

const std::vector<Statement> kJunos = {
    {"", "routing-options"},
    {"routing-options", "router-id A"},
    {"routing-options", "autonomous-system 1-4294967295"},
    {"routing-options", "validation"},
    {"routing-options / validation", "group *"},
    {"routing-options / validation / group", "max-sessions 1-63"},
    {"routing-options / validation / group", "session A"},
    {"routing-options / validation / group / session", "port 1-65535"},
    {"routing-options / validation / group / session", "preference 1-255"},
    {"routing-options / validation / group / session", "refresh-time 10-1800"},
    {"routing-options / validation / group / session", "hold-time 10-3600"},
    {"routing-options / validation / group / session", "record-lifetime 60-604800"},
    {"", "policy-options"},
    {"policy-options", "policy-statement *"},
    {"policy-options / policy-statement", "term *"},
    {"policy-options / policy-statement / term", "from"},
    {"policy-options / policy-statement / term / from", "protocol bgp"},
    {"policy-options / policy-statement / term / from", "validation-database invalid"},
    {"policy-options / policy-statement / term / from", "validation-database unknown"},
    {"policy-options / policy-statement / term / from", "validation-database valid"},
    {"policy-options / policy-statement / term", "then"},
    {"policy-options / policy-statement / term / then", "validation-state invalid"},
    {"policy-options / policy-statement / term / then", "validation-state unknown"},
    {"policy-options / policy-statement / term / then", "validation-state valid"},
    {"policy-options / policy-statement / term / then", "local-preference 0-4294967295"},
    {"policy-options / policy-statement / term / then", "reject"},
    {"policy-options / policy-statement / term / then", "next policy"},
    {"", "protocols"},
    {"protocols", "bgp"},
    {"protocols / bgp", "group *"},
    {"protocols / bgp / group", "type external"},
    {"protocols / bgp / group", "type internal"},
    {"protocols / bgp / group", "import *"},
    {"protocols / bgp / group", "neighbor A"},
    {"protocols / bgp / group / neighbor", "description …"},
    {"protocols / bgp / group / neighbor", "peer-as 1-4294967295"},
    {"protocols / bgp / group / neighbor", "family inet"},
    {"protocols / bgp / group / neighbor", "family inet6"},
    {"protocols / bgp / group / neighbor / family inet", "unicast"},
    {"protocols / bgp / group / neighbor / family", "unicast"},
};

void check_junos(const std::string& configuration) {
    std::vector<std::string> open = {""};
    std::string text;
    for (std::size_t i = 0; i < configuration.size(); ++i) {
        const char c = configuration[i];
        if (configuration.compare(i, 2, "/*") == 0) {
            i = configuration.find("*/", i) + 1;
        } else if (c == '{') {
            open.push_back(step(kJunos, open.back(), text));
            text.clear();
        } else if (c == ';') {
            step(kJunos, open.back(), text);
            text.clear();
        } else if (c == '}') {
            EXPECT_TRUE(words_of(text).empty()) << "\"" << text << "\" has no end";
            open.pop_back();
            ASSERT_FALSE(open.empty()) << "one brace too many";
            text.clear();
        } else {
            text += c == '\n' ? ' ' : c;
        }
    }
    EXPECT_EQ(open.size(), 1U) << "a brace is missing";
    // hold-time: at least twice the refresh-time.
    const auto value = [&](std::string_view key) {
        const auto at = configuration.find(key);
        return std::stol(configuration.substr(at + key.size()));
    };
    EXPECT_GE(value("hold-time "), 2 * value("refresh-time "));
}

RouterDescription border(RouterSystem system, InvalidRoutes invalid, std::size_t caches) {
    RouterDescription out;
    out.name = "santiago";
    out.system = system;
    out.id = *net::IpAddress::parse("192.0.2.1");
    out.as = 4'200'000'000;
    out.invalid = invalid;
    for (std::size_t i = 0; i < caches; ++i)
        out.caches.push_back({{net::IpAddress::v4(0xc0000210U + static_cast<std::uint32_t>(i)), 323}, 255});
    out.caches.back().address.address = *net::IpAddress::parse("2001:db8::20");
    out.neighbours = {{*net::IpAddress::parse("198.51.100.1"), 11340, "REUNA (Chile)"},
                      {*net::IpAddress::parse("2001:db8:1::1"), 4200000001, ""},
                      {*net::IpAddress::parse("192.0.2.2"), 4'200'000'000, "panama"},
                      {*net::IpAddress::parse("2001:db8::2"), 4'200'000'000, ""}};
    return out;
}

TEST(RouterGrammars, EveryStatementIsPublished) {
    for (const InvalidRoutes invalid : {InvalidRoutes::reject, InvalidRoutes::depreference})
        for (const std::size_t caches : {1U, 2U, 10U}) {
            const auto xr = router_configuration(border(RouterSystem::ios_xr, invalid, caches));
            ASSERT_TRUE(xr) << xr.error().text();
            check_ios_xr(*xr);
            const auto junos = router_configuration(border(RouterSystem::junos, invalid, caches));
            ASSERT_TRUE(junos) << junos.error().text();
            check_junos(*junos);
        }
    const auto most = router_configuration(border(RouterSystem::junos, InvalidRoutes::reject, 16));
    ASSERT_TRUE(most) << most.error().text();
    check_junos(*most);
}

TEST(RouterGrammars, MoreCachesThanARouterCanOrderAreRefused) {
    const auto xr = router_configuration(border(RouterSystem::ios_xr, InvalidRoutes::reject, 11));
    ASSERT_FALSE(xr);
    EXPECT_EQ(xr.error().where, "caches");
}

}  // namespace
}  // namespace quipu::rpki
