// Reading: the staged records of a series laid over its blocks.

#include <algorithm>

#include "data/sqlite_archive.h"

namespace quipu::data {
namespace {

/// The number of a series in a month's file.
template <class Month>
std::optional<std::uint32_t> number_in(const Month& month, std::string_view stream, std::string_view key) {
    const auto keys = month.series.find(stream);
    if (keys == month.series.end()) return std::nullopt;
    const auto id = keys->second.find(key);
    return id == keys->second.end() ? std::nullopt : std::optional(id->second);
}

/// Adds up the records of one step. Counts lie in a flat array, which is quicker than merging lists record by record.
class Step {
  public:
    Step(std::size_t integers, std::size_t histograms)
        : sums_(integers),
          counts_(histograms, std::vector<std::uint64_t>(Histogram::bucket_limit())),
          lowest_(histograms, Histogram::bucket_limit()),
          highest_(histograms) {}

    void add(const RecordBatch& batch, std::size_t row) {
        for (std::size_t i = 0; i < sums_.size(); ++i)
            sums_[i] += static_cast<std::uint64_t>(batch.integer(row, i));
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            const auto buckets = batch.buckets(row, i);
            if (buckets.empty()) continue;
            lowest_[i] = std::min(lowest_[i], buckets.front().first);
            highest_[i] = std::max(highest_[i], buckets.back().first);
            for (const auto& [index, count] : buckets)
                counts_[i][index] += count;
        }
    }

    /// The sums so far; begins anew.
    ArchiveRecord take(std::string_view key, Time time) {
        ArchiveRecord out;
        out.key = key;
        out.time = time;
        for (std::uint64_t& sum : sums_)
            out.integers.push_back(static_cast<std::int64_t>(std::exchange(sum, 0)));
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            Histogram& histogram = out.histograms.emplace_back();
            for (std::uint32_t index = lowest_[i]; index <= highest_[i]; ++index)
                histogram.add_bucket(index, std::exchange(counts_[i][index], 0));
            lowest_[i] = Histogram::bucket_limit();
            highest_[i] = 0;
        }
        return out;
    }

  private:
    std::vector<std::uint64_t> sums_;  // unsigned: a sum too large wraps around
    std::vector<std::vector<std::uint64_t>> counts_;
    std::vector<std::uint32_t> lowest_, highest_;
};

}  // namespace

Result<void> SqliteArchive::walk(std::string_view stream, std::string_view key, Time since, Time until,
                                 const Take& take) const {
    if (since >= until) return {};
    // What is staged is taken before the blocks are read: what moves into a block meanwhile is then seen twice, and is
    // the same, rather than not at all.
    std::vector<StagedRecord> staged;
    std::vector<std::pair<std::string, std::uint32_t>> files;  // path, the series' number there
    {
        const std::shared_lock lock(state_);
        const Series* series = find(stream, key);
        if (series == nullptr) return {};
        std::ranges::copy_if(series->staged, std::back_inserter(staged),
                             [&](const StagedRecord& record) { return record.time >= since && record.time < until; });
        const auto first = months_.lower_bound(month_of(since));
        for (auto month = first; month != months_.end() && start_of_month(month->first) < until; ++month)
            if (const auto id = number_in(*month->second, stream, key)) files.emplace_back(month->second->path, *id);
    }
    staged = in_order(std::move(staged));
    bool more = true;
    auto next = staged.begin();
    const auto take_staged = [&](Time before) {
        for (; more && next != staged.end() && next->time < before; ++next)
            more = take(next->batch->records, next->row);
    };
    const auto take_block = [&](const RecordBatch& block) {
        for (std::size_t row = 0; more && row < block.size() && block.time(row) < until; ++row) {
            const Time time = block.time(row);
            if (time < since) continue;
            take_staged(time);
            const bool replaced = next != staged.end() && next->time == time;
            if (more && !replaced) more = take(block, row);
        }
    };
    for (const auto& [path, series] : files) {
        if (!more) break;
        TRY(with_reader(path, [&](MonthStore& store) -> Result<void> {
            const Rows bodies = TRY(store.bodies(series, since, until));
            for (std::size_t i = 0; more && i < bodies.size(); ++i)
                take_block(TRY(store.unpacked(bodies.blob(i, 0))));
            return {};
        }));
    }
    take_staged(until);
    return {};
}

Result<std::vector<ArchiveRecord>> SqliteArchive::read(std::string_view stream, std::string_view key, Time since,
                                                       Time until, std::size_t limit) const {
    const Shape shape = TRY(shapes_.of(stream));
    std::vector<ArchiveRecord> out;
    if (limit == 0) return out;
    TRY(walk(stream, key, since, until, [&](const RecordBatch& batch, std::size_t row) {
        out.push_back(batch.record(row, shape.integers, shape.histograms));
        out.back().key = key;
        return out.size() < limit;
    }));
    return out;
}

Result<std::vector<ArchiveRecord>> SqliteArchive::summarise(std::string_view stream, std::string_view key, Time since,
                                                            Time until, Nanoseconds step) const {
    const Shape shape = TRY(shapes_.of(stream));
    if (step <= Nanoseconds::zero()) return fail(ErrorCode::invalid, "a step is longer than nothing", "step");
    std::vector<ArchiveRecord> out;
    Step sums(shape.integers, shape.histograms);
    std::optional<Time> start;
    const auto since_start_of_step = [&](Time time) {
        // Unsigned: `since` may lie as far back as time goes.
        const auto from = [](Time t) { return static_cast<std::uint64_t>(t.time_since_epoch().count()); };
        return Nanoseconds(
            static_cast<std::int64_t>((from(time) - from(since)) % static_cast<std::uint64_t>(step.count())));
    };
    TRY(walk(stream, key, since, until, [&](const RecordBatch& batch, std::size_t row) {
        const Time time = batch.time(row);
        if (start && time - *start >= step) {
            out.push_back(sums.take(key, *start));
            start.reset();
        }
        if (!start) start = time - since_start_of_step(time);
        sums.add(batch, row);
        return true;
    }));
    if (start) out.push_back(sums.take(key, *start));
    return out;
}

Result<std::optional<StagedRecord>> SqliteArchive::last_in_blocks(const std::string& stream,
                                                                  const std::string& key) const {
    std::vector<std::pair<std::string, std::uint32_t>> files;  // newest first
    {
        const std::shared_lock lock(state_);
        for (auto month = months_.rbegin(); month != months_.rend(); ++month)
            if (const auto id = number_in(*month->second, stream, key)) files.emplace_back(month->second->path, *id);
    }
    std::optional<StagedRecord> last;
    for (const auto& [path, series] : files) {
        TRY(with_reader(path, [&](MonthStore& store) -> Result<void> {
            const Rows body = TRY(store.last_body(series));
            if (body.empty()) return {};
            const RecordBatch block = TRY(store.unpacked(body.blob(0, 0)));
            StagedBatch alone;
            alone.records.add(block, block.size() - 1);
            last = StagedRecord{alone.records.time(0), std::make_shared<const StagedBatch>(std::move(alone)), 0};
            return {};
        }));
        if (last) break;
    }
    return last;
}

Result<void> SqliteArchive::find_lasts(std::string_view stream) const {
    for (;;) {
        std::vector<Series*> unknown;
        std::uint64_t forgotten = 0;
        {
            const std::shared_lock lock(state_);
            forgotten = times_forgotten_;
            if (const auto keys = streams_.find(stream); keys != streams_.end())
                for (const auto& [key, series] : keys->second)
                    if (!series->last_known) unknown.push_back(series.get());
        }
        if (unknown.empty()) return {};
        std::vector<std::optional<StagedRecord>> lasts;
        for (const Series* series : unknown)
            lasts.push_back(TRY(last_in_blocks(series->stream, series->key)));
        const std::unique_lock lock(state_);
        // What was staged may have moved into blocks behind our back: then all is looked up again.
        if (times_forgotten_ != forgotten) continue;
        for (std::size_t i = 0; i < unknown.size(); ++i) {
            for (const StagedRecord& staged : unknown[i]->staged)
                if (!lasts[i] || staged.time >= lasts[i]->time) lasts[i] = staged;
            unknown[i]->last = std::move(lasts[i]);
            unknown[i]->last_known = true;
        }
        return {};
    }
}

Result<std::vector<ArchiveRecord>> SqliteArchive::latest(std::string_view stream, Time since) const {
    const Shape shape = TRY(shapes_.of(stream));
    TRY(find_lasts(stream));
    std::vector<ArchiveRecord> out;
    {
        const std::shared_lock lock(state_);
        if (const auto keys = streams_.find(stream); keys != streams_.end())
            for (const auto& [key, series] : keys->second) {
                if (!series->last || series->last->time < since) continue;
                out.push_back(series->last->batch->records.record(series->last->row, shape.integers, shape.histograms));
                out.back().key = key;
            }
    }
    std::ranges::sort(out, {}, &ArchiveRecord::key);
    return out;
}

}  // namespace quipu::data
