#pragma once
// What both drivers do in the same way with their connections: a transaction that one failure dooms, the one seat of
// the writer, and the few reading connections that are lent.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/result.h"
#include "data/database.h"

namespace quipu::data {

/// Begun by the caller; rolled back when it goes without having been committed, also when the work throws.
template <class Connection, Dialect kDialect>
class ConnectionTransaction final : public Transaction {
  public:
    explicit ConnectionTransaction(Connection& connection) : connection_(connection) {}
    ConnectionTransaction(const ConnectionTransaction&) = delete;
    ConnectionTransaction& operator=(const ConnectionTransaction&) = delete;
    ~ConnectionTransaction() override {
        if (!committed_) connection_.roll_back();
    }

    Result<Rows> execute(std::string_view sql, std::span<const Cell> parameters) override {
        if (doomed_) return std::unexpected(*doomed_);
        return kept(connection_.execute(sql, parameters));
    }
    Result<void> execute_many(std::string_view sql, std::size_t width, std::span<const Cell> cells) override {
        if (doomed_) return std::unexpected(*doomed_);
        return kept(connection_.execute_many(sql, width, cells));
    }
    void on_commit(std::function<void()> then) override { after_commit_.push_back(std::move(then)); }
    [[nodiscard]] Dialect dialect() const override { return kDialect; }

    [[nodiscard]] Result<void> commit() {
        if (doomed_) return std::unexpected(*doomed_);
        TRY(kept(connection_.commit()));
        committed_ = true;
        return {};
    }
    [[nodiscard]] std::vector<std::function<void()>> take_after_commit() { return std::move(after_commit_); }

  private:
    template <class T>
    Result<T> kept(Result<T> result) {
        if (!result) doomed_ = result.error();
        return result;
    }
    Connection& connection_;
    std::optional<Error> doomed_;
    std::vector<std::function<void()>> after_commit_;
    bool committed_ = false;
};

/// The writer's connection and the queue before it. A thread that holds it and asks again would wait for itself:
/// refused.
template <class Connection>
class WriterSeat {
  public:
    explicit WriterSeat(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

    template <class Work>
    [[nodiscard]] Result<void> with(Work&& work) {
        if (holder_ == std::this_thread::get_id())
            return fail(ErrorCode::internal, "a write was begun inside another write's work");
        const std::scoped_lock lock(mutex_);
        const Holding holding(holder_);
        return work(*connection_);
    }

  private:
    struct Holding {
        std::atomic<std::thread::id>& slot;
        explicit Holding(std::atomic<std::thread::id>& s) : slot(s) { slot = std::this_thread::get_id(); }
        Holding(const Holding&) = delete;
        Holding& operator=(const Holding&) = delete;
        ~Holding() { slot = std::thread::id(); }
    };
    std::mutex mutex_;
    std::atomic<std::thread::id> holder_;
    std::unique_ptr<Connection> connection_;
};

/// At most `size` connections, made when they are first needed; whoever comes when all are lent waits.
template <class Connection>
class ReaderPool {
  public:
    using Open = std::function<Result<std::unique_ptr<Connection>>()>;
    ReaderPool(std::size_t size, Open open) : free_(size), open_(std::move(open)) {}

    template <class Work>
    [[nodiscard]] Result<void> with(Work&& work) {
        const Loan loan(*this);
        return work(*TRY(loan.connection()));
    }

  private:
    class Loan {
      public:
        explicit Loan(ReaderPool& pool) : pool_(pool) {
            std::unique_lock lock(pool.mutex_);
            pool.came_back_.wait(lock, [&] { return pool.free_ > 0; });
            --pool.free_;
            if (pool.idle_.empty()) return;
            held_ = std::move(pool.idle_.back());
            pool.idle_.pop_back();
        }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;
        ~Loan() {
            {
                const std::scoped_lock lock(pool_.mutex_);
                ++pool_.free_;
                if (held_) pool_.idle_.push_back(std::move(held_));
            }
            pool_.came_back_.notify_one();
        }
        [[nodiscard]] Result<Connection*> connection() const {
            if (!held_) held_ = TRY(pool_.open_());
            return held_.get();
        }

      private:
        ReaderPool& pool_;
        mutable std::unique_ptr<Connection> held_;
    };

    std::mutex mutex_;
    std::condition_variable came_back_;
    std::size_t free_;
    Open open_;
    std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace quipu::data
