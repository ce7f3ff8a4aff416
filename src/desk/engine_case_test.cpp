#include "desk/engine_case.h"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>

#include "base/random.h"
#include "base/test_script.h"

namespace quipu::desk {
namespace {

// Conversations as text (scripts/*.txt), a line each:
//     calendar CL                            whose working time counts; `always` for every hour
//     > TIME open QUEUE PRIORITY             also: move STATE, answer, hear, close, reopen, merge, change QUEUE
//     PRIORITY,
//                                            look
//     < WHAT                                 what is expected of it, in this order: `conflict`, `answer STEP` and
//                                            `solution STEP` (escalations)
//     = state STATE | answer due TIME|none | answer done TIME | answer late|paused|well | solution … | look TIME|none
//       | closed TIME | reopened N           how it stands then
class Script {
  public:
    explicit Script(const std::filesystem::path& path) : path_(path) {}
    void run() {
        run_script(path_, [&](const std::string& verb, std::istringstream& words, const std::string& line) {
            if (verb == "calendar") {
                std::string country;
                words >> country;
                if (country == "always") return;
                auto zone = Zone::load(zone_of_country(country));
                ASSERT_TRUE(zone) << zone.error().text();
                business_ = Calendar(country, *zone, {}, std::make_shared<Holidays>());
            } else if (verb == ">") {
                ASSERT_TRUE(told_.empty()) << "not expected: " << told_.front();
                act(words);
            } else if (verb == "<") {
                ASSERT_FALSE(told_.empty()) << "nothing came";
                EXPECT_EQ(told_.front(), line.substr(line.find_first_not_of(' ', 1)));
                told_.erase(told_.begin());
            } else {
                check(line.substr(line.find_first_not_of(' ', 1)));
            }
        });
        if (testing::Test::HasFatalFailure()) return;
        ASSERT_TRUE(told_.empty()) << "not expected: " << told_.front();
    }

  private:
    void act(std::istringstream& words) {
        std::string time, what, first, second;
        words >> time >> what >> first >> second;
        now_ = *parse_time(time);
        const CaseEngine engine(promises_, business_);
        if (what == "open") progress_ = engine.open(*enum_value<Queue>(first), *enum_value<Priority>(second), now_);
        if (what == "move")
            if (const auto moved = engine.move(progress_, *enum_value<State>(first), now_); !moved)
                told_.emplace_back(name_of(moved.error().code));
        if (what == "answer") engine.answer(progress_, now_);
        if (what == "hear") engine.hear(progress_, now_);
        if (what == "close") engine.close(progress_, now_);
        if (what == "reopen") engine.reopen(progress_, now_);
        if (what == "merge") engine.merge(progress_, now_);
        if (what == "change") engine.change(progress_, *enum_value<Queue>(first), *enum_value<Priority>(second), now_);
        if (what == "look")
            for (const Escalation& each : engine.look(progress_, now_))
                told_.push_back(std::string(enum_name(each.clock)) + " " + std::to_string(each.step));
    }

    void check(const std::string& expected) {
        const CaseEngine engine(promises_, business_);
        std::vector<std::string> true_of;
        const auto say = [&](std::string what) { true_of.push_back(std::move(what)); };
        const auto time = [](const std::optional<Time>& at) { return at ? format_time(*at) : std::string("none"); };
        say("state " + std::string(enum_name(progress_.state)));
        for (const auto& [name, watch] : {std::pair("answer", &progress_.answer), {"solution", &progress_.solution}}) {
            const ServiceClock clock = CaseEngine::shown(*watch, now_);
            say(std::string(name) + " due " + time(clock.due));
            say(std::string(name) + " done " + time(clock.done));
            if (clock.late) say(std::string(name) + " late");
            if (clock.paused) say(std::string(name) + " paused");
            if (!clock.late && !clock.paused) say(std::string(name) + " well");
        }
        say("look " + time(engine.next_look(progress_)));
        say("closed " + time(progress_.closed));
        say("reopened " + std::to_string(progress_.reopened));
        if (std::ranges::find(true_of, expected) != true_of.end()) return;
        std::string all;
        for (const auto& each : true_of)
            all += "\n  " + each;
        ADD_FAILURE() << "it is:" << all;
    }

    std::filesystem::path path_;
    Promises promises_;
    Calendar business_;
    Progress progress_;
    Time now_{};
    std::vector<std::string> told_;
};

TEST(CaseEngine, Conversations) {
    if (!Zone::load("America/Santiago")) GTEST_SKIP() << "this system has no time zones (tzdata)";
    int scripts = 0;
    for (const auto& entry : std::filesystem::directory_iterator(QUIPU_SOURCE_DIR "/src/desk/scripts")) {
        Script(entry.path()).run();
        ++scripts;
    }
    EXPECT_GE(scripts, 5);
}

TEST(CaseEngine, EveryStateOfAQueueCanBeLeftAndReached) {
    for (const auto& [queue, name] : describe_enum(Queue{})) {
        const auto states = states_of(queue);
        for (const State state : states) {
            EXPECT_FALSE(steps_from(queue, state).empty()) << name << " " << enum_name(state);
            for (const State to : steps_from(queue, state))
                EXPECT_NE(std::ranges::find(states, to), states.end()) << name << " " << enum_name(to);
        }
        EXPECT_TRUE(steps_from(queue, State::merged).empty());
    }
}

/// Whatever happens in whatever order: a clock has not used more than has passed, what is done does not run, nothing
/// closed runs, and an escalation is told once.
TEST(CaseEngine, ClocksHoldWhateverHappens) {
    const Promises promises;
    const Calendar business;
    const CaseEngine engine(promises, business);
    Rng rng(7);
    for (int round = 0; round < 300; ++round) {
        Time now = *parse_time("2011-11-15T12:00:00Z");
        const Time opened = now;
        Progress progress = engine.open(static_cast<Queue>(rng.below(4)), static_cast<Priority>(rng.below(4)), now);
        std::int64_t answer_step = 0;
        for (int step = 0; step < 60; ++step) {
            now += std::chrono::minutes(rng.below(200));
            const bool same_promise = true;
            switch (rng.below(6)) {
                case 0: static_cast<void>(engine.move(progress, static_cast<State>(rng.below(7)), now)); break;
                case 1: engine.hear(progress, now); break;
                case 2: engine.close(progress, now); break;
                case 3: engine.reopen(progress, now); break;
                case 4: engine.answer(progress, now); break;
                default:
                    for (const Escalation& each : engine.look(progress, now)) {
                        if (each.clock != ClockName::answer) continue;
                        EXPECT_TRUE(same_promise && each.step > answer_step);
                        answer_step = each.step;
                    }
            }
            for (const Watch* watch : {&progress.answer, &progress.solution}) {
                EXPECT_LE(watch->used, now - opened);
                EXPECT_FALSE(watch->done && watch->since);
                EXPECT_EQ(watch->due.has_value(), watch->since && watch->promised.count() > 0);
            }
            if (progress.state == State::closed) EXPECT_TRUE(progress.closed && progress.solution.done);
            if (is_open(progress.state)) EXPECT_FALSE(progress.closed);
            if (progress.state == State::waiting) EXPECT_FALSE(progress.solution.since);
            const auto next = engine.next_look(progress);
            if (next && *next <= now) EXPECT_FALSE(engine.look(progress, now).empty());
        }
    }
}

}  // namespace
}  // namespace quipu::desk
