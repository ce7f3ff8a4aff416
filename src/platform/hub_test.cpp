#include "platform/hub.h"

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "data/test_file_limit.h"
#include "data/test_folder.h"
#include "net/http_client.h"
#include "net/http_test_peer.h"
#include "platform/listener.h"

namespace quipu::platform {
namespace {

using testing::HasSubstr;

struct Empty {
    static constexpr auto describe() { return fields(); }
};
struct Word {
    std::string text;
    static constexpr auto describe() { return fields(field<&Word::text>("text", "A word").required()); }
};

/// A service that does what the test wants. Its notes outlive it.
struct Notes {
    std::atomic<int> failures_to_come{0};
    std::atomic<int> stops{0};
    std::function<void(Error)> report_failure;
};
class Rope final : public Service {
  public:
    Rope(std::string name, Notes& notes, std::vector<std::string_view> needs = {})
        : name_(std::move(name)), notes_(notes), needs_(std::move(needs)) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return needs_; }
    [[nodiscard]] Value settings_schema() const override { return settings_schema_of<Word>(); }
    [[nodiscard]] Result<void> parse(const Value& section, const std::string& file) override {
        if (section.if_object()->empty()) return {};
        const auto word = read<Word>(section, file);
        if (!word) return std::unexpected(word.error());
        return {};
    }
    [[nodiscard]] Result<void> provision(House& house) override {
        notes_.report_failure = house.report_failure;
        house.api.get<Empty, Word>({fmt::format("/api/v1/{}", name_), "A word", name_, Permission::see_public},
                                   [this](const Call&, Empty) -> Result<Word> { return Word{name_}; });
        if (notes_.failures_to_come > 0) {
            --notes_.failures_to_come;
            return fail(ErrorCode::io, "the rope is wet");
        }
        return {};
    }
    [[nodiscard]] Result<void> start() override { return {}; }
    void stop() override { ++notes_.stops; }

  private:
    std::string name_;
    Notes& notes_;
    std::vector<std::string_view> needs_;
};

class HubTest : public testing::Test {
  protected:
    HubOptions options() {
        HubOptions options;
        options.gatekeeper = admit_all();
        options.settings.port = 0;
        options.settings.data = folder_ / "data";
        options.settings.loops = 1;
        options.services = std::move(services_);
        options.config = std::move(*Config::parse(config_, "quipu.toml", sections_of(options.services)));
        options.version = "1.2.3";
        return options;
    }
    void start() {
        auto made = Hub::create(options());
        ASSERT_TRUE(made) << made.error().text();
        hub_ = std::move(*made);
        const auto started = hub_->start();
        ASSERT_TRUE(started) << started.error().text();
    }
    void add(std::string name, Notes& notes, std::vector<std::string_view> needs = {}) {
        services_.push_back(std::make_unique<Rope>(std::move(name), notes, std::move(needs)));
    }
    net::ClientResponse ask(net::Method method, std::string target, std::string body = {},
                            std::vector<std::pair<std::string, std::string>> headers = {}) {
        net::ClientRequest request;
        request.method = method;
        request.target = std::move(target);
        if (!body.empty()) request.headers.add("Content-Type", "application/json");
        request.body = std::move(body);
        for (auto& [name, value] : headers)
            request.headers.add(name, value);
        auto response = net::fetch(hub_->url(), std::move(request));
        EXPECT_TRUE(response) << response.error().text();
        return response ? *response : net::ClientResponse{};
    }
    net::ClientResponse get(std::string target) { return ask(net::Method::get, std::move(target)); }
    ServiceStatus status(std::string_view name) {
        for (const ServiceStatus& each : hub_->services())
            if (each.name == name) return each;
        return {};
    }
    /// Looks again and again; what never comes ends the test with a clear failure.
    template <class F>
    void await(F condition) {
        for (int i = 0; i < 3000 && !condition(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        EXPECT_TRUE(condition());
    }

    data::TestFolder folder_;
    std::string config_;
    Notes notes_, others_;
    std::vector<std::unique_ptr<Service>> services_;
    std::unique_ptr<Hub> hub_;
};

TEST_F(HubTest, ServesItsOwnAddresses) {
    add("rope", notes_);
    start();
    EXPECT_EQ(get("/healthz").body, R"({"status":"ok","failed":[]})");
    EXPECT_THAT(get("/api/v1/about").body, HasSubstr(R"("name":"Quipu","version":"1.2.3")"));
    EXPECT_THAT(get("/api/v1/services").body, HasSubstr(R"("name":"rope","state":"running")"));
    EXPECT_THAT(get("/metrics").body, HasSubstr("quipu_service_up{service=\"rope\"} 1\n"));
    EXPECT_THAT(get("/api/v1/openapi.json").body, HasSubstr("/api/v1/journal/events"));
    EXPECT_EQ(get("/api/v1/rope").body, R"({"text":"rope"})");
    const auto page = get("/");
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(std::string(page.headers.get("Content-Security-Policy")), HasSubstr("frame-ancestors 'none'"));
    const auto missing = get("/api/v1/none");
    EXPECT_EQ(missing.status, 404);
    EXPECT_THAT(missing.body, HasSubstr(std::string(missing.headers.get("X-Request-Id"))));
    EXPECT_EQ(ask(net::Method::post, "/page", "{}").status, 405);
}

TEST_F(HubTest, ForeignHostsAndOriginsStayOutside) {
    start();
    net::RawPeer rebound(hub_->address());
    rebound.send("GET /healthz HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n");
    EXPECT_THAT(rebound.read_response(), HasSubstr("HTTP/1.1 403 "));
    const auto refused =
        ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"x"})", {{"Origin", "http://evil.example"}});
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.headers.get("Content-Type"), "application/problem+json");
    EXPECT_EQ(ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"x"})", {{"Origin", hub_->url()}}).status,
              201);
}

TEST_F(HubTest, ReportsAreKeptAndStandInTheJournal) {
    start();
    const auto sent =
        ask(net::Method::post, "/api/v1/reports", R"({"page":"/links/a-b","text":"It is wrong","request_id":"r1"})");
    EXPECT_EQ(sent.status, 201);
    EXPECT_EQ(sent.body, R"({"id":1})");
    EXPECT_EQ(ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"Again"})").body, R"({"id":2})");
    const auto first = parse_json(get("/api/v1/reports?limit=1").body);
    ASSERT_TRUE(first);
    EXPECT_EQ(*first->find("items")->if_array()->front().find("text")->if_string(), "Again");
    const auto second = parse_json(get("/api/v1/reports?limit=1&cursor=" + *first->find("next")->if_string()).body);
    ASSERT_TRUE(second);
    EXPECT_EQ(*second->find("items")->if_array()->front().find("request_id")->if_string(), "r1");
    EXPECT_TRUE(second->find("next")->is_null());
    EXPECT_THAT(get("/api/v1/journal/events?type=ProblemReported&newest_first=true").body,
                HasSubstr("\"subject\":\"report:2\""));
    EXPECT_EQ(ask(net::Method::post, "/api/v1/reports", R"({"page":"/"})").status, 400);
}

TEST_F(HubTest, ReportsOfOneAddressAreLimited) {
    start();
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"x"})").status, 201);
    const auto refused = ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"x"})");
    EXPECT_EQ(refused.status, 429);
    EXPECT_FALSE(std::string(refused.headers.get("Retry-After")).empty());
    EXPECT_EQ(parse_json(get("/api/v1/reports").body)->find("items")->if_array()->size(), 10U);
}

TEST_F(HubTest, JournalPagesForwardsAndBackwards) {
    start();
    for (int i = 0; i < 5; ++i)
        ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"x"})");
    for (const std::string order : {"", "&newest_first=true"}) {
        std::vector<std::int64_t> ids;
        std::string cursor;
        do {
            const auto page = parse_json(get("/api/v1/journal/events?limit=2" + order + cursor).body);
            ASSERT_TRUE(page);
            for (const Value& event : *page->find("items")->if_array())
                ids.push_back(*event.find("id")->if_integer());
            const Value& next = *page->find("next");
            cursor = next.is_null() ? "" : "&cursor=" + *next.if_string();
        } while (!cursor.empty());
        if (!order.empty()) std::ranges::reverse(ids);
        EXPECT_EQ(ids, (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
    }
    EXPECT_EQ(get("/api/v1/journal/events?cursor=nonsense").status, 400);
}

TEST_F(HubTest, TheStreamResumesAndGoesOn) {
    start();
    ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"first"})");
    ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"second"})");
    net::EventLoop loop;
    const auto client = net::HttpClient::create(loop, hub_->url());
    ASSERT_TRUE(client);
    std::vector<std::string> seen;
    std::thread sender;
    const auto on_event = [&](std::string_view, std::string_view data) {
        const auto event = parse_json(data);
        if (event) seen.push_back(*event->find("subject")->if_string());
        if (seen.size() == 1)
            sender =
                std::thread([this] { ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"third"})"); });
        return seen.size() < 2;
    };
    const auto listen = [&]() -> Task<void> {
        net::ClientRequest request;
        request.target = "/api/v1/journal/stream";
        request.headers.add("Last-Event-ID", "1");
        const auto ended = co_await (*client)->stream(std::move(request), on_event);
        EXPECT_TRUE(ended) << ended.error().text();
        loop.stop();
    };
    loop.spawn(listen());
    loop.run();
    sender.join();
    EXPECT_THAT(seen, testing::ElementsAre("report:2", "report:3"));
}

TEST_F(HubTest, StoppingEndsOpenStreams) {
    start();
    net::EventLoop loop;
    const auto client = net::HttpClient::create(loop, hub_->url());
    ASSERT_TRUE(client);
    ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"first"})");
    std::thread stopper;
    const auto listen = [&]() -> Task<void> {
        net::ClientRequest request;
        request.target = "/api/v1/journal/stream";
        request.headers.add("Last-Event-ID", "0");
        (void)co_await (*client)->stream(std::move(request), [&](std::string_view, std::string_view) {
            if (!stopper.joinable()) stopper = std::thread([this] { hub_->stop(); });
            return true;
        });
        loop.stop();
    };
    loop.spawn(listen());
    loop.run();
    stopper.join();
}

TEST_F(HubTest, AFailedServiceIsShownAndStartedAgainWhileOthersGoOn) {
    notes_.failures_to_come = 1;
    add("rope", notes_);
    add("knot", others_);
    add("needy", others_, {"rope"});
    start();
    EXPECT_EQ(status("rope").state, ServiceState::failed);
    EXPECT_EQ(status("rope").reason, "the rope is wet");
    EXPECT_EQ(status("needy").reason, "waits for rope");
    EXPECT_EQ(get("/api/v1/knot").status, 200);
    EXPECT_EQ(get("/api/v1/rope").status, 503);
    EXPECT_THAT(get("/healthz").body, HasSubstr("degraded"));
    EXPECT_THAT(get("/api/v1/journal/events?type=ServiceFailed").body, HasSubstr("the rope is wet"));
    await([&] { return status("needy").state == ServiceState::running; });
    EXPECT_EQ(get("/api/v1/rope").status, 200);
    EXPECT_EQ(status("rope").restarts, 1);
    EXPECT_EQ(notes_.stops, 1);
}

TEST_F(HubTest, AFailureReportedLaterRestartsTheService) {
    add("rope", notes_);
    start();
    EXPECT_EQ(status("rope").state, ServiceState::running);
    notes_.report_failure({ErrorCode::io, "the rope was cut"});
    await([&] { return status("rope").restarts == 1 && status("rope").state == ServiceState::running; });
    EXPECT_THAT(get("/api/v1/journal/events?type=ServiceFailed").body, HasSubstr("the rope was cut"));
    EXPECT_EQ(get("/api/v1/rope").status, 200);
}

TEST_F(HubTest, OnlySomeAndWhatTheyNeed) {
    add("rope", notes_);
    add("knot", others_, {"rope"});
    add("other", others_);
    HubOptions some = options();
    some.only = {"knot"};
    auto made = Hub::create(std::move(some));
    ASSERT_TRUE(made);
    hub_ = std::move(*made);
    ASSERT_TRUE(hub_->start());
    EXPECT_EQ(hub_->services().size(), 2U);
    EXPECT_EQ(status("knot").state, ServiceState::running);
    EXPECT_EQ(get("/api/v1/other").status, 404);
}

TEST_F(HubTest, UnknownServicesAreRefused) {
    add("rope", notes_);
    HubOptions some = options();
    some.only = {"knot"};
    const auto made = Hub::create(std::move(some));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().what, "there is no service knot");
}

TEST_F(HubTest, FaultsOfTheConfigurationAreToldAtOnce) {
    add("rope", notes_);
    add("knot", others_);
    config_ = "[rope]\ntext = 1\n[knot]\ntext = 2\n";
    const auto made = Hub::create(options());
    ASSERT_FALSE(made);
    ASSERT_EQ(made.error().faults.size(), 2U);
    EXPECT_EQ(made.error().faults[0].where, "quipu.toml:4 knot.text");
    EXPECT_EQ(made.error().faults[1].where, "quipu.toml:2 rope.text");
}

TEST_F(HubTest, OneHubPerDataFolder) {
    start();
    const auto second = Hub::create(options());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_EQ(second.error().what, fmt::format("process {} uses this data folder already", getpid()));
    hub_->stop();
    hub_.reset();
    EXPECT_TRUE(Hub::create(options()));
}

TEST_F(HubTest, ATakenPortIsToldWithItsAddress) {
    start();
    HubOptions second = options();
    second.settings.data = folder_ / "other";
    second.settings.port = hub_->address().port;
    auto made = Hub::create(std::move(second));
    ASSERT_TRUE(made);
    const auto started = (*made)->start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, ErrorCode::conflict);
    EXPECT_THAT(started.error().text(), HasSubstr(hub_->address().text()));
}

TEST_F(HubTest, ListensOnLoopbackOnly) {
    HubOptions open = options();
    open.settings.listen = "0.0.0.0";
    const auto made = Hub::create(std::move(open));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::forbidden);
    EXPECT_THAT(made.error().text(), HasSubstr("passwords never travel in clear"));
}

// A proxy speaks TLS for the hub: what people read holds its address, and its pages may change things here.
TEST_F(HubTest, TheAddressThatPeopleKnow) {
    HubSettings settings;
    const auto here = *net::Endpoint::parse("127.0.0.1:8080");
    EXPECT_EQ(public_url(settings, here), "http://127.0.0.1:8080");
    settings.address = "https://portal.example.org/";
    EXPECT_EQ(public_url(settings, here), "https://portal.example.org");
    EXPECT_EQ(hub_url(settings, here), "http://127.0.0.1:8080");
    settings.hosts = {"other.example.org"};
    EXPECT_THAT(known_hosts(settings), testing::ElementsAre("other.example.org", "portal.example.org"));

    HubOptions behind = options();
    behind.settings.address = "https://portal.example.org";
    auto made = Hub::create(std::move(behind));
    ASSERT_TRUE(made) << made.error().text();
    const auto started = (*made)->start();
    ASSERT_TRUE(started) << started.error().text();
    EXPECT_EQ((*made)->house().url(), "https://portal.example.org");
}

TEST_F(HubTest, BeyondLoopbackItSpeaksTlsAndKnowsItsName) {
    HubOptions nameless = options();
    nameless.settings.listen = "0.0.0.0";
    nameless.settings.tls = true;
    const auto refused = Hub::create(std::move(nameless));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text(), HasSubstr("name that people type"));
}

TEST_F(HubTest, ItsOwnCertificateIsKeptAndBelievedByWhoTrustsItsAuthority) {
    HubOptions secure = options();
    secure.settings.tls = true;
    secure.settings.hosts = {"quipu.example.net"};
    const std::string data = secure.settings.data;
    auto made = Hub::create(std::move(secure));
    ASSERT_TRUE(made) << made.error().text();
    const auto started = (*made)->start();
    ASSERT_TRUE(started) << started.error().text();
    EXPECT_THAT((*made)->url(), testing::StartsWith("https://127.0.0.1:"));
    std::ifstream file(data + "/tls/authority.pem");
    const std::string authority((std::istreambuf_iterator<char>(file)), {});
    const auto trust = net::TlsContext::client(authority, {});
    ASSERT_TRUE(trust) << trust.error().text();
    net::ClientRequest request;
    request.target = "/healthz";
    const auto answer = net::fetch((*made)->url(), std::move(request), *trust);
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->headers.get("Strict-Transport-Security"), "max-age=31536000");
    struct stat status{};
    ASSERT_EQ(::stat((data + "/tls/key.pem").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 077U, 0U) << "nobody else reads the key";
    HubSettings same;
    same.data = data;
    same.tls = true;
    same.hosts = {"quipu.example.net"};
    const SystemClock clock;
    EXPECT_EQ(hub_identity(same, clock.now())->private_key, hub_identity(same, clock.now())->private_key);
    const std::string before = hub_identity(same, clock.now())->certificate;
    same.hosts = {"other.example.net"};
    EXPECT_NE(hub_identity(same, clock.now())->certificate, before) << "another name, another certificate";
}

TEST_F(HubTest, StrangersGetWhatIsPublicAndNothingElse) {
    HubOptions closed = options();
    closed.gatekeeper = nullptr;  // and no service that sets one
    auto made = Hub::create(std::move(closed));
    ASSERT_TRUE(made) << made.error().text();
    ASSERT_TRUE((*made)->start());
    const auto status = [&](const char* path) {
        net::ClientRequest request;
        request.target = path;
        const auto answer = net::fetch((*made)->url(), std::move(request));
        return answer ? answer->status : 0;
    };
    EXPECT_EQ(status("/api/v1/about"), 200);
    EXPECT_EQ(status("/metrics"), 200) << "from this machine";
    EXPECT_EQ(status("/api/v1/reports"), 401);
}

TEST_F(HubTest, ACorruptDatabaseIsNotOverwritten) {
    std::filesystem::create_directories(folder_ / "data");
    const std::string garbage(8192, 'x');
    std::ofstream(folder_ / "data/quipu.db") << garbage;
    const auto made = Hub::create(options());
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::corrupt) << made.error().text();
    EXPECT_THAT(made.error().text(), HasSubstr("quipu.db"));
    EXPECT_EQ(std::filesystem::file_size(folder_ / "data/quipu.db"), garbage.size());
}

TEST_F(HubTest, ADataFolderThatIsAFile) {
    std::ofstream(folder_ / "data") << "x";
    const auto made = Hub::create(options());
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().what, "is no folder");
}

TEST_F(HubTest, AFullDiskAtTheStartIsOneClearSentence) {
    // A mount namespace of this process alone: nothing is left of it, however the test ends.
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", folder_.path().c_str(), "tmpfs", 0, "size=1m") != 0)
        GTEST_SKIP() << "mounting a small disk needs root";
    const auto made = Hub::create(options());
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::exhausted);
    EXPECT_THAT(made.error().what, HasSubstr("the disk is full: 1"));
}

TEST_F(HubTest, AFullDiskLaterAnswers507AndReadingGoesOn) {
    start();
    ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"kept"})");
    {
        const data::TestFileLimit full(4096);
        const auto refused = ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"lost"})");
        EXPECT_EQ(refused.status, 507) << refused.body;
        EXPECT_THAT(refused.body, HasSubstr("\"code\":\"exhausted\""));
        EXPECT_EQ(get("/api/v1/reports").status, 200);
    }
    EXPECT_EQ(ask(net::Method::post, "/api/v1/reports", R"({"page":"/","text":"kept too"})").status, 201);
}

TEST_F(HubTest, ServesThePortalsFolder) {
    std::filesystem::create_directories(folder_ / "web");
    std::ofstream(folder_ / "web/index.html") << "<!doctype html><title>Quipu</title>";
    HubOptions with_web = options();
    with_web.settings.web = folder_ / "web";
    auto made = Hub::create(std::move(with_web));
    ASSERT_TRUE(made);
    hub_ = std::move(*made);
    ASSERT_TRUE(hub_->start());
    for (const char* path : {"/", "/links/santiago-panama"}) {
        const auto page = get(path);
        EXPECT_EQ(page.status, 200);
        EXPECT_THAT(page.body, HasSubstr("<title>Quipu"));
        EXPECT_EQ(page.headers.get("X-Content-Type-Options"), "nosniff");
    }
    EXPECT_EQ(get("/api/v1/nothing").status, 404);
}

}  // namespace
}  // namespace quipu::platform
