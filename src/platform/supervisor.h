#pragma once
// Decides which service is started and stopped when. Knows no service, no thread and no clock: states and time in, what
// to do next out. A service is started after those that it needs, and stopped with them; one that fails is started
// again after a pause that doubles from one second to five minutes, give or take a fifth, and begins anew after ten
// minutes without fault.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace quipu::platform {

enum class ServiceState : std::uint8_t { starting, running, failed, draining, stopped };
constexpr auto describe_enum(ServiceState) {
    return names<ServiceState>({{ServiceState::starting, "starting"},
                                {ServiceState::running, "running"},
                                {ServiceState::failed, "failed"},
                                {ServiceState::draining, "draining"},
                                {ServiceState::stopped, "stopped"}});
}

struct ServiceStatus {
    std::string name;
    ServiceState state = ServiceState::starting;
    Time since{};
    std::int64_t restarts = 0;
    std::optional<std::string> reason;
    static constexpr auto describe() {
        using T = ServiceStatus;
        return fields(field<&T::name>("name", "The service").required(),
                      field<&T::state>("state", "What it does now").required(),
                      field<&T::since>("since", "Since when").required(),
                      field<&T::restarts>("restarts", "How often it was started again").required(),
                      field<&T::reason>("reason", "Why it does not run"));
    }
};

class Supervisor {
  public:
    struct Member {
        std::string name;
        std::vector<std::string> needs;
    };
    /// An instant on both clocks.
    struct Now {
        Monotonic monotonic;
        Time time;
    };
    /// `invalid` for a name that is needed but not there, and for services that need each other.
    static Result<Supervisor> create(std::vector<Member> members, Rng rng, Now now);

    struct Action {
        enum class What : std::uint8_t { start, stop };
        What what;
        std::string service;
    };
    /// What is to be done now, one thing at a time; the caller does it and then says `started` or `stopped`.
    [[nodiscard]] std::optional<Action> next(Now now);
    /// When next() will have something to do without being told anything; nothing if never.
    [[nodiscard]] std::optional<Monotonic> wake() const;

    void started(std::string_view service, const Result<void>& outcome, Now now);
    void stopped(std::string_view service, Now now);
    /// A running service can't go on. False if it does not run: it is being dealt with already.
    bool failed(std::string_view service, const Error& error, Now now);
    /// From now on everything is stopped and nothing started.
    void shut_down(Now now);

    /// In the order of starting.
    [[nodiscard]] const std::vector<ServiceStatus>& services() const { return status_; }

  private:
    enum class Phase : std::uint8_t { waiting, starting, running, to_stop, stopping, stopped };
    struct Entry {
        std::vector<std::size_t> needs;
        Phase phase = Phase::waiting;
        Monotonic ready_at{};
        Monotonic running_since{};
        std::uint32_t failures = 0;  ///< in a row
        bool started_before = false;
        bool at_fault = false;
    };
    explicit Supervisor(Rng rng) : rng_(rng) {}
    [[nodiscard]] std::size_t index_of(std::string_view service) const;
    [[nodiscard]] std::optional<std::size_t> missing_need(std::size_t index) const;
    void show(std::size_t index, ServiceState state, std::optional<std::string> reason, Now now);
    void fail_at(std::size_t index, const Error& error, Now now);
    [[nodiscard]] Nanoseconds pause(std::uint32_t failures);

    Rng rng_;
    bool shutting_down_ = false;
    std::vector<Entry> entries_;
    std::vector<ServiceStatus> status_;
};

}  // namespace quipu::platform
