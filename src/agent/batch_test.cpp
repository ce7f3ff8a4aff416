#include "agent/batch.h"

#include <gtest/gtest.h>

namespace quipu::agent {
namespace {

std::vector<std::uint8_t> sample() {
    const std::string one = "first";
    const std::string two(300, 'x');
    Batch batch{
        .spool = "7f3a",
        .streams = {{.stream = "measure.minute", .first_sequence = 41, .payloads = {as_bytes(one), as_bytes(two)}},
                    {.stream = "measure.provisional", .first_sequence = 0, .payloads = {as_bytes(one)}}}};
    ByteWriter out;
    write_batch(out, batch);
    return out.take();
}

TEST(Batch, ReadsWhatItWrote) {
    const auto bytes = sample();
    const auto batch = parse_batch(bytes);
    ASSERT_TRUE(batch) << batch.error().text();
    EXPECT_EQ(batch->spool, "7f3a");
    ASSERT_EQ(batch->streams.size(), 2U);
    EXPECT_EQ(batch->streams[0].stream, "measure.minute");
    EXPECT_EQ(batch->streams[0].first_sequence, 41U);
    ASSERT_EQ(batch->streams[0].payloads.size(), 2U);
    EXPECT_EQ(as_text(batch->streams[0].payloads[0]), "first");
    EXPECT_EQ(batch->streams[0].payloads[1].size(), 300U);
    EXPECT_EQ(batch->streams[1].first_sequence, 0U);
}

TEST(Batch, EveryTruncationIsRefusedAndSaysWhere) {
    const auto bytes = sample();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto batch = parse_batch(ByteSpan(bytes).first(size));
        ASSERT_FALSE(batch) << size;
        EXPECT_EQ(batch.error().code, ErrorCode::invalid);
        EXPECT_TRUE(batch.error().where.starts_with("octet ")) << batch.error().text();
    }
}

TEST(Batch, RefusesWhatIsTooLargeOrFollows) {
    auto bytes = sample();
    bytes.push_back(0);
    EXPECT_FALSE(parse_batch(bytes));
    EXPECT_EQ(parse_batch(std::vector<std::uint8_t>(kMaxBatchOctets + 1)).error().code, ErrorCode::too_large);

    ByteWriter lying;
    lying.u32(0x51504231);
    lying.text("spool");
    lying.varint(1);
    lying.text("stream");
    lying.varint(1);
    lying.varint(std::uint64_t{1} << 40U);
    EXPECT_EQ(parse_batch(lying.span()).error().code, ErrorCode::invalid);
}

TEST(Batch, RefusesNamesThatCouldBecomePaths) {
    for (const char* name : {"", "../etc", "a b", "ñ"}) {
        ByteWriter out;
        write_batch(out, Batch{.spool = "s", .streams = {{.stream = name, .first_sequence = 1, .payloads = {}}}});
        EXPECT_FALSE(parse_batch(out.span())) << name;
    }
}

}  // namespace
}  // namespace quipu::agent
