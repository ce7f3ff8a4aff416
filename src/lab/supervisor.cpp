#include "lab/supervisor.h"

#include <algorithm>
#include <csignal>
#include <list>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>

#include "base/log.h"
#include "lab/descriptor.h"

namespace quipu::lab {

namespace {

constexpr LogEvent kEnded{LogLevel::warning, "LAB_PROCESS_ENDED", "a process of the lab ended and is started again",
                          "look at its output in the lab's runtime folder"};
constexpr LogEvent kNotStarted{LogLevel::error, "LAB_PROCESS_NOT_STARTED",
                               "a process of the lab could not be started again and is tried later"};

constexpr Nanoseconds kFirstPause = std::chrono::seconds(1);
constexpr Nanoseconds kLongestPause = std::chrono::seconds(30);
constexpr Nanoseconds kHealthyAfter = std::chrono::minutes(1);  // then the pause begins anew

Monotonic now() {
    return std::chrono::steady_clock::now();
}

struct Running {
    Job job;
    std::optional<Child> child;
    JobState state;
    Nanoseconds pause = kFirstPause;
    Monotonic started{};
    Monotonic next_start{};
};

}  // namespace

struct Supervisor::Work {
    std::function<void()> changed;
    Spawner spawner;
    mutable std::mutex mutex;
    std::list<Running> jobs;
    Descriptor wake{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    std::jthread thread;

    void interrupt() const {
        const std::uint64_t one = 1;
        static_cast<void>(!::write(wake.get(), &one, sizeof(one)));
    }

    Result<void> launch(Running& running) {
        running.child.emplace(TRY(spawner.spawn(running.job.command)));
        running.started = now();
        running.state.running = true;
        running.state.process = running.child->id();
        return {};
    }

    // What ended is noted and, if wanted, planned to start again; what is due starts. Answers whether anything changed.
    bool look_after() {
        const std::scoped_lock lock(mutex);
        bool any = false;
        for (Running& running : jobs) {
            if (running.child) {
                const auto status = running.child->wait(Nanoseconds{0});
                if (!status) continue;
                running.child.reset();
                running.state.running = false;
                running.state.exit_status = status;
                if (now() - running.started > kHealthyAfter) running.pause = kFirstPause;
                running.next_start = now() + running.pause;
                running.pause = std::min(running.pause * 2, kLongestPause);
                any = true;
                if (running.job.restart) log(kEnded, {{"process", running.job.name}, {"status", *status}});
            } else if (running.job.restart && now() >= running.next_start) {
                ++running.state.restarts;
                if (auto launched = launch(running); !launched) {
                    log(kNotStarted, {{"process", running.job.name}, {"error", launched.error().text()}});
                    running.next_start = now() + running.pause;
                }
                any = true;
            }
        }
        return any;
    }

    // The descriptors that tell of an end, and how long until the next start.
    std::pair<std::vector<pollfd>, int> awaited() const {
        const std::scoped_lock lock(mutex);
        std::vector<pollfd> descriptors{{wake.get(), POLLIN, 0}};
        int milliseconds = -1;
        for (const Running& running : jobs) {
            if (running.child) {
                descriptors.push_back({running.child->pidfd(), POLLIN, 0});
            } else if (running.job.restart) {
                const auto left = std::chrono::ceil<std::chrono::milliseconds>(running.next_start - now()).count();
                const int wait = static_cast<int>(std::max<std::int64_t>(left, 0));
                milliseconds = milliseconds < 0 ? wait : std::min(milliseconds, wait);
            }
        }
        return {std::move(descriptors), milliseconds};
    }

    void run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            auto [descriptors, milliseconds] = awaited();
            ::poll(descriptors.data(), descriptors.size(), milliseconds);
            std::uint64_t times = 0;
            static_cast<void>(!::read(wake.get(), &times, sizeof(times)));
            if (look_after()) changed();
        }
    }
};

Supervisor::Supervisor(std::function<void()> changed) : work_(std::make_unique<Work>()) {
    work_->changed = std::move(changed);
    work_->thread = std::jthread([work = work_.get()](const std::stop_token& stop) { work->run(stop); });
}

Supervisor::~Supervisor() {
    work_->thread.request_stop();
    work_->interrupt();
    work_->thread.join();
    stop_all();
}

Result<void> Supervisor::start(Job job) {
    {
        const std::scoped_lock lock(work_->mutex);
        const auto same = [&](const Running& running) { return running.job.name == job.name; };
        if (std::ranges::any_of(work_->jobs, same)) return fail(ErrorCode::conflict, "is running already", job.name);
        Running running{std::move(job), {}, {}};
        TRY(work_->launch(running));
        work_->jobs.push_back(std::move(running));
    }
    work_->interrupt();
    work_->changed();
    return {};
}

void Supervisor::stop(std::string_view name) {
    std::list<Running> ending;
    {
        const std::scoped_lock lock(work_->mutex);
        const auto found =
            std::ranges::find(work_->jobs, name, [](const Running& r) { return std::string_view(r.job.name); });
        if (found != work_->jobs.end()) ending.splice(ending.begin(), work_->jobs, found);
    }
    for (Running& running : ending)
        if (running.child) running.child->stop(running.job.grace);
    if (!ending.empty()) work_->changed();
}

void Supervisor::stop_all() {
    std::list<Running> ending;
    {
        const std::scoped_lock lock(work_->mutex);
        ending.swap(work_->jobs);
    }
    for (Running& running : ending)
        if (running.child && running.child->running()) running.child->signal(SIGTERM);
    for (Running& running : ending)
        if (running.child && !running.child->wait(running.job.grace)) running.child->stop(Nanoseconds{0});
}

std::optional<JobState> Supervisor::state(std::string_view name) const {
    const std::scoped_lock lock(work_->mutex);
    const auto found =
        std::ranges::find(work_->jobs, name, [](const Running& r) { return std::string_view(r.job.name); });
    if (found == work_->jobs.end()) return std::nullopt;
    return found->state;
}

std::vector<ProcessId> Supervisor::processes() const {
    const std::scoped_lock lock(work_->mutex);
    std::vector<ProcessId> list;
    for (const Running& running : work_->jobs)
        if (running.child) list.push_back(running.state.process);
    return list;
}

}  // namespace quipu::lab
