#include "lab/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <future>
#include <mutex>
#include <poll.h>
#include <sched.h>
#include <sstream>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/descriptor.h"

extern "C" {  // glibc 2.36 forgot it
#include <sys/pidfd.h>
}

namespace quipu::lab {

namespace {

int poll_milliseconds(Nanoseconds limit) {
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(limit).count());
}

bool has_ended(int pidfd, Nanoseconds limit) {
    pollfd waiting{pidfd, POLLIN, 0};
    return ::poll(&waiting, 1, poll_milliseconds(limit)) > 0;
}

struct Prepared {
    std::vector<char*> argv;
    const char* folder;
    Descriptor netns;
    Descriptor output;
    Descriptor report;  // the child writes errno here when it cannot become the command
    pid_t parent;
    bool own_group;
};

// Between fork and exec in a program with threads: system calls only.
[[noreturn]] void become(const Prepared& prepared) {
    const auto give_up = [&] {
        const int error = errno;
        static_cast<void>(!::write(prepared.report.get(), &error, sizeof(error)));
        ::_exit(127);
    };
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != prepared.parent) ::_exit(127);  // it died before the line above
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (prepared.own_group) ::setpgid(0, 0);
    if (prepared.netns.is_open() && ::setns(prepared.netns.get(), CLONE_NEWNET) != 0) give_up();
    if (prepared.folder[0] != '\0' && ::chdir(prepared.folder) != 0) give_up();
    if (prepared.output.is_open()) {
        const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (null < 0 || ::dup2(null, STDIN_FILENO) < 0) give_up();
        if (::dup2(prepared.output.get(), STDOUT_FILENO) < 0) give_up();
        if (::dup2(prepared.output.get(), STDERR_FILENO) < 0) give_up();
    }
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    ::execvp(prepared.argv[0], prepared.argv.data());
    give_up();
    ::_exit(127);
}

Result<pid_t> fork_and_become(const Command& command) {
    Prepared prepared;
    for (const std::string& word : command.argv)
        prepared.argv.push_back(const_cast<char*>(word.c_str()));
    prepared.argv.push_back(nullptr);
    prepared.folder = command.folder.c_str();
    prepared.parent = ::getpid();
    prepared.own_group = command.own_group;
    if (!command.netns.empty()) prepared.netns = TRY(Descriptor::open(command.netns, O_RDONLY));
    if (!command.output_file.empty())
        prepared.output = TRY(Descriptor::open(command.output_file, O_WRONLY | O_CREAT | O_APPEND, 0600));
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return fail_errno(errno, "making a pipe");
    const Descriptor answer(pipe[0]);
    prepared.report = Descriptor(pipe[1]);

    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno(errno, "starting a process", command.argv[0]);
    if (pid == 0) become(prepared);
    prepared.report.close();
    int error = 0;
    if (::read(answer.get(), &error, sizeof(error)) != static_cast<ssize_t>(sizeof(error))) return pid;
    ::waitpid(pid, nullptr, 0);
    if (error == ENOENT)
        return fail(ErrorCode::not_found, fmt::format("the program {} is not installed", command.argv[0]), {},
                    "tools/setup installs what Quipu needs");
    return fail_errno(error, "starting a process", command.argv[0]);
}

}  // namespace

std::optional<ProcessId> identify(pid_t pid) {
    std::ifstream in(fmt::format("/proc/{}/stat", pid));
    std::string text;
    if (!std::getline(in, text)) return std::nullopt;
    // The command's name may hold spaces and brackets: the fields that follow begin after the last bracket, at field 3.
    const std::size_t bracket = text.rfind(')');
    if (bracket == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(bracket + 1));
    std::string field;
    for (int number = 3; number <= 22; ++number)
        if (!(fields >> field)) return std::nullopt;
    ProcessId id{pid, std::strtoll(field.c_str(), nullptr, 10)};
    return id;
}

Result<void> end_process(const ProcessId& process, Nanoseconds grace) {
    const Descriptor pidfd(::pidfd_open(static_cast<pid_t>(process.pid), 0));
    // Asked after the descriptor is open: from here on the id cannot come to mean another process.
    if (!pidfd.is_open() || identify(static_cast<pid_t>(process.pid)) != process) return {};
    for (const int number : {SIGTERM, SIGKILL}) {
        if (::pidfd_send_signal(pidfd.get(), number, nullptr, 0) != 0) {
            if (errno == ESRCH) return {};
            return fail_errno(errno, "ending a process", fmt::format("process {}", process.pid));
        }
        if (has_ended(pidfd.get(), std::max(grace, Nanoseconds(std::chrono::milliseconds(100))))) return {};
    }
    return fail(ErrorCode::timeout, "does not end", fmt::format("process {}", process.pid));
}

Child::Child(Child&& other) noexcept
    : id_(other.id_), pidfd_(std::exchange(other.pidfd_, -1)), status_(other.status_) {}

Child& Child::operator=(Child&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(pidfd_, other.pidfd_);
    std::swap(status_, other.status_);
    return *this;
}

Child::~Child() {
    if (pidfd_ < 0) return;
    stop(std::chrono::seconds(1));
    ::close(pidfd_);
}

std::optional<int> Child::wait(Nanoseconds limit) {
    if (status_ || !has_ended(pidfd_, limit)) return status_;
    siginfo_t info{};
    if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_), &info, WEXITED) != 0) return status_ = -1;
    status_ = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    return status_;
}

void Child::signal(int number) const {
    ::pidfd_send_signal(pidfd_, number, nullptr, 0);
}

void Child::stop(Nanoseconds grace) {
    if (wait(Nanoseconds{0})) return;
    signal(SIGTERM);
    if (wait(grace)) return;
    signal(SIGKILL);
    static_cast<void>(wait(std::chrono::seconds(10)));
}

struct Spawner::Queue {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::deque<std::move_only_function<void()>> work;
};

Spawner::Spawner() : queue_(std::make_unique<Queue>()) {
    thread_ = std::jthread([&queue = *queue_](const std::stop_token& stop) {
        std::unique_lock lock(queue.mutex);
        while (queue.wake.wait(lock, stop, [&] { return !queue.work.empty(); })) {
            auto work = std::move(queue.work.front());
            queue.work.pop_front();
            lock.unlock();
            work();
            lock.lock();
        }
    });
}

Spawner::~Spawner() = default;

Result<Child> Spawner::spawn(const Command& command) {
    std::promise<Result<pid_t>> promise;
    auto answer = promise.get_future();
    {
        const std::scoped_lock lock(queue_->mutex);
        queue_->work.emplace_back([&] { promise.set_value(fork_and_become(command)); });
    }
    queue_->wake.notify_one();
    const pid_t pid = TRY(answer.get());
    const int pidfd = ::pidfd_open(pid, 0);
    if (pidfd < 0) {
        const int error = errno;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return fail_errno(error, "watching a process", command.argv[0]);
    }
    return Child(identify(pid).value_or(ProcessId{pid, 0}), pidfd);
}

Result<std::string> run_command(const std::vector<std::string>& argv, std::string_view input) {
    const std::string what = fmt::format("{}", fmt::join(argv, " "));
    // Files without names instead of pipes: neither side can wait for the other.
    const Descriptor in(::memfd_create("input", MFD_CLOEXEC));
    const Descriptor out(::memfd_create("output", MFD_CLOEXEC));
    if (!in.is_open() || !out.is_open()) return fail_errno(errno, "running a command", what);
    if (::write(in.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size()))
        return fail_errno(errno, "running a command", what);
    ::lseek(in.get(), 0, SEEK_SET);

    std::vector<char*> words;
    for (const std::string& word : argv)
        words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno(errno, "starting a process", what);
    if (pid == 0) {
        ::dup2(in.get(), STDIN_FILENO);
        ::dup2(out.get(), STDOUT_FILENO);
        ::dup2(out.get(), STDERR_FILENO);
        ::setpgid(0, 0);  // Ctrl-C must not cut a clean-up in half
        ::execvp(words[0], words.data());
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }

    std::string text(static_cast<std::size_t>(std::max<off_t>(::lseek(out.get(), 0, SEEK_END), 0)), '\0');
    const ssize_t got = ::pread(out.get(), text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return fail(ErrorCode::not_found, fmt::format("the program {} is not installed", argv[0]), {},
                    "tools/setup installs what Quipu needs");
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return fail(ErrorCode::io, fmt::format("failed: {}", text), what);
}

}  // namespace quipu::lab
