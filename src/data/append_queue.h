#pragma once
// Group commit: whoever comes first commits for all that wait, and those who come meanwhile are the next group.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "data/archive.h"

namespace quipu::data {

/// An append that waits for its turn.
struct PendingAppend {
    std::string_view stream;
    std::span<const ArchiveRecord> records;
    const std::optional<Source>& source;
    std::uint64_t repeats = 0;  ///< set by the commit, as is the result
    Result<void> result = {};
    bool done = false;
};

class AppendQueue {
  public:
    /// Returns once `commit` was called, in this thread or another, with a group that holds `pending`.
    template <class Commit>
    void pass(PendingAppend& pending, const Commit& commit) {
        std::unique_lock lock(mutex_);
        waiting_.push_back(&pending);
        turn_.wait(lock, [&] { return pending.done || !leading_; });
        if (pending.done) return;
        leading_ = true;
        const std::vector<PendingAppend*> group = std::exchange(waiting_, {});
        lock.unlock();
        commit(std::span<PendingAppend* const>(group));
        lock.lock();
        for (PendingAppend* each : group)
            each->done = true;
        leading_ = false;
        turn_.notify_all();
    }
    /// Does `work` while nothing is being committed.
    template <class Work>
    auto alone(const Work& work) {
        std::unique_lock lock(mutex_);
        turn_.wait(lock, [&] { return !leading_; });
        leading_ = true;
        lock.unlock();
        auto out = work();
        lock.lock();
        leading_ = false;
        turn_.notify_all();
        return out;
    }

  private:
    std::mutex mutex_;
    std::condition_variable turn_;
    std::vector<PendingAppend*> waiting_;
    bool leading_ = false;
};

}  // namespace quipu::data
