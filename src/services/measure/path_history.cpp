#include "services/measure/path_history.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/log.h"
#include "data/instants.h"
#include "events/events.h"
#include "services/measure/figures.h"
#include "services/measure/path/codec_record.h"
#include "services/measure/path/ways.h"

namespace quipu::measure {
namespace {

constexpr LogEvent kPathMalformed{LogLevel::warning, "MEASURE_PATH_MALFORMED",
                                  "An agent has sent a path that can't be read, or of a time that is still to come",
                                  "See that agent and hub are of the same version, and the agent's clock is right."};
// Earlier ways of a pair that a trace is compared with.
constexpr std::int64_t kMostKnown = 50;
constexpr Nanoseconds kAheadAtMost = std::chrono::minutes(1);

Result<path::PathRecord> read_way(const std::string& text) {
    return read<path::PathRecord>(TRY(parse_json(text)), "measure_ways");
}

std::optional<Time> optional_time(const data::Rows& rows, std::size_t row, std::size_t column) {
    if (rows.is_null(row, column)) return std::nullopt;
    return data::time_at(rows, row, column);
}

Result<void> write_way(data::Transaction& transaction, std::string_view from, std::string_view to,
                       const path::PathRecord& way) {
    TRY(
        transaction.run("INSERT INTO measure_ways (from_site, to_site, id, body) VALUES (?, ?, ?, ?) "
                        "ON CONFLICT (from_site, to_site, id) DO UPDATE SET body = excluded.body",
                        std::string(from), std::string(to), way.id, json_text(way)));
    return {};
}

}  // namespace

const std::vector<data::Migration> kPathMigrations = {
    {"measure.001.paths",
     "CREATE TABLE measure_ways (\n"
     "    from_site TEXT NOT NULL,\n"
     "    to_site TEXT NOT NULL,\n"
     "    id TEXT NOT NULL,\n"
     "    body TEXT NOT NULL,\n"
     "    PRIMARY KEY (from_site, to_site, id)\n"
     ");\n"
     "CREATE TABLE measure_paths (\n"
     "    from_site TEXT NOT NULL,\n"
     "    to_site TEXT NOT NULL,\n"
     "    since_ns BIGINT NOT NULL,\n"
     "    until_ns BIGINT,\n"
     "    last_ns BIGINT NOT NULL,\n"
     "    way TEXT NOT NULL,\n"
     "    PRIMARY KEY (from_site, to_site, since_ns)\n"
     ");\n"
     "CREATE INDEX measure_ways_id ON measure_ways (id);\n"
     "CREATE INDEX measure_paths_way ON measure_paths (way, since_ns);\n"
     "CREATE INDEX measure_paths_now ON measure_paths (until_ns);\n"},
};

Result<void> PathHistory::load() {
    const auto rows =
        TRY(database_.query("SELECT p.from_site, p.to_site, p.since_ns, p.last_ns, w.body FROM measure_paths p "
                            "JOIN measure_ways w ON w.from_site = p.from_site AND w.to_site = p.to_site AND w.id = "
                            "p.way WHERE p.until_ns IS NULL"));
    Currents now;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        Current current {
            .since = data::time_at(rows, row, 2), .last = data::time_at(rows, row, 3),
            .written = data::time_at(rows, row, 3), .way = TRY(read_way(rows.text(row, 4)))
        };
        now[pair_key(rows.text(row, 0), rows.text(row, 1))] = std::move(current);
    }
    currents_.with([&](Currents& currents) { currents = std::move(now); });
    ++revision_;
    return {};
}

Result<std::vector<PathHistory::Change>> PathHistory::take(const agent::StreamBatch& batch, Time now) {
    std::vector<path::TracedPath> traced;
    for (const ByteSpan payload : batch.payloads) {
        ByteReader in(payload);
        auto one = path::parse_path(in);
        if (!one || one->to.empty() || one->record.time > now + kAheadAtMost) {
            ++malformed_;
            log(kPathMalformed, {{"agent", batch.agent}, {"error", one ? "its time or target" : one.error().text()}});
        } else if (path::tells(one->record)) {
            traced.push_back(std::move(*one));
        }
    }
    std::vector<Change> out;
    if (traced.empty()) return out;
    Currents changed;
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        changed.clear();
        out.clear();
        for (const path::TracedPath& one : traced)
            if (TRY(settle(transaction, batch.agent, one.to, one.record, changed)))
                out.push_back({batch.agent, one.to, one.record.time});
        return {};
    }));
    bool news = false;
    currents_.with([&](Currents& currents) {
        for (auto& [key, current] : changed) {
            news = std::exchange(current.told_more, false) || news;
            currents[key] = std::move(current);
        }
    });
    if (news) ++revision_;
    return out;
}

Result<void> PathHistory::forget_before(Time time) {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(transaction.run("DELETE FROM measure_paths WHERE until_ns < ?", data::count_of(time)));
        TRY(
            transaction.run("DELETE FROM measure_ways WHERE NOT EXISTS (SELECT 1 FROM measure_paths p WHERE "
                            "p.from_site = measure_ways.from_site AND p.to_site = measure_ways.to_site "
                            "AND p.way = measure_ways.id)"));
        return {};
    });
}

Result<bool> PathHistory::settle(data::Transaction& transaction, std::string_view from, std::string_view to,
                                 const path::PathRecord& seen, Currents& changed) const {
    const std::string key = pair_key(from, to);
    std::optional<Current> current;
    if (const auto at = changed.find(key); at != changed.end())
        current = at->second;
    else
        currents_.with([&](const Currents& currents) {
            if (const auto known = currents.find(key); known != currents.end()) current = known->second;
        });
    if (current && seen.time <= current->last) return false;
    if (current && path::fits(current->way, seen)) {
        current->last = seen.time;
        const bool learned = path::learn(current->way, seen);
        current->told_more = current->told_more || learned;
        if (learned) TRY(write_way(transaction, from, to, current->way));
        if (learned || seen.time - current->written >= kSeenStep) {
            current->written = seen.time;
            TRY(transaction.run(
                "UPDATE measure_paths SET last_ns = ? WHERE from_site = ? AND to_site = ? "
                "AND since_ns = ?",
                data::count_of(seen.time), std::string(from), std::string(to), data::count_of(current->since)));
        }
        changed[key] = std::move(*current);
        return false;
    }
    if (current && current->way.reached && !seen.reached) return false;
    auto way = TRY(known_or_new(transaction, from, to, seen));
    if (current) {
        TRY(
            transaction.run("UPDATE measure_paths SET until_ns = ?, last_ns = ? WHERE from_site = ? AND to_site = ? "
                            "AND since_ns = ?",
                            data::count_of(seen.time), data::count_of(current->last), std::string(from),
                            std::string(to), data::count_of(current->since)));
        events::PathChanged event;
        event.from = from;
        event.to = to;
        event.before = current->way.id;
        event.after = way.id;
        event.hops_before = path::addresses_of(current->way.hops);
        event.hops_after = path::addresses_of(way.hops);
        TRY(journal_.append(transaction, "pair:" + key, event, "agent:" + std::string(from)));
    }
    TRY(transaction.run("INSERT INTO measure_paths (from_site, to_site, since_ns, last_ns, way) VALUES (?, ?, ?, ?, ?)",
                        std::string(from), std::string(to), data::count_of(seen.time), data::count_of(seen.time),
                        way.id));
    changed[key] = {
        .since = seen.time, .last = seen.time, .written = seen.time, .way = std::move(way), .told_more = true};
    return current.has_value();
}

/// An earlier way of the pair that fits, the latest first; else the way that was seen, now on record.
Result<path::PathRecord> PathHistory::known_or_new(data::Transaction& transaction, std::string_view from,
                                                   std::string_view to, const path::PathRecord& seen) const {
    const auto rows = TRY(transaction.run(
        "SELECT w.body FROM measure_ways w JOIN (SELECT way, MAX(since_ns) AS latest FROM measure_paths "
        "WHERE from_site = ? AND to_site = ? GROUP BY way) p ON p.way = w.id WHERE w.from_site = ? AND w.to_site = ? "
        "ORDER BY p.latest DESC LIMIT ?",
        std::string(from), std::string(to), std::string(from), std::string(to), kMostKnown));
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto known = TRY(read_way(rows.text(row, 0)));
        if (!path::fits(known, seen)) continue;
        if (path::learn(known, seen)) TRY(write_way(transaction, from, to, known));
        return known;
    }
    TRY(write_way(transaction, from, to, seen));
    return seen;
}

std::string PathHistory::current(std::string_view from, std::string_view to) const {
    return currents_.with([&](const Currents& currents) {
        const auto at = currents.find(pair_key(from, to));
        return at == currents.end() ? std::string() : at->second.way.id;
    });
}

std::optional<path::PathRecord> PathHistory::way_now(std::string_view from, std::string_view to) const {
    return currents_.with([&](const Currents& currents) {
        const auto at = currents.find(pair_key(from, to));
        return at == currents.end() ? std::nullopt : std::optional(at->second.way);
    });
}

Result<std::vector<PathSpan>> PathHistory::spans(std::string_view from, std::string_view to, Time since, Time until,
                                                 std::size_t limit) const {
    const auto rows =
        TRY(database_.query("SELECT p.since_ns, p.until_ns, p.last_ns, w.body FROM measure_paths p JOIN measure_ways w "
                            "ON w.from_site = p.from_site AND w.to_site = p.to_site AND w.id = p.way WHERE p.from_site "
                            "= ? AND p.to_site = ? AND p.since_ns < ? AND (p.until_ns IS NULL OR p.until_ns > ?) "
                            "ORDER BY p.since_ns DESC LIMIT ?",
                            std::string(from), std::string(to), data::count_of(until), data::count_of(since),
                            static_cast<std::int64_t>(limit)));
    std::vector<PathSpan> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back({
            .from = std::string(from), .to = std::string(to), .since = data::time_at(rows, row, 0),
            .until = optional_time(rows, row, 1), .last = data::time_at(rows, row, 2),
            .way = TRY(read_way(rows.text(row, 3)))
        });
    // What is so now was perhaps seen since it was written.
    if (!out.empty() && !out.front().until)
        currents_.with([&](const Currents& currents) {
            if (const auto at = currents.find(pair_key(from, to)); at != currents.end())
                out.front().last = std::max(out.front().last, at->second.last);
        });
    return out;
}

Result<std::vector<PathSpan>> PathHistory::all_spans(std::string_view from, std::string_view to, Time since, Time until,
                                                     const std::optional<PathSpan>& after, std::size_t limit) const {
    const std::string first(from), last(to);
    const std::int64_t begun = after ? data::count_of(after->since) : std::numeric_limits<std::int64_t>::min();
    const auto rows = TRY(database_.query(
        "SELECT p.from_site, p.to_site, p.since_ns, p.until_ns, p.last_ns, w.body FROM measure_paths p "
        "JOIN measure_ways w ON w.from_site = p.from_site AND w.to_site = p.to_site AND w.id = p.way "
        "WHERE (? = '' OR p.from_site = ?) AND (? = '' OR p.to_site = ?) AND p.since_ns < ? "
        "AND (p.until_ns IS NULL OR p.until_ns > ?) AND (p.since_ns > ? OR (p.since_ns = ? AND "
        "(p.from_site > ? OR (p.from_site = ? AND p.to_site > ?)))) "
        "ORDER BY p.since_ns, p.from_site, p.to_site LIMIT ?",
        first, first, last, last, data::count_of(until), data::count_of(since), begun, begun, after ? after->from : "",
        after ? after->from : "", after ? after->to : "", static_cast<std::int64_t>(limit)));
    std::vector<PathSpan> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back({
            .from = rows.text(row, 0), .to = rows.text(row, 1), .since = data::time_at(rows, row, 2),
            .until = optional_time(rows, row, 3), .last = data::time_at(rows, row, 4),
            .way = TRY(read_way(rows.text(row, 5)))
        });
    return out;
}

Result<PathHistory::Times> PathHistory::times(std::string_view from, std::string_view to, Time since,
                                              Time until) const {
    const auto rows =
        TRY(database_.query("SELECT since_ns, until_ns, way FROM measure_paths WHERE from_site = ? "
                            "AND to_site = ? AND since_ns < ? AND (until_ns IS NULL OR until_ns > ?) "
                            "ORDER BY since_ns DESC",
                            std::string(from), std::string(to), data::count_of(until), data::count_of(since)));
    Times out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.stays_.push_back({data::time_at(rows, row, 0), optional_time(rows, row, 1), rows.text(row, 2)});
    return out;
}

std::string PathHistory::Times::at(Time time) const {
    // The first whose beginning is not later: the latest of those that had begun.
    const auto stay = std::ranges::lower_bound(stays_, time, std::greater<>{}, &Stay::since);
    return stay == stays_.end() || (stay->until && *stay->until <= time) ? std::string() : stay->id;
}

Result<std::map<std::string, std::string, std::less<>>> PathHistory::all_at(Time time) const {
    const auto rows =
        TRY(database_.query("SELECT from_site, to_site, way FROM measure_paths WHERE since_ns <= ? "
                            "AND (until_ns IS NULL OR until_ns > ?)",
                            data::count_of(time), data::count_of(time)));
    std::map<std::string, std::string, std::less<>> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.emplace(pair_key(rows.text(row, 0), rows.text(row, 1)), rows.text(row, 2));
    return out;
}

Result<std::optional<PathHistory::Way>> PathHistory::way(std::string_view id, std::size_t limit) const {
    // Several pairs may have it: as the one that took it last has traced it.
    const auto found = TRY(database_.query(
        "SELECT w.body FROM measure_ways w JOIN measure_paths p ON w.from_site = p.from_site AND w.to_site = p.to_site "
        "AND w.id = p.way WHERE w.id = ? ORDER BY p.since_ns DESC LIMIT 1",
        std::string(id)));
    if (found.empty()) return std::nullopt;
    Way out {
        .way = TRY(read_way(found.text(0, 0)))
        , .spans = {}
    };
    const auto rows =
        TRY(database_.query("SELECT from_site, to_site, since_ns, until_ns, last_ns FROM measure_paths "
                            "WHERE way = ? ORDER BY since_ns DESC LIMIT ?",
                            std::string(id), static_cast<std::int64_t>(limit)));
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.spans.push_back({.from = rows.text(row, 0),
                             .to = rows.text(row, 1),
                             .since = data::time_at(rows, row, 2),
                             .until = optional_time(rows, row, 3),
                             .last = data::time_at(rows, row, 4),
                             .way = {}});
    return out;
}

}  // namespace quipu::measure
