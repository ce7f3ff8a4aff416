#include "services/rpki/rtr/serials.h"

#include "data/test_database.h"
#include "services/rpki/rtr/test_payloads.h"

namespace quipu::rpki::rtr {
namespace {

constexpr std::size_t kHistory = 4;

class RtrSerials : public data::BothDatabases {
  protected:
    void SetUp() override {
        data::BothDatabases::SetUp();
        if (database_) ASSERT_TRUE(database_->migrate(kRtrMigrations));
    }
    /// A cache of the cluster; making it again is its restart.
    struct Cache {
        std::unique_ptr<data::Database> database;
        Serials serials;
        Cache(std::unique_ptr<data::Database> its_database, std::uint64_t seed)
            : database(std::move(its_database)), serials(*database, kHistory, {}, Rng(seed)) {}
    };
    std::unique_ptr<Cache> cache() { return std::make_unique<Cache>(open(), ++seed_); }

    std::string publish(Cache& cache, const PayloadSet& set) {
        now_ += std::chrono::minutes(10);
        return told(cache.serials.publish(set, now_));
    }
    std::string publish(Cache& cache, std::string_view text) { return publish(cache, payloads(text)); }
    /// "serial 3, 2 deltas", with "another session" in front if it is not the first one that was seen.
    std::string told(const Result<Served>& served) {
        if (!served) return served.error().text();
        last_ = *served;
        if (!last_.snapshot) return "nothing";
        if (!session_) session_ = last_.snapshot->session(1);
        return fmt::format("{}serial {}, {} deltas", last_.snapshot->session(1) == *session_ ? "" : "another session, ",
                           last_.snapshot->serial(), last_.snapshot->steps());
    }
    void execute(std::string_view sql) {
        ASSERT_TRUE(database_->write([&](data::Transaction& transaction) -> Result<void> {
            TRY(transaction.run(sql));
            return {};
        }));
    }

    std::uint64_t seed_ = 0;
    Time now_ = *parse_time("2011-11-15T00:00:00Z");
    Served last_;
    std::optional<std::uint16_t> session_;
};
INSTANTIATE_TEST_SUITE_P(Databases, RtrSerials, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(RtrSerials, NewSetsTakeNewSerials) {
    const auto a = cache();
    EXPECT_EQ(told(a->serials.load()), "nothing");
    EXPECT_EQ(publish(*a, "10.0.0.0/8-8 AS1"), "serial 1, 0 deltas");
    const auto first = last_.snapshot;
    EXPECT_EQ(publish(*a, "10.0.0.0/8-8 AS1"), "serial 1, 0 deltas");
    EXPECT_EQ(last_.snapshot, first) << "the same octets go on being served";
    EXPECT_EQ(last_.confirmed, now_);
    EXPECT_EQ(publish(*a, "10.0.0.0/8-8 AS2"), "serial 2, 1 deltas");
    EXPECT_EQ(publish(*a, "10.0.0.0/8-8 AS1"), "serial 3, 2 deltas") << "an earlier set is news again";
    EXPECT_EQ(publish(*a, ""), "serial 4, 3 deltas");
    EXPECT_EQ(publish(*a, "10.0.0.0/8-8 AS3"), "serial 5, 4 deltas");
    EXPECT_EQ(publish(*a, "10.0.0.0/8-8 AS4"), "serial 6, 4 deltas");
}

TEST_P(RtrSerials, AreKeptOverARestart) {
    auto a = cache();
    publish(*a, "10.0.0.0/8-8 AS1, aspa 1 2, key 3 AS4");
    publish(*a, "10.0.0.0/8-8 AS2, aspa 1 2 3");
    const Time confirmed = now_;
    a = cache();
    EXPECT_EQ(told(a->serials.load()), "serial 2, 1 deltas") << "at once, before any validation";
    EXPECT_EQ(last_.confirmed, confirmed);
    EXPECT_EQ(last_.snapshot->set(), payloads("10.0.0.0/8-8 AS2, aspa 1 2 3"));
    EXPECT_EQ(publish(*a, "10.0.0.0/8-8 AS2, aspa 1 2 3"), "serial 2, 1 deltas");
    EXPECT_EQ(publish(*a, "10.0.0.0/8-8 AS2, aspa 1 2"), "serial 3, 2 deltas");
    // The world went on while it was down, and nothing is loaded first.
    a = cache();
    EXPECT_EQ(publish(*a, "10.0.0.0/8-8 AS9"), "serial 4, 3 deltas");
    EXPECT_TRUE(last_.snapshot->since(2, last_.snapshot->session(2), 1));
}

TEST_P(RtrSerials, CachesOfAClusterAgree) {
    const auto a = cache(), b = cache();
    const std::string one = "10.0.0.0/8-8 AS1", two = "10.0.0.0/8-8 AS2", three = "10.0.0.0/8-8 AS3";
    EXPECT_EQ(publish(*a, one), "serial 1, 0 deltas");
    EXPECT_EQ(publish(*b, one), "serial 1, 0 deltas");
    EXPECT_EQ(publish(*a, two), "serial 2, 1 deltas");
    EXPECT_EQ(publish(*a, three), "serial 3, 2 deltas");
    EXPECT_EQ(publish(*b, one), "serial 1, 0 deltas") << "it lags and stays where it is";
    EXPECT_EQ(publish(*b, two), "serial 2, 1 deltas") << "it goes the way of the other";
    EXPECT_EQ(publish(*b, three), "serial 3, 2 deltas");
    EXPECT_EQ(publish(*b, one), "serial 4, 3 deltas") << "it was at the end: this is news";
    EXPECT_EQ(publish(*a, one), "serial 4, 3 deltas");
    // Each sees something else.
    EXPECT_EQ(publish(*a, two), "serial 5, 4 deltas");
    EXPECT_EQ(publish(*b, three), "serial 6, 4 deltas");
    EXPECT_EQ(publish(*a, two), "serial 5, 4 deltas");
    EXPECT_EQ(publish(*b, three), "serial 6, 4 deltas");
    EXPECT_EQ(publish(*a, ""), "serial 7, 4 deltas");
    EXPECT_EQ(publish(*b, ""), "serial 7, 4 deltas");
}

TEST_P(RtrSerials, AnyHistoryOfAClusterIsConsistent) {
    Rng rng(7);
    std::vector<std::unique_ptr<Cache>> caches;
    for (int i = 0; i < 3; ++i)
        caches.push_back(cache());
    std::vector<PayloadSet> sets;
    for (int i = 0; i < 5; ++i)
        sets.push_back(random_set(rng));
    std::map<std::uint32_t, PayloadSet> at;  // what each serial means
    for (int round = 0; round < 150; ++round) {
        auto& each = caches[rng.below(caches.size())];
        if (rng.below(8) == 0) each = cache();
        const PayloadSet& set = sets[rng.below(sets.size())];
        const std::string text = publish(*each, set);
        ASSERT_TRUE(text.starts_with("serial ")) << text;
        const std::uint32_t serial = last_.snapshot->serial();
        ASSERT_EQ(last_.snapshot->set(), set);
        ASSERT_EQ(at.emplace(serial, set).first->second, set) << "serial " << serial << " is two sets";
        for (std::uint32_t back = 1; back <= last_.snapshot->steps(); ++back) {
            const auto octets = last_.snapshot->since(2, last_.snapshot->session(2), serial - back);
            ASSERT_TRUE(octets);
            ByteWriter expected;
            write(expected, {2, CacheResponse{last_.snapshot->session(2)}});
            write_delta(expected, 2, difference(at.at(serial - back), set));
            write(expected, {2, EndOfData{last_.snapshot->session(2), serial, {}}});
            ASSERT_TRUE(std::ranges::equal(*octets, expected.span())) << serial << " back " << back;
        }
    }
    EXPECT_GT(at.size(), 40U);
    const auto rows = database_->query("SELECT COUNT(*) FROM rpki_rtr_deltas");
    ASSERT_TRUE(rows);
    EXPECT_LE(rows->integer(0, 0), 2 * std::int64_t{kHistory} + 17) << "old deltas are forgotten";
}

TEST_P(RtrSerials, ADatabaseThatContradictsItselfBeginsANewSession) {
    auto a = cache();
    publish(*a, "10.0.0.0/8-8 AS1");
    publish(*a, "10.0.0.0/8-8 AS2");
    execute("DELETE FROM rpki_rtr_deltas");
    a = cache();
    EXPECT_EQ(a->serials.load().error().code, ErrorCode::corrupt);
    EXPECT_EQ(publish(*a, "10.0.0.0/8-8 AS3"), "another session, serial 1, 0 deltas");
    session_ = last_.snapshot->session(1);
    // A cache that knew the old one takes the new one.
    const auto b = cache();
    EXPECT_EQ(publish(*b, "10.0.0.0/8-8 AS3"), "serial 1, 0 deltas");
    execute("DELETE FROM rpki_rtr_state");
    EXPECT_EQ(publish(*b, "10.0.0.0/8-8 AS3"), "another session, serial 1, 0 deltas");
    session_ = last_.snapshot->session(1);
    EXPECT_EQ(publish(*a, "10.0.0.0/8-8 AS4"), "serial 2, 1 deltas");
}

}  // namespace
}  // namespace quipu::rpki::rtr
