#include "net/loop.h"

#include <gtest/gtest.h>
#include <latch>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace quipu::net {
namespace {

/// Says in a string when it is destroyed.
struct Mark {
    std::string* text;
    explicit Mark(std::string& to) : text(&to) {}
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;
    ~Mark() { *text += "gone "; }
};

struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0); }
    ~Pipe() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
};

Task<int> answer() {
    co_return 42;
}

Task<void> call_then_stop(EventLoop& loop, int& out) {
    out = co_await answer();
    EXPECT_EQ(EventLoop::current(), &loop);
    loop.stop();
}

TEST(EventLoop, RunsATaskToItsEnd) {
    EventLoop loop;
    int value = 0;
    loop.spawn(call_then_stop(loop, value));
    EXPECT_EQ(value, 0);
    loop.run();
    EXPECT_EQ(value, 42);
    EXPECT_EQ(EventLoop::current(), nullptr);
}

TEST(EventLoop, RunsAgainAfterStop) {
    EventLoop loop;
    int value = 0;
    for (int round = 0; round < 3; ++round) {
        value = 0;
        loop.spawn(call_then_stop(loop, value));
        loop.run();
        EXPECT_EQ(value, 42);
    }
    loop.stop();
    loop.run();  // a stop before the run ends it at once
}

TEST(EventLoop, SleepsInOrder) {
    EventLoop loop;
    std::string order;
    const auto sleeper = [](EventLoop& on, std::string& text, char name, int ms, bool last) -> Task<void> {
        co_await on.sleep(std::chrono::milliseconds(ms));
        text += name;
        if (last) on.stop();
    };
    loop.spawn(sleeper(loop, order, 'c', 30, true));
    loop.spawn(sleeper(loop, order, 'a', -5, false));
    loop.spawn(sleeper(loop, order, 'b', 1, false));
    loop.run();
    EXPECT_EQ(order, "abc");
}

TEST(EventLoop, WaitsForDescriptors) {
    EventLoop loop;
    Pipe pipe;
    std::string got;
    const auto reader = [](EventLoop& on, int fd, std::string& text) -> Task<void> {
        while (text.size() < 3) {
            const auto ready = co_await on.readable(fd);
            EXPECT_TRUE(ready.has_value());
            char octet = 0;
            while (::read(fd, &octet, 1) == 1)
                text += octet;
        }
        on.stop();
    };
    const auto writer = [](EventLoop& on, int fd) -> Task<void> {
        for (const char octet : {'x', 'y', 'z'}) {
            const auto ready = co_await on.writable(fd);
            EXPECT_TRUE(ready.has_value());
            EXPECT_EQ(::write(fd, &octet, 1), 1);
            co_await on.sleep(std::chrono::milliseconds(1));
        }
    };
    loop.spawn(reader(loop, pipe.ends[0], got));
    loop.spawn(writer(loop, pipe.ends[1]));
    loop.run();
    EXPECT_EQ(got, "xyz");
}

TEST(EventLoop, WaitingForABadDescriptorIsAnError) {
    EventLoop loop;
    ErrorCode code = ErrorCode::internal;
    const auto task = [](EventLoop& on, ErrorCode& out) -> Task<void> {
        out = (co_await on.readable(-1)).error().code;
        on.stop();
    };
    loop.spawn(task(loop, code));
    loop.run();
    EXPECT_EQ(code, ErrorCode::io);
}

TEST(EventLoop, BlockingCallsRunElsewhereAndComeBack) {
    EventLoop loop;
    std::thread::id worker;
    std::thread::id after;
    std::string thrown;
    const auto task = [](EventLoop& on, std::thread::id& where, std::thread::id& back,
                         std::string& what) -> Task<void> {
        const Result<int> value = co_await on.blocking([&]() -> Result<int> {
            where = std::this_thread::get_id();
            return 7;
        });
        EXPECT_EQ(value, 7);
        back = std::this_thread::get_id();
        try {
            co_await on.blocking([]() -> Result<int> { throw std::runtime_error("disk on fire"); });
        } catch (const std::runtime_error& error) {
            what = error.what();
        }
        on.stop();
    };
    loop.spawn(task(loop, worker, after, thrown));
    loop.run();
    EXPECT_EQ(after, std::this_thread::get_id());
    EXPECT_NE(worker, after);
    EXPECT_EQ(thrown, "disk on fire");
}

TEST(EventLoop, StopDestroysWhatIsSuspended) {
    std::string text;
    Pipe pipe;
    {
        EventLoop loop;
        const auto sleeper = [](EventLoop& on, std::string& to) -> Task<void> {
            const Mark mark(to);
            co_await on.sleep(std::chrono::hours(1));
            ADD_FAILURE() << "resumed after stop";
        };
        const auto reader = [](EventLoop& on, std::string& to, int fd) -> Task<void> {
            const Mark mark(to);
            static_cast<void>(co_await on.readable(fd));
            ADD_FAILURE() << "resumed after stop";
        };
        loop.spawn(sleeper(loop, text));
        loop.spawn(reader(loop, text, pipe.ends[0]));
        loop.post([&] { loop.stop(); });
        loop.run();
        EXPECT_EQ(text, "gone gone ");
        loop.spawn(sleeper(loop, text));  // never starts, and leaks nothing
    }
    EXPECT_EQ(text, "gone gone ");
}

TEST(EventLoop, StopWaitsForABlockingCallThatUsesTheTasksVariables) {
    EventLoop loop;
    std::latch begun(1);
    std::latch go_on(1);
    std::string text;
    const auto task = [](EventLoop& on, std::latch& started, std::latch& release, std::string& to) -> Task<void> {
        const Mark mark(to);
        static_cast<void>(co_await on.blocking([&]() -> Result<int> {
            started.count_down();
            release.wait();
            to += "worked ";
            return 1;
        }));
    };
    loop.spawn(task(loop, begun, go_on, text));
    const std::jthread other([&] {
        begun.wait();
        loop.stop();
        go_on.count_down();
    });
    loop.run();
    EXPECT_TRUE(text == "worked gone ") << text;
}

TEST(EventLoop, AnEscapedExceptionEndsOnlyItsTask) {
    EventLoop loop;
    int value = 0;
    const auto thrower = []() -> Task<void> {
        throw std::runtime_error("a test's exception");
        co_return;
    };
    loop.spawn(thrower());
    loop.post([] { throw std::runtime_error("another"); });
    loop.spawn(call_then_stop(loop, value));
    loop.run();
    EXPECT_EQ(value, 42);
}

TEST(LoopPool, SpreadsWorkOverItsThreads) {
    LoopPool pool(2);
    std::latch done(20);
    std::atomic<int> wrong = 0;
    for (int i = 0; i < 20; ++i) {
        EventLoop& loop = pool.next();
        loop.post([&] {
            if (EventLoop::current() != &loop) ++wrong;
            done.count_down();
        });
    }
    done.wait();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(pool.size(), 2U);
}

}  // namespace
}  // namespace quipu::net
