#pragma once
// Rounds over a small RPKI of the test's own on disk, with time in the test's hand, a desk, and both databases.

#include <fstream>

#include "desk/test_desk.h"
#include "services/rpki/lab_tree.h"
#include "services/rpki/rtr/store.h"
#include "services/rpki/service/guard_record.h"

namespace quipu::rpki {

/// Two institutions with ten VRPs each under the trust anchor "lab"; both are in the registry.
class RoundsOfTest : public desk::DeskTest {
  protected:
    static constexpr int kEach = 10;

    void SetUp() override {
        DeskTest::SetUp();
        if (!database_) return;
        must(database_->migrate(kRtrMigrations));
        registry::ChangeSet set;
        set.changes = must(registry::read_registry(registry::Format::toml, R"(
[[prefixes]]
value = "10.1.0.0/16"
organisation = "reuna"
[[prefixes]]
value = "10.2.0.0/16"
organisation = "rnp"
)",
                                                   "prefixes.toml", {}));
        set.who = "ana";
        must(registry_->apply(set));
        settings_.tals = folder_ / "lab/tals";
        settings_.offline = folder_ / "lab/cache";
        settings_.threads = 1;
        publish(kEach, kEach);
        cases_.emplace(*database_, *registry_, *desk_);
    }
    void TearDown() override {
        cases_.reset();
        rounds_.reset();
        rtr_.reset();
        DeskTest::TearDown();
    }

    /// The tree anew with so many VRPs of each, valid from now on for `validity`; a minute after the one before, for a
    /// manifest follows another in time.
    void publish(int reuna, int rnp, std::chrono::seconds validity = std::chrono::days(30)) {
        if (number_ > 0) clock_.advance(std::chrono::minutes(1));
        const auto holder = [](const char* name, int net, int vrps) {
            LabHolder out{.name = name,
                          .prefixes = {*net::Prefix::parse("10." + std::to_string(net) + ".0.0/16")},
                          .as_numbers = {64500U + static_cast<Asn>(net)},
                          .payloads = {}};
            for (int i = 0; i < vrps; ++i) {
                const std::string text = "10." + std::to_string(net) + "." + std::to_string(i) + ".0/24";
                out.payloads.push_back({out.as_numbers.front(), *net::Prefix::parse(text), 24});
            }
            return out;
        };
        const auto made = write_lab({.folder = folder_ / "lab",
                                     .time = unix_seconds(clock_.now()),
                                     .validity = validity.count(),
                                     .number = ++number_,
                                     .holders = {holder("reuna", 1, reuna), holder("rnp", 2, rnp)},
                                     .anchor = "lab"});
        ASSERT_TRUE(made) << made.error().text();
    }
    /// A life of the service: what it knew before comes from the disk and the database.
    void live(bool routers = false) {
        rounds_.reset();
        rtr_.reset();
        if (routers) {
            settings_.rtr.listen = {*net::Endpoint::parse("127.0.0.1:0")};
            rtr_ = must(RtrServer::start(settings_.rtr, std::nullopt, *database_, clock_));
        }
        rounds_ = must(Rounds::create(settings_, folder_ / "rpki", clock_, *registry_, rtr_.get(),
                                      {.guard = [this](const GuardTurn& turn) {
                                          if (!deaf_) must(record(*journal_, turn));
                                      }}));
    }
    void round() { must(rounds_->round()); }
    std::int64_t served() { return static_cast<std::int64_t>(rounds_->state()->served->vrps.size()); }
    std::vector<data::Event> told() {
        return must(journal_->events({.subject = std::string(kGuardSubject), .limit = 1000}));
    }
    std::vector<std::string> told_types() {
        std::vector<std::string> out;
        for (const data::Event& event : told())
            out.push_back(event.type);
        return out;
    }
    /// What the subscription would deliver, from the beginning.
    void deliver() {
        for (const data::Event& event : told())
            must(cases_->take(event));
    }

    RpkiSettings settings_;
    std::uint64_t number_ = 0;
    bool deaf_ = false;  ///< the journal is told nothing, as by a crash
    std::unique_ptr<RtrServer> rtr_;
    std::unique_ptr<Rounds> rounds_;
    std::optional<GuardCases> cases_;
};

}  // namespace quipu::rpki
