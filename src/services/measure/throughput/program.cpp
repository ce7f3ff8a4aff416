#include "services/measure/throughput/program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/socket.h"

namespace quipu::throughput {
namespace {

constexpr std::size_t kMostErrors = 2'000;
constexpr Nanoseconds kAskEvery = std::chrono::milliseconds(200);
// Asked to end, iperf3 prints what it has; then it is ended.
constexpr Nanoseconds kToPrint = std::chrono::milliseconds(500);

struct Pipe {
    net::Descriptor read, write;
    static Result<Pipe> create() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "making a pipe");
        return Pipe{net::Descriptor(ends[0]), net::Descriptor(ends[1])};
    }
};

// Between fork and exec in a program with threads: system calls only.
[[noreturn]] void become(char* const* argv, pid_t parent, int null, int output, int errors, int report) {
    const auto give_up = [report] {
        const int error = errno;
        static_cast<void>(!::write(report, &error, sizeof(error)));
        ::_exit(127);
    };
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // it died before the line above
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::setpgid(0, 0);  // not reached by the terminal's Ctrl-C
    if (::dup2(null, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 || ::dup2(errors, STDERR_FILENO) < 0)
        give_up();
    ::execvp(argv[0], argv);
    give_up();
    ::_exit(127);
}

/// A child that has ended, or is ended, before this object is gone.
class Child {
  public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ < 0) return;
        signal(SIGKILL);
        wait();
    }
    void signal(int number) const { ::kill(pid_, number); }
    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

  private:
    pid_t pid_;
};

}  // namespace

Result<ProgramEnd> run_program(const std::vector<std::string>& argv, Nanoseconds limit, std::size_t most,
                               const std::function<bool()>& called_off) {
    Pipe output = TRY(Pipe::create())
    , errors = TRY(Pipe::create())
    , report = TRY(Pipe::create());
    const net::Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null.is_open()) return fail_errno(errno, "opening", "/dev/null");
    std::vector<char*> words;
    for (const std::string& word : argv)
        words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno(errno, "starting a program", argv[0]);
    if (pid == 0) become(words.data(), parent, null.get(), output.write.get(), errors.write.get(), report.write.get());
    Child child(pid);
    for (Pipe* pipe : {&output, &errors, &report})
        pipe->write.reset(-1);
    if (int error = 0; ::read(report.read.get(), &error, sizeof(error)) == static_cast<ssize_t>(sizeof(error))) {
        if (error == ENOENT)
            return fail(ErrorCode::not_found, fmt::format("{} is not installed", argv[0]), {},
                        "install the package " + argv[0]);
        return fail_errno(error, "starting a program", argv[0]);
    }

    ProgramEnd out;
    auto end = std::chrono::steady_clock::now() + limit;
    std::array<pollfd, 2> waiting{{{output.read.get(), POLLIN, 0}, {errors.read.get(), POLLIN, 0}}};
    while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
        const Nanoseconds left = end - std::chrono::steady_clock::now();
        const bool ending = out.timed_out || out.called_off;
        if (!ending && called_off()) out.called_off = true;
        if (!ending && (left <= Nanoseconds::zero() || out.called_off)) {
            out.timed_out = !out.called_off;
            child.signal(SIGTERM);
            end = std::chrono::steady_clock::now() + kToPrint;
            continue;
        }
        if (left <= Nanoseconds::zero()) {
            child.signal(SIGKILL);
            break;
        }
        const auto pause = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kAskEvery)).count();
        if (::poll(waiting.data(), waiting.size(), static_cast<int>(pause)) < 0 && errno != EINTR)
            return fail_errno(errno, "waiting for a program", argv[0]);
        for (pollfd& one : waiting) {
            if (one.fd < 0 || one.revents == 0) continue;
            std::array<char, 16'384> octets;  // NOLINT(cppcoreguidelines-pro-type-member-init): read over
            const ssize_t got = ::read(one.fd, octets.data(), octets.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) {
                one.fd = -1;
                continue;
            }
            const std::string_view text(octets.data(), static_cast<std::size_t>(got));
            if (&one == &waiting[1]) {
                out.errors.append(text.substr(0, kMostErrors - std::min(kMostErrors, out.errors.size())));
                continue;
            }
            if (out.output.size() + text.size() > most)
                return fail(ErrorCode::too_large, fmt::format("{} printed more than {} octets", argv[0], most));
            out.output.append(text);
        }
    }
    out.status = child.wait();
    return out;
}

}  // namespace quipu::throughput
