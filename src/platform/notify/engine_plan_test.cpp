// Scripts (scripts/plan): people, rules, the time, a notice; `=` is who is told, by what, when, gathered by what.

#include "platform/notify/engine_plan.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>

#include "net/ascii.h"

namespace quipu::notify {
namespace {

std::vector<std::string> list_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty())
        out.emplace_back(net::take_until(text, ','));
    return out;
}

class PlanScript {
  public:
    void run(const std::filesystem::path& path) {
        std::ifstream file(path);
        int number = 0;
        for (std::string line; std::getline(file, line);) {
            ++number;
            if (line.empty() || line.starts_with('#')) continue;
            std::string_view rest = line;
            const std::string_view word = net::take_until(rest, ' ');
            const std::string place = fmt::format("{}:{}", path.filename().string(), number);
            if (word == "=") {
                EXPECT_EQ(next_ < did_.size() ? did_[next_] : "nobody", rest) << place;
                ++next_;
                continue;
            }
            EXPECT_GE(next_, did_.size())
                << place << " somebody else is told: " << (next_ < did_.size() ? did_[next_] : "");
            if (word == "person") person(rest);
            if (word == "rule") rule(rest);
            if (word == "at") now_ = *parse_time(rest);
            if (word == "notice") notice(rest);
        }
        EXPECT_GE(next_, did_.size()) << path.filename() << " somebody else is told";
    }

  private:
    template <class F>
    static void each(std::string_view rest, F&& set) {
        while (!rest.empty()) {
            std::string_view word = net::take_until(rest, ' ');
            const std::string_view name = net::take_until(word, '=');
            set(name, std::string(word));
        }
    }
    void person(std::string_view rest) {
        Recipient out{.id = std::string(net::take_until(rest, ' '))};
        each(rest, [&](std::string_view name, const std::string& value) {
            if (name == "mail") out.mailbox.address = value;
            if (name == "zone") out.zone = value;
        });
        people_[out.id] = out;
    }
    void rule(std::string_view rest) {
        OwnedRule out;
        out.rule.id = std::stoll(std::string(net::take_until(rest, ' ')));
        out.rule.owner = net::take_until(rest, ' ');
        out.recipients = {people_.at(out.rule.owner)};
        each(rest, [&](std::string_view name, const std::string& value) {
            if (name == "topics") out.rule.topics = list_of(value);
            if (name == "organisations") out.rule.organisations = list_of(value);
            if (name == "at-least") out.rule.at_least = *enum_value<Severity>(value);
            if (name == "channel") out.rule.channel = *enum_value<Channel>(value);
            if (name == "when") out.rule.when = *enum_value<When>(value);
            if (name == "url") out.rule.url = value;
            if (name == "quiet") {
                out.rule.quiet_from = value.substr(0, 5);
                out.rule.quiet_until = value.substr(6);
            }
        });
        EXPECT_TRUE(check_rule(out.rule));
        rules_.push_back(out);
    }
    void notice(std::string_view rest) {
        Notice out{.topic = std::string(net::take_until(rest, ' '))};
        std::vector<Recipient> to;
        each(rest, [&](std::string_view name, const std::string& value) {
            if (name == "cause") out.cause = value;
            if (name == "severity") out.severity = *enum_value<Severity>(value);
            if (name == "organisations") out.organisations = list_of(value);
            if (name == "at-once") out.at_once = true;
            if (name == "secret") out.secret = true;
            if (name == "only-to") out.only_to = true;
            if (name == "to")
                for (const std::string& id : list_of(value))
                    to.push_back(people_.at(id));
        });
        did_.clear();
        next_ = 0;
        for (const Delivery& delivery :
             plan(out, to, rules_, now_, {}, [](std::string_view name) { return Zone::load(name).value_or(Zone()); }))
            did_.push_back(fmt::format("{} {} {} {}", delivery.recipient.id, enum_name(delivery.channel),
                                       format_time(delivery.due), delivery.group));
    }

    std::map<std::string, Recipient> people_;
    std::vector<OwnedRule> rules_;
    Time now_{};
    std::vector<std::string> did_;
    std::size_t next_ = 0;
};

TEST(Plan, Scripts) {
    std::vector<std::filesystem::path> scripts;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(QUIPU_SOURCE_DIR) + "/src/platform/notify/scripts/plan"))
        scripts.push_back(entry.path());
    std::ranges::sort(scripts);
    EXPECT_GT(scripts.size(), 5U);
    for (const auto& script : scripts)
        PlanScript().run(script);
}

TEST(Rule, FaultsAreNamed) {
    Rule rule{.channel = Channel::webhook, .quiet_from = "25:00"};
    const auto checked = check_rule(rule);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().faults.size(), 3U);
    EXPECT_TRUE(check_rule(Rule{}));
    EXPECT_FALSE(check_rule(Rule{.url = "https://x.example/"}));
    EXPECT_FALSE(check_rule(Rule{.team = "raap"}));
}

}  // namespace
}  // namespace quipu::notify
