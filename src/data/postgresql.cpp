// The database on PostgreSQL: one writing connection, so that the writers of one process queue; other processes are
// kept apart by SERIALIZABLE, and whoever loses the race runs again.

#include <chrono>
#include <thread>

#include "base/random.h"
#include "data/connections.h"
#include "data/drivers.h"
#include "data/postgresql_connection.h"

namespace quipu::data {
namespace {

constexpr std::size_t kReaders = 4;
constexpr int kAttempts = 30;
constexpr std::chrono::milliseconds kLongestRetryPause{100};

using PostgresqlTransaction = ConnectionTransaction<PostgresqlConnection, Dialect::postgresql>;

/// Longer each time, and never the same for two processes.
void pause(int attempt) {
    thread_local Rng rng = Rng::from_system();
    const auto bound = std::min(std::chrono::milliseconds(1) * (1 << std::min(attempt, 7)), kLongestRetryPause);
    std::this_thread::sleep_for(std::chrono::duration_cast<std::chrono::microseconds>(bound * rng.uniform()));
}

/// Runs `once` until it succeeds or fails for a reason that will not pass.
template <class Once>
Result<void> repeat(PostgresqlConnection& connection, Once&& once) {
    for (int attempt = 1;; ++attempt) {
        auto done = once();
        if (done || !connection.may_retry() || attempt == kAttempts) return done;
        pause(attempt);
    }
}

class PostgresqlDatabase final : public Database {
  public:
    PostgresqlDatabase(const std::string& url, std::unique_ptr<PostgresqlConnection> writer)
        : writer_(std::move(writer)), readers_(kReaders, [url] { return PostgresqlConnection::open(url); }) {}

    Result<void> write(const std::function<Result<void>(Transaction&)>& work) override {
        std::vector<std::function<void()>> after_commit;
        TRY(writer_.with([&](PostgresqlConnection& connection) {
            return repeat(connection, [&] -> Result<void> {
                TRY(connection.begin_write());
                PostgresqlTransaction transaction(connection);
                TRY(work(transaction));
                TRY(transaction.commit());
                after_commit = transaction.take_after_commit();
                return {};
            });
        }));
        for (const auto& then : after_commit)
            then();
        return {};
    }

    Result<void> read(const std::function<Result<void>(Transaction&)>& work) override {
        return readers_.with([&](PostgresqlConnection& connection) {
            return repeat(connection, [&] -> Result<void> {
                TRY(connection.begin_read());
                PostgresqlTransaction transaction(connection);
                TRY(work(transaction));
                return transaction.commit();
            });
        });
    }

    [[nodiscard]] Dialect dialect() const override { return Dialect::postgresql; }

  private:
    WriterSeat<PostgresqlConnection> writer_;
    ReaderPool<PostgresqlConnection> readers_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_postgresql(const std::string& url) {
    auto writer = TRY(PostgresqlConnection::open(url));
    return std::make_unique<PostgresqlDatabase>(url, std::move(writer));
}

}  // namespace quipu::data
