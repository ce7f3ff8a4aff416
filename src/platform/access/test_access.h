#pragma once
// Access in a house of the test's own: a SQLite database, time in the test's hand, letters kept in a list, and calls of
// its routes as a browser or a program sends them.

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/test_folder.h"
#include "platform/access/core.h"
#include "platform/access/gatekeeper.h"
#include "platform/access/routes.h"

namespace quipu::access {

/// redclara over rnp and reuna; usp below rnp, uchile below reuna.
class SmallTree final : public OrganisationTree {
  public:
    [[nodiscard]] std::string_view parent_of(std::string_view organisation) const override {
        const auto found = parents_.find(organisation);
        return found == parents_.end() ? std::string_view() : std::string_view(found->second);
    }
    [[nodiscard]] bool knows(std::string_view organisation) const override { return parents_.contains(organisation); }

  private:
    std::map<std::string, std::string, std::less<>> parents_ = {
        {"redclara", ""}, {"rnp", "redclara"}, {"reuna", "redclara"}, {"usp", "rnp"}, {"uchile", "reuna"}};
};

template <class T>
T run(Task<T> task) {
    task.await_suspend(std::noop_coroutine()).resume();
    return task.await_resume();
}

inline constexpr const char* kGoodPassword = "cuerda y nudo sobre el mar";

class AccessTest : public testing::Test {
  protected:
    void SetUp() override { open(); }

    void open() {
        auto database = data::Database::open("sqlite:" + (folder_ / "access.db"));
        ASSERT_TRUE(database) << database.error().text();
        database_ = std::move(*database);
        ASSERT_TRUE(database_->migrate(data::kJournalMigrations));
        ASSERT_TRUE(database_->migrate(kAccessMigrations));
        journal_ = std::make_unique<data::Journal>(*database_, clock_);
        auto archive = data::Archive::open(folder_ / "archive", {}, clock_);
        ASSERT_TRUE(archive) << archive.error().text();
        archive_ = std::move(*archive);
        house_ = std::make_unique<platform::House>(
            platform::House{clock_, loops_, *database_, *journal_, *archive_, api_, metrics_, folder_.path()});
        house_->url = [] { return std::string("http://127.0.0.1:8080"); };
        start();
    }
    /// As after a restart of the hub: the same database, nothing in memory.
    void start() {
        core_ = std::make_shared<Core>();
        const auto opened = core_->open(*house_, settings_);
        ASSERT_TRUE(opened) << opened.error().text();
        core_->use_tree(std::make_shared<SmallTree>());
        core_->send_letters_by([this](const Letter& letter) -> Result<void> {
            letters_.push_back(letter);
            return {};
        });
        api_.set_gatekeeper(make_gatekeeper(core_));
        add_session_routes(api_, core_);
        add_account_routes(api_, core_);
    }

    static Origin at(const char* address) { return {*net::IpAddress::parse(address), "test"}; }

    /// The secret in a one-time link.
    static std::string secret_in(const std::string& text) {
        const auto hash = text.find('#');
        const auto end = text.find_first_of(" \n", hash);
        return hash == std::string::npos ? "" : text.substr(hash + 1, end - hash - 1);
    }

    /// An account with a password and this role, by an invitation of the house.
    Account make(const std::string& mail, Role role, const std::string& organisation,
                 const std::string& password = kGoodPassword) {
        Invitation wish;
        wish.mail = mail;
        wish.role = role;
        wish.organisation = organisation;
        letters_.clear();
        const auto invited = core_->invite(platform::Caller{}, wish);
        if (!invited) ADD_FAILURE() << invited.error().text();
        if (letters_.empty()) return {};
        Acceptance acceptance;
        acceptance.token = secret_in(letters_.back().text);
        acceptance.name = "Somebody";
        acceptance.password = password;
        const auto accepted = core_->accept(acceptance, at("192.0.2.200"));
        if (!accepted) ADD_FAILURE() << accepted.error().text();
        letters_.clear();
        return accepted ? accepted->account : Account{};
    }

    struct Answer {
        int status = 0;
        std::string text, etag, cookie, retry_after;
        Value body;
        [[nodiscard]] std::string at(std::string_view key) const {
            const Value* found = body.find(key);
            return found != nullptr && found->if_string() != nullptr ? *found->if_string() : std::string();
        }
    };
    struct Ask {
        net::Method method = net::Method::get;
        std::string path;
        std::string body = {};
        std::string cookie = {}, token = {}, if_match = {};
        std::string address = "192.0.2.1";
        std::vector<std::pair<std::string, std::string>> query = {};
        bool own_page = true;  ///< with the header that a page of ours sends
    };
    Answer ask(const Ask& wanted) {
        net::HttpRequest request;
        request.method = wanted.method;
        request.path = "/api/v1/" + wanted.path;
        request.query = wanted.query;
        request.peer.address = *net::IpAddress::parse(wanted.address);
        request.body = wanted.body;
        if (!wanted.body.empty()) request.headers.add("Content-Type", "application/json");
        if (!wanted.cookie.empty()) request.headers.add("Cookie", wanted.cookie.substr(0, wanted.cookie.find(';')));
        if (!wanted.token.empty()) request.headers.add("Authorization", "Bearer " + wanted.token);
        if (!wanted.if_match.empty()) request.headers.add("If-Match", wanted.if_match);
        if (wanted.own_page) request.headers.add("X-Quipu-Request", "1");
        const net::HttpResponse response = run(api_.handle(request));
        Answer answer{.status = response.status,
                      .etag = std::string(response.headers.get("ETag")),
                      .cookie = std::string(response.headers.get("Set-Cookie")),
                      .retry_after = std::string(response.headers.get("Retry-After"))};
        if (const auto* text = std::get_if<std::string>(&response.body)) answer.text = *text;
        if (auto parsed = parse_json(answer.text)) answer.body = std::move(*parsed);
        return answer;
    }
    Answer sign_in(const std::string& login, const std::string& password, const std::string& address = "192.0.2.1") {
        Value body;
        body.set("login", login);
        body.set("password", password);
        return ask({.method = net::Method::post, .path = "session", .body = to_json(body), .address = address});
    }
    std::string cookie_of(const std::string& login, const std::string& password = kGoodPassword) {
        const Answer answer = sign_in(login, password);
        EXPECT_EQ(answer.status, 200) << answer.text;
        return answer.cookie;
    }
    std::vector<data::Event> events(std::string type) {
        data::EventFilter filter;
        filter.type = std::move(type);
        filter.limit = 1000;
        return journal_->events(filter).value_or(std::vector<data::Event>());
    }

    data::TestFolder folder_;
    ManualClock clock_{*parse_time("2026-03-02T12:00:00Z")};
    /// second_factor_test.cpp has the rest.
    Settings settings_{.second_factor = SecondFactor::nobody};
    std::unique_ptr<data::Database> database_;
    std::unique_ptr<data::Journal> journal_;
    std::unique_ptr<data::Archive> archive_;
    net::LoopPool loops_{1};
    platform::Metrics metrics_;
    platform::Api api_;
    std::vector<Letter> letters_;
    std::unique_ptr<platform::House> house_;
    std::shared_ptr<Core> core_;
};

}  // namespace quipu::access
