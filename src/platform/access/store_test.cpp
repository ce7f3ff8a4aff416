#include "platform/access/store.h"

#include <gmock/gmock.h>

#include "data/journal.h"
#include "data/test_database.h"

namespace quipu::access {
namespace {

class AccessStore : public data::BothDatabases {
  protected:
    void SetUp() override {
        BothDatabases::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        ASSERT_TRUE(database_->migrate(kAccessMigrations));
        store_.emplace(*database_);
    }
    Result<void> write(const std::function<Result<void>(data::Transaction&)>& work) { return database_->write(work); }
    Account insert(std::string login, std::string password = "hash") {
        Account account;
        account.id = "ana";
        account.login = std::move(login);
        account.name = "Ana";
        account.created = kNow;
        const auto done = write([&](data::Transaction& t) {
            account.id = "ana";
            return Store::insert(t, account, password);
        });
        EXPECT_TRUE(done) << done.error().text();
        return account;
    }

    static constexpr Time kNow{std::chrono::seconds(1'700'000'000)};
    std::optional<Store> store_;
};

TEST_P(AccessStore, AccountsAreFoundByTheirLoginWhateverItsCase) {
    const Account ana = insert("Ana@RNP.example");
    EXPECT_EQ(store_->by_login(" ana@rnp.EXAMPLE ")->value().account, ana.id);
    EXPECT_EQ(store_->by_login("eva").value(), std::nullopt);
    Account again = ana;
    const auto refused = write([&](data::Transaction& t) {
        again.login = "ANA@rnp.example";
        return Store::insert(t, again, "");
    });
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_EQ(insert("ana@usp.example").id, "ana-2") << "ids are made unique";
}

TEST_P(AccessStore, ChangesNameTheVersionThatTheyChange) {
    Account ana = insert("ana");
    ana.name = "Ana Silva";
    EXPECT_TRUE(write([&](data::Transaction& t) { return Store::update(t, ana, 1); }));
    EXPECT_EQ(write([&](data::Transaction& t) { return Store::update(t, ana, 1); }).error().code,
              ErrorCode::precondition_failed);
    const std::vector<RoleGrant> roles = {{Role::manager, "rnp", ""}, {Role::viewer, "", "voice"}};
    EXPECT_TRUE(write([&](data::Transaction& t) { return Store::set_roles(t, ana.id, roles, "local", kNow); }));
    const Account read = store_->account("ana")->value();
    EXPECT_EQ(read.name, "Ana Silva");
    EXPECT_EQ(read.version, 2);
    EXPECT_TRUE(read.has_password);
    EXPECT_THAT(read.roles, testing::UnorderedElementsAreArray(roles));
    EXPECT_EQ(store_->accounts()->size(), 1U);
}

TEST_P(AccessStore, ALinkIsTakenOnce) {
    const LinkRow link{.id = "1",
                       .kind = "invitation",
                       .account = "",
                       .mail = "eva@rnp.example",
                       .name = "Eva",
                       .language = "pt",
                       .role = {Role::member, "rnp", ""},
                       .made_by = "local",
                       .until = kNow + std::chrono::hours(1)};
    ASSERT_TRUE(write([&](data::Transaction& t) { return Store::insert(t, link, "hash"); }));
    EXPECT_EQ(store_->link("hash", kNow)->value().role, link.role);
    EXPECT_FALSE(store_->link("hash", kNow + std::chrono::hours(1))->has_value());
    const auto take = [&] {
        bool taken = false;
        EXPECT_TRUE(write([&](data::Transaction& t) -> Result<void> {
            taken = TRY(Store::take_link(t, "hash", kNow));
            return {};
        }));
        return taken;
    };
    EXPECT_TRUE(take());
    EXPECT_FALSE(take());
}

TEST_P(AccessStore, ACounterOnlyRises) {
    insert("ana");
    const Credential totp{
        .account = "ana", .kind = "totp", .id = "1", .name = "phone", .data = "sealed", .counter = 5, .created = kNow};
    ASSERT_TRUE(write([&](data::Transaction& t) { return Store::put(t, totp); }));
    const auto raise = [&](std::int64_t counter) {
        bool raised = false;
        EXPECT_TRUE(write([&](data::Transaction& t) -> Result<void> {
            raised = TRY(Store::raise_counter(t, "ana", "totp", "1", counter, kNow));
            return {};
        }));
        return raised;
    };
    EXPECT_FALSE(raise(5));
    EXPECT_TRUE(raise(6));
    EXPECT_FALSE(raise(6)) << "a code is good once";
    EXPECT_THAT(store_->account("ana")->value().factors, testing::ElementsAre("totp"));
    EXPECT_EQ(store_->credential("totp", "1")->value().counter, 6);
    EXPECT_EQ(store_->credentials("ana", "")->size(), 1U);
    EXPECT_TRUE(write([&](data::Transaction& t) { return Store::drop(t, "ana", "totp", "1"); }));
    EXPECT_EQ(write([&](data::Transaction& t) { return Store::drop(t, "ana", "totp", "1"); }).error().code,
              ErrorCode::not_found);
}

TEST_P(AccessStore, WhatIsOverIsSweptAway) {
    insert("ana");
    const SessionRow session{.hash = "h",
                             .id = "s",
                             .account = "ana",
                             .started = kNow,
                             .seen = kNow,
                             .until = kNow + std::chrono::hours(1),
                             .address = "192.0.2.1",
                             .client = "test",
                             .method = "password"};
    TokenRow token{"t",
                   {.id = "k",
                    .account = "ana",
                    .name = "backup",
                    .permissions = {platform::Permission::see_members},
                    .organisations = {"rnp", "usp"},
                    .created = kNow,
                    .until = kNow + std::chrono::hours(1),
                    .used = {},
                    .token = {}}};
    ASSERT_TRUE(write([&](data::Transaction& t) -> Result<void> {
        TRY(Store::insert(t, session));
        return Store::insert(t, token);
    }));
    const std::vector<Store::Touch> touched = {{"s", kNow + std::chrono::minutes(5)}};
    ASSERT_TRUE(store_->sweep(touched, {}, {}, kNow));
    ASSERT_EQ(store_->sessions()->size(), 1U);
    EXPECT_EQ(store_->sessions()->front().seen, kNow + std::chrono::minutes(5));
    EXPECT_EQ(store_->tokens()->front().token.organisations, token.token.organisations);
    EXPECT_EQ(store_->tokens()->front().token.permissions, token.token.permissions);
    ASSERT_TRUE(store_->sweep({}, {}, {}, kNow + std::chrono::hours(1)));
    EXPECT_TRUE(store_->sessions()->empty());
    EXPECT_TRUE(store_->tokens()->empty());
}

INSTANTIATE_TEST_SUITE_P(Access, AccessStore, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

}  // namespace
}  // namespace quipu::access
