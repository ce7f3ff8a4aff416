#include "services/measure/engine_statement.h"

#include <gmock/gmock.h>
#include <set>

#include "services/measure/words_statement.h"

namespace quipu::measure {
namespace {

using mail::Language;

Time start_of_test() {
    return *parse_time("2011-11-01T00:00:00Z");
}

/// An hour with this delay; the histogram holds it as often as packets came.
data::ArchiveRecord hour(int number, std::int64_t delay_ms, std::uint32_t lost = 0, std::int64_t error_ns = 1000) {
    MinuteRecord r{.from = "lima", .minute = start_of_test() + std::chrono::hours(number), .scheduled = 5400};
    r.received = 5400 - lost;
    const std::int64_t ns = delay_ms * 1'000'000;
    if (r.received > 0) {
        r.delay_min = r.delay_p05 = r.delay_p25 = r.delay_median = r.delay_p75 = r.delay_p95 = r.delay_p99 =
            r.delay_max = ns;
        r.ttl = 250;
        r.delays.add(ns, r.received);
    }
    r.clock_error = static_cast<std::int64_t>(error_ns);
    return to_archive("lima/panama", r, 0);
}

StatedWay way_of(const std::vector<data::ArchiveRecord>& hours, const std::vector<data::ArchiveRecord>& before = {},
                 std::optional<std::int64_t> floor = 20'000) {
    return state_way("lima", "panama", {.hours = hours, .before = before, .floor_us = floor}, Profiles{});
}

TEST(StatedWay, KnowsWhenItWasSlowerThanUsual) {
    std::vector<data::ArchiveRecord> before, hours;
    for (int i = -48; i < 0; ++i)
        before.push_back(hour(i, 30));
    for (int i = 0; i < 48; ++i)
        hours.push_back(hour(i, i == 5 ? 40 : i >= 20 && i < 23 ? 45 : 30, i == 30 ? 540 : 0));
    const StatedWay way = way_of(hours, before);
    EXPECT_EQ(way.usual_us, 30'000);
    // Percentiles of many hours are as fine as the histogram's buckets.
    EXPECT_NEAR(static_cast<double>(*way.above_usual_us), 0, 250);
    EXPECT_NEAR(static_cast<double>(*way.above_floor_us), 10'000, 250);
    EXPECT_EQ(way.slow_hours, 4);
    ASSERT_TRUE(way.slowest);
    EXPECT_EQ(way.slowest->begin, start_of_test() + std::chrono::hours(20));
    EXPECT_EQ(way.slowest->end, start_of_test() + std::chrono::hours(23));
    EXPECT_EQ(way.slowest->delay_median_us, 45'000);
    ASSERT_TRUE(way.lossiest);
    EXPECT_DOUBLE_EQ(way.lossiest->loss, 0.1);
    EXPECT_EQ(way.quality.bulk, Verdict::poor);
}

TEST(StatedWay, ClaimsNothingThatTheClocksCanNotShow) {
    std::vector<data::ArchiveRecord> before, hours;
    for (int i = -24; i < 0; ++i)
        before.push_back(hour(i, 30, 0, 12'000'000));
    for (int i = 0; i < 24; ++i)
        hours.push_back(hour(i, i < 6 ? 40 : 30, 0, 12'000'000));
    const StatedWay way = way_of(hours, before);
    EXPECT_EQ(way.slow_hours, 0);
    EXPECT_FALSE(way.slowest);
    EXPECT_EQ(*way.delay_median_us % 20'000, 0);
}

TEST(StatedWay, LeavesOutTheDelaysOfHoursWithAWrongClock) {
    std::vector<data::ArchiveRecord> before, hours;
    for (int i = -24; i < 0; ++i)
        before.push_back(hour(i, 30));
    for (int i = 0; i < 24; ++i)
        hours.push_back(hour(i, i < 16 ? 80 : 30, i == 2 ? 540 : 0));
    std::vector<Time> wrong;
    for (int i = 0; i < 16; ++i)
        wrong.push_back(hours[static_cast<std::size_t>(i)].time);
    const StatedWay way = state_way("lima", "panama", {.hours = hours, .before = before, .to_wrong = wrong}, {});
    EXPECT_EQ(way.clock_fault, std::vector<std::string>{"panama"});
    EXPECT_EQ(way.clock_fault_hours, 16);
    EXPECT_NEAR(static_cast<double>(*way.delay_median_us), 30'000, 250);
    EXPECT_EQ(way.slow_hours, 0);
    EXPECT_EQ(way.lost, 540);  // loss is no clock's
    EXPECT_FALSE(
        state_way("lima", "panama", {.hours = std::span(hours).first(3), .from_wrong = wrong}, {}).delay_median_us);
}

TEST(StatedWay, WithoutRecordsNothingIsKnown) {
    const StatedWay way = way_of({});
    EXPECT_EQ(way.sent, 0);
    EXPECT_FALSE(way.above_floor_us);
    EXPECT_EQ(way.quality, Quality{});
}

data::Event outage(std::string type, std::string cause, std::int64_t number, int minute) {
    data::Event out;
    out.time = start_of_test() + std::chrono::minutes(minute);
    out.type = std::move(type);
    out.subject = std::move(cause);
    out.body.set("outage", number);
    return out;
}

TEST(StatedOutages, AreThoseThatConcernPutTogether) {
    const std::vector<data::Event> events{
        outage("OutageEnded", "link:lima-panama", 1, 5),   outage("OutageBegan", "link:lima-panama", 2, 60),
        outage("OutageBegan", "link:quito-bogota", 3, 61), outage("OutageEnded", "link:lima-panama", 2, 90),
        outage("OutageBegan", "site:lima", 4, 100),
    };
    const auto all = outages_of(events, [](std::string_view cause) { return cause.find("lima") != std::string::npos; });
    ASSERT_EQ(all.size(), 3U);
    EXPECT_FALSE(all[0].began);
    EXPECT_EQ(*all[1].ended - *all[1].began, std::chrono::minutes(30));
    EXPECT_FALSE(all[2].ended);
}

Statement said(Language language, std::int64_t error_ns = 1000) {
    std::vector<data::ArchiveRecord> before, hours;
    for (int i = -24; i < 0; ++i)
        before.push_back(hour(i, 30, 0, error_ns));
    for (int i = 0; i < 24; ++i)
        hours.push_back(hour(i, i == 5 ? 62 : 30, i == 7 ? 600 : 0, error_ns));
    Statement out{.organisation = "raap", .name = "RAAP"};
    out.since = start_of_test();
    out.until = start_of_test() + std::chrono::days(1);
    out.destinations.push_back({.from = "lima",
                                .to = "panama",
                                .from_name = "Lima",
                                .name = "Panamá",
                                .there = way_of(hours, before),
                                .back = way_of(hours),
                                .sentences = {}});
    out.destinations[0].back.from = "panama";
    out.destinations[0].back.to = "lima";
    out.destinations.push_back({.from = "lima",
                                .to = "quito",
                                .from_name = "Lima",
                                .name = "Quito",
                                .there = {},
                                .back = {},
                                .sentences = {}});
    out.outages = {
        {.began = out.since, .ended = out.since + std::chrono::hours(3), .cause = "link:lima-panama", .sentence = {}},
        {.began = out.since, .ended = {}, .cause = "site:lima", .sentence = {}},
        {.began = {}, .ended = out.since, .cause = "point:lima", .sentence = {}}};
    const auto done = put_into_words(out, language, Zone(),
                                     {.site = [](const std::string& id) { return id == "lima" ? "Lima" : "Panamá"; },
                                      .link = [](const std::string&) { return "Lima–Panamá"; },
                                      .above = "RedCLARA"});
    EXPECT_TRUE(done);
    return out;
}

TEST(StatementWords, AreWholeSentencesInEachLanguage) {
    for (const auto& [language, name] : describe_enum(Language{})) {
        const Statement statement = said(language);
        EXPECT_EQ(statement.text.find("{{"), std::string::npos) << name;
        EXPECT_EQ(statement.text.find("  "), std::string::npos) << statement.text;
        EXPECT_EQ(statement.destinations[1].sentences.size(), 1U);
        for (const std::string& sentence : statement.summary)
            EXPECT_TRUE(sentence.ends_with('.')) << sentence;
    }
    EXPECT_THAT(
        said(Language::en).destinations[0].sentences,
        testing::ElementsAre(
            "As a rule a packet took 30.0 ms from Lima to Panamá and 30.0 ms on the way back.", "That is as usual.",
            "Light alone needs 20.0 ms along the shortest links; the network added up to 10.0 ms.",
            "Of 259,200 packets, 1,200 were lost (0.5 %).",
            "From Lima to Panamá it was slower than usual for one hour, most of all on 1 November 2011 from 05:00 "
            "to 06:00: 62.0 ms.",
            "From Lima to Panamá most was lost on 1 November 2011 from 07:00 to 08:00: up to 11 %.",
            "From Panamá to Lima it was slower than usual for one hour, most of all on 1 November 2011 from 05:00 "
            "to 06:00: 62.0 ms.",
            "From Panamá to Lima most was lost on 1 November 2011 from 07:00 to 08:00: up to 11 %.",
            "For voice and meetings the way was fair; for moving much data, poor."));
    EXPECT_EQ(said(Language::es).title,
              "Cómo estuvo la red para RAAP, del 1 de noviembre de 2011 al 1 de noviembre de 2011");
    EXPECT_EQ(said(Language::pt).outages[0].sentence,
              "O enlace Lima–Panamá falhou em 1 de novembro de 2011 às 00:00 e voltou a funcionar após 3 horas.");
}

TEST(StatementWords, ShowNoDelayFinerThanTheClocks) {
    const Statement statement = said(Language::en, 3'000'000);
    EXPECT_EQ(statement.destinations[0].sentences[0],
              "As a rule a packet took 30 ms from Lima to Panamá and 30 ms on the way back.");
    EXPECT_NE(statement.text.find("The clocks are right to within 3 ms"), std::string::npos) << statement.text;
    EXPECT_EQ(plain_delay(1'234'567'000, 0, Language::es), "1.234.567,0 ms");
    EXPECT_EQ(plain_delay(1'234'000, 0, Language::es), "1234,0 ms");
}

TEST(StatementWords, HaveEachTextInEachLanguageWithTheSameNames) {
    std::map<std::string_view, std::map<Language, std::set<std::string>>> names;
    for (const notify::Text& text : kStatementTexts)
        names[text.name][text.language] = notify::names_in(text.body, false);
    for (const auto& [name, languages] : names) {
        ASSERT_EQ(languages.size(), 3U) << name;
        EXPECT_EQ(languages.at(Language::es), languages.at(Language::en)) << name;
        EXPECT_EQ(languages.at(Language::pt), languages.at(Language::en)) << name;
    }
}

}  // namespace
}  // namespace quipu::measure
