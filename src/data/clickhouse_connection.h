#pragma once
// A ClickHouse by its HTTP interface: statements in, RowBinary out. Blocking; any number of threads, each with a
// connection of its own while it asks.

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quipu::data {

/// clickhouse://HOST:PORT/DATABASE, where the port is that of HTTP (usually 8123), and after a "?" joined by "&":
/// user=NAME, password_file=FILE.
struct ClickhouseAddress {
    std::string server;  ///< "HOST:PORT"
    std::string database;
    std::string user = "default";
    std::string password_file;
};
[[nodiscard]] Result<ClickhouseAddress> parse_clickhouse_url(std::string_view url);

/// What the server's message means here: a full disk is `exhausted`, a wrong password `forbidden`, a table that has
/// gone `not_found`; what says that it will pass is `unavailable`; anything else `io`.
[[nodiscard]] Error clickhouse_error(int status, std::string_view body, const std::string& server);

class ClickhouseServer {
  public:
    static Result<std::unique_ptr<ClickhouseServer>> create(std::string_view url);
    ~ClickhouseServer();
    ClickhouseServer(const ClickhouseServer&) = delete;
    ClickhouseServer& operator=(const ClickhouseServer&) = delete;

    /// A statement and its whole answer; one that fails halfway is an error and no half answer.
    [[nodiscard]] Result<std::string> ask(std::string_view statement) const;
    /// The same where the database need not be there yet.
    [[nodiscard]] Result<std::string> ask_server(std::string_view statement) const;
    /// `statement` is an INSERT … FORMAT RowBinary. Sent twice when a kept connection turns out to have gone: the rows
    /// must be such that a repeat is harmless. After an error it is not known whether they were kept.
    [[nodiscard]] Result<void> insert(std::string_view statement, std::string rows) const;

    [[nodiscard]] const ClickhouseAddress& address() const { return address_; }

  private:
    struct Line;
    explicit ClickhouseServer(ClickhouseAddress address);
    [[nodiscard]] Result<std::string> send(const std::string& query, std::string body, bool in_database) const;

    const ClickhouseAddress address_;
    std::string password_;
    mutable std::mutex idle_mutex_;
    mutable std::vector<std::unique_ptr<Line>> idle_;  // most recently used last
};

}  // namespace quipu::data
