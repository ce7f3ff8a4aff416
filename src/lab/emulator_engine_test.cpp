#include "lab/emulator_engine.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

namespace quipu::lab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

std::string_view reason_name(DropReason reason) {
    constexpr std::array<std::string_view, kDropReasons> kNames{"none", "down", "lost", "queue", "memory", "interface"};
    return kNames[static_cast<std::size_t>(reason)];
}

// A conversation, as text:
//     set WORDS…            change the direction, as on the command line
//     TIME > NAME OCTETS    a frame arrives
//     TIME < NAME           expected: it leaves
//     TIME ! NAME REASON    expected: it is dropped
class Conversation {
  public:
    void run(const std::filesystem::path& script) {
        std::ifstream in(script);
        ASSERT_TRUE(in) << script;
        for (std::string line; std::getline(in, line);) {
            std::istringstream stream(line.substr(0, line.find('#')));
            std::vector<std::string> words;
            for (std::string word; stream >> word;)
                words.push_back(word);
            if (words.empty()) continue;
            ASSERT_NO_FATAL_FAILURE(step(words)) << script.filename() << ": " << line;
        }
        std::ranges::sort(expected_);
        std::ranges::sort(actual_);
        EXPECT_EQ(actual_, expected_) << script.filename();
    }

  private:
    void step(const std::vector<std::string>& words) {
        if (words[0] == "set") {
            const auto change = parse_change(std::span(words).subspan(1));
            ASSERT_TRUE(change) << change.error().text();
            return engine_.set(changed(engine_.impairment(), *change));
        }
        ASSERT_GE(words.size(), 3U);
        const auto time = parse_duration(words[0]);
        ASSERT_TRUE(time) << time.error().text();
        if (words[1] == ">") return arrive(Monotonic(*time), words[2], std::stoul(words.at(3)));
        const std::string what = words[1] == "<" ? "leaves" : words.at(3);
        expected_.emplace_back(time->count(), words[2], what);
    }
    void arrive(Monotonic time, const std::string& name, std::size_t octets) {
        const Verdict verdict = engine_.offer(time, octets);
        for (std::size_t i = 0; i < verdict.count; ++i)
            actual_.emplace_back(verdict.departures[i].time_since_epoch().count(), name, "leaves");
        if (verdict.count == 0)
            actual_.emplace_back(time.time_since_epoch().count(), name, reason_name(verdict.dropped));
    }

    DirectionEngine engine_{Impairment{}, Rng(1)};
    std::vector<std::tuple<std::int64_t, std::string, std::string>> expected_, actual_;
};

TEST(EmulatorEngine, Conversations) {
    std::size_t scripts = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(QUIPU_SOURCE_DIR) / "src/lab/conversations")) {
        Conversation().run(entry.path());
        ++scripts;
    }
    EXPECT_GE(scripts, 5U);
}

Impairment random_impairment(Rng& rng) {
    Impairment impairment;
    impairment.down = rng.below(8) == 0;
    impairment.delay = microseconds(rng.below(50'000));
    if (rng.below(2) == 0) impairment.jitter = microseconds(rng.below(5'000));
    if (rng.below(2) == 0) impairment.loss = rng.uniform() / 4;
    if (rng.below(4) == 0) impairment.duplicate = rng.uniform() / 4;
    if (rng.below(4) == 0) impairment.reorder = rng.uniform() / 4;
    if (rng.below(2) == 0) impairment.rate = Bandwidth{static_cast<std::int64_t>(100'000 + rng.below(100'000'000))};
    return impairment;
}

// Whatever is imposed: each frame either leaves once or twice or is dropped for a reason, never before it arrived, and
// in order as long as no reordering was asked for and nothing changed.
TEST(EmulatorEngine, EachFrameLeavesOrIsDroppedForAReason) {
    Rng rng(20111128);
    for (int round = 0; round < 200; ++round) {
        const Impairment impairment = random_impairment(rng);
        DirectionEngine engine(impairment, Rng(rng.next()));
        Monotonic now{milliseconds(1)};
        Monotonic last{};
        for (int i = 0; i < 500; ++i) {
            now += microseconds(rng.below(2'000));
            const Verdict verdict = engine.offer(now, 60 + rng.below(1455));
            ASSERT_EQ(verdict.count == 0, verdict.dropped != DropReason::none);
            if (impairment.down) {
                ASSERT_EQ(verdict.dropped, DropReason::down);
            }
            for (std::size_t d = 0; d < verdict.count; ++d) {
                ASSERT_GE(verdict.departures[d], now);
                if (impairment.reorder > 0) continue;
                ASSERT_GE(verdict.departures[d], last);
                last = verdict.departures[d];
            }
        }
    }
}

TEST(EmulatorEngine, LossAndDuplicationComeAsOftenAsAsked) {
    constexpr int kFrames = 100'000;
    Impairment impairment;
    impairment.loss = 0.1;
    impairment.duplicate = 0.02;
    DirectionEngine engine(impairment, Rng(7));
    int lost = 0, doubled = 0;
    for (int i = 0; i < kFrames; ++i) {
        const Verdict verdict = engine.offer(Monotonic(milliseconds(i)), 100);
        lost += verdict.count == 0 ? 1 : 0;
        doubled += verdict.count == 2 ? 1 : 0;
    }
    const auto within_four_deviations = [](int count, double n, double p) {
        return std::abs(count - n * p) < 4 * std::sqrt(n * p * (1 - p));
    };
    EXPECT_TRUE(within_four_deviations(lost, kFrames, 0.1)) << lost;
    EXPECT_TRUE(within_four_deviations(doubled, kFrames - lost, 0.02)) << doubled;
}

TEST(EmulatorEngine, JitterIsNormalAroundTheDelay) {
    Impairment impairment;
    impairment.delay = milliseconds(20);
    impairment.jitter = milliseconds(2);
    DirectionEngine engine(impairment, Rng(3));
    std::vector<double> delays;
    for (int i = 0; i < 20'000; ++i) {  // frames far apart: none has to wait for the one before it
        const Monotonic arrival{milliseconds(100 * i)};
        const Verdict verdict = engine.offer(arrival, 100);
        delays.push_back(std::chrono::duration<double, std::milli>(verdict.departures[0] - arrival).count());
    }
    std::ranges::sort(delays);
    EXPECT_NEAR(delays[delays.size() / 2], 20, 0.1);
    EXPECT_NEAR(delays[delays.size() * 8413 / 10000], 22, 0.15);
    EXPECT_GE(delays.front(), 14);
    EXPECT_LE(delays.back(), 26);
}

TEST(EmulatorEngine, RateIsNeverExceeded) {
    Impairment impairment;
    impairment.rate = Bandwidth{10'000'000};
    DirectionEngine engine(impairment, Rng(5));
    Rng rng(6);
    std::size_t octets = 0;
    Monotonic now{}, last{};
    for (int i = 0; i < 10'000; ++i) {
        now += microseconds(rng.below(500));
        const std::size_t length = 60 + rng.below(1455);
        const Verdict verdict = engine.offer(now, length);
        if (verdict.count == 0) continue;
        octets += length;
        last = verdict.departures[0];
        ASSERT_LE(last - now, impairment.queue + milliseconds(2));
    }
    const double seconds = std::chrono::duration<double>(last.time_since_epoch()).count();
    EXPECT_LE(static_cast<double>(octets) * 8, 10e6 * seconds * 1.0001);
    EXPECT_GE(static_cast<double>(octets) * 8, 10e6 * seconds * 0.98);
}

}  // namespace
}  // namespace quipu::lab
