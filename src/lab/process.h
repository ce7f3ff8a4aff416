#pragma once
// Child processes that never outlive the lab: spawned on a thread that lives as long as the Spawner, with a death
// signal, and known by process id and start time, so that a later run can tell whether a recorded process is still the
// same one.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

#include "base/describe.h"
#include "base/result.h"
#include "base/time.h"

namespace quipu::lab {

/// A process's lasting name: an id is used again, an id with its start time never is (until the machine restarts).
struct ProcessId {
    std::int64_t pid = 0;
    std::int64_t start_time = 0;  ///< clock ticks since the machine started (proc(5), stat field 22)
    static constexpr auto describe() {
        return fields(field<&ProcessId::pid>("pid", "Process id").required(),
                      field<&ProcessId::start_time>("start_time", "Clock ticks since boot").required());
    }
    bool operator==(const ProcessId&) const = default;
};

/// Nothing if there is no such process.
[[nodiscard]] std::optional<ProcessId> identify(pid_t pid);
/// Ends the process if it is still the recorded one: asks, waits up to `grace`, then kills. Nothing to do is no error.
[[nodiscard]] Result<void> end_process(const ProcessId& process, Nanoseconds grace);

struct Command {
    std::vector<std::string> argv;  ///< argv[0] is searched in PATH
    std::string netns = {};         ///< path of a network namespace to stand in; empty: the caller's
    std::string folder = {};        ///< to run in; empty: the caller's
    std::string output_file = {};   ///< standard output and error are appended there; empty: inherited
    bool own_group = true;          ///< not reached by the terminal's Ctrl-C: the lab stops it in order
};

/// A running child with one owner. Destroying it ends the process.
class Child {
  public:
    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    ~Child();

    [[nodiscard]] const ProcessId& id() const { return id_; }
    /// Readable once the process has ended.
    [[nodiscard]] int pidfd() const { return pidfd_; }
    /// The exit status as a shell gives it (128 + signal when killed) once it has ended, within `limit`.
    [[nodiscard]] std::optional<int> wait(Nanoseconds limit);
    [[nodiscard]] bool running() { return !wait(Nanoseconds{0}).has_value(); }
    void signal(int number) const;
    /// Asks, waits up to `grace`, then kills; the child is gone afterwards.
    void stop(Nanoseconds grace);

  private:
    friend class Spawner;
    Child(ProcessId id, int pidfd) : id_(id), pidfd_(pidfd) {}
    ProcessId id_;
    int pidfd_ = -1;
    std::optional<int> status_;
};

/// Starts children. The kernel sends their death signal when the thread that forked them ends, so one thread does it
/// all.
class Spawner {
  public:
    Spawner();
    ~Spawner();
    Spawner(const Spawner&) = delete;
    Spawner& operator=(const Spawner&) = delete;
    [[nodiscard]] Result<Child> spawn(const Command& command);

  private:
    struct Queue;
    std::unique_ptr<Queue> queue_;
    std::jthread thread_;
};

/// Runs a short command to its end with `input` on its standard input; an exit status other than 0 is an `io` error
/// with what it wrote to its standard error.
[[nodiscard]] Result<std::string> run_command(const std::vector<std::string>& argv, std::string_view input = {});

}  // namespace quipu::lab
