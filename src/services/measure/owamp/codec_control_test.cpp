#include "services/measure/owamp/codec_control.h"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>

#include "base/number.h"
#include "base/test_hex.h"
#include "base/test_script.h"

namespace quipu::owamp {
namespace {

template <std::size_t N>
std::array<std::uint8_t, N> array_of(std::string_view hex) {
    std::array<std::uint8_t, N> out{};
    const auto octets = octets_of(hex);
    EXPECT_EQ(octets.size(), N) << hex;
    std::copy_n(octets.begin(), std::min(N, octets.size()), out.begin());
    return out;
}

std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, at);)
        out.push_back(part);
    return out;
}

/// NAME=VALUE …
class Words {
  public:
    explicit Words(std::istringstream& in) {
        for (std::string word; in >> word;) {
            const auto at = word.find('=');
            values_[word.substr(0, at)] = word.substr(at + 1);
        }
    }
    [[nodiscard]] const std::string& text(const std::string& name) const {
        const auto at = values_.find(name);
        if (at == values_.end()) ADD_FAILURE() << "no " << name;
        static const std::string none;
        return at == values_.end() ? none : at->second;
    }
    template <class T = std::uint32_t>
    [[nodiscard]] T number(const std::string& name) const {
        return static_cast<T>(std::stoull(text(name)));
    }
    [[nodiscard]] Fixed hex(const std::string& name) const { return std::stoull(text(name), nullptr, 16); }
    [[nodiscard]] std::pair<std::uint16_t, std::uint16_t> two(const std::string& name) const {
        const auto parts = split(text(name), ':');
        return {static_cast<std::uint16_t>(std::stoul(parts.at(0))),
                static_cast<std::uint16_t>(std::stoul(parts.at(1)))};
    }
    template <std::size_t N>
    [[nodiscard]] std::array<std::uint8_t, N> octets(const std::string& name) const {
        return array_of<N>(text(name));
    }
    [[nodiscard]] Accept accept() const { return static_cast<Accept>(number("accept")); }

  private:
    std::map<std::string, std::string> values_;
};

std::vector<SkipRange> skips_of(const std::vector<std::string>& parts, std::size_t from) {
    std::vector<SkipRange> out;
    for (std::size_t i = from; i < parts.size(); ++i) {
        const auto ends = split(parts[i], '-');
        out.push_back(
            {static_cast<std::uint32_t>(std::stoul(ends.at(0))), static_cast<std::uint32_t>(std::stoul(ends.at(1)))});
    }
    return out;
}

RequestSession request_of(const Words& words) {
    RequestSession out;
    out.two_way = words.number("two-way") != 0;
    out.ip_version = words.number("ipv6") != 0 ? 6 : 4;
    out.server_sends = words.number("sends") != 0;
    out.server_receives = words.number("receives") != 0;
    out.packets = words.number("packets");
    std::tie(out.sender_port, out.receiver_port) = words.two("ports");
    out.sender = *net::IpAddress::parse(words.text("sender"));
    out.receiver = *net::IpAddress::parse(words.text("receiver"));
    out.sid = words.octets<16>("sid");
    out.padding = words.number("padding");
    out.start = words.hex("start");
    out.timeout = words.hex("timeout");
    out.type_p = static_cast<std::uint32_t>(words.hex("type-p"));
    std::tie(out.reflected_octets, out.reflected_padding) = words.two("reflect");
    if (words.text("slots") == "none") return out;
    for (const auto& slot : split(words.text("slots"), ',')) {
        const auto parts = split(slot, ':');
        out.slots.push_back({parts.at(0) == "fixed" ? Slot::Type::fixed : Slot::Type::exponential,
                             std::stoull(parts.at(1), nullptr, 16)});
    }
    return out;
}

StopSessions stop_of(const Words& words) {
    StopSessions out{.accept = words.accept(), .count = words.number("count"), .sessions = {}};
    if (words.text("sessions") == "none") return out;
    for (const auto& session : split(words.text("sessions"), ',')) {
        const auto parts = split(session, '/');
        out.sessions.push_back(
            {array_of<16>(parts.at(0)), static_cast<std::uint32_t>(std::stoul(parts.at(1))), skips_of(parts, 2)});
    }
    return out;
}

PacketRecord record_of(const std::string& text) {
    const auto parts = split(text, '/');
    const auto error = [](const std::string& hex) {
        const auto octets = octets_of(hex);
        return ErrorEstimate{.synchronised = (octets.at(0) & 0x80U) != 0,
                             .scale = static_cast<std::uint8_t>(octets.at(0) & 0x3fU),
                             .multiplier = octets.at(1)};
    };
    return {.sequence = static_cast<std::uint32_t>(std::stoul(parts.at(0))),
            .send_error = error(parts.at(1)),
            .receive_error = error(parts.at(2)),
            .sent = std::stoull(parts.at(3), nullptr, 16),
            .received = std::stoull(parts.at(4), nullptr, 16),
            .ttl = static_cast<std::uint8_t>(std::stoul(parts.at(5)))};
}

FetchedSession fetched_of(const Words& words) {
    FetchedSession out{.request = request_of(words), .skips = skips_of({words.text("skips")}, 0), .records = {}};
    for (const auto& record : split(words.text("records"), ','))
        out.records.push_back(record_of(record));
    return out;
}

// What one side says, message by message (scripts/control/*.txt):
//     MESSAGE NAME=VALUE …      is written: the octets that follow must come out
//     = HEX, + HEX              and, fed octet by octet, are read as that message again
//     keys, protect, token, shared-key, two-way: what it stands on
class ControlScript {
  public:
    explicit ControlScript(const std::filesystem::path& path) : path_(path) {}

    void run() {
        run_script(path_, [&](const std::string& verb, std::istringstream& in, const std::string& line) {
            if (verb == "=" || verb == "+") {
                const auto more = octets_of(std::string_view(line).substr(2));
                expected_.insert(expected_.end(), more.begin(), more.end());
                return;
            }
            check();
            said_ = line;
            if (verb == "two-way") {
                in >> two_way_;
                return;
            }
            say(verb, Words(in));
        });
        check();
    }

  private:
    template <class T, class ReadIt>
    void message(const T& value, const ReadIt& read_it) {
        write(out_, value);
        expect(value, read_it);
    }
    template <class T, class ReadIt>
    void expect(const T& value, const ReadIt& read_it) {
        then_ = [this, value, read_it](ByteSpan octets) {
            for (std::size_t i = 0; i < octets.size(); ++i) {
                const auto early = read_it();
                ASSERT_TRUE(early) << early.error().text();
                ASSERT_FALSE(early->has_value()) << "read after " << i << " octets";
                in_.feed(octets.subspan(i, 1));
            }
            const auto got = read_it();
            ASSERT_TRUE(got) << got.error().text();
            ASSERT_TRUE(got->has_value()) << "not read";
            if constexpr (requires { std::get<T>(**got); }) {
                ASSERT_TRUE(std::holds_alternative<T>(**got));
                EXPECT_EQ(std::get<T>(**got), value);
            } else {
                EXPECT_EQ(**got, value);
            }
            in_.release();
            EXPECT_TRUE(in_.waiting().empty());
        };
    }

    void say(const std::string& verb, const Words& words) {
        const auto command = [this] { return read_command(in_, two_way_, {}); };
        const ControlKeys* keys = keys_ ? &*keys_ : nullptr;
        if (verb == "shared-key") {
            std::string phrase = words.text("phrase");
            std::ranges::replace(phrase, '_', ' ');
            shared_ = derive_key(phrase, words.octets<16>("salt"), words.number("count"));
            EXPECT_EQ(shared_, words.octets<16>("key"));
        } else if (verb == "keys") {
            keys_ = ControlKeys{words.octets<16>("aes"), words.octets<32>("hmac")};
        } else if (verb == "token") {
            const auto challenge = words.octets<16>("challenge");
            out_.clear(seal_token(shared_, challenge, *keys_));
            then_ = [this, challenge](ByteSpan octets) {
                std::array<std::uint8_t, 64> token{};
                std::ranges::copy(octets, token.begin());
                EXPECT_EQ(open_token(shared_, challenge, token), keys_);
                token[5] ^= 1U;
                EXPECT_FALSE(open_token(shared_, challenge, token));
            };
        } else if (verb == "protect") {
            out_.protect(*keys_, words.octets<16>("iv"));
            in_.protect(*keys_, words.octets<16>("iv"));
        } else if (verb == "greeting") {
            message(ServerGreeting{words.number("modes"), words.octets<16>("challenge"), words.octets<16>("salt"),
                                   words.number("count")},
                    [this] { return read_greeting(in_); });
        } else if (verb == "set-up") {
            message(SetUpResponse{words.number("mode"), words.text("key-id") == "-" ? "" : words.text("key-id"),
                                  words.octets<64>("token"), words.octets<16>("iv")},
                    [this] { return read_set_up(in_); });
        } else if (verb == "server-start") {
            const ServerStart start{words.accept(), words.octets<16>("iv"), words.hex("time")};
            write(out_, start, keys);
            expect(start, [this, keys] { return read_server_start(in_, keys); });
        } else if (verb == "request") {
            message(request_of(words), command);
        } else if (verb == "accept") {
            const auto [octets, server] = words.two("reflect");
            message(AcceptSession{words.accept(), words.number<std::uint16_t>("port"), words.octets<16>("sid"), octets,
                                  server},
                    [this] { return read_accept_session(in_); });
        } else if (verb == "start") {
            message(StartSessions{}, command);
        } else if (verb == "start-ack") {
            message(StartAck{words.accept()}, [this] { return read_start_ack(in_); });
        } else if (verb == "stop") {
            const auto stop = stop_of(words);
            write(out_, stop, two_way_);
            expect(stop, command);
        } else if (verb.starts_with("start-n") || verb.starts_with("stop-n")) {
            using What = NamedSessions::What;
            const bool ack = verb.ends_with("-ack");
            NamedSessions named{.what = verb.starts_with("start") ? (ack ? What::start_ack : What::start)
                                                                  : (ack ? What::stop_ack : What::stop),
                                .accept = words.accept(),
                                .sids = {}};
            for (const auto& sid : split(words.text("sids"), ','))
                named.sids.push_back(array_of<16>(sid));
            write(out_, named);
            if (ack)
                expect(named, [this] { return read_named(in_, {}); });
            else
                expect(named, command);
        } else if (verb == "fetch") {
            message(FetchSession{words.number("first"), words.number("last"), words.octets<16>("sid")}, command);
        } else if (verb == "fetch-ack") {
            ack_ = {words.accept(), words.number<std::uint8_t>("finished"), words.number("next"), words.number("skips"),
                    words.number("records")};
            message(ack_, [this] { return read_fetch_ack(in_); });
        } else if (verb == "fetched") {
            message(fetched_of(words), [this] { return read_fetched(in_, ack_, {}); });
        } else {
            FAIL() << "unknown word " << verb;
        }
    }

    void check() {
        if (!then_) return;
        SCOPED_TRACE(said_);
        EXPECT_EQ(out_.take(), expected_);
        std::exchange(then_, nullptr)(expected_);
        expected_.clear();
    }

    std::filesystem::path path_;
    bool two_way_ = false;
    std::string said_;
    Block shared_{};
    std::optional<ControlKeys> keys_;
    FetchAck ack_;
    ControlWriter out_;
    ControlReader in_;
    std::vector<std::uint8_t> expected_;
    std::function<void(ByteSpan)> then_;
};

TEST(ControlMessages, AreAsTheRfcHasThemInEveryMode) {
    const std::filesystem::path folder = QUIPU_SOURCE_DIR "/src/services/measure/owamp/scripts/control";
    int scripts = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        ControlScript(file.path()).run();
        ++scripts;
    }
    EXPECT_EQ(scripts, 13);
}

struct Protected {
    ControlKeys keys{{1, 2, 3}, {4, 5, 6}};
    ControlWriter out;
    ControlReader in;
    Protected() {
        out.protect(keys, Block{7});
        in.protect(keys, Block{7});
    }
};

TEST(ControlMessages, AChangedOctetIsNoticed) {
    for (std::size_t at = 0; at < 48; ++at) {
        Protected both;
        write(both.out, FetchSession{});
        auto octets = both.out.take();
        octets[at] ^= 0x10U;
        both.in.feed(octets);
        const auto read = read_command(both.in, false, {});
        EXPECT_FALSE(read) << at;
    }
}

TEST(ControlMessages, AMessageBeyondItsLimitIsNotWaitedFor) {
    ControlWriter out;
    RequestSession request;
    request.slots.resize(3);
    write(out, request);
    ControlReader in;
    in.feed(ByteSpan(out.take()).first(112));
    EXPECT_EQ(read_command(in, false, {.slots = 2}).error().code, ErrorCode::too_large);
    ControlReader stopped;
    write(out, StopSessions{.accept = Accept::ok, .count = 0, .sessions = {{Sid{}, 5, {{1, 1}, {3, 3}}}}}, false);
    stopped.feed(out.take());
    EXPECT_EQ(read_command(stopped, false, {.skips = 1}).error().code, ErrorCode::too_large);
}

}  // namespace
}  // namespace quipu::owamp
