// Our own drivers (sqlite3, libpq) beside SOCI, on the two things that Quipu does: many rows at once (records, imports)
// and one row after the other (a request's queries). docs/decisions/003-sql-drivers.md rests on these figures.

#include "data/database.h"

#include <benchmark/benchmark.h>

#include "base/log.h"
#include "data/test_folder.h"
#include "data/test_postgresql.h"

#ifdef QUIPU_SOCI
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#pragma clang diagnostic pop
#endif

namespace {

using namespace quipu;
using data::Dialect;

constexpr std::int64_t kRows = 5'000;
constexpr std::string_view kText = "BBVA-Santiago/Panamá: STM-4, 622 Mb/s";
constexpr const char* kTable = "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT NOT NULL, size DOUBLE PRECISION)";

/// A place of its own for each measurement; the server is one for all.
struct Place {
    std::unique_ptr<data::TestFolder> folder;
    std::string url;
};

Result<Place> place_for(Dialect dialect) {
    Place place;
    if (dialect == Dialect::sqlite) {
        place.folder = std::make_unique<data::TestFolder>();
        place.url = "sqlite:" + (*place.folder / "bench.db");
        return place;
    }
    static auto server = data::TestPostgresql::start(true);
    if (!server) return std::unexpected(server.error());
    place.url = TRY((*server)->fresh_url());
    return place;
}

std::vector<data::Cell> many_cells() {
    std::vector<data::Cell> cells;
    for (std::int64_t i = 0; i < kRows; ++i) {
        cells.emplace_back(i);
        cells.emplace_back(std::string(kText));
        cells.emplace_back(static_cast<double>(i) * 0.5);
    }
    return cells;
}

struct Ours {
    Place place;
    std::unique_ptr<data::Database> database;

    static Result<Ours> open(Dialect dialect) {
        Ours out;
        out.place = TRY(place_for(dialect));
        out.database = TRY(data::Database::open(out.place.url));
        TRY(out.write(kTable));
        return out;
    }
    Result<void> write(std::string_view sql) {
        return database->write([&](data::Transaction& transaction) -> Result<void> {
            TRY(transaction.execute(sql, {}));
            return {};
        });
    }
    Result<void> insert_all(const std::vector<data::Cell>& cells) {
        return database->write([&](data::Transaction& transaction) {
            return transaction.execute_many("INSERT INTO things (id, name, size) VALUES (?, ?, ?)", 3, cells);
        });
    }
};

#define OPEN_OR_SKIP(type)                                     \
    const auto dialect = static_cast<Dialect>(state.range(0)); \
    auto opened = type::open(dialect);                         \
    if (!opened) {                                             \
        state.SkipWithError(opened.error().text().c_str());    \
        return;                                                \
    }                                                          \
    auto& subject = *opened

void insert_many_ours(benchmark::State& state) {
    OPEN_OR_SKIP(Ours);
    const auto cells = many_cells();
    for (auto unused : state) {
        if (!subject.insert_all(cells)) state.SkipWithError("insert");
        state.PauseTiming();
        if (!subject.write("DELETE FROM things")) state.SkipWithError("delete");
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * kRows);
}

void read_one_by_one_ours(benchmark::State& state) {
    OPEN_OR_SKIP(Ours);
    if (!subject.insert_all(many_cells())) state.SkipWithError("insert");
    std::int64_t id = 0;
    for (auto unused : state) {
        const auto done = subject.database->read([&](data::Transaction& transaction) -> Result<void> {
            for (int i = 0; i < 100; ++i) {
                id = (id * 31 + 7) % kRows;
                const auto rows = TRY(transaction.run("SELECT name, size FROM things WHERE id = ?", id));
                benchmark::DoNotOptimize(rows.text(0, 0));
            }
            return {};
        });
        if (!done) state.SkipWithError(done.error().text().c_str());
    }
    state.SetItemsProcessed(state.iterations() * 100);
}

void read_all_ours(benchmark::State& state) {
    OPEN_OR_SKIP(Ours);
    if (!subject.insert_all(many_cells())) state.SkipWithError("insert");
    for (auto unused : state) {
        const auto rows = subject.database->query("SELECT id, name, size FROM things");
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < rows->size(); ++i)
            sum += rows->integer(i, 0) + static_cast<std::int64_t>(rows->text(i, 1).size());
        benchmark::DoNotOptimize(sum);
    }
    state.SetItemsProcessed(state.iterations() * kRows);
}

#define FOR_BOTH(name)                               \
    BENCHMARK(name)                                  \
        ->Arg(static_cast<int>(Dialect::sqlite))     \
        ->Arg(static_cast<int>(Dialect::postgresql)) \
        ->ArgName("postgresql")                      \
        ->UseRealTime()

FOR_BOTH(insert_many_ours);
FOR_BOTH(read_one_by_one_ours);
FOR_BOTH(read_all_ours);

#ifdef QUIPU_SOCI
struct Soci {
    Place place;
    std::unique_ptr<soci::session> session;

    static Result<Soci> open(Dialect dialect) {
        Soci out;
        out.place = TRY(place_for(dialect));
        if (dialect == Dialect::sqlite) {
            out.session = std::make_unique<soci::session>(soci::sqlite3, out.place.url.substr(7));
            *out.session << "PRAGMA journal_mode=WAL";
            *out.session << "PRAGMA synchronous=FULL";
        } else {
            out.session = std::make_unique<soci::session>(soci::postgresql, out.place.url);
        }
        *out.session << kTable;
        return out;
    }
    /// SOCI's own way for many rows: vectors bound to one statement.
    void insert_all() const {
        std::vector<long long> ids;
        std::vector<std::string> names;
        std::vector<double> sizes;
        for (std::int64_t i = 0; i < kRows; ++i) {
            ids.push_back(i);
            names.emplace_back(kText);
            sizes.push_back(static_cast<double>(i) * 0.5);
        }
        soci::transaction transaction(*session);
        *session << "INSERT INTO things (id, name, size) VALUES (:id, :name, :size)", soci::use(ids), soci::use(names),
            soci::use(sizes);
        transaction.commit();
    }
};

void insert_many_soci(benchmark::State& state) {
    OPEN_OR_SKIP(Soci);
    for (auto unused : state) {
        subject.insert_all();
        state.PauseTiming();
        *subject.session << "DELETE FROM things";
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * kRows);
}

void read_one_by_one_soci(benchmark::State& state) {
    OPEN_OR_SKIP(Soci);
    subject.insert_all();
    long long id = 0;
    std::string name;
    double size = 0;
    // Prepared once, as ours.
    soci::statement statement = (subject.session->prepare << "SELECT name, size FROM things WHERE id = :id",
                                 soci::into(name), soci::into(size), soci::use(id));
    for (auto unused : state) {
        soci::transaction transaction(*subject.session);
        for (int i = 0; i < 100; ++i) {
            id = (id * 31 + 7) % kRows;
            statement.execute(true);
            benchmark::DoNotOptimize(name);
        }
        transaction.commit();
    }
    state.SetItemsProcessed(state.iterations() * 100);
}

void read_all_soci(benchmark::State& state) {
    OPEN_OR_SKIP(Soci);
    subject.insert_all();
    for (auto unused : state) {
        long long id = 0;
        std::string name;
        double size = 0;
        long long sum = 0;
        soci::statement statement = (subject.session->prepare << "SELECT id, name, size FROM things", soci::into(id),
                                     soci::into(name), soci::into(size));
        statement.execute();
        while (statement.fetch())
            sum += id + static_cast<long long>(name.size());
        benchmark::DoNotOptimize(sum);
    }
    state.SetItemsProcessed(state.iterations() * kRows);
}

FOR_BOTH(insert_many_soci);
FOR_BOTH(read_one_by_one_soci);
FOR_BOTH(read_all_soci);
#endif

}  // namespace

BENCHMARK_MAIN();
