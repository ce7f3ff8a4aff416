#pragma once
// The agent as a whole: enrols if it must, polls for work, carries records, renews its certificate. It goes on
// measuring while the hub is away.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/part.h"
#include "agent/spool.h"
#include "base/result.h"

namespace quipu::agent {

struct RuntimeOptions {
    std::string folder;                     ///< identity, spool and the parts' own folders
    std::string ticket;                     ///< its text; needed once
    std::vector<net::IpAddress> addresses;  ///< where parts measure from; the address that reaches the hub when empty
    Nanoseconds clock_error{};              ///< declared bound, or zero: ask the kernel
    Nanoseconds clock_shift{};              ///< the lab's: stamps are off by so much
    SpoolLimits spool;
    Nanoseconds upload_every = std::chrono::seconds(1);  ///< records wait at most this long for company
};

class Runtime {
  public:
    /// Enrols when the folder holds no identity (blocking; the error says what to do).
    static Result<std::unique_ptr<Runtime>> create(RuntimeOptions options, const Clock& clock);
    virtual ~Runtime() = default;

    /// Before run().
    virtual void add_part(std::unique_ptr<Part> part) = 0;
    /// Starts the parts and serves until stop(). An error only when a part can't start.
    virtual Result<void> run() = 0;
    /// From any thread, also from a signal handler's thread.
    virtual void stop() = 0;
    [[nodiscard]] virtual const std::string& agent() const = 0;
    [[nodiscard]] virtual Spool::State spool_state() const = 0;
};

}  // namespace quipu::agent
