#include "platform/supervisor.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::platform {
namespace {

constexpr Nanoseconds kFirstPause = std::chrono::seconds(1);
constexpr Nanoseconds kLongestPause = std::chrono::minutes(5);
constexpr Nanoseconds kStable = std::chrono::minutes(10);
constexpr double kSpread = 0.2;

/// Members so ordered that each stands after what it needs, otherwise in the order given.
Result<std::vector<Supervisor::Member>> ordered(std::vector<Supervisor::Member> members) {
    for (const auto& member : members)
        for (const std::string& need : member.needs)
            if (std::ranges::find(members, need, &Supervisor::Member::name) == members.end())
                return fail(ErrorCode::invalid,
                            fmt::format("the service {} needs {}, which is not there", member.name, need), member.name);
    std::vector<Supervisor::Member> out;
    const auto is_placed = [&out](const std::string& name) {
        return std::ranges::find(out, name, &Supervisor::Member::name) != out.end();
    };
    while (!members.empty()) {
        const auto next = std::ranges::find_if(
            members, [&](const auto& member) { return std::ranges::all_of(member.needs, is_placed); });
        if (next == members.end())
            return fail(ErrorCode::invalid,
                        fmt::format("the services need each other in a circle, {} among them", members.front().name));
        out.push_back(std::move(*next));
        members.erase(next);
    }
    return out;
}

}  // namespace

Result<Supervisor> Supervisor::create(std::vector<Member> members, Rng rng, Now now) {
    Supervisor supervisor(rng);
    const auto in_order = TRY(ordered(std::move(members)));
    for (const Member& member : in_order) {
        Entry entry;
        for (const std::string& need : member.needs)
            entry.needs.push_back(supervisor.index_of(need));
        entry.ready_at = now.monotonic;
        supervisor.entries_.push_back(std::move(entry));
        supervisor.status_.push_back({member.name, ServiceState::starting, now.time, 0, {}});
    }
    return supervisor;
}

std::optional<Supervisor::Action> Supervisor::next(Now now) {
    for (std::size_t i = entries_.size(); i-- > 0;) {
        if (entries_[i].phase != Phase::to_stop) continue;
        entries_[i].phase = Phase::stopping;
        if (shutting_down_) show(i, ServiceState::draining, {}, now);
        return Action{Action::What::stop, status_[i].name};
    }
    if (shutting_down_) return std::nullopt;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        if (entry.phase != Phase::waiting || entry.ready_at > now.monotonic) continue;
        if (const auto missing = missing_need(i)) {
            auto reason = fmt::format("waits for {}", status_[*missing].name);
            if (status_[i].state != ServiceState::starting || status_[i].reason != reason)
                show(i, ServiceState::starting, std::move(reason), now);
            continue;
        }
        entry.phase = Phase::starting;
        if (entry.started_before) ++status_[i].restarts;
        entry.started_before = true;
        show(i, ServiceState::starting, {}, now);
        return Action{Action::What::start, status_[i].name};
    }
    return std::nullopt;
}

std::optional<Monotonic> Supervisor::wake() const {
    std::optional<Monotonic> earliest;
    if (shutting_down_) return earliest;
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (entries_[i].phase == Phase::waiting && !missing_need(i) && (!earliest || entries_[i].ready_at < *earliest))
            earliest = entries_[i].ready_at;
    return earliest;
}

void Supervisor::started(std::string_view service, const Result<void>& outcome, Now now) {
    const std::size_t i = index_of(service);
    if (!outcome) return fail_at(i, outcome.error(), now);
    entries_[i].phase = shutting_down_ ? Phase::to_stop : Phase::running;
    entries_[i].running_since = now.monotonic;
    show(i, ServiceState::running, {}, now);
}

void Supervisor::stopped(std::string_view service, Now now) {
    const std::size_t i = index_of(service);
    Entry& entry = entries_[i];
    if (shutting_down_) {
        entry.phase = Phase::stopped;
        return show(i, ServiceState::stopped, {}, now);
    }
    entry.phase = Phase::waiting;
    entry.ready_at = entry.at_fault ? now.monotonic + pause(entry.failures) : now.monotonic;
    entry.at_fault = false;
}

bool Supervisor::failed(std::string_view service, const Error& error, Now now) {
    const std::size_t i = index_of(service);
    if (i == entries_.size() || entries_[i].phase != Phase::running) return false;
    if (now.monotonic - entries_[i].running_since >= kStable) entries_[i].failures = 0;
    fail_at(i, error, now);
    return true;
}

void Supervisor::shut_down(Now now) {
    shutting_down_ = true;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i].phase == Phase::running) {
            entries_[i].phase = Phase::to_stop;
        } else if (entries_[i].phase == Phase::waiting) {
            entries_[i].phase = Phase::stopped;
            show(i, ServiceState::stopped, {}, now);
        }
    }
}

void Supervisor::fail_at(std::size_t index, const Error& error, Now now) {
    Entry& entry = entries_[index];
    entry.phase = Phase::to_stop;
    entry.at_fault = true;
    ++entry.failures;
    show(index, ServiceState::failed, error.text(), now);
    // Entries stand after what they need, so one pass reaches those that need this one through others.
    for (std::size_t i = index + 1; i < entries_.size(); ++i) {
        const auto stops = [this](std::size_t need) {
            return entries_[need].phase == Phase::to_stop || entries_[need].phase == Phase::stopping;
        };
        if (entries_[i].phase != Phase::running) continue;
        const auto need = std::ranges::find_if(entries_[i].needs, stops);
        if (need == entries_[i].needs.end()) continue;
        entries_[i].phase = Phase::to_stop;
        show(i, ServiceState::starting, fmt::format("waits for {}", status_[*need].name), now);
    }
}

std::size_t Supervisor::index_of(std::string_view service) const {
    return static_cast<std::size_t>(std::ranges::find(status_, service, &ServiceStatus::name) - status_.begin());
}

std::optional<std::size_t> Supervisor::missing_need(std::size_t index) const {
    for (const std::size_t need : entries_[index].needs)
        if (entries_[need].phase != Phase::running) return need;
    return std::nullopt;
}

void Supervisor::show(std::size_t index, ServiceState state, std::optional<std::string> reason, Now now) {
    status_[index].state = state;
    status_[index].since = now.time;
    status_[index].reason = std::move(reason);
}

Nanoseconds Supervisor::pause(std::uint32_t failures) {
    constexpr std::uint32_t kMaxDoublings = 20;
    const auto doubled = kFirstPause * (std::int64_t{1} << std::min(failures - 1, kMaxDoublings));
    const double factor = 1 + kSpread * (2 * rng_.uniform() - 1);
    return std::chrono::duration_cast<Nanoseconds>(std::min(doubled, kLongestPause) * factor);
}

}  // namespace quipu::platform
