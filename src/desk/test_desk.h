#pragma once
// A desk on a database of the test's own, with time in the test's hand, and callers who may this or that.

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "data/test_database.h"
#include "desk/case_desk.h"
#include "platform/reports.h"
#include "registry/exchange.h"

namespace quipu::desk {

using platform::Permission;

/// Grants as a list: permission, organisation ("*": everywhere), service (empty: all).
class TestGrants final : public platform::Grants {
  public:
    using Grant = std::tuple<Permission, std::string, std::string>;
    explicit TestGrants(std::vector<Grant> grants) : grants_(std::move(grants)) {}
    [[nodiscard]] bool may(Permission permission, std::string_view organisation,
                           std::string_view service) const override {
        if (permission == Permission::own || permission == Permission::see_public) return true;
        for (const auto& [held, where, tag] : grants_)
            if (held == permission && (tag.empty() || tag == service) &&
                (organisation.empty() || where == "*" || where == organisation))
                return true;
        return false;
    }

  private:
    std::vector<Grant> grants_;
};

inline Caller person(std::string id, std::vector<TestGrants::Grant> grants) {
    Caller out{.id = "person:" + id};
    out.name = id;
    out.language = "es";
    out.grants = std::make_shared<TestGrants>(std::move(grants));
    return out;
}
/// Works on everything of the desk but security.
inline Caller noc() {
    return person("nora", {{Permission::work_cases, "*", "desk"}, {Permission::see_members, "*", "desk"}});
}
inline Caller csirt() {
    return person("sara", {{Permission::work_cases, "*", "security"}});
}
inline Caller member_of(const std::string& organisation, std::string id = "mario") {
    return person(std::move(id), {{Permission::see_members, organisation, ""}});
}
inline Caller operator_of(const std::string& organisation) {
    return person("olga",
                  {{Permission::work_cases, organisation, "desk"}, {Permission::see_members, organisation, ""}});
}
inline Caller stranger() {
    return person("sven", {});
}
inline Caller house() {
    return Caller{.id = "system"};
}

inline constexpr std::string_view kTestNetwork = R"(
[[organisations]]
id = "clara"
name = "CLARA"
type = "regional"
[[organisations]]
id = "reuna"
name = "REUNA"
type = "nren"
parent = "clara"
country = "cl"
language = "es"
[[organisations]]
id = "rnp"
name = "RNP"
type = "nren"
parent = "clara"
country = "BR"
language = "pt"
[[sites]]
id = "santiago"
name = "Santiago"
organisation = "reuna"
[[sites]]
id = "panama"
name = "Panama City"
[[sites]]
id = "sao-paulo"
name = "São Paulo"
organisation = "rnp"
[[links]]
id = "santiago-panama"
a = "santiago"
b = "panama"
capacity = "STM-4"
length = "5000 km"
activated = 2011-07-06
[[links]]
id = "sao-paulo-panama"
a = "sao-paulo"
b = "panama"
capacity = "STM-4"
length = "6000 km"
activated = 2011-09-06
)";

class DeskTest : public data::BothDatabases {
  protected:
    void SetUp() override {
        BothDatabases::SetUp();
        if (!database_) return;
        must(database_->migrate(data::kJournalMigrations));
        must(database_->migrate(registry::kRegistryMigrations));
        must(database_->migrate(platform::kPlatformMigrations));
        must(database_->migrate(kDeskMigrations));
        journal_ = std::make_unique<data::Journal>(*database_, clock_);
        registry_ = must(registry::Registry::open(*database_, *journal_, clock_));
        registry::ChangeSet set;
        set.changes = must(registry::read_registry(registry::Format::toml, kTestNetwork, "net.toml", {}));
        set.who = "ana";
        must(registry_->apply(set));
        const std::vector<data::StreamSchema> streams = {{"delay", {{"received"}, {"median"}}}};
        archive_ = must(data::Archive::open(folder_ / "archive", streams, clock_));
        open_desk();
        desk_->describe_series({.schema = streams[0],
                                .object_kind = "pair",
                                .columns = {{"median", "delay_median", "us", 1e-3, "received"},
                                            {"received", "received", "packets", 1, ""}}});
    }
    /// By the rules of now.
    void open_desk() {
        desk_ =
            std::make_unique<CaseDesk>(CaseDesk::House{*database_, *journal_, *archive_, *registry_, clock_},
                                       must(Files::open(folder_ / "attachments")), rules_, [this] { ++looked_at_; });
    }
    void TearDown() override {
        desk_.reset();
        archive_.reset();
        registry_.reset();
        journal_.reset();
    }

    template <class T>
    static T must(Result<T> result) {
        if (!result) {
            ADD_FAILURE() << result.error().text();
            std::abort();
        }
        if constexpr (!std::is_void_v<T>) return std::move(*result);
    }
    template <class T>
    static ErrorCode code(const Result<T>& result) {
        EXPECT_FALSE(result) << "was accepted";
        return result ? ErrorCode::internal : result.error().code;
    }
    static NewCase help(std::string title, std::vector<std::string> organisations = {}) {
        NewCase out;
        out.title = std::move(title);
        out.organisations = std::move(organisations);
        return out;
    }
    Case find(const Caller& caller, std::int64_t number) { return must(desk_->find(caller, number)); }
    std::vector<std::int64_t> numbers(const Caller& caller, const CaseFilter& filter = {}, std::int64_t limit = 100) {
        std::vector<std::int64_t> out;
        for (const Case& each : must(desk_->list(caller, filter, limit, {})).items)
            out.push_back(each.number);
        return out;
    }
    std::vector<std::string> kinds(const Caller& caller, std::int64_t number) {
        std::vector<std::string> out;
        for (const Entry& each : must(desk_->timeline(caller, number, 100, {}, false)).items)
            out.emplace_back(enum_name(each.kind));
        return out;
    }
    std::vector<std::string> events() {
        std::vector<std::string> out;
        for (const data::Event& each : must(journal_->events({.limit = 1000})))
            if (each.subject.starts_with("case:")) out.push_back(each.type + " " + each.subject);
        return out;
    }

    ManualClock clock_{*parse_time("2011-11-15T12:00:00Z")};
    Rules rules_ = {.country = "CL"};
    int looked_at_ = 0;
    std::unique_ptr<data::Journal> journal_;
    std::unique_ptr<registry::Registry> registry_;
    std::unique_ptr<data::Archive> archive_;
    std::unique_ptr<CaseDesk> desk_;
};

}  // namespace quipu::desk
