#include "agent/engine_roster.h"

#include <gtest/gtest.h>

namespace quipu::agent {
namespace {

using namespace std::chrono_literals;

const Time kStart = parse_time("2011-11-07T12:00:00Z").value();

TEST(Roster, KnowsACertificateUntilItIsRevoked) {
    Roster roster;
    EXPECT_EQ(roster.agent_of("01").error().code, ErrorCode::unauthenticated);
    roster.enrol("santiago", "01", kStart);
    roster.add_certificate("santiago", "02");
    EXPECT_EQ(roster.agent_of("01").value(), "santiago");
    roster.revoke("santiago");
    EXPECT_EQ(roster.agent_of("01").error().code, ErrorCode::forbidden);
    EXPECT_EQ(roster.agent_of("02").error().code, ErrorCode::forbidden);
    roster.enrol("santiago", "03", kStart);
    EXPECT_EQ(roster.agent_of("03").value(), "santiago");
    EXPECT_EQ(roster.agent_of("01").error().code, ErrorCode::forbidden)
        << "a new enrolment must not revive an old certificate";
}

TEST(Roster, AnAgentConnectsOnceAndIsLostOnce) {
    Roster roster;
    roster.enrol("lima", "01", kStart);
    EXPECT_TRUE(roster.heard("lima", "10.0.0.2", {.version = "1"}, kStart).connected);
    EXPECT_FALSE(roster.heard("lima", "10.0.0.2", {.version = "1"}, kStart + 15s).connected);
    EXPECT_TRUE(roster.expire(kStart + 50s).empty());
    EXPECT_EQ(roster.expire(kStart + 15s + kLostAfter), std::vector<std::string>{"lima"});
    EXPECT_TRUE(roster.expire(kStart + 2h).empty());
    EXPECT_TRUE(roster.heard("lima", "10.0.0.2", {.version = "1"}, kStart + 3h).connected);
}

TEST(Roster, AClockThatStepsBackDoesNotKeepTheDeadAlive) {
    Roster roster;
    roster.enrol("lima", "01", kStart);
    roster.heard("lima", "10.0.0.2", {.version = "1"}, kStart);
    EXPECT_TRUE(roster.expire(kStart - 1h).empty());
    EXPECT_EQ(roster.expire(kStart - 1h + kLostAfter).size(), 1U);
}

TEST(Roster, ARevisionRisesOnlyWithTheWork) {
    Roster roster;
    roster.load({AgentInfo{.id = "lima"}, AgentInfo{.id = "santiago"}}, {}, 1000);
    std::map<std::string, Agents::Assign> parts{
        {"measure", [](const AgentInfo& agent) { return Value(agent.id + "'s work"); }}};
    EXPECT_TRUE(roster.reassign(parts, false));
    const std::int64_t before = roster.assignments("lima").revision;
    EXPECT_GT(before, 1000);
    EXPECT_FALSE(roster.reassign(parts, false));
    EXPECT_EQ(roster.assignments("lima").revision, before);
    parts["measure"] = [](const AgentInfo& agent) {
        return agent.id == "lima" ? Value("other") : Value(agent.id + "'s work");
    };
    EXPECT_TRUE(roster.reassign(parts, false));
    EXPECT_GT(roster.assignments("lima").revision, before);
    EXPECT_EQ(*roster.assignments("lima").parts.find("measure")->if_string(), "other");
}

TEST(Roster, WhatAServiceDoesNotKnowYetIsLeftToTheAgent) {
    Roster roster;
    roster.enrol("lima", "01", kStart);
    Value facts;
    facts.set("measure", Value());
    facts.set("compare", Value());
    roster.heard("lima", "a", {.version = "1", .facts = facts}, kStart);
    std::map<std::string, Agents::Assign> parts{{"measure", [](const AgentInfo&) { return std::nullopt; }}};
    const auto work = [&] { return to_json(roster.assignments("lima").parts); };
    EXPECT_TRUE(roster.reassign(parts, false));
    EXPECT_EQ(work(), "{}");
    EXPECT_TRUE(roster.reassign(parts, true));
    EXPECT_EQ(work(), R"({"compare":null})") << "no service has that part";
    parts["measure"] = [](const AgentInfo&) { return Value(); };
    EXPECT_TRUE(roster.reassign(parts, true));
    EXPECT_EQ(work(), R"({"measure":null,"compare":null})");
}

TEST(Roster, SaysWhenAnAgentSaysSomethingElse) {
    Roster roster;
    roster.enrol("lima", "01", kStart);
    Value facts;
    facts.set("measure", "10.0.0.1:8760");
    EXPECT_TRUE(roster.heard("lima", "a", {.version = "1", .facts = facts}, kStart).changed);
    EXPECT_FALSE(roster.heard("lima", "a", {.version = "1", .facts = facts}, kStart).changed);
    EXPECT_TRUE(roster.heard("lima", "a", {.version = "2", .facts = facts}, kStart).changed);
    EXPECT_TRUE(roster.heard("lima", "a", {.version = "2", .started = kStart, .facts = facts}, kStart).changed);
    EXPECT_EQ(roster.find("lima")->started, kStart);
}

}  // namespace
}  // namespace quipu::agent
