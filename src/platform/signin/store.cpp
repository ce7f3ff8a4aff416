#include "platform/signin/store.h"

#include <fmt/format.h>

#include "data/instants.h"
#include "net/tls.h"

namespace quipu::signin {

const std::vector<data::Migration> kSigninMigrations = {
    {"signin.001.assertions",
     "CREATE TABLE signin_assertions (\n"
     "    hash TEXT PRIMARY KEY,\n"
     "    until_ns BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX signin_assertions_until ON signin_assertions (until_ns);\n"},
};

Result<bool> Store::first_time(std::string_view issuer, std::string_view assertion, Time until, Time now) {
    const std::string hash = net::sha256_hex(fmt::format("{}\n{}", issuer, assertion));
    bool first = false;
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(transaction.run("DELETE FROM signin_assertions WHERE until_ns < ?", data::count_of(now)));
        const data::Rows added =
            TRY(transaction.run("INSERT INTO signin_assertions (hash, until_ns) VALUES (?, ?) ON CONFLICT DO NOTHING",
                                hash, data::count_of(until)));
        first = added.affected() == 1;
        return {};
    }));
    return first;
}

}  // namespace quipu::signin
