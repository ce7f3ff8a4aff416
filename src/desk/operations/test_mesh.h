#pragma once
// A mesh of measurement points on a network whose links fail by a script, and what its receivers would report: packets
// by a Poisson schedule, routing that takes some seconds to notice, running minutes every ten seconds and whole ones
// when they are over.

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "desk/operations/engine_outages.h"

namespace quipu::operations {

struct TestLink {
    const char* id;
    const char* a;
    const char* b;
    std::uint64_t km;
};

/// RedCLARA's backbone in November 2011.
inline const std::vector<TestLink> kRedClara = {
    {"bogota-caracas", "bogota", "caracas", 1330},
    {"bogota-panama", "bogota", "panama", 1000},
    {"buenos-aires-montevideo", "buenos-aires", "montevideo", 270},
    {"buenos-aires-santiago", "buenos-aires", "santiago", 1480},
    {"caracas-panama", "caracas", "panama", 1810},
    {"guayaquil-lima", "guayaquil", "lima", 1480},
    {"guayaquil-panama", "guayaquil", "panama", 1620},
    {"lima-santiago", "lima", "santiago", 3210},
    {"panama-guatemala", "guatemala", "panama", 1760},
    {"panama-san-jose", "panama", "san-jose", 660},
    {"panama-san-salvador", "panama", "san-salvador", 1530},
    {"panama-tijuana", "panama", "tijuana", 6050},
    {"santiago-panama", "panama", "santiago", 6250},
    {"santiago-sao-paulo", "santiago", "sao-paulo", 3360},
    {"sao-paulo-buenos-aires", "buenos-aires", "sao-paulo", 2180},
    {"sao-paulo-miami", "miami", "sao-paulo", 8540},
    {"sao-paulo-panama", "panama", "sao-paulo", 6610},
};

inline std::shared_ptr<const Topology> topology_of(const std::vector<TestLink>& list) {
    std::set<std::string> sites;
    for (const auto& link : list)
        sites.insert({link.a, link.b});
    std::vector<std::string> names(sites.begin(), sites.end()), links;
    std::vector<registry::Edge> edges;
    const auto number = [&](const char* site) {
        return static_cast<std::uint32_t>(std::ranges::lower_bound(names, site) - names.begin());
    };
    for (const auto& link : list) {
        links.emplace_back(link.id);
        edges.push_back({number(link.a), number(link.b), link.km * 1000});
    }
    return std::make_shared<const Topology>(names, links, edges);
}

class TestMesh {
  public:
    struct Told {
        Time at{};  ///< when the engine said it
        Finding finding;
    };
    std::uint64_t seed = 1;
    bool running = true;  ///< running minutes are reported too
    bool ttl = true;
    double loss = 0;           ///< of each packet by chance
    double missing_pairs = 0;  ///< that nobody measures
    Nanoseconds notices = std::chrono::milliseconds(5500);
    Nanoseconds returns = std::chrono::seconds(3);

    explicit TestMesh(const std::vector<TestLink>& links = kRedClara) : topology(topology_of(links)) {}

    const std::shared_ptr<const Topology> topology;
    const Time start = *parse_time("2011-11-21T12:00:00Z");

    void set(Part part, std::string_view object, Nanoseconds at, bool up) {
        changes_.push_back({start + at, *topology->find(part, object), up});
        std::ranges::sort(changes_, {}, &Change::at);
    }
    void down(std::string_view link, Nanoseconds at) { set(Part::link, link, at, false); }
    void up(std::string_view link, Nanoseconds at) { set(Part::link, link, at, true); }
    /// A point's agent is gone: it neither sends nor reports.
    void silence(std::string_view site, Nanoseconds at) { silenced_[std::string(site)] = start + at; }

    /// What the engine says until then.
    std::vector<Told> run(OutageEngine& engine, Nanoseconds length) {
        engine.set_topology(topology);
        make_epochs();
        std::vector<Told> out;
        const auto& sites = topology->sites();
        const auto seconds = static_cast<int>(length / std::chrono::seconds(1));
        for (int second = 0; second < seconds; ++second) {
            const Time now = start + std::chrono::seconds(second);
            for (std::size_t to = 0; to < sites.size(); ++to) {
                const auto gone = silenced_.find(sites[to]);
                const bool mute = gone != silenced_.end() && gone->second <= now;
                if (gone != silenced_.end() && now - gone->second == std::chrono::seconds(45))
                    engine.set_agent(sites[to], false);
                if (mute) continue;
                if (running && second % 10 == static_cast<int>(to % 10) && second % 60 > 1)
                    for (std::size_t from = 0; from < sites.size(); ++from)
                        report(engine, from, to, now, std::chrono::floor<std::chrono::minutes>(now), false);
                if (second % 60 == 6 && second > 60)
                    for (std::size_t from = 0; from < sites.size(); ++from)
                        report(engine, from, to, now,
                               std::chrono::floor<std::chrono::minutes>(now) - std::chrono::minutes(1), true);
            }
            for (Finding& finding : engine.tick(now))
                out.push_back({now, std::move(finding)});
        }
        return out;
    }

  private:
    struct Change {
        Time at{};
        Fault fault;
        bool up = false;
    };

    /// What becomes of a pair's packets.
    struct Fate {
        bool passes = false;
        std::uint64_t metres = 0;
        std::int64_t hops = 0;
    };
    /// A time in which neither the network nor routing's view of it changes.
    struct Epoch {
        Time begin{};
        std::vector<Fate> fates;
    };

    void make_epochs() {
        std::set<Time> turns{Time{}};
        for (const Change& change : changes_)
            turns.insert({change.at, change.at + notices, change.at + returns});
        epochs_.clear();
        const auto sites = static_cast<std::uint32_t>(topology->sites().size());
        for (const Time turn : turns) {
            Epoch epoch{.begin = turn};
            const auto ways = topology->without(faults_at(turn, notices, returns));
            const auto truth = faults_at(turn, Nanoseconds(0), Nanoseconds(0));
            for (std::uint32_t a = 0; a < sites; ++a)
                for (std::uint32_t b = 0; b < sites; ++b) {
                    Fate fate;
                    if (a != b && ways->reach(a, b)) {
                        const auto links = ways->links(a, b), over = ways->sites(a, b);
                        fate = {std::ranges::none_of(truth,
                                                     [&](const Fault& fault) {
                                                         const auto& list = fault.part == Part::link ? links : over;
                                                         return std::ranges::find(list, fault.number) != list.end();
                                                     }),
                                ways->metres(a, b), static_cast<std::int64_t>(links.size())};
                    }
                    epoch.fates.push_back(fate);
                }
            epochs_.push_back(std::move(epoch));
        }
    }
    [[nodiscard]] const Fate& fate_at(Time time, std::uint32_t a, std::uint32_t b) const {
        auto epoch = epochs_.rbegin();
        while (epoch->begin > time)
            ++epoch;
        return epoch->fates[a * topology->sites().size() + b];
    }

    [[nodiscard]] std::vector<Fault> faults_at(Time time, Nanoseconds notice_down, Nanoseconds notice_up) const {
        std::set<Fault> out;
        for (const Change& change : changes_) {
            if (change.at + (change.up ? notice_up : notice_down) > time) continue;
            if (change.up)
                out.erase(change.fault);
            else
                out.insert(change.fault);
        }
        return {out.begin(), out.end()};
    }

    void report(OutageEngine& engine, std::size_t from, std::size_t to, Time now, Time minute, bool whole) const {
        if (from == to) return;
        const auto a = static_cast<std::uint32_t>(from), b = static_cast<std::uint32_t>(to);
        Rng chosen(seed * 7919 + from * 131 + to);
        if (chosen.uniform() < missing_pairs) return;
        const auto& sites = topology->sites();
        const auto gone = silenced_.find(sites[from]);
        Rng rng(seed + (from * 1000 + to) * 1'000'003 +
                static_cast<std::uint64_t>(minute.time_since_epoch() / std::chrono::minutes(1)));
        std::vector<double> places(90);
        for (double& place : places)
            place = rng.uniform() * 60;
        std::ranges::sort(places);
        PairReport out{.from = sites[from], .to = sites[to], .minute = minute, .whole = whole};
        out.until = whole ? minute + std::chrono::minutes(1) : now - std::chrono::seconds(1);
        std::vector<std::int64_t> delays;
        std::int64_t run = 0;
        for (const double place : places) {
            const Time sent = minute + std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(place));
            const double chance = rng.uniform(), wander = rng.uniform();
            if (sent >= out.until) break;
            ++out.sent;
            const Fate& fate = fate_at(sent, a, b);
            const bool passes = chance >= loss && fate.passes && (gone == silenced_.end() || sent < gone->second);
            run = passes ? 0 : run + 1;
            out.loss_run = std::max(out.loss_run, run);
            if (!passes) continue;
            ++out.received;
            delays.push_back(static_cast<std::int64_t>(static_cast<double>(fate.metres) * 5 + wander * 100'000));
            out.ttl = ttl ? 256 - fate.hops : 0;
        }
        std::ranges::sort(delays);
        if (!delays.empty()) out.median = Nanoseconds(delays[delays.size() / 2]);
        engine.add(out, now);
    }

    std::vector<Change> changes_;
    std::vector<Epoch> epochs_;
    std::map<std::string, Time> silenced_;
};

}  // namespace quipu::operations
