#include "services/measure/servers/servers.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "services/measure/servers/agent.h"

namespace quipu::servers {
namespace {

class MeasureServers : public testing::Test {
  protected:
    void TearDown() override { std::filesystem::remove(file_); }
    Result<Settings> settings(std::string_view text) {
        std::ofstream(file_) << text;
        return read_settings(file_);
    }
    std::string file_ = testing::TempDir() + "servers.toml";
    SystemClock clock_;
};

TEST_F(MeasureServers, ServeWhereTheSettingsSay) {
    const auto wanted = settings(R"(
[measure_servers]
test_ports = "20000-20010"
allow = ["192.0.2.0/24"]
refwait = "1m"
[measure_servers.owamp]
listen = ["127.0.0.1:0"]
[measure_servers.stamp]
listen = ["127.0.0.1:0"]
sessions = 7
[measure_servers.open]
packets = 5
)");
    ASSERT_TRUE(wanted) << wanted.error().text();
    EXPECT_EQ(wanted->test_ports.last, 20'010);
    EXPECT_EQ(wanted->refwait, std::chrono::minutes(1));
    EXPECT_EQ(wanted->open.packets, 5U);
    EXPECT_EQ(wanted->open.sessions, owamp::ServerSettings{}.open.sessions) << "what is not told stays";
    EXPECT_EQ(wanted->stamp.sessions, 7U);
    const auto servers = Servers::start(*wanted, clock_);
    ASSERT_TRUE(servers) << servers.error().text();
    const Figures figures = (*servers)->figures();
    ASSERT_EQ(figures.owamp.size(), 1U);
    EXPECT_NE(figures.owamp.front().port, 0);
    ASSERT_EQ(figures.stamp.size(), 1U);
    EXPECT_NE(figures.stamp.front().port, 0);
    EXPECT_TRUE(figures.twamp.empty());
}

TEST_F(MeasureServers, RefuseSettingsThatCannotBe) {
    EXPECT_FALSE(settings("[measure_servers]\n")) << "nothing is served";
    EXPECT_FALSE(settings("[measure_servers.stamp]\nlisten = [\"127.0.0.1\"]\n")) << "no port";
    EXPECT_FALSE(settings("[measure_servers.stamp]\nlisten = [\"127.0.0.1:0\"]\nkeys = \"x\"\n")) << "an unknown key";
    EXPECT_FALSE(
        settings("[measure_servers]\nrefwait = \"0s\"\n[measure_servers.stamp]\nlisten = [\"127.0.0.1:0\"]\n"));
    const auto without =
        settings("[measure_servers]\nkeys_only = true\n[measure_servers.stamp]\nlisten = [\"127.0.0.1:0\"]\n");
    ASSERT_TRUE(without);
    EXPECT_FALSE(Servers::start(*without, clock_)) << "nobody could ask";
}

}  // namespace
}  // namespace quipu::servers
