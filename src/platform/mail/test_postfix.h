#pragma once
// A Postfix of the test's own, from Debian's package: configuration, spool and log in a temporary folder, on loopback
// ports, gone with the object.

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <pwd.h>
#include <string>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "net/socket.h"
#include "net/tls.h"

namespace quipu::mail {

class TestPostfix {
  public:
    /// Mail to quipu.test goes to LMTP at this port; to gone.test it bounces; refused@people.test is refused at once;
    /// all else of people.test goes into maildir(). `not_found` when it is not installed or the test is not root.
    static Result<std::unique_ptr<TestPostfix>> start(std::uint16_t lmtp) {
        if (!std::filesystem::exists("/usr/lib/postfix/sbin/master"))
            return fail(ErrorCode::not_found, "Postfix is not installed", "/usr/lib/postfix",
                        "apt-get install postfix");
        if (geteuid() != 0) return fail(ErrorCode::not_found, "Postfix starts as root only");
        const passwd user = *getpwnam("nobody");  // a copy: the next call overwrites it
        std::unique_ptr<TestPostfix> out(new TestPostfix);
        std::filesystem::permissions(out->folder_, std::filesystem::perms(0755));
        for (const char* each : {"/etc", "/spool", "/data", "/mail"})
            std::filesystem::create_directory(out->folder_ + each);
        if (chown((out->folder_ + "/mail").c_str(), user.pw_uid, user.pw_gid) != 0)
            return fail_errno(errno, "chown", out->folder_);
        const passwd* postfix = getpwnam("postfix");
        if (postfix == nullptr || chown((out->folder_ + "/data").c_str(), postfix->pw_uid, 0) != 0)
            return fail_errno(errno, "chown", out->folder_);
        // A free port: taken for a moment, so that nobody else has it.
        out->port_ =
            TRY(net::local_endpoint(TRY(net::listen_on(TRY(net::Endpoint::parse("127.0.0.1:0")), 1)).front().get()))
        .port;
        const Time now = SystemClock().now();
        const auto authority = TRY(net::pki::make_authority("Test", now, std::chrono::days(2)));
        const std::string names[] = {"127.0.0.1"};
        const auto identity = TRY(net::pki::make_server(authority, names, now, std::chrono::days(2)));
        std::ofstream(out->folder_ + "/ca.pem") << authority.certificate;
        std::ofstream(out->folder_ + "/cert.pem") << identity.certificate;
        std::ofstream(out->folder_ + "/key.pem") << identity.private_key;
        std::filesystem::permissions(out->folder_ + "/key.pem", std::filesystem::perms(0600));
        out->write_configuration(user, lmtp);
        const std::string etc = out->folder_ + "/etc";
        int checked = 0;
        waitpid(out->run({"/usr/sbin/postfix", "-c", etc, "check"}), &checked, 0);  // makes the spool's folders
        if (checked != 0) return fail(ErrorCode::io, "Postfix does not like its configuration: " + out->log());
        out->child_ = out->run({"/usr/lib/postfix/sbin/master", "-c", etc, "-d"});
        for (;;) {
            int status = 0;
            if (waitpid(out->child_, &status, WNOHANG) != 0) {
                out->child_ = 0;
                return fail(ErrorCode::io, "Postfix ended at its start: " + out->log());
            }
            const net::Descriptor probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            const auto where =
                net::to_socket_address(TRY(net::Endpoint::parse(fmt::format("127.0.0.1:{}", out->port_))));
            if (connect(probe.get(), where.get(), where.length) == 0) return out;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }
    TestPostfix(const TestPostfix&) = delete;
    TestPostfix& operator=(const TestPostfix&) = delete;
    ~TestPostfix() {
        if (child_ > 0) {
            kill(child_, SIGTERM);
            waitpid(child_, nullptr, 0);
        }
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string ca() const { return folder_ + "/ca.pem"; }
    [[nodiscard]] std::string maildir() const { return folder_ + "/mail/box"; }
    [[nodiscard]] std::size_t delivered() const {
        std::error_code ignored;
        const std::filesystem::directory_iterator all(maildir() + "/new", ignored);
        return ignored ? 0U : static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }
    [[nodiscard]] std::string log() const {
        std::string out;
        for (const char* name : {"/start.log", "/log"}) {
            std::ifstream file(folder_ + name);
            out.append(std::istreambuf_iterator<char>(file), {});
        }
        return out;
    }

  private:
    TestPostfix() : folder_((std::filesystem::temp_directory_path() / "quipu-postfix-XXXXXX").string()) {
        if (mkdtemp(folder_.data()) == nullptr) std::abort();
    }

    /// In the foreground, gone with the test even if that is killed.
    [[nodiscard]] pid_t run(std::vector<std::string> command) const {
        const pid_t child = fork();
        if (child != 0) return child;
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        const int log_file = open((folder_ + "/start.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        dup2(log_file, STDOUT_FILENO);
        dup2(log_file, STDERR_FILENO);
        std::vector<char*> arguments;
        for (std::string& word : command)
            arguments.push_back(word.data());
        arguments.push_back(nullptr);
        execv(arguments[0], arguments.data());
        _exit(127);
    }

    void write_configuration(const passwd& user, std::uint16_t lmtp) const {
        std::ofstream(folder_ + "/etc/main.cf") << fmt::format(
            "compatibility_level = 3.6\nqueue_directory = {0}/spool\ndata_directory = {0}/data\nmail_owner = "
            "postfix\nsetgid_group = postdrop\n"
            "command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\ninet_interfaces = "
            "127.0.0.1\ninet_protocols = ipv4\n"
            "myhostname = mx.people.test\nmydestination =\nmynetworks = 127.0.0.0/8\nalias_maps =\nmaillog_file = "
            "{0}/log\nmaillog_file_prefixes = {0}\n"
            "smtpd_tls_cert_file = {0}/cert.pem\nsmtpd_tls_key_file = {0}/key.pem\nsmtpd_tls_security_level = "
            "may\nsmtpd_tls_received_header = yes\n"
            "virtual_mailbox_domains = people.test\nvirtual_mailbox_maps = static:box/\nvirtual_mailbox_base = "
            "{0}/mail\nvirtual_minimum_uid = 1\n"
            "virtual_uid_maps = static:{1}\nvirtual_gid_maps = static:{2}\nrelay_domains = quipu.test, gone.test\n"
            "transport_maps = inline:{{ {{ quipu.test = lmtp:inet:127.0.0.1:{3} }}, {{ gone.test = error:5.1.1 no such "
            "user }} }}\n"
            "default_transport = error:5.4.4 no such host\nrelay_transport = error:5.4.4 no such host\n"
            "smtpd_recipient_restrictions = check_recipient_access inline:{{ {{ refused@people.test = 550 5.1.1 no "
            "such user }} }}, permit_mynetworks, reject\n"
            "smtpd_client_connection_count_limit = 0\nsmtpd_client_connection_rate_limit = "
            "0\nsmtpd_client_message_rate_limit = 0\n"
            "local_transport = error:5.1.1 no local mail\nbiff = no\nminimal_backoff_time = 1s\nmaximal_backoff_time = "
            "2s\nqueue_run_delay = 1s\n",
            folder_, user.pw_uid, user.pw_gid, lmtp);
        std::ofstream(folder_ + "/etc/master.cf") << fmt::format(
            "127.0.0.1:{} inet n - n - - smtpd\npickup unix n - n 60 1 pickup\ncleanup unix n - n - 0 cleanup\nqmgr "
            "unix n - n 1 1 qmgr\n"
            "tlsmgr unix - - n 1000? 1 tlsmgr\nrewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 "
            "bounce\ndefer unix - - n - 0 bounce\n"
            "trace unix - - n - 0 bounce\nverify unix - - n - 1 verify\nflush unix n - n 1000? 0 flush\nproxymap unix "
            "- - n - - proxymap\n"
            "smtp unix - - n - - smtp\nrelay unix - - n - - smtp\nshowq unix n - n - - showq\nerror unix - - n - - "
            "error\nretry unix - - n - - error\n"
            "discard unix - - n - - discard\nlocal unix - n n - - local\nvirtual unix - n n - - virtual\nlmtp unix - - "
            "n - - lmtp\n"
            "anvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\npostlog unix-dgram n - n - 1 postlogd\n",
            port_);
    }

    std::string folder_;
    std::uint16_t port_ = 0;
    pid_t child_ = 0;
};

}  // namespace quipu::mail
