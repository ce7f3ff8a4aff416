// A cold run over a generated tree, then a new generation of some publication points and an incremental run, in one
// process: bench_rpki TREE OBJECTS TIME CHANGED THREADS [ARCHIVE]. The tree must be that of `quipu rpki lab` with the
// same OBJECTS, and --at TIME and a validity of 96 h; it is changed.
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <sys/resource.h>

#include "base/time.h"
#include "services/rpki/cache_folder.h"
#include "services/rpki/lab_tree.h"
#include "services/rpki/transport/folder_changes.h"
#include "services/rpki/transport/point_archive.h"

namespace {

using namespace quipu;
using namespace quipu::rpki;

template <class T>
T need(Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
}

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double resident_mib(const char* key) {
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(key)) return std::atof(line.c_str() + line.find_first_of("0123456789")) / 1024;
    return 0;
}

template <class F>
void measure(const char* what, F work) {
    const SystemClock clock;
    const double cpu = cpu_seconds();
    const Monotonic start = clock.monotonic();
    work();
    fmt::print("{:<34} {:8.2f} s  {:8.2f} CPU s   {:6.0f} MiB now, {:6.0f} MiB at most\n", what,
               std::chrono::duration<double>(clock.monotonic() - start).count(), cpu_seconds() - cpu,
               resident_mib("VmRSS"), resident_mib("VmHWM"));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6) return std::fprintf(stderr, "bench_rpki TREE OBJECTS TIME CHANGED THREADS [ARCHIVE]\n"), 2;
    LabSettings lab;
    lab.folder = argv[1];
    lab.objects = std::strtoull(argv[2], nullptr, 10);
    lab.time = unix_seconds(need(parse_time(argv[3])));
    lab.validity = std::int64_t{96} * 3'600;
    lab.changed = std::strtoull(argv[4], nullptr, 10);
    lab.threads = 2;
    const auto threads = static_cast<unsigned>(std::strtoul(argv[5], nullptr, 10));
    const auto locators = need(read_tals(lab.folder + "/tals"));
    const auto cache = need(CacheFolder::open(lab.folder + "/cache"));
    std::unique_ptr<PackArchive> archive;
    if (argc > 6) archive = need(PackArchive::open(argv[6]));
    FolderWatch watch(lab.folder + "/cache");
    Validator validator({.point = {}, .threads = threads}, archive.get());
    std::size_t vrps = 0;
    const auto run = [&](const Changes& changes) {
        validator.run(locators, *cache, lab.time, changes);
        if (archive) {
            if (auto flushed = archive->flush(0); !flushed)
                std::fprintf(stderr, "%s\n", flushed.error().text().c_str());
        }
    };
    measure("cold run", [&] { run(std::nullopt); });
    measure("the sorted VRPs", [&] { vrps = validator.vrps().size(); });
    fmt::print("{} points, {} VRPs, {} signatures\n", validator.totals().points, vrps, validator.signatures_verified());
    Changes changes;
    measure("first look at the folder", [&] { changes = need(watch.look()); });
    lab.generation = std::strtoull(std::getenv("GENERATION") != nullptr ? std::getenv("GENERATION") : "1", nullptr, 10);
    measure("(a new generation is written)", [&] { static_cast<void>(need(write_lab(lab))); });
    measure("another look at the folder", [&] { changes = need(watch.look()); });
    measure("incremental run", [&] { run(changes); });
    fmt::print("{} points examined\n", validator.points_examined());
    measure("the sorted VRPs", [&] { vrps = validator.vrps().size(); });
    const auto incremental = validator.vrps();
    Validator whole({.point = {}, .threads = threads}, nullptr);
    whole.run(locators, *cache, lab.time);
    fmt::print("{} VRPs: {}\n", vrps, whole.vrps() == incremental ? "those of a full run" : "NOT those of a full run");
    return 0;
}
