#include "services/measure/owamp/control_connection.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>

namespace quipu::owamp {
namespace {

/// Answers each octet by itself, one at a time; `.` ends the connection.
class OneByOne {
  public:
    OneByOne(char name, std::string& order) : name_(name), order_(order) {}
    void feed(ByteSpan octets, Time) {
        waiting_ += std::string_view(reinterpret_cast<const char*>(octets.data()), octets.size());
        most_waiting = std::max(most_waiting, waiting_.size());
        if (!out_.empty() || waiting_.empty()) return;
        out_.push_back(static_cast<std::uint8_t>(waiting_.front()));
        closed_ = waiting_.front() == '.';
        waiting_.erase(0, 1);
        order_ += name_;
    }
    void tick(Time) {}
    [[nodiscard]] Time next() const { return Time::max(); }
    [[nodiscard]] std::vector<std::uint8_t> take() { return std::exchange(out_, {}); }
    [[nodiscard]] bool closed() const { return closed_; }

    std::size_t most_waiting = 0;

  private:
    char name_;
    std::string& order_;
    std::string waiting_;
    std::vector<std::uint8_t> out_;
    bool closed_ = false;
};

Task<void> serve(net::EventLoop& loop, OneByOne& engine, net::Descriptor socket, const Clock& clock) {
    ControlConnection<OneByOne> connection(loop, engine, net::StreamSocket::over(loop, std::move(socket)), clock);
    const auto done = co_await connection.run();
    EXPECT_TRUE(done) << done.error().text();
}

/// Asks everything at once and reads what is answered.
Task<void> ask(net::EventLoop& loop, const std::string& asked, net::Descriptor socket, std::size_t& left) {
    const auto stream = net::StreamSocket::over(loop, std::move(socket));
    EXPECT_TRUE(co_await stream->write(asked, std::chrono::minutes(1)));
    std::vector<char> buffer(4096);
    std::string answers;
    for (;;) {
        const auto count = co_await stream->read_some(buffer, std::chrono::minutes(1));
        if (!count || *count == 0) break;
        answers.append(buffer.data(), *count);
    }
    EXPECT_EQ(answers, asked);
    if (--left == 0) loop.stop();
}

TEST(ControlConnection, AnswersOneByOneInTurnWithOthersAndReadsNothingMeanwhile) {
    const std::string asked = std::string(20'000, 'q') + ".";  // more than is read at once
    const SystemClock clock;
    net::EventLoop loop;
    std::string order;
    std::size_t left = 2;
    OneByOne a('a', order), b('b', order);
    for (OneByOne* engine : {&a, &b}) {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        loop.spawn(ask(loop, asked, net::Descriptor(ends[1]), left));
        loop.spawn(serve(loop, *engine, net::Descriptor(ends[0]), clock));
    }
    loop.run();
    EXPECT_EQ(order.size(), 2 * asked.size());
    EXPECT_LT(order.find('b'), 10U) << "b has its turn while much of a's is left";
    EXPECT_LE(a.most_waiting, 16U * 1024) << "nothing is read before the last is answered";
}

}  // namespace
}  // namespace quipu::owamp
