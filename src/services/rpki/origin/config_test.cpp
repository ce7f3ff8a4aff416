#include "services/rpki/origin/config.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/test_registry.h"

namespace quipu::rpki {
namespace {

RouterDescription santiago(RouterSystem system) {
    RouterDescription out;
    out.name = "santiago";
    out.system = system;
    out.id = *net::IpAddress::parse("192.0.2.1");
    out.as = 27750;
    out.caches = {{*net::Endpoint::parse("[2001:db8::20]:3323"), 2}, {*net::Endpoint::parse("192.0.2.10:3323"), 1}};
    out.neighbours = {{*net::IpAddress::parse("198.51.100.1"), 11340, "REUNA (Chile)"},
                      {*net::IpAddress::parse("2001:db8:1::1"), 4200000001, ""},
                      {*net::IpAddress::parse("192.0.2.2"), 27750, "panama"}};
    return out;
}

/// Runs a daemon's own check on a configuration; "FILE" in the command is its path.
struct Checked {
    int code = -1;
    std::string output;
};
Checked run_check(const std::string& configuration, std::string command) {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("quipu-config-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const std::string path = folder / "router.conf";
    std::ofstream(path) << configuration;
    ::chmod(path.c_str(), 0600);  // OpenBGPD reads no file that others may read
    for (std::size_t at = command.find("FILE"); at != std::string::npos; at = command.find("FILE"))
        command.replace(at, 4, path);
    Checked out;
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> piece{};
    while (std::fgets(piece.data(), piece.size(), pipe) != nullptr)
        out.output += piece.data();
    out.code = ::pclose(pipe);
    std::filesystem::remove_all(folder);
    return out;
}

class RouterConfig : public testing::TestWithParam<InvalidRoutes> {
  protected:
    static std::string text(RouterSystem system) {
        RouterDescription router = santiago(system);
        router.invalid = GetParam();
        const auto configuration = router_configuration(router);
        EXPECT_TRUE(configuration) << configuration.error().text();
        return configuration.value_or("");
    }
};
INSTANTIATE_TEST_SUITE_P(Both, RouterConfig, testing::Values(InvalidRoutes::reject, InvalidRoutes::depreference),
                         [](const auto& info) { return std::string(enum_name(info.param)); });

TEST_P(RouterConfig, BirdTakesIt) {
    if (::access("/usr/sbin/bird", X_OK) != 0) GTEST_SKIP() << "bird2 is not installed (tools/setup build)";
    const std::string configuration = text(RouterSystem::bird);
    const Checked checked = run_check(configuration, "/usr/sbin/bird -p -c FILE");
    EXPECT_EQ(checked.code, 0) << checked.output << configuration;
}

TEST_P(RouterConfig, OpenBgpdTakesIt) {
    if (::access("/usr/sbin/bgpd", X_OK) != 0) GTEST_SKIP() << "openbgpd is not installed (tools/setup test)";
    const std::string configuration = text(RouterSystem::openbgpd);
    const Checked checked = run_check(configuration, "/usr/sbin/bgpd -n -f FILE");
    EXPECT_EQ(checked.code, 0) << checked.output << configuration;
    EXPECT_THAT(checked.output, testing::HasSubstr("configuration OK"));
}

TEST_P(RouterConfig, FrrTakesIt) {
    if (::access("/usr/lib/frr/bgpd", X_OK) != 0) GTEST_SKIP() << "frr is not installed (tools/setup test)";
    const std::string configuration = text(RouterSystem::frr);
    const Checked checked = run_check(configuration, "/usr/lib/frr/bgpd -C -M rpki -f FILE");
    if (checked.output.find("could not load") != std::string::npos ||
        checked.output.find("loader error") != std::string::npos)
        GTEST_SKIP() << "frr-rpki-rtrlib is not installed (tools/setup test): " << checked.output;
    EXPECT_EQ(checked.code, 0) << checked.output << configuration;
    // It ends well even with commands that it does not know.
    EXPECT_EQ(checked.output.find("config line"), std::string::npos) << checked.output;
}

TEST(RouterConfigs, ForRoutersThatCannotBeAskedHere) {
    const std::string junos = *router_configuration(santiago(RouterSystem::junos));
    EXPECT_EQ(std::ranges::count(junos, '{'), std::ranges::count(junos, '}'));
    for (const std::string_view part :
         {"autonomous-system 27750;",
          "session 192.0.2.10 {\n                port 3323;\n                preference 102;",
          "validation-database invalid;", "validation-state invalid;\n                reject;",
          "import origin-validation;\n            neighbor 198.51.100.1 {\n                description \"REUNA "
          "(Chile)\";\n                peer-as 11340;",
          "group internal {\n            type internal;\n            neighbor 192.0.2.2"})
        EXPECT_THAT(junos, testing::HasSubstr(std::string(part)));
    const std::string xr = *router_configuration(santiago(RouterSystem::ios_xr));
    for (const std::string_view part :
         {"router bgp 27750\n bgp router-id 192.0.2.1\n",
          " rpki server 192.0.2.10\n  transport tcp port 3323\n  preference 1\n", "  bgp origin-as validation enable\n",
          "if validation-state is invalid then\n    drop\n",
          " neighbor 2001:db8:1::1\n  remote-as 4200000001\n  address-family ipv6 unicast\n   route-policy validated "
          "in\n"})
        EXPECT_THAT(xr, testing::HasSubstr(std::string(part)));
}

TEST(RouterConfigs, RefuseWhatCannotStandInThem) {
    const auto refused = [](auto change) {
        RouterDescription router = santiago(RouterSystem::bird);
        change(router);
        const auto done = router_configuration(router);
        return done ? std::string() : done.error().where;
    };
    EXPECT_EQ(refused([](RouterDescription& r) { r.id = *net::IpAddress::parse("2001:db8::1"); }), "id");
    EXPECT_EQ(refused([](RouterDescription& r) { r.as = 0; }), "as");
    EXPECT_EQ(refused([](RouterDescription& r) { r.caches.clear(); }), "caches");
    EXPECT_EQ(refused([](RouterDescription& r) { r.neighbours[0].description = "x\"; }\n"; }),
              "neighbour 198.51.100.1");
    EXPECT_EQ(refused([](RouterDescription& r) { r.neighbours[1].address = r.neighbours[0].address; }),
              "neighbour 198.51.100.1");
}

class RegistrysRouters : public registry::RegistryTest {};

TEST_F(RegistrysRouters, TellWhatTheyCan) {
    must_import(R"(
[[organisations]]
id = "redclara"
name = "RedCLARA"
type = "regional"
[[organisations]]
id = "reuna"
name = "REUNA"
type = "nren"
parent = "redclara"
[[sites]]
id = "santiago"
name = "Santiago"
organisation = "reuna"
[[equipment]]
id = "scl-1"
site = "santiago"
type = "router"
vendor = "Juniper Networks"
model = "MX10003"
[[equipment]]
id = "scl-2"
site = "santiago"
type = "router"
vendor = "Huawei"
[[equipment]]
id = "scl-3"
site = "santiago"
type = "switch"
[[as_numbers]]
value = "27750"
organisation = "redclara"
)");
    const auto router = router_of(*registry_->now(), "scl-1");
    ASSERT_TRUE(router) << router.error().text();
    EXPECT_EQ(router->name, "scl-1");
    EXPECT_EQ(router->system, RouterSystem::junos);
    EXPECT_EQ(router->as, 27750U);
    EXPECT_EQ(router_of(*registry_->now(), "scl-2").error().code, ErrorCode::unsupported);
    EXPECT_EQ(router_of(*registry_->now(), "scl-3").error().code, ErrorCode::invalid);
    EXPECT_EQ(router_of(*registry_->now(), "scl-4").error().code, ErrorCode::not_found);
    EXPECT_EQ(system_of("Cisco", "ASR 9006"), RouterSystem::ios_xr);
    EXPECT_EQ(system_of("Debian", "FRR 8.4"), RouterSystem::frr);
}

}  // namespace
}  // namespace quipu::rpki
