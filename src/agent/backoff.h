#pragma once
// How long to wait after a failure: doubled each time up to a limit, spread by chance so that agents don't return
// together.

#include <algorithm>

#include "base/random.h"
#include "base/time.h"

namespace quipu::agent {

class Backoff {
  public:
    Backoff(Nanoseconds first, Nanoseconds limit) : first_(first), limit_(limit), next_(first) {}

    /// Between half and all of the current step.
    [[nodiscard]] Nanoseconds wait(Rng& rng) {
        const Nanoseconds step = next_;
        next_ = std::min(next_ * 2, limit_);
        return Nanoseconds(static_cast<std::int64_t>(static_cast<double>(step.count()) * (0.5 + (rng.uniform() / 2))));
    }
    void reset() { next_ = first_; }

  private:
    Nanoseconds first_;
    Nanoseconds limit_;
    Nanoseconds next_;
};

}  // namespace quipu::agent
