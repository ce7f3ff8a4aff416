#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "base/guarded.h"
#include "services/measure/agent.h"
#include "services/measure/codec_packet.h"
#include "services/measure/codec_record.h"
#include "services/measure/sent_log.h"

namespace quipu::measure {
namespace {

namespace fs = std::filesystem;

class KeepingSink final : public agent::RecordSink {
  public:
    Result<void> append(std::string_view stream, ByteSpan payload) override {
        kept.with([&](auto& all) { all.emplace_back(stream, std::vector(payload.begin(), payload.end())); });
        return {};
    }
    void tell(std::string_view, ByteSpan) override {}
    Guarded<std::vector<std::pair<std::string, std::vector<std::uint8_t>>>> kept;
};

class TwoPoints : public testing::Test {
  protected:
    struct One {
        KeepingSink sink;
        std::string folder;
        std::unique_ptr<Point> point;
        std::uint16_t port = 0;
    };
    void SetUp() override {
        start(a_);
        start(b_);
    }
    void TearDown() override {
        for (One* one : {&a_, &b_}) {
            if (one->point) one->point->stop();
            fs::remove_all(one->folder);
        }
    }
    void start(One& one) {
        if (one.folder.empty()) {
            std::string name = (fs::temp_directory_path() / "quipu-point-XXXXXX").string();
            ASSERT_NE(::mkdtemp(name.data()), nullptr);
            one.folder = name;
        }
        one.point = make_point({.port = 0});
        const auto started = one.point->start({.clock = clock_,
                                               .records = one.sink,
                                               .agent = "site",
                                               .folder = one.folder,
                                               .addresses = {*net::IpAddress::parse("127.0.0.1")},
                                               .clock_error = std::chrono::microseconds(1)});
        ASSERT_TRUE(started) << started.error().text();
        one.port = static_cast<std::uint16_t>(*one.point->facts().find("port")->if_integer());
    }
    static AssignedSession to(const One& other, std::string site, std::int64_t seed) {
        return {.site = std::move(site),
                .address = {*net::IpAddress::parse("127.0.0.1"), other.port},
                .seed = seed,
                .spacing = Spacing::periodic,
                .per_minute = 6000};
    }
    void assign() {
        ASSERT_TRUE(a_.point->assign(to_value(Assignment{.send = {to(b_, "b", 1)}, .receive = {to(b_, "b", 2)}})));
        ASSERT_TRUE(b_.point->assign(to_value(Assignment{.send = {to(a_, "a", 2)}, .receive = {to(a_, "a", 1)}})));
    }
    /// Looks until it is so; the deadline only ends what hangs.
    static bool until(const std::function<bool()>& so) {
        for (int i = 0; i < 3000; ++i) {
            if (so()) return true;
            ::poll(nullptr, 0, 10);
        }
        return false;
    }

    SystemClock clock_;
    One a_, b_;
};

TEST_F(TwoPoints, MeasureEachOtherWithKernelTimes) {
    assign();
    ASSERT_TRUE(until([&] { return a_.point->counters().received >= 200 && b_.point->counters().received >= 200; }));
    EXPECT_EQ(a_.point->counters().without_kernel_time, 0U);
    EXPECT_EQ(a_.point->counters().duplicates, 0U);
    EXPECT_EQ(a_.point->counters().send_errors, 0U);
}

TEST_F(TwoPoints, StrangersAreCountedAndHarmNothing) {
    assign();
    const int stranger = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(a_.port);
    const std::string huge(60'000, 'x');
    for (const std::string& datagram : {std::string(), std::string("x"), huge})
        ASSERT_EQ(::sendto(stranger, datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&address),
                           sizeof address),
                  static_cast<long>(datagram.size()));
    ::close(stranger);
    EXPECT_TRUE(until([&] { return a_.point->counters().refused >= 3 && a_.point->counters().received >= 100; }));
}

TEST_F(TwoPoints, ARestartTellsWhatWasNotSent) {
    assign();
    ASSERT_TRUE(until([&] { return b_.point->counters().received >= 100; }));
    a_.point->stop();
    const auto reported = [&] {
        std::int64_t packets = 0;
        for (const auto& [stream, payload] : a_.sink.kept.with([](const auto& all) { return all; })) {
            if (stream != kSkipsStream) continue;
            ByteReader in(payload);
            const auto range = parse_skip(in);
            packets += range->last - range->first + 1;
        }
        return packets;
    };
    const std::int64_t before = reported();
    // 100 packets a second: after a quarter of a second some twenty are missing.
    ::poll(nullptr, 0, 250);
    start(a_);
    assign();
    ASSERT_TRUE(until([&] { return reported() > before; }));
    EXPECT_GE(reported() - before, 20);
    EXPECT_LT(reported() - before, 6000);
}

TEST(SentLog, KnowsWhichSessionsRan) {
    const std::string path = (fs::temp_directory_path() / ("quipu-sent-" + std::to_string(::getpid()))).string();
    const Time now = *parse_time("2011-11-21T12:00:00Z");
    {
        SentLog log(path);
        log.load();
        EXPECT_EQ(log.sent_until({"a", 1}, now), now - std::chrono::minutes(10));
        ASSERT_TRUE(log.start_sessions({{"a", 1}}, now));
        log.mark(now + std::chrono::seconds(5));
    }
    SentLog log(path);
    log.load();
    EXPECT_EQ(log.sent_until({"a", 1}, now + std::chrono::hours(1)), now + std::chrono::seconds(5));
    EXPECT_EQ(log.sent_until({"a", 2}, now + std::chrono::hours(1)), now + std::chrono::seconds(5));
    EXPECT_EQ(log.sent_until({"b", 1}, now + std::chrono::seconds(6)),
              now + std::chrono::seconds(6) - std::chrono::minutes(10));
    std::ofstream(path) << "rubbish";
    SentLog damaged(path);
    damaged.load();
    EXPECT_EQ(damaged.sent_until({"a", 1}, now), now - std::chrono::minutes(10));
    fs::remove(path);
}

}  // namespace
}  // namespace quipu::measure
