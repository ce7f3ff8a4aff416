#include "services/rpki/rtr/engine_session.h"

#include <deque>
#include <filesystem>
#include <gtest/gtest.h>

#include "base/test_script.h"
#include "services/rpki/rtr/test_payloads.h"

namespace quipu::rpki::rtr {
namespace {

// Conversations as text (scripts/*.txt), a line each:
//     serve SET            the next serial, with this set (test_payloads.h); the session is 1000, serials begin at 1
//     session NUMBER       another session; what was served before is not known in it
//     nothing              the cache has no data
//     wait DURATION        time goes by
//     > VERSION PDU        the router says; `reset_query`, `serial_query SESSION SERIAL` and what a router must not
//                          say; `> hex OCTETS` for anything
//     < VERSION PDU        the cache answers, in this order
//     = closed | open | notify now|DURATION|none
//
// PDUs: cache_response SESSION, announce PAYLOAD, withdraw PAYLOAD, end_of_data SESSION SERIAL, cache_reset,
// serial_notify SESSION SERIAL, error CODE OCTETS-OF-THE-PDU-IN-IT. After `= closed` the next `>` is another
// connection's.
std::string text_of(const Pdu& pdu) {
    const auto act = [](bool announce) { return announce ? "announce" : "withdraw"; };
    struct Text {
        decltype(act) act_;
        std::string operator()(const SerialNotify& b) const {
            return fmt::format("serial_notify {} {}", b.session, b.serial);
        }
        std::string operator()(const SerialQuery& b) const {
            return fmt::format("serial_query {} {}", b.session, b.serial);
        }
        std::string operator()(const ResetQuery&) const { return "reset_query"; }
        std::string operator()(const CacheResponse& b) const { return fmt::format("cache_response {}", b.session); }
        std::string operator()(const PrefixPdu& b) const {
            return fmt::format("{} {}", act_(b.announce), rtr::text_of(b.vrp));
        }
        std::string operator()(const EndOfData& b) const {
            return fmt::format("end_of_data {} {}", b.session, b.serial);
        }
        std::string operator()(const CacheReset&) const { return "cache_reset"; }
        std::string operator()(const RouterKeyPdu& b) const {
            return fmt::format("{} key {} AS{}", act_(b.announce), b.key_id[0], b.as);
        }
        std::string operator()(const AspaPdu& b) const {
            std::string out = fmt::format("{} aspa {}", act_(b.announce), b.customer);
            for (const Asn provider : b.providers)
                out += fmt::format(" {}", provider);
            return out;
        }
        std::string operator()(const ErrorReport& b) const {
            return fmt::format("error {} {}", static_cast<int>(b.failure), b.pdu.size());
        }
    };
    return fmt::format("{} {}", pdu.version, std::visit(Text{act}, pdu.body));
}

class Script {
  public:
    explicit Script(const std::filesystem::path& path) : path_(path) {}
    void run() {
        run_script(path_, [&](const std::string& verb, std::istringstream& words, const std::string& line) {
            const std::string rest = line.size() > verb.size() ? line.substr(verb.size() + 1) : std::string();
            if (verb == "<") {
                ASSERT_FALSE(said_.empty()) << "nothing came";
                EXPECT_EQ(said_.front(), rest);
                said_.pop_front();
                return;
            }
            if (verb == "=") {
                check(rest);
                return;
            }
            ASSERT_TRUE(said_.empty()) << "not expected: " << said_.front();
            if (verb == "serve") serve(payloads(rest));
            if (verb == "session") session_ = static_cast<std::uint16_t>(std::stoi(rest)), steps_.clear();
            if (verb == "nothing") served_ = {};
            if (verb == "wait") wait(*parse_duration(rest));
            if (verb == ">") hear(words);
        });
        if (testing::Test::HasFatalFailure()) return;
        ASSERT_TRUE(said_.empty()) << "not expected: " << said_.front();
    }

  private:
    void serve(PayloadSet set) {
        if (number_ > 0) steps_.push_back(std::make_shared<const Delta>(difference(set_, set)));
        if (steps_.size() > 3) steps_.erase(steps_.begin());
        set_ = std::move(set);
        served_ = {std::make_shared<const Snapshot>(session_, ++number_, std::make_shared<const PayloadSet>(set_),
                                                    steps_, Intervals{}),
                   now_};
    }
    void wait(Nanoseconds duration) {
        now_ += duration;
        monotonic_ += duration;
    }

    void hear(std::istringstream& words) {
        if (closed_) {
            router_ = Session({});
            closed_ = false;
        }
        std::string version, what;
        words >> version;
        ByteWriter out;
        if (version == "hex") {
            for (std::string octet; words >> octet;)
                out.u8(static_cast<std::uint8_t>(std::stoul(octet, nullptr, 16)));
        } else {
            words >> what;
            Pdu pdu{static_cast<std::uint8_t>(std::stoi(version)), ResetQuery{}};
            std::uint32_t first = 0, second = 0;
            words >> first >> second;
            if (what == "serial_query") pdu.body = SerialQuery{static_cast<std::uint16_t>(first), second};
            if (what == "serial_notify") pdu.body = SerialNotify{static_cast<std::uint16_t>(first), second};
            if (what == "cache_reset") pdu.body = CacheReset{};
            if (what == "error") pdu.body = ErrorReport{static_cast<Failure>(first), {}, "said the router"};
            write(out, pdu);
        }
        // Octet by octet: nothing may hang on how they arrive.
        for (const std::uint8_t octet : out.span()) {
            router_.feed({&octet, 1});
            while (auto answer = closed_ ? std::nullopt : router_.next(served_, now_)) {
                if (answer->octets) say(*answer->octets);
                closed_ = answer->close;
            }
        }
    }
    void say(ByteSpan octets) {
        ByteReader in(octets);
        while (!in.at_end()) {
            const auto pdu = parse(in);
            ASSERT_TRUE(pdu) << pdu.error().text();
            said_.push_back(text_of(*pdu));
        }
    }
    void check(const std::string& expected) {
        if (expected == "closed" || expected == "open") {
            EXPECT_EQ(closed_ ? "closed" : "open", expected);
            return;
        }
        const auto at = router_.notify_at(served_, now_);
        std::string due = "notify none";
        if (at) due = *at <= monotonic_ ? "notify now" : "notify " + format_duration(*at - monotonic_);
        EXPECT_EQ(due, expected);
        if (due == "notify now") say(*router_.notify(served_, monotonic_));
    }

    std::filesystem::path path_;
    std::uint16_t session_ = 1000;
    std::uint64_t number_ = 0;
    PayloadSet set_;
    Snapshot::Steps steps_;
    Served served_;
    Session router_{{}};
    bool closed_ = false;
    Time now_ = *parse_time("2011-11-15T00:00:00Z");
    Monotonic monotonic_{};
    std::deque<std::string> said_;
};

TEST(RtrSession, TalksAsTheScriptsSay) {
    int scripts = 0;
    for (const auto& each : std::filesystem::directory_iterator(QUIPU_SOURCE_DIR "/src/services/rpki/rtr/scripts")) {
        Script(each.path()).run();
        ++scripts;
    }
    EXPECT_GE(scripts, 6);
}

TEST(RtrSession, EachAnswerIsMadeOnceForAllRouters) {
    const Served served{std::make_shared<const Snapshot>(
                            std::uint16_t{1}, 5, std::make_shared<const PayloadSet>(payloads("10.0.0.0/8-8 AS1")),
                            Snapshot::Steps{std::make_shared<const Delta>()}, Intervals{}),
                        Time{}};
    const auto ask = [&](Pdu query) {
        Session session({});
        ByteWriter out;
        write(out, query);
        session.feed(out.span());
        return session.next(served, Time{})->octets;
    };
    EXPECT_EQ(ask({1, ResetQuery{}}).get(), ask({1, ResetQuery{}}).get());
    EXPECT_NE(ask({1, ResetQuery{}}).get(), ask({2, ResetQuery{}}).get());
    EXPECT_EQ(ask({1, SerialQuery{2, 4}}).get(), ask({1, SerialQuery{2, 4}}).get());
}

TEST(RtrSession, SerialsWrap) {
    const auto one_more = std::make_shared<const Delta>(difference(payloads(""), payloads("10.0.0.0/8-8 AS1")));
    const Snapshot snapshot(0, std::uint64_t{1} << 32U,
                            std::make_shared<const PayloadSet>(payloads("10.0.0.0/8-8 AS1")), {one_more}, {});
    EXPECT_EQ(snapshot.serial(), 0U);
    EXPECT_TRUE(snapshot.since(1, 1, 0xffffffff));
    EXPECT_TRUE(snapshot.since(1, 1, 0));
    EXPECT_FALSE(snapshot.since(1, 1, 0xfffffffe));
    EXPECT_FALSE(snapshot.since(1, 1, 1));  // of the future
}

}  // namespace
}  // namespace quipu::rpki::rtr
