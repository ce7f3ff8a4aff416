#pragma once
// Keeps the lab's processes running: routers and agents. One that ends unasked is started again after a pause that
// grows.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "lab/process.h"

namespace quipu::lab {

struct Job {
    std::string name;  ///< "router santiago": unique
    Command command;
    bool restart = true;
    Nanoseconds grace = std::chrono::seconds(3);  ///< to end by itself when asked
};

struct JobState {
    bool running = false;
    ProcessId process;
    std::uint32_t restarts = 0;
    std::optional<int> exit_status;  ///< of its last end
};

/// Safe from any thread.
class Supervisor {
  public:
    /// `changed` is called, from any thread, after the set of processes became another.
    explicit Supervisor(std::function<void()> changed);
    ~Supervisor();  ///< ends everything
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    /// The first start's failure is the answer; later ones are tried again.
    [[nodiscard]] Result<void> start(Job job);
    /// Ends the job and forgets it; no such job is no error.
    void stop(std::string_view name);
    /// Asks all at once, then waits for each.
    void stop_all();
    [[nodiscard]] std::optional<JobState> state(std::string_view name) const;
    [[nodiscard]] std::vector<ProcessId> processes() const;

  private:
    struct Work;
    std::unique_ptr<Work> work_;
};

}  // namespace quipu::lab
