#pragma once
// Keeps the index true to its sources: filled from nothing once, then after each of the journal's events. The index
// keeps the position itself, in the transaction that keeps the words, so that no event is missed or taken twice, and
// takes hundreds in one transaction, which a subscription of the journal, one by one, could not.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "desk/search/source.h"

namespace quipu::search {

class Follower {
  public:
    /// All outlive the follower.
    Follower(Index& index, data::Journal& journal, std::vector<Source*> sources);
    ~Follower();

    void start();
    void stop();
    /// Takes in what the journal has now; also what a test calls. Answers how many events there were.
    [[nodiscard]] Result<std::size_t> take();
    /// Everything again from the sources.
    [[nodiscard]] Result<void> rebuild();
    /// Waits until what has happened by now is in the index, but no longer than `patience`: one finds what one has just
    /// changed.
    void catch_up(Nanoseconds patience);
    [[nodiscard]] std::int64_t position() const;

  private:
    void run(const std::stop_token& stop);
    Result<void> fill();
    Result<std::int64_t> last_event() const;
    Source* source_of(std::string_view kind) const;
    void set_position(std::int64_t position);

    Index& index_;
    data::Journal& journal_;
    const std::vector<Source*> sources_;
    std::mutex taking_;  // one at a time
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::int64_t position_ = -1;
    bool rung_ = true;
    std::shared_ptr<void> listening_;
    std::jthread thread_;
};

}  // namespace quipu::search
