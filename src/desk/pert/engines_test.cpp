#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sstream>

#include "base/test_script.h"
#include "desk/pert/engine_accreditation.h"
#include "desk/pert/engine_request.h"

namespace quipu::pert {
namespace {

// Conversations as text (scripts/*/*.txt), a line each:
//     > STEP WHO ORGANISATION [NOTE…]    somebody takes a step (of a request: > STEP SIDE [NOTE…])
//     > evidence all | CRITERION=TEXT    the team shows something
//     > renew                            the team begins a renewal
//     ! CODE                             the step above was refused with this
//     @ TIME                             the clock stands there, and ticks
//     < remind DAYS | expired | overdue  what the tick brought
//     = STATE [until DATE]               where it stands
// A refusal or a tick's result that is not written here is a failure.
class Script {
  public:
    explicit Script(std::filesystem::path path) : path_(std::move(path)) {}
    virtual ~Script() = default;

    void run() {
        run_script(path_, [&](const std::string& verb, std::istringstream& words, const std::string&) {
            std::string rest;
            std::getline(words >> std::ws, rest);
            if (verb != "!" && verb != "<") ASSERT_EQ(pending_, "") << "not expected";
            if (verb == "!") {
                EXPECT_EQ(pending_, "refused " + rest);
                pending_.clear();
            } else if (verb == "<") {
                EXPECT_EQ(pending_, rest);
                pending_.clear();
            } else if (verb == "@") {
                now_ = *parse_time(rest.find('T') == std::string::npos ? rest + "T12:00:00Z" : rest);
                pending_ = ticked();
            } else if (verb == ">") {
                std::istringstream arguments(rest);
                const auto done = step(arguments);
                if (!done) pending_ = fmt::format("refused {}", name_of(done.error().code));
            } else {
                check(verb, rest);
            }
        });
        EXPECT_EQ(pending_, "") << "not expected";
    }

  protected:
    virtual Result<void> step(std::istringstream& words) = 0;
    virtual std::string ticked() = 0;
    virtual void check(const std::string& verb, const std::string& rest) = 0;

    static std::string rest_of(std::istringstream& words) {
        std::string note;
        std::getline(words >> std::ws, note);
        return note;
    }

    Time now_ = *parse_time("2011-11-15T12:00:00Z");

  private:
    std::filesystem::path path_;
    std::string pending_;
};

class AccreditationScript final : public Script {
  public:
    explicit AccreditationScript(std::filesystem::path path) : Script(std::move(path)) { begin(); }

  private:
    void begin() {
        Accreditation fresh;
        fresh.number = static_cast<std::int64_t>(all_.size()) + 1;
        fresh.organisation = "reuna";
        if (!all_.empty()) fresh.renews = all_.back().number;
        all_.push_back(std::move(fresh));
    }
    Result<void> step(std::istringstream& words) override {
        std::string what;
        words >> what;
        Accreditation& current = all_.back();
        if (what == "renew") {
            begin();
            return {};
        }
        if (what == "evidence") {
            const std::string given = rest_of(words);
            if (given == "all") {
                for (const Criterion& criterion : criteria_in("es"))
                    if (criterion.mandatory) current.evidence[criterion.id] = "shown";
            } else {
                current.evidence[given.substr(0, given.find('='))] = given.substr(given.find('=') + 1);
            }
            return {};
        }
        AccreditationInput input;
        input.step = *enum_value<AccreditationStep>(what);
        words >> input.who >> input.organisation;
        input.note = rest_of(words);
        const std::size_t before = current.history.size();
        Accreditation* renewed = current.renews ? &all_[all_.size() - 2] : nullptr;
        auto done = take_step(current, input, now_, {}, renewed);
        EXPECT_EQ(current.history.size(), before + (done ? 1 : 0)) << "every step stands in the history";
        return done;
    }
    std::string ticked() override {
        std::string out;
        for (Accreditation& each : all_) {
            const AccreditationTick done = tick(each, now_, {});
            if (done.expired) out += "expired";
            if (done.remind_days) out += fmt::format("remind {}", *done.remind_days);
        }
        return out;
    }
    void check(const std::string& verb, const std::string& rest) override {
        if (verb == "standing") {
            EXPECT_EQ(enum_name(standing_of(all_, now_).standing), rest);
        } else {
            const Accreditation& one = verb == "old" ? all_.front() : all_.back();
            std::string is(enum_name(one.state));
            if (rest.find("until") != std::string::npos) is += " until " + format_date(*one.until);
            EXPECT_EQ(is, rest);
        }
    }
    std::vector<Accreditation> all_;
};

class RequestScript final : public Script {
  public:
    explicit RequestScript(std::filesystem::path path) : Script(std::move(path)) { begin(); }

  private:
    void begin() {
        request_ = {};
        request_.asked = now_;
        request_.due = now_ + std::chrono::days(7);
    }
    Result<void> step(std::istringstream& words) override {
        std::string what;
        std::string side;
        words >> what >> side;
        return take_step(
            request_,
            {*enum_value<RequestStep>(what), "person:x", side == "asking" ? Side::asking : Side::asked, rest_of(words)},
            now_);
    }
    std::string ticked() override {
        switch (tick(request_, now_)) {
            case RequestTick::remind: return "remind";
            case RequestTick::overdue: return "overdue";
            case RequestTick::nothing: break;
        }
        return {};
    }
    void check(const std::string& verb, const std::string& rest) override {
        if (verb == "new")
            begin();
        else
            EXPECT_EQ(enum_name(request_.state), rest);
    }
    TechnicalRequest request_;
};

template <class S>
int run_all(std::string_view folder) {
    int scripts = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(fmt::format("{}/src/desk/pert/scripts/{}", QUIPU_SOURCE_DIR, folder))) {
        S(entry.path()).run();
        ++scripts;
    }
    return scripts;
}

TEST(Accreditation, FollowsTheScripts) {
    EXPECT_GE(run_all<AccreditationScript>("accreditation"), 4);
}
TEST(TechnicalRequests, FollowTheScripts) {
    EXPECT_GE(run_all<RequestScript>("request"), 3);
}

TEST(Criteria, AreInThreeLanguages) {
    const auto es = criteria_in("es");
    const auto pt = criteria_in("pt");
    const auto en = criteria_in("en");
    ASSERT_EQ(es.size(), en.size());
    for (std::size_t i = 0; i < es.size(); ++i) {
        EXPECT_EQ(es[i].id, en[i].id);
        EXPECT_NE(es[i].text, en[i].text);
        EXPECT_NE(pt[i].text, es[i].text);
    }
}

}  // namespace
}  // namespace quipu::pert
