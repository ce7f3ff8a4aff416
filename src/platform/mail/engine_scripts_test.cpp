// Conversations as text (scripts/client, scripts/lmtp): `<` comes from the other side, `>` is what we say, `=` is what
// the engine tells its shell, other lines are what the shell tells the engine. `<<` is several lines in one packet,
// split by |.

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "net/ascii.h"
#include "platform/mail/engine_client.h"
#include "platform/mail/engine_lmtp.h"

namespace quipu::mail {
namespace {

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

struct Line {
    std::string text;
    int number;
};

std::vector<Line> read_script(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::vector<Line> out;
    int number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        if (!line.empty() && !line.starts_with('#')) out.push_back({line, number});
    }
    return out;
}

std::vector<std::filesystem::path> scripts_in(const std::string& folder) {
    std::vector<std::filesystem::path> out;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(QUIPU_SOURCE_DIR) + "/src/platform/mail/scripts/" + folder))
        out.push_back(entry.path());
    std::ranges::sort(out);
    return out;
}

/// What an engine did, as the lines of a script.
class Did {
  public:
    void said(std::string_view octets) {
        while (!octets.empty()) {
            std::string_view line = net::take_until(octets, '\n');
            if (line.ends_with('\r')) line.remove_suffix(1);
            lines_.push_back(line.empty() ? ">" : "> " + std::string(line));
        }
    }
    void told(std::string line) { lines_.push_back("= " + std::move(line)); }
    void expect(const Line& line, const std::filesystem::path& script) {
        const std::string got = next_ < lines_.size() ? lines_[next_++] : "nothing";
        EXPECT_EQ(got, line.text) << script.filename() << ":" << line.number;
    }
    [[nodiscard]] std::string rest() const { return next_ < lines_.size() ? lines_[next_] : std::string(); }

  private:
    std::vector<std::string> lines_;
    std::size_t next_ = 0;
};

std::string text_of(const Outcome& outcome) {
    static constexpr std::string_view kKinds[] = {"sent", "later", "never"};
    std::string out = fmt::format("{} {}", kKinds[static_cast<std::size_t>(outcome.kind)], outcome.code);
    if (!outcome.status.empty()) out += " " + outcome.status;
    if (outcome.uncertain) out += " uncertain";
    return out;
}

class ClientScript {
  public:
    void run(const std::filesystem::path& path) {
        std::vector<Line> lines = read_script(path);
        ClientRules rules{.name = "quipu.example"};
        if (!lines.empty() && lines.front().text.starts_with("rules ")) {
            set_rules(rules, lines.front().text.substr(6));
            lines.erase(lines.begin());
        }
        SmtpClient client(rules);
        for (const Line& line : lines) {
            if (line.text.starts_with('>') || line.text.starts_with("= ")) {
                did_.expect(line, path);
                continue;
            }
            EXPECT_EQ(did_.rest(), "") << path.filename() << ":" << line.number << " nobody expected this";
            tell(client, line.text);
            take(client);
        }
        EXPECT_EQ(did_.rest(), "") << path.filename() << " nobody expected this";
    }

  private:
    static void set_rules(ClientRules& rules, std::string_view text) {
        while (!text.empty()) {
            std::string_view word = net::take_until(text, ' ');
            const std::string_view name = net::take_until(word, '=');
            if (name == "tls")
                rules.tls = word == "required" ? TlsUse::required
                            : word == "none"   ? TlsUse::none
                                               : TlsUse::opportunistic;
            if (name == "user") rules.credentials = Credentials{std::string(word), {}};
            if (name == "password") rules.credentials->password = word;
            if (name == "clear") rules.clear_text_auth = true;
        }
    }
    static void tell(SmtpClient& client, const std::string& line) {
        if (line.starts_with("<< ")) return client.receive(replaced(line.substr(3), "|", "\r\n") + "\r\n");
        if (line.starts_with("< ")) return client.receive(line.substr(2) + "\r\n");
        if (line == "secured") return client.secured();
        if (line == "quit") return client.quit();
        if (line == "lost") return client.lost({ErrorCode::unavailable, "gone", {}, {}, {}});
        std::string_view rest = line;
        ASSERT_EQ(net::take_until(rest, ' '), "submit") << line;
        Parcel parcel{.sender = std::string(net::take_until(rest, ' ')), .recipients = {}, .message = {}};
        std::string_view to = net::take_until(rest, ' ');
        while (!to.empty())
            parcel.recipients.emplace_back(net::take_until(to, ','));
        parcel.message = replaced(std::string(rest), "|", "\r\n");
        client.submit(std::move(parcel));
    }
    void take(SmtpClient& client) {
        for (const auto& action : client.take()) {
            if (const auto* send = std::get_if<SmtpClient::Send>(&action)) did_.said(send->octets);
            if (std::holds_alternative<SmtpClient::StartTls>(action)) did_.told("starttls");
            if (std::holds_alternative<SmtpClient::Ready>(action)) did_.told("ready");
            if (const auto* delivered = std::get_if<SmtpClient::Delivered>(&action)) {
                std::string text;
                for (const Outcome& outcome : delivered->outcomes)
                    text += (text.empty() ? "" : "|") + text_of(outcome);
                did_.told("delivered " + text);
            }
            if (const auto* closed = std::get_if<SmtpClient::Closed>(&action))
                did_.told(closed->configuration ? "closed configuration" : "closed");
        }
    }
    Did did_;
};

class LmtpScript {
  public:
    void run(const std::filesystem::path& path) {
        std::vector<Line> lines = read_script(path);
        LmtpRules rules{.name = "quipu.example", .largest_message = 1000};
        rules.is_ours = [](std::string_view address) { return address.starts_with("help"); };
        if (!lines.empty() && lines.front().text.starts_with("rules ")) {
            rules.largest_message = 10;
            lines.erase(lines.begin());
        }
        LmtpServer server(rules);
        take(server);
        for (const Line& line : lines) {
            if (line.text.starts_with('>') || line.text.starts_with("= ")) {
                did_.expect(line, path);
                continue;
            }
            EXPECT_EQ(did_.rest(), "") << path.filename() << ":" << line.number << " nobody expected this";
            if (line.text.starts_with("<< "))
                server.receive(replaced(line.text.substr(3), "|", "\r\n") + "\r\n");
            else if (line.text.starts_with("<"))
                server.receive(line.text.substr(std::min<std::size_t>(2, line.text.size())) + "\r\n");
            else if (line.text == "kept")
                server.delivered({});
            else if (line.text == "kept unavailable")
                server.delivered(fail(ErrorCode::unavailable, "the database is away"));
            else if (line.text == "timeout")
                server.timed_out();
            else
                ADD_FAILURE() << line.text;
            take(server);
        }
        EXPECT_EQ(did_.rest(), "") << path.filename() << " nobody expected this";
    }

  private:
    void take(LmtpServer& server) {
        for (const auto& action : server.take()) {
            if (const auto* send = std::get_if<LmtpServer::Send>(&action)) did_.said(send->octets);
            if (std::holds_alternative<LmtpServer::Close>(action)) did_.told("close");
            if (const auto* deliver = std::get_if<LmtpServer::Deliver>(&action)) {
                std::string to;
                for (const std::string& each : deliver->envelope.recipients)
                    to += (to.empty() ? "" : ",") + each;
                std::string message = replaced(deliver->message, "\r\n", "|");
                if (message.ends_with('|')) message.pop_back();
                did_.told(fmt::format("deliver {} {} {}", deliver->envelope.sender, to, message));
            }
        }
    }
    Did did_;
};

TEST(SmtpClient, Scripts) {
    const auto scripts = scripts_in("client");
    EXPECT_GT(scripts.size(), 10U);
    for (const auto& script : scripts)
        ClientScript().run(script);
}

TEST(LmtpServer, Scripts) {
    const auto scripts = scripts_in("lmtp");
    EXPECT_GT(scripts.size(), 4U);
    for (const auto& script : scripts)
        LmtpScript().run(script);
}

TEST(SmtpClient, OctetsMayComeOneByOne) {
    SmtpClient client({.name = "quipu.example"});
    for (const char c : std::string_view("220 mx\r\n250-mx\r\n250 PIPELINING\r\n"))
        client.receive({&c, 1});
    const auto actions = client.take();
    ASSERT_EQ(actions.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<SmtpClient::Ready>(actions.back()));
}

TEST(LmtpServer, EndsAfterManyErrors) {
    LmtpServer server({.name = "quipu.example", .is_ours = [](std::string_view) { return true; }});
    for (int i = 0; i < 30; ++i)
        server.receive("WHAT\r\n");
    std::size_t closes = 0;
    for (const auto& action : server.take())
        closes += std::holds_alternative<LmtpServer::Close>(action) ? 1U : 0U;
    EXPECT_EQ(closes, 1U);
}

}  // namespace
}  // namespace quipu::mail
