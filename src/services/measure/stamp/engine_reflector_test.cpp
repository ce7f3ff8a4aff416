#include "services/measure/stamp/engine_reflector.h"

#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sstream>

#include "base/random.h"
#include "base/test_script.h"

namespace quipu::stamp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<std::uint8_t> octets_of(std::istringstream& words) {
    std::string text, word;
    while (words >> word)
        text += word;
    std::vector<std::uint8_t> out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
    return out;
}

std::string hex(ByteSpan bytes) {
    std::string out;
    for (const std::uint8_t octet : bytes)
        out += fmt::format("{:02x}", octet);
    return out;
}

// Conversations as text (scripts/reflector/*.txt), a line each. Questions come 1 ms before they are answered, to
// 198.51.100.9:862 unless a socket is named; the clock's error is written as 8001 (S, scale 0, multiplier 1).
//     setting stateless | keys-only | mark-nothing | key USER TEXT | allow PREFIX | sessions N | client-sessions N |
//     rate N grant SOCKET PEER open|authenticated|encrypted [reflect=N] [symmetrical] revoke SOCKET PEER RECEIVED SENT
//     what it is told then at HH:MM:SS[.mmm]                         the time is set, and idle sessions end > PEER
//     [socket=N] [ttl=N] [tos=N] [cut] OCTETS… < [tos=N] OCTETS… | refused REASON        what came of the question
//     before sessions N
class ReflectorScript {
  public:
    explicit ReflectorScript(const std::filesystem::path& path) : path_(path) {}

    void run() {
        run_script(path_, [&](const std::string& verb, std::istringstream& words, const std::string&) {
            line_of(verb, words);
        });
        EXPECT_FALSE(pending_) << "the last question's outcome is not told";
    }

  private:
    ReflectorEngine& engine() {
        if (!engine_) {
            engine_.emplace(settings_);
            engine_->set_clock({.error = {.synchronised = true, .scale = 0, .multiplier = 1}});
        }
        return *engine_;
    }

    void line_of(const std::string& verb, std::istringstream& words) {
        if (verb == "setting") return set(words);
        if (verb == "at") {
            std::string text;
            words >> text;
            const Time then = *parse_time("2011-11-21T" + text + "Z");
            if (now_ != Time{}) monotonic_ += then - now_;
            now_ = then;
            engine().age(monotonic_);
        } else if (verb == "grant") {
            grant(words);
        } else if (verb == "revoke") {
            std::uint32_t socket = 0, received = 0, sent = 0;
            std::string peer;
            words >> socket >> peer >> received >> sent;
            const auto counts = engine().revoke(socket, *net::Endpoint::parse(peer));
            ASSERT_TRUE(counts);
            EXPECT_EQ(counts->received, received);
            EXPECT_EQ(counts->sent, sent);
        } else if (verb == ">") {
            ask(words);
        } else if (verb == "<") {
            expect(words);
        } else if (verb == "sessions") {
            std::size_t count = 0;
            words >> count;
            EXPECT_EQ(engine().sessions(), count);
        } else {
            FAIL() << "no such verb: " << verb;
        }
    }

    void set(std::istringstream& words) {
        std::string name, value, more;
        words >> name >> value >> more;
        if (name == "stateless")
            settings_.stateful = false;
        else if (name == "keys-only")
            settings_.open = false;
        else if (name == "mark-nothing")
            settings_.may_mark = false;
        else if (name == "key")
            settings_.keys[value] = more;
        else if (name == "allow")
            settings_.allowed.push_back(*net::Prefix::parse(value));
        else if (name == "sessions")
            settings_.most_sessions = std::stoul(value);
        else if (name == "client-sessions")
            settings_.most_sessions_of_client = std::stoul(value);
        else if (name == "rate")
            settings_.packets_per_second_of_client = std::stod(value);
        else
            FAIL() << "no such setting: " << name;
    }

    void grant(std::istringstream& words) {
        std::uint32_t socket = 0;
        std::string peer, mode, option;
        words >> socket >> peer >> mode;
        GrantedSession session;
        session.form.mode = mode == "open" ? Mode::open : mode == "encrypted" ? Mode::encrypted : Mode::authenticated;
        // Keys 00 01 … 0f and 40 41 … 5f.
        for (std::size_t i = 0; i < 16; ++i)
            session.keys.aes[i] = static_cast<std::uint8_t>(i);
        for (std::size_t i = 0; i < 32; ++i)
            session.keys.hmac[i] = static_cast<std::uint8_t>(0x40 + i);
        while (words >> option) {
            if (option == "symmetrical") session.symmetrical = true;
            if (option.starts_with("reflect="))
                session.reflected_octets = static_cast<std::uint16_t>(std::stoi(option.substr(8)));
        }
        EXPECT_TRUE(engine().grant(socket, *net::Endpoint::parse(peer), session, monotonic_));
    }

    void ask(std::istringstream& words) {
        ASSERT_FALSE(pending_) << "the question before has no outcome";
        pending_ = true;
        std::string peer, word;
        words >> peer;
        Arrival arrival{
            .peer = *net::Endpoint::parse(peer),
            .local = *net::Endpoint::parse(peer.starts_with('[') ? "[2001:db8::9]:862" : "198.51.100.9:862"),
            .received = now_ - milliseconds(1),
            .ttl = 255};
        std::string text;
        while (words >> word) {
            if (word.starts_with("socket=")) {
                arrival.socket = static_cast<std::uint32_t>(std::stoul(word.substr(7)));
                arrival.granted_only = true;
                arrival.local.port = 8760;
            } else if (word.starts_with("ttl=")) {
                arrival.ttl = static_cast<std::int16_t>(std::stoi(word.substr(4)));
            } else if (word.starts_with("tos=")) {
                arrival.tos = static_cast<std::int16_t>(std::stoi(word.substr(4)));
            } else if (word == "cut") {
                arrival.truncated = true;
            } else {
                text += word;
            }
        }
        std::istringstream octets(text);
        const auto bytes = octets_of(octets);
        arrival.bytes = bytes;
        for (std::size_t why = 0; why < kRefusals; ++why)
            before_[why] = engine().refused(static_cast<Refusal>(why));
        answered_ = engine().prepare(arrival, monotonic_, reflection_);
        if (!answered_) return;
        engine().seal(reflection_, now_);
        EXPECT_EQ(reflection_.to, arrival.peer);
        EXPECT_EQ(reflection_.from, arrival.local.address);
        if (!arrival.granted_only) EXPECT_EQ(reflection_.bytes.size(), bytes.size()) << "no amplification";
    }

    void expect(std::istringstream& words) {
        ASSERT_TRUE(pending_) << "nothing was asked";
        pending_ = false;
        std::string word, text;
        std::int16_t tos = 0;
        while (words >> word) {
            if (word == "refused") {
                words >> word;
                ASSERT_FALSE(answered_) << hex(reflection_.bytes);
                std::string why;
                for (std::size_t i = 0; i < kRefusals; ++i)
                    if (engine().refused(static_cast<Refusal>(i)) != before_[i])
                        why += enum_name(static_cast<Refusal>(i));
                EXPECT_EQ(why, word);
                return;
            }
            if (word.starts_with("tos="))
                tos = static_cast<std::int16_t>(std::stoi(word.substr(4)));
            else
                text += word;
        }
        ASSERT_TRUE(answered_);
        EXPECT_EQ(hex(reflection_.bytes), text);
        EXPECT_EQ(reflection_.tos, tos);
    }

    std::filesystem::path path_;
    ReflectorSettings settings_;
    std::optional<ReflectorEngine> engine_;
    Time now_{};
    Monotonic monotonic_{};
    Reflection reflection_;
    std::array<std::uint64_t, kRefusals> before_{};
    bool pending_ = false, answered_ = false;
};

TEST(ReflectorEngine, Conversations) {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(QUIPU_SOURCE_DIR "/src/services/measure/stamp/scripts/reflector")) {
        ReflectorScript(entry.path()).run();
        ++count;
    }
    EXPECT_GE(count, 5U);
}

std::vector<std::uint8_t> plain_question(std::uint32_t sequence) {
    ByteWriter out;
    write_question(out, {.sequence = sequence, .timestamp = 1, .error = 0x8001, .ssid = 5}, Form{});
    return out.take();
}

TEST(ReflectorEngine, TellsOfRefusalsAtPowersOfTwo) {
    ReflectorEngine engine({});
    Reflection out;
    const auto question = plain_question(0);
    for (int i = 0; i < 100; ++i)
        EXPECT_FALSE(engine.prepare({.peer = *net::Endpoint::parse("192.0.2.1:862"),
                                     .local = *net::Endpoint::parse("198.51.100.9:862"),
                                     .bytes = question},
                                    Monotonic{}, out));
    std::vector<std::uint64_t> times;
    for (const auto& told : engine.take_told())
        times.push_back(told.times);
    EXPECT_EQ(times, (std::vector<std::uint64_t>{1, 2, 4, 8, 16, 32, 64}));
    EXPECT_TRUE(engine.take_told().empty());
}

TEST(ReflectorEngine, ManySessionsStayBoundedAndEnd) {
    ReflectorEngine engine({.most_sessions = 10'000, .most_sessions_of_client = 20'000});
    Reflection out;
    const auto question = plain_question(0);
    Monotonic now{};
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        now += milliseconds(1);
        const net::Endpoint peer{net::IpAddress::v4(0xc6120000U + i % 16), static_cast<std::uint16_t>(2000 + i)};
        EXPECT_EQ(engine.prepare({.peer = peer, .local = *net::Endpoint::parse("198.51.100.9:862"), .bytes = question},
                                 now, out),
                  i < 10'000);
    }
    EXPECT_EQ(engine.sessions(), 10'000U);
    engine.age(now + std::chrono::minutes(15) - seconds(15));
    EXPECT_GT(engine.sessions(), 0U);
    EXPECT_LT(engine.sessions(), 10'000U);
    engine.age(now + std::chrono::minutes(16));
    EXPECT_EQ(engine.sessions(), 0U);
}

TEST(ReflectorEngine, NoAnswerIsLongerThanItsQuestion) {
    ReflectorEngine engine({.keys = {{"ana", "secret"}}});
    Rng chance(11);
    Reflection out;
    for (int i = 0; i < 20'000; ++i) {
        std::vector<std::uint8_t> bytes(chance.below(200));
        chance.fill(bytes);
        if (bytes.size() > 16 && chance.below(2) == 0) std::fill_n(bytes.begin() + 4, 12, std::uint8_t{0});
        const net::Endpoint peer{net::IpAddress::v4(static_cast<std::uint32_t>(chance.next())),
                                 static_cast<std::uint16_t>(chance.next())};
        if (!engine.prepare({.peer = peer, .local = *net::Endpoint::parse("198.51.100.9:862"), .bytes = bytes},
                            Monotonic{}, out))
            continue;
        engine.seal(out, Time{});
        EXPECT_LE(out.bytes.size(), bytes.size());
    }
}

}  // namespace
}  // namespace quipu::stamp
