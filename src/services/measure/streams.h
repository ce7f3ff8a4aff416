#pragma once
// Pairs as they change, to those who watch (server-sent events).

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "net/http.h"
#include "platform/bell.h"
#include "services/measure/live.h"

namespace quipu::measure {

class PairStreams {
  public:
    PairStreams(std::shared_ptr<const Live> live, const Clock& clock) : live_(std::move(live)), clock_(clock) {}

    /// Sends event "pairs", a JSON list of those that changed after version `since`, until the client goes or close().
    /// The task keeps `self` alive: it may end some time after its service has.
    static Task<void> run(std::shared_ptr<PairStreams> self, net::EventStream& stream, std::uint64_t since);
    /// Something has changed. From any thread.
    void ring();
    void close();

  private:
    std::shared_ptr<const Live> live_;
    const Clock& clock_;
    Guarded<std::vector<std::weak_ptr<platform::Bell>>> bells_;
    std::atomic<bool> closed_{false};
};

}  // namespace quipu::measure
