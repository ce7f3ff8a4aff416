#include "services/rpki/transport/rsync.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/socket.h"
#include "services/rpki/transport/origin.h"

namespace quipu::rpki {
namespace {

constexpr std::array<std::string_view, 11> kExtensions = {"cer", "crl", "mft", "roa", "asa", "gbr",
                                                          "tak", "sig", "spl", "taf", "moa"};
constexpr std::size_t kMaxErrors = 2'000;
constexpr std::size_t kMaxLine = 8'192;

/// The environment, but with texts that do not hang on the user's language, and no address of a proxy in it twice.
std::vector<std::string> environment_of_rsync() {
    std::vector<std::string> out;
    for (char** at = environ; *at != nullptr; ++at)
        if (!std::string_view(*at).starts_with("LC_") && !std::string_view(*at).starts_with("LANG"))
            out.emplace_back(*at);
    out.emplace_back("LC_ALL=C");
    return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> out;
    for (std::string& word : words)
        out.push_back(word.data());
    out.push_back(nullptr);
    return out;
}

/// The program with both of its outputs, in a group of its own; gone when this is.
class Program {
  public:
    Program() = default;
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() {
        if (pid_ > 0) end();
    }

    Result<void> start(std::vector<std::string> words) {
        std::array<int, 2> out{};
        std::array<int, 2> err{};
        if (::pipe2(out.data(), O_CLOEXEC) != 0) return fail_errno(errno, "making a pipe");
        output = net::Descriptor(out[0]);
        const net::Descriptor out_end(out[1]);
        if (::pipe2(err.data(), O_CLOEXEC) != 0) return fail_errno(errno, "making a pipe");
        errors = net::Descriptor(err[0]);
        const net::Descriptor err_end(err[1]);
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions, out_end.get(), STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, err_end.get(), STDERR_FILENO);
        ::posix_spawnattr_init(&attributes);
        sigset_t none;
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setpgroup(&attributes, 0);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
        std::vector<std::string> environment = environment_of_rsync();
        const auto argv = pointers_to(words);
        const auto envp = pointers_to(environment);
        const int code = ::posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), envp.data());
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&actions);
        if (code == 0) return {};
        pid_ = -1;
        if (code == ENOENT)
            return fail(ErrorCode::not_found, "the program is not installed", words[0], "install the package rsync");
        return fail_errno(code, "starting a program", words[0]);
    }

    /// The exit status, 128 + signal when it was killed.
    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    void end() {
        ::kill(-pid_, SIGKILL);
        static_cast<void>(wait());
    }

    net::Descriptor output{-1};
    net::Descriptor errors{-1};

  private:
    pid_t pid_ = -1;
};

/// Reads both outputs to their end; an error ends the program.
Result<void> run_rsync(std::vector<std::string> words, const std::string& about, const TransportSettings& settings,
                       const Cancellation& cancellation, const std::function<Result<void>(std::string_view)>& on_line) {
    Program program;
    TRY(program.start(std::move(words)));
    const auto end = std::chrono::steady_clock::now() + settings.rsync_time;
    std::string line;
    std::string errors;
    std::array<pollfd, 2> waiting{{{program.output.get(), POLLIN, 0}, {program.errors.get(), POLLIN, 0}}};
    while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        if (cancellation.cancelled()) return fail(ErrorCode::cancelled, "the fetch was given up", about);
        if (left <= 0)
            return fail(ErrorCode::timeout, fmt::format("took longer than {}", format_duration(settings.rsync_time)),
                        about);
        if (::poll(waiting.data(), waiting.size(), static_cast<int>(std::min<std::int64_t>(left, 500))) < 0 &&
            errno != EINTR)
            return fail_errno(errno, "waiting for rsync", about);
        for (pollfd& one : waiting) {
            if (one.fd < 0 || one.revents == 0) continue;
            std::array<char, 16'384> octets;  // NOLINT(cppcoreguidelines-pro-type-member-init): read over
            const ssize_t got = ::read(one.fd, octets.data(), octets.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) {
                one.fd = -1;
                continue;
            }
            std::string_view rest(octets.data(), static_cast<std::size_t>(got));
            if (&one == &waiting[1]) {
                errors.append(rest.substr(0, kMaxErrors - std::min(kMaxErrors, errors.size())));
                continue;
            }
            for (std::size_t at = rest.find('\n'); at != std::string_view::npos; at = rest.find('\n')) {
                TRY(on_line(line.append(rest.substr(0, at))));
                line.clear();
                rest.remove_prefix(at + 1);
            }
            if (line.size() + rest.size() > kMaxLine) return fail(ErrorCode::invalid, "a name is too long", about);
            line.append(rest);
        }
    }
    const int status = program.wait();
    if (status == 0 || status == 24) return {};  // 24: files went while they were being listed
    while (errors.ends_with('\n'))
        errors.pop_back();
    const ErrorCode code = status == 30 || status == 35 ? ErrorCode::timeout : ErrorCode::unavailable;
    return fail(code, fmt::format("rsync ended with {}: {}", status, errors), about);
}

std::vector<std::string> common_words(const TransportSettings& settings) {
    const auto seconds = [](Nanoseconds time) {
        return std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(time).count());
    };
    return {settings.rsync_program, "--no-motd", fmt::format("--timeout={}", seconds(settings.stall_time)),
            fmt::format("--contimeout={}", seconds(settings.stall_time)),
            fmt::format("--max-size={}", settings.max_object_size.octets)};
}

}  // namespace

RsyncOutcome rsync_module(const std::string& module, const std::string& folder, const TransportSettings& settings,
                          const Cancellation& cancellation) {
    RsyncOutcome out;
    const std::string target = folder + "/" + module.substr(8);
    std::error_code error;
    std::filesystem::create_directories(target, error);
    if (error) {
        out.done = fail_errno(error.value(), "making a folder", target);
        return out;
    }
    std::vector<std::string> words = common_words(settings);
    // Two versions of one second differ by their nanoseconds; and new files wait until all are there, so that a
    // connection that breaks changes nothing.
    for (const std::string_view word :
         {"--recursive", "--times", "--omit-dir-times", "--delay-updates", "--delete-delay", "--modify-window=-1",
          "--out-format=%i %l %n", "--chmod=D755,F644"})
        words.emplace_back(word);
    words.emplace_back("--include=*/");
    for (const std::string_view extension : kExtensions)
        words.push_back(fmt::format("--include=*.{}", extension));
    words.emplace_back("--exclude=*");
    words.emplace_back("--");
    words.push_back(module);
    words.push_back(target);
    std::size_t files = 0;
    out.done = run_rsync(std::move(words), module, settings, cancellation, [&](std::string_view line) -> Result<void> {
        // "%i": eleven characters; what begins with ">f" was received, "*deleting" is gone.
        if (line.size() < 13) return {};
        const bool received = line.starts_with(">f");
        if (!received && !line.starts_with("*deleting")) return {};
        std::string_view rest = line.substr(12);
        std::uint64_t length = 0;
        const auto [stop, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
        const auto digits = static_cast<std::size_t>(stop - rest.data());
        if (failed != std::errc{} || digits + 1 >= rest.size()) return {};
        const std::string_view name = rest.substr(digits + 1);
        out.changed.emplace(folder_of(module + std::string(name)));
        if (!received) return {};
        out.octets += length;
        if (out.octets > static_cast<std::uint64_t>(settings.max_snapshot_size.octets))
            return fail(ErrorCode::too_large,
                        fmt::format("sends more than {} octets", settings.max_snapshot_size.octets), module,
                        "max_snapshot_size is the bound");
        if (++files > static_cast<std::size_t>(settings.max_objects))
            return fail(ErrorCode::too_large, fmt::format("sends more than {} files", settings.max_objects), module,
                        "max_objects is the bound");
        return {};
    });
    return out;
}

Result<std::vector<std::uint8_t>> rsync_file(const std::string& uri, const std::string& scratch,
                                             const TransportSettings& settings, const Cancellation& cancellation) {
    std::error_code ignored;
    std::filesystem::remove(scratch, ignored);
    std::vector<std::string> words = common_words(settings);
    words.emplace_back("--");
    words.push_back(uri);
    words.push_back(scratch);
    TRY(run_rsync(std::move(words), uri, settings, cancellation, [](std::string_view) -> Result<void> { return {}; }));
    std::ifstream in(scratch, std::ios::binary);
    std::vector<std::uint8_t> out(std::istreambuf_iterator<char>(in), {});
    in.close();
    std::filesystem::remove(scratch, ignored);
    if (out.empty()) return fail(ErrorCode::not_found, "is not there, or is too large", uri);
    return out;
}

}  // namespace quipu::rpki
