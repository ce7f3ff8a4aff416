#include "agent/spool.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/batch.h"
#include "base/random.h"

namespace quipu::agent {
namespace {

namespace fs = std::filesystem;

class SpoolTest : public testing::Test {
  protected:
    SpoolTest() {
        std::string pattern = (fs::temp_directory_path() / "quipu-spool-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
    }
    ~SpoolTest() override { fs::remove_all(folder_); }

    std::unique_ptr<Spool> open(const SpoolLimits& limits = {}) {
        auto spool = Spool::open(folder_, limits, clock_);
        EXPECT_TRUE(spool) << spool.error().text();
        return std::move(*spool);
    }
    static void put(Spool& spool, const std::string& text, const std::string& stream = "measure.minute") {
        const auto done = spool.append(stream, as_bytes(text));
        ASSERT_TRUE(done) << done.error().text();
    }
    /// What would be sent now: "STREAM@FIRST: payload payload".
    static std::vector<std::string> peek(Spool& spool, std::size_t octets = 1 << 20) {
        std::vector<std::string> out;
        const auto outgoing = spool.next(octets, {});
        EXPECT_TRUE(outgoing) << outgoing.error().text();
        if (!*outgoing) return out;
        const auto batch = parse_batch((*outgoing)->bytes);
        EXPECT_TRUE(batch) << batch.error().text();
        for (const BatchStream& stream : batch->streams) {
            std::string line = fmt::format("{}@{}:", stream.stream, stream.first_sequence);
            for (const ByteSpan payload : stream.payloads)
                line += " " + std::string(as_text(payload));
            out.push_back(line);
        }
        return out;
    }
    std::string segment() const {
        for (const auto& entry : fs::directory_iterator(folder_ / "measure.minute"))
            return entry.path().string();
        return {};
    }

    fs::path folder_;
    ManualClock clock_{parse_time("2011-11-07T12:00:00Z").value()};
};

using Lines = std::vector<std::string>;

TEST_F(SpoolTest, OffersUntilAcknowledged) {
    auto spool = open();
    EXPECT_EQ(peek(*spool), Lines{});
    put(*spool, "a");
    put(*spool, "b");
    EXPECT_EQ(peek(*spool), Lines{"measure.minute@1: a b"});
    EXPECT_EQ(peek(*spool), Lines{"measure.minute@1: a b"});
    spool->acknowledge("measure.minute", 1);
    put(*spool, "c");
    EXPECT_EQ(peek(*spool), Lines{"measure.minute@2: b c"});
    spool->acknowledge("measure.minute", 3);
    EXPECT_EQ(peek(*spool), Lines{});
    EXPECT_EQ(spool->state().waiting, 0U);
}

TEST_F(SpoolTest, GoesOnWhereItWasAfterARestart) {
    std::string identity;
    {
        auto spool = open();
        identity = spool->identity();
        put(*spool, "a");
        put(*spool, "b");
        spool->acknowledge("measure.minute", 2);
    }
    auto spool = open();
    EXPECT_EQ(spool->identity(), identity);
    put(*spool, "c");
    // What was acknowledged may be offered again, but never under another number.
    EXPECT_EQ(peek(*spool), Lines{"measure.minute@1: a b c"});
}

TEST_F(SpoolTest, ATornTailIsCutAndTheRestKept) {
    {
        auto spool = open();
        put(*spool, "whole");
        put(*spool, "torn apart");
    }
    const auto size = fs::file_size(segment());
    for (std::uintmax_t cut = 1; cut < 18; ++cut) {
        fs::resize_file(segment(), size - cut);
        auto spool = open();
        EXPECT_EQ(peek(*spool), Lines{"measure.minute@1: whole"}) << cut;
        put(*spool, "torn apart");
        EXPECT_EQ(peek(*spool), Lines{"measure.minute@1: whole torn apart"}) << cut;
    }
}

TEST_F(SpoolTest, ADamagedRecordEndsTheSegment) {
    {
        auto spool = open();
        put(*spool, "good");
        put(*spool, "evil");
    }
    {
        std::fstream file(segment(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(-1, std::ios::end);
        file.put('L');
    }
    auto spool = open();
    EXPECT_EQ(peek(*spool), Lines{"measure.minute@1: good"});
}

TEST_F(SpoolTest, WhatADamagedSegmentLostKeepsItsNumbers) {
    const SpoolLimits limits{.segment_octets = 20};
    {
        const auto spool = open(limits);
        for (const std::string text : {"first", "second", "third", "fourth"})
            put(*spool, text);
    }
    // The second of two records in the first segment.
    std::fstream file(folder_ / "measure.minute" / "00000000000000000001.seg",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8 + 5 + 8);
    file.put('x');
    file.close();
    const auto spool = open(limits);
    EXPECT_EQ(peek(*spool), std::vector<std::string>{"measure.minute@1: first"});
    spool->acknowledge("measure.minute", 1);
    EXPECT_EQ(peek(*spool), std::vector<std::string>{"measure.minute@3: third fourth"});
    spool->acknowledge("measure.minute", 4);
    EXPECT_EQ(peek(*spool), std::vector<std::string>{});
}

// A point with 1,000 sessions, its hub away for an hour, its process ended in the middle of it.
TEST_F(SpoolTest, AnHourWithoutTheHubIsKeptAndGoesOutOnce) {
    constexpr std::uint64_t kSessions = 1000;
    constexpr std::uint64_t kMinutes = 60;
    const auto record = [](std::uint64_t minute, std::uint64_t session) {
        return fmt::format("{:>263}", fmt::format("{}/{}", minute, session));  // octets of a minute's record
    };
    auto spool = open();
    for (std::uint64_t minute = 0; minute < kMinutes; ++minute) {
        if (minute == kMinutes / 2) {
            spool.reset();
            spool = open();
        }
        for (std::uint64_t session = 0; session < kSessions; ++session)
            put(*spool, record(minute, session));
    }
    EXPECT_EQ(spool->state().dropped, 0U);
    EXPECT_EQ(spool->state().waiting, kSessions * kMinutes);
    EXPECT_LT(spool->state().octets, SpoolLimits().octets / 10) << "half a day of it has room";
    std::uint64_t got = 0;
    for (auto next = spool->next(kMaxBatchOctets / 2, {}); next && *next; next = spool->next(kMaxBatchOctets / 2, {})) {
        const auto batch = parse_batch((*next)->bytes);
        ASSERT_TRUE(batch);
        ASSERT_EQ(batch->streams.at(0).first_sequence, got + 1);
        for (const ByteSpan payload : batch->streams.at(0).payloads) {
            ASSERT_EQ(as_text(payload), record(got / kSessions, got % kSessions));
            ++got;
        }
        spool->acknowledge("measure.minute", got);
    }
    EXPECT_EQ(got, kSessions * kMinutes);
}

TEST_F(SpoolTest, BeyondItsBoundTheOldestGoAndRawBeforeSummaries) {
    auto spool = open({.octets = 2000, .segment_octets = 200});
    const std::string record(92, 'x');  // 100 octets with its frame
    for (int i = 0; i < 8; ++i)
        put(*spool, record, "measure.minute");
    for (int i = 0; i < 40; ++i)
        put(*spool, record, "capture.raw");
    EXPECT_LE(spool->state().octets, 2000U);
    auto lines = peek(*spool);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_TRUE(lines[1].starts_with("measure.minute@1: ")) << "a summary went before raw records";
    EXPECT_FALSE(lines[0].starts_with("capture.raw@1: "));
    for (int i = 0; i < 40; ++i)
        put(*spool, record, "measure.minute");
    EXPECT_LE(spool->state().octets, 2000U);
    EXPECT_GT(spool->state().dropped, 0U);
}

TEST_F(SpoolTest, WhatIsToldIsForgotten) {
    auto spool = open({.told_octets = 10});
    spool->tell("now", as_bytes("12345678"));
    spool->tell("now", as_bytes("abc"));
    EXPECT_EQ(peek(*spool), Lines{"now@0: abc"});
    EXPECT_EQ(peek(*spool), Lines{});
    spool->tell("now", as_bytes("x"));
    spool->forget_told();
    EXPECT_EQ(peek(*spool), Lines{});
}

TEST_F(SpoolTest, RefusedStreamsDoNotHoldUpOthers) {
    auto spool = open();
    put(*spool, "a", "one");
    put(*spool, "b", "two");
    const auto outgoing = spool->next(1000, {"one"});
    ASSERT_TRUE(outgoing && *outgoing);
    ASSERT_EQ((*outgoing)->last.size(), 1U);
    EXPECT_EQ((*outgoing)->last[0].first, "two");
}

TEST_F(SpoolTest, ASecondAgentIsToldWhoHoldsTheFolder) {
    auto spool = open();
    const auto second = Spool::open(folder_, {}, clock_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST_F(SpoolTest, AFullDiskIsAnErrorAndLeavesNoHalfRecord) {
    // RLIMIT_FSIZE stands for the full disk; a child takes it so that the test's own files are free.
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        auto spool = Spool::open(folder_, {}, clock_);
        const rlimit limit{1000, 1000};
        if (!spool || setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(2);
        int kept = 0;
        for (int i = 0; i < 100; ++i)
            if ((*spool)->append("measure.minute", as_bytes(std::string(92, 'x')))) ++kept;
        _exit(kept == 10 ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    auto spool = open();
    EXPECT_EQ(spool->state().waiting, 10U);
}

/// Whatever is appended, offered, lost on the way, acknowledged and reopened: the hub, which drops repeats by number,
/// ends up with every record once and in order.
TEST_F(SpoolTest, TheHubGetsEachRecordOnce) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        fs::remove_all(folder_);
        Rng rng(seed);
        const SpoolLimits limits{.segment_octets = 64 + rng.below(400)};
        auto spool = open(limits);
        std::vector<std::string> written;
        std::vector<std::string> hub;
        const auto exchange = [&](bool lose_reply) {
            const auto outgoing = spool->next(50 + rng.below(300), {});
            ASSERT_TRUE(outgoing);
            if (!*outgoing) return;
            const auto batch = parse_batch((*outgoing)->bytes);
            ASSERT_TRUE(batch);
            std::uint64_t sequence = batch->streams[0].first_sequence;
            ASSERT_LE(sequence, hub.size() + 1) << "a gap";
            for (const ByteSpan payload : batch->streams[0].payloads)
                if (sequence++ == hub.size() + 1) hub.emplace_back(as_text(payload));
            if (!lose_reply) spool->acknowledge("measure.minute", sequence - 1);
        };
        for (int step = 0; step < 300; ++step) {
            switch (rng.below(8)) {
                case 0:
                    spool.reset();
                    spool = open(limits);
                    break;
                case 1: exchange(true); break;
                case 2: exchange(false); break;
                default:
                    written.push_back(fmt::format("record {} {}", written.size(), std::string(rng.below(60), '.')));
                    put(*spool, written.back());
            }
        }
        while (hub.size() < written.size())
            exchange(false);
        EXPECT_EQ(hub, written) << "seed " << seed;
    }
}

}  // namespace
}  // namespace quipu::agent
