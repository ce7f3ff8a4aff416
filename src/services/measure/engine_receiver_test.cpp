#include "services/measure/engine_receiver.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <sstream>

#include "base/random.h"
#include "base/test_script.h"

namespace quipu::measure {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Conversations as text (scripts/receiver/*.txt), a line each:
//     session NAME ADDRESS:PORT PER_MINUTE     is assigned from now on (periodic, phase of its seed)
//     end NAME                                 is assigned no longer
//     stop                                     nothing is received any more
//     at HH:MM:SS[.mmm]                        the time moves there and minutes may close
//     dropped HH:MM:SS HH:MM:SS COUNT          our own socket dropped so many between these times
//     step DURATION                            the clock of the day is set by that much; no time passes
//     > NAME HH:MM PLACE DELAY [xN] [ttl=N]    the packet of that minute and place comes DELAY after its due time, N
//     times > ADDRESS:PORT hex OCTETS | oversized    something else comes < RECORD                                 the
//     next record, as printed by text_of counter NAME VALUE
// At the end no record may be left.
class ReceiverScript {
  public:
    explicit ReceiverScript(const std::filesystem::path& path) : path_(path) {}

    void run() {
        run_script(path_, [&](const std::string& verb, std::istringstream& words, const std::string& line) {
            line_of(verb, words, line);
        });
        ASSERT_TRUE(records_.empty()) << "not expected: " << records_.front();
    }

  private:
    static Time day_time(const std::string& text) {
        return *parse_time("2011-11-21T" + text + (text.size() == 5 ? ":00Z" : "Z"));
    }

    static std::string text_of(const MinuteRecord& r) {
        std::string out = fmt::format("{} {} scheduled={} received={}", r.from, format_time(r.minute).substr(11, 5),
                                      r.scheduled, r.received);
        if (r.duplicated != 0) out += fmt::format(" duplicated={}", r.duplicated);
        if (r.reordered != 0) out += fmt::format(" reordered={}", r.reordered);
        if (r.negative != 0) out += fmt::format(" negative={}", r.negative);
        if (r.received != 0) {
            out += fmt::format(" min={} median={} max={}", ms(r.delay_min), ms(r.delay_median), ms(r.delay_max));
            out += fmt::format(" ipdv={}/{} ttl={}", ms(r.ipdv_sum), r.ipdv_count, r.ttl);
        }
        if (r.own_drops != 0) out += fmt::format(" own_drops={} run={}", r.own_drops, r.loss_run);
        if (r.clock_error > 1000) out += fmt::format(" error={}", ms(r.clock_error));
        return out;
    }
    static std::string ms(std::int64_t nanoseconds) {
        return fmt::format("{}", static_cast<double>(nanoseconds) / 1e6);
    }

    void assign() {
        std::vector<ReceiverSession> all;
        for (const auto& [unused, session] : sessions_)
            all.push_back(session);
        engine_.assign(all, now_);
        if (started_) tick();
    }

    void line_of(const std::string& verb, std::istringstream& words, const std::string& line) {
        if (verb == "session") {
            std::string name, peer;
            std::uint32_t per_minute = 0;
            words >> name >> peer >> per_minute;
            sessions_[name] = {
                name, *net::Endpoint::parse(peer), {.seed = 0, .spacing = Spacing::periodic, .per_minute = per_minute}};
            assign();
        } else if (verb == "end") {
            std::string name;
            words >> name;
            sessions_.erase(name);
            assign();
        } else if (verb == "stop") {
            engine_.finish(now_);
            tick();
        } else if (verb == "at") {
            std::string text;
            words >> text;
            const Time then = day_time(text);
            if (started_) monotonic_ += then - now_;
            started_ = true;
            now_ = then;
            tick();
        } else if (verb == "step") {
            std::string text;
            words >> text;
            now_ += text[0] == '-' ? -*parse_duration(text.substr(1)) : *parse_duration(text);
            tick();
        } else if (verb == "dropped") {
            std::string after, until;
            std::uint64_t count = 0;
            words >> after >> until >> count;
            engine_.dropped(day_time(after), day_time(until), count);
        } else if (verb == ">") {
            arrive(words);
        } else if (verb == "<") {
            ASSERT_FALSE(records_.empty()) << "no record came";
            EXPECT_EQ(records_.front(), line.substr(line.find_first_not_of(' ', 1)));
            records_.erase(records_.begin());
        } else if (verb == "counter") {
            std::string name;
            std::uint64_t value = 0;
            words >> name >> value;
            const auto& c = engine_.counters();
            const std::map<std::string, std::uint64_t> all{{"received", c.received},
                                                           {"duplicates", c.duplicates},
                                                           {"truncated", c.truncated},
                                                           {"zero_multiplier", c.zero_multiplier},
                                                           {"oversized", c.oversized},
                                                           {"unknown_peer", c.unknown_peer},
                                                           {"out_of_time", c.out_of_time},
                                                           {"clock_steps", c.clock_steps},
                                                           {"minutes_voided", c.minutes_voided}};
            ASSERT_TRUE(all.contains(name));
            EXPECT_EQ(all.at(name), value);
        } else {
            FAIL() << "unknown word " << verb;
        }
    }

    void arrive(std::istringstream& words) {
        std::string who, what;
        words >> who >> what;
        if (what == "hex" || what == "oversized") {
            std::vector<std::uint8_t> bytes;
            for (unsigned octet = 0; words >> std::hex >> octet;)
                bytes.push_back(static_cast<std::uint8_t>(octet));
            engine_.arrive(*net::Endpoint::parse(who), bytes, now_, 64, what == "oversized");
            return;
        }
        const auto& session = sessions_.at(who);
        std::uint32_t place = 0;
        std::string delay_text, word;
        words >> place >> delay_text;
        int copies = 1;
        std::int16_t ttl = 255;
        while (words >> word) {
            if (word[0] == 'x') copies = std::stoi(word.substr(1));
            if (word.starts_with("ttl=")) ttl = static_cast<std::int16_t>(std::stoi(word.substr(4)));
        }
        const Nanoseconds delay =
            delay_text[0] == '-' ? -*parse_duration(delay_text.substr(1)) : *parse_duration(delay_text);
        const std::int64_t index = minute_of(day_time(what)) * session.schedule.per_minute + place;
        const Time due = day_time(what) + kMinute * place / session.schedule.per_minute;
        ByteWriter out;
        write_test_packet(out, {.sequence = static_cast<std::uint32_t>(index),
                                .sent = due,
                                .error = ErrorEstimate::from(Nanoseconds(1), true)});
        for (int i = 0; i < copies; ++i)
            engine_.arrive(session.peer, out.span(), due + delay, ttl, false);
    }

    void tick() {
        std::vector<MinuteRecord> out;
        engine_.notice_clocks(now_, monotonic_);
        while (engine_.close(now_, 2, out)) {
        }
        for (const auto& record : out)
            records_.push_back(text_of(record));
    }

    std::filesystem::path path_;
    ReceiverEngine engine_;
    std::map<std::string, ReceiverSession> sessions_;
    std::vector<std::string> records_;
    Time now_ = day_time("12:00");
    Monotonic monotonic_{};
    bool started_ = false;
};

TEST(ReceiverEngine, KeepsEveryPacketWhenItIsAskedTo) {
    const Time start = *parse_time("2011-11-21T12:00:00Z");
    const auto peer = *net::Endpoint::parse("192.0.2.1:8760");
    const Schedule schedule{.seed = 0, .spacing = Spacing::periodic, .per_minute = 6};
    ReceiverEngine engine;
    engine.set_clock_error(std::chrono::microseconds(3), true);
    engine.keep_raw(true);
    engine.assign({{"a", peer, schedule}}, start);
    const auto arrive = [&](ScheduleCursor& cursor) {
        ByteWriter out;
        write_test_packet(out, {.sequence = cursor.sequence(), .sent = cursor.due() + milliseconds(1)});
        engine.arrive(peer, out.span(), cursor.due() + milliseconds(21), 250, false);
    };
    ScheduleCursor cursor(schedule, start);
    for (int i = 0; i < 6; ++i, cursor.advance()) {
        if (i == 2) continue;  // lost
        arrive(cursor);
        if (i == 4) arrive(cursor);  // and a copy
    }
    std::vector<MinuteRecord> records;
    engine.close(start + seconds(66), 10, records);
    ASSERT_EQ(records.size(), 1U);
    const auto raw = engine.take_raw();
    ASSERT_EQ(raw.size(), 1U);
    EXPECT_EQ(raw[0].from, "a");
    ASSERT_EQ(raw[0].packets.size(), 7U) << "five, a copy, and one that did not come";
    EXPECT_EQ(raw[0].packets[3].sequence, raw[0].packets[4].sequence) << "the copy";
    EXPECT_EQ(*raw[0].packets[0].received - raw[0].packets[0].sent, milliseconds(20));
    EXPECT_EQ(raw[0].packets[0].ttl, 250);
    EXPECT_GE(raw[0].packets[0].received_error.bound(), std::chrono::microseconds(3));
    EXPECT_FALSE(raw[0].packets.back().received);
    EXPECT_EQ(raw[0].packets.back().sequence, raw[0].packets[0].sequence + 2);
    // A minute in which nothing came has what was due.
    engine.close(start + seconds(126), 10, records);
    EXPECT_EQ(engine.take_raw().at(0).packets.size(), 6U);
    engine.keep_raw(false);
    engine.close(start + seconds(186), 10, records);
    EXPECT_TRUE(engine.take_raw().empty());
}

TEST(Receiver, FollowsTheScripts) {
    int scripts = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(QUIPU_SOURCE_DIR "/src/services/measure/scripts/receiver")) {
        ReceiverScript(entry.path()).run();
        ++scripts;
    }
    EXPECT_GE(scripts, 5);
}

// Whatever the network does to the packets, a minute's figures add up and each minute comes exactly once and in order.
TEST(Receiver, ConservesPacketsUnderAnyNetwork) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        Rng rng(seed);
        const Schedule schedule{.seed = seed, .spacing = Spacing::poisson, .per_minute = 90};
        const net::Endpoint peer = *net::Endpoint::parse("192.0.2.1:8760");
        const Time start = *parse_time("2011-11-21T12:00:00Z");
        ReceiverEngine engine;
        engine.assign({{"a", peer, schedule}}, start);
        struct Flight {
            Time at;
            std::int64_t index;
            Time sent;
        };
        std::vector<Flight> flights;
        std::map<std::int64_t, std::uint32_t> survivors;
        for (ScheduleCursor cursor(schedule, start); cursor.due() < start + 10 * kMinute; cursor.advance()) {
            if (rng.uniform() < 0.1) continue;
            ++survivors[minute_of(cursor.due())];
            const Nanoseconds delay = milliseconds(20 + rng.below(rng.uniform() < 0.01 ? 4000 : 30));
            flights.push_back({cursor.due() + delay, cursor.index(), cursor.due()});
            if (rng.uniform() < 0.05)
                flights.push_back({cursor.due() + delay + milliseconds(1), cursor.index(), cursor.due()});
        }
        std::ranges::sort(flights, {}, &Flight::at);
        std::vector<MinuteRecord> records;
        Monotonic monotonic{};
        Time now = start;
        const auto until = [&](Time then) {
            monotonic += then - now;
            now = then;
            engine.notice_clocks(now, monotonic);
            engine.close(now, 10, records);
        };
        for (const auto& flight : flights) {
            until(flight.at);
            ByteWriter out;
            write_test_packet(out, {.sequence = static_cast<std::uint32_t>(flight.index), .sent = flight.sent});
            engine.arrive(peer, out.span(), flight.at, 255, false);
        }
        until(start + 11 * kMinute);
        ASSERT_EQ(records.size(), 10U);
        std::uint64_t duplicated = 0;
        for (std::size_t i = 0; i < records.size(); ++i) {
            const auto& r = records[i];
            ASSERT_EQ(r.minute, start + kMinute * i);
            ASSERT_EQ(r.scheduled, 90U);
            ASSERT_EQ(r.received, survivors[minute_of(r.minute)]);
            ASSERT_EQ(r.delays.count(), r.received);
            ASSERT_LE(r.delay_min, r.delay_p05);
            ASSERT_LE(r.delay_p05, r.delay_median);
            ASSERT_LE(r.delay_median, r.delay_p99);
            ASSERT_LE(r.delay_p99, r.delay_max);
            ASSERT_LT(r.ipdv_count, r.received);
            duplicated += r.duplicated;
        }
        ASSERT_EQ(engine.counters().received + duplicated, flights.size());
    }
}

TEST(Receiver, ShowsTheRunningMinute) {
    const Schedule schedule{.seed = 0, .spacing = Spacing::periodic, .per_minute = 60};
    const net::Endpoint peer = *net::Endpoint::parse("192.0.2.1:8760");
    const Time start = *parse_time("2011-11-21T12:00:00Z");
    ReceiverEngine engine;
    engine.assign({{"a", peer, schedule}}, start);
    ScheduleCursor cursor(schedule, start);
    for (int i = 0; i < 10; ++i, cursor.advance()) {
        ByteWriter out;
        write_test_packet(out, {.sequence = cursor.sequence(), .sent = cursor.due()});
        if (i != 4) engine.arrive(peer, out.span(), cursor.due() + milliseconds(30), 255, false);
    }
    std::vector<MinuteRecord> records;
    engine.provisional(start + seconds(11), records);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].scheduled, 10U);
    EXPECT_EQ(records[0].received, 9U);
    EXPECT_EQ(records[0].delay_median, 30'000'000);
}

TEST(Receiver, KeepsOpenMinutesWhenOtherSessionsChange) {
    const Schedule schedule{.seed = 0, .spacing = Spacing::periodic, .per_minute = 60};
    const net::Endpoint a = *net::Endpoint::parse("192.0.2.1:8760");
    const net::Endpoint b = *net::Endpoint::parse("192.0.2.2:8760");
    const Time start = *parse_time("2011-11-21T12:00:00Z");
    ReceiverEngine engine;
    engine.assign({{"a", a, schedule}}, start);
    ByteWriter out;
    ScheduleCursor cursor(schedule, start);
    write_test_packet(out, {.sequence = cursor.sequence(), .sent = cursor.due()});
    engine.arrive(a, out.span(), cursor.due() + milliseconds(1), 255, false);
    engine.assign({{"b", b, schedule}, {"a", a, schedule}}, start + seconds(30));
    std::vector<MinuteRecord> records;
    engine.close(start + seconds(66), 10, records);
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].from, "b");
    EXPECT_LT(records[0].scheduled, 31U);
    EXPECT_EQ(records[1].scheduled, 60U);
    EXPECT_EQ(records[1].received, 1U);
}

}  // namespace
}  // namespace quipu::measure
