#pragma once
// The archive on SQLite files.
//
// An append stages its records in recent.sqlite, whatever their months: one transaction, with the sources' marks, for
// all callers that wait at that moment (group commit). What is staged is also held in memory. Compaction moves it into
// the months' blocks, each up to a day of minutes of one series in order of time, columns compressed. A read lays the
// staged records over the blocks; where both have a time, the staged one is the later.
//
// Locks, in the order in which they may be taken: compacting_ and writing_ (each the seat of a writer, held across its
// I/O), state_ (what is in memory; never held across I/O).

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "data/append_queue.h"
#include "data/archive.h"
#include "data/archive_files.h"
#include "data/archive_shapes.h"

namespace quipu::data {

class SqliteArchive final : public Archive {
  public:
    SqliteArchive(std::string folder, std::span<const StreamSchema> schemas);
    SqliteArchive(const SqliteArchive&) = delete;
    SqliteArchive& operator=(const SqliteArchive&) = delete;
    ~SqliteArchive() override;
    /// Loads every file of the folder and starts the background thread.
    [[nodiscard]] Result<void> start();

    Result<void> append(std::string_view stream, std::span<const ArchiveRecord> records,
                        const std::optional<Source>& source) override;
    Result<std::uint64_t> high_water(std::string_view stream, std::string_view source) const override;
    Result<std::vector<ArchiveRecord>> read(std::string_view stream, std::string_view key, Time since, Time until,
                                            std::size_t limit) const override;
    Result<std::vector<ArchiveRecord>> latest(std::string_view stream, Time since) const override;
    Result<std::vector<ArchiveRecord>> summarise(std::string_view stream, std::string_view key, Time since, Time until,
                                                 Nanoseconds step) const override;
    Result<std::vector<std::string>> keys(std::string_view stream) const override;
    Result<void> compact() override;
    Result<void> forget(std::string_view stream, Time before) override;
    Counters counters() const override;

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    template <class T>
    using ByKey = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

    struct Series {
        std::uint32_t id = 0;  // in recent.sqlite; 0 while it has none there
        std::string stream;
        std::string key;
        std::vector<StagedRecord> staged;  // in the order of arrival
        std::optional<StagedRecord> last;  // of the highest time: known once looked up, kept up to date from then on
        bool last_known = false;
    };
    struct Month {
        int number = 0;
        std::string path;
        std::map<std::string, ByKey<std::uint32_t>, std::less<>> series;  // stream, key: number in this file
    };
    struct Taking;   // one group commit
    struct Packing;  // new blocks of a series

    // archive.cpp
    [[nodiscard]] Result<void> load_recent();
    [[nodiscard]] Result<void> load_month(int number, const std::string& path);
    Series& series_named(const std::string& stream, const std::string& key);
    [[nodiscard]] Series* find(std::string_view stream, std::string_view key) const;
    [[nodiscard]] Result<void> with_reader(const std::string& path,
                                           const std::function<Result<void>(MonthStore&)>& work) const;

    // archive_append.cpp
    [[nodiscard]] Result<void> commit(std::span<PendingAppend* const> group);
    void choose(Taking& taking, PendingAppend& pending) const;
    [[nodiscard]] Result<void> write(Taking& taking);
    void publish(const Taking& taking);
    void wait_for_room();
    static void stage(Series& series, StagedRecord record);

    // archive_read.cpp
    /// Calls `take` with every record of a series in [since, until), ascending; it answers whether it wants more.
    using Take = std::function<bool(const RecordBatch&, std::size_t row)>;
    [[nodiscard]] Result<void> walk(std::string_view stream, std::string_view key, Time since, Time until,
                                    const Take& take) const;
    [[nodiscard]] Result<void> find_lasts(std::string_view stream) const;
    [[nodiscard]] Result<std::optional<StagedRecord>> last_in_blocks(const std::string& stream,
                                                                     const std::string& key) const;

    // archive_compact.cpp
    using MonthWork = std::vector<std::pair<const Series*, std::vector<StagedRecord>>>;
    void compact_in_background();
    [[nodiscard]] Result<void> compact(int number, MonthWork& work);
    [[nodiscard]] Result<Packing> packed(const Month& month, const Series& series,
                                         std::vector<StagedRecord> staged) const;
    [[nodiscard]] Result<void> store(Month& month, SqliteConnection& writer, std::span<Packing> packings);
    [[nodiscard]] Result<void> forget_staged(std::int64_t up_to);

    const std::string folder_;
    const Shapes shapes_;

    mutable std::shared_mutex state_;
    std::map<std::string, ByKey<std::unique_ptr<Series>>, std::less<>> streams_;
    std::unordered_map<std::uint32_t, Series*> by_id_;
    std::map<SourceKey, std::uint64_t> marks_;
    std::map<int, std::unique_ptr<Month>> months_;
    std::int64_t newest_staged_ = 0;
    std::uint64_t times_forgotten_ = 0;  // rises when staged records leave memory

    AppendQueue appends_;

    std::mutex compacting_;  // the only writer of months
    std::mutex writing_;     // the only writer of recent.sqlite
    std::unique_ptr<SqliteConnection> recent_;
    mutable std::mutex readers_mutex_;
    mutable std::vector<std::unique_ptr<SqliteConnection>> idle_readers_;  // most recently used last

    std::atomic<std::uint64_t> records_ = 0;
    std::atomic<std::uint64_t> repeats_ = 0;
    std::atomic<std::uint64_t> blocks_ = 0;
    std::atomic<std::size_t> staged_ = 0;

    std::mutex background_mutex_;
    std::condition_variable background_;  // more was staged, or compaction ended, or stopping
    bool stopping_ = false;
    bool failing_ = false;  // the last compaction failed
    std::thread thread_;
};

}  // namespace quipu::data
