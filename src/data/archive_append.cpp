// Appending: checked by the caller's thread, committed together with whoever else waits.

#include <algorithm>

#include "data/sqlite_archive.h"

namespace quipu::data {
namespace {

constexpr std::size_t kMostStaged = 131'072;  // records in memory beyond which appends wait for compaction (some 50 MB)
constexpr std::size_t kBatchRows = 8'192;     // of one row of the staging table

}  // namespace

/// What one group commit writes.
struct SqliteArchive::Taking {
    struct Row {
        std::string_view stream;
        const ArchiveRecord* record;
    };
    std::vector<Row> rows;
    std::map<SourceKey, std::uint64_t> marks;                                           // as they shall be
    std::map<std::pair<std::string_view, std::string_view>, std::uint32_t> new_series;  // stream, key: number
    std::vector<std::shared_ptr<const StagedBatch>> batches;                            // as they were written
};

Result<void> SqliteArchive::append(std::string_view stream, std::span<const ArchiveRecord> records,
                                   const std::optional<Source>& source) {
    TRY(shapes_.check(stream, records, source));
    if (records.empty()) return {};
    wait_for_room();
    PendingAppend pending{.stream = stream, .records = records, .source = source};
    appends_.pass(pending, [this](std::span<PendingAppend* const> group) {
        const Result<void> result = commit(group);
        for (PendingAppend* each : group)
            each->result = result;
    });
    if (pending.result) repeats_ += pending.repeats;
    return pending.result;
}

Result<void> SqliteArchive::commit(std::span<PendingAppend* const> group) {
    {
        const std::scoped_lock lock(writing_);
        Taking taking;
        for (PendingAppend* pending : group)
            choose(taking, *pending);
        if (taking.rows.empty()) return {};
        TRY(recent_->begin_write());
        auto written = write(taking);
        if (written) written = recent_->commit();
        if (!written) {
            recent_->roll_back();
            return written;
        }
        publish(taking);
    }
    background_.notify_all();
    return {};
}

/// Maps are changed by the holder of writing_ alone, so it may read them without state_.
void SqliteArchive::choose(Taking& taking, PendingAppend& pending) const {
    const std::optional<Source>& source = pending.source;
    std::uint64_t* mark = nullptr;
    if (source) {
        const auto [at, added] = taking.marks.try_emplace({std::string(pending.stream), source->name});
        mark = &at->second;
        if (const auto known = marks_.find(at->first); added && known != marks_.end()) *mark = known->second;
    }
    for (std::size_t i = 0; i < pending.records.size(); ++i) {
        if (source) {
            const std::uint64_t sequence = source->first_sequence + i;
            if (sequence <= *mark) {
                ++pending.repeats;
                continue;
            }
            *mark = sequence;
        }
        taking.rows.push_back({pending.stream, &pending.records[i]});
    }
}

Result<void> SqliteArchive::write(Taking& taking) {
    RecentStore store(*recent_);
    const auto number_of = [&](std::string_view stream, const std::string& key) -> Result<std::uint32_t> {
        if (const Series* known = find(stream, key); known != nullptr && known->id != 0) return known->id;
        if (const auto added = taking.new_series.find({stream, key}); added != taking.new_series.end())
            return added->second;
        const std::uint32_t id = TRY(store.add_series(stream, key));
        taking.new_series.emplace(std::pair(stream, std::string_view(key)), id);
        return id;
    };
    for (std::size_t i = 0; i < taking.rows.size();) {
        // One staged batch holds records of one stream, so that they have the same columns.
        const std::string_view stream = taking.rows[i].stream;
        const Shape shape = TRY(shapes_.of(stream));
        StagedBatch batch{0, RecordBatch(shape.integers, shape.histograms)};
        batch.records.reserve(std::min(taking.rows.size() - i, kBatchRows));
        for (; i < taking.rows.size() && taking.rows[i].stream == stream && batch.records.size() < kBatchRows; ++i) {
            const std::uint32_t series = TRY(number_of(stream, taking.rows[i].record->key));
            batch.records.add(*taking.rows[i].record, series);
        }
        batch.id = TRY(store.stage(batch.records));
        taking.batches.push_back(std::make_shared<const StagedBatch>(std::move(batch)));
    }
    for (const auto& [source, mark] : taking.marks)
        TRY(store.set_mark(source, mark));
    return {};
}

/// Memory learns what is on disk now.
void SqliteArchive::publish(const Taking& taking) {
    const std::unique_lock lock(state_);
    for (const auto& [name, id] : taking.new_series) {
        const bool is_new = find(name.first, name.second) == nullptr;
        Series& series = series_named(std::string(name.first), std::string(name.second));
        series.id = id;
        if (is_new) series.last_known = true;  // there are no older records
        by_id_[id] = &series;
    }
    for (const auto& batch : taking.batches) {
        newest_staged_ = batch->id;
        for (std::uint32_t row = 0; row < batch->records.size(); ++row)
            stage(*by_id_.at(batch->records.series()[row]), {batch->records.time(row), batch, row});
    }
    for (const auto& [source, mark] : taking.marks)
        marks_[source] = mark;
    staged_ += taking.rows.size();
    records_ += taking.rows.size();
}

void SqliteArchive::stage(Series& series, StagedRecord record) {
    if (series.last_known && (!series.last || record.time >= series.last->time)) series.last = record;
    series.staged.push_back(std::move(record));
}

void SqliteArchive::wait_for_room() {
    if (staged_ < kMostStaged) return;
    std::unique_lock lock(background_mutex_);
    background_.notify_all();
    background_.wait(lock, [&] { return staged_ < kMostStaged || failing_ || stopping_; });
}

}  // namespace quipu::data
