#include "services/measure/owamp/test_plane.h"

#include <gtest/gtest.h>
#include <thread>

namespace quipu::owamp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// Looks until it is so; the deadline only ends what hangs.
template <class So>
bool until(const So& so) {
    for (int i = 0; i < 3000; ++i) {
        if (so()) return true;
        std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
}

class TwoPlanes : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        for (auto* plane : {&sender_, &receiver_}) {
            auto started = TestPlane::start(clock_, {.clock_error = microseconds(1)});
            ASSERT_TRUE(started) << started.error().text();
            *plane = std::move(*started);
        }
    }
    SystemClock clock_;
    std::unique_ptr<TestPlane> sender_, receiver_;
};

TEST_P(TwoPlanes, PacketsSayHowWrongTheirStampIsAndNotOnlyTheClock) {
    const auto own = *net::IpAddress::parse(GetParam());
    constexpr std::uint32_t kPackets = 60;
    const auto from = sender_->reserve(own, std::nullopt, 0);
    ASSERT_TRUE(from) << from.error().text();
    const auto to = receiver_->reserve(own, net::Endpoint{own, from->port}, 0);
    ASSERT_TRUE(to) << to.error().text();
    TestSession session;
    session.start = measure::to_ntp(clock_.now());
    session.slots = {{Slot::Type::fixed, to_fixed(milliseconds(6))}};
    session.packets = kPackets;
    session.timeout = to_fixed(std::chrono::seconds(60));
    session.peer = {own, from->port};
    const auto receiving = receiver_->receive(session, *to);
    session.peer = {own, to->port};
    const auto sending = sender_->send(session, *from);
    ASSERT_TRUE(until([&] { return receiver_->received(receiving, {}, 0).size() == kPackets; }));
    EXPECT_EQ(sender_->stop_sending(sending).next_sequence, kPackets);
    // However busy the machine is, the first packet is asked for.
    ASSERT_TRUE(until([&] { return sender_->lateness().samples > 0; }));
    const auto late = sender_->lateness();
    EXPECT_LE(late.samples, kPackets);
    EXPECT_GE(late.median, Nanoseconds(0));
    EXPECT_LE(late.median, late.p95);
    EXPECT_LE(late.p95, late.p99);
    EXPECT_EQ(receiver_->lateness().samples, 0U) << "it sends nothing";
    const auto records = receiver_->stop_receiving(receiving);
    const auto clock_alone = ErrorEstimate::from(microseconds(1), true);
    for (const PacketRecord& record : records) {
        EXPECT_EQ(record.receive_error, clock_alone) << "the kernel's stamp";
        EXPECT_GE(record.send_error.bound(), clock_alone.bound());
        EXPECT_TRUE(record.send_error.synchronised);
    }
    // Before anything is known much is assumed.
    EXPECT_EQ(records.front().send_error, ErrorEstimate::from(microseconds(101), true));
}

INSTANTIATE_TEST_SUITE_P(Addresses, TwoPlanes, testing::Values("127.0.0.1", "::1"));

}  // namespace
}  // namespace quipu::owamp
