// The hub is killed (-9), again and again, while notices go in: afterwards every notice that was accepted stands in
// exactly one letter of the queue for each reader, and once in their list.

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <map>
#include <set>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "data/test_folder.h"
#include "net/ascii.h"
#include "net/socket.h"
#include "platform/hub.h"
#include "platform/mail/mime.h"
#include "platform/mail/store.h"
#include "platform/notify/service.h"

namespace quipu::notify {
namespace {

using namespace std::chrono_literals;

/// A hundred where it is measured; less in every run.
int rounds() {
    const char* wanted = std::getenv("QUIPU_CRASH_ROUNDS");
    return wanted != nullptr ? std::stoi(wanted) : 10;
}

class OnePerson final : public Directory {
  public:
    std::vector<Recipient> find(const To&) override { return {ana_}; }
    std::optional<Recipient> recipient(std::string_view) override { return ana_; }
    bool may_know(std::string_view, std::string_view) override { return true; }
    std::vector<Recipient> managers_of(std::string_view) override { return {ana_}; }

  private:
    Recipient ana_{.id = "person:ana", .mailbox = {"Ana", "ana@reuna.cl"}, .language = mail::Language::en};
};

void append_line(const std::string& file, const std::string& text) {
    const net::Descriptor fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    const std::string line = text + "\n";
    if (::write(fd.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(9);
}

std::vector<std::string> lines_of(const std::string& file) {
    std::vector<std::string> out;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);)
        out.push_back(line);
    return out;
}

[[noreturn]] void run_child(const std::string& folder, int round, bool drain) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    configure_log(LogLevel::error, LogFormat::text);
    auto mail = mail::make_mail_service();
    auto* mail_service = mail.get();
    auto notify = make_notify_service([mail_service]() -> mail::Mail& { return mail_service->mail(); });
    notify->use_directory(std::make_unique<OnePerson>());
    auto* service = notify.get();
    platform::HubOptions options;
    options.settings.port = 0;
    options.settings.data = folder + "/data";
    options.settings.loops = 1;
    options.services.push_back(std::move(mail));
    options.services.push_back(std::move(notify));
    options.config = platform::Config::parse("[notify]\ngather = \"1ms\"\ncalm = \"1ms\"\n", "x",
                                             platform::sections_of(options.services))
                         .value();
    auto hub = platform::Hub::create(std::move(options));
    if (!hub || !(*hub)->start()) _exit(3);
    append_line(folder + "/started", "x");
    while (drain) {
        const auto left =
            (*hub)->house().database.query("SELECT COUNT(*) FROM notify_messages WHERE state = 'gathering'");
        if (left && left->integer(0, 0) == 0) _exit(0);
        std::this_thread::sleep_for(20ms);
    }
    for (int i = 0;; ++i) {
        const std::string name = fmt::format("<{}-{}>", round, i);
        // Causes in turn: some notices gather with others, some stand alone. Each is sent twice with the same key.
        Notice notice{.topic = "test",
                      .key = name,
                      .cause = fmt::format("cause-{}", i % 7),
                      .text = "service-failed",
                      .values = {{"service", name}},
                      .to = {To::account("person:ana")}};
        for (int again = 0; again < 2; ++again)
            if (!service->notifier().send(notice)) _exit(4);
        append_line(folder + "/accepted", name);
    }
}

pid_t start_child(const std::string& folder, int round, bool drain) {
    const pid_t child = fork();
    if (child != 0) return child;
    ::setenv("QUIPU_NOTIFY_CRASH", fmt::format("{} {} {}", folder, round, drain ? 1 : 0).c_str(), 1);
    ::execl("/proc/self/exe", "notify_tests", "--gtest_filter=NotifyCrash.DISABLED_Child",
            "--gtest_also_run_disabled_tests", static_cast<char*>(nullptr));
    _exit(127);
}

/// The other half of NotifyCrash.EachIsToldOnce, a program of its own.
TEST(NotifyCrash, DISABLED_Child) {
    const char* what = std::getenv("QUIPU_NOTIFY_CRASH");
    ASSERT_NE(what, nullptr);
    std::string_view rest = what;
    const std::string folder(net::take_until(rest, ' '));
    const int round = std::stoi(std::string(net::take_until(rest, ' ')));
    run_child(folder, round, rest == "1");
}

TEST(NotifyCrash, EachIsToldOnce) {
    const data::TestFolder folder;
    Rng rng = Rng::from_system();
    // On a busy machine a child may do little before it is killed: then more of them are.
    const auto too_few = [&] { return lines_of(folder / "accepted").size() <= 20; };
    int killed = 0;
    for (; killed < rounds() || (too_few() && killed < 5 * rounds()); ++killed) {
        std::filesystem::remove(folder / "started");
        const pid_t child = start_child(folder.path(), killed, false);
        int status = 0;
        while (lines_of(folder / "started").empty()) {
            ASSERT_EQ(waitpid(child, &status, WNOHANG), 0) << "the child ended by itself: " << WEXITSTATUS(status);
            std::this_thread::sleep_for(2ms);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(rng.below(100)));
        ::kill(child, SIGKILL);
        waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    }
    const pid_t last = start_child(folder.path(), killed, true);
    int status = 0;
    waitpid(last, &status, 0);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    const auto accepted = lines_of(folder / "accepted");
    auto database = data::Database::open("sqlite:" + (folder / "data/quipu.db"));
    ASSERT_TRUE(database) << database.error().text();
    const auto rows = (*database)->query("SELECT message FROM mail_letters");
    ASSERT_TRUE(rows);
    std::map<std::string, int> told;
    for (std::size_t row = 0; row < rows->size(); ++row) {
        const auto& blob = rows->blob(row, 0);
        const auto letter = mail::parse_letter(blob);
        ASSERT_TRUE(letter);
        // A list names each notice in a line of its own; a letter of one in its subject.
        const std::string& text = letter->letter.text;
        std::set<std::string> here;
        for (const std::string& part : {letter->letter.subject, text})
            for (std::size_t open = part.find('<'); open != std::string::npos; open = part.find('<', open + 1))
                here.insert(part.substr(open, part.find('>', open) - open + 1));
        for (const std::string& name : here)
            ++told[name];
    }
    for (const std::string& name : accepted)
        EXPECT_EQ(told[name], 1) << name;
    for (const auto& [name, count] : told)
        EXPECT_EQ(count, 1) << name;
    const auto shown = (*database)->query("SELECT COUNT(*) FROM notify_shown");
    EXPECT_GE(shown->integer(0, 0), static_cast<std::int64_t>(accepted.size()));
    EXPECT_EQ(shown->integer(0, 0), static_cast<std::int64_t>(told.size()));
    EXPECT_GT(accepted.size(), 20U);
    std::cout << fmt::format("killed {} times: {} notices accepted, {} letters, each notice in one\n", killed,
                             accepted.size(), rows->size());
}

}  // namespace
}  // namespace quipu::notify
