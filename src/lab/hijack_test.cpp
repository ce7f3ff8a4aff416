// Hijacks as they are asked for: by the control socket's verb and by the API. What the routers make of them is
// tests/rpki/hijack.sh.

#include <algorithm>
#include <fmt/format.h>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/test_folder.h"
#include "lab/control.h"
#include "lab/service.h"
#include "lab/test_bgp.h"

namespace quipu::lab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A lab that is a plan alone: each announcement is dropped.
class PlannedLab final : public Controls {
  public:
    explicit PlannedLab(const BgpPlan& bgp) : bgp_(bgp) {}
    [[nodiscard]] Result<LabStatus> status() const override {
        LabStatus status;
        status.running = true;
        status.bgp = BgpState::validated;
        for (const Hijack& hijack : hijacks_)
            status.hijacks.push_back(of(hijack));
        return status;
    }

  protected:
    [[nodiscard]] Result<LinkStatus> change_link(std::string_view id, const LinkChange& /*change*/,
                                                 std::string_view /*actor*/) override {
        return fail(ErrorCode::not_found, "is not a link of the lab", std::string(id));
    }
    [[nodiscard]] Result<HijackList> change_hijack(const HijackChange& change, std::string_view /*actor*/) override {
        hijacks_ = TRY(changed(bgp_, hijacks_, change));
        return HijackList {
            TRY(status())
            .hijacks
        };
    }

  private:
    [[nodiscard]] HijackStatus of(const Hijack& hijack) const {
        const auto at = std::ranges::find(bgp_.accesses, hijack.site, &Access::site);
        return {hijack.prefix, hijack.site, at->as, holder_of(bgp_, hijack.prefix)->member, HijackState::dropped};
    }
    const BgpPlan& bgp_;
    std::vector<Hijack> hijacks_;
};

class HijackVerb : public BgpTest {
  protected:
    std::string ask(std::string_view hijack) {
        bool down = false;
        return answer_control(fmt::format(R"({{"do":"hijack","hijack":{},"actor":"ana"}})", hijack), lab_, down);
    }
    PlannedLab lab_{bgp_};
};

TEST_F(HijackVerb, AnswersAllThatAreAnnouncedSo) {
    EXPECT_THAT(ask(R"({"prefix":"192.0.2.0/24","site":"quito"})"),
                AllOf(HasSubstr(R"("holder":"raap")"), HasSubstr(R"("state":"dropped")")));
    EXPECT_THAT(ask(R"({"prefix":"2001:db8:1::/48","site":"panama"})"),
                AllOf(HasSubstr("192.0.2.0/24"), HasSubstr("2001:db8:1::/48")));
    EXPECT_EQ(lab_.status()->hijacks.size(), 2U);
    ask(R"({"prefix":"192.0.2.0/24","site":"quito"})");
    EXPECT_EQ(lab_.status()->hijacks.size(), 2U) << "asked for twice, announced once";
    EXPECT_THAT(ask(R"({"prefix":"192.0.2.0/24","site":"quito","stop":true})"), HasSubstr("2001:db8:1::/48"));
    EXPECT_EQ(lab_.status()->hijacks.size(), 1U);
}

TEST_F(HijackVerb, SaysWhatIsWrong) {
    EXPECT_THAT(ask(R"({"prefix":"192.0.2.0/24","site":"nowhere"})"),
                AllOf(HasSubstr("not-found"), HasSubstr("is not a site of the lab")));
    EXPECT_THAT(ask(R"({"prefix":"192.0.2.0/24","site":"cusco"})"), HasSubstr("belongs to raap, who stands there"));
    EXPECT_THAT(ask(R"({"prefix":"203.0.113.0/24","site":"lima"})"), HasSubstr("no member announces it"));
    EXPECT_THAT(ask(R"({"prefix":"192.0.2.0/24","site":"quito","stop":true})"),
                AllOf(HasSubstr("not-found"), HasSubstr("is not announced at quito")));
    EXPECT_THAT(ask(R"({"prefix":"192.0.2.1/24","site":"quito"})"),
                AllOf(HasSubstr("hijack.prefix"), HasSubstr("has host bits set")));
    EXPECT_THAT(ask(R"({"prefix":"2001:db8::/129","site":"quito"})"), HasSubstr("hijack.prefix"));
    EXPECT_THAT(ask(R"({"prefix":"192.0.2.0/24","site":"Not a name"})"), HasSubstr("hijack.site"));
    EXPECT_THAT(ask(R"({"site":"quito"})"), HasSubstr("hijack.prefix"));
    bool down = false;
    EXPECT_THAT(answer_control(R"({"do":"hijack"})", lab_, down), HasSubstr("hijack needs prefix and site"));
    EXPECT_TRUE(lab_.status()->hijacks.empty());
}

class HijackRoute : public BgpTest {
  protected:
    void SetUp() override {
        auto database = data::Database::open("sqlite:" + (folder_ / "lab.db"));
        ASSERT_TRUE(database) << database.error().text();
        database_ = std::move(*database);
        ASSERT_TRUE(database_->migrate(data::kJournalMigrations));
        journal_ = std::make_unique<data::Journal>(*database_, clock_);
        auto archive = data::Archive::open(folder_ / "archive", {}, clock_);
        ASSERT_TRUE(archive) << archive.error().text();
        archive_ = std::move(*archive);
        house_ = std::make_unique<platform::House>(
            platform::House{clock_, loops_, *database_, *journal_, *archive_, api_, metrics_, folder_.path()});
    }
    void begin(Controls* lab) {
        service_ = make_service([lab] { return lab; });
        ASSERT_TRUE(service_->parse({}, "quipu.toml"));
        ASSERT_TRUE(service_->provision(*house_));
        ASSERT_TRUE(service_->start());
    }
    void TearDown() override {
        if (service_) service_->stop();
    }

    std::string call(net::Method method, std::string path, std::string body = {}) {
        net::HttpRequest request;
        request.method = method;
        request.path = std::move(path);
        if (!body.empty()) request.headers.add("Content-Type", "application/json");
        request.body = std::move(body);
        std::promise<net::HttpResponse> promise;
        auto future = promise.get_future();
        const auto handle = [](platform::Api& api, net::HttpRequest r,
                               std::promise<net::HttpResponse>& p) -> Task<void> {
            p.set_value(co_await api.handle(r));
        };
        loops_.at(0).spawn(handle(api_, std::move(request), promise));
        const auto response = future.get();
        status_ = response.status;
        const auto* text = std::get_if<std::string>(&response.body);
        return text != nullptr ? *text : std::string();
    }
    std::string hijack(std::string body) { return call(net::Method::post, "/api/v1/lab/hijacks", std::move(body)); }
    std::vector<std::string> journalled() {
        std::vector<std::string> out;
        const auto all = journal_->events({});
        for (const auto& event : *all)
            out.push_back(fmt::format("{} {} {} {}", event.type, event.subject, event.actor, to_json(event.body)));
        return out;
    }

    data::TestFolder folder_;
    ManualClock clock_{*parse_time("2011-11-15T12:00:00Z")};
    net::LoopPool loops_{1};
    platform::Api api_;
    platform::Metrics metrics_;
    std::unique_ptr<data::Database> database_;
    std::unique_ptr<data::Journal> journal_;
    std::unique_ptr<data::Archive> archive_;
    std::unique_ptr<platform::House> house_;
    PlannedLab lab_{bgp_};
    std::unique_ptr<platform::Service> service_;
    int status_ = 0;
};

TEST_F(HijackRoute, AnnouncesWithdrawsAndKeepsTheJournal) {
    begin(&lab_);
    EXPECT_THAT(hijack(R"({"prefix":"2001:db8:1::/48","site":"panama"})"), HasSubstr(R"("holder":"raap")"));
    EXPECT_EQ(status_, 200);
    EXPECT_THAT(call(net::Method::get, "/api/v1/lab"),
                AllOf(HasSubstr(R"("bgp":"validated")"), HasSubstr("2001:db8:1::/48")));
    EXPECT_THAT(hijack(R"({"prefix":"2001:db8:1::/48","site":"panama","stop":true})"), HasSubstr(R"("hijacks":[])"));
    EXPECT_THAT(journalled(), testing::ElementsAre(AllOf(HasSubstr("LabHijackSet site:panama local"),
                                                         HasSubstr("announced"), HasSubstr("2001:db8:1::/48")),
                                                   AllOf(HasSubstr("LabHijackSet site:panama"), HasSubstr("stopped"))));
}

TEST_F(HijackRoute, EachFaultHasItsStatusAndItsPlace) {
    begin(&lab_);
    const auto fault = [&](std::string body, int status, const char* what) {
        EXPECT_THAT(hijack(body), HasSubstr(what)) << body;
        EXPECT_EQ(status_, status) << body;
    };
    fault(R"({"prefix":"192.0.2.0/24","site":"nowhere"})", 404, "is not a site of the lab");
    fault(R"({"prefix":"192.0.2.0/24","site":"lima"})", 400, "belongs to raap, who stands there");
    fault(R"({"prefix":"203.0.113.0/24","site":"lima"})", 400, "no member announces it");
    fault(R"({"prefix":"192.0.2.0/24","site":"quito","stop":true})", 404, "is not announced at quito");
    fault(R"({"prefix":"192.0.2.1/24","site":"quito"})", 400, "body.prefix");
    fault(R"({"prefix":"192.0.2.0","site":"quito"})", 400, "body.prefix");
    fault(R"({"prefix":"192.0.2.0/24","site":"../etc"})", 400, "body.site");
    fault(R"({"prefix":"192.0.2.0/24","site":"quito","until":"tomorrow"})", 400, "until");
    fault(R"({"site":"quito"})", 400, "body.prefix");
    EXPECT_TRUE(journalled().empty()) << "what was refused did not happen";
}

TEST_F(HijackRoute, WithoutALabItSaysHowToHaveOne) {
    begin(nullptr);
    EXPECT_THAT(hijack(R"({"prefix":"192.0.2.0/24","site":"quito"})"), HasSubstr("quipu run"));
    EXPECT_EQ(status_, 503);
    EXPECT_THAT(call(net::Method::get, "/api/v1/lab"), HasSubstr(R"("running":false)"));
}

}  // namespace
}  // namespace quipu::lab
