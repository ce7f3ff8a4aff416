// The engine against conversations in scripts/trace:
//     set NAME VALUE           a setting: probes, retries, silent, in_flight, in_turn, last_ttl, closed, mtu, gap_ms…
//     at MS                    time goes on; what is due then is sent
//     > TTL[:LENGTH|:closed]…  what was sent since the last such line, in order
//     < NUMBER KIND ADDRESS [CODE|MTU]   an answer to the probe of that number
//     hop TTL ADDRESS|* RECEIVED/SENT [MIN-µs [MTU]]
//     settled TTL…             the hops settled since the last such line
//     done | not done | reached | not reached | mtu N | mtu none

#include "services/measure/path/engine_trace.h"

#include <gtest/gtest.h>

#include "base/test_script.h"

namespace quipu::path {
namespace {

class TraceScript {
  public:
    void line(const std::string& verb, std::istringstream& words) {
        if (verb == "set") return set(words);
        if (!engine_) engine_.emplace(settings_);
        if (verb == "at") {
            std::int64_t ms = 0;
            words >> ms;
            now_ = Monotonic(std::chrono::milliseconds(ms));
            engine_->tick(now_);
            send();
        } else if (verb == ">") {
            std::string expected, part;
            while (words >> part)
                expected += (expected.empty() ? "" : " ") + part;
            EXPECT_EQ(sent_, expected);
            sent_.clear();
        } else if (verb == "<") {
            answer(words);
        } else if (verb == "hop") {
            hop(words);
        } else if (verb == "settled") {
            std::string expected, found, part;
            while (words >> part)
                expected += part + " ";
            for (const Hop& one : engine_->take_settled())
                found += std::to_string(one.ttl) + " ";
            EXPECT_EQ(found, expected);
        } else {
            say(verb, words);
        }
    }

  private:
    void set(std::istringstream& words) {
        std::string name;
        int value = 0;
        words >> name >> value;
        settings_.target = *net::IpAddress::parse("203.0.113.9");
        if (name == "probes")
            settings_.probes = value;
        else if (name == "retries")
            settings_.retries = value;
        else if (name == "silent")
            settings_.most_silent = value;
        else if (name == "in_flight")
            settings_.in_flight = value;
        else if (name == "in_turn")
            settings_.in_turn = value != 0;
        else if (name == "last_ttl")
            settings_.last_ttl = value;
        else if (name == "closed")
            settings_.closed_port = static_cast<std::uint16_t>(value);
        else if (name == "mtu")
            settings_.mtu = value != 0;
        else if (name == "first_mtu")
            settings_.first_mtu = static_cast<std::uint16_t>(value);
        else if (name == "gap_ms")
            settings_.gap = std::chrono::milliseconds(value);
        else
            FAIL() << "unknown setting " << name;
    }
    void send() {
        for (;;) {
            const bool expected = engine_->when() <= now_;
            const auto due = engine_->due(now_);
            EXPECT_TRUE(expected || !due) << "when() is later than what is due";
            if (!due) break;
            engine_->sent(due->number, now_);
            if (!sent_.empty()) sent_ += " ";
            sent_ += std::to_string(due->ttl);
            if (due->length != 0) sent_ += ":" + std::to_string(due->length);
            if (due->closed_port) sent_ += ":closed";
        }
    }
    void answer(std::istringstream& words) {
        std::uint32_t number = 0, value = 0;
        std::string kind, from;
        words >> number >> kind >> from;
        Answer out;
        out.from = *net::IpAddress::parse(from);
        out.flow.target = settings_.target;
        const bool more = static_cast<bool>(words >> value);
        if (kind == "exceeded")
            out.kind = Answer::Kind::time_exceeded;
        else if (kind == "unreachable")
            out.kind = Answer::Kind::unreachable;
        else if (kind == "too-big")
            out.kind = Answer::Kind::too_big;
        else if (kind == "reply")
            out.kind = Answer::Kind::echo_reply;
        else
            FAIL() << "unknown kind " << kind;
        if (out.kind == Answer::Kind::unreachable) out.code = static_cast<std::uint8_t>(more ? value : 3);
        if (out.kind == Answer::Kind::too_big) out.mtu = value;
        engine_->answered(number, out, now_);
    }
    void hop(std::istringstream& words) {
        std::int64_t ttl = 0;
        std::string address, count, min, mtu;
        words >> ttl >> address >> count >> min >> mtu;
        const PathRecord record = engine_->result();
        ASSERT_LE(ttl, static_cast<std::int64_t>(record.hops.size()));
        const Hop& found = record.hops[static_cast<std::size_t>(ttl - 1)];
        EXPECT_EQ(found.silent() ? "*" : found.addresses[0].text(), address);
        EXPECT_EQ(std::to_string(found.received) + "/" + std::to_string(found.sent), count);
        if (!min.empty()) EXPECT_EQ(std::to_string(found.rtt_min_us.value_or(-1)), min);
        if (!mtu.empty()) EXPECT_EQ(std::to_string(found.mtu.value_or(0)), mtu);
    }
    void say(const std::string& verb, std::istringstream& words) {
        std::string rest;
        words >> rest;
        const PathRecord record = engine_->result();
        if (verb == "done")
            EXPECT_TRUE(engine_->done());
        else if (verb == "not" && rest == "done")
            EXPECT_FALSE(engine_->done());
        else if (verb == "reached")
            EXPECT_TRUE(record.reached);
        else if (verb == "not")
            EXPECT_FALSE(record.reached);
        else if (verb == "hops")
            EXPECT_EQ(std::to_string(record.hops.size()), rest);
        else if (verb == "mtu")
            EXPECT_EQ(record.mtu ? std::to_string(*record.mtu) : "none", rest);
        else
            FAIL() << "unknown verb " << verb;
    }

    TraceSettings settings_{.target = *net::IpAddress::parse("203.0.113.9"), .gap = Nanoseconds::zero()};
    std::optional<TraceEngine> engine_;
    Monotonic now_{};
    std::string sent_;
};

TEST(Trace, FollowsItsScripts) {
    const std::filesystem::path folder = QUIPU_SOURCE_DIR "/src/services/measure/path/scripts/trace";
    int scripts = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        ++scripts;
        TraceScript script;
        run_script(entry.path(), [&](const std::string& verb, std::istringstream& words, const std::string&) {
            script.line(verb, words);
        });
    }
    EXPECT_GE(scripts, 6);
}

TEST(PathId, AnybodyComputesItAlike) {
    const auto hop = [](std::vector<std::string_view> addresses) {
        Hop out;
        for (const auto address : addresses)
            out.addresses.push_back(*net::IpAddress::parse(address));
        return out;
    };
    // printf '10.0.0.1\n*\n10.0.2.1\n' | sha256sum | cut -c1-16
    EXPECT_EQ(id_of({hop({"10.0.0.1"}), hop({}), hop({"10.0.2.2", "10.0.2.1"})}), "e2b49b47c2028295");
}

}  // namespace
}  // namespace quipu::path
