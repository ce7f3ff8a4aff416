#include "lab/control.h"

#include <filesystem>
#include <future>
#include <gtest/gtest.h>

#include "lab/runtime_folder.h"

namespace quipu::lab {
namespace {

class OneLink final : public Controls {
  public:
    [[nodiscard]] Result<LabStatus> status() const override {
        LabStatus status{true, "test", "x", false, {}, {link_}};
        status.nodes.push_back({"a", "quipu-x-a", "running", "none", {}, {}, {}, {}});
        return status;
    }

  protected:
    [[nodiscard]] Result<LinkStatus> change_link(std::string_view id, const LinkChange& change,
                                                 std::string_view /*actor*/) override {
        if (id != "ab") return fail(ErrorCode::not_found, "is not a link of the lab", std::string(id));
        link_.state = change.state.value_or(link_.state);
        link_.loss = change.loss.value_or(link_.loss);
        return link_;
    }

  private:
    LinkStatus link_ = [] {
        LinkStatus link;
        link.id = "ab";
        link.a = "a";
        link.b = "b";
        return link;
    }();
};

std::string ask(std::string_view line) {
    OneLink lab;
    bool down = false;
    return answer_control(line, lab, down);
}

TEST(Control, AnswersWhatIsWrong) {
    EXPECT_NE(ask("").find("\"error\""), std::string::npos);
    EXPECT_NE(ask("{").find("\"error\""), std::string::npos);
    EXPECT_NE(ask("[]").find("expected a table"), std::string::npos);
    EXPECT_NE(ask(R"({"do":"fly"})").find("expected status, set, hijack, clock or down"), std::string::npos);
    EXPECT_NE(ask(R"({"do":"set"})").find("set needs link and change"), std::string::npos);
    EXPECT_NE(ask(R"({"do":"set","link":"ab","change":{"loss":2}})").find("change.loss"), std::string::npos);
    EXPECT_NE(ask(R"({"do":"set","link":"ab","change":{}})").find("nothing to change"), std::string::npos);
    EXPECT_NE(ask(R"({"do":"set","link":"xy","change":{"state":"down"}})").find("is not a link of the lab"),
              std::string::npos);
    EXPECT_NE(ask(R"({"do":"set","link":"ab","change":{"state":"down"}})").find(R"("state":"down")"),
              std::string::npos);
}

TEST(Control, ObserversHearOfEachChangeForAsLongAsTheyCare) {
    OneLink lab;
    std::vector<LinkSet> heard;
    auto care = lab.observe([&](const LinkSet& set) { heard.push_back(set); });
    LinkChange change;
    change.state = LinkState::down;
    change.loss = 0.5;
    ASSERT_TRUE(lab.set_link("ab", change, "someone"));
    ASSERT_FALSE(lab.set_link("xy", change, "someone"));
    care.reset();
    ASSERT_TRUE(lab.set_link("ab", change, "someone"));
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].link, "ab");
    EXPECT_EQ(heard[0].state, LinkState::down);
    EXPECT_EQ(heard[0].impairment, "loss=0.5");
    EXPECT_EQ(heard[0].actor, "someone");
}

TEST(Control, ClientAndServerMeetInAFolderWithALongName) {
    const std::string folder = (std::filesystem::temp_directory_path() /
                                ("quipu-control-" + std::to_string(::getpid())) / std::string(120, 'x'))
                                   .string();
    std::filesystem::create_directories(folder);
    LabClient client(folder);
    EXPECT_EQ(client.status().error().code, ErrorCode::not_found);
    {
        OneLink lab;
        std::promise<void> asked;
        const auto server = ControlServer::start(folder, {lab, [&] { asked.set_value(); }});
        ASSERT_TRUE(server) << server.error().text();
        const auto mode = std::filesystem::status(folder + "/control.sock").permissions();
        EXPECT_EQ(mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
                  std::filesystem::perms::none);
        const auto status = client.status();
        ASSERT_TRUE(status) << status.error().text();
        EXPECT_EQ(status->links.at(0).id, "ab");
        EXPECT_EQ(status->nodes.at(0).netns, "quipu-x-a");
        LinkChange change;
        change.loss = 0.25;
        const auto link = client.set_link("ab", change, "test");
        ASSERT_TRUE(link) << link.error().text();
        EXPECT_DOUBLE_EQ(link->loss, 0.25);
        EXPECT_EQ(client.set_link("xy", change, "test").error().code, ErrorCode::not_found);
        ASSERT_TRUE(client.ask_down());
        asked.get_future().wait();
    }
    EXPECT_EQ(client.status().error().code, ErrorCode::not_found);
    std::filesystem::remove_all(std::filesystem::path(folder).parent_path());
}

TEST(RuntimeFolder, HoldsOneLabAndForgetsWhatARestartOfTheMachineTook) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("quipu-runtime-" + std::to_string(::getpid()))).string();
    {
        auto folder = RuntimeFolder::open(path);
        ASSERT_TRUE(folder) << folder.error().text();
        EXPECT_EQ(RuntimeFolder::open(path).error().code, ErrorCode::conflict);
        // Of another boot: the process id may be anybody's now, and is left alone.
        ASSERT_TRUE(folder->write({"another-boot", {"quipu-none"}, {}, {*identify(::getpid())}}));
        EXPECT_TRUE(folder->remove_recorded());
        EXPECT_FALSE(std::filesystem::exists(path + "/lab.json"));
        folder->remove();
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Process, IsEndedOnlyIfItIsStillTheSame) {
    Spawner spawner;
    auto child = spawner.spawn({.argv = {"sleep", "1000"}});
    ASSERT_TRUE(child) << child.error().text();
    ProcessId other = child->id();
    ++other.start_time;
    EXPECT_TRUE(end_process(other, std::chrono::seconds(1)));
    EXPECT_TRUE(child->running());
    EXPECT_TRUE(end_process(child->id(), std::chrono::seconds(10)));
    EXPECT_EQ(child->wait(std::chrono::seconds(10)), 128 + SIGTERM);
    EXPECT_TRUE(end_process(child->id(), std::chrono::seconds(1)));
}

TEST(Process, TellsWhatCannotBeStarted) {
    Spawner spawner;
    EXPECT_EQ(spawner.spawn({.argv = {"no-such-program-anywhere"}}).error().code, ErrorCode::not_found);
    EXPECT_EQ(run_command({"no-such-program-anywhere"}).error().code, ErrorCode::not_found);
    EXPECT_NE(run_command({"sh", "-c", "echo because >&2; exit 3"}).error().what.find("because"), std::string::npos);
    EXPECT_EQ(run_command({"cat"}, "in and out").value(), "in and out");
}

}  // namespace
}  // namespace quipu::lab
