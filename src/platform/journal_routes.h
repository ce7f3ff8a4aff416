#pragma once
// GET /api/v1/journal/events and the live stream of events.

#include <atomic>
#include <memory>
#include <vector>

#include "base/guarded.h"
#include "platform/bell.h"
#include "platform/service.h"

namespace quipu::platform {

/// The event streams that are open, so that they end when the house drains.
class JournalStreams {
  public:
    explicit JournalStreams(data::Journal& journal) : journal_(journal) {}

    /// Writes every event after `after` to the stream until the client goes or close() is called. `after` -1: from now
    /// on.
    Task<void> run(net::EventStream& stream, std::int64_t after);
    void close();

  private:
    data::Journal& journal_;
    std::atomic<bool> closed_{false};
    Guarded<std::vector<std::weak_ptr<Bell>>> bells_;
};

void add_journal_routes(House& house, JournalStreams& streams);

}  // namespace quipu::platform
