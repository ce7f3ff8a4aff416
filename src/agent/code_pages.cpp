#include "agent/code_pages.h"

#include <charconv>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/mman.h>

namespace quipu::agent {

void drop_code_pages() {
    // "BEGIN-END r-xp OFFSET DEVICE INODE PATH"
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        const std::string_view text(line);
        if (text.find(" r-xp ") == std::string_view::npos || text.find(" /") == std::string_view::npos) continue;
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        const char* const last = line.data() + line.size();
        const auto first = std::from_chars(line.data(), last, begin, 16);
        if (first.ec != std::errc() || first.ptr == last || *first.ptr != '-') continue;
        if (std::from_chars(first.ptr + 1, last, end, 16).ec != std::errc() || end <= begin) continue;
        // It is advice: where the kernel declines, the pages stay.
        static_cast<void>(::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED));
    }
}

}  // namespace quipu::agent
