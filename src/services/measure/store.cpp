#include "services/measure/store.h"

#include <algorithm>

#include "base/log.h"
#include "services/measure/batch_append.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

constexpr LogEvent kMalformed{LogLevel::warning, "MEASURE_RECORD_MALFORMED",
                              "An agent has sent a record that can't be read",
                              "See that agent and hub are of the same version."};
constexpr std::size_t kMostMinutes = 100'000;

/// A range of the archive: (key, time) is unique, so the first packet's index is put into the time.
data::ArchiveRecord range_record(std::string key, const SkipRange& range) {
    const Schedule schedule{.per_minute = range.per_minute};
    return {.key = std::move(key),
            .time = start_of_minute(schedule.minute_of_index(range.first)) +
                    Nanoseconds(schedule.place_of_index(range.first)),
            .integers = {range.last - range.first + 1, range.per_minute},
            .histograms = {}};
}

}  // namespace

Result<void> Store::load() {
    const Time now = clock_.now();
    for (const auto& key : TRY(archive_.keys(kSkipsStream))) {
        const auto records = TRY(archive_.read(kSkipsStream, key, now - kSkipsKept, now + kMinute, kMostMinutes));
        for (const auto& record : records) {
            if (record.integers.size() < 2 || record.integers[1] <= 0) continue;
            const auto per_minute = static_cast<std::uint32_t>(record.integers[1]);
            const std::int64_t minute = minute_of(record.time);
            const std::int64_t first = minute * per_minute + (record.time - start_of_minute(minute)).count();
            remember(key, {per_minute, first, first + record.integers[0] - 1});
        }
    }
    return {};
}

Result<std::vector<StoredMinute>> Store::take_minutes(const agent::StreamBatch& batch,
                                                      const std::function<bool(std::string_view)>& absent) {
    BatchAppend appends(archive_, kMinuteStream, batch);
    const std::uint64_t high = TRY(archive_.high_water(kMinuteStream, appends.source()));
    const std::uint64_t generation_before = generation();
    std::vector<StoredMinute> fresh;
    std::map<std::string, Time> written;  // key: the earliest minute
    StoreCounters seen;
    for (std::size_t i = 0; i < batch.payloads.size(); ++i) {
        const std::uint64_t sequence = batch.first_sequence + i;
        ByteReader in(batch.payloads[i]);
        auto record = parse_record(in);
        if (!record || record->from.empty() || record->from.size() > 63 ||
            record->from.find('/') != std::string::npos) {
            ++seen.malformed;
            log(kMalformed, {{"agent", batch.agent}, {"error", record ? "its sender's name" : record.error().text()}});
            continue;
        }
        std::string key = pair_key(record->from, batch.agent);
        const auto [earliest, first] = written.try_emplace(key, record->minute);
        if (!first) earliest->second = std::min(earliest->second, record->minute);
        const std::int64_t gone = skipped(key, record->minute);
        auto kept = to_archive(std::move(key), *record, gone, absent(record->from));
        TRY(appends.add(i, kept));
        if (sequence <= high) {
            ++seen.repeats;
            continue;
        }
        ++seen.records;
        fresh.push_back({record->from, batch.agent, std::move(kept)});
    }
    TRY(appends.finish());
    // Repeats too: the batch may have been cut short after they were kept.
    for (const auto& [key, minute] : written)
        rollup_.touched(key, minute);
    // A range may have come in between, and have looked for these records in vain.
    if (generation() != generation_before) {
        std::vector<StoredMinute> changed;
        for (const auto& minute : fresh)
            TRY(skip_again(minute.record.key, minute_of(minute.record.time), minute_of(minute.record.time), changed));
    }
    counters_.with([&](auto& all) {
        all.records += seen.records;
        all.repeats += seen.repeats;
        all.malformed += seen.malformed;
    });
    return fresh;
}

Result<std::vector<StoredMinute>> Store::take_skips(const agent::StreamBatch& batch) {
    struct Taken {
        std::string key;
        Range range;
    };
    std::vector<Taken> taken;
    BatchAppend appends(archive_, kSkipsStream, batch);
    for (std::size_t i = 0; i < batch.payloads.size(); ++i) {
        ByteReader in(batch.payloads[i]);
        auto range = parse_skip(in);
        if (!range || range->to.empty() || range->to.size() > 63 || range->to.find('/') != std::string::npos) {
            counters_.with([](auto& all) { ++all.malformed; });
            log(kMalformed, {{"agent", batch.agent}, {"error", range ? "its receiver's name" : range.error().text()}});
            continue;
        }
        const std::string key = pair_key(batch.agent, range->to);
        const Time now = clock_.now();
        range->first = std::max(range->first, minute_of(now - kSkipsKept) * range->per_minute);
        range->last = std::min(range->last, (minute_of(now) + 2) * range->per_minute);
        if (range->last < range->first) continue;
        TRY(appends.add(i, range_record(key, *range)));
        taken.push_back({key, {range->per_minute, range->first, range->last}});
    }
    TRY(appends.finish());
    std::vector<StoredMinute> changed;
    for (const auto& [key, range] : taken)
        remember(key, range);
    for (const auto& [key, range] : taken) {
        const Schedule schedule{.per_minute = range.per_minute};
        TRY(skip_again(key, schedule.minute_of_index(range.first), schedule.minute_of_index(range.last), changed));
    }
    return changed;
}

/// Writes those of these minutes again whose `skipped` is no longer what the ranges say.
Result<void> Store::skip_again(const std::string& key, std::int64_t first_minute, std::int64_t last_minute,
                               std::vector<StoredMinute>& changed) {
    const auto records = TRY(archive_.read(kMinuteStream, key, start_of_minute(first_minute),
                                           start_of_minute(last_minute + 1), kMostMinutes));
    std::vector<data::ArchiveRecord> again;
    const auto [from, to] = ends_of(key);
    for (auto record : records) {
        if (!set_skipped(record, skipped(key, record.time))) continue;
        changed.push_back({std::string(from), std::string(to), record});
        again.push_back(std::move(record));
    }
    if (again.empty()) return {};
    TRY(archive_.append(kMinuteStream, again, std::nullopt));
    rollup_.touched(key, again.front().time);
    return {};
}

std::int64_t Store::skipped(const std::string& key, Time minute) const {
    return ranges_.with([&](const Ranges& ranges) {
        std::int64_t sum = 0;
        const auto at = ranges.of.find(key);
        if (at == ranges.of.end()) return sum;
        for (const auto& [unused, range] : at->second) {
            const std::int64_t first = minute_of(minute) * range.per_minute;
            const std::int64_t last = first + range.per_minute - 1;
            sum += std::max<std::int64_t>(std::min(last, range.last) - std::max(first, range.first) + 1, 0);
        }
        return sum;
    });
}

void Store::remember(const std::string& key, const Range& range) {
    const std::int64_t oldest = minute_of(clock_.now() - kSkipsKept);
    ranges_.with([&](Ranges& ranges) {
        ++ranges.generation;
        auto& mine = ranges.of[key];
        std::erase_if(mine, [&](const auto& entry) { return entry.second.last / entry.second.per_minute < oldest; });
        mine[range.first] = range;
    });
}

std::uint64_t Store::generation() const {
    return ranges_.with([](const Ranges& ranges) { return ranges.generation; });
}

Result<std::vector<data::ArchiveRecord>> Store::read(std::string_view from, std::string_view to, Time since, Time until,
                                                     std::size_t limit) const {
    return archive_.read(kMinuteStream, pair_key(from, to), since, until, limit);
}

Result<std::vector<data::ArchiveRecord>> Store::steps(std::string_view from, std::string_view to, Time since,
                                                      Time until, Nanoseconds step) const {
    return rollup_.steps(pair_key(from, to), since, until, step);
}

StoreCounters Store::counters() const {
    return counters_.with([](const auto& all) { return all; });
}

}  // namespace quipu::measure
