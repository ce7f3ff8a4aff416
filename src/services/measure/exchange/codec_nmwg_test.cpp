#include "services/measure/exchange/codec_nmwg.h"

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace quipu::exchange {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string corpus(const std::string& name) {
    std::ifstream in(std::string(QUIPU_SOURCE_DIR) + "/src/services/measure/exchange/corpus/codec_nmwg/" + name);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

TEST(Nmwg, ChainsOfMetadataAreFollowed) {
    const auto request = parse_nmwg(corpus("setup_data"));
    ASSERT_TRUE(request) << request.error().text();
    EXPECT_EQ(request->type, NmwgType::setup_data);
    ASSERT_EQ(request->triggers.size(), 1U);
    const NmwgTrigger& trigger = request->triggers.front();
    EXPECT_EQ(trigger.id, "data1");
    EXPECT_EQ(trigger.metadata, "meta2");
    EXPECT_EQ(trigger.event_type, "http://ggf.org/ns/nmwg/tools/hades/");
    EXPECT_EQ(trigger.from, "santiago");
    EXPECT_EQ(trigger.to, "panama");
    EXPECT_EQ(format_time(*trigger.since), "2011-11-21T12:00:00Z");
    EXPECT_EQ(format_time(*trigger.until), "2011-11-21T12:05:00Z");
    const auto keys = parse_nmwg(corpus("metadata_key"));
    ASSERT_TRUE(keys) << keys.error().text();
    EXPECT_EQ(keys->triggers.front().from, "santiago");
    EXPECT_EQ(parse_nmwg(corpus("echo"))->type, NmwgType::echo);
}

TEST(Nmwg, WhatIsWrongIsSaid) {
    const auto refused = [](const std::string& inside, std::string_view type = "SetupDataRequest") {
        const auto parsed = parse_nmwg(
            fmt::format(R"(<nmwg:message xmlns:nmwg="http://ggf.org/ns/nmwg/base/2.0/" type="{}">{}</nmwg:message>)",
                        type, inside));
        return parsed ? std::string("taken") : parsed.error().text();
    };
    EXPECT_THAT(refused(""), HasSubstr("asks for nothing"));
    EXPECT_THAT(refused("", "MeasurementRequest"), HasSubstr("MeasurementRequest"));
    EXPECT_THAT(refused(R"(<nmwg:data id="d" metadataIdRef="x"/>)"), HasSubstr("x: no metadata has this id"));
    EXPECT_THAT(refused(R"(<nmwg:metadata id="a" metadataIdRef="b"/><nmwg:metadata id="b" metadataIdRef="a"/>)"
                        R"(<nmwg:data id="d" metadataIdRef="a"/>)"),
                HasSubstr("goes round"));
    EXPECT_THAT(refused(R"(<nmwg:metadata id="a"/><nmwg:metadata id="a"/>)"), HasSubstr("twice"));
    EXPECT_THAT(refused(R"(<nmwg:metadata id="a"><nmwg:parameters><nmwg:parameter name="startTime" value="noon"/>)"
                        R"(</nmwg:parameters></nmwg:metadata><nmwg:data id="d" metadataIdRef="a"/>)"),
                HasSubstr("a: a time is in seconds"));
    EXPECT_FALSE(parse_nmwg(corpus("entity")));
    EXPECT_EQ(parse_nmwg(std::string(70'000, ' ')).error().code, ErrorCode::too_large);
    EXPECT_THAT(write_nmwg_error("error.common.parse_error", parse_nmwg("<a>&lt;").error()), Not(HasSubstr("&lt;&")));
}

TEST(Nmwg, AnswersHaveHadesNames) {
    const auto request = parse_nmwg(corpus("setup_data"));
    HadesDatum datum{.time = *parse_time("2011-11-21T12:00:00Z"),
                     .min_delay = 0.0201,
                     .med_delay = 0.0204,
                     .max_delay = 0.031,
                     .med_ipdv_jitter = 3.7e-5,
                     .loss = 2,
                     .duplicates = 1,
                     .out_of_order = 3,
                     .sync = true,
                     .routeref = "4f2a<"};
    const std::string text =
        write_nmwg(*request, {{.trigger = request->triggers.data(), .pairs = {}, .datums = {datum}}});
    EXPECT_THAT(text, HasSubstr(R"(type="SetupDataResponse")"));
    EXPECT_THAT(text, HasSubstr(R"(<nmwg:data id="data1" metadataIdRef="meta2"><hades:datum time="1321876800")"
                                R"( min_delay="0.0201" med_delay="0.0204" max_delay="0.031" min_ipdv_jitter="NaN")"
                                R"( med_ipdv_jitter="3.7e-05" max_ipdv_jitter="NaN" loss="2" duplicates="1")"
                                R"( out_of_order="3" sync="yes" routeref="4f2a&lt;"/></nmwg:data>)"));
    const auto keys = parse_nmwg(corpus("metadata_key"));
    const std::string listed = write_nmwg(
        *keys, {{.trigger = keys->triggers.data(), .pairs = {{.from = "santiago", .to = "panama"}}, .datums = {}}});
    EXPECT_THAT(listed, HasSubstr(R"(<nmwg:metadata id="result1")"));
    EXPECT_THAT(listed, HasSubstr(R"(<nmwg:parameter name="sender" value="santiago"/>)"));
    EXPECT_THAT(listed, HasSubstr(R"(metadataIdRef="result1"/>)"));
}

}  // namespace
}  // namespace quipu::exchange
