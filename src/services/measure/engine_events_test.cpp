#include "services/measure/engine_events.h"

#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sstream>

#include "base/random.h"
#include "base/test_script.h"

namespace quipu::measure {
namespace {

// Conversations as text (scripts/events/*.txt), a line each:
//     > SENT RECEIVED MEDIAN_MS [xN] [run=N] [ttl=N] [absent]   the next minute (N of them)
//     < rose|fell|began|ended [BEFORE AFTER]    that event comes of it; delays in ms, losses in percent, whole numbers
//     = slow|lossy|level MS|well                how the pair is
// An event that is not written here is a failure.
class Script {
  public:
    explicit Script(const std::filesystem::path& path) : path_(path) {}
    void run() {
        run_script(path_, [&](const std::string& verb, std::istringstream& words, const std::string& line) {
            if (verb == ">") {
                ASSERT_TRUE(events_.empty()) << "not expected: " << events_.front();
                feed(words);
            } else if (verb == "<") {
                ASSERT_FALSE(events_.empty()) << "no event came";
                const std::string expected = line.substr(line.find_first_not_of(' ', 1));
                EXPECT_TRUE(events_.front().starts_with(expected)) << events_.front();
                events_.erase(events_.begin());
            } else {
                std::string what;
                words >> what;
                double level = 0;
                if (what == "slow") EXPECT_TRUE(detector_.slow());
                if (what == "lossy") EXPECT_TRUE(detector_.lossy());
                if (what == "well") EXPECT_FALSE(detector_.lossy() || detector_.slow());
                if (what == "level" && words >> level)
                    EXPECT_NEAR(static_cast<double>(detector_.level().value_or(0)) / 1e6, level, 0.1);
            }
        });
        if (testing::Test::HasFatalFailure()) return;
        ASSERT_TRUE(events_.empty()) << "not expected: " << events_.front();
    }

  private:
    void feed(std::istringstream& words) {
        Sample sample;
        double median = 0;
        int times = 1;
        words >> sample.sent >> sample.received >> median;
        for (std::string word; words >> word;) {
            if (word[0] == 'x') times = std::stoi(word.substr(1));
            if (word == "absent") sample.sender_absent = true;
            if (word.starts_with("ttl=")) sample.ttl = std::stoi(word.substr(4));
            if (word.starts_with("run=")) sample.loss_run = std::stoi(word.substr(4));
        }
        sample.median = static_cast<std::int64_t>(median * 1e6);
        for (int i = 0; i < times; ++i) {
            now_ += std::chrono::minutes(1);
            sample.minute = now_;
            for (const auto& event : detector_.add(sample)) {
                const bool delay = event.what == PairChange::delay_rose || event.what == PairChange::delay_fell;
                static constexpr std::string_view kNames[] = {"rose", "fell", "began", "ended"};
                const double scale = delay ? 1e-6 : 100;
                events_.push_back(fmt::format("{} {:.0f} {:.0f}", kNames[static_cast<int>(event.what)],
                                              event.before * scale, event.after * scale));
            }
        }
    }

    std::filesystem::path path_;
    Detector detector_;
    Time now_ = *parse_time("2011-11-21T12:00:00Z");
    std::vector<std::string> events_;
};

TEST(Detector, FollowsTheScripts) {
    int scripts = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(QUIPU_SOURCE_DIR "/src/services/measure/scripts/events")) {
        Script(entry.path()).run();
        ++scripts;
    }
    EXPECT_GE(scripts, 5);
}

// A pair that loses one packet in a hundred and wanders by a few per cent of a millisecond is not news for a day.
TEST(Detector, IsSilentAboutASteadyPair) {
    int events = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Rng rng(seed);
        Detector detector;
        for (int minute = 1; minute <= 24 * 60; ++minute) {
            Sample sample{.minute = Time(std::chrono::minutes(minute)), .sent = 90, .received = 90};
            for (int i = 0; i < 90; ++i)
                if (rng.uniform() < 0.005) --sample.received;
            sample.median = 20'000'000 + static_cast<std::int64_t>(rng.uniform() * 60'000);
            events += static_cast<int>(detector.add(sample).size());
        }
    }
    EXPECT_EQ(events, 0);
}

TEST(Detector, KnowsWhatIsUsualFromALongerPast) {
    Detector detector;
    detector.set_usual(20'000'000);
    for (int minute = 1; minute <= 2; ++minute)
        detector.add({.minute = Time(std::chrono::minutes(minute)), .sent = 90, .received = 90, .median = 40'000'000});
    EXPECT_TRUE(detector.slow());
}

}  // namespace
}  // namespace quipu::measure
