#include "platform/process_metrics.h"

#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace quipu::platform {
namespace {

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double resident_octets() {
    std::ifstream in("/proc/self/statm");
    double whole = 0;
    double resident = 0;
    in >> whole >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
    std::error_code error;
    double count = 0;
    for (auto each = std::filesystem::directory_iterator("/proc/self/fd", error);
         !error && each != std::filesystem::directory_iterator(); each.increment(error))
        ++count;
    return count;
}

}  // namespace

std::vector<std::shared_ptr<void>> add_process_metrics(Metrics& metrics) {
    return {
        metrics.counter_from("process_cpu_seconds_total", "CPU time used, user and system", {}, cpu_seconds),
        metrics.gauge("process_resident_memory_bytes", "Memory in use", {}, resident_octets),
        metrics.gauge("process_open_fds", "Open file descriptors", {}, open_descriptors),
    };
}

}  // namespace quipu::platform
