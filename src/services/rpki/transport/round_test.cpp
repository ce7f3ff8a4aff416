// Generated trees over real HTTPS and a real rsync daemon, against the same tree from its folder.

#include "services/rpki/transport/round.h"

#include <gtest/gtest.h>

#include "data/test_folder.h"
#include "services/rpki/lab_tree.h"
#include "services/rpki/transport/folder_changes.h"
#include "services/rpki/transport/lab_rrdp.h"
#include "services/rpki/transport/test_server.h"

namespace quipu::rpki {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class RoundTest : public testing::Test {
  protected:
    RoundTest() {
        lab_.folder = folder_ / "lab";
        lab_.objects = 150;
        lab_.time = unix_seconds(clock_.now());
        lab_.validity = 40 * 86'400;
        lab_.rrdp = server_.base() + "/rrdp";
        fetching_.authorities_pem = server_.authority();
        fetching_.transport.rsync = false;
        fetching_.transport.dubious_hosts = true;
    }

    void publish(std::uint64_t generation) {
        lab_.generation = generation;
        lab_.changed = 3;
        const auto made = write_lab(lab_);
        ASSERT_TRUE(made) << made.error().text();
        repositories_ = made->repositories;
        if (lab_.rrdp.empty()) return;
        const auto written = write_lab_rrdp(lab_, made->repositories);
        ASSERT_TRUE(written) << written.error().text();
    }
    /// As after a start of the program.
    void open() {
        fetcher_.reset();
        validator_.reset();
        archive_.reset();
        store_.reset();
        store_ = *Store::open(folder_ / "store");
        fetcher_ = *Fetcher::create(fetching_, *store_, clock_, Rng(5));
        archive_ = *PackArchive::open(folder_ / "points.pack");
        validator_ = std::make_unique<Validator>(Validator::Settings{.point = {}, .threads = 1}, archive_.get());
        party_ = std::make_unique<RelyingParty>(*store_, *fetcher_, *validator_, archive_.get());
    }
    RoundReport round() {
        const auto locators = *read_tals(lab_.folder + "/tals");
        const auto report = party_->run(locators, unix_seconds(clock_.now()));
        EXPECT_TRUE(report) << report.error().text();
        return report.value_or(RoundReport{});
    }
    [[nodiscard]] std::vector<AnchoredVrp> offline() const {
        const auto locators = *read_tals(lab_.folder + "/tals");
        const auto cache = *CacheFolder::open(lab_.folder + "/cache");
        Validator validator({.point = {}, .threads = 1}, nullptr);
        validator.run(locators, *cache, unix_seconds(clock_.now()));
        return validator.vrps();
    }
    [[nodiscard]] RepositoryStatus status(std::string_view part) const {
        for (const RepositoryStatus& status : fetcher_->statuses())
            if (status.source.find(part) != std::string::npos) return status;
        return {};
    }
    [[nodiscard]] std::string path_of_notification(std::size_t repository = 0) const {
        const std::string& address = repositories_[repository].notification;
        return address.substr(address.find("/rrdp"));
    }

    data::TestFolder folder_;
    ManualClock clock_{SystemClock().now()};
    PublicationServer server_{folder_ / "lab"};
    LabSettings lab_;
    std::vector<LabRepository> repositories_;
    Fetcher::Settings fetching_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Fetcher> fetcher_;
    std::unique_ptr<PackArchive> archive_;
    std::unique_ptr<Validator> validator_;
    std::unique_ptr<RelyingParty> party_;
};

TEST_F(RoundTest, RrdpGivesWhatTheFolderGives) {
    publish(0);
    open();
    const RoundReport first = round();
    EXPECT_EQ(first.failures, 0U);
    EXPECT_EQ(first.repositories, 2U);
    EXPECT_TRUE(first.whole);
    const auto vrps = offline();
    EXPECT_GT(vrps.size(), 100U);
    EXPECT_EQ(validator_->vrps(), vrps);
    EXPECT_EQ(status("ta0/").state, RepositoryState::fresh);
    EXPECT_EQ(status("ta0/").way, Way::rrdp);
    EXPECT_EQ(status("ta0/").step, "snapshot: nothing was there");
    EXPECT_EQ(status("ta0/").serial, 1);
    EXPECT_EQ(archive_->size(), validator_->totals().points_valid);

    // Nothing new: one question for each file that could be newer.
    static_cast<void>(server_.asked());
    const RoundReport quiet = round();
    EXPECT_EQ(quiet.points_examined, 0U);
    EXPECT_EQ(status("ta0/").step, "not modified");
    EXPECT_EQ(server_.asked().size(), 4U);

    // A new generation comes by a delta, and only what it changed is looked at.
    publish(1);
    const RoundReport next = round();
    EXPECT_EQ(next.failures, 0U);
    EXPECT_EQ(status("ta0/").step, "1 delta");
    EXPECT_LE(next.points_examined, lab_.changed);
    EXPECT_GT(next.points_examined, 0U);
    EXPECT_EQ(validator_->vrps(), offline());
    EXPECT_NE(validator_->vrps(), vrps);

    // After a start all is there again, and two generations come by two deltas.
    open();
    publish(2);
    publish(3);
    round();
    EXPECT_EQ(status("ta0/").step, "2 deltas");
    EXPECT_EQ(validator_->vrps(), offline());
}

TEST_F(RoundTest, ABrokenDeltaIsMadeGoodByTheSnapshot) {
    publish(0);
    open();
    round();
    publish(1);
    std::string path;
    for (const auto& entry : fs::recursive_directory_iterator(lab_.folder + "/rrdp/ta0"))
        if (entry.path().filename() == "delta.xml") path = entry.path().string().substr(lab_.folder.size());
    server_.bend(path, [&](net::HttpRequest&) -> Task<net::HttpResponse> {
        co_return net::HttpResponse::text(200, text_of_file(lab_.folder + path) + "\n");
    });
    round();
    EXPECT_THAT(status("ta0/").step, HasSubstr("snapshot: "));
    EXPECT_THAT(status("ta0/").step, HasSubstr("another hash"));
    EXPECT_EQ(validator_->vrps(), offline());
}

TEST_F(RoundTest, ANewSessionAndASerialThatGoesBackTakeTheSnapshot) {
    publish(0);
    open();
    round();
    const std::string rrdp = lab_.folder + "/rrdp";
    fs::copy(rrdp, folder_ / "old", fs::copy_options::recursive);
    publish(1);
    round();
    EXPECT_EQ(status("ta0/").serial, 2);
    const auto vrps = validator_->vrps();

    // Back: the objects of before come again, but their manifests are older than the last valid ones (RFC 9286 §4.2.1).
    fs::remove_all(rrdp);
    fs::copy(folder_ / "old", rrdp, fs::copy_options::recursive);
    round();
    EXPECT_EQ(status("ta0/").step, "snapshot: the serial went back from 2 to 1");
    EXPECT_EQ(validator_->vrps(), vrps);
    EXPECT_GT(validator_->totals().points_stored, 0U);

    fs::remove_all(rrdp);
    LabSettings other = lab_;
    other.seed += 1;
    ASSERT_TRUE(write_lab_rrdp(other, repositories_));
    round();
    EXPECT_EQ(status("ta0/").step, "snapshot: the session is new");
    EXPECT_EQ(validator_->vrps(), offline());
}

TEST_F(RoundTest, ADeltaThatChangesItsHashMeansAnotherSession) {
    publish(0);
    publish(1);
    open();
    round();
    const std::string path = path_of_notification();
    auto notification = *parse_notification(as_bytes(text_of_file(lab_.folder + path)), repositories_[0].notification);
    notification.deltas[0].hash[0] ^= 1U;
    std::ofstream(lab_.folder + path) << write_notification(notification);
    round();
    EXPECT_EQ(status("ta0/").step, "snapshot: delta 2 has another hash than before");
}

TEST_F(RoundTest, TheLastGoodCopyStandsWhateverTheServerSends) {
    publish(0);
    open();
    round();
    const auto vrps = validator_->vrps();
    const std::string path = path_of_notification();
    const std::string good = text_of_file(lab_.folder + path);
    const auto answer = [&](const std::string& body, const std::string& coding = "") {
        server_.bend(path, [body, coding](net::HttpRequest&) -> Task<net::HttpResponse> {
            net::HttpResponse out = net::HttpResponse::text(200, body);
            if (!coding.empty()) out.headers.set("Content-Encoding", coding);
            co_return out;
        });
        clock_.advance(std::chrono::hours(2));
        round();
        EXPECT_EQ(validator_->vrps(), vrps);
        EXPECT_EQ(status("ta0/").state, RepositoryState::failing);
        return status("ta0/").error;
    };
    std::string elsewhere = good;
    elsewhere.replace(elsewhere.find("https://localhost"), 17, "https://elsewhere");
    EXPECT_THAT(answer(elsewhere), HasSubstr("another origin"));
    EXPECT_THAT(answer(gzip_of(std::string(30'000'000, ' ')), "gzip"), HasSubstr("times its size"));
    EXPECT_THAT(answer(std::string(9'000'000, ' ')), HasSubstr("octets long"));
    EXPECT_THAT(answer("<!DOCTYPE a [<!ENTITY b \"&c;&c;\">]>"), HasSubstr("document type"));
    EXPECT_THAT(answer(good, "br"), HasSubstr("packed"));
    EXPECT_THAT(answer(good.substr(0, 100)), HasSubstr("ends before"));
    server_.bend(path, [](net::HttpRequest&) -> Task<net::HttpResponse> {
        net::HttpResponse out = net::HttpResponse::text(302, "");
        out.headers.set("Location", "https://elsewhere.example/notification.xml");
        co_return out;
    });
    clock_.advance(std::chrono::hours(2));
    round();
    EXPECT_THAT(status("ta0/").error, HasSubstr("another origin"));
    // And it comes back.
    server_.straighten();
    clock_.advance(std::chrono::hours(2));
    round();
    EXPECT_EQ(status("ta0/").state, RepositoryState::fresh);
    EXPECT_EQ(status("ta0/").error, "");
}

TEST_F(RoundTest, ACertificateDoesNotSendUsToOurOwnMachines) {
    fetching_.transport.dubious_hosts = false;
    publish(0);
    open();
    round();  // the TALs are ours, and may
    EXPECT_EQ(status("ta0.cer").state, RepositoryState::fresh);
    EXPECT_EQ(status("ta0/").last_attempt, std::nullopt);
    EXPECT_THAT(status("ta0/").error, HasSubstr("dubious_hosts"));
}

TEST_F(RoundTest, AServerThatStallsIsGivenUp) {
    fetching_.transport.stall_time = std::chrono::milliseconds(300);
    publish(0);
    server_.bend(path_of_notification(), [](net::HttpRequest&) -> Task<net::HttpResponse> {
        co_await net::EventLoop::current()->sleep(std::chrono::hours(1));
        co_return net::HttpResponse::text(500, "");
    });
    open();
    const RoundReport report = round();
    EXPECT_EQ(report.failures, 1U);
    EXPECT_THAT(status("ta0/").error, HasSubstr("did not answer within"));
    // Of the same host, so that it is left alone too.
    EXPECT_EQ(status("ta1/").last_attempt, std::nullopt);
}

TEST_F(RoundTest, AHostThatIsDeadIsLeftAloneForLongerAndLonger) {
    publish(0);
    open();
    const std::vector<Source> dead = {
        {fmt::format("https://localhost:{}/notification.xml", free_port()), "rsync://localhost/repo/"}};
    EXPECT_EQ(fetcher_->fetch(dead).failures, 1U);
    EXPECT_EQ(fetcher_->fetch(dead).attempts, 0U);
    Nanoseconds before{};
    for (int turn = 0; turn < 10; ++turn) {
        const RepositoryStatus found = fetcher_->statuses().at(0);
        const Nanoseconds wait = *found.next_attempt - clock_.now();
        EXPECT_GT(wait * 2, before);
        EXPECT_LE(wait, std::chrono::hours(1));
        before = wait;
        clock_.advance(wait - std::chrono::seconds(1));
        EXPECT_EQ(fetcher_->fetch(dead).attempts, 0U);
        clock_.advance(std::chrono::seconds(1));
        EXPECT_EQ(fetcher_->fetch(dead).attempts, 1U);
    }
    EXPECT_EQ(fetcher_->statuses().at(0).failures, 11);
    EXPECT_EQ(fetcher_->statuses().at(0).state, RepositoryState::never);
}

TEST_F(RoundTest, WhatNoCertificateNamesAnyMoreIsForgotten) {
    publish(0);
    open();
    round();
    const auto copies = [&] {
        return std::distance(fs::directory_iterator(folder_ / "store/rrdp"), fs::directory_iterator());
    };
    EXPECT_EQ(copies(), 2);
    fs::remove(lab_.folder + "/tals/ta1.tal");
    round();  // asks for what the last one named, once more
    clock_.advance(std::chrono::days(29));
    round();
    EXPECT_EQ(status("ta1/").state, RepositoryState::fresh) << "it may be named again";
    clock_.advance(std::chrono::days(2));
    round();
    EXPECT_EQ(copies(), 1);
    EXPECT_TRUE(status("ta1/").source.empty());
    EXPECT_TRUE(status("ta1.cer").source.empty());
    EXPECT_EQ(status("ta0/").state, RepositoryState::fresh);
    open();
    round();
    EXPECT_EQ(validator_->vrps(), offline());
}

class RsyncTest : public RoundTest {
  protected:
    void SetUp() override {
        if (::access("/usr/bin/rsync", X_OK) != 0) GTEST_SKIP() << "rsync is not installed";
        port_ = free_port();
        lab_.anchors = 1;
        lab_.rsync_host = fmt::format("127.0.0.1:{}", port_);
        fetching_.transport.rsync = true;
    }
    [[nodiscard]] std::unique_ptr<RsyncDaemon> daemon() const {
        auto out = std::make_unique<RsyncDaemon>(
            folder_.path(), port_,
            std::map<std::string, std::string>{
                {"repo-ta0", fmt::format("{}/cache/{}/repo-ta0", lab_.folder, lab_.rsync_host)},
                {"ta", fmt::format("{}/cache/{}/ta", lab_.folder, lab_.rsync_host)}});
        EXPECT_TRUE(out->ready());
        return out;
    }
    std::uint16_t port_ = 0;
};

TEST_F(RsyncTest, GivesWhatTheFolderGives) {
    lab_.rrdp.clear();
    publish(0);
    const std::string published = repositories_[0].folder;
    std::ofstream(published + "/large.roa") << std::string(9'000'000, 'x');
    std::ofstream(published + "/other.txt") << "x";
    fs::create_symlink("/etc/passwd", published + "/link.roa");
    const auto peer = daemon();
    open();
    EXPECT_EQ(round().failures, 0U);
    EXPECT_EQ(validator_->vrps(), offline());
    EXPECT_EQ(status("repo-ta0").way, Way::rsync);
    const fs::path held = fs::path(store_->rsync_folder()) / lab_.rsync_host / "repo-ta0";
    EXPECT_TRUE(fs::exists(held / "ta0" / "ta0.mft"));
    for (const char* name : {"large.roa", "other.txt", "link.roa"})
        EXPECT_FALSE(fs::exists(held / name)) << name;

    publish(1);
    const RoundReport next = round();
    EXPECT_LE(next.points_examined, lab_.changed);
    EXPECT_GT(next.points_examined, 0U);
    EXPECT_EQ(validator_->vrps(), offline());

    const std::string module = "rsync://" + lab_.rsync_host + "/repo-ta0/";
    ASSERT_TRUE(store_->forget(module + "ta0/"));
    EXPECT_TRUE(fs::exists(held / "ta0" / "ta0.mft")) << "a module goes as a whole";
    ASSERT_TRUE(store_->forget(module));
    EXPECT_FALSE(fs::exists(held));
}

TEST_F(RsyncTest, StandsInForRrdpAfterADelay) {
    publish(0);
    const auto peer = daemon();
    open();
    round();
    EXPECT_EQ(status("notification").way, Way::rrdp);
    server_.bend(path_of_notification(),
                 [](net::HttpRequest&) -> Task<net::HttpResponse> { co_return net::HttpResponse::text(503, "later"); });
    publish(1);
    const auto vrps = validator_->vrps();
    clock_.advance(std::chrono::minutes(30));
    round();
    EXPECT_EQ(status("notification").way, Way::rrdp);
    EXPECT_EQ(validator_->vrps(), vrps);  // not yet
    clock_.advance(std::chrono::minutes(31));
    round();
    EXPECT_EQ(status("notification").way, Way::rsync);
    EXPECT_EQ(status("notification").state, RepositoryState::failing);
    EXPECT_EQ(validator_->vrps(), offline());
    // And back, once RRDP is well.
    server_.straighten();
    publish(2);
    clock_.advance(std::chrono::hours(2));
    round();
    EXPECT_EQ(status("notification").way, Way::rrdp);
    EXPECT_EQ(validator_->vrps(), offline());
}

TEST_F(RsyncTest, StandsInAtOnceWhereRrdpNeverWorked) {
    publish(0);
    server_.bend(path_of_notification(),
                 [](net::HttpRequest&) -> Task<net::HttpResponse> { co_return net::HttpResponse::text(404, "gone"); });
    const auto peer = daemon();
    open();
    round();
    EXPECT_EQ(status("notification").way, Way::rsync);
    EXPECT_EQ(status("notification").state, RepositoryState::never);
    EXPECT_EQ(validator_->vrps(), offline());
}

TEST_F(RsyncTest, ADaemonThatIsGoneLeavesTheCopy) {
    lab_.rrdp.clear();
    publish(0);
    auto peer = daemon();
    open();
    round();
    const auto vrps = validator_->vrps();
    peer.reset();
    clock_.advance(std::chrono::hours(1));
    EXPECT_EQ(round().failures, 1U);  // the first thing asked of the host; then it is left alone
    EXPECT_EQ(validator_->vrps(), vrps);
    EXPECT_THAT(status("ta0.cer").error, HasSubstr("rsync ended with 10"));
}

TEST_F(RoundTest, AFolderTellsWhatChangedInIt) {
    lab_.rrdp.clear();
    publish(0);
    const auto locators = *read_tals(lab_.folder + "/tals");
    const auto cache = *CacheFolder::open(lab_.folder + "/cache");
    FolderWatch watch(lab_.folder + "/cache");
    Validator validator({.point = {}, .threads = 1}, nullptr);
    const auto look = [&] {
        const auto changes = watch.look();
        EXPECT_TRUE(changes);
        validator.run(locators, *cache, lab_.time, *changes);
        return validator.points_examined();
    };
    EXPECT_EQ(look(), validator.totals().points);
    EXPECT_EQ(look(), 0U);
    publish(1);
    EXPECT_EQ(look(), lab_.changed);
    EXPECT_EQ(validator.vrps(), offline());
    fs::remove_all(repositories_[0].folder + "/ta0");
    EXPECT_EQ(look(), 1U);
    EXPECT_EQ(validator.vrps(), offline());
}

}  // namespace
}  // namespace quipu::rpki
