#include "measure/recording.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <numbers>
#include <sstream>
#include <string>

#include "base/random.h"
#include "measure/tally.h"
#include "services/measure/engine_events.h"

namespace quipu::bench {
namespace {

using namespace quipu::measure;

constexpr int kDay = 1440;
constexpr int kWeek = 7 * kDay;
constexpr int kLearning = 2 * kDay;
constexpr int kFoundWithin = 20;  // minutes
constexpr std::size_t kBlock = 2;
constexpr int kRounds = 4;           // of each pair and kind
constexpr double kQueues = 500'000;  // ns above calm: the pair crosses a link that was filled
constexpr std::array kSteps{0.5e6, 1e6, 2e6, 5e6};

struct Minute {
    double delay = 0;  // ns; of the recording its distance from the calm median
    std::int64_t sent = 0, received = 0, clock_error = 0, ttl = 0;
};
struct Recorded {
    double calm_median = 0;
    std::map<std::string, std::vector<Minute>, std::less<>> phases;
};

double middle(std::vector<Minute> minutes) {
    std::ranges::sort(minutes, {}, &Minute::delay);
    return minutes[minutes.size() / 2].delay;
}

std::map<std::string, Recorded> read(const char* path) {
    std::map<std::string, Recorded> out;
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);  // phase,time,from,to,sent,received,delay_median_us,clock_error_us,ttl
    while (std::getline(in, line)) {
        std::istringstream words(line);
        std::array<std::string, 9> word;
        for (std::string& each : word)
            std::getline(words, each, ',');
        if (word[6].empty()) continue;  // nothing arrived
        const auto number = [&](std::size_t i) { return std::atoll(word[i].c_str()); };
        out[word[2] + "/" + word[3]].phases[word[0]].push_back({.delay = static_cast<double>(number(6)) * 1000,
                                                                .sent = number(4),
                                                                .received = number(5),
                                                                .clock_error = number(7) * 1000,
                                                                .ttl = number(8)});
    }
    std::erase_if(out, [](const auto& one) {
        const auto calm = one.second.phases.find("calm");
        return calm == one.second.phases.end() || calm->second.size() < 2 * kBlock;
    });
    for (auto& [pair, recorded] : out) {
        recorded.calm_median = middle(recorded.phases["calm"]);
        for (auto& [phase, minutes] : recorded.phases)
            for (Minute& minute : minutes)
                minute.delay -= recorded.calm_median;
    }
    return out;
}

/// Minutes of one phase, block after block.
class Blocks {
  public:
    explicit Blocks(const std::vector<Minute>& minutes) : minutes_(minutes) {}
    const Minute& next(Rng& rng) {
        if (left_ == 0) {
            at_ = rng.below(minutes_.size() - kBlock + 1);
            left_ = kBlock;
        }
        --left_;
        return minutes_[at_++];
    }

  private:
    const std::vector<Minute>& minutes_;
    std::size_t at_ = 0, left_ = 0;
};

enum class Kind : std::uint8_t { calm, evenings, losing };

struct Plan {
    int step_at, loss_at, way_at;
    double step;
};

struct Outcome {
    std::map<double, Tally> steps;
    Tally loss, way;
    int false_delay = 0, false_loss = 0, learning = 0;
    int series = 0;
    double days = 0;
};

bool queued(const Recorded& recorded) {
    const auto phase = recorded.phases.find("queues");
    return phase != recorded.phases.end() && phase->second.size() >= kBlock && middle(phase->second) >= kQueues;
}

/// How much of an evening's queue there is.
double of_evening(int minute, std::uint64_t seed) {
    const double from_peak = std::abs(std::fmod(static_cast<double>(minute) / 60, 24) - 20);
    if (from_peak >= 2) return 0;
    const double tonight = 0.8 + 0.4 * Rng(seed * 7919 + static_cast<std::uint64_t>(minute / kDay)).uniform();
    return tonight * (0.5 + 0.5 * std::cos(from_peak / 2 * std::numbers::pi));
}

void run(const Recorded& recorded, Kind kind, int weeks, std::uint64_t seed, Outcome& out) {
    Rng rng(seed);
    const auto at = [&](int week) { return week * kWeek + kDay + static_cast<int>(rng.below(4 * kDay)); };
    const Plan plan{at(1), at(2), at(3), kSteps[rng.below(kSteps.size())]};
    Blocks calm(recorded.phases.at(kind == Kind::losing ? "loses" : "calm"));
    Blocks queue(recorded.phases.at(kind == Kind::evenings ? "queues" : "calm"));
    Detector detector;
    bool step = false, loss = false, way = false;
    const auto within = [](int minute, int planted) { return minute >= planted && minute < planted + kFoundWithin; };
    for (int minute = 1; minute < weeks * kWeek; ++minute) {
        const double evening = kind == Kind::evenings ? of_evening(minute, seed) : 0;
        const Minute& drawn = evening > 0.05 ? queue.next(rng) : calm.next(rng);
        Sample sample{.minute = Time(std::chrono::minutes(minute)),
                      .sent = drawn.sent,
                      .received = drawn.received,
                      .clock_error = drawn.clock_error,
                      .ttl = drawn.ttl};
        double delay = recorded.calm_median + (evening > 0.05 ? evening : 1) * drawn.delay;
        if (minute >= plan.step_at) delay += plan.step;
        if (minute >= plan.way_at) {
            delay += 0.3e6;
            sample.ttl -= 1;
        }
        if (minute >= plan.loss_at && minute < plan.loss_at + 60)
            for (std::int64_t i = drawn.received; i > 0; --i)
                sample.received -= rng.uniform() < 0.1 ? 1 : 0;
        sample.median = static_cast<std::int64_t>(delay);
        for (const PairEvent& event : detector.add(sample)) {
            const bool rose = event.what == PairChange::delay_rose;
            const bool of_delay = rose || event.what == PairChange::delay_fell;
            if (rose && !step && within(minute, plan.step_at)) {
                step = true;
                out.steps[plan.step].minutes.push_back(minute - plan.step_at + 1);
            } else if (rose && !way && within(minute, plan.way_at)) {
                way = true;
                out.way.minutes.push_back(minute - plan.way_at + 1);
            } else if (event.what == PairChange::loss_began && !loss && within(minute, plan.loss_at)) {
                loss = true;
                out.loss.minutes.push_back(minute - plan.loss_at + 1);
            } else if (minute < kLearning) {
                ++out.learning;
            } else if (of_delay) {
                ++out.false_delay;
            } else if (event.what == PairChange::loss_began && (minute < plan.loss_at || minute >= plan.loss_at + 60)) {
                ++out.false_loss;
            }
        }
    }
    ++out.steps[plan.step].planted;
    out.steps[plan.step].found += step ? 1 : 0;
    ++out.loss.planted;
    out.loss.found += loss ? 1 : 0;
    ++out.way.planted;
    out.way.found += way ? 1 : 0;
    ++out.series;
    out.days += weeks * 7 - 2;
}

}  // namespace

int replay_recording(const char* path, int weeks) {
    const auto pairs = read(path);
    if (pairs.empty() || weeks < 4) {
        std::fprintf(stderr, "can't read a recording from %s, or fewer than four weeks are asked for\n", path);
        return 1;
    }
    static constexpr std::array<std::pair<Kind, const char*>, 3> kKinds{
        {{Kind::calm, "calm"}, {Kind::evenings, "evenings"}, {Kind::losing, "losing"}}};
    for (const auto& [kind, name] : kKinds) {
        Outcome result;
        std::uint64_t seed = 0;
        for (const auto& [pair, recorded] : pairs) {
            const auto phase = recorded.phases.find(kind == Kind::losing ? "loses" : "calm");
            if (phase == recorded.phases.end() || phase->second.size() < kBlock) continue;
            if (kind == Kind::evenings && !queued(recorded)) continue;
            for (int round = 0; round < kRounds; ++round)
                run(recorded, kind, weeks, ++seed, result);
        }
        std::printf("%s: %d series of %d weeks\n", name, result.series, weeks);
        for (auto& [size, tally] : result.steps)
            print((std::to_string(size / 1e6).substr(0, 4) + " ms of delay").c_str(), tally);
        print("an hour with 10 % of loss", result.loss);
        print("another way, 0.3 ms longer", result.way);
        std::printf(
            "  false alarms a month and series: delay %.4f, loss %.4f; in the first two days, per series: %.2f\n",
            30 * result.false_delay / std::max(result.days, 1.0), 30 * result.false_loss / std::max(result.days, 1.0),
            static_cast<double>(result.learning) / std::max(result.series, 1));
    }
    return 0;
}

}  // namespace quipu::bench
