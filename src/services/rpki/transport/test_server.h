#pragma once
// For tests: a publication server that tells what it was asked and may be bent, and the two peers that Debian has.

#include <arpa/inet.h>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "base/guarded.h"
#include "net/http_server.h"
#include "net/tls.h"

namespace quipu::rpki {

inline std::string gzip_of(std::string_view text) {
    z_stream stream{};
    EXPECT_EQ(::deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    std::string out(::deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<unsigned>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<unsigned>(out.size());
    EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    return out;
}

inline std::string text_of_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Serves a folder over HTTPS, with tags and gzip; a path may be answered otherwise.
class PublicationServer {
  public:
    using Answer = std::function<Task<net::HttpResponse>(net::HttpRequest&)>;

    explicit PublicationServer(std::string folder) : folder_(std::move(folder)) {
        const Time now = SystemClock().now();
        const std::array<std::string, 1> names = {"localhost"};
        const auto identity = *net::pki::make_server(authority_, names, now, std::chrono::days(1));
        auto server = net::HttpServer::listen(
            loops_, *net::Endpoint::parse("127.0.0.1:0"), [this](net::HttpRequest& request) { return answer(request); },
            *net::TlsContext::server(identity, authority_.certificate));
        EXPECT_TRUE(server) << server.error().text();
        server_ = std::move(*server);
    }
    [[nodiscard]] std::string base() const { return fmt::format("https://localhost:{}", server_->address().port); }
    [[nodiscard]] const std::string& authority() const { return authority_.certificate; }
    void bend(const std::string& path, Answer other) {
        bent_.with([&](auto& all) { all[path] = std::move(other); });
    }
    void straighten() {
        bent_.with([](auto& all) { all.clear(); });
    }
    /// The paths asked for since the last time.
    [[nodiscard]] std::vector<std::string> asked() {
        return asked_.with([](auto& all) { return std::exchange(all, {}); });
    }

  private:
    Task<net::HttpResponse> answer(net::HttpRequest& request) {
        asked_.with([&](auto& all) { all.push_back(request.path); });
        const Answer other = bent_.with([&](auto& all) {
            const auto found = all.find(request.path);
            return found == all.end() ? Answer{} : found->second;
        });
        if (other) co_return co_await other(request);
        const std::string path = folder_ + request.path;
        if (!std::filesystem::is_regular_file(path)) co_return net::HttpResponse::text(404, "not here");
        const std::string text = text_of_file(path);
        const std::string tag = "\"" + net::sha256_hex(text).substr(0, 16) + "\"";
        net::HttpResponse out = net::HttpResponse::text(200, text, "application/xml");
        if (request.headers.get("If-None-Match") == tag) out = net::HttpResponse::text(304, "");
        out.headers.set("ETag", tag);
        if (out.status == 200 && request.headers.get("Accept-Encoding").find("gzip") != std::string_view::npos) {
            out.body = gzip_of(text);
            out.headers.set("Content-Encoding", "gzip");
        }
        co_return out;
    }

    std::string folder_;
    net::KeyPair authority_ =
        *net::pki::make_authority("A test's authority", SystemClock().now(), std::chrono::days(1));
    Guarded<std::map<std::string, Answer>> bent_;
    Guarded<std::vector<std::string>> asked_;
    net::LoopPool loops_{1};
    std::unique_ptr<net::HttpServer> server_;
};

inline std::uint16_t free_port() {
    const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(file, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(file);
    return ntohs(address.sin_port);
}

/// Debian's rsync as a daemon on loopback, each module a folder.
class RsyncDaemon {
  public:
    RsyncDaemon(const std::string& scratch, std::uint16_t port, const std::map<std::string, std::string>& modules) {
        std::ofstream config(scratch + "/rsyncd.conf");
        config << "use chroot = no\nreverse lookup = no\nlog file = " << scratch << "/rsyncd.log\n";
        for (const auto& [name, folder] : modules)
            config << fmt::format("[{}]\n  path = {}\n  read only = yes\n  munge symlinks = no\n", name, folder);
        if (::getuid() == 0) config << "uid = root\ngid = root\n";
        config.close();
        std::vector<std::string> words = {"rsync",
                                          "--daemon",
                                          "--no-detach",
                                          "--address=127.0.0.1",
                                          fmt::format("--port={}", port),
                                          "--config=" + scratch + "/rsyncd.conf"};
        std::vector<char*> argv;
        for (std::string& word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        if (::posix_spawnp(&pid_, "rsync", nullptr, nullptr, argv.data(), environ) != 0) pid_ = -1;
        for (int turn = 0; pid_ > 0 && turn < 2'000 && !ready_; ++turn) {
            const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            address.sin_port = htons(port);
            ready_ = ::connect(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
            ::close(file);
            if (!ready_) ::usleep(5'000);
        }
    }
    RsyncDaemon(const RsyncDaemon&) = delete;
    RsyncDaemon& operator=(const RsyncDaemon&) = delete;
    ~RsyncDaemon() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }
    [[nodiscard]] bool ready() const { return ready_; }

  private:
    pid_t pid_ = -1;
    bool ready_ = false;
};

}  // namespace quipu::rpki
