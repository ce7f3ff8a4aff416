#pragma once
// A registry on a database of the test's own, with time in the test's hand and short ways to change it.

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/value.h"
#include "data/journal.h"
#include "data/test_folder.h"
#include "registry/exchange.h"
#include "registry/registry.h"

namespace quipu::registry {

inline Time at_noon(std::string_view day) {
    return *parse_time(std::string(day) + "T12:00:00Z");
}

class RegistryTest : public testing::Test {
  protected:
    void SetUp() override { open("sqlite:" + (folder_ / "registry.db")); }

    void open(const std::string& url) {
        auto database = data::Database::open(url);
        ASSERT_TRUE(database) << database.error().text();
        database_ = std::move(*database);
        const auto journal_made = database_->migrate(data::kJournalMigrations);
        ASSERT_TRUE(journal_made) << journal_made.error().text();
        const auto registry_made = database_->migrate(kRegistryMigrations);
        ASSERT_TRUE(registry_made) << registry_made.error().text();
        journal_ = std::make_unique<data::Journal>(*database_, clock_);
        reopen();
    }
    void reopen() {
        auto registry = Registry::open(*database_, *journal_, clock_);
        ASSERT_TRUE(registry) << registry.error().text();
        registry_ = std::move(*registry);
    }

    /// What TOML text says, as from a file "net.toml".
    Result<std::vector<Difference>> import(std::string_view toml, std::string_view effective = {}) {
        ChangeSet set;
        set.changes = TRY(read_registry(Format::toml, toml, "net.toml", {}));
        set.who = "ana";
        set.why = "test";
        set.source = "net.toml";
        if (!effective.empty()) set.effective = TRY(parse_date(effective));
        return registry_->apply(set);
    }
    void must_import(std::string_view toml, std::string_view effective = {}) {
        const auto done = import(toml, effective);
        ASSERT_TRUE(done) << done.error().text();
    }
    /// The error that the text is refused with, as a person reads it.
    std::string refused(std::string_view toml) {
        const auto done = import(toml);
        return done ? "accepted" : done.error().text();
    }
    Result<std::vector<Difference>> change(Kind kind, std::string id, Value object,
                                           std::optional<std::int64_t> version = {}) {
        ChangeSet set;
        set.changes.push_back({kind, std::move(id), std::move(object), version, 0});
        set.who = "ana";
        return registry_->apply(set);
    }
    Result<std::vector<Difference>> remove(Kind kind, std::string id, std::optional<std::int64_t> version = {}) {
        return change(kind, std::move(id), Value(), version);
    }

    data::TestFolder folder_;
    ManualClock clock_{at_noon("2011-11-15")};
    std::unique_ptr<data::Database> database_;
    std::unique_ptr<data::Journal> journal_;
    std::unique_ptr<Registry> registry_;
};

inline constexpr std::string_view kSmallNetwork = R"(
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
[[organisations]]
id = "rnp"
name = "RNP"
type = "nren"
parent = "clara"
country = "BR"
[[organisations]]
id = "uchile"
name = "Universidad de Chile"
type = "institution"
parent = "reuna"
[[sites]]
id = "santiago"
name = "Santiago"
organisation = "reuna"
latitude = -33.45
longitude = -70.67
pop = true
[[sites]]
id = "panama"
name = "Panama City"
organisation = "clara"
pop = true
[[links]]
id = "santiago-panama"
a = "santiago"
b = "panama"
capacity = "STM-4"
planned = 2011-01-15
activated = 2011-07-06
)";

}  // namespace quipu::registry
