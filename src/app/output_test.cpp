#include "app/output.h"

#include <gtest/gtest.h>

#include "app/progress.h"

namespace quipu::app {
namespace {

Value json(std::string_view text) {
    return *parse_json(text);
}

TEST(Output, TablesAlignAndNameUnits) {
    const Value items = json(R"([{"id":"santiago-panama","capacity":622080000,"delay_us":{"forward":20500},"pop":true},
                                 {"id":"bogotá","loss":0.0125,"n":7}])");
    EXPECT_EQ(format_list(items, OutputFormat::table),
              "ID                  CAPACITY  DELAY.FORWARD  POP    LOSS  N\n"
              "santiago-panama  622.08 Mb/s      20.500 ms  yes           \n"
              "bogotá                                            1.25 %  7\n");
}

TEST(Output, ChosenColumnsInTheirOrder) {
    EXPECT_EQ(format_list(json(R"([{"a":1,"b":"x"},{"a":20,"b":"y"}])"), OutputFormat::table, {.columns = {"b", "a"}}),
              "B   A\nx   1\ny  20\n");
    EXPECT_EQ(format_list(json("[]"), OutputFormat::table), "Nothing to show.\n");
}

TEST(Output, ObjectsAreListsOfNames) {
    EXPECT_EQ(format_object(json(R"({"name":"Quito","delay_min_us":1500,"none":null,"roles":["a","b"]})"),
                            OutputFormat::table),
              "NAME       Quito\nDELAY MIN  1.500 ms\nROLES      a b\n");
}

TEST(Output, CsvIsRfc4180) {
    EXPECT_EQ(format_list(json(R"([{"a":"x,y","b":"say \"hi\""},{"a":"two\nlines","c":1.5}])"), OutputFormat::csv),
              "a,b,c\r\n\"x,y\",\"say \"\"hi\"\"\",\r\n\"two\nlines\",,1.5\r\n");
}

TEST(Output, JsonIsTheValueItself) {
    EXPECT_EQ(format_list(json(R"([{"a":1}])"), OutputFormat::json), "[\n  {\n    \"a\": 1\n  }\n]\n");
}

TEST(Output, ControlCharactersDoNotReachTheTerminal) {
    EXPECT_EQ(format_list(json(R"([{"a":"x\u001b[2Jy"}])"), OutputFormat::table), "A\nx [2Jy\n");
}

TEST(Output, ColourOnlyWhenAskedFor) {
    const std::string text = format_list(json(R"([{"state":"down"}])"), OutputFormat::table, {.colour = true});
    EXPECT_NE(text.find("\x1b[31mdown\x1b[0m"), std::string::npos);
}

TEST(Progress, PlainLinesPerTenth) {
    ProgressText text("Import", 1000, false);
    EXPECT_EQ(text.step(0), "Import: 0 %\n");
    EXPECT_EQ(text.step(50), "");
    EXPECT_EQ(text.step(100), "Import: 10 %\n");
    EXPECT_EQ(text.step(5000), "Import: 100 %\n");
    EXPECT_EQ(text.finish("done"), "Import: done\n");
}

TEST(Progress, ABarOnATerminal) {
    ProgressText text("Import", 10, true);
    EXPECT_EQ(text.step(5),
              "\rImport ━━━━━━━━━━━━━━━─────────────── "
              " 50 %");
    EXPECT_EQ(text.step(5), "");
}

}  // namespace
}  // namespace quipu::app
