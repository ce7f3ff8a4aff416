#include "services/measure/usage.h"

#include <ctime>
#include <fstream>
#include <unistd.h>

namespace quipu::measure {

ProcessUsage process_usage() {
    ProcessUsage out;
    timespec used{};
    if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
        out.processor = std::chrono::seconds(used.tv_sec) + Nanoseconds(used.tv_nsec);
    std::ifstream in("/proc/self/statm");  // proc(5): size, resident … in pages
    std::int64_t whole = 0;
    std::int64_t resident = 0;
    if (in >> whole >> resident) out.memory = resident * ::sysconf(_SC_PAGESIZE);
    return out;
}

}  // namespace quipu::measure
