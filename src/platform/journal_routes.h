#pragma once
// GET /api/v1/journal/events and the live stream of events.

#include <atomic>
#include <memory>
#include <vector>

#include "base/guarded.h"
#include "platform/bell.h"
#include "platform/service.h"

namespace quipu::platform {

/// What a caller may see of the journal (events/audience.h).
struct JournalSight {
    std::vector<std::string> only_types, without_types;
    bool actors = false;  ///< by name; else only of which kind they are
    [[nodiscard]] static JournalSight of(const Caller& caller);
    void restrict(data::EventFilter& filter) const;
    void hide(data::Event& event) const;
};

/// The event streams that are open, so that they end when the house drains.
class JournalStreams {
  public:
    explicit JournalStreams(data::Journal& journal) : journal_(journal) {}

    /// Writes every event after `after` that the reader may see to the stream until the client goes or close() is
    /// called. `after` -1: from now on.
    Task<void> run(net::EventStream& stream, std::int64_t after, JournalSight sight);
    void close();

  private:
    data::Journal& journal_;
    std::atomic<bool> closed_{false};
    Guarded<std::vector<std::weak_ptr<Bell>>> bells_;
};

void add_journal_routes(House& house, JournalStreams& streams);

}  // namespace quipu::platform
