#pragma once
// A ClickHouse of the test's own, from Debian's package: in a temporary folder, on loopback, on a free port, ended by
// its process id, gone with the object. For tests and benchmarks.

#include <arpa/inet.h>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/result.h"
#include "data/clickhouse_connection.h"
#include "data/test_folder.h"

namespace quipu::data {

class TestClickhouse {
  public:
    /// `not_found` when ClickHouse is not installed: the test then skips and says so.
    static Result<std::unique_ptr<TestClickhouse>> start() {
        constexpr const char* kProgram = "/usr/sbin/clickhouse-server";
        if (access(kProgram, X_OK) != 0)
            return fail(ErrorCode::not_found, "ClickHouse is not installed", kProgram,
                        "apt-get install clickhouse-server");
        auto out = std::make_unique<TestClickhouse>();
        out->port_ = free_port();
        std::ofstream(out->folder_ / "config.xml") << fmt::format(
            "<yandex><logger><level>error</level><console>1</console></logger><http_port>{0}</http_port>"
            "<listen_host>127.0.0.1</listen_host><path>{1}/data/</path><tmp_path>{1}/tmp/</tmp_path>"
            "<users_config>users.xml</users_config><default_profile>default</default_profile>"
            "<default_database>default</default_database><mark_cache_size>16777216</mark_cache_size>"
            "<keep_alive_timeout>3</keep_alive_timeout></yandex>",
            out->port_, out->folder_.path());
        std::ofstream(out->folder_ / "users.xml")
            << "<yandex><profiles><default><max_memory_usage>1000000000</max_memory_usage>"
               "<background_pool_size>2</background_pool_size></default></profiles><users><default><password></"
               "password>"
               "<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></"
               "users>"
               "<quotas><default></default></quotas></yandex>";
        TRY(out->run());
        return out;
    }
    TestClickhouse() = default;
    TestClickhouse(const TestClickhouse&) = delete;
    TestClickhouse& operator=(const TestClickhouse&) = delete;
    ~TestClickhouse() { kill(); }

    /// Starts it (again) on the same files and waits until it answers.
    [[nodiscard]] Result<void> run() {
        const std::string config = "--config-file=" + (folder_ / "config.xml");
        server_ = fork();
        if (server_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);  // no server outlives a test that was killed
            std::signal(SIGXFSZ, SIG_IGN);     // a limit on its files is an error of its writes
            const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
            for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
                dup2(nothing, fd);
            if (chdir(folder_.path().c_str()) != 0) _exit(126);
            execl("/usr/sbin/clickhouse-server", "clickhouse-server", config.c_str(), nullptr);
            _exit(127);
        }
        const auto server = TRY(ClickhouseServer::create(url("default")));
        while (!server->ask("SELECT 1")) {
            if (waitpid(server_, nullptr, WNOHANG) != 0) {
                server_ = 0;
                return fail(ErrorCode::io, "ClickHouse ended at its start");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return {};
    }
    /// As a crash would: SIGKILL.
    void kill() {
        if (server_ <= 0) return;
        ::kill(server_, SIGKILL);
        waitpid(server_, nullptr, 0);
        server_ = 0;
    }
    /// No file of the server grows beyond this: what a full disk looks like to it. RLIM_INFINITY takes it back.
    void limit_files(rlim_t octets) const {
        rlimit limit{};
        prlimit(server_, RLIMIT_FSIZE, nullptr, &limit);
        limit.rlim_cur = std::min(octets, limit.rlim_max);
        prlimit(server_, RLIMIT_FSIZE, &limit, nullptr);
    }

    [[nodiscard]] std::string url(std::string_view database) const {
        return fmt::format("clickhouse://127.0.0.1:{}/{}", port_, database);
    }
    /// Of a database of its own, a new one each time.
    [[nodiscard]] std::string fresh_url() { return url("test_" + std::to_string(++databases_)); }
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    static std::uint16_t free_port() {
        const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* const where = reinterpret_cast<sockaddr*>(&address);
        if (bind(probe, where, length) != 0 || getsockname(probe, where, &length) != 0) std::abort();
        close(probe);
        return ntohs(address.sin_port);
    }

    TestFolder folder_;
    std::uint16_t port_ = 0;
    pid_t server_ = 0;
    int databases_ = 0;
};

}  // namespace quipu::data
