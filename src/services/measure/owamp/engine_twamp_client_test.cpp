#include "services/measure/owamp/engine_twamp_client.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "base/test_hex.h"
#include "base/test_script.h"
#include "services/measure/owamp/test_server.h"

namespace quipu::owamp {
namespace {

constexpr std::uint16_t kSenderPort = 7001;
const Time kScripted = measure::from_ntp(0xd274bbc080000000);

TwampSettings settings_of(std::uint32_t modes, std::optional<bool> by_name) {
    return {.modes = modes,
            .user = "panama",
            .pass_phrase = "los nudos",
            .by_name = by_name,
            .timeout = std::chrono::seconds(2),
            .dscp = 46};
}

// One conversation after another, as twping has them (scripts/twamp_client/*.txt):
//     secrets HEX …             what it makes up, in its order
//     client NAME=VALUE …       begins
//     < HEX, + HEX              the server says, octet by octet
//     > HEX, + HEX              twping says
//     stop                      it is told to
//     running, stopped, fails   where it is then
class ClientScript {
  public:
    void run(const std::filesystem::path& path) {
        run_script(path, [this](const std::string& verb, std::istringstream& words, const std::string& line) {
            if (verb == "+") return append(line);
            settle();
            if (verb == "<" || verb == ">") {
                verb_ = verb;
                return append(line);
            }
            take(verb, words, line);
        });
        settle();
        EXPECT_TRUE(over_) << path;
    }

  private:
    void append(const std::string& line) {
        const auto more = octets_of(std::string_view(line).substr(2));
        octets_.insert(octets_.end(), more.begin(), more.end());
    }

    /// What stood in the lines before.
    void settle() {
        const auto octets = std::exchange(octets_, {});
        const auto verb = std::exchange(verb_, {});
        if (verb == ">") EXPECT_EQ(client_->take(), octets);
        if (verb != "<") return;
        EXPECT_TRUE(client_->take().empty()) << "it says more than that";
        for (std::size_t i = 0; i < octets.size() && !error_; ++i) {
            const auto fed = client_->feed(ByteSpan(octets).subspan(i, 1), kScripted);
            if (!fed) error_ = fed.error();
        }
    }

    void take(const std::string& verb, std::istringstream& words, const std::string& line) {
        if (verb == "secrets") {
            for (std::string hex; words >> hex;)
                secrets_.push_back(octets_of(hex));
        } else if (verb == "client") {
            begin(words);
        } else if (verb == "running") {
            std::string mode;
            std::string reflector;
            words >> mode >> reflector;
            ASSERT_FALSE(error_) << error_->text();
            EXPECT_TRUE(client_->running());
            EXPECT_EQ(mode, "mode=" + std::string(client_->mode() == TestMode::open            ? "open"
                                                  : client_->mode() == TestMode::authenticated ? "authenticated"
                                                                                               : "encrypted"));
            EXPECT_EQ(reflector, "reflector=" + client_->reflector().text());
        } else if (verb == "stop") {
            client_->stop();
        } else if (verb == "stopped") {
            ASSERT_FALSE(error_) << error_->text();
            EXPECT_TRUE(client_->stopped());
            over_ = true;
        } else if (verb == "fails") {
            ASSERT_TRUE(error_);
            EXPECT_NE(error_->what.find(line.substr(6)), std::string::npos) << error_->text();
            EXPECT_TRUE(client_->take().empty()) << "it goes on";
            over_ = true;
        } else {
            FAIL() << "unknown word " << verb;
        }
    }

    void begin(std::istringstream& words) {
        EXPECT_TRUE(std::exchange(over_, false)) << "the conversation before has no end";
        error_.reset();
        std::map<std::string, std::string> values;
        for (std::string word; words >> word;)
            values[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
        std::string phrase = values["phrase"];
        std::ranges::replace(phrase, '_', ' ');
        auto settings = settings_of(static_cast<std::uint32_t>(std::stoul(values["modes"])), std::nullopt);
        if (values["by-name"] != "offered") settings.by_name = values["by-name"] == "demanded";
        settings.user = values["user"];
        settings.pass_phrase = phrase;
        client_.emplace(
            settings,
            [left = secrets_](std::span<std::uint8_t> out) mutable {
                ASSERT_FALSE(left.empty());
                ASSERT_EQ(left.front().size(), out.size());
                std::ranges::copy(left.front(), out.begin());
                left.erase(left.begin());
            },
            *net::Endpoint::parse("192.0.2.2:862"), *net::Endpoint::parse("192.0.2.1:40000"), kSenderPort);
    }

    std::vector<std::vector<std::uint8_t>> secrets_;
    std::optional<TwampClientSession> client_;
    std::string verb_;
    std::vector<std::uint8_t> octets_;
    std::optional<Error> error_;
    bool over_ = true;
};

TEST(TwampClient, SpeaksAsTheRfcsHaveIt) {
    int scripts = 0;
    const std::filesystem::path folder = QUIPU_SOURCE_DIR "/src/services/measure/owamp/scripts/twamp_client";
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        ClientScript().run(file.path());
        ++scripts;
    }
    EXPECT_EQ(scripts, 6);
}

/// The client and our server, and what they said.
struct Both {
    FakeEnds ends{kServer.address, 8000};
    FakeReflectors reflectors;
    ServerState state{with_key(), ends, secrets_of(1), kNow};
    ServerSession server{state, kClient, kServer, kNow, &reflectors};
    TwampClientSession client;
    std::vector<std::uint8_t> commands;  // of the client, in open mode

    Both(std::uint32_t modes, std::optional<bool> by_name)
        : client(settings_of(modes, by_name), secrets_of(2), kServer, kClient, kSenderPort) {}

    void speak() {
        for (;;) {
            const auto answers = server.take();
            const auto fed = client.feed(answers, kNow);
            EXPECT_TRUE(fed) << fed.error().text();
            const auto said = client.take();
            if (answers.empty() && said.empty()) return;
            commands.insert(commands.end(), said.begin(), said.end());
            server.feed(said, kNow);
        }
    }
};

TEST(TwampClient, IsUnderstoodByOurServerInEveryMode) {
    for (const std::uint32_t modes : {mode::kOpen, mode::kAuthenticated, mode::kEncrypted, mode::kMixed}) {
        for (const bool by_name : {true, false}) {
            SCOPED_TRACE(testing::Message() << modes << (by_name ? " by name" : ""));
            Both both(modes, by_name);
            both.speak();
            ASSERT_TRUE(both.client.running()) << both.server.fault();
            EXPECT_EQ(both.client.reflector().text(), "192.0.2.2:7001");
            EXPECT_EQ(both.reflectors.told.size(), 2U);
            EXPECT_EQ(both.reflectors.told.back(), std::string("start 192.0.2.1:7001 ") +
                                                       (both.client.mode() == TestMode::open ? "open" : "protected"));
            both.client.stop();
            both.speak();
            EXPECT_TRUE(both.client.stopped());
            EXPECT_FALSE(both.server.closed()) << both.server.fault();
            both.state.tick(kNow + std::chrono::seconds(2));
            EXPECT_EQ(both.reflectors.told.back(), "stop 192.0.2.1:7001");
        }
    }
}

TEST(TwampClient, NamesTheSessionThatTheServerNamed) {
    Both both(mode::kOpen, std::nullopt);
    both.speak();
    both.client.stop();
    both.speak();
    // Set-Up-Response, Request-TW-Session, Start-N-Sessions, Stop-N-Sessions.
    ASSERT_EQ(both.commands.size(), 164U + 112 + 48 + 48);
    const ByteSpan start = ByteSpan(both.commands).subspan(164 + 112, 48);
    const ByteSpan stop = ByteSpan(both.commands).subspan(164 + 112 + 48, 48);
    const std::vector<std::uint8_t> head{7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    EXPECT_TRUE(std::ranges::equal(start.first(16), head));
    EXPECT_EQ(stop[0], 9);
    EXPECT_TRUE(std::ranges::equal(start.subspan(1), stop.subspan(1)));
    // RFC 4656 §3.5: the SID that the receiver made begins with its address.
    EXPECT_TRUE(std::ranges::equal(start.subspan(16, 4), std::vector<std::uint8_t>{192, 0, 2, 2}));
    EXPECT_TRUE(std::ranges::all_of(start.subspan(32), [](std::uint8_t octet) { return octet == 0; }));
}

}  // namespace
}  // namespace quipu::owamp
