// Detectors over synthetic months and over recordings: what each sample costs, what is found, what is missed, how soon,
// and how many false alarms there are a month and series.
//
//     bench_detection [SERIES] [WEEKS]      synthetic: 5,000 series, four weeks
//     bench_detection --replay FILE.csv     records as `quipu --output csv measure records` prints them, nothing
//     planted
//     zcat bench/measure/lab.csv.gz | bench_detection --recording /dev/stdin [WEEKS]      what bench/measure/record.sh
//     has recorded, made into weeks (recording.h)
//
// A synthetic pair has a delay of 1 to 180 ms, jitter of its median, a clock that wanders within its error, strays, a
// little loss; a third of them queue every evening. After the first week each gets one planted change of delay for good
// and one episode of loss. What the detectors say about the first two days, in which they learn, is counted apart.

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include "base/random.h"
#include "measure/recording.h"
#include "measure/tally.h"
#include "services/measure/engine_events.h"
#include "services/measure/throughput/engine_changes.h"

using namespace quipu;
using namespace quipu::measure;
using namespace quipu::bench;

namespace {

constexpr int kDay = 1440;
constexpr int kLearning = 2 * kDay;
constexpr int kFoundWithin = 20;  // minutes

double normal(Rng& rng) {
    double sum = 0;
    for (int i = 0; i < 12; ++i)
        sum += rng.uniform();
    return sum - 6;
}

struct Series {
    double delay = 0, jitter = 0, strays = 0, loss = 0, evening = 0, peak = 20;
    double wander = 0;
    int changes_at = 0, loss_at = 0;
    double changes_by = 0, loses = 0;
    bool queues = false;
};

Series make(Rng& rng, int weeks) {
    Series s;
    s.delay = 1e6 * std::exp(rng.uniform() * std::log(180.0));
    s.jitter = 5e3 * std::exp(rng.uniform() * std::log(20.0));
    s.strays = rng.uniform() < 0.2 ? 0.01 * rng.uniform() : 0.0005;
    s.loss = rng.uniform() < 0.2 ? 0.01 * rng.uniform() : 0.0002;
    s.queues = rng.uniform() < 1.0 / 3;
    s.evening = s.queues ? 1e6 + 14e6 * rng.uniform() : 0;
    s.peak = 18 + 4 * rng.uniform();
    static constexpr std::array kSizes{0.5e6, 1e6, 2e6, 5e6, 10e6};
    const double size = kSizes[rng.below(kSizes.size())];
    s.changes_by = rng.uniform() < 0.5 && s.delay > 2 * size ? -size : size;
    const auto last = static_cast<std::uint64_t>(weeks * 7 * kDay - 7 * kDay - 2 * kDay);
    s.changes_at = 7 * kDay + static_cast<int>(rng.below(last));
    s.loss_at = 7 * kDay + static_cast<int>(rng.below(last));
    s.loses = 0.05 + 0.2 * rng.uniform();
    return s;
}

Sample minute_of_series(Series& s, Rng& rng, int minute) {
    const double hour = std::fmod(static_cast<double>(minute) / 60, 24);
    const double from_peak = std::abs(hour - s.peak);
    const double queue = from_peak < 3 ? s.evening * (0.5 + 0.5 * std::cos(from_peak / 3 * std::numbers::pi)) : 0;
    // Every evening is a little different.
    const double tonight = 0.8 + 0.4 * Rng(static_cast<std::uint64_t>(minute / kDay) * 7919 + 1).uniform();
    s.wander = std::clamp(s.wander + 2e3 * normal(rng), -80e3, 80e3);
    double median = s.delay + s.jitter * normal(rng) + queue * tonight + s.wander;
    if (queue > 0) median += 0.1 * queue * std::abs(normal(rng));
    if (rng.uniform() < s.strays) median += 20e6 * rng.uniform() * rng.uniform();
    if (minute >= s.changes_at) median += s.changes_by;
    const bool losing = minute >= s.loss_at && minute < s.loss_at + 60;
    Sample out{.minute = Time(std::chrono::minutes(minute)), .sent = 90, .clock_error = 100'000};
    std::int64_t run = 0;
    for (int i = 0; i < 90; ++i) {
        const bool lost = rng.uniform() < s.loss + (losing ? s.loses : 0);
        run = lost ? run + 1 : 0;
        out.loss_run = std::max(out.loss_run, run);
        out.received += lost ? 0 : 1;
    }
    out.median = static_cast<std::int64_t>(median);
    return out;
}

void synthetic(int series, int weeks) {
    std::map<double, Tally> sizes;
    std::map<bool, Tally> by_evening;
    Tally loss;
    int learning = 0, false_delay = 0, false_delay_evening = 0, false_loss = 0;
    double days = 0, evening_days = 0;
    for (int i = 0; i < series; ++i) {
        Rng rng(static_cast<std::uint64_t>(i) + 1);
        Series s = make(rng, weeks);
        Detector detector;
        bool found = false, loss_found = false;
        for (int minute = 1; minute < weeks * 7 * kDay; ++minute) {
            for (const PairEvent& event : detector.add(minute_of_series(s, rng, minute))) {
                const bool delay = event.what == PairChange::delay_rose || event.what == PairChange::delay_fell;
                const bool right = (event.what == PairChange::delay_rose) == (s.changes_by > 0);
                if (delay && !found && right && minute >= s.changes_at && minute < s.changes_at + kFoundWithin) {
                    found = true;
                    sizes[std::abs(s.changes_by)].minutes.push_back(minute - s.changes_at + 1);
                    by_evening[s.queues].minutes.push_back(minute - s.changes_at + 1);
                } else if (event.what == PairChange::loss_began && !loss_found && minute >= s.loss_at &&
                           minute < s.loss_at + kFoundWithin) {
                    loss_found = true;
                    loss.minutes.push_back(minute - s.loss_at + 1);
                } else if (minute < kLearning) {
                    ++learning;
                } else if (delay) {
                    ++(s.queues ? false_delay_evening : false_delay);
                } else if (event.what == PairChange::loss_began && (minute < s.loss_at || minute >= s.loss_at + 60)) {
                    ++false_loss;
                }
            }
        }
        ++sizes[std::abs(s.changes_by)].planted;
        ++by_evening[s.queues].planted;
        ++loss.planted;
        sizes[std::abs(s.changes_by)].found += found ? 1 : 0;
        by_evening[s.queues].found += found ? 1 : 0;
        loss.found += loss_found ? 1 : 0;
        (s.queues ? evening_days : days) += weeks * 7 - 2;
    }
    std::printf("%d series, %d weeks, a change and an episode of loss planted in each\n", series, weeks);
    for (auto& [size, tally] : sizes)
        print((std::to_string(size / 1e6).substr(0, 4) + " ms of delay").c_str(), tally);
    print("no evening queueing", by_evening[false]);
    print("queues every evening", by_evening[true]);
    print("loss of 5 to 25 %, an hour", loss);
    std::printf("  false alarms a month and series: delay %.4f (no queueing), %.4f (queues every evening); loss %.4f\n",
                30 * false_delay / std::max(days, 1.0), 30 * false_delay_evening / std::max(evening_days, 1.0),
                30 * false_loss / std::max(days + evening_days, 1.0));
    std::printf("  in the first two days, per series: %.2f\n", static_cast<double>(learning) / series);
}

void cost(int series) {
    std::vector<Detector> detectors(static_cast<std::size_t>(series));
    std::vector<Sample> samples;
    Rng rng(99);
    Series s = make(rng, 4);
    for (int minute = 1; minute <= kDay; ++minute)
        samples.push_back(minute_of_series(s, rng, minute));
    const auto begin = std::chrono::steady_clock::now();
    std::size_t events = 0;
    for (const Sample& sample : samples)
        for (Detector& detector : detectors)
            events += detector.add(sample).size();
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%d series: %.3f us a sample (%zu events), %zu octets a series\n", series,
                1e6 * took / (static_cast<double>(series) * static_cast<double>(samples.size())), events,
                sizeof(Detector));
}

/// What the regular tests of a pair carry, as a share of what it can.
enum class Varies {
    normally,  ///< by a normal distribution
    loaded,    ///< a third of the tests meet other traffic and lose up to `spread` twice over
    daily,     ///< the evening's test is slower by `spread`, the weekend's faster by half of it
    slowly,    ///< as the test before (0.7 of it is kept): other traffic lasts
};

/// Regular tests of throughput, four a day, half a year, 200 pairs: what they carry falls for good after the sixth
/// week, unless `keeps` is 1.
void throughput_tests(Varies varies, const char* how, double spread, double keeps) {
    constexpr int kTests = 4 * 7 * 26;
    constexpr int kFalls = 4 * 7 * 6;
    constexpr int kPairs = 200;
    constexpr int kWithin = 28;
    Tally tally;
    int alarms = 0;
    for (int pair = 0; pair < kPairs; ++pair) {
        Rng rng(static_cast<std::uint64_t>(pair) + 1);
        std::vector<throughput::ThroughputResult> results;
        std::optional<throughput::CarriedChange> told;
        bool found = false;
        double slow = 0;
        for (int test = 0; test < kTests; ++test) {
            const bool weekend = test / 4 % 7 >= 5;
            slow = 0.7 * slow + std::sqrt(1 - 0.49) * normal(rng);
            double share = 1;
            switch (varies) {
                case Varies::normally: share += spread * normal(rng); break;
                case Varies::loaded:
                    share += 0.02 * normal(rng) - (rng.uniform() < 1.0 / 3 ? 2 * spread * rng.uniform() : 0);
                    break;
                case Varies::daily:
                    share += 0.02 * normal(rng) - (test % 4 == 3 ? spread : 0) + (weekend ? spread / 2 : 0);
                    break;
                case Varies::slowly: share += spread * slow; break;
            }
            throughput::ThroughputResult result;
            result.start = Time(std::chrono::hours(6) * test);
            result.received_bps =
                static_cast<std::int64_t>(900e6 * (test < kFalls ? 1 : keeps) * std::max(0.05, share));
            results.push_back(std::move(result));
            const auto change = throughput::change_decided_by_last(results, told);
            if (!change) continue;
            std::erase_if(results, [&](const auto& each) { return each.start < change->since; });
            told = change;
            if (!found && keeps < 1 && test >= kFalls && test < kFalls + kWithin &&
                change->after_bps < change->before_bps) {
                found = true;
                tally.minutes.push_back(test - kFalls + 1);
            } else {
                ++alarms;
            }
        }
        ++tally.planted;
        tally.found += found ? 1 : 0;
    }
    char what[80];
    std::snprintf(what, sizeof what, "%s, %.0f %%, falls to %.0f %%", how, 100 * spread, 100 * keeps);
    if (keeps < 1)
        print(what, tally, "tests");
    else
        std::printf("  %s\n", what);
    std::printf("    other alarms a month and pair: %.4f\n", alarms / (kPairs * 26.0 * 7 / 30));
}

/// Columns by their names in the first line; one detector for each (from, to), or one for the file.
int replay(const char* path) {
    std::ifstream in(path);
    std::string line;
    if (!in || !std::getline(in, line)) {
        std::fprintf(stderr, "can't read %s\n", path);
        return 1;
    }
    const auto split = [](const std::string& text) {
        std::vector<std::string> out;
        std::istringstream words(text);
        for (std::string word; std::getline(words, word, ',');)
            out.push_back(word.ends_with('\r') ? word.substr(0, word.size() - 1) : word);
        return out;
    };
    std::map<std::string, std::size_t> columns;
    for (const auto& name : split(line))
        columns.emplace(name, columns.size());
    std::map<std::string, Detector> detectors;
    std::map<PairChange, int> seen;
    std::size_t minutes = 0;
    while (std::getline(in, line)) {
        const auto values = split(line);
        const auto text = [&](const char* name) {
            const auto at = columns.find(name);
            return at == columns.end() || at->second >= values.size() ? std::string() : values[at->second];
        };
        const auto number = [&](const char* name) { return std::atoll(text(name).c_str()); };
        const auto time = parse_time(text("time"));
        if (!time) continue;
        Sample sample{.minute = *time, .sent = number("sent"), .received = number("received")};
        sample.median = number("delay_median_us") * 1000;
        sample.clock_error = number("clock_error_us") * 1000;
        sample.ttl = number("ttl");
        sample.clock_wrong = text("delay_median_us").empty();
        ++minutes;
        for (const PairEvent& event : detectors[text("from") + "/" + text("to")].add(sample)) {
            ++seen[event.what];
            static constexpr const char* kNames[] = {"delay rose", "delay fell", "loss began", "loss ended"};
            std::printf("%s %s/%s %s %.3f -> %.3f\n", format_time(event.minute).c_str(), text("from").c_str(),
                        text("to").c_str(), kNames[static_cast<int>(event.what)],
                        event.before * (event.what <= PairChange::delay_fell ? 1e-6 : 100),
                        event.after * (event.what <= PairChange::delay_fell ? 1e-6 : 100));
        }
    }
    const double months = static_cast<double>(minutes) / (30 * kDay);
    const int alarms = seen[PairChange::delay_rose] + seen[PairChange::delay_fell] + seen[PairChange::loss_began];
    std::printf("%zu series, %zu minutes (%.3f months of one series): %d alarms\n", detectors.size(), minutes, months,
                alarms);
    return 0;
}

}  // namespace

int main(int count, char** words) {
    if (count == 3 && std::string(words[1]) == "--replay") return replay(words[2]);
    if (count >= 3 && std::string(words[1]) == "--recording")
        return replay_recording(words[2], count > 3 ? std::atoi(words[3]) : 4);
    const int series = count > 1 ? std::atoi(words[1]) : 5000;
    const int weeks = count > 2 ? std::atoi(words[2]) : 4;
    cost(5000);
    synthetic(series, weeks);
    std::printf("throughput, four tests a day, half a year\n");
    static constexpr std::array kVaries{std::pair(Varies::normally, "normally"), std::pair(Varies::loaded, "loaded"),
                                        std::pair(Varies::daily, "daily"), std::pair(Varies::slowly, "slowly")};
    for (const auto& [varies, how] : kVaries)
        for (const double spread : {0.05, 0.1, 0.2})
            for (const double keeps : {1.0, 0.8, 0.5})
                throughput_tests(varies, how, spread, keeps);
    return 0;
}
