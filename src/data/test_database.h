#pragma once
// The one suite for both databases: a test fixture that is given SQLite and PostgreSQL in turn.

#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "data/database.h"
#include "data/test_folder.h"
#include "data/test_postgresql.h"

namespace quipu::data {

class BothDatabases : public testing::TestWithParam<Dialect> {
  public:
    [[nodiscard]] static std::string name(const testing::TestParamInfo<Dialect>& given) {
        return given.param == Dialect::sqlite ? "sqlite" : "postgresql";
    }

  protected:
    void SetUp() override {
        if (GetParam() == Dialect::sqlite) {
            url_ = "sqlite:" + (folder_ / "test.db");
        } else {
            if (!server_) {
                auto started = TestPostgresql::start();
                if (!started && started.error().code == ErrorCode::not_found) GTEST_SKIP() << started.error().text();
                ASSERT_TRUE(started) << started.error().text();
                server_ = std::move(*started);
            }
            auto fresh = server_->fresh_url();
            ASSERT_TRUE(fresh) << fresh.error().text();
            url_ = *fresh;
        }
        database_ = open();
        ASSERT_TRUE(database_);
    }
    static void TearDownTestSuite() { server_.reset(); }

    /// Another program's view of the same database.
    [[nodiscard]] std::unique_ptr<Database> open() const {
        auto opened = Database::open(url_);
        if (!opened) ADD_FAILURE() << opened.error().text();
        return opened ? std::move(*opened) : nullptr;
    }
    TestFolder folder_;
    std::string url_;
    std::unique_ptr<Database> database_;
    inline static std::unique_ptr<TestPostgresql> server_;  // one for all tests of a program
};

}  // namespace quipu::data
