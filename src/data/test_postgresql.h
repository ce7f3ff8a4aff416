#pragma once
// A PostgreSQL of the test's own, from Debian's package: made in a temporary folder, reached by a Unix socket only,
// gone with the object. For tests and benchmarks.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <grp.h>
#include <memory>
#include <pwd.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/result.h"
#include "data/database.h"

namespace quipu::data {

class TestPostgresql {
  public:
    /// `not_found` when PostgreSQL is not installed: the test then skips and says so. `durable` keeps fsync on.
    static Result<std::unique_ptr<TestPostgresql>> start(bool durable = false) {
        const std::string programs = newest_programs();
        if (programs.empty())
            return fail(ErrorCode::not_found, "PostgreSQL is not installed", "/usr/lib/postgresql",
                        "apt-get install postgresql");
        std::string folder = (std::filesystem::temp_directory_path() / "quipu-postgresql-XXXXXX").string();
        if (mkdtemp(folder.data()) == nullptr) return fail_errno(errno, "make a folder for PostgreSQL", folder);
        std::unique_ptr<TestPostgresql> server(new TestPostgresql(folder));
        if (server->user_ != nullptr && chown(folder.c_str(), server->user_->pw_uid, server->user_->pw_gid) != 0)
            return fail_errno(errno, "give the folder to PostgreSQL's user", folder);
        const std::string data = folder + "/data";
        TRY(server->copy_of_empty(programs, data));
        int status = 0;
        server->server_ =
            server->run({programs + "/postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c",
                         "shared_buffers=32MB", "-c", "max_connections=60", "-c", durable ? "fsync=on" : "fsync=off"});
        while (!Database::open(server->address("postgres"))) {
            if (waitpid(server->server_, &status, WNOHANG) != 0) {
                server->server_ = 0;
                return fail(ErrorCode::io, "PostgreSQL ended at its start");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return server;
    }
    TestPostgresql(const TestPostgresql&) = delete;
    TestPostgresql& operator=(const TestPostgresql&) = delete;
    ~TestPostgresql() {
        if (server_ > 0) {
            kill(server_, SIGINT);  // fast shutdown: sessions are ended
            waitpid(server_, nullptr, 0);
        }
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    /// The URL of an empty schema of its own, a new one each time.
    [[nodiscard]] Result<std::string> fresh_url() {
        const std::string schema = "test_" + std::to_string(++schemas_);
        auto database = TRY(Database::open(address("postgres")));
        TRY(database->write([&](Transaction& transaction) -> Result<void> {
            TRY(transaction.execute("CREATE SCHEMA " + schema, {}));
            return {};
        }));
        return address("postgres") + "&options=-csearch_path%3D" + schema;
    }
    /// Ends every session, as a restart of the server would.
    [[nodiscard]] Result<void> cut_sessions() {
        auto database = TRY(Database::open(address("postgres")));
        TRY(
            database->query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"));
        return {};
    }

  private:
    explicit TestPostgresql(std::string folder) : folder_(std::move(folder)) {
        // PostgreSQL refuses to run as root.
        if (geteuid() == 0) user_ = getpwnam("postgres");
    }

    static std::string newest_programs() {
        std::vector<std::string> found;
        std::error_code ignored;
        for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored))
            if (std::filesystem::exists(version.path() / "bin/initdb"))
                found.push_back((version.path() / "bin").string());
        return found.empty() ? std::string() : std::ranges::max(found);
    }

    /// An empty database cluster is made once for a build folder and copied then: a fifth of initdb's work.
    [[nodiscard]] Result<void> copy_of_empty(const std::string& programs, const std::string& data) const {
        namespace fs = std::filesystem;
        std::error_code fault;
        const fs::path build = fs::read_symlink("/proc/self/exe", fault).parent_path().parent_path();
        const fs::path version = fs::path(programs).parent_path().filename();
        const fs::path kept = build / ("empty-postgresql-" + version.string());
        if (!fs::exists(kept, fault)) {
            TRY(wait_for(run({programs + "/initdb", "-D", data, "-U", "quipu", "-A", "trust", "-E", "UTF8",
                              "--locale=C", "--no-sync", "--no-instructions"}),
                         "initdb"));
            // Tests that run side by side each make one; the first that is whole stands.
            const fs::path part = kept.string() + "-" + std::to_string(getpid());
            if (copy(data, part)) fs::rename(part, kept, fault);
            fs::remove_all(part, fault);
            return {};
        }
        return copy(kept, data);
    }

    /// With owners and times; by cp, since the standard library keeps neither.
    static Result<void> copy(const std::filesystem::path& from, const std::filesystem::path& to) {
        const pid_t child = fork();
        if (child == 0) {
            execlp("cp", "cp", "-a", from.c_str(), to.c_str(), nullptr);
            _exit(127);
        }
        return wait_for(child, "cp");
    }

    static Result<void> wait_for(pid_t child, const char* what) {
        int status = 0;
        waitpid(child, &status, 0);
        if (status != 0) return fail(ErrorCode::io, std::string(what) + " failed");
        return {};
    }

    [[nodiscard]] std::string address(std::string_view database) const {
        std::string host;
        for (const char c : folder_)
            host += c == '/' ? std::string("%2F") : std::string(1, c);
        return fmt::format("postgresql:///{}?host={}&user=quipu", database, host);
    }

    [[nodiscard]] pid_t run(const std::vector<std::string>& command) const {
        std::vector<char*> arguments;
        for (const std::string& word : command)
            arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        const pid_t child = fork();
        if (child != 0) return child;
        if (user_ != nullptr &&
            (setgroups(0, nullptr) != 0 || setgid(user_->pw_gid) != 0 || setuid(user_->pw_uid) != 0))
            _exit(126);
        prctl(PR_SET_PDEATHSIG, SIGQUIT);  // no server outlives a test that was killed
        const int log = open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        if (chdir(folder_.c_str()) != 0) _exit(126);
        execv(arguments[0], arguments.data());
        _exit(127);
    }

    std::string folder_;
    const passwd* user_ = nullptr;
    pid_t server_ = 0;
    std::atomic<int> schemas_ = 0;
};

}  // namespace quipu::data
