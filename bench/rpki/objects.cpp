// Where fetched objects may be kept: a pack, the house's SQLite, a file for each. The objects of one snapshot are
// written as one whole new state, on the disk, and read once each in another order: bench_objects SNAPSHOT.xml SESSION
// SERIAL FOLDER
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

#include "base/random.h"
#include "data/database.h"
#include "services/rpki/cache_folder.h"
#include "services/rpki/transport/codec_rrdp.h"
#include "services/rpki/transport/pack.h"

namespace {

using namespace quipu;
using namespace quipu::rpki;

struct Object {
    std::string uri;
    std::vector<std::uint8_t> octets;
};

void must(const Result<void>& result) {
    if (result) return;
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
}

template <class F>
void measure(std::string_view what, F work) {
    const auto cpu = [] {
        rusage used{};
        ::getrusage(RUSAGE_SELF, &used);
        const auto seconds = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
        };
        return seconds(used.ru_utime) + seconds(used.ru_stime);
    };
    const SystemClock clock;
    const double before = cpu();
    const Monotonic start = clock.monotonic();
    work();
    fmt::print("{:<22} {:7.2f} s {:7.2f} CPU s\n", what,
               std::chrono::duration<double>(clock.monotonic() - start).count(), cpu() - before);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return std::fprintf(stderr, "bench_objects SNAPSHOT.xml SESSION SERIAL FOLDER\n"), 2;
    std::ifstream in(argv[1], std::ios::binary);
    const std::string xml{std::istreambuf_iterator<char>(in), {}};
    std::vector<Object> objects;
    RrdpReader reader(RrdpFile::snapshot, argv[2], std::strtoull(argv[3], nullptr, 10), {},
                      [&](const RrdpObject& object) -> Result<void> {
                          objects.push_back({std::string(object.uri), {object.object.begin(), object.object.end()}});
                          return {};
                      });
    must(reader.feed(as_bytes(xml)));
    const std::string folder = argv[4];
    std::filesystem::create_directories(folder);
    fmt::print("{} objects\n", objects.size());
    std::vector<std::uint8_t> out;
    auto order = objects;
    std::ranges::shuffle(order, Rng(1));

    auto pack = std::move(*Pack::create(folder + "/objects.pack"));
    measure("pack: write", [&] {
        for (const Object& object : objects)
            must(pack->put(object.uri, object.octets));
        must(pack->commit({}));
    });
    measure("pack: read", [&] {
        for (const Object& object : order) {
            out.clear();
            if (!pack->read(object.uri, SIZE_MAX, out)) std::abort();
        }
    });
    pack.reset();
    measure("pack: open", [&] { pack = std::move(*Pack::open(folder + "/objects.pack")); });

    auto database = std::move(*data::Database::open("sqlite:" + folder + "/objects.sqlite"));
    const std::array<data::Migration, 1> migrations{
        {{"bench.001.objects", "CREATE TABLE object (uri TEXT PRIMARY KEY, octets BLOB NOT NULL)"}}};
    must(database->migrate(migrations));
    measure("SQLite: write", [&] {
        must(database->write([&](data::Transaction& transaction) -> Result<void> {
            for (const Object& object : objects)
                TRY(transaction.run("INSERT INTO object VALUES (?, ?)", object.uri, object.octets));
            return {};
        }));
    });
    measure("SQLite: read", [&] {
        for (const Object& object : order)
            if (database->query("SELECT octets FROM object WHERE uri = ?", object.uri)->empty()) std::abort();
    });

    measure("files: write", [&] {
        for (const Object& object : objects) {
            const std::string path = folder + "/files/" + object.uri.substr(8);
            std::filesystem::create_directories(std::filesystem::path(path).parent_path());
            std::ofstream(path, std::ios::binary)
                .write(reinterpret_cast<const char*>(object.octets.data()),
                       static_cast<std::streamsize>(object.octets.size()));
        }
        ::sync();
    });
    const auto cache = std::move(*CacheFolder::open(folder + "/files"));
    measure("files: read", [&] {
        for (const Object& object : order) {
            out.clear();
            if (cache->read(object.uri, SIZE_MAX, out) != ReadOutcome::read) std::abort();
        }
    });
    return 0;
}
