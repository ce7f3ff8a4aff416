#pragma once
// SIGINT and SIGTERM as something that main waits for.

#include <csignal>

namespace quipu::app {

/// Make it before any other thread: threads inherit the mask. SIGPIPE is ignored from then on.
class StopSignals {
  public:
    StopSignals();
    /// Blocks until one comes. A second one ends the process at once.
    void wait();

  private:
    sigset_t set_{};
};

}  // namespace quipu::app
