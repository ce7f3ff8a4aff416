#include "services/measure/throughput/proof.h"

#include <algorithm>
#include <map>
#include <optional>

namespace quipu::throughput {
namespace {

constexpr std::size_t kMostShown = 100;

struct Use {
    Time begin, end;
    std::int64_t test = 0;
    bool alone = false;  ///< its path was not known
};

/// Which tests held their place: those that neither were taken back before anybody knew of them nor never happened.
bool held(const ThroughputTest& test) {
    return test.handed_out || test.state == TestState::planned || test.state == TestState::done ||
           test.state == TestState::failed;
}

/// By their begins, each against the one that lasts longest so far: an overlap with any earlier one is one with that.
/// Of tests without a path and all others only those pairs count in which one has none.
void sweep(std::vector<Use>& uses, const std::string& kind, const std::string& object, bool measured,
           CalendarProof& out) {
    std::ranges::sort(uses, {}, [](const Use& use) { return std::pair(use.begin, use.test); });
    const bool mixed = kind == "unknown-path";
    std::optional<Use> longest, longest_alone;
    for (const Use& use : uses) {
        const auto& before = mixed && !use.alone ? longest_alone : longest;
        if (before) ++out.compared;
        if (before && before->end > use.begin) {
            out.kept = false;
            if (out.overlaps.size() < kMostShown)
                out.overlaps.push_back(
                    {before->test, use.test, kind, object, use.begin, std::min(before->end, use.end), measured});
        }
        if (!longest || use.end > longest->end) longest = use;
        if (use.alone && (!longest_alone || use.end > longest_alone->end)) longest_alone = use;
    }
}

void sweep_all(std::span<const HistoryEntry> history, bool measured, CalendarProof& out) {
    std::map<std::string, std::vector<Use>> points, links;
    std::vector<Use> everything;
    for (const auto& [test, began, ended] : history) {
        if (!held(test) || (measured && (!began || !ended))) continue;
        const Use use{measured ? *began : test.begins, measured ? *ended : test.until, test.id, !test.links};
        points[test.from].push_back(use);
        points[test.to].push_back(use);
        for (const std::string& link : test.links.value_or(std::vector<std::string>{}))
            links[link].push_back(use);
        everything.push_back(use);
        if (measured) {
            ++out.ran;
            continue;
        }
        ++out.tests;
        out.since = std::min(out.since.value_or(test.begins), test.begins);
        out.until = std::max(out.until.value_or(test.until), test.until);
    }
    for (auto& [id, uses] : points)
        sweep(uses, "point", id, measured, out);
    for (auto& [id, uses] : links)
        sweep(uses, "link", id, measured, out);
    if (std::ranges::any_of(everything, &Use::alone)) sweep(everything, "unknown-path", {}, measured, out);
    if (measured) return;
    out.points = static_cast<std::int64_t>(points.size());
    out.links = static_cast<std::int64_t>(links.size());
}

}  // namespace

CalendarProof prove(std::span<const HistoryEntry> history) {
    CalendarProof out;
    sweep_all(history, false, out);
    sweep_all(history, true, out);
    return out;
}

}  // namespace quipu::throughput
