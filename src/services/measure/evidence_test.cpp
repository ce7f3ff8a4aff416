#include "services/measure/evidence.h"

#include <gtest/gtest.h>

#include "data/instants.h"
#include "data/test_archive.h"
#include "data/test_folder.h"

namespace quipu::measure {
namespace {

using namespace std::chrono_literals;

class EvidenceKept : public testing::Test {
  protected:
    void SetUp() override {
        database_ = std::move(data::Database::open("sqlite:" + (folder_ / "evidence.db")).value());
        ASSERT_TRUE(database_->migrate(kEvidenceMigrations));
        evidence_ = std::make_unique<EvidenceStore>(*database_, minutes_, points_);
    }
    void keep(Time minute) {
        const auto frozen = evidence_->gather("a", "b", "DelayRose", minute);
        ASSERT_TRUE(frozen);
        ASSERT_TRUE(database_->write([&](data::Transaction& all) { return EvidenceStore::keep(all, *frozen); }));
    }
    void run(const std::string& statement, const std::string& id, std::int64_t minute) {
        ASSERT_TRUE(database_->write([&](data::Transaction& all) -> Result<void> {
            TRY(all.run(statement, id, minute));
            return {};
        }));
    }
    bool is_complete(Time minute) {
        return evidence_->find(evidence_id("a", "b", "DelayRose", minute)).value().complete;
    }

    data::TestFolder folder_;
    std::unique_ptr<data::Database> database_;
    data::TestArchive archive_;
    ManualClock clock_{*parse_time("2011-11-21T12:00:00Z")};
    Store minutes_{archive_, clock_};
    PointStore points_{archive_};
    std::unique_ptr<EvidenceStore> evidence_;
};

TEST_F(EvidenceKept, OneThatCannotBeReadKeepsNoOtherWaiting) {
    const Time event = clock_.now();
    // More of them than are looked at together, and all of them older.
    for (int i = 0; i < 30; ++i)
        run("INSERT INTO measure_evidence (id, minute, complete, body) VALUES (?, ?, 0, '{damaged')",
            "damaged." + std::to_string(i), data::count_of(event - 2h));
    keep(event);
    EXPECT_FALSE(is_complete(event));
    EXPECT_FALSE(evidence_->complete(event + 1h)) << "what is wrong is told";
    // A day later they are given up, twenty at a time.
    const Time later = event + 26h;
    EXPECT_TRUE(evidence_->complete(later));
    EXPECT_TRUE(evidence_->complete(later));
    EXPECT_TRUE(is_complete(event));
    EXPECT_TRUE(evidence_->complete(later));
}

TEST_F(EvidenceKept, AFewBadOnesDelayNothing) {
    const Time event = clock_.now();
    run("INSERT INTO measure_evidence (id, minute, complete, body) VALUES (?, ?, 0, 'damaged')", "damaged",
        data::count_of(event - 2h));
    keep(event);
    EXPECT_FALSE(evidence_->complete(event + 1h));
    EXPECT_TRUE(is_complete(event));
}

TEST_F(EvidenceKept, GoesWhenItIsOld) {
    const Time event = clock_.now();
    keep(event);
    keep(event + 1h);
    ASSERT_TRUE(evidence_->forget(event + 1h));
    EXPECT_EQ(evidence_->find(evidence_id("a", "b", "DelayRose", event)).error().code, ErrorCode::not_found);
    EXPECT_TRUE(evidence_->find(evidence_id("a", "b", "DelayRose", event + 1h)));
}

TEST(PointStore, ABatchIsOneAppendAndKeepsWhatWasJudged) {
    data::TestArchive archive;
    PointStore points(archive);
    const Time first = *parse_time("2011-11-21T12:00:00Z");
    JudgedMinute judged{.minute = first + kMinute, .wrong = {}};
    judged.wrong["a"] = {.since = first, .cause = ClockCause::step, .by = 7'000};
    ASSERT_TRUE(points.mark(judged));
    std::vector<std::vector<std::uint8_t>> payloads;
    for (int i = 0; i < 20; ++i) {
        ByteWriter out;
        write_point(out, {.minute = first + kMinute * i, .covered = 60, .sent = i});
        payloads.push_back(out.take());
    }
    payloads[12] = {99};
    agent::StreamBatch batch{
        .agent = "a", .spool = "s", .stream = std::string(kPointStream), .first_sequence = 1, .payloads = {}};
    for (const auto& payload : payloads)
        batch.payloads.emplace_back(payload);
    const std::uint64_t before = archive.appends;
    std::uint64_t malformed = 0;
    const auto told = points.take(batch, malformed);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->size(), 19U);
    EXPECT_EQ(malformed, 1U);
    EXPECT_EQ(archive.appends - before, 2U) << "what can't be read leaves a gap";
    EXPECT_EQ(archive.high_water(kPointStream, "a/s").value(), 20U);
    const auto kept = points.read("a", first, first + 1h, 100).value();
    ASSERT_EQ(kept.size(), 19U);
    EXPECT_EQ(kept[1].wrong_by, 7'000);
    EXPECT_EQ(kept[1].record.sent, 1);
    EXPECT_EQ(kept[2].wrong, 0);
    EXPECT_EQ(points.wrong("a", first, first + 1h, kMinute).value(), std::vector<Time>{first + kMinute});
}

}  // namespace
}  // namespace quipu::measure
