#include "services/measure/engine_clocks.h"

#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sstream>

#include "base/test_script.h"

namespace quipu::measure {
namespace {

// Conversations as text (scripts/clocks/*.txt), a line each; times are milliseconds:
//     points NAME…                 measure each other over ways of 10 ms and more, some a little longer back
//     clock NAME MS                its clock is ahead by so much from now on
//     drift NAME MS                and goes ahead by so much each minute
//     error MS                     both clocks of each pair together claim this error
//     longer FROM|* TO|* MS        the way takes so much longer than so far
//     silent FROM TO, heard FROM TO    nothing comes there any more; it comes again
//     kernel NAME free|disciplined, stepped NAME MS    what the point says of itself from the next minute on
//     minute [xN], minute-incomplete, later SECONDS    a minute is measured and comes in; time passes
//     until-wrong NAME MINUTES     within so many minutes its clock goes wrong
//     < wrong NAME MS|? CAUSE | right NAME | corrected NAME MS
//     = right | doubt NAME… | contradicted FROM TO | well FROM TO
// A change that is not written here is a failure.
class ClockScript {
  public:
    explicit ClockScript(const std::filesystem::path& path) : path_(path) {}
    void run() {
        run_script(path_, [&](const std::string& verb, std::istringstream& words, const std::string& line) {
            if (verb == "<") {
                ASSERT_FALSE(changes_.empty()) << "no change came";
                EXPECT_EQ(changes_.front(), line.substr(line.find_first_not_of(' ', 1)));
                changes_.erase(changes_.begin());
                return;
            }
            if (verb.starts_with("minute")) ASSERT_TRUE(changes_.empty()) << "not expected: " << changes_.front();
            std::string a, b;
            double ms = 0;
            if (verb == "points") {
                for (std::string name; words >> name;)
                    points_.push_back(name);
            } else if (verb == "clock" && words >> a >> ms) {
                ahead_[a] = ms;
            } else if (verb == "drift" && words >> a >> ms) {
                drift_[a] = ms;
            } else if (verb == "error" && words >> ms) {
                error_ = ms;
            } else if (verb == "longer" && words >> a >> b >> ms) {
                for (const auto& from : points_)
                    for (const auto& to : points_)
                        if ((a == "*" || a == from) && (b == "*" || b == to)) longer_[{from, to}] += ms;
            } else if (verb == "silent" && words >> a >> b) {
                silent_.insert({a, b});
            } else if (verb == "heard" && words >> a >> b) {
                silent_.erase({a, b});
            } else if (verb == "kernel" && words >> a >> b) {
                judge_.report({.site = a, .minute = now_, .disciplined = b == "disciplined"});
            } else if (verb == "stepped" && words >> a >> ms) {
                judge_.report({.site = a, .minute = now_, .disciplined = true, .step = ns(ms)});
            } else if (verb == "minute") {
                int times = 1;
                if (words >> a) times = std::stoi(a.substr(1));
                for (int i = 0; i < times; ++i)
                    minute();
            } else if (verb == "minute-incomplete") {
                minute();
            } else if (verb == "later") {
                int seconds = 0;
                words >> seconds;
                judge(now_ + std::chrono::minutes(1) + std::chrono::seconds(5 + seconds));
            } else if (verb == "until-wrong") {
                int minutes = 0;
                words >> a >> minutes;
                while (changes_.empty() && minutes-- > 0)
                    minute();
                ASSERT_FALSE(changes_.empty());
                EXPECT_TRUE(changes_.front().starts_with("wrong " + a)) << changes_.front();
                changes_.clear();
            } else if (verb == "=" && words >> a) {
                state(a, words);
            } else {
                FAIL() << "what is " << line << "?";
            }
        });
        if (testing::Test::HasFatalFailure()) return;
        ASSERT_TRUE(changes_.empty()) << "not expected: " << changes_.front();
    }

  private:
    static std::int64_t ns(double ms) { return static_cast<std::int64_t>(ms * 1e6); }
    void minute() {
        now_ += std::chrono::minutes(1);
        const Time arrives = now_ + std::chrono::seconds(65);
        for (const auto& [name, by] : drift_)
            ahead_[name] += by;
        for (std::size_t i = 0; i < points_.size(); ++i)
            for (std::size_t k = 0; k < points_.size(); ++k) {
                if (i == k || silent_.contains({points_[i], points_[k]})) continue;
                const double way = 10 + static_cast<double>(i + k) + (i < k ? 0.4 : 0);
                const double median = way + longer_[{points_[i], points_[k]}] + ahead_[points_[k]] - ahead_[points_[i]];
                judge_.add({.from = points_[i],
                            .to = points_[k],
                            .minute = now_,
                            .received = 90,
                            .median = ns(median),
                            .clock_error = ns(error_)},
                           arrives);
                // Each time that something comes it is looked at.
                judge(arrives);
            }
        // The first minute does not know how much is to come.
        judge(silent_.empty() ? arrives + std::chrono::seconds(20) : arrives);
    }
    void judge(Time now) {
        for (const ClockChange& change : judge_.judge(now)) {
            const std::string by =
                change.fault.by ? fmt::format("{:.0f}", static_cast<double>(*change.fault.by) / 1e6) : "?";
            switch (change.what) {
                case ClockChange::What::went_wrong:
                    changes_.push_back(fmt::format("wrong {} {} {}", change.site, by, enum_name(change.fault.cause)));
                    break;
                case ClockChange::What::right_again: changes_.push_back("right " + change.site); break;
                case ClockChange::What::corrected:
                    changes_.push_back(fmt::format("corrected {} {}", change.site, by));
                    break;
            }
        }
    }
    void state(const std::string& what, std::istringstream& words) {
        std::string a, b;
        if (what == "right") {
            EXPECT_TRUE(judge_.faults().empty());
        } else if (what == "doubt") {
            std::set<std::string, std::less<>> expected;
            while (words >> a)
                expected.insert(a);
            EXPECT_EQ(judge_.in_doubt(), expected);
        } else {
            words >> a >> b;
            EXPECT_EQ(judge_.contradicted(a, b, now_), what == "contradicted");
        }
    }

    std::filesystem::path path_;
    ClockJudge judge_;
    Time now_ = *parse_time("2011-11-21T12:00:00Z");
    std::vector<std::string> points_, changes_;
    std::map<std::string, double> ahead_, drift_;
    std::map<std::pair<std::string, std::string>, double> longer_;
    std::set<std::pair<std::string, std::string>> silent_;
    double error_ = 0.01;
};

TEST(ClockJudge, FollowsTheScripts) {
    int scripts = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(QUIPU_SOURCE_DIR "/src/services/measure/scripts/clocks")) {
        ClockScript(entry.path()).run();
        ++scripts;
    }
    EXPECT_GE(scripts, 12);
}

}  // namespace
}  // namespace quipu::measure
